//! Days over which usage is summed up, UTC.

use crate::error::{Error, Result};
use crate::ports::{DAY, Micros};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

const FORMAT: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
/// Days at a time, at most.
pub const DAYS_MAX: i64 = 366;
/// Days, unless somebody says otherwise.
pub const DAYS: i64 = 30;

/// Whole days, counted from 1970: from the first, before the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    first: i64,
    end: i64,
}

impl Period {
    /// The last `days`, of which today is one.
    #[must_use]
    pub fn last(days: i64, now: Micros) -> Self {
        let today = now.div_euclid(DAY);
        Self { first: today + 1 - days.clamp(1, DAYS_MAX), end: today + 1 }
    }

    /// What an address asks for: from day to day, both included; or so many days until today.
    ///
    /// # Errors
    /// With what to change.
    pub fn asked(days: Option<i64>, from: Option<&str>, to: Option<&str>, now: Micros) -> Result<Self> {
        if from.is_none() && to.is_none() {
            let days = days.unwrap_or(DAYS);
            if !(1..=DAYS_MAX).contains(&days) {
                return Err(Error::field("days", format!("Use 1 to {DAYS_MAX} days.")));
            }
            return Ok(Self::last(days, now));
        }
        let read = |field: &str, text: &str| {
            let wrong = || Error::field(field, "Write the day as 2026-01-31.");
            Date::parse(text, FORMAT).map(day_number).map_err(|_| wrong())
        };
        let last = to.map_or(Ok(now.div_euclid(DAY)), |it| read("to", it))?;
        let first = from.map_or(Ok(last + 1 - DAYS), |it| read("from", it))?;
        if first > last {
            return Err(Error::field("from", "The first day comes after the last one."));
        }
        if last - first >= DAYS_MAX {
            return Err(Error::field("from", format!("Ask for at most {DAYS_MAX} days at a time.")));
        }
        Ok(Self { first, end: last + 1 })
    }

    /// The moment at which it begins, and the one before which it ends.
    #[must_use]
    pub fn moments(self) -> (Micros, Micros) {
        (self.first * DAY, self.end * DAY)
    }

    /// Every day of it.
    pub(crate) fn days(self) -> impl Iterator<Item = i64> {
        self.first..self.end
    }

    /// How many days.
    #[must_use]
    pub fn length(self) -> i64 {
        self.end - self.first
    }

    /// The first day, as written.
    #[must_use]
    pub fn from(self) -> String {
        written(self.first)
    }

    /// The last day, as written.
    #[must_use]
    pub fn to(self) -> String {
        written(self.end - 1)
    }
}

fn day_number(day: Date) -> i64 {
    i64::from(day.to_julian_day()) - EPOCH
}

/// The Julian day of 1 January 1970.
const EPOCH: i64 = 2_440_588;

/// A day counted from 1970 as `2026-01-31`.
pub(crate) fn written(day: i64) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(day.saturating_mul(86_400)).ok();
    moment.and_then(|it| it.date().format(FORMAT).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-31, noon.
    const NOW: Micros = 1_769_860_800_000_000;

    #[test]
    fn a_period_is_whole_days_of_which_today_is_one() {
        let week = Period::last(7, NOW);
        assert_eq!((week.from().as_str(), week.to().as_str(), week.length()), ("2026-01-25", "2026-01-31", 7));
        let (begin, end) = week.moments();
        assert!(begin % DAY == 0 && end > NOW && end - NOW < DAY);
        let asked = Period::asked(None, Some("2025-12-30"), Some("2026-01-02"), NOW).unwrap();
        assert_eq!(
            asked.days().map(written).collect::<Vec<_>>(),
            ["2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02"]
        );
        assert_eq!(Period::asked(None, None, None, NOW).unwrap(), Period::last(30, NOW));
        assert_eq!(Period::asked(None, Some("2026-01-31"), None, NOW).unwrap().length(), 1);
    }

    #[test]
    fn what_is_no_period_is_refused_at_its_field() {
        let field = |days, from, to| match Period::asked(days, from, to, NOW) {
            Err(Error::Invalid(fields)) => fields[0].field.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(field(Some(0), None, None), "days");
        assert_eq!(field(Some(367), None, None), "days");
        assert_eq!(field(None, Some("yesterday"), None), "from");
        assert_eq!(field(None, None, Some("2026-02-30")), "to");
        assert_eq!(field(None, Some("2026-01-02"), Some("2026-01-01")), "from");
        assert_eq!(field(None, Some("2020-01-01"), Some("2026-01-01")), "from");
    }
}
