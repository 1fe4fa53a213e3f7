//! What to show of the block that is still being written.
//!
//! Half of some markup looks like text until the other half arrives, and then everything jumps.
//! So the source of the tail is touched up before it is rendered: what is certain to vanish is
//! left out (`[`, `](http://…`, a lone `-`), what is open is closed (`**bold`). A guess that was
//! wrong lasts until the block is finished, which is always rendered as it was written.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::html::OPTIONS;
use super::split_line::is_table_rule;

/// Open emphases that are closed, the innermost ones first.
const CLOSED: usize = 8;

/// The source to render in place of `open`. `verbatim`: its last line is in a fence of this mark
/// or in raw HTML.
pub(super) fn visible(open: &str, verbatim: Option<u8>) -> String {
    let (complete, partial) = open.split_at(open.rfind('\n').map_or(0, |at| at + 1));
    if let Some(mark) = verbatim {
        let closing = partial.trim().bytes().all(|b| b == mark);
        return (if closing { complete } else { open }).to_owned();
    }
    if partial.is_empty() && complete.trim_end_matches([' ', '\t']).ends_with("\n\n") {
        return open.to_owned();
    }
    let partial = match is_undecided(partial, !complete.trim().is_empty()) {
        true => "",
        false => partial,
    };
    if let Some(fence) = opening_fence(partial) {
        // The language is not complete.
        return [complete, fence].concat();
    }
    let whole = [complete, without_loose_end(partial)].concat();
    let leaf = Leaf::last_of(&whole);
    if leaf.verbatim {
        return whole;
    }
    if let Some(at) = table_head(&whole) {
        return whole[..at].to_owned();
    }
    match without_link(&whole, &leaf) {
        Some(shorter) => closed(&shorter, &Leaf::last_of(&shorter)),
        None => closed(&whole, &leaf),
    }
}

/// A line of nothing but marks: a list, a heading, a rule or the beginning of bold text.
fn is_undecided(partial: &str, follows: bool) -> bool {
    let line = partial.trim_start_matches([' ', '\t', '>']);
    let after = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = line.len() - after.len();
    let marks = match digits {
        0 => line,
        1..=3 if after.trim().is_empty() => return follows,
        1..=3 => match after.strip_prefix(['.', ')']) {
            Some(rest) => rest,
            None => return false,
        },
        _ => return false,
    };
    marks.bytes().all(|b| b"-+*#_=`~|:<>![ \t".contains(&b))
}

/// The fence that a line opens, without what follows it.
fn opening_fence(partial: &str) -> Option<&str> {
    let line = partial.trim_start();
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let rest = line.trim_start_matches(mark);
    let length = line.len() - rest.len();
    (length >= 3 && !rest.contains(mark)).then(|| &partial[..partial.len() - rest.len()])
}

/// Marks at the very end may be the first half of something.
fn without_loose_end(partial: &str) -> &str {
    let partial = partial.trim_end_matches(['*', '_', '~', '`']);
    let slashes = partial.len() - partial.trim_end_matches('\\').len();
    let partial = &partial[..partial.len() - slashes % 2];
    let bracket = partial.strip_suffix('[').unwrap_or(partial);
    match bracket.len() < partial.len() {
        true => bracket.strip_suffix('!').unwrap_or(bracket),
        false => partial,
    }
}

/// Where the head of a table begins whose second line is not complete.
fn table_head(text: &str) -> Option<usize> {
    let is_row = |line: &str| line.trim_start_matches([' ', '\t', '>']).starts_with('|');
    let body = text.strip_suffix('\n').unwrap_or(text);
    let last = body.rfind('\n').map_or(0, |at| at + 1);
    if !is_row(&body[last..]) {
        return None;
    }
    let before = body[..last].strip_suffix('\n').unwrap_or_default();
    let previous = before.rfind('\n').map_or(0, |at| at + 1);
    if !is_row(&before[previous..]) {
        return Some(last);
    }
    let above = before[..previous].strip_suffix('\n').unwrap_or_default();
    let above = &above[above.rfind('\n').map_or(0, |at| at + 1)..];
    let rule = body[last..].trim_start_matches([' ', '\t', '>']);
    (!is_row(above) && is_table_rule(rule) && !text.ends_with('\n')).then_some(previous)
}

/// The last paragraph, heading, item or cell, and the marks in it that matched nothing.
#[derive(Default)]
struct Leaf {
    verbatim: bool,
    /// Where its text ends.
    end: usize,
    loose: Vec<Loose>,
}

struct Loose {
    mark: u8,
    range: Range<usize>,
}

