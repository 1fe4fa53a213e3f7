//! Charts, as data: what is drawn, and what is said of it to whoever does not see it. The server draws them; a table of
//! the same numbers stands behind each.

use serde::{Deserialize, Serialize};

/// Categories of a chart, at most: more of them are neither drawn nor read.
pub const CATEGORIES_MAX: usize = 1000;
/// Series of a chart, at most: there are as many colours.
pub const SERIES_MAX: usize = 8;
/// Further from zero than this no figure is drawn.
const VALUE_MAX: f64 = 1e15;

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChartKind {
    /// Amounts beside each other, from zero.
    #[default]
    Bar,
    /// A course, from left to right.
    Line,
    /// Parts of a whole: of the first series, what is above zero.
    Pie,
}

impl ChartKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bar, Self::Line, Self::Pie];

    /// As stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bar => "bar",
            Self::Line => "line",
            Self::Pie => "pie",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// Numbers, one for each category of the chart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What they are numbers of.
    pub name: String,
    /// In the order of the categories; `None` where there is none.
    pub values: Vec<Option<f64>>,
}

/// A chart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// Of which data, over which time; may be empty.
    pub subtitle: String,
    /// How it is drawn.
    pub kind: ChartKind,
    /// What the values are in: `$` and `€` stand before them, `%` and words after; may be empty.
    pub unit: String,
    /// What the categories are: `Day`, `Model`. The head of the table's first column.
    pub label: String,
    /// What there are numbers for, in order.
    pub categories: Vec<String>,
    /// The numbers.
    pub series: Vec<Series>,
    /// What is worth knowing about them, a sentence each.
    pub insights: Vec<String>,
}

impl Chart {
    /// What can be drawn at that place: a finite number of a size that means something.
    #[must_use]
    pub fn value(&self, series: usize, category: usize) -> Option<f64> {
        let value = *self.series.get(series)?.values.get(category)?;
        value.filter(|it| it.abs() <= VALUE_MAX)
    }

    /// Everything that can be drawn.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        let categories = self.categories.len();
        (0..self.series.len()).flat_map(move |series| (0..categories).filter_map(move |it| self.value(series, it)))
    }

    /// Whether there is nothing to draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self.kind {
            ChartKind::Pie => !(0..self.categories.len()).any(|it| self.value(0, it).is_some_and(|it| it > 0.0)),
            ChartKind::Bar | ChartKind::Line => self.values().next().is_none(),
        }
    }

    /// A value with its unit, as tables have it.
    #[must_use]
    pub fn shown(&self, value: f64) -> String {
        with_unit(&plain(value), &self.unit)
    }

    /// A value with its unit where room is short: `1.2k`, `$3M`.
    #[must_use]
    pub fn short(&self, value: f64) -> String {
        with_unit(&short(value), &self.unit)
    }

    /// What the picture says, in words, for whoever does not see it.
    #[must_use]
    pub fn alternative(&self) -> String {
        let kind = match self.kind {
            ChartKind::Bar => "Bar chart",
            ChartKind::Line => "Line chart",
            ChartKind::Pie => "Pie chart",
        };
        let mut said = format!("{kind}: {}", self.title);
        if !self.subtitle.is_empty() {
            said = format!("{said}, {}", self.subtitle);
        }
        said.push('.');
        if let ([first, .., last], ChartKind::Line) = (self.categories.as_slice(), self.kind) {
            said = format!("{said} {} values from {first} to {last}.", self.categories.len());
        }
        for at in 0..self.series.len().min(SERIES_MAX) {
            if let Some(extremes) = self.extremes(at) {
                said = format!("{said} {extremes}");
            }
        }
        said
    }

    /// The highest and the lowest of a series.
    fn extremes(&self, series: usize) -> Option<String> {
        let named = self.categories.iter().enumerate();
        let values: Vec<_> = named.filter_map(|(at, name)| Some((name, self.value(series, at)?))).collect();
        let (most, highest) = values.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let (least, lowest) = values.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let name = match (&self.series.get(series)?.name, self.series.len()) {
            (name, 2..) if !name.is_empty() => format!("{name}: highest"),
            _ => "Highest".to_owned(),
        };
        Some(if values.len() == 1 {
            format!("{most}: {}.", self.shown(*highest))
        } else {
            format!("{name} {} ({most}), lowest {} ({least}).", self.shown(*highest), self.shown(*lowest))
        })
    }
}

