//! Times on the wire: RFC 3339, UTC.

use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;

/// Microseconds since 1970 as `2026-01-31T12:00:00.5Z`.
pub fn iso(micros: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
        .ok()
        .and_then(|it| it.format(&Rfc3339).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::iso;

    #[test]
    fn times_are_utc() {
        assert_eq!(iso(1_769_860_800_500_000), "2026-01-31T12:00:00.5Z");
        assert_eq!(iso(0), "1970-01-01T00:00:00Z");
    }
}
