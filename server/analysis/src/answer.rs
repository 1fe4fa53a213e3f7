//! The figures: what a specification makes of a table.

use crate::calendar::places;
use crate::insights;
use crate::refusal::Refusal;
use crate::specification::{Aggregate, Every, Filter, Measure, Specification, Test};
use crate::table::{Kind, Table};
use crate::tally::{self, Tally};
use atrium::charts::{Chart, ChartKind, Series, plain};
use std::collections::HashMap;
use time::PrimitiveDateTime;

/// Groups of one chart, when they do not follow one another in time.
const GROUPS_MAX: usize = 50;
/// Spans of one chart.
const SPANS_MAX: usize = 750;
/// Parts of a pie, the last of which is all the others.
const PARTS_MAX: usize = 8;
/// Series of one chart.
const SERIES_MAX: usize = 8;
/// Characters of a group's name.
const LABEL_MAX: usize = 200;
/// Figures that are computed before the largest are chosen: more are a mistake, and fill the memory.
const FIGURES_MAX: usize = 200_000;
/// What the others are called together.
const OTHERS: &str = "Other";

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key {
    Span(PrimitiveDateTime),
    Text(String),
}

/// A group and its figures.
type Line = (Key, Vec<Option<f64>>);

/// What was found while the rows were gone through.
struct Gathered {
    groups: Vec<(Key, Vec<Tally>)>,
    names: Vec<String>,
    notes: Vec<String>,
}

impl Specification {
    /// Computes what is specified, once it was [checked](Specification::check) against `table`.
    ///
    /// # Errors
    /// When no row is left, or there is too much to show.
    pub fn compute(&self, table: &Table) -> Result<Chart, Refusal> {
        let unknown = |name: &str| Refusal::Unknown { words: vec![name.to_owned()], columns: table.names() };
        let by = table.find(&self.by).ok_or_else(|| unknown(&self.by))?;
        let rows = tally::rows(table, &self.filters)?;
        if rows.is_empty() {
            return Err(Refusal::impossible(format!("There is no row where {}.", conditions(&self.filters))));
        }
        let every = (table.columns()[by].kind() == Kind::Date).then(|| {
            let moments: Vec<_> = rows.iter().filter_map(|row| table.date(*row, by)).collect();
            self.every.unwrap_or_else(|| Every::fitting(moments.into_iter()))
        });
        let Gathered { groups, names, mut notes } = self.gather(table, &rows, by, every)?;
        let aggregate =
            |at: usize| self.measures.get(at).or(self.measures.first()).map_or(Aggregate::Count, |it| it.aggregate);
        let mut lines: Vec<Line> = groups
            .into_iter()
            .map(|(key, tallies)| (key, tallies.iter().enumerate().map(|(at, it)| it.figure(aggregate(at))).collect()))
            .collect();
        lines.retain(|it: &Line| it.1.iter().any(Option::is_some));
        if lines.is_empty() {
            return Err(Refusal::impossible("There is nothing to compute from: the cells are empty."));
        }
        if let (Some(every), None) = (every, self.top) {
            lines = filled(lines, every, self.measures.iter().all(is_additive))?;
        }
        self.sort(&mut lines, table.columns()[by].kind());
        let label = |key: &Key| match (key, every) {
            (Key::Span(start), Some(every)) => every.label(*start),
            (Key::Span(start), None) => start.to_string(),
            (Key::Text(text), _) => text.chars().take(LABEL_MAX).collect(),
        };
        let column = |lines: &[Line], at: usize| lines.iter().map(|it| it.1.get(at).copied().flatten()).collect();
        let drawn = |lines: &[Line]| Chart {
            title: self.title(every),
            subtitle: self.subtitle(rows.len()),
            kind: self.chart,
            unit: String::new(),
            label: every.map_or_else(|| shown(&self.by), |it| capital(it.as_str())),
            categories: lines.iter().map(|it| label(&it.0)).collect(),
            series: names
                .iter()
                .enumerate()
                .map(|(at, name)| Series { name: name.clone(), values: column(lines, at) })
                .collect(),
            insights: Vec::new(),
        };
        // What is said is said of all groups, also of those that there is no room to draw.
        let insights = insights::of(&drawn(&lines), self, every.is_some() && self.top.is_none());
        self.cut(&mut lines, every.is_some(), &mut notes)?;
        let mut chart = drawn(&lines);
        chart.insights = insights;
        chart.insights.extend(notes);
        chart.insights.extend(table.notes().iter().cloned());
        Ok(chart)
    }

