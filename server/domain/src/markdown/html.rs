//! Blocks of Markdown as HTML.

use std::cell::Cell;
use std::collections::HashMap;

use linkify::{LinkFinder, LinkKind};
use pulldown_cmark::{
    Alignment, BrokenLink, CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, TextMergeStream,
};

use super::{highlight, sanitise};

/// Tags inside one another. Deeper ones are left out and their text stays: each level costs the
/// browser and the sanitiser, and a line of ten thousand `>` asks for ten thousand.
const DEPTH: usize = 40;
/// Bytes of code that one document may have highlighted.
const HIGHLIGHTED_BYTES: usize = 128 * 1024;
/// Code blocks of one document that have a head with their language and Copy.
const HEADED_BLOCKS: usize = 1000;
/// Bytes in a run of text after which a new one is begun, by a comment that the sanitiser takes out:
/// html5ever's serialiser searches the rest of the run for each `&` and each `£`.
const RUN_BYTES: usize = 1024;
/// Bytes of addresses that the reference links of one document may repeat: a long definition that
/// is used in every word would make a small text a huge page.
const REFERENCED_BYTES: usize = 256 * 1024;
/// Characters of a language's name that are shown.
const LANGUAGE_CHARS: usize = 32;

/// The extensions of CommonMark that are on.
pub(super) const OPTIONS: Options =
    Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH).union(Options::ENABLE_TASKLISTS);

/// What the blocks of a document share, in their order.
#[derive(Default)]
pub(super) struct Shared {
    /// Link definitions: label to address. The first one counts.
    definitions: HashMap<String, String>,
    left: Left,
}

/// What the rest of a document may still spend.
#[derive(Clone, Copy)]
struct Left {
    highlighted: usize,
    referenced: usize,
    headed: usize,
}

impl Default for Left {
    fn default() -> Self {
        Self { highlighted: HIGHLIGHTED_BYTES, referenced: REFERENCED_BYTES, headed: HEADED_BLOCKS }
    }
}

/// A finished block.
pub(super) fn block(source: &str, shared: &mut Shared) -> String {
    let (html, left, found) = write(source, &shared.definitions, shared.left);
    shared.left = left;
    for (label, address) in found {
        shared.definitions.entry(label).or_insert(address);
    }
    html
}

/// A block that is still being written. Code gets its colours when it is finished: they do not
/// move anything, and would cost anew with every token.
pub(super) fn preview(source: &str, shared: &Shared) -> String {
    let left = Left { highlighted: 0, ..shared.left };
    write(source, &shared.definitions, left).0
}

/// The HTML, what is left to spend and the definitions found.
fn write(source: &str, definitions: &HashMap<String, String>, left: Left) -> (String, Left, Vec<(String, String)>) {
    let referenced = Cell::new(left.referenced);
    let resolve = |link: BrokenLink<'_>| {
        let address = definitions.get(&label(&link.reference))?;
        spend(&referenced, address.len()).then(|| (CowStr::from(address.clone()), CowStr::Borrowed("")))
    };
    let parser = Parser::new_with_broken_link_callback(source, OPTIONS, Some(resolve));
    let found = parser
        .reference_definitions()
        .iter()
        .map(|(name, definition)| (label(name), definition.dest.to_string()))
        .collect();
    let mut writer = Writer {
        out: String::with_capacity(source.len() * 3 / 2),
        run: 0,
        ends: Vec::new(),
        depth: 0,
        linked: false,
        alignments: Vec::new(),
        head: false,
        column: 0,
        code: None,
        left,
        referenced: &referenced,
    };
    // Merged: an address with a `_` in it comes in pieces.
    for event in TextMergeStream::new(parser) {
        writer.event(event);
    }
    let left = Left { referenced: referenced.get(), ..writer.left };
    (sanitise::clean(&writer.out), left, found)
}

/// Takes an amount, if there is so much left.
fn spend(left: &Cell<usize>, amount: usize) -> bool {
    let rest = left.get().checked_sub(amount);
    left.set(rest.unwrap_or(left.get()));
    rest.is_some()
}

