//! An answer as Markdown, cut into what can be true or not.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

/// What a piece of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Sentence,
    Heading,
    /// A block quotation.
    Quotation,
    Code,
}

#[derive(Debug)]
pub(super) struct Piece {
    pub(super) shape: Shape,
    pub(super) range: Range<usize>,
}

/// An answer, with everything blanked out that no reader sees or that only points somewhere.
#[derive(Debug)]
pub(super) struct Answer {
    /// Of the same length as what was written, so that places are the same.
    pub(super) visible: String,
    pub(super) pieces: Vec<Piece>,
    /// Where `[n]` stands, and the number.
    pub(super) citations: Vec<(Range<usize>, usize)>,
    /// Pieces of code within a line.
    pub(super) code: Vec<Range<usize>>,
}

impl Answer {
    pub(super) fn read(markdown: &str) -> Self {
        let mut visible = vec![b' '; markdown.len()];
        let (mut blocks, mut code) = (Vec::<Piece>::new(), Vec::new());
        let (mut shapes, mut fresh) = (vec![Shape::Sentence], true);
        for (event, range) in Parser::new_ext(markdown, Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(tag) if !is_inline(&tag) => {
                    let around = shapes.last().copied().unwrap_or(Shape::Sentence);
                    shapes.push(match tag {
                        Tag::Heading { .. } => Shape::Heading,
                        Tag::BlockQuote(_) => Shape::Quotation,
                        Tag::CodeBlock(_) => Shape::Code,
                        _ => around,
                    });
                    fresh = true;
                }
                Event::End(tag) if !is_inline_end(tag) => {
                    shapes.pop();
                    fresh = true;
                }
                Event::Text(_) | Event::Code(_) => {
                    if matches!(event, Event::Code(_)) {
                        code.push(range.clone());
                    }
                    visible[range.clone()].copy_from_slice(&markdown.as_bytes()[range.clone()]);
                    match blocks.last_mut() {
                        Some(block) if !fresh => block.range.end = range.end,
                        _ => blocks.push(Piece { shape: shapes.last().copied().unwrap_or(Shape::Sentence), range }),
                    }
                    fresh = false;
                }
                _ => {}
            }
        }
        // Whole texts were copied: never a part of a character.
        let mut visible = String::from_utf8_lossy(&visible).into_owned();
        let in_code = |at: &Range<usize>| code.iter().any(|it: &Range<usize>| it.start <= at.start && at.end <= it.end);
        let mut citations = citations(&visible);
        citations.retain(|(range, _)| !in_code(range));
        let mut pieces = Vec::new();
        for block in blocks {
            if block.shape != Shape::Sentence {
                pieces.push(block);
                continue;
            }
            let text = &visible[block.range.clone()];
            let sentences = sentences(text).into_iter();
            let placed = sentences.map(|it| it.start + block.range.start..it.end + block.range.start);
            pieces.extend(placed.map(|range| Piece { shape: Shape::Sentence, range }));
        }
        for (range, _) in &citations {
            visible.replace_range(range.clone(), &" ".repeat(range.len()));
        }
        Self { visible, pieces, citations, code }
    }
}

fn is_inline(tag: &Tag) -> bool {
    matches!(tag, Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. })
}

fn is_inline_end(tag: pulldown_cmark::TagEnd) -> bool {
    use pulldown_cmark::TagEnd;
    matches!(tag, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image)
}

/// `[3]`, `[1, 2]` and `[^3]`: each number, with the brackets around it.
fn citations(text: &str) -> Vec<(Range<usize>, usize)> {
    let mut found = Vec::new();
    for (open, _) in text.match_indices('[') {
        let Some(length) = text[open..].find(']') else { break };
        let inside = text[open + 1..open + length].trim_start_matches('^');
        let numbers: Option<Vec<usize>> = inside.split([',', ';']).map(|it| it.trim().parse().ok()).collect();
        let range = open..open + length + 1;
        found.extend(numbers.into_iter().flatten().map(|number| (range.clone(), number)));
    }
    found
}

/// Where sentences begin and end, without the spaces around them. Citations behind a full stop belong before it.
pub(super) fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, it)) = characters.next() {
        let wide = matches!(it, '。' | '！' | '？');
        if !wide && !matches!(it, '.' | '!' | '?' | ':' | '\n') {
            continue;
        }
        // A list follows a colon, a new thought an empty line; within a line they separate nothing.
        let mut end = at + it.len_utf8();
        if it == '\n' {
            if !text[end..].trim_start_matches([' ', '\t']).starts_with('\n') {
                continue;
            }
        } else {
            end += text[end..]
                .find(|it| !matches!(it, '"' | '”' | '’' | '\'' | ')' | '*' | '_' | '.' | '!' | '?'))
                .unwrap_or(text.len() - end);
            if !wide && !ends_here(text, start, at, end, it) {
                continue;
            }
            end = behind_citations(text, end);
        }
        push(text, start..end, &mut sentences);
        start = end;
        while characters.next_if(|(at, _)| *at < end).is_some() {}
    }
    push(text, start..text.len(), &mut sentences);
    sentences
}

fn push(text: &str, range: Range<usize>, sentences: &mut Vec<Range<usize>>) {
    let part = &text[range.clone()];
    let start = range.start + part.len() - part.trim_start().len();
    let end = range.start + part.trim_end().len();
    if start < end {
        sentences.push(start..end);
    }
}

/// Whether a stop at `at`, with what closes behind it up to `end`, ends a sentence.
fn ends_here(text: &str, start: usize, at: usize, end: usize, stop: char) -> bool {
    let rest = text[end..].trim_start();
    if rest.is_empty() {
        return true;
    }
    let spaced = text[end..].starts_with(char::is_whitespace) || rest.starts_with('[');
    if !spaced || stop == ':' {
        return false;
    }
    let next = rest.trim_start_matches(['"', '“', '*', '_', '`', '(', '[', '‘']).chars().next();
    let last = text[start..at].split(|it: char| it.is_whitespace() || it == '(').next_back().unwrap_or_default();
    let abbreviated = stop == '.'
        && (matches!(
            last.to_lowercase().as_str(),
            "e.g" | "i.e" | "etc" | "vs" | "cf" | "dr" | "mr" | "mrs" | "ms" | "fig" | "no" | "st"
        ) || (last.chars().count() == 1 && last.chars().all(char::is_uppercase)));
    !abbreviated && !next.is_some_and(char::is_lowercase)
}

fn behind_citations(text: &str, mut end: usize) -> usize {
    loop {
        let rest = &text[end..];
        let trimmed = rest.trim_start_matches(' ');
        let inside = trimmed.strip_prefix('[').and_then(|it| it.split_once(']')).map(|it| it.0);
        match inside {
            Some(inside) if inside.chars().all(|it| it.is_ascii_digit() || matches!(it, ',' | ' ' | '^' | ';')) => {
                end += rest.len() - trimmed.len() + inside.len() + 2;
                end += text[end..].find(|it| it != '.').unwrap_or(0);
            }
            _ => return end,
        }
    }
}
