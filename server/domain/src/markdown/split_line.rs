//! What one line can be in CommonMark, as pulldown-cmark reads it.

use pulldown_cmark::{Event, Parser, Tag};

/// A line without its end.
pub(super) struct Line<'a> {
    /// The columns of white space before `rest`; a tab goes to the next multiple of four.
    pub(super) indent: usize,
    /// The line from its first character that is no space or tab.
    pub(super) rest: &'a str,
}

/// The beginning of a list item.
pub(super) struct Item {
    /// `-`, `+`, `*`, `.` or `)`: items of one list have the same.
    pub(super) mark: u8,
    /// The column at which its text stands.
    pub(super) content: usize,
    /// No text on this line.
    pub(super) empty: bool,
    /// It may follow a paragraph's line without a blank one between.
    pub(super) interrupts: bool,
}

impl<'a> Line<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        let rest = line.trim_start_matches([' ', '\t']);
        let indent = columns(&line[..line.len() - rest.len()], 0);
        Self { indent, rest }
    }

    pub(super) fn is_blank(&self) -> bool {
        is_blank(self.rest)
    }

    pub(super) fn contains(&self, what: &str) -> bool {
        self.rest.contains(what)
    }

    /// An opening fence: its character and length.
    pub(super) fn fence(&self) -> Option<(u8, usize)> {
        let mark = *self.rest.as_bytes().first()?;
        if self.indent >= 4 || !matches!(mark, b'`' | b'~') {
            return None;
        }
        let length = run(self.rest, mark);
        let inline = mark == b'`' && self.rest[length..].contains('`');
        (length >= 3 && !inline).then_some((mark, length))
    }

    pub(super) fn closes_fence(&self, mark: u8, length: usize) -> bool {
        let found = run(self.rest, mark);
        self.indent < 4 && found >= length && self.rest[found..].bytes().all(|b| b == b' ')
    }

    /// Raw HTML that goes on to a line with the text returned: comments, scripts and their like.
    pub(super) fn html_end(&self) -> Option<&'static str> {
        const NAMED: [(&str, &str); 4] =
            [("pre", "</pre>"), ("style", "</style>"), ("script", "</script>"), ("textarea", "</textarea>")];
        let inner = self.rest.strip_prefix('<')?;
        if self.indent >= 4 {
            return None;
        }
        for (name, end) in NAMED {
            let named = inner.get(..name.len());
            if named.is_some_and(|start| start.eq_ignore_ascii_case(name)) {
                let next = inner.as_bytes().get(name.len());
                if next.is_none_or(|&b| b == b'>' || (9..=13).contains(&b) || b == b' ') {
                    return Some(end);
                }
            }
        }
        for (start, end) in [("!--", "-->"), ("?", "?>"), ("![CDATA[", "]]>")] {
            if inner.starts_with(start) {
                return Some(end);
            }
        }
        let declaration = inner.strip_prefix('!')?.bytes().next()?;
        declaration.is_ascii_alphabetic().then_some(">")
    }

    /// Raw HTML, up to a blank line or otherwise, where no paragraph is open.
    pub(super) fn begins_html(&self) -> bool {
        self.indent < 4
            && self.rest.starts_with('<')
            && matches!(Parser::new(self.rest).next(), Some(Event::Start(Tag::HtmlBlock)))
    }

    /// Raw HTML that may follow a paragraph's line.
    fn interrupts_as_html(&self) -> bool {
        if self.html_end().is_some() {
            return true;
        }
        self.begins_html()
            && Parser::new(&["x\n", self.rest].concat()).any(|event| event == Event::Start(Tag::HtmlBlock))
    }

    /// `***`, `---`, `___`
    pub(super) fn is_rule(&self) -> bool {
        let Some(&mark) = self.rest.as_bytes().first() else {
            return false;
        };
        self.indent < 4
            && matches!(mark, b'*' | b'-' | b'_')
            && self.rest.bytes().all(|b| b == mark || b == b' ' || b == b'\t')
            && self.rest.bytes().filter(|&b| b == mark).count() >= 3
    }

    /// `# Heading`
    pub(super) fn is_heading(&self) -> bool {
        let level = run(self.rest, b'#');
        let next = self.rest.as_bytes().get(level);
        self.indent < 4 && (1..=6).contains(&level) && next.is_none_or(|&b| (9..=13).contains(&b) || b == b' ')
    }

    /// The line below a setext heading. Only where a paragraph goes before.
    pub(super) fn is_underline(&self) -> bool {
        match self.rest.as_bytes().first() {
            Some(&mark @ (b'-' | b'=')) => is_blank(&self.rest[run(self.rest, mark)..]),
            _ => false,
        }
    }

    /// Perhaps the line below a table's head.
    pub(super) fn is_table_rule(&self) -> bool {
        self.contains("-") && is_table_rule(self.rest)
    }

    pub(super) fn is_quote(&self) -> bool {
        self.indent < 4 && self.rest.starts_with('>')
    }

    /// A block that ends a paragraph, lists aside.
    pub(super) fn interrupts(&self) -> bool {
        self.indent < 4
            && (self.is_rule()
                || self.is_heading()
                || self.fence().is_some()
                || self.is_quote()
                || self.interrupts_as_html())
    }

    /// The beginning of a list item.
    pub(super) fn item(&self) -> Option<Item> {
        if self.indent >= 4 || self.is_rule() {
            return None;
        }
        let bytes = self.rest.as_bytes();
        let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
        let mark = *bytes.get(digits)?;
        let known = match digits {
            0 => matches!(mark, b'-' | b'+' | b'*'),
            1..=9 => matches!(mark, b'.' | b')'),
            _ => false,
        };
        let after = self.rest.get(digits + 1..)?;
        if !known || !(after.is_empty() || after.starts_with([' ', '\t'])) {
            return None;
        }
        let text = after.trim_start_matches([' ', '\t']);
        let blank = is_blank(text);
        let end = self.indent + digits + 1;
        let gap = match columns(&after[..after.len() - text.len()], end) {
            gap @ 1..=4 if !blank => gap,
            _ => 1,
        };
        let first = digits == 0 || self.rest[..digits].parse() == Ok(1);
        Some(Item { mark, content: end + gap, empty: blank || is_task_box(text), interrupts: first && !blank })
    }
}

/// `|---|:-:|` or the beginning of it.
pub(super) fn is_table_rule(line: &str) -> bool {
    line.bytes().all(|b| matches!(b, b'|' | b':' | b'-' | b' ' | b'\t'))
}

fn is_task_box(text: &str) -> bool {
    matches!(text.trim_end(), "[ ]" | "[x]" | "[X]")
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' ' | b'\t' | 0x0b | 0x0c))
}

fn run(text: &str, mark: u8) -> usize {
    text.bytes().take_while(|&b| b == mark).count()
}

fn columns(space: &str, from: usize) -> usize {
    let end = space.bytes().fold(from, |at, b| match b {
        b'\t' => at + 4 - at % 4,
        _ => at + 1,
    });
    end - from
}
