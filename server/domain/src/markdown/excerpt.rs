//! Markdown as one line of plain text.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::html::OPTIONS;

/// Markdown as one line of plain text, for titles: at most `max_chars` characters, cut at a word
/// with "…". Code blocks are left out, and so are control characters and those that turn the
/// direction of text, as they would reach beyond the title.
pub fn plain_excerpt(text: &str, max_chars: usize) -> String {
    // The rest cannot matter, but for markup that takes most of the room.
    let enough = max_chars.saturating_mul(16).saturating_add(4096);
    let source = &text[..text.floor_char_boundary(enough)];
    let mut plain = String::new();
    let mut in_code = false;
    for event in Parser::new_ext(source, OPTIONS) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Text(text) | Event::Code(text) if !in_code => plain.push_str(&text),
            Event::Html(text) | Event::InlineHtml(text) => plain.push_str(&text),
            Event::SoftBreak | Event::HardBreak | Event::Rule => plain.push(' '),
            Event::End(
                TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::TableCell | TagEnd::HtmlBlock,
            )
            | Event::Start(Tag::List(_)) => plain.push(' '),
            _ => {}
        }
        if plain.len() > enough {
            break;
        }
    }
    let plain = plain.replace(|c: char| c.is_control() && !c.is_whitespace(), "");
    let plain = plain.replace(
        ['\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'],
        "",
    );
    let words: Vec<_> = plain.split_whitespace().collect();
    shorten(words.join(" "), max_chars)
}

/// Markdown without the marks of its headings, for a piece of it that is shown as it stands. A single `#` may be a comment
/// in code; it goes only from a line that stands alone.
pub fn plain_headings(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').collect();
    let is_blank = |at: Option<usize>| at.and_then(|it| lines.get(it)).is_none_or(|it| it.trim().is_empty());
    let plain = lines.iter().enumerate().map(|(at, line)| {
        let rest = line.trim_start_matches('#');
        let stands_alone = || is_blank(at.checked_sub(1)) && is_blank(Some(at + 1));
        match (line.len() - rest.len(), rest.strip_prefix(' ')) {
            (2..=6, Some(title)) => title,
            (1, Some(title)) if stands_alone() => title,
            _ => line,
        }
    });
    plain.collect::<Vec<_>>().join("\n")
}

fn shorten(line: String, max_chars: usize) -> String {
    if line.chars().count() <= max_chars {
        return line;
    }
    let Some(room) = max_chars.checked_sub(1) else {
        return String::new();
    };
    let end = line.char_indices().nth(room).map_or(line.len(), |(at, _)| at);
    let head = &line[..end];
    let whole = line[end..].starts_with(' ');
    let head = match head.rfind(' ') {
        // A single long word is cut where it must be.
        Some(space) if !whole && space > head.len() / 2 => &head[..space],
        _ => head,
    };
    let head = head.trim_end_matches([' ', ',', ';', ':', '.', '-', '–', '—']);
    format!("{head}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_lose_their_marks_and_comments_do_not() {
        let text = "# Tides\n\n## When\nTwice.\n\nx = 1\n# a comment\n#include <a>\n####### seven\n###### six";
        let plain = "Tides\n\nWhen\nTwice.\n\nx = 1\n# a comment\n#include <a>\n####### seven\nsix";
        assert_eq!(plain_headings(text), plain);
        assert_eq!(plain_headings(""), "");
    }
}
