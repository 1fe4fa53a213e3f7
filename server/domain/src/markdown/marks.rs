//! Marks at places of a text that its HTML is to show: a link to a source behind a sentence.
//!
//! They go through Markdown and sanitising as numbers between two control characters, which neither takes for anything,
//! and are replaced by our own HTML at the end. What a model writes cannot become one: those characters are taken out of it.

use super::Stream;
use super::html::OPTIONS;
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use std::fmt::Write as _;
use std::ops::Range;

/// "Start of text" and "end of text". No address can hold them, so that a link ends before a mark.
const OPEN: char = '\u{2}';
const CLOSE: char = '\u{3}';

/// HTML that is put behind a part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The part, in bytes of the text.
    pub part: Range<usize>,
    /// What is put there: HTML of ours, as it is.
    pub html: String,
}

/// A place where a mark can stand, behind these bytes of the text.
struct Anchor {
    range: Range<usize>,
    /// It stands behind all of them, never among them.
    is_whole: bool,
}

/// A whole document as sanitised HTML, block by block, with marks behind its parts. Parts that are code stay without.
/// Numbers in brackets up to `numbers`, with which models cite by themselves, are left out.
#[must_use]
pub fn render_marked(text: &str, marks: &[Mark], numbers: usize) -> Vec<String> {
    let (anchors, bare) = anchors(text);
    let cuts = numbers_in(text, &bare, numbers);
    let mut places: Vec<(usize, usize)> =
        marks.iter().enumerate().filter_map(|(index, it)| Some((place(&anchors, &it.part)?, index))).collect();
    places.sort_by_key(|it| it.0);
    let mut stream = Stream::new();
    stream.push(&woven(text, &cuts, &places));
    stream.finish().blocks.into_iter().map(|it| replaced(&it, marks)).collect()
}

/// Where marks can stand, in order, and where text is text.
fn anchors(text: &str) -> (Vec<Anchor>, Vec<Range<usize>>) {
    let (mut anchors, mut bare): (Vec<Anchor>, Vec<Range<usize>>) = (Vec::new(), Vec::new());
    let mut is_code = false;
    let mut links: Vec<Range<usize>> = Vec::new();
    for (event, range) in Parser::new_ext(text, OPTIONS).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(_)) => is_code = true,
            Event::End(TagEnd::CodeBlock) => is_code = false,
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => links.push(range),
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if let Some(range) = links.pop().filter(|_| links.is_empty()) {
                    anchors.push(Anchor { range, is_whole: true });
                }
            }
            _ if is_code || !links.is_empty() => {}
            Event::Text(_) => {
                match bare.last_mut() {
                    Some(last) if last.end == range.start => last.end = range.end,
                    _ => bare.push(range.clone()),
                }
                anchors.push(Anchor { range, is_whole: false });
            }
            Event::Code(_) | Event::InlineHtml(_) | Event::Html(_) => anchors.push(Anchor { range, is_whole: true }),
            _ => {}
        }
    }
    (anchors, bare)
}

/// Behind the last of the part that can have a mark behind it.
fn place(anchors: &[Anchor], part: &Range<usize>) -> Option<usize> {
    let anchor = anchors.iter().rev().find(|it| it.range.start < part.end && it.range.end > part.start)?;
    Some(if anchor.is_whole { anchor.range.end } else { anchor.range.end.min(part.end) })
}

/// `[1]`, `[1, 2]`, with the space before them.
fn numbers_in(text: &str, bare: &[Range<usize>], most: usize) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    for range in bare {
        let part = &text[range.clone()];
        let mut at = 0;
        while let Some(open) = part[at..].find('[').map(|it| at + it) {
            at = open + 1;
            let Some(close) = part[at..].find(']').map(|it| at + it) else { break };
            let mut named = part[at..close].split(',').map(|it| it.trim().parse::<usize>());
            if named.all(|it| it.is_ok_and(|it| (1..=most).contains(&it))) {
                let start = part[..open].trim_end_matches(' ').len();
                cuts.push(range.start + start..range.start + close + 1);
                at = close + 1;
            }
        }
    }
    cuts
}

/// The text without the cuts, with the marks' numbers in their places.
fn woven(text: &str, cuts: &[Range<usize>], places: &[(usize, usize)]) -> String {
    let mut woven = String::with_capacity(text.len() + places.len() * 6);
    let (mut cuts, mut places) = (cuts.iter().peekable(), places.iter().peekable());
    let mut put = |woven: &mut String, upto: usize| {
        while let Some((_, index)) = places.next_if(|it| it.0 <= upto) {
            let _ = write!(woven, "{OPEN}{index}{CLOSE}");
        }
    };
    for (at, letter) in text.char_indices() {
        while cuts.next_if(|it| it.end <= at).is_some() {}
        let is_cut = cuts.peek().is_some_and(|it| it.contains(&at));
        // A mark behind something that is cut goes before it: there ends what is left.
        put(&mut woven, if is_cut { cuts.peek().map_or(at, |it| it.end) } else { at });
        if !is_cut && letter != OPEN && letter != CLOSE {
            woven.push(letter);
        }
    }
    put(&mut woven, text.len());
    woven
}

fn replaced(html: &str, marks: &[Mark]) -> String {
    let mut parts = html.split(OPEN);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once(CLOSE).unwrap_or(("", part));
        if let Some(mark) = number.parse::<usize>().ok().and_then(|it| marks.get(it)) {
            out.push_str(&mark.html);
        }
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Behind each of these words of the text.
    fn shown(text: &str, words: &[&str]) -> String {
        let mark = |(index, word): (usize, &&str)| {
            let start = text.find(word).unwrap();
            Mark { part: start..start + word.len(), html: format!("<a>{}</a>", index + 1) }
        };
        render_marked(text, &words.iter().enumerate().map(mark).collect::<Vec<_>>(), 3).concat()
    }

    #[test]
    fn a_mark_stands_behind_its_words_whatever_they_are_made_of() {
        for (text, word, html) in [
            ("One. Two.", "One.", "<p>One.<a>1</a> Two.</p>\n"),
            ("**One.** Two.", "**One.**", "<p><strong>One.<a>1</a></strong> Two.</p>\n"),
            ("- One.\n- Two.", "One.", "<ul>\n<li>One.<a>1</a></li>\n<li>Two.</li>\n</ul>\n"),
            ("It is `x[1]`", "It is `x[1]`", "<p>It is <code>x[1]</code><a>1</a></p>\n"),
            ("One [1]. Two.", "One [1].", "<p>One.<a>1</a> Two.</p>\n"),
            ("One. [1, 2] Two [9].", "One. [1, 2]", "<p>One.<a>1</a> Two [9].</p>\n"),
        ] {
            assert_eq!(shown(text, &[word]), html, "{text}");
        }
        let linked = shown("See https://example.org now", &["See https://example.org"]);
        assert!(linked.contains(">https://example.org</a><a>1</a> now"), "{linked}");
        let named = shown("See [the book](https://example.org).", &["See [the book](https://example.org)"]);
        assert!(named.contains(">the book</a><a>1</a>."), "{named}");
    }

    #[test]
    fn code_stays_as_it_is() {
        let text = "```\nlet a = b[1];\n```\n\nText.";
        let html = shown(text, &["let a = b[1];", "Text."]);
        assert!(html.contains("[1]") && !html.contains("<a>1</a>") && html.contains("Text.<a>2</a>"), "{html}");
    }

    #[test]
    fn nobody_writes_a_mark_by_hand() {
        assert_eq!(shown("\u{2}0\u{3} One.", &["One."]), "<p>0 One.<a>1</a></p>\n");
    }
}