/// Labels match without regard to case and white space.
fn label(raw: &str) -> String {
    let words: Vec<_> = raw.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

struct Writer<'a> {
    out: String,
    /// Where in `out` the run of text began.
    run: usize,
    /// What ends each open tag; empty for those left out.
    ends: Vec<&'static str>,
    depth: usize,
    linked: bool,
    alignments: Vec<Alignment>,
    head: bool,
    column: usize,
    /// The language and text of the code block that is open.
    code: Option<(String, String)>,
    left: Left,
    referenced: &'a Cell<usize>,
}

impl Writer<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some((_, code)) => code.push_str(&text),
                None if self.linked => self.text(&text),
                None => self.text_with_addresses(&text),
            },
            Event::Code(text) => {
                self.out.push_str("<code>");
                self.text(&text);
                self.out.push_str("</code>");
            }
            // The one way to break a line within a table's cell.
            Event::InlineHtml(text) if is_break(&text) => self.out.push_str("<br>"),
            // Other raw HTML is text to us.
            Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::SoftBreak => self.out.push('\n'),
            Event::HardBreak => self.out.push_str("<br>\n"),
            Event::Rule => self.out.push_str("<hr>\n"),
            Event::TaskListMarker(true) => {
                self.out.push_str(r#"<input type="checkbox" disabled="" checked="" aria-label="Done"> "#)
            }
            Event::TaskListMarker(false) => {
                self.out.push_str(r#"<input type="checkbox" disabled="" aria-label="To do"> "#)
            }
            // Not enabled; as text, should that change.
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.text(&text);
            }
        }
    }

    /// Text in which `https://…` is a link.
    fn text_with_addresses(&mut self, text: &str) {
        if !text.contains("://") {
            self.text(text);
            return;
        }
        let mut finder = LinkFinder::new();
        finder.kinds(&[LinkKind::Url]);
        for span in finder.spans(text) {
            let is_web = span.as_str().starts_with("http://") || span.as_str().starts_with("https://");
            if span.kind().is_some() && is_web {
                self.link(LinkType::Autolink, span.as_str());
                self.text(span.as_str());
                self.end(TagEnd::Link);
            } else {
                self.text(span.as_str());
            }
        }
    }

    fn text(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(rest.floor_char_boundary(RUN_BYTES));
            if self.out.len() - self.run > RUN_BYTES && !piece.trim().is_empty() {
                self.out.push_str("<!---->");
                self.run = self.out.len();
            }
            escape(piece, &mut self.out);
            rest = more;
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.open("<p>", "</p>\n"),
            Tag::Heading { level, .. } => match level as usize {
                // The page has its own h1 and h2.
                1 => self.open("<h3>", "</h3>\n"),
                2 => self.open("<h4>", "</h4>\n"),
                3 => self.open("<h5>", "</h5>\n"),
                _ => self.open("<h6>", "</h6>\n"),
            },
            Tag::BlockQuote(_) => self.nest("<blockquote>\n", "</blockquote>\n"),
            Tag::List(None) => self.nest("<ul>\n", "</ul>\n"),
            Tag::List(Some(1)) => self.nest("<ol>\n", "</ol>\n"),
            Tag::List(Some(start)) => {
                self.nest(&format!("<ol start=\"{start}\">\n"), "</ol>\n");
            }
            Tag::Item => self.nest("<li>", "</li>\n"),
            Tag::Emphasis => self.nest("<em>", "</em>"),
            Tag::Strong => self.nest("<strong>", "</strong>"),
            Tag::Strikethrough => self.nest("<del>", "</del>"),
            Tag::CodeBlock(kind) => {
                let language = match &kind {
                    CodeBlockKind::Fenced(info) => language(info),
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((language, String::new()));
            }
            Tag::Table(alignments) => {
                self.alignments = alignments;
                self.open(r#"<div class="table-scroll" tabindex="0"><table>"#, "</tbody></table></div>\n");
            }
            Tag::TableHead => {
                self.head = true;
                self.column = 0;
                self.open("<thead><tr>", "</tr></thead><tbody>\n");
            }
            Tag::TableRow => {
                self.column = 0;
                self.open("<tr>", "</tr>\n");
            }
            Tag::TableCell => self.cell(),
            Tag::Link { link_type, dest_url, .. } => self.link(link_type, &dest_url),
            // An image becomes a link with its alternative text: the browser would fetch a picture
            // unasked, and an answer that was tricked into it could carry what it read out to
            // anybody's server in the picture's address.
            Tag::Image { link_type, dest_url, .. } => self.link(link_type, &dest_url),
            // Not enabled.
            _ => self.open("", ""),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        if tag == TagEnd::CodeBlock {
            self.code_block();
            return;
        }
        let end = self.ends.pop().unwrap_or_default();
        match tag {
            TagEnd::TableHead => self.head = false,
            TagEnd::HtmlBlock => self.out.truncate(self.out.trim_end().len()),
            TagEnd::Link | TagEnd::Image if !end.is_empty() => self.linked = false,
            _ => {}
        }
        if !end.is_empty() {
            self.depth -= 1;
        }
        self.out.push_str(end);
    }

    fn open(&mut self, start: &str, end: &'static str) {
        self.out.push_str(start);
        self.ends.push(end);
        if !end.is_empty() {
            self.depth += 1;
        }
    }

    /// Opens what can hold its own kind, unless that goes too deep.
    fn nest(&mut self, start: &str, end: &'static str) {
        if self.depth < DEPTH {
            self.open(start, end);
        } else {
            self.ends.push("");
        }
    }

    fn cell(&mut self) {
        let tag = if self.head { "th scope=\"col\"" } else { "td" };
        let class = match self.alignments.get(self.column) {
            Some(Alignment::Left) => r#" class="align-left""#,
            Some(Alignment::Center) => r#" class="align-center""#,
            Some(Alignment::Right) => r#" class="align-right""#,
            Some(Alignment::None) | None => "",
        };
        self.column += 1;
        let end = if self.head { "</th>" } else { "</td>" };
        self.open(&format!("<{tag}{class}>"), end);
    }

    fn link(&mut self, kind: LinkType, address: &str) {
        let address = match kind {
            LinkType::Email => sanitise::address(&format!("mailto:{address}")),
            _ => sanitise::address(address),
        };
        // References to other blocks were paid for when they were found.
        let reference = matches!(kind, LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut);
        match address {
            // No link in a link.
            Some(address) if !self.linked && (!reference || spend(self.referenced, address.len())) => {
                self.linked = true;
                self.open(&format!(r#"<a href="{address}" target="_blank">"#), "</a>");
            }
            _ => self.open("", ""),
        }
    }

    fn code_block(&mut self) {
        let Some((language, code)) = self.code.take() else {
            return;
        };
        let headed = self.left.headed > 0;
        if headed {
            self.left.headed -= 1;
            self.out.push_str(r#"<figure class="code"><figcaption><span class="code-language">"#);
            self.text(&language);
            self.out.push_str(concat!(
                r#"</span><button type="button" class="code-copy" data-copy="">Copy</button>"#,
                "</figcaption>",
            ));
        }
        self.out.push_str(r#"<pre tabindex="0"><code class="hl">"#);
        match highlight::spans(&code, &language, &mut self.left.highlighted) {
            Some(spans) => self.out.push_str(&spans),
            None => self.text(&code),
        }
        self.out.push_str("</code></pre>");
        self.out.push_str(if headed { "</figure>\n" } else { "\n" });
    }
}

/// The language named by a fence's info string: `rust,ignore`, `{.python}`, `js title="x"`.
fn language(info: &str) -> String {
    info.split([' ', '\t', ',', '{', '}', ':'])
        .find(|word| !word.is_empty())
        .unwrap_or_default()
        .trim_start_matches('.')
        .chars()
        .take(LANGUAGE_CHARS)
        .collect()
}

/// Text that cannot be taken for markup, in an element or in a quoted attribute.
pub(super) fn escape(text: &str, out: &mut String) {
    let mut from = 0;
    for (at, b) in text.bytes().enumerate() {
        let entity = match b {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(entity);
        from = at + 1;
    }
    out.push_str(&text[from..]);
}

fn is_break(html: &str) -> bool {
    let name = html.trim_start_matches('<').trim_end_matches('>').trim_end_matches('/').trim_end();
    name.eq_ignore_ascii_case("br")
}
