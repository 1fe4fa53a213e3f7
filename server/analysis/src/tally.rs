//! Which rows count, and what becomes of their values.

use crate::refusal::Refusal;
use crate::specification::{Aggregate, Filter, Test};
use crate::table::{Kind, Table};
use time::{Date, Month, PrimitiveDateTime, Time};

/// A filter, ready to be asked.
#[derive(Debug)]
pub(crate) struct Sieve {
    pub column: usize,
    pub test: Test,
    against: Against,
}

#[derive(Debug)]
enum Against {
    Text(String),
    Number(f64),
    /// A day, month or year: from its beginning to the beginning of the next.
    Span(PrimitiveDateTime, PrimitiveDateTime),
}

impl Sieve {
    /// # Errors
    /// When the value is none of what the column holds.
    pub fn new(table: &Table, filter: &Filter) -> Result<Self, Refusal> {
        let unknown = || Refusal::Unknown { words: vec![filter.column.clone()], columns: table.names() };
        let column = table.find(&filter.column).ok_or_else(unknown)?;
        let value = filter.value.trim();
        let against = match table.columns()[column].kind() {
            Kind::Number => {
                let number = crate::numbers::parse(value, crate::numbers::Mark::Point);
                Against::Number(number.ok_or_else(|| {
                    Refusal::impossible(format!("“{}” holds numbers, and “{value}” is no number.", filter.column))
                })?)
            }
            Kind::Date => {
                let (from, until) = span(value).ok_or_else(|| {
                    Refusal::impossible(format!(
                        "“{}” holds dates, and “{value}” is none. Write 2024, 2024-05 or 2024-05-31.",
                        filter.column
                    ))
                })?;
                Against::Span(from, until)
            }
            Kind::Text if matches!(filter.test, Test::Is | Test::IsNot) => Against::Text(value.to_lowercase()),
            Kind::Text => {
                return Err(Refusal::impossible(format!(
                    "“{}” holds text, which is not more or less than “{value}”.",
                    filter.column
                )));
            }
        };
        Ok(Self { column, test: filter.test, against })
    }

    /// Whether a row passes. Where nothing stands, nothing passes but a “is not”.
    pub fn passes(&self, table: &Table, row: usize) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let order = match &self.against {
            Against::Text(value) => {
                let is_equal = table.text(row, self.column).to_lowercase() == *value;
                Some(if is_equal { Equal } else { Greater })
            }
            Against::Number(value) => table.number(row, self.column).and_then(|it| it.partial_cmp(value)),
            Against::Span(from, until) => table.date(row, self.column).map(|it| {
                if it < *from {
                    Less
                } else if it < *until {
                    Equal
                } else {
                    Greater
                }
            }),
        };
        match self.test {
            Test::Is => order == Some(Equal),
            Test::IsNot => order != Some(Equal),
            Test::Above => order == Some(Greater),
            Test::AtLeast => matches!(order, Some(Greater | Equal)),
            Test::Below => order == Some(Less),
            Test::AtMost => matches!(order, Some(Less | Equal)),
        }
    }
}

/// The rows that count: of several “is” on one column any may be so, of all else everything must.
pub(crate) fn rows(table: &Table, filters: &[Filter]) -> Result<Vec<usize>, Refusal> {
    let sieves = filters.iter().map(|it| Sieve::new(table, it)).collect::<Result<Vec<_>, _>>()?;
    let passes = |row: &usize| {
        sieves.iter().all(|sieve| match sieve.test {
            Test::Is => {
                sieves.iter().any(|it| it.test == Test::Is && it.column == sieve.column && it.passes(table, *row))
            }
            _ => sieve.passes(table, *row),
        })
    };
    Ok((0..table.len()).filter(passes).collect())
}

/// The span that `2024`, `2024-05` or `2024-05-31` names.
fn span(text: &str) -> Option<(PrimitiveDateTime, PrimitiveDateTime)> {
    use crate::specification::Every;
    let parts: Vec<&str> = text.split('-').collect();
    let number = |at: usize, digits: usize| {
        parts.get(at).filter(|it| it.len() == digits && it.bytes().all(|it| it.is_ascii_digit()))?.parse::<u16>().ok()
    };
    let year = i32::from(number(0, 4)?);
    let (month, day, every) = match parts.len() {
        1 => (1, 1, Every::Year),
        2 => (number(1, 2)?, 1, Every::Month),
        3 => (number(1, 2)?, number(2, 2)?, Every::Day),
        _ => return None,
    };
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
    let start = PrimitiveDateTime::new(date, Time::MIDNIGHT);
    Some((start, every.next(start)))
}

