//! Dates and times as people write them. A column is written in one way: the first that reads all of its cells.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::parsing::Parsed;
use time::{Date, PrimitiveDateTime, Time};

/// Which of two numbers is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// It cannot be mistaken.
    Plain,
    DayFirst,
    MonthFirst,
}

type Items = &'static [BorrowedFormatItem<'static>];

/// The ways in which a date is written.
pub(crate) const FORMATS: &[(Items, Order)] = &[
    (format_description!("[year]-[month]-[day]"), Order::Plain),
    (format_description!("[year]/[month padding:none]/[day padding:none]"), Order::Plain),
    (format_description!("[year].[month].[day]"), Order::Plain),
    (format_description!("[day padding:none].[month padding:none].[year]"), Order::Plain),
    (format_description!("[day padding:none].[month padding:none].[year repr:last_two]"), Order::Plain),
    (format_description!("[day padding:none]-[month padding:none]-[year]"), Order::Plain),
    (format_description!("[day padding:none]/[month padding:none]/[year]"), Order::DayFirst),
    (format_description!("[month padding:none]/[day padding:none]/[year]"), Order::MonthFirst),
    (format_description!("[day padding:none]/[month padding:none]/[year repr:last_two]"), Order::DayFirst),
    (format_description!("[month padding:none]/[day padding:none]/[year repr:last_two]"), Order::MonthFirst),
    (format_description!("[day padding:none] [month repr:short case_sensitive:false] [year]"), Order::Plain),
    (format_description!("[day padding:none] [month repr:long case_sensitive:false] [year]"), Order::Plain),
    (format_description!("[day padding:none]-[month repr:short case_sensitive:false]-[year]"), Order::Plain),
    (
        format_description!("[day padding:none]-[month repr:short case_sensitive:false]-[year repr:last_two]"),
        Order::Plain,
    ),
    (format_description!("[day padding:none]/[month repr:short case_sensitive:false]/[year]"), Order::Plain),
    (format_description!("[month repr:short case_sensitive:false] [day padding:none], [year]"), Order::Plain),
    (format_description!("[month repr:long case_sensitive:false] [day padding:none], [year]"), Order::Plain),
    (format_description!("[month repr:short case_sensitive:false] [day padding:none] [year]"), Order::Plain),
    (format_description!("[month repr:long case_sensitive:false] [day padding:none] [year]"), Order::Plain),
    // Months without a day are their first.
    (format_description!("[year]-[month]"), Order::Plain),
    (format_description!("[year]/[month]"), Order::Plain),
    (format_description!("[month padding:none]/[year]"), Order::Plain),
    (format_description!("[month repr:short case_sensitive:false] [year]"), Order::Plain),
    (format_description!("[month repr:long case_sensitive:false] [year]"), Order::Plain),
];

const TIMES: &[Items] = &[
    format_description!("[hour]:[minute]:[second].[subsecond]"),
    format_description!("[hour padding:none repr:12]:[minute]:[second] [period case_sensitive:false]"),
    format_description!("[hour padding:none repr:12]:[minute] [period case_sensitive:false]"),
    format_description!("[hour padding:none]:[minute]:[second]"),
    format_description!("[hour padding:none]:[minute]"),
];

/// The moment that `text` is in that format, by the clock that wrote it: an offset is not applied.
pub(crate) fn parse(text: &str, format: usize) -> Option<PrimitiveDateTime> {
    let (items, _) = FORMATS.get(format)?;
    let mut parsed = Parsed::new();
    let rest = parsed.parse_items(text.trim().as_bytes(), items).ok()?;
    if parsed.year().is_none() {
        let short = i32::from(parsed.year_last_two()?);
        parsed.set_year(if short < 70 { 2000 + short } else { 1900 + short })?;
    }
    if parsed.day().is_none() {
        parsed.set_day(1.try_into().ok()?)?;
    }
    let date = Date::try_from(parsed).ok()?;
    Some(PrimitiveDateTime::new(date, time_of(std::str::from_utf8(rest).ok()?)?))
}

/// What stands behind a date.
fn time_of(rest: &str) -> Option<Time> {
    if rest.is_empty() {
        return Some(Time::MIDNIGHT);
    }
    let text = rest.strip_prefix(['T', 't', ':', ',']).or_else(|| rest.strip_prefix(' '))?.trim();
    TIMES.iter().find_map(|items| {
        let mut parsed = Parsed::new();
        let rest = parsed.parse_items(text.as_bytes(), items).ok()?;
        let time = Time::try_from(parsed).ok()?;
        is_zone(std::str::from_utf8(rest).ok()?.trim()).then_some(time)
    })
}

fn is_zone(text: &str) -> bool {
    let is_offset = |it: &str| matches!(it.len(), 2 | 4 | 5) && it.bytes().all(|it| it.is_ascii_digit() || it == b':');
    matches!(text, "" | "Z" | "z" | "UTC" | "GMT") || text.strip_prefix(['+', '-', '−']).is_some_and(is_offset)
}

#[cfg(test)]
mod tests {
    use super::{FORMATS, Order, parse};
    use time::macros::datetime;

    fn first(text: &str) -> Option<time::PrimitiveDateTime> {
        (0..FORMATS.len()).find_map(|it| parse(text, it))
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        for (text, expected) in [
            ("2024-01-31", datetime!(2024-01-31 0:00)),
            ("2024-01-31T13:45:10.250Z", datetime!(2024-01-31 13:45:10.25)),
            ("2024-01-31 13:45:10+02:00", datetime!(2024-01-31 13:45:10)),
            ("31.1.2024", datetime!(2024-01-31 0:00)),
            ("31.01.24 07:30", datetime!(2024-01-31 7:30)),
            ("1/31/2024 1:05 PM", datetime!(2024-01-31 13:05)),
            ("31/01/2024", datetime!(2024-01-31 0:00)),
            ("31 jan 2024", datetime!(2024-01-31 0:00)),
            ("January 31, 2024", datetime!(2024-01-31 0:00)),
            ("10/Oct/2000:13:55:36 -0700", datetime!(2000-10-10 13:55:36)),
            ("2024-02", datetime!(2024-02-01 0:00)),
            ("Feb 1999", datetime!(1999-02-01 0:00)),
            ("31-Dec-99", datetime!(1999-12-31 0:00)),
        ] {
            assert_eq!(first(text), Some(expected), "{text}");
        }
        for text in ["", "2024", "2024-13-01", "31.02.2024", "12:30", "tomorrow", "2024-01-31 noon", "1.5", "10.0.0.1"]
        {
            assert_eq!(first(text), None, "{text}");
        }
    }

    #[test]
    fn of_two_numbers_either_may_be_the_day() {
        let read: Vec<_> =
            (0..FORMATS.len()).filter(|it| parse("03/04/2024", *it).is_some()).map(|it| FORMATS[it].1).collect();
        assert_eq!(read, [Order::DayFirst, Order::MonthFirst]);
    }
}
