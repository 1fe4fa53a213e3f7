//! What a passage says around the words that were looked for, in parts that are marked or not: never HTML.

use super::words;
use crate::markdown::plain_headings;
use atrium::search::Piece;
use std::collections::HashSet;

/// Characters that are shown before the first mark, and of the whole.
const BEFORE: usize = 80;
const LENGTH: usize = 360;

/// The words of the question are marked where they stand, in any of their forms; its little words are not.
#[must_use]
pub fn snippet(question: &str, language: &str, text: &str) -> Vec<Piece> {
    let text = &plain_headings(text);
    let analyzer = words::analyzer(language);
    let asked: HashSet<String> = analyzer.words(question).into_iter().map(|it| it.text).collect();
    let met: Vec<_> =
        analyzer.words(text).into_iter().filter(|it| asked.contains(&it.text)).map(|it| it.range).collect();
    let first = met.first().map_or(0, |it| it.start);
    let begin = text[..first].char_indices().rev().nth(BEFORE).map_or(0, |it| it.0);
    // At a word's beginning, unless the script sets none apart.
    let begin = match text[begin..first].find(char::is_whitespace) {
        Some(space) if begin > 0 => begin + space + 1,
        _ => begin,
    };
    let end = text[begin..].char_indices().nth(LENGTH).map_or(text.len(), |it| begin + it.0);
    let mut pieces = Vec::new();
    let mut add = |text: &str, is_hit: bool| {
        if !text.is_empty() {
            pieces.push(Piece { text: text.to_owned(), is_hit });
        }
    };
    let mut at = begin;
    if begin > 0 {
        add("… ", false);
    }
    for range in met.into_iter().filter(|it| it.end <= end) {
        // Words of scripts without spaces overlap.
        let start = range.start.max(at);
        if start >= range.end {
            continue;
        }
        add(&text[at..start], false);
        add(&text[start..range.end], true);
        at = range.end;
    }
    add(&text[at.min(end)..end], false);
    if end < text.len() {
        add(" …", false);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(question: &str, text: &str) -> String {
        let pieces = snippet(question, "en", text);
        pieces.into_iter().map(|it| if it.is_hit { format!("[{}]", it.text) } else { it.text }).collect()
    }

    #[test]
    fn words_are_marked_in_any_form_and_little_ones_are_not() {
        assert_eq!(told("What are the owners of a value?", "Each value has an owner."), "Each [value] has an [owner].");
        assert_eq!(told("tides", "Nothing of it."), "Nothing of it.");
        assert_eq!(told("tides", "## Tides\n\nTwice a day."), "[Tides]\n\nTwice a day.");
        assert_eq!(told("", ""), "");
    }

    #[test]
    fn a_long_passage_is_shown_around_the_first_of_them() {
        let text = format!("{} tide {}", "before ".repeat(50), "after ".repeat(200));
        let told = told("tides", &text);
        assert!(told.starts_with("… before") && told.contains("[tide]") && told.ends_with(" …"), "{told}");
        assert!(told.chars().count() < LENGTH + 20, "{told}");
    }
}