    fn gather(&self, table: &Table, rows: &[usize], by: usize, every: Option<Every>) -> Result<Gathered, Refusal> {
        let split = self.split.as_deref().and_then(|it| table.find(it));
        let measures: Vec<(Aggregate, Option<usize>)> = self
            .measures
            .iter()
            .map(|it| (it.aggregate, it.column.as_deref().and_then(|name| table.find(name))))
            .collect();
        let (mut notes, mut nowhere) = (Vec::new(), 0_usize);
        let mut empty = vec![0_usize; measures.len()];
        let mut names: Vec<String> =
            if split.is_some() { Vec::new() } else { self.measures.iter().map(Measure::name).collect() };
        let mut places: HashMap<Key, usize> = HashMap::new();
        let mut series: HashMap<String, usize> = HashMap::new();
        let mut groups: Vec<(Key, Vec<Tally>)> = Vec::new();
        for &row in rows {
            let key = match every {
                Some(every) => table.date(row, by).map(|it| Key::Span(every.start(it))),
                None => (!table.is_blank(row, by)).then(|| Key::Text(table.text(row, by).to_owned())),
            };
            let splits = split.is_none_or(|it| !table.is_blank(row, it));
            let Some(key) = key.filter(|_| splits) else {
                nowhere += 1;
                continue;
            };
            let at = *places.entry(key.clone()).or_insert_with(|| {
                groups.push((key, Vec::new()));
                groups.len() - 1
            });
            for (number, (aggregate, column)) in measures.iter().enumerate() {
                let place = match split {
                    None => number,
                    Some(split) => *series.entry(table.text(row, split).to_owned()).or_insert_with(|| {
                        names.push(table.text(row, split).chars().take(LABEL_MAX).collect());
                        names.len() - 1
                    }),
                };
                if groups.len().saturating_mul(names.len()) > FIGURES_MAX {
                    return Err(Refusal::impossible(format!(
                        "“{}” has too many values for a figure of each. Ask by a column with fewer, or for some rows only.",
                        split.map_or(self.by.as_str(), |it| table.columns()[it].name.as_str())
                    )));
                }
                let tallies = &mut groups[at].1;
                if tallies.len() <= place {
                    tallies.resize(place + 1, Tally::default());
                }
                match (aggregate, column) {
                    (_, None) => tallies[place].note(),
                    (Aggregate::Count, Some(column)) if !table.is_blank(row, *column) => tallies[place].note(),
                    (Aggregate::Count, Some(_)) => empty[number] += 1,
                    (_, Some(column)) => match table.number(row, *column) {
                        Some(value) => tallies[place].add(value),
                        None => empty[number] += 1,
                    },
                }
            }
        }
        for (_, tallies) in &mut groups {
            tallies.resize(names.len(), Tally::default());
        }
        if nowhere > 0 {
            let name = split
                .filter(|_| nowhere > 0)
                .map_or_else(String::new, |it| format!(" or “{}”", table.columns()[it].name));
            notes.push(format!("{} left out: no “{}”{name} in them.", count_of(nowhere), self.by));
        }
        for (count, measure) in empty.iter().zip(&self.measures).filter(|it| *it.0 > 0) {
            notes.push(format!(
                "{} left out: no “{}” in them.",
                count_of(*count),
                measure.column.as_deref().unwrap_or_default()
            ));
        }
        self.fewer_series(&mut groups, &mut names, &mut notes);
        Ok(Gathered { groups, names, notes })
    }

