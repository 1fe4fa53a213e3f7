//! The text of a page, as its tags go by.

use crate::draft::Draft;
use crate::html::parts::{Code, Table, attribute, is_block, language};
use crate::rows;
use html5ever::tokenizer::Tag;

/// A `main` element shorter than this, in bytes, is not what people came for.
const LEAST: usize = 40;

/// A position in the draft: bytes of text, and marks before it.
type Spot = (usize, usize);

/// Where the document is, and what has been begun there.
pub(super) struct Flow<'d> {
    draft: &'d mut Draft,
    /// Whether menus and the like are left out.
    tidy: bool,
    /// Where this page began in the draft: text and marks.
    base: Spot,
    /// An element that is left out with all that is in it, and how many of its name are open.
    skipped: Option<(String, usize)>,
    /// How many `main` and `article` are open.
    inside: usize,
    main: Option<(Spot, Option<Spot>)>,
    title: Option<String>,
    heading: Option<(u8, String)>,
    code: Option<Code>,
    lists: Vec<Option<u32>>,
    quotes: usize,
    table: Option<Table>,
    space: bool,
    /// Nothing was written on this line yet, but perhaps a bullet.
    fresh: bool,
    bullet: bool,
}

impl<'d> Flow<'d> {
    pub(super) fn new(draft: &'d mut Draft, tidy: bool) -> Self {
        let base = (draft.text.len(), draft.marks.len());
        Self {
            draft,
            tidy,
            base,
            skipped: None,
            inside: 0,
            main: None,
            title: None,
            heading: None,
            code: None,
            lists: Vec::new(),
            quotes: 0,
            table: None,
            space: false,
            fresh: true,
            bullet: false,
        }
    }

