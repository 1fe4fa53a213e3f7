//! From lines to text: what repeats on every page goes, lines become paragraphs, larger lines are headings.

use super::layout::Line;
use crate::draft::Draft;
use crate::reading::{Mark, Place};
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// A line this much larger than the text is a heading.
const LARGER: f64 = 1.12;

/// A heading is not longer than this, in bytes.
const LONGEST: usize = 160;

/// Writes the pages, each marked.
pub(super) fn write(mut pages: Vec<Vec<Line>>, draft: &mut Draft) {
    drop_running_heads(&mut pages);
    let sizes = sizes(&pages);
    for (lines, number) in pages.iter().zip(1_u32..) {
        draft.mark(Place::Page(number));
        let spacing = spacing(lines);
        let mut previous: Option<(&Line, bool)> = None;
        for line in lines.iter().filter(|line| !line.text.is_empty()) {
            let text = spell_out(&line.text);
            let level = sizes.level(line).filter(|_| text.len() <= LONGEST && text.chars().any(char::is_alphabetic));
            match previous {
                Some((before, was_heading)) if was_heading == level.is_some() && !was_heading => {
                    join(before, line, spacing, &text, draft);
                }
                _ => {
                    draft.break_lines(2);
                    heading(level, &text, draft);
                    draft.push(&text);
                }
            }
            previous = Some((line, level.is_some()));
        }
        draft.break_lines(2);
    }
}

/// From baseline to baseline within a paragraph: gaps between paragraphs are fewer, and wider.
fn spacing(lines: &[Line]) -> f64 {
    let mut gaps: Vec<_> = lines.windows(2).map(|pair| pair[1].y - pair[0].y).filter(|gap| *gap > 0.0).collect();
    gaps.sort_by(f64::total_cmp);
    gaps.get(gaps.len() / 4).copied().unwrap_or(0.0)
}

fn heading(level: Option<u8>, title: &str, draft: &mut Draft) {
    if let Some(level) = level.filter(|_| !draft.is_full()) {
        draft.marks.push(Mark { at: draft.text.len(), place: Place::Heading { level, title: title.to_owned() } });
    }
}

/// Appends a line to the one before it: as the same paragraph, as a line of its own, or as a new paragraph.
fn join(before: &Line, line: &Line, spacing: f64, text: &str, draft: &mut Draft) {
    let gap = line.y - before.y;
    let width = before.column.1 - before.column.0;
    let is_full = before.right > before.column.1 - (0.12 * width).max(2.0 * before.size);
    let is_indented = line.left > before.left + 0.9 * line.size && before.left < before.column.0 + 0.9 * line.size;
    let same_column = before.column == line.column;
    if same_column && (gap > 1.35 * spacing.max(line.size) || (gap - spacing > 0.6 * line.size)) {
        draft.break_lines(2);
        draft.push(text);
    } else if is_bullet(text) || (same_column && (!is_full || is_indented)) {
        draft.break_lines(1);
        draft.push(text);
    } else {
        glue(text, draft);
    }
}

/// Continues a paragraph: a word that was hyphenated is joined, Chinese and Japanese have no spaces.
fn glue(text: &str, draft: &mut Draft) {
    let mut tail = draft.text.chars().rev();
    let (last, before) = (tail.next(), tail.next());
    let next = text.chars().next();
    match (last, before, next) {
        (Some('-' | '\u{2010}'), Some(letter), Some(next)) if letter.is_lowercase() && next.is_lowercase() => {
            draft.text.pop();
        }
        (Some(last), _, Some(next)) if is_unspaced(last) && is_unspaced(next) => {}
        _ => draft.push(" "),
    }
    draft.push(text);
}

fn is_unspaced(character: char) -> bool {
    matches!(character, '\u{3000}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}')
}

fn is_bullet(text: &str) -> bool {
    text.starts_with(['•', '‣', '▪', '◦', '–', '·', '●', '■']) || text.starts_with("- ")
}

/// Ligatures are a matter of fonts, and accents that stand apart belong to their letters.
fn spell_out(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut spelled = String::with_capacity(text.len());
    for character in text.nfc() {
        match character {
            '\u{fb00}'..='\u{fb06}' => spelled.extend(std::iter::once(character).nfkc()),
            other => spelled.push(other),
        }
    }
    spelled
}

/// The sizes of type in a document.
struct Sizes {
    body: f64,
    /// Larger ones, the largest first.
    larger: Vec<i64>,
}

impl Sizes {
    fn level(&self, line: &Line) -> Option<u8> {
        if line.size < self.body * LARGER {
            return None;
        }
        let rank = self.larger.iter().position(|size| *size == rounded(line.size))?;
        u8::try_from(rank + 1).ok().map(|level| level.min(6))
    }
}

/// Half points.
fn rounded(size: f64) -> i64 {
    (size * 2.0).round() as i64
}

/// The size of most characters is the text's.
fn sizes(pages: &[Vec<Line>]) -> Sizes {
    let mut weights: HashMap<i64, usize> = HashMap::new();
    for line in pages.iter().flatten() {
        *weights.entry(rounded(line.size)).or_default() += line.text.len();
    }
    let body = weights.iter().max_by_key(|(size, weight)| (**weight, **size)).map_or(0, |(size, _)| *size);
    let mut larger: Vec<_> = weights.keys().copied().filter(|size| *size as f64 >= body as f64 * LARGER).collect();
    larger.sort_unstable_by(|a, b| b.cmp(a));
    Sizes { body: body as f64 / 2.0, larger }
}

/// Takes away first and last lines that stand on most pages alike, but for numbers.
fn drop_running_heads(pages: &mut [Vec<Line>]) {
    if pages.len() < 4 {
        return;
    }
    let key = |line: &Line| {
        (
            line.y.round() as i64 / 4,
            line.text.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect::<String>(),
        )
    };
    for last in [false, true] {
        let edge = |page: &Vec<Line>| if last { page.last().map(key) } else { page.first().map(key) };
        let mut counts: HashMap<_, usize> = HashMap::new();
        for found in pages.iter().filter_map(edge) {
            *counts.entry(found).or_default() += 1;
        }
        // Left and right pages may differ.
        let most = (pages.len() / 3).max(3);
        for page in pages.iter_mut().filter(|page| page.len() > 1) {
            if edge(page).is_some_and(|found| counts[&found] >= most) {
                if last {
                    page.pop();
                } else {
                    page.remove(0);
                }
            }
        }
    }
}