    /// Of too many series the largest stay.
    fn fewer_series(&self, groups: &mut [(Key, Vec<Tally>)], names: &mut Vec<String>, notes: &mut Vec<String>) {
        let Some(split) = self.split.as_deref().filter(|_| !names.is_empty()) else { return };
        let aggregate = self.measures.first().map_or(Aggregate::Count, |it| it.aggregate);
        let weight =
            |at: usize| -> f64 { groups.iter().filter_map(|it| it.1.get(at)?.figure(aggregate)).map(f64::abs).sum() };
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by(|a, b| weight(*b).total_cmp(&weight(*a)).then_with(|| names[*a].cmp(&names[*b])));
        if order.len() > SERIES_MAX {
            notes.push(format!("The {SERIES_MAX} largest of {} values of “{split}” are shown.", order.len()));
            order.truncate(SERIES_MAX);
        }
        *names = order.iter().map(|it| names[*it].clone()).collect();
        for (_, tallies) in groups {
            *tallies = order.iter().map(|it| tallies[*it]).collect();
        }
    }

    fn sort(&self, lines: &mut [Line], kind: Kind) {
        let weight = |it: &Line| -> f64 {
            if self.split.is_some() {
                it.1.iter().flatten().sum()
            } else {
                it.1.iter().flatten().next().copied().unwrap_or_default()
            }
        };
        let by_size = |lines: &mut [Line]| {
            lines.sort_by(|a, b| {
                let order = weight(b).total_cmp(&weight(a));
                (if self.smallest { order.reverse() } else { order }).then_with(|| a.0.cmp(&b.0))
            });
        };
        if self.top.is_some() || self.chart == ChartKind::Pie {
            return by_size(lines);
        }
        let texts: Option<Vec<&str>> =
            lines.iter().map(|it| if let Key::Text(text) = &it.0 { Some(text.as_str()) } else { None }).collect();
        let Some(texts) = texts else { return lines.sort_by(|a, b| a.0.cmp(&b.0)) };
        if let Some(places) = places(&texts) {
            let places: HashMap<String, usize> = texts.iter().map(|it| (*it).to_owned()).zip(places).collect();
            let place = |it: &Line| {
                if let Key::Text(text) = &it.0 { places.get(text).copied() } else { None }
            };
            lines.sort_by_key(place);
        } else if kind == Kind::Number {
            let number = |it: &Line| match &it.0 {
                Key::Text(text) => crate::numbers::parse(text, crate::numbers::Mark::Point)
                    .or_else(|| crate::numbers::parse(text, crate::numbers::Mark::Comma))
                    .unwrap_or(f64::MAX),
                Key::Span(_) => f64::MAX,
            };
            lines.sort_by(|a, b| number(a).total_cmp(&number(b)));
        } else {
            by_size(lines);
        }
    }

    /// No more groups than can be told apart.
    fn cut(&self, lines: &mut Vec<Line>, is_time: bool, notes: &mut Vec<String>) -> Result<(), Refusal> {
        if self.chart == ChartKind::Pie {
            let value = |it: &Line| it.1.first().copied().flatten().unwrap_or_default();
            if lines.iter().any(|it| value(it) < 0.0) {
                return Err(Refusal::impossible(
                    "Some of the parts are negative, which no pie can show. Ask for bars.",
                ));
            }
            if lines.iter().all(|it| value(it) == 0.0) {
                return Err(Refusal::impossible("All of the parts are zero, which no pie can show."));
            }
            if let Some(top) = self.top {
                lines.truncate(top);
            }
            if lines.len() > PARTS_MAX {
                let rest = lines.split_off(PARTS_MAX - 1);
                notes.push(format!("{} smaller parts stand together as “{OTHERS}”.", rest.len()));
                lines.push((Key::Text(OTHERS.to_owned()), vec![Some(rest.iter().map(value).sum())]));
            }
            return Ok(());
        }
        if let Some(top) = self.top {
            lines.truncate(top);
        } else if !is_time && lines.len() > GROUPS_MAX {
            let size = |it: &Line| it.1.iter().flatten().sum::<f64>();
            let mut sizes: Vec<f64> = lines.iter().map(size).collect();
            sizes.sort_by(|a, b| b.total_cmp(a));
            notes.push(format!("The {GROUPS_MAX} largest of {} groups are shown.", lines.len()));
            let least = sizes[GROUPS_MAX - 1];
            lines.retain(|it| size(it) >= least);
            lines.truncate(GROUPS_MAX);
        }
        Ok(())
    }

