//! What can be said of figures: each sentence is computed from them.

use crate::answer::is_additive;
use crate::specification::Specification;
use atrium::charts::{Chart, Series, plain};

/// Labels that share a place and are named.
const NAMED: usize = 3;
/// Groups from which on it says something what the first three make.
const MANY: usize = 6;

/// Sentences about an chart. `is_time`: its labels follow one another.
pub(crate) fn of(chart: &Chart, specification: &Specification, is_time: bool) -> Vec<String> {
    let [only] = chart.series.as_slice() else {
        return chart
            .series
            .iter()
            .filter_map(|it| Some(format!("{}: {}.", it.name, extreme(chart, it, true)?)))
            .collect();
    };
    let mut told = Vec::new();
    let values: Vec<f64> = only.values.iter().copied().flatten().collect();
    if values.len() < 2 {
        return told;
    }
    let is_whole = specification.measures.iter().all(is_additive) && values.iter().all(|it| *it >= 0.0);
    let total: f64 = values.iter().sum();
    let is_level = values.iter().all(|it| *it == values[0]);
    if is_level {
        told.push(format!("All {} are {}.", values.len(), plain(values[0])));
    } else {
        let share = |value: f64| {
            if is_whole && total > 0.0 && !is_time {
                format!(", {} of the whole", percent(value / total))
            } else {
                String::new()
            }
        };
        let (most, least) = (bounds(&values).1, bounds(&values).0);
        told.extend(extreme(chart, only, true).map(|it| format!("{}{}.", it, share(most))));
        told.extend(extreme(chart, only, false).map(|it| format!("{}{}.", it, share(least))));
    }
    if is_time {
        told.extend(change(chart, only));
    }
    if is_whole {
        if !is_time && values.len() >= MANY && total > 0.0 && !is_level {
            let mut sorted = values.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            told.push(format!(
                "The three largest of {} make {} of the whole.",
                values.len(),
                percent(sorted[..3].iter().sum::<f64>() / total)
            ));
        }
        told.push(format!("All together: {}.", plain(total)));
    }
    told
}

fn bounds(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), it| (least.min(*it), most.max(*it)))
}

/// “North is highest with 12”.
fn extreme(chart: &Chart, series: &Series, is_highest: bool) -> Option<String> {
    let values: Vec<f64> = series.values.iter().copied().flatten().collect();
    let bounds = bounds(&values);
    let bound = if is_highest { bounds.1 } else { bounds.0 };
    let labels: Vec<&str> =
        chart.categories.iter().zip(&series.values).filter(|it| *it.1 == Some(bound)).map(|it| it.0.as_str()).collect();
    let word = if is_highest { "highest" } else { "lowest" };
    match labels.as_slice() {
        [] => None,
        [only] => Some(format!("{only} is {word} with {}", plain(bound))),
        [first @ .., last] if labels.len() <= NAMED => {
            Some(format!("{} and {last} are {word} with {} each", first.join(", "), plain(bound)))
        }
        many => Some(format!("{} of {} share the {word} figure, {}", many.len(), values.len(), plain(bound))),
    }
}

/// A part of a whole.
fn percent(part: f64) -> String {
    let value = part * 100.0;
    let text = if value.abs() >= 10.0 { format!("{value:.0}") } else { format!("{value:.1}") };
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}

/// From the first figure to the last.
fn change(chart: &Chart, series: &Series) -> Option<String> {
    let mut points = chart.categories.iter().zip(&series.values).filter_map(|(label, value)| Some((label, (*value)?)));
    let (first, from) = points.next()?;
    let (last, to) = points.next_back()?;
    let span = format!("From {first} to {last} it");
    let figures = format!("from {} to {}", plain(from), plain(to));
    Some(if from == to {
        format!("{span} came back to where it was: {}.", plain(to))
    } else {
        let word = if to > from { "rose" } else { "fell" };
        if from > 0.0 {
            format!("{span} {word} by {}, {figures}.", percent((to - from).abs() / from))
        } else {
            format!("{span} {word} {figures}.")
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::question;
    use crate::table::Table;

    fn told(csv: &str, asked: &str) -> Vec<String> {
        let table = Table::from_csv(csv.as_bytes()).unwrap();
        question::read(asked, &table).unwrap().compute(&table).unwrap().insights
    }

    #[test]
    fn the_ends_the_shares_and_the_change_are_told() {
        let csv = "region,month,n\nNorth,2024-01-01,30\nSouth,2024-02-01,50\nWest,2024-03-01,20\n";
        assert_eq!(
            told(csv, "n by region"),
            [
                "South is highest with 50, 50% of the whole.",
                "West is lowest with 20, 20% of the whole.",
                "All together: 100."
            ]
        );
        assert_eq!(
            told(csv, "n over time"),
            [
                "2024-02 is highest with 50.",
                "2024-03 is lowest with 20.",
                "From 2024-01 to 2024-03 it fell by 33%, from 30 to 20.",
                "All together: 100."
            ]
        );
        assert_eq!(told("a,n\nx,2\ny,2\n", "average n by a"), ["All 2 are 2."]);
        assert_eq!(
            told("a,n\nx,2\ny,2\nz,1\n", "highest n by a"),
            ["x and y are highest with 2 each.", "z is lowest with 1."]
        );
    }
}