impl Leaf {
    fn last_of(text: &str) -> Self {
        let mut leaf = Self::default();
        let mut depth = 0_usize;
        for (event, range) in Parser::new_ext(text, OPTIONS).into_offset_iter() {
            match event {
                // A cell that the row lacks.
                Event::Start(Tag::TableCell) if range.is_empty() => {}
                Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::Item | Tag::TableCell) => {
                    leaf = Self::default();
                    depth = 0;
                }
                Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock) => {
                    leaf = Self { verbatim: true, ..Self::default() };
                }
                Event::Start(
                    Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. },
                ) => depth += 1,
                Event::End(
                    TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image,
                ) => {
                    depth = depth.saturating_sub(1);
                    leaf.end = range.end;
                }
                Event::Text(_) => {
                    leaf.end = range.end;
                    // What is loose inside something that was closed stays so.
                    if depth == 0 {
                        leaf.note(text, range);
                    }
                }
                Event::Code(_) | Event::InlineHtml(_) => leaf.end = range.end,
                _ => {}
            }
        }
        leaf
    }

    fn note(&mut self, text: &str, range: Range<usize>) {
        let piece = &text.as_bytes()[range.clone()];
        let Some(&first) = piece.first() else { return };
        let marks = match first {
            b'*' | b'_' | b'~' | b'`' => piece.iter().all(|&b| b == first),
            b'[' => piece.len() == 1,
            b'!' => piece == b"![",
            _ => false,
        };
        let escaped = text[..range.start].ends_with('\\');
        if !marks || escaped {
            return;
        }
        match self.loose.last_mut() {
            Some(last) if last.mark == first && last.range.end == range.start && !matches!(first, b'[' | b'!') => {
                last.range.end = range.end;
            }
            _ => self.loose.push(Loose { mark: first, range }),
        }
    }

    /// Where inline code begins that was not closed.
    fn code(&self) -> Option<&Loose> {
        self.loose.iter().find(|loose| loose.mark == b'`')
    }
}

/// The text without a link that is not complete, but with the words of it.
fn without_link(text: &str, leaf: &Leaf) -> Option<String> {
    let code = leaf.code().map_or(leaf.end, |code| code.range.start);
    let open = leaf.loose.iter().rfind(|loose| matches!(loose.mark, b'[' | b'!') && loose.range.start < code)?;
    let before = &text[..open.range.start];
    let rest = text.get(open.range.end..leaf.end)?;
    let after = &text[leaf.end..];
    let words = match rest.find("](").or_else(|| rest.find("][")) {
        Some(at) if could_be_address(&rest[at + 2..]) => &rest[..at],
        Some(_) => return None,
        None => match rest.strip_suffix(']') {
            Some(words) => words,
            None if !rest.contains(']') => rest,
            None => return None,
        },
    };
    Some([before, words.trim_end_matches(['*', '_', '~', '`']), after].concat())
}

fn could_be_address(text: &str) -> bool {
    match text.find([' ', '\n']) {
        None => true,
        Some(at) => text.starts_with('<') || text[at + 1..].starts_with(['"', '\'', '(']),
    }
}

/// The text with inline code and emphasis closed that are open at the end of the leaf.
fn closed(text: &str, leaf: &Leaf) -> String {
    if leaf.loose.is_empty() {
        return text.to_owned();
    }
    let code = leaf.code();
    let mut end = text[..leaf.end].trim_end().len();
    let mut closers = String::new();
    if let Some(code) = code {
        if end > code.range.end {
            closers.push_str(&text[code.range.clone()]);
        } else {
            end = text[..code.range.start].trim_end().len();
        }
    }
    let limit = code.map_or(end, |code| code.range.start).min(end);
    let opening = leaf.loose.iter().rev().filter(|loose| loose.range.end <= limit && opens(text, loose));
    for loose in opening.take(CLOSED) {
        closers.push_str(&text[loose.range.clone()]);
    }
    [&text[..end], &closers, &text[leaf.end..]].concat()
}

/// Whether marks may begin an emphasis. Stricter than CommonMark: in `5*3` they seldom do.
fn opens(text: &str, loose: &Loose) -> bool {
    let before = text[..loose.range.start].chars().next_back();
    let after = text[loose.range.end..].chars().next();
    let length = loose.range.len();
    let right = match loose.mark {
        b'*' | b'_' => length <= 3,
        b'~' => length == 2,
        _ => false,
    };
    right && before.is_none_or(|c| !c.is_alphanumeric()) && after.is_some_and(|c| !c.is_whitespace())
}