    fn title(&self, every: Option<Every>) -> String {
        let figures: Vec<String> = self.measures.iter().map(Measure::name).collect();
        let figures = figures.join(", ");
        let by = every.map_or_else(|| shown(&self.by), |it| it.as_str().to_owned());
        match (self.top, &self.split) {
            (Some(top), None) => {
                let which = if self.smallest { "Bottom" } else { "Top" };
                format!("{which} {top}: {figures} by {by}")
            }
            (_, Some(split)) => format!("{figures} by {by} and {}", shown(split)),
            (None, None) if self.chart == ChartKind::Pie => format!("Share of {} by {by}", uncapital(&figures)),
            (None, None) => format!("{figures} by {by}"),
        }
    }

    fn subtitle(&self, rows: usize) -> String {
        let count = count_of(rows);
        if self.filters.is_empty() { count } else { format!("{count} where {}", conditions(&self.filters)) }
    }
}

impl Measure {
    /// What it is called: “Total amount”.
    #[must_use]
    pub fn name(&self) -> String {
        let column = self.column.as_deref().map(shown).unwrap_or_default();
        match self.aggregate {
            // A sum of sums is called as they are.
            Aggregate::Sum if ["Total ", "Count of ", "Number of "].iter().any(|it| column.starts_with(it)) => column,
            Aggregate::Sum => format!("Total {column}"),
            Aggregate::Mean => format!("Average {column}"),
            Aggregate::Count if self.column.is_none() => "Number of rows".to_owned(),
            Aggregate::Count => format!("Count of {column}"),
            Aggregate::Min => format!("Lowest {column}"),
            Aggregate::Max => format!("Highest {column}"),
        }
    }
}

/// Whether parts make a whole.
pub(crate) fn is_additive(measure: &Measure) -> bool {
    matches!(measure.aggregate, Aggregate::Sum | Aggregate::Count)
}

/// All spans from the first to the last: sums and counts of one without rows are zero, other figures are missing.
fn filled(mut lines: Vec<Line>, every: Every, is_additive: bool) -> Result<Vec<Line>, Refusal> {
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    let mut whole: Vec<Line> = Vec::with_capacity(lines.len());
    let mut due: Option<PrimitiveDateTime> = None;
    for (key, values) in lines {
        let Key::Span(start) = key else { continue };
        while let Some(missing) = due.filter(|it| is_additive && *it < start) {
            whole.push((Key::Span(missing), vec![Some(0.0); values.len()]));
            due = Some(every.next(missing));
            if whole.len() > SPANS_MAX {
                break;
            }
        }
        due = Some(every.next(start));
        let values = if is_additive { values.into_iter().map(|it| it.or(Some(0.0))).collect() } else { values };
        whole.push((Key::Span(start), values));
        if whole.len() > SPANS_MAX {
            return Err(Refusal::impossible(format!(
                "That is more than {SPANS_MAX} points, one for every {}. Ask for longer spans: by week, month or year.",
                every.as_str()
            )));
        }
    }
    Ok(whole)
}

fn conditions(filters: &[Filter]) -> String {
    let told = |it: &Filter| {
        let test = match it.test {
            Test::Is => "is",
            Test::IsNot => "is not",
            Test::Above => "is above",
            Test::AtLeast => "is at least",
            Test::Below => "is below",
            Test::AtMost => "is at most",
        };
        format!("{} {test} {}", shown(&it.column), it.value)
    };
    let mut text = String::new();
    for (at, filter) in filters.iter().enumerate() {
        let is_choice = at > 0
            && filter.test == Test::Is
            && filters[at - 1].test == Test::Is
            && filters[at - 1].column == filter.column;
        text += match at {
            0 => "",
            _ if is_choice => " or ",
            _ => " and ",
        };
        text += &if is_choice { filter.value.clone() } else { told(filter) };
    }
    text
}

/// A column's name for people.
fn shown(name: &str) -> String {
    name.replace('_', " ")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

fn uncapital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

fn count_of(rows: usize) -> String {
    #[allow(clippy::cast_precision_loss, reason = "a table has fewer rows than a double has whole numbers")]
    let text = plain(rows as f64);
    format!("{text} {}", if rows == 1 { "row" } else { "rows" })
}

#[cfg(test)]
mod tests;