/// Values that come one by one. Sums carry their rounding error along (Neumaier), so that a million cents are exact.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    count: usize,
    sum: f64,
    lost: f64,
    min: Option<f64>,
    max: Option<f64>,
}

impl Tally {
    pub fn note(&mut self) {
        self.count += 1;
    }

    pub fn add(&mut self, value: f64) {
        self.count += 1;
        let sum = self.sum + value;
        self.lost += if self.sum.abs() >= value.abs() { (self.sum - sum) + value } else { (value - sum) + self.sum };
        self.sum = sum;
        self.min = Some(self.min.map_or(value, |it| it.min(value)));
        self.max = Some(self.max.map_or(value, |it| it.max(value)));
    }

    /// The figure, if there was any value.
    pub fn figure(&self, aggregate: Aggregate) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        #[allow(clippy::cast_precision_loss, reason = "a table has fewer rows than a double has whole numbers")]
        let count = self.count as f64;
        match aggregate {
            Aggregate::Sum => Some(self.sum + self.lost),
            Aggregate::Mean => Some((self.sum + self.lost) / count),
            Aggregate::Count => Some(count),
            Aggregate::Min => self.min,
            Aggregate::Max => self.max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Tally, rows, span};
    use crate::specification::{Aggregate, Filter, Test};
    use crate::table::Table;

    #[test]
    fn sums_do_not_lose_cents() {
        let mut tally = Tally::default();
        tally.add(1e16);
        for _ in 0..10 {
            tally.add(0.1);
        }
        tally.add(-1e16);
        assert_eq!(tally.figure(Aggregate::Sum).map(|it| (it * 1e6).round()), Some(1e6));
        assert_eq!(Tally::default().figure(Aggregate::Sum), None);
    }

    #[test]
    fn days_months_and_years_are_spans() {
        let told = |text: &str| span(text).map(|(from, until)| (from.date().to_string(), until.date().to_string()));
        let pair = |from: &str, until: &str| Some((from.to_owned(), until.to_owned()));
        assert_eq!(told("2024"), pair("2024-01-01", "2025-01-01"));
        assert_eq!(told("2024-12"), pair("2024-12-01", "2025-01-01"));
        assert_eq!(told("2024-02-28"), pair("2024-02-28", "2024-02-29"));
        for text in ["24", "2024-13", "2024-02-30", "May", "2024-1"] {
            assert_eq!(span(text), None, "{text}");
        }
    }

    #[test]
    fn rows_pass_by_what_stands_in_them() {
        let table = Table::from_csv(b"r,d,n\nNorth,2023-12-31,5\nsouth,2024-01-01,7\n,2024-06-01,\n").unwrap();
        let pass = |filters: &[(&str, Test, &str)]| {
            let filters: Vec<_> = filters
                .iter()
                .map(|(column, test, value)| Filter {
                    column: (*column).to_owned(),
                    test: *test,
                    value: (*value).to_owned(),
                })
                .collect();
            rows(&table, &filters).unwrap()
        };
        assert_eq!(pass(&[("r", Test::Is, "SOUTH")]), [1]);
        assert_eq!(pass(&[("r", Test::Is, "SOUTH"), ("r", Test::Is, "north")]), [0, 1]);
        assert_eq!(pass(&[("r", Test::IsNot, "north")]), [1, 2]);
        assert_eq!(pass(&[("d", Test::Is, "2024")]), [1, 2]);
        assert_eq!(pass(&[("d", Test::Above, "2024-01")]), [2]);
        assert_eq!(pass(&[("d", Test::Below, "2024")]), [0]);
        assert_eq!(pass(&[("n", Test::AtLeast, "7")]), [1]);
        assert_eq!(pass(&[("n", Test::AtMost, "6"), ("d", Test::AtMost, "2023")]), [0]);
    }
}
