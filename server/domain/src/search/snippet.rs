//! A piece of a text around what was looked for. It is handed on in parts, marked or not, and never as HTML.

use super::words::{Folded, Question, Term, fold, is_spaced};
use crate::markdown::plain_headings;
use atrium::search::Piece;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization as _;

/// Characters of a snippet.
const LENGTH: usize = 220;
/// Characters before the first hit.
const BEFORE: usize = 60;
/// How far into a text is looked for hits, in bytes.
const READ: usize = 256 * 1024;

/// Around the first hit of `text`; its beginning when there is none.
pub(super) fn snippet(question: &Question, text: &str) -> Vec<Piece> {
    around(question, text, |_| Vec::new())
}

/// The same, where somebody else knows of more hits: the bytes of each.
pub(super) fn around(question: &Question, text: &str, more: impl Fn(&str) -> Vec<Range<usize>>) -> Vec<Piece> {
    let text: String = plain_headings(&text[..text.floor_char_boundary(READ)]).nfc().collect();
    let marks = marks(question, &text, more(&text));
    let starts: Vec<usize> = text.char_indices().map(|it| it.0).collect();
    let at = |byte: usize| starts.partition_point(|it| *it < byte);
    let first = marks.first().map_or(0, |it| at(it.0));
    let begin = if first <= BEFORE { 0 } else { word_begin(&text, &starts, first - BEFORE, first) };
    let end = (begin + LENGTH).min(starts.len());
    let byte = |at: usize| starts.get(at).copied().unwrap_or(text.len());
    pieces(&text, &marks, byte(begin), byte(end))
}

/// All of a short text.
pub(super) fn whole(question: &Question, text: &str) -> Vec<Piece> {
    let text: String = text.nfc().collect();
    pieces(&text, &marks(question, &text, Vec::new()), 0, text.len())
}

/// Whether every term is met.
pub(super) fn is_met(question: &Question, text: &str) -> bool {
    let text: String = text.nfc().collect();
    let folded = fold(&text);
    question.terms.iter().all(|it| !hits(&folded, it).is_empty())
}

/// The bytes of the text that meet a term, and `more`, in order, none within another.
fn marks(question: &Question, text: &str, more: Vec<Range<usize>>) -> Vec<(usize, usize)> {
    let folded = fold(text);
    let mut found: Vec<(usize, usize)> = question.terms.iter().flat_map(|it| hits(&folded, it)).collect();
    found.extend(more.into_iter().map(|it| (it.start, it.end)));
    found.sort_unstable();
    let mut marks: Vec<(usize, usize)> = Vec::new();
    for (start, end) in found {
        match marks.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => marks.push((start, end)),
        }
    }
    marks
}

fn hits(folded: &Folded, term: &Term) -> Vec<(usize, usize)> {
    let (wanted, is_word, is_whole): (Vec<char>, _, _) = match term {
        Term::Beginning(word) => (word.chars().collect(), true, false),
        Term::Whole(word) => (word.chars().collect(), true, true),
        Term::Anywhere(run) => (run.clone(), false, false),
    };
    let chars = &folded.chars;
    let is_inside = |at: usize| chars.get(at).is_some_and(|it| is_spaced(*it));
    let mut found = Vec::new();
    for start in 0..(chars.len() + 1).saturating_sub(wanted.len()) {
        let end = start + wanted.len();
        if chars[start..end] != wanted[..] || is_word && start > 0 && is_inside(start - 1) || is_whole && is_inside(end)
        {
            continue;
        }
        found.push((folded.from[start].0, folded.from[end - 1].1));
    }
    found
}

/// The first beginning of a word from `from` on, before `to`.
fn word_begin(text: &str, starts: &[usize], from: usize, to: usize) -> usize {
    let is_space = |at: usize| text[starts[at]..].starts_with(char::is_whitespace);
    (from..to.min(from + 20)).find(|at| is_space(*at)).map_or(from, |it| it + 1)
}

fn pieces(text: &str, marks: &[(usize, usize)], begin: usize, end: usize) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut add = |text: &str, is_hit: bool| {
        let text = calm(text);
        if !text.is_empty() {
            pieces.push(Piece { text, is_hit });
        }
    };
    let mut at = begin;
    if begin > 0 {
        add("…", false);
    }
    for &(start, stop) in marks.iter().filter(|it| it.0 >= begin && it.1 <= end) {
        add(&text[at..start], false);
        add(&text[start..stop], true);
        at = stop;
    }
    add(&text[at..end], false);
    if end < text.len() {
        add("…", false);
    }
    pieces
}

/// One line, without what turns the direction of the text around it.
fn calm(text: &str) -> String {
    let mut calm = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            it if it.is_whitespace() || it.is_control() => {
                if !calm.ends_with(' ') {
                    calm.push(' ');
                }
            }
            it => calm.push(it),
        }
    }
    calm
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hits in brackets.
    fn show(typed: &str, text: &str) -> String {
        let pieces = snippet(&Question::new(typed), text);
        pieces.iter().map(|it| if it.is_hit { format!("[{}]", it.text) } else { it.text.clone() }).collect()
    }

    #[test]
    fn what_was_looked_for_is_marked_where_it_stands() {
        assert_eq!(show("cafe tide", "The CAFÉ of tides, a riptide"), "The [CAFÉ] of [tide]s, a riptide");
        assert_eq!(show("京都", "東京都と京都"), "東[京都]と[京都]");
        assert_eq!(show("ガス", "ｶﾞｽ料金"), "[ｶﾞｽ]料金");
        assert_eq!(show("서울", "서울에서 만나요"), "[서울]에서 만나요");
        assert_eq!(show("a", "a b\nabc"), "[a] b abc");
        assert_eq!(show("script", "<script>alert(1)</script>"), "<[script]>alert(1)</[script]>");
        assert_eq!(show("nothing", "here"), "here");
        assert_eq!(show("tides", "## Tides\nTwice a day."), "[Tides] Twice a day.");
        assert_eq!(show("x", ""), "");
    }

    #[test]
    fn a_long_text_is_cut_around_its_first_hit() {
        let text = format!("{} needle {}", "hay ".repeat(500), "straw ".repeat(500));
        let shown = show("needle", &text);
        assert!(shown.starts_with("…hay ") && shown.contains(" [needle] ") && shown.ends_with('…'), "{shown}");
        assert!(shown.chars().count() < LENGTH + 10);
        let wide = format!("{}針{}", "🦀".repeat(300), "世".repeat(300));
        assert!(show("針", &wide).contains("[針]"));
    }
}
