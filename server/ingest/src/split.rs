//! Text to pieces for an index: along pages and headings first, then paragraphs, lines, sentences, words.

use crate::reading::{Mark, Place, Reading};
use crate::split::cut::Cut;
use crate::split::lines::Lines;
use serde::{Deserialize, Serialize};
use std::ops::Range;

mod cut;
mod lines;

/// How large pieces are, in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Pieces grow to this where the text allows it.
    pub target: usize,
    /// None is larger.
    pub max: usize,
    /// How much of a piece the next one repeats, where a section had to be cut.
    pub overlap: usize,
}

/// What fits an encoder that reads 256 tokens, two of which are its own.
impl Default for Sizes {
    fn default() -> Self {
        Self { target: 200, max: 254, overlap: 0 }
    }
}

/// A passage of a reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// First byte of the text.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// Its tokens, as they were counted.
    pub tokens: usize,
    /// The page or slide on which it begins, from 1.
    pub page: Option<u32>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// The headings it stands under, outermost first.
    pub headings: Vec<String>,
    /// Its first line in the text, from 1.
    pub first_line: u32,
    /// Its last line.
    pub last_line: u32,
}

/// Cuts a reading into pieces, in order. A piece crosses neither pages nor slides nor sheets, and a heading stays with what
/// it heads; sections much smaller than the target are joined with what follows them. `count` counts tokens;
/// [`crate::estimate_tokens`] does it fast. Takes time in proportion to the text, whatever the text.
pub fn split(reading: &Reading, sizes: &Sizes, count: &dyn Fn(&str) -> usize) -> Vec<Piece> {
    let text = reading.text.as_str();
    let cut = Cut::new(reading.kind, sizes, count);
    let mut lines = Lines::new(text);
    let (pages, mut pieces) = (pages(&reading.marks), Vec::new());
    for section in join_small(sections(reading, count), sizes) {
        for (range, tokens) in cut.section(text, section.range.clone(), section.heading) {
            let (first_line, last_line) = lines.of(&range);
            pieces.push(Piece {
                start: range.start,
                end: range.end,
                tokens,
                page: page_at(&pages, range.start),
                sheet: section.sheet.clone(),
                headings: section.headings.clone(),
                first_line,
                last_line,
            });
        }
    }
    pieces
}

/// What stands between two marks.
struct Section {
    range: Range<usize>,
    tokens: usize,
    /// Bytes of its heading's line, if it has one.
    heading: usize,
    headings: Vec<String>,
    sheet: Option<String>,
    /// A new page, slide or sheet: nothing before it joins it.
    is_new: bool,
}

fn sections(reading: &Reading, count: &dyn Fn(&str) -> usize) -> Vec<Section> {
    let text = reading.text.as_str();
    let mut open = Section { range: 0..0, tokens: 0, heading: 0, headings: Vec::new(), sheet: None, is_new: true };
    let mut path: Vec<(u8, &str)> = Vec::new();
    let mut sections: Vec<Section> = Vec::new();
    let mut close = |open: &Section, end: usize| {
        let range = trimmed(text, open.range.start..end);
        if range.is_empty() {
            return false;
        }
        let tokens = count(&text[range.clone()]);
        sections.push(Section { range, tokens, headings: open.headings.clone(), sheet: open.sheet.clone(), ..*open });
        true
    };
    for Mark { at, place } in &reading.marks {
        let at = text.floor_char_boundary(*at);
        // Word breaks pages within paragraphs; that is no reason to cut them.
        let is_line = at == 0 || text.as_bytes()[at - 1] == b'\n';
        if !is_line && matches!(place, Place::Page(_)) {
            continue;
        }
        let mut is_new = !close(&open, at) && open.is_new;
        open.heading = 0;
        match place {
            Place::Page(_) | Place::Slide(_) => is_new = true,
            Place::Sheet(name) => {
                is_new = true;
                open.sheet = Some(name.clone());
                path.clear();
            }
            Place::Heading { level, title } => {
                path.retain(|(above, _)| above < level);
                path.push((*level, title));
                open.heading = memchr::memchr(b'\n', &text.as_bytes()[at..]).unwrap_or(text.len() - at);
            }
        }
        open = Section {
            range: at..at,
            headings: path.iter().map(|(_, title)| (*title).to_owned()).collect(),
            is_new,
            ..open
        };
    }
    close(&open, text.len());
    sections
}

/// Joins what is small with what follows on the same page.
fn join_small(sections: Vec<Section>, sizes: &Sizes) -> Vec<Section> {
    let small = sizes.target / 4;
    let mut joined: Vec<Section> = Vec::new();
    for section in sections {
        match joined.last_mut() {
            Some(last)
                if !section.is_new
                    && (last.tokens < small
                        || section.tokens < small / 2 && section.headings.len() >= last.headings.len())
                    && last.tokens + section.tokens <= sizes.target =>
            {
                // The headings are those of the larger part.
                if section.tokens > last.tokens {
                    last.headings = section.headings;
                }
                last.range.end = section.range.end;
                last.tokens += section.tokens;
            }
            _ => joined.push(section),
        }
    }
    joined
}

/// Where pages and slides begin.
fn pages(marks: &[Mark]) -> Vec<(usize, u32)> {
    let number = |place: &Place| match place {
        Place::Page(number) | Place::Slide(number) => Some(*number),
        Place::Sheet(_) | Place::Heading { .. } => None,
    };
    marks.iter().filter_map(|mark| Some((mark.at, number(&mark.place)?))).collect()
}

fn page_at(pages: &[(usize, u32)], at: usize) -> Option<u32> {
    let after = pages.partition_point(|(begins, _)| *begins <= at);
    Some(pages.get(after.checked_sub(1)?)?.1)
}

/// Without the white around it.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let end = range.start + part.trim_end().len();
    // The indentation of the first line means something in code and lists.
    let body = part.trim_start();
    let skipped = part.len() - body.len();
    let start =
        range.start + part[..skipped].rfind('\n').map_or(if body.is_empty() { skipped } else { 0 }, |at| at + 1);
    start.min(end)..end
}

#[cfg(test)]
mod tests;
