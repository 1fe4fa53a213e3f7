//! Small pure functions on text and figures as people read them.

/// `text` without white space at its ends, or `None` if nothing is left.
#[must_use]
pub fn filled(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

/// `text` in one line, as a name or title is kept: without control characters and what turns the direction of the text
/// around it, its white space single.
#[must_use]
pub fn line(text: &str) -> String {
    let turns = |it: char| matches!(it, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept: String = text.chars().filter(|it| it.is_whitespace() || !(it.is_control() || turns(*it))).collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most `max` characters, cut at a word where one ends in the last third, with an ellipsis.
#[must_use]
pub fn shorten(text: &str, max: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= max {
        return line;
    }
    let cut: String = line.chars().take(max.saturating_sub(1)).collect();
    let end = cut.rfind(' ').filter(|at| *at > cut.len() * 2 / 3).unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end_matches([' ', ',', '.', ':', ';']))
}

/// `text` as it must stand between HTML tags where nothing escapes it: Leptos writes what is in a `textarea` as it is.
#[must_use]
pub fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Microseconds as people say them: `840 ms`, `2.1 s`, `3 min 5 s`.
#[must_use]
pub fn duration(micros: i64) -> String {
    let ms = micros / 1000;
    match ms {
        ..1000 => format!("{ms} ms"),
        1000..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1000),
    }
}

/// Micro-dollars as dollars; small sums keep their leading digits.
#[must_use]
pub fn dollars(micros: i64) -> String {
    match micros {
        0 => "$0".to_owned(),
        1..10_000 => format!("${:.4}", micros_to_dollars(micros)).trim_end_matches('0').to_owned(),
        _ => format!("${:.2}", micros_to_dollars(micros)),
    }
}

#[allow(clippy::cast_precision_loss)]
fn micros_to_dollars(micros: i64) -> f64 {
    micros as f64 / 1_000_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_what_is_seen() {
        assert_eq!(line(" Ada\n \u{202e}King\0\u{7} "), "Ada King");
        assert_eq!(line("\0\u{2066} \r\n"), "");
        assert_eq!(line("世界 🦀"), "世界 🦀");
    }

    #[test]
    fn shortens_at_a_word_and_counts_characters_not_bytes() {
        assert_eq!(shorten("one two", 20), "one two");
        assert_eq!(shorten("a sentence that is rather long", 20), "a sentence that is…");
        assert_eq!(shorten("ääääääääää", 5), "ääää…");
        assert_eq!(shorten("  two\n lines ", 20), "two lines");
    }

    #[test]
    fn nothing_escaped_closes_a_tag() {
        assert_eq!(escape_html("</textarea><b>&amp;"), "&lt;/textarea&gt;&lt;b&gt;&amp;amp;");
    }

    #[test]
    fn figures_read_as_people_say_them() {
        assert_eq!(duration(840_000), "840 ms");
        assert_eq!(duration(2_140_000), "2.1 s");
        assert_eq!(duration(185_000_000), "3 min 5 s");
        assert_eq!(dollars(400), "$0.0004");
        assert_eq!(dollars(1_234_567), "$1.23");
        assert_eq!(dollars(0), "$0");
    }
}
