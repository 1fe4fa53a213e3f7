//! Times on the wire: RFC 3339, UTC.

use ::time::OffsetDateTime;
use ::time::format_description::BorrowedFormatItem;
use ::time::format_description::well_known::Rfc3339;
use ::time::macros::format_description;

/// Always as long, so that times sort as texts and clients need one pattern.
const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// Microseconds since 1970 as `2026-01-31T12:00:00.500000Z`.
pub fn iso(micros: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
        .ok()
        .and_then(|it| it.format(FORMAT).ok())
        .unwrap_or_default()
}

/// Microseconds since 1970, of a time in RFC 3339; one that names no zone is UTC.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let zoned = OffsetDateTime::parse(text, &Rfc3339).ok();
    let time = zoned.or_else(|| OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339).ok())?;
    i64::try_from(time.unix_timestamp_nanos() / 1000).ok()
}

#[cfg(test)]
mod tests {
    use super::{iso, parse};

    #[test]
    fn times_are_utc() {
        assert_eq!(iso(1_769_860_800_500_000), "2026-01-31T12:00:00.500000Z");
        assert_eq!(iso(0), "1970-01-01T00:00:00.000000Z");
    }
    #[test]
    fn times_come_back_in_any_zone() {
        assert_eq!(parse("2026-01-31T12:00:00.5Z"), Some(1_769_860_800_500_000));
        assert_eq!(parse("2026-01-31T13:00:00.500000+01:00"), Some(1_769_860_800_500_000));
        assert_eq!(parse("2026-01-31T12:00:00.5"), Some(1_769_860_800_500_000));
        assert_eq!(parse("yesterday"), None);
    }
}
