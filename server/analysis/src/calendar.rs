//! Spans of time that rows are gathered in, and the order of what calendars name.

use serde::{Deserialize, Serialize};
use time::{Date, Duration, Month, PrimitiveDateTime, Time};

/// How long the spans are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Every {
    /// An hour of a day.
    Hour,
    /// A day.
    Day,
    /// From Monday.
    Week,
    /// A month.
    Month,
    /// Three months.
    Quarter,
    /// A year.
    Year,
}

impl Every {
    /// In a sentence.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// The beginning of the span that `moment` is in.
    pub(crate) fn start(self, moment: PrimitiveDateTime) -> PrimitiveDateTime {
        let date = moment.date();
        let first = |month: Month| Date::from_calendar_date(date.year(), month, 1).unwrap_or(date);
        let midnight = |date: Date| PrimitiveDateTime::new(date, Time::MIDNIGHT);
        match self {
            Self::Hour => PrimitiveDateTime::new(date, Time::from_hms(moment.hour(), 0, 0).unwrap_or(Time::MIDNIGHT)),
            Self::Day => midnight(date),
            Self::Week => midnight(date - Duration::days(i64::from(date.weekday().number_days_from_monday()))),
            Self::Month => midnight(first(date.month())),
            Self::Quarter => {
                let month = (u8::from(date.month()) - 1) / 3 * 3 + 1;
                midnight(first(Month::try_from(month).unwrap_or(Month::January)))
            }
            Self::Year => midnight(first(Month::January)),
        }
    }

    /// The beginning of the span after the one that begins at `start`.
    pub(crate) fn next(self, start: PrimitiveDateTime) -> PrimitiveDateTime {
        let far = match self {
            Self::Hour => Duration::hours(1),
            Self::Day => Duration::days(1),
            Self::Week => Duration::days(7),
            // From the first of a month that lands somewhere in the span after, whose beginning is taken.
            Self::Month => Duration::days(31),
            Self::Quarter => Duration::days(92),
            Self::Year => Duration::days(366),
        };
        self.start(start.saturating_add(far))
    }

    pub(crate) fn label(self, start: PrimitiveDateTime) -> String {
        let (year, month, day) = start.to_calendar_date();
        let month = u8::from(month);
        match self {
            Self::Hour => format!("{year:04}-{month:02}-{day:02} {:02}:00", start.hour()),
            Self::Day => format!("{year:04}-{month:02}-{day:02}"),
            Self::Week => {
                let (year, week, _) = start.to_iso_week_date();
                format!("{year:04}-W{week:02}")
            }
            Self::Month => format!("{year:04}-{month:02}"),
            Self::Quarter => format!("{year:04}-Q{}", (month - 1) / 3 + 1),
            Self::Year => format!("{year:04}"),
        }
    }

    /// What shows these moments best: not finer than they are written, and not more than a line can carry.
    pub(crate) fn fitting(moments: impl Iterator<Item = PrimitiveDateTime> + Clone) -> Self {
        let Some(first) = moments.clone().min() else { return Self::Day };
        let last = moments.clone().max().unwrap_or(first);
        let days = (last - first).whole_days();
        let are_all = |it: fn(&PrimitiveDateTime) -> bool| moments.clone().all(|moment| it(&moment));
        let finest = if are_all(|it| it.ordinal() == 1 && it.time() == Time::MIDNIGHT) && days > 0 {
            Self::Year
        } else if are_all(|it| it.day() == 1 && it.time() == Time::MIDNIGHT) && days > 0 {
            Self::Month
        } else if are_all(|it| it.time() == Time::MIDNIGHT) {
            Self::Day
        } else {
            Self::Hour
        };
        let coarsest = match days {
            0..=1 => Self::Hour,
            2..=62 => Self::Day,
            63..=200 => Self::Week,
            201..=2_000 => Self::Month,
            _ => Self::Year,
        };
        finest.max(coarsest)
    }
}

/// In their order.
pub(crate) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const ORDERS: [&[&str]; 5] = [
    &MONTHS,
    &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    &["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    &["q1", "q2", "q3", "q4"],
];

/// The place of each label, if all are names of months, weekdays or quarters, or begin with a year and are alike.
pub(crate) fn places(labels: &[&str]) -> Option<Vec<usize>> {
    let by_name = ORDERS.iter().find_map(|names| {
        labels
            .iter()
            .map(|label| names.iter().position(|it| label.eq_ignore_ascii_case(it)))
            .collect::<Option<Vec<_>>>()
    });
    by_name.or_else(|| {
        let quarter = |label: &&str| {
            let (year, rest) = label.split_at_checked(4)?;
            let quarter: usize = rest.trim_start_matches(['-', ' ', '/']).strip_prefix(['Q', 'q'])?.parse().ok()?;
            Some(year.parse::<usize>().ok()? * 4 + quarter)
        };
        labels.iter().map(quarter).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{Every, places};
    use time::macros::datetime;

    #[test]
    fn spans_begin_where_calendars_say() {
        let moment = datetime!(2024-12-31 13:45);
        let told: Vec<_> = [Every::Hour, Every::Day, Every::Week, Every::Month, Every::Quarter, Every::Year]
            .into_iter()
            .map(|it| (it.label(it.start(moment)), it.label(it.next(it.start(moment)))))
            .collect();
        let told: Vec<_> = told.iter().map(|it| (it.0.as_str(), it.1.as_str())).collect();
        assert_eq!(
            told,
            [
                ("2024-12-31 13:00", "2024-12-31 14:00"),
                ("2024-12-31", "2025-01-01"),
                ("2025-W01", "2025-W02"),
                ("2024-12", "2025-01"),
                ("2024-Q4", "2025-Q1"),
                ("2024", "2025"),
            ]
        );
        let february = Every::Month.start(datetime!(2024-01-31 0:00));
        assert_eq!(Every::Month.label(Every::Month.next(february)), "2024-02");
    }

    #[test]
    fn spans_fit_what_is_shown() {
        let months = [datetime!(2024-01-01 0:00), datetime!(2024-02-01 0:00)];
        assert_eq!(Every::fitting(months.into_iter()), Every::Month);
        let days = [datetime!(2024-01-05 0:00), datetime!(2024-01-09 0:00)];
        assert_eq!(Every::fitting(days.into_iter()), Every::Day);
        let hours = [datetime!(2024-01-05 7:12), datetime!(2024-01-05 9:30)];
        assert_eq!(Every::fitting(hours.into_iter()), Every::Hour);
        let years = [datetime!(2004-01-05 0:00), datetime!(2024-01-09 0:00)];
        assert_eq!(Every::fitting(years.into_iter()), Every::Year);
    }

    #[test]
    fn calendars_have_an_order() {
        assert_eq!(places(&["Mar", "Jan"]), Some(vec![2, 0]));
        assert_eq!(places(&["Friday", "monday"]), Some(vec![4, 0]));
        assert!(places(&["2023-Q4", "2024-Q1"]).is_some_and(|it| it[0] < it[1]));
        assert_eq!(places(&["Jan", "North"]), None);
    }
}