    pub(super) fn open(&mut self, tag: &Tag) {
        let name = &*tag.name;
        if let Some((skipped, depth)) = &mut self.skipped {
            *depth += usize::from(skipped == name && !tag.self_closing);
            return;
        }
        if self.is_skipped(name, tag) {
            self.skipped = (!tag.self_closing).then(|| (name.to_owned(), 1));
            return;
        }
        match name {
            "title" => self.title = Some(String::new()),
            "main" | "article" => {
                self.inside += 1;
                self.separate(2);
                if name == "main" && self.main.is_none() {
                    self.main = Some(((self.draft.text.len(), self.draft.marks.len()), None));
                }
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if self.table.is_none() => {
                self.separate(2);
                self.heading = Some((name.as_bytes()[1] - b'0', String::new()));
            }
            "pre" if self.table.is_none() => {
                self.separate(2);
                self.code = Some(Code { language: language(tag).unwrap_or_default(), ..Code::default() });
            }
            "code" | "kbd" | "samp" | "tt" => match &mut self.code {
                Some(code) => {
                    if code.language.is_empty() {
                        code.language = language(tag).unwrap_or_default();
                    }
                }
                None => self.tick(true),
            },
            "ul" | "menu" => self.list(None),
            "ol" => self.list(Some(attribute(tag, "start").and_then(|start| start.parse().ok()).unwrap_or(1))),
            "li" => self.item(),
            "dd" => {
                self.separate(1);
                self.text(": ");
            }
            "blockquote" => {
                self.separate(2);
                self.quotes += 1;
            }
            "table" => match &mut self.table {
                Some(table) => table.nested += 1,
                None => {
                    self.separate(2);
                    self.table = Some(Table::default());
                }
            },
            "tr" | "td" | "th" => self.cell(name),
            "br" => self.line(),
            "img" => {
                if let Some(text) = attribute(tag, "alt").filter(|text| text.contains(' ')) {
                    self.text(&format!(" {text} "));
                }
            }
            "hr" | "p" => self.separate(2),
            _ if is_block(name) => self.separate(if self.lists.is_empty() { 2 } else { 1 }),
            _ => {}
        }
    }

    pub(super) fn close(&mut self, name: &str) {
        if let Some((skipped, depth)) = &mut self.skipped {
            *depth -= usize::from(skipped == name);
            if *depth == 0 {
                self.skipped = None;
            }
            return;
        }
        match name {
            "title" => {
                if let Some(title) = self.title.take() {
                    self.draft.set_title(&title);
                }
            }
            "main" | "article" => {
                self.inside = self.inside.saturating_sub(1);
                self.separate(2);
                if let (true, Some((_, end @ None))) = (name == "main", &mut self.main) {
                    *end = Some((self.draft.text.len(), self.draft.marks.len()));
                }
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.end_heading(),
            "pre" => self.end_code(),
            "code" | "kbd" | "samp" | "tt" if self.code.is_none() => self.tick(false),
            "ul" | "menu" | "ol" => {
                self.lists.pop();
                self.bullet = false;
                self.separate(if self.lists.is_empty() { 2 } else { 1 });
            }
            "blockquote" => {
                self.separate(2);
                self.quotes = self.quotes.saturating_sub(1);
            }
            "table" => self.end_table(),
            "td" | "th" => {
                if let Some(table) = self.table.as_mut().filter(|table| table.nested == 0) {
                    table.end_cell();
                }
            }
            _ if is_block(name) => self.separate(if self.lists.is_empty() { 2 } else { 1 }),
            _ => {}
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        if self.skipped.is_some() {
        } else if let Some(title) = &mut self.title {
            title.push_str(text);
        } else if let Some(code) = &mut self.code {
            code.text.push_str(text);
        } else if let Some((_, heading)) = &mut self.heading {
            heading.push_str(text);
        } else if let Some(cell) = self.table.as_mut().and_then(|table| table.cell.as_mut()) {
            cell.push_str(text);
        } else {
            self.inline(text);
        }
    }

    /// Ends what is still open, and keeps only the main part where the page says which it is.
    pub(super) fn finish(mut self) {
        self.end_heading();
        self.end_code();
        if let Some(table) = &mut self.table {
            table.nested = 0;
        }
        self.end_table();
        let Some(((start, first), end)) = self.main.filter(|_| self.tidy) else { return };
        let (end, last) = end.unwrap_or((self.draft.text.len(), self.draft.marks.len()));
        if self.draft.text[start..end].trim().len() < LEAST {
            return;
        }
        self.draft.text.truncate(end);
        self.draft.text.drain(self.base.0..start);
        self.draft.marks.truncate(last);
        self.draft.marks.drain(self.base.1..first);
        for mark in &mut self.draft.marks[self.base.1..] {
            mark.at -= start - self.base.0;
        }
    }

    fn is_skipped(&self, name: &str, tag: &Tag) -> bool {
        match name {
            "script" | "style" | "template" | "noscript" | "svg" | "iframe" | "object" | "canvas" | "audio"
            | "video" | "select" | "button" | "textarea" | "noembed" | "noframes" => true,
            "nav" => self.tidy,
            "header" | "footer" | "aside" if self.inside == 0 => self.tidy,
            // Elements that are never closed cannot be left out up to their end.
            "br" | "hr" | "img" | "input" | "meta" | "link" | "base" | "col" | "wbr" | "source" | "html" | "body"
            | "main" => false,
            _ => {
                self.tidy
                    && (attribute(tag, "hidden").is_some()
                        || attribute(tag, "role").is_some_and(|role| matches!(role, "navigation" | "search")))
            }
        }
    }

    fn inline(&mut self, text: &str) {
        if text.starts_with(char::is_whitespace) {
            self.space = true;
        }
        for word in text.split_whitespace() {
            self.begin_word();
            self.draft.push(word);
            self.space = true;
        }
        if !text.is_empty() {
            self.space = text.ends_with(char::is_whitespace);
        }
    }

    /// What stands between the last word and the next: a space, or at the beginning of a line its indentation.
    fn begin_word(&mut self) {
        if self.fresh {
            if !self.bullet {
                let quotes = "> ".repeat(self.quotes.min(8));
                let indent = "  ".repeat(self.lists.len().min(8));
                self.draft.push(&quotes);
                self.draft.push(&indent);
            }
        } else if self.space {
            self.draft.push(" ");
        }
        self.fresh = false;
        self.bullet = false;
        self.space = false;
    }

    /// A backtick around inline code.
    fn tick(&mut self, opens: bool) {
        if self.heading.is_some() || self.table.is_some() {
            return self.text("`");
        }
        if self.title.is_some() {
            return;
        }
        if opens {
            self.begin_word();
            self.draft.push("`");
            self.fresh = true;
            self.bullet = true;
        } else {
            self.draft.push("`");
            self.fresh = false;
            self.bullet = false;
        }
    }

    /// Ends the line, or the paragraph.
    fn separate(&mut self, lines: usize) {
        if let Some(code) = &mut self.code {
            if !code.text.is_empty() && !code.text.ends_with('\n') {
                code.text.push('\n');
            }
        } else if self.heading.is_some() || self.table.is_some() {
            self.text(" ");
        } else if !self.bullet {
            self.draft.break_lines(lines);
            self.fresh = true;
            self.space = false;
        }
    }

    fn line(&mut self) {
        match &mut self.code {
            Some(code) => code.text.push('\n'),
            None => self.separate(1),
        }
    }

    fn list(&mut self, first: Option<u32>) {
        self.bullet = false;
        self.separate(if self.lists.is_empty() { 2 } else { 1 });
        self.lists.push(first);
    }

    fn item(&mut self) {
        self.bullet = false;
        self.separate(1);
        if self.table.is_some() || self.code.is_some() || self.heading.is_some() {
            return;
        }
        let depth = self.lists.len().saturating_sub(1).min(8);
        let bullet = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number = number.saturating_add(1);
                format!("{}. ", number.saturating_sub(1))
            }
            _ => "- ".to_owned(),
        };
        self.draft.push(&"> ".repeat(self.quotes.min(8)));
        self.draft.push(&"  ".repeat(depth));
        self.draft.push(&bullet);
        self.fresh = true;
        self.bullet = true;
    }

    fn cell(&mut self, name: &str) {
        match &mut self.table {
            Some(table) if table.nested == 0 => {
                table.end_cell();
                if name == "tr" {
                    table.rows.push(Vec::new());
                } else {
                    table.cell = Some(String::new());
                }
            }
            _ => self.separate(1),
        }
    }

    fn end_heading(&mut self) {
        if let Some((level, title)) = self.heading.take() {
            self.draft.heading(level, &title);
            self.fresh = true;
            self.space = false;
        }
    }

    fn end_code(&mut self) {
        let Some(Code { text, language }) = self.code.take() else { return };
        let text = text.trim_matches('\n').trim_end();
        if !text.is_empty() {
            let fence = if text.contains("```") { "````" } else { "```" };
            self.draft.break_lines(if self.lists.is_empty() { 2 } else { 1 });
            for part in [fence, &language, "\n", text, "\n", fence] {
                self.draft.push(part);
            }
            self.draft.break_lines(2);
        }
        self.fresh = true;
        self.space = false;
    }

    fn end_table(&mut self) {
        match &mut self.table {
            Some(table) if table.nested > 0 => table.nested -= 1,
            _ => {
                if let Some(mut table) = self.table.take() {
                    table.end_cell();
                    rows::grid(&table.rows, self.draft);
                    self.fresh = true;
                    self.space = false;
                }
            }
        }
    }
}
