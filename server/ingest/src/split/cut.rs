//! Cutting one section.

use super::{Sizes, trimmed};
use crate::Kind;
use std::ops::Range;
use text_splitter::{ChunkCapacity, ChunkConfig, ChunkSizer, TextSplitter};
use unicode_segmentation::UnicodeSegmentation;

/// What the splitter is given at once, in bytes. It looks at all of it for every piece, so this is what keeps a sentence of
/// any length linear.
const WINDOW: usize = 4 * 1024;

/// A way of cutting that suits the kind of text. Sections are taken apart into units: paragraphs, or blocks of code; what is
/// too large for a piece into lines, then sentences; what is still too large is left to text-splitter, which knows words and
/// graphemes. Units are then put together as they fit, so that every text is counted a fixed number of times.
pub(super) struct Cut<'c> {
    kind: Kind,
    sizes: Sizes,
    count: &'c dyn Fn(&str) -> usize,
}

/// A part of the text that is not cut further, and its tokens.
type Unit = (Range<usize>, usize);

struct Count<'c>(&'c dyn Fn(&str) -> usize);

impl ChunkSizer for Count<'_> {
    fn size(&self, chunk: &str) -> usize {
        (self.0)(chunk)
    }
}

impl<'c> Cut<'c> {
    pub(super) fn new(kind: Kind, sizes: &Sizes, count: &'c dyn Fn(&str) -> usize) -> Self {
        let max = sizes.max.max(1);
        let target = sizes.target.clamp(1, max);
        Self { kind, sizes: Sizes { target, max, overlap: sizes.overlap.min(target / 2) }, count }
    }

    /// The pieces of a section and their tokens. `heading` is how many bytes at its beginning are its heading, which stays
    /// with the first piece.
    pub(super) fn section(&self, text: &str, range: Range<usize>, heading: usize) -> Vec<Unit> {
        let whole = (self.count)(&text[range.clone()]);
        if whole <= self.sizes.target || (whole <= self.sizes.max && self.kind != Kind::Code) {
            return vec![(range, whole)];
        }
        let mut units = Vec::new();
        let body = (range.start + heading).min(range.end)..range.end;
        let title = (self.count)(&text[range.start..body.start]);
        // A heading that leaves no room for what it heads is no heading.
        if heading == 0 || title * 2 > self.sizes.target {
            self.take_apart(text, range.clone(), &mut units);
        } else {
            // The first unit leaves room for it.
            let room = Self { sizes: Sizes { max: self.sizes.max - title, ..self.sizes }, ..*self };
            room.take_apart(text, body, &mut units);
            if let Some((first, tokens)) = units.first_mut() {
                first.start = range.start;
                *tokens += title;
            }
        }
        self.put_together(text, &units)
    }

    /// Paragraphs or blocks, and of those that are too large their parts.
    fn take_apart(&self, text: &str, range: Range<usize>, units: &mut Vec<Unit>) {
        let blocks = if self.kind == Kind::Code { definitions(text, range) } else { paragraphs(text, range) };
        for block in blocks {
            let tokens = (self.count)(&text[block.clone()]);
            if tokens <= self.sizes.max {
                units.push((block, tokens));
                continue;
            }
            let mut at = block.start;
            for line in text[block].split_inclusive('\n') {
                let line = at..at + line.len();
                at = line.end;
                let tokens = (self.count)(&text[line.clone()]);
                if tokens <= self.sizes.max { units.push((line, tokens)) } else { self.sentences(text, line, units) }
            }
        }
    }

    fn sentences(&self, text: &str, line: Range<usize>, units: &mut Vec<Unit>) {
        for (at, sentence) in text[line.clone()].split_sentence_bound_indices() {
            let sentence = line.start + at..line.start + at + sentence.len();
            let tokens = (self.count)(&text[sentence.clone()]);
            if tokens <= self.sizes.max { units.push((sentence, tokens)) } else { self.words(text, sentence, units) }
        }
    }

    fn words(&self, text: &str, sentence: Range<usize>, units: &mut Vec<Unit>) {
        let Sizes { target, max, .. } = self.sizes;
        let capacity = ChunkCapacity::new(target.min(max));
        let capacity = capacity.with_max(max).unwrap_or(capacity);
        let splitter = TextSplitter::new(ChunkConfig::new(capacity).with_sizer(Count(self.count)).with_trim(false));
        let mut start = sentence.start;
        while start < sentence.end {
            let end = window(text, start, sentence.end);
            for (at, words) in splitter.chunk_indices(&text[start..end]) {
                units.push((start + at..start + at + words.len(), (self.count)(words)));
            }
            start = end;
        }
    }

    /// Units in a row, up to the target; with overlap, a piece begins with the last units of the one before.
    fn put_together(&self, text: &str, units: &[Unit]) -> Vec<Unit> {
        let Sizes { target, max, overlap } = self.sizes;
        let (mut pieces, mut first) = (Vec::new(), 0);
        while first < units.len() {
            let (mut last, mut sum) = (first, units[first].1);
            while let Some((_, tokens)) = units.get(last + 1)
                && sum + tokens <= target
            {
                sum += tokens;
                last += 1;
            }
            // A remainder that is small is no piece of its own where it fits.
            if last + 2 == units.len() && units[last + 1].1 * 4 <= target && sum + units[last + 1].1 < max {
                last += 1;
            }
            let piece = trimmed(text, units[first].0.start..units[last].0.end);
            if !piece.is_empty() {
                let tokens = (self.count)(&text[piece.clone()]);
                pieces.push((piece, tokens));
            }
            let mut next = last + 1;
            let mut repeated = 0;
            while next < units.len() && next > first + 1 && repeated + units[next - 1].1 <= overlap {
                next -= 1;
                repeated += units[next].1;
            }
            first = next;
        }
        pieces
    }
}

/// Parts that an empty line ends. Within a fence of code none does, unless the fence is never closed.
fn paragraphs(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut paragraphs = Vec::new();
    let (mut start, mut at, mut in_code) = (range.start, range.start, false);
    for line in text[range.clone()].split_inclusive('\n') {
        at += line.len();
        in_code ^= line.trim_start().starts_with("```");
        if !in_code && line.trim().is_empty() {
            paragraphs.push(start..at);
            start = at;
        }
    }
    if range.end > start {
        paragraphs.push(start..range.end);
    }
    paragraphs
}

/// Code is cut where something begins at the left edge after an empty line.
fn definitions(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    let (mut start, mut at, mut after_blank) = (range.start, range.start, false);
    for line in text[range.clone()].split_inclusive('\n') {
        let begins = line.starts_with(|first: char| !first.is_whitespace() && !matches!(first, '}' | ')' | ']'));
        if after_blank && begins && at > start {
            blocks.push(start..at);
            start = at;
        }
        after_blank = line.trim().is_empty();
        at += line.len();
    }
    if range.end > start {
        blocks.push(start..range.end);
    }
    blocks
}

/// Where a window that begins here ends: after a word, if one ends near.
fn window(text: &str, start: usize, end: usize) -> usize {
    if end - start <= WINDOW {
        return end;
    }
    let limit = text.floor_char_boundary(start + WINDOW);
    let from = text.ceil_char_boundary(limit - WINDOW / 4);
    text[from..limit].rfind(char::is_whitespace).map_or(limit, |at| text.ceil_char_boundary(from + at + 1))
}
