//! What is to be computed. A rule or a model proposes it; [`Specification::check`] holds it against the table's columns.

pub use crate::calendar::Every;
use crate::refusal::{Refusal, list};
use crate::table::{Kind, Table};
use atrium::charts::ChartKind;
use serde::{Deserialize, Serialize};

/// Figures side by side: more cannot be told apart.
pub const VALUES_MAX: usize = 4;
/// The largest number of a “top N”.
pub const TOP_MAX: usize = 100;

/// What becomes of many values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aggregate {
    /// All together.
    Sum,
    /// The arithmetic mean.
    Mean,
    /// How many there are.
    Count,
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

/// A figure of each group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// What becomes of the values.
    pub aggregate: Aggregate,
    /// Of which column; rows are counted without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

/// How a cell is held against a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// It is that, in any case. Several on one column: any of them.
    Is,
    /// It is not.
    IsNot,
    /// It is more, or later.
    Above,
    /// It is that or more.
    AtLeast,
    /// It is less, or earlier.
    Below,
    /// It is that or less.
    AtMost,
}

/// Which rows count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Whose cells are looked at.
    pub column: String,
    /// How.
    pub test: Test,
    /// Held against what: a text, a number, or a day, month or year.
    #[serde(deserialize_with = "text_or_number")]
    pub value: String,
}

/// What is to be computed, and how it is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Specification {
    /// How it is drawn.
    pub chart: ChartKind,
    /// The figures of each group.
    pub measures: Vec<Measure>,
    /// The column whose values make the groups.
    pub by: String,
    /// For a column of dates: how long a group is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Every>,
    /// The column whose values make a series each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// Which rows count; all of them without any.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
    /// Only so many groups, the largest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top: Option<usize>,
    /// The smallest first instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub smallest: bool,
}

impl Specification {
    /// Reads one that a model wrote, whatever it says around it.
    #[must_use]
    pub fn from_reply(reply: &str) -> Option<Self> {
        serde_json::from_str(reply.get(reply.find('{')?..=reply.rfind('}')?)?).ok()
    }

    /// With the columns' own names, if it can be computed from `table`.
    ///
    /// # Errors
    /// With what does not fit.
    pub fn check(mut self, table: &Table) -> Result<Self, Refusal> {
        let by = column(table, &self.by)?;
        self.by.clone_from(&table.columns()[by].name);
        if self.every.is_some() && table.columns()[by].kind() != Kind::Date {
            return Err(Refusal::impossible(format!("“{}” holds no dates.", self.by)));
        }
        if let Some(name) = &self.split {
            let split = column(table, name)?;
            if split == by {
                return Err(Refusal::impossible(format!("“{}” cannot divide its own groups.", self.by)));
            }
            self.split = Some(table.columns()[split].name.clone());
        }
        if self.measures.is_empty() || self.measures.len() > VALUES_MAX {
            return Err(Refusal::impossible(format!("Ask for one to {VALUES_MAX} figures at a time.")));
        }
        for measure in &mut self.measures {
            let Some(name) = &measure.column else {
                if measure.aggregate == Aggregate::Count {
                    continue;
                }
                return Err(Refusal::impossible("Only rows can be counted without a column."));
            };
            let it = &table.columns()[column(table, name)?];
            if measure.aggregate != Aggregate::Count && it.kind() != Kind::Number {
                return Err(not_numbers(table, &it.name));
            }
            measure.column = Some(it.name.clone());
        }
        if self.split.is_some() && self.measures.len() > 1 {
            return Err(Refusal::impossible("Divide one figure into series, or show several figures: not both."));
        }
        if self.chart == ChartKind::Pie {
            let is_part = matches!(self.measures[0].aggregate, Aggregate::Sum | Aggregate::Count);
            if self.measures.len() > 1 || self.split.is_some() || !is_part {
                return Err(Refusal::impossible("A pie shows the parts of one sum or count. Ask for bars instead."));
            }
        }
        if self.top.is_some_and(|it| it == 0 || it > TOP_MAX) {
            return Err(Refusal::impossible(format!("Ask for the top 1 to {TOP_MAX}.")));
        }
        for filter in &mut self.filters {
            let at = column(table, &filter.column)?;
            filter.column.clone_from(&table.columns()[at].name);
            crate::tally::Sieve::new(table, filter)?;
        }
        Ok(self)
    }
}

