//! Numbers as people write them: with currencies, percent signs and separators of thousands.

/// The sign before the decimals. A column has one, a file nearly always too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Point,
    Comma,
}

/// Signs of money, before or after a number.
const SIGNS: &str = "$€£¥₹₩₽₺₫₴₪฿¢";
/// Names of money, likewise.
const MONEY: [&str; 22] = [
    "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "BRL", "CAD", "AUD", "NZD", "KRW", "SEK", "NOK", "DKK", "PLN",
    "CZK", "MXN", "R$", "kr.", "kr", "zł",
];
/// What separates thousands besides the other mark.
const GAPS: &str = " \u{a0}\u{202f}\u{2009}'’_";

/// The number that `text` is, when its decimals stand behind `mark`.
pub(crate) fn parse(text: &str, mark: Mark) -> Option<f64> {
    let text = text.trim();
    let (text, is_in_brackets) = match text.strip_prefix('(').and_then(|it| it.strip_suffix(')')) {
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let (text, is_negative) = bare(text)?;
    let (body, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i16>().ok()?),
        None => (text, 0),
    };
    let (decimal, other) = match mark {
        Mark::Point => ('.', ','),
        Mark::Comma => (',', '.'),
    };
    let (whole, decimals) = match body.split_once(decimal) {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (body, "0"),
    };
    let whole = if whole.is_empty() { "0".to_owned() } else { ungrouped(whole, other)? };
    if !is_digits(decimals) {
        return None;
    }
    let value: f64 = format!("{whole}.{decimals}e{exponent}").parse().ok()?;
    let value = if is_negative != is_in_brackets { -value } else { value };
    value.is_finite().then_some(value)
}

/// The text without sign, money and percent, and whether it had a minus.
fn bare(text: &str) -> Option<(&str, bool)> {
    let (mut text, mut is_negative, mut is_signed) = (text, false, false);
    loop {
        text = text.trim();
        let before = text;
        if let Some(rest) = text.strip_prefix(['-', '−', '+']) {
            if is_signed {
                return None;
            }
            (is_signed, is_negative) = (true, !text.starts_with('+'));
            text = rest;
        }
        text = text.trim_start_matches(|it| SIGNS.contains(it));
        text = text.trim_end_matches(|it| SIGNS.contains(it) || it == '%');
        if let Some(rest) = MONEY.iter().find_map(|it| text.strip_prefix(it)) {
            text = rest;
        }
        if let Some(rest) = MONEY.iter().find_map(|it| text.strip_suffix(it)) {
            text = rest;
        }
        if text == before {
            let first = text.chars().next()?;
            return (first.is_ascii_digit() || first == '.' || first == ',').then_some((text, is_negative));
        }
    }
}

/// Whole thousands without what separates them: always the same sign, and three digits in the last group.
fn ungrouped(text: &str, other: char) -> Option<String> {
    let Some(gap) = text.chars().find(|it| !it.is_ascii_digit()) else { return Some(text.to_owned()) };
    if gap != other && !GAPS.contains(gap) {
        return None;
    }
    let groups: Vec<&str> = text.split(gap).collect();
    let (first, last) = (groups.first()?, groups.last()?);
    // In India the groups before the last have two digits.
    let is_sound = (1..=3).contains(&first.len())
        && last.len() == 3
        && groups[1..groups.len() - 1].iter().all(|it| (2..=3).contains(&it.len()))
        && groups.iter().all(|it| is_digits(it));
    is_sound.then(|| groups.concat())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{Mark, parse};

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, expected) in [
            ("12", 12.0),
            (" -3.5 ", -3.5),
            ("$1,234.50", 1234.5),
            ("-$5", -5.0),
            ("(1,200)", -1200.0),
            ("45 %", 45.0),
            ("12 345", 12_345.0),
            ("12\u{202f}345.5", 12_345.5),
            ("CHF 1'250.00", 1250.0),
            ("1,23,456", 123_456.0),
            (".5", 0.5),
            ("1.2e-3", 0.0012),
            ("00123", 123.0),
        ] {
            assert_eq!(parse(text, Mark::Point), Some(expected), "{text}");
        }
        for (text, expected) in [("1.234,50 €", 1234.5), ("3,5", 3.5), ("1.234", 1234.0), ("−7", -7.0)] {
            assert_eq!(parse(text, Mark::Comma), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "-",
            "a",
            "1.2.3",
            "12,34",
            "1,2345",
            "2024-01-31",
            "1 2",
            "--1",
            "1e",
            "NaN",
            "inf",
            "5.",
            "12:30",
            "3 apples",
        ] {
            assert_eq!(parse(text, Mark::Point), None, "{text}");
        }
        assert_eq!(parse("12.5", Mark::Comma), None);
    }
}