fn with_unit(number: &str, unit: &str) -> String {
    match unit {
        "" => number.to_owned(),
        "%" => format!("{number}%"),
        "$" | "€" | "£" | "¥" => match number.strip_prefix('-') {
            Some(number) => format!("-{unit}{number}"),
            None => format!("{unit}{number}"),
        },
        _ => format!("{number} {unit}"),
    }
}

/// A number as tables have it: thousands apart, as many decimals as say something.
#[must_use]
pub fn plain(value: f64) -> String {
    let size = value.abs();
    let decimals = if size.fract() == 0.0 {
        0
    } else if size >= 1.0 {
        2
    } else if size >= 0.01 {
        4
    } else {
        6
    };
    let written = trimmed(format!("{value:.decimals$}"));
    let (sign, digits) = written.strip_prefix('-').map_or(("", written.as_str()), |it| ("-", it));
    let (whole, rest) = digits.split_once('.').map_or((digits, String::new()), |it| (it.0, format!(".{}", it.1)));
    let mut apart = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            apart.push(',');
        }
        apart.push(digit);
    }
    format!("{sign}{apart}{rest}")
}

/// A number where room is short: `1.2k`, `3M`.
#[must_use]
pub fn short(value: f64) -> String {
    let size = value.abs();
    let scaled = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")].into_iter().find(|it| size >= it.0);
    match scaled {
        Some((scale, letter)) => format!("{}{letter}", trimmed(format!("{:.1}", value / scale))),
        None if size >= 10.0 => trimmed(format!("{value:.1}")),
        None if size >= 0.1 => trimmed(format!("{value:.2}")),
        None => trimmed(format!("{value:.5}")),
    }
}

/// Without the zeros after the last digit that says something.
fn trimmed(number: String) -> String {
    if !number.contains('.') {
        return number;
    }
    let number = number.trim_end_matches('0').trim_end_matches('.');
    if number == "-0" { "0".to_owned() } else { number.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(kind: ChartKind) -> Chart {
        Chart {
            title: "Cost by model".into(),
            subtitle: "last 7 days".into(),
            kind,
            unit: "$".into(),
            label: "Model".into(),
            categories: vec!["gpt-5".into(), "claude".into(), "none".into()],
            series: vec![Series { name: "Cost".into(), values: vec![Some(1234.5), Some(0.0004), None] }],
            insights: Vec::new(),
        }
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        let plains = [0.0, 7.0, 1234.5, -9_876_543.0, 0.5, 12.345, 0.000_4, -0.000_000_1].map(plain);
        assert_eq!(plains, ["0", "7", "1,234.5", "-9,876,543", "0.5", "12.35", "0.0004", "0"]);
        let shorts = [0.0, 999.0, 1000.0, 1_250.0, 3_000_000.0, 0.000_4, -2_500.0, 12.345].map(short);
        assert_eq!(shorts, ["0", "999", "1k", "1.2k", "3M", "0.0004", "-2.5k", "12.3"]);
        let units = ["", "$", "%", "tokens"].map(|unit| Chart { unit: unit.into(), ..Chart::default() }.shown(-5.0));
        assert_eq!(units, ["-5", "-$5", "-5%", "-5 tokens"]);
    }

    #[test]
    fn the_picture_is_told_in_words() {
        assert_eq!(
            chart(ChartKind::Bar).alternative(),
            "Bar chart: Cost by model, last 7 days. Highest $1,234.5 (gpt-5), lowest $0.0004 (claude)."
        );
        let mut two = chart(ChartKind::Line);
        two.series.push(Series { name: "Before".into(), values: vec![Some(1.0)] });
        assert!(
            two.alternative().contains("3 values from gpt-5 to none. Cost: highest $1,234.5 (gpt-5)"),
            "{}",
            two.alternative()
        );
        assert!(two.alternative().ends_with("gpt-5: $1."));
    }

    #[test]
    fn what_is_no_figure_is_not_drawn() {
        let mut chart = chart(ChartKind::Bar);
        chart.series[0].values = vec![Some(f64::NAN), Some(f64::INFINITY), Some(-1.0), Some(5.0)];
        assert_eq!(chart.values().collect::<Vec<_>>(), [-1.0], "no more than there are categories");
        assert!(!chart.is_empty());
        chart.kind = ChartKind::Pie;
        assert!(chart.is_empty(), "nothing is a part of less than nothing");
    }
}