/// A column of the table, by its name.
fn column(table: &Table, name: &str) -> Result<usize, Refusal> {
    let unknown = || Refusal::Unknown { words: vec![name.to_owned()], columns: table.names() };
    table.find(name).ok_or_else(unknown)
}

/// With the cell that keeps a column from being one of numbers.
pub(crate) fn not_numbers(table: &Table, name: &str) -> Refusal {
    let numbers: Vec<String> =
        table.columns().iter().filter(|it| it.kind() == Kind::Number).map(|it| it.name.clone()).collect();
    let others = match numbers.as_slice() {
        [] => "This table has no columns of numbers; its rows can be counted.".to_owned(),
        some => format!("Numbers are in {}.", list(some)),
    };
    let odd = table.find(name).and_then(|column| {
        let is_odd = |row: &usize| {
            !table.is_blank(*row, column)
                && crate::numbers::parse(table.text(*row, column), crate::numbers::Mark::Point).is_none()
        };
        (0..table.len()).find(is_odd).map(|row| format!(": row {} has “{}”", row + 2, short(table.text(row, column))))
    });
    Refusal::impossible(format!("“{name}” does not hold numbers{}. {others}", odd.unwrap_or_default()))
}

fn short(text: &str) -> String {
    let cut: String = text.chars().take(40).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

fn text_or_number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Value {
        Text(String),
        Number(serde_json::Number),
    }
    Ok(match Value::deserialize(deserializer)? {
        Value::Text(text) => text,
        Value::Number(number) => number.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::{ChartKind, Specification};
    use crate::table::Table;

    fn table() -> Table {
        Table::from_csv(b"Region,Sold on,Amount\nNorth,2024-01-31,5\nSouth,2024-02-01,7\n").unwrap()
    }

    fn refused(json: &str) -> String {
        Specification::from_reply(json).unwrap().check(&table()).unwrap_err().to_string()
    }

    #[test]
    fn what_a_model_wrote_is_held_against_the_columns() {
        let reply =
            "Sure!\n```json\n{\"chart\": \"bar\", \"measures\": [{\"aggregate\": \"sum\", \"column\": \"amount\"}],
            \"by\": \"region\", \"where\": [{\"column\": \"amount\", \"test\": \"above\", \"value\": 5.5}]}\n```";
        let it = Specification::from_reply(reply).unwrap().check(&table()).unwrap();
        assert_eq!(
            (it.chart, it.by.as_str(), it.measures[0].column.as_deref()),
            (ChartKind::Bar, "Region", Some("Amount"))
        );
        assert_eq!(it.filters[0].value, "5.5");
        assert_eq!(Specification::from_reply("I cannot."), None);
        assert_eq!(Specification::from_reply("{\"chart\": \"radar\", \"measures\": [], \"by\": \"x\"}"), None);
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let count = "\"measures\": [{\"aggregate\": \"count\"}]";
        for (json, told) in [
            (format!("{{\"chart\": \"bar\", {count}, \"by\": \"Town\"}}"), "“Town” is not among"),
            (format!("{{\"chart\": \"bar\", {count}, \"by\": \"Region\", \"every\": \"day\"}}"), "holds no dates"),
            (format!("{{\"chart\": \"bar\", {count}, \"by\": \"Region\", \"split\": \"region\"}}"), "its own groups"),
            (format!("{{\"chart\": \"bar\", {count}, \"by\": \"Region\", \"top\": 0}}"), "top 1 to"),
            ("{\"chart\": \"bar\", \"measures\": [], \"by\": \"Region\"}".to_owned(), "one to 4"),
            (
                "{\"chart\": \"bar\", \"measures\": [{\"aggregate\": \"sum\", \"column\": \"Region\"}], \"by\": \"Region\"}".to_owned(),
                "does not hold numbers: row 2 has “North”. Numbers are in “Amount”",
            ),
            (
                "{\"chart\": \"pie\", \"measures\": [{\"aggregate\": \"mean\", \"column\": \"Amount\"}], \"by\": \"Region\"}".to_owned(),
                "A pie shows",
            ),
            (
                format!("{{\"chart\": \"bar\", {count}, \"by\": \"Region\", \"where\": [{{\"column\": \"Amount\", \"test\": \"above\", \"value\": \"much\"}}]}}"),
                "“much” is no number",
            ),
        ] {
            assert!(refused(&json).contains(told), "{json}: {}", refused(&json));
        }
    }
}
