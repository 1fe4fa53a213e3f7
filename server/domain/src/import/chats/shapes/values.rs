//! Reading values that may be of another type than they should be.

use atrium::chat::{Author, MessageStatus};
use serde_json::{Map, Value};
use std::borrow::Cow;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A text, or a number as one.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(it) => Some(it.clone()),
        Value::Number(it) => Some(it.to_string()),
        _ => None,
    }
}

/// A moment, in microseconds since 1970: written out, or seconds, milliseconds or microseconds, as a number or as text.
fn moment(value: &Value) -> Option<i64> {
    let number = match value {
        Value::Number(it) => it.as_f64()?,
        Value::String(it) => match it.trim().parse::<f64>() {
            Ok(number) => number,
            Err(_) => {
                let nanos = OffsetDateTime::parse(it.trim(), &Rfc3339).ok()?.unix_timestamp_nanos();
                return i64::try_from(nanos / 1_000).ok().filter(|it| *it > 0);
            }
        },
        _ => return None,
    };
    // Seconds reach these numbers in the year 5138, milliseconds in the same.
    let micros = match number {
        it if it < 1e11 => it * 1e6,
        it if it < 1e14 => it * 1e3,
        it => it,
    };
    #[allow(clippy::cast_possible_truncation, reason = "as far as it can be a moment")]
    (1.0..9e15).contains(&micros).then_some(micros.round() as i64)
}

/// What is looked up in objects that others have made.
pub(super) trait Fields {
    fn field(&self, name: &str) -> &Value;

    fn text(&self, name: &str) -> Option<String> {
        text(self.field(name))
    }

    /// A text that something is known by.
    fn id(&self, name: &str) -> Option<String> {
        self.text(name).filter(|it| !it.is_empty())
    }

    /// A text that is not blank.
    fn filled(&self, name: &str) -> Option<String> {
        self.text(name).filter(|it| !it.trim().is_empty())
    }

    fn moment(&self, name: &str) -> Option<i64> {
        moment(self.field(name))
    }

    fn list(&self, name: &str) -> &[Value] {
        self.field(name).as_array().map_or(&[], Vec::as_slice)
    }

    fn is_true(&self, name: &str) -> bool {
        self.field(name).as_bool() == Some(true)
    }

    /// A number that counts something.
    fn count(&self, name: &str) -> Option<i64> {
        let found = self.field(name);
        found.as_i64().or_else(|| found.as_str()?.parse().ok()).filter(|it| *it >= 0)
    }
}

impl Fields for Map<String, Value> {
    fn field(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::Null)
    }
}

impl Fields for Value {
    fn field(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::Null)
    }
}

/// Who has a role of that name; others are not taken.
pub(super) fn author(role: &str) -> Result<Author, &'static str> {
    match role {
        "user" | "human" => Ok(Author::User),
        "assistant" => Ok(Author::Assistant),
        "tool" | "function" => Err(super::super::tree::OF_TOOL),
        _ => Err(super::super::tree::OF_SYSTEM),
    }
}

/// How far a message is that nobody writes any more.
pub(super) fn status(name: &str) -> MessageStatus {
    match MessageStatus::parse(name) {
        Some(MessageStatus::Streaming) => MessageStatus::Interrupted,
        found => found.unwrap_or(MessageStatus::Complete),
    }
}

/// Halves of characters, which languages whose texts are made of such halves write down when they cut a text between them,
/// become the mark of what cannot be read; otherwise the conversation could not be read at all.
pub(super) fn mended(json: &[u8]) -> Cow<'_, [u8]> {
    let half = |at: usize| -> Option<u16> {
        let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok().filter(|it| (0xd800..0xe000).contains(it))
    };
    let mut mended: Option<Vec<u8>> = None;
    let mut at = 0;
    let mut copied = 0;
    while at < json.len() {
        if json[at] != b'\\' {
            at += 1;
            continue;
        }
        match half(at) {
            Some(first) if first < 0xdc00 && half(at + 6).is_some_and(|it| it >= 0xdc00) => at += 12,
            Some(_) => {
                let kept = mended.get_or_insert_with(Vec::new);
                kept.extend_from_slice(&json[copied..at]);
                kept.extend_from_slice(b"\\ufffd");
                at += 6;
                copied = at;
            }
            None => at += 2,
        }
    }
    match mended {
        Some(mut kept) => {
            kept.extend_from_slice(&json[copied..]);
            Cow::Owned(kept)
        }
        None => Cow::Borrowed(json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn moments_are_what_they_look_like() {
        for (value, expected) in [
            (json!(1_700_000_000), Some(1_700_000_000_000_000)),
            (json!(1_700_000_000.25), Some(1_700_000_000_250_000)),
            (json!("1700000000"), Some(1_700_000_000_000_000)),
            (json!(1_700_000_000_123_i64), Some(1_700_000_000_123_000)),
            (json!(1_700_000_000_123_456_i64), Some(1_700_000_000_123_456)),
            (json!("2024-05-28T18:08:55.014Z"), Some(1_716_919_735_014_000)),
            (json!(0), None),
            (json!(-5), None),
            (json!(1e300), None),
            (json!("yesterday"), None),
            (json!("NaN"), None),
            (json!([1]), None),
            (Value::Null, None),
        ] {
            assert_eq!(moment(&value), expected, "{value}");
        }
    }

    #[test]
    fn half_a_character_does_not_spoil_the_rest() {
        let mend = |text: &str| serde_json::from_slice::<String>(&mended(text.as_bytes())).unwrap();
        assert_eq!(mend(r#""a \ud83d\ude00 b""#), "a 😀 b");
        assert_eq!(mend(r#""a \ud83d b \\ud83d \udc00""#), "a \u{fffd} b \\ud83d \u{fffd}");
        assert_eq!(mend(r#""\ud83d\u0041 \ud83d""#), "\u{fffd}A \u{fffd}");
        assert!(matches!(mended(b"\"plain \\n\""), Cow::Borrowed(_)));
    }
}
