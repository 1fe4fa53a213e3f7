//! How wide text is, more or less: the browser's font is not known here.

/// Of all text, in pixels of the picture.
pub(super) const SIZE: f64 = 13.0;

/// In pixels, rather too many than too few.
pub(super) fn width(text: &str) -> i32 {
    let tenths: i32 = text.chars().map(tenths).sum();
    tenths / 10 + 1
}

/// Of a character at [`SIZE`], in tenths of a pixel.
fn tenths(character: char) -> i32 {
    match character {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 38,
        ' ' | '-' | 'f' | 'r' | 't' | '(' | ')' | '/' => 50,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 118,
        'A'..='Z' => 92,
        // Scripts whose characters fill a square.
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{1f000}'.. => 135,
        _ => 76,
    }
}

/// As much of `text` as fits, with an ellipsis where something is missing.
pub(super) fn cut(text: &str, room: i32) -> String {
    let line = atrium::text::line(text);
    if width(&line) <= room {
        return line;
    }
    let mut left = room * 10 - tenths('…');
    let kept = line.chars().take_while(|it| {
        left -= tenths(*it);
        left >= 0
    });
    format!("{}…", kept.collect::<String>().trim_end())
}

/// A category as an axis has it: a day without its year.
pub(super) fn on_axis(category: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    day(category)
        .and_then(|(month, day)| Some(format!("{day} {}", MONTHS.get(month.checked_sub(1)?)?)))
        .unwrap_or_else(|| atrium::text::line(category))
}

/// Month and day of `2026-01-31`.
fn day(text: &str) -> Option<(usize, u8)> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let is_day = parts.next().is_none() && (year.len(), month.len(), day.len()) == (4, 2, 2);
    (is_day && text.bytes().all(|it| it.is_ascii_digit() || it == b'-')).then_some(())?;
    Some((month.parse().ok()?, day.parse().ok()?))
}

/// Whether categories are places on a scale, of which not every one must be named: days, months, years, numbers.
pub(super) fn are_on_a_scale(categories: &[String]) -> bool {
    let is_place = |it: &String| {
        it.chars().any(|it| it.is_ascii_digit()) && it.chars().all(|it| it.is_ascii_digit() || "-.:T Q/+".contains(it))
    };
    categories.len() > 2 && categories.iter().all(is_place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_to_its_room() {
        assert_eq!(cut("short", 100), "short");
        let long = cut("a name that is far too long for its place", 100);
        assert!(long.ends_with('…') && width(&long) <= 101, "{long}");
        assert_eq!(cut("anything", 0), "…");
        assert!(width("日本語") > width("abc"));
    }

    #[test]
    fn days_lose_their_year_and_nothing_else_does() {
        assert_eq!(on_axis("2026-01-09"), "9 Jan");
        for other in ["2026-13-01", "2026-01", "gpt-5", "20ä6-01-01", "+123-01-01"] {
            assert_eq!(on_axis(other), other);
        }
        let all = |it: &[&str]| are_on_a_scale(&it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        assert!(all(&["2026-01-01", "2026-01-02", "2026-01-03"]) && all(&["1", "2", "3"]));
        assert!(!all(&["gpt-5", "gpt-4", "o3"]) && !all(&["1", "2"]));
    }
}
