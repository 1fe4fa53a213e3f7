//! Where a growing document may be cut.
//!
//! A line at a time, and only lines that are complete, so that the cuts depend on the text alone
//! and not on when somebody looked. A cut is made only where what follows is the next block
//! beyond doubt; in doubt (`Murky`) blocks stay together, which costs nothing but a longer tail.
//! The rules are CommonMark's as pulldown-cmark reads them.

use super::split_line::Line;

/// A document of more blocks than this gets coarser ones, as each has a fixed cost.
const FINE_BLOCKS: usize = 4096;
/// How long, in bytes, a block must be when there are more than [`FINE_BLOCKS`].
const COARSE_BYTES: usize = 1024;

/// What the lines since the last block boundary are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Open {
    /// Nothing but blank lines.
    #[default]
    Nothing,
    Fence {
        mark: u8,
        length: usize,
    },
    /// Raw HTML up to a line with this text.
    Html(&'static str),
    HtmlToBlank,
    /// `piped`: its last line has a `|`, so that the next may make a table of it.
    Paragraph {
        piped: bool,
    },
    Quote,
    /// `content`: the column at which the last item's text stands. `empty`: that item has none yet.
    List {
        mark: u8,
        content: usize,
        empty: bool,
    },
    Indented,
    /// A lazy continuation or a new paragraph, a table or a link definition. `list`: perhaps in a
    /// list item. `code`: perhaps in indented code.
    Murky {
        list: bool,
        code: bool,
    },
    /// Perhaps in a fence, perhaps not: no further cut is safe.
    Lost,
}

/// Finds the cuts of a document that grows at its end.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    open: Open,
    /// The last line was blank.
    blank: bool,
    /// Where the first line that is not complete begins, and up to where it has been searched.
    line: usize,
    searched: usize,
    last_cut: usize,
    count: usize,
}

impl Splitter {
    /// The cuts that became certain with the text since the last call.
    pub(super) fn advance(&mut self, text: &str) -> Vec<usize> {
        let mut cuts = Vec::new();
        while let Some(length) = text[self.searched..].find('\n') {
            let end = self.searched + length + 1;
            let line = Line::new(&text[self.line..end - 1]);
            let (before, after) = match line.is_blank() {
                true => (false, self.blank_line()),
                false => self.line(&line),
            };
            self.blank = line.is_blank();
            if before {
                self.cut(self.line, &mut cuts);
            }
            if after {
                self.open = Open::Nothing;
                self.cut(end, &mut cuts);
            }
            self.line = end;
            self.searched = end;
        }
        self.searched = text.len();
        cuts
    }

    /// Forgets what is open: the text up to here is complete.
    pub(super) fn restart(&mut self, at: usize) {
        *self = Self { line: at, searched: at, last_cut: at, count: self.count, ..Self::default() };
    }

    /// The last line is inside a fence (its mark) or raw HTML (a space), where markup means nothing.
    pub(super) fn verbatim(&self) -> Option<u8> {
        match self.open {
            Open::Fence { mark, .. } => Some(mark),
            Open::Html(_) | Open::HtmlToBlank => Some(b' '),
            _ => None,
        }
    }

    fn cut(&mut self, at: usize, cuts: &mut Vec<usize>) {
        let length = at - self.last_cut;
        if length == 0 || (self.count >= FINE_BLOCKS && length < COARSE_BYTES) {
            return;
        }
        self.last_cut = at;
        self.count += 1;
        cuts.push(at);
    }

    /// Whether to cut after a blank line.
    fn blank_line(&mut self) -> bool {
        self.open == Open::HtmlToBlank
    }

    /// Whether to cut before and after a line that is not blank.
    fn line(&mut self, line: &Line<'_>) -> (bool, bool) {
        match self.open {
            Open::Lost | Open::HtmlToBlank => (false, false),
            Open::Fence { mark, length } => (false, line.closes_fence(mark, length)),
            Open::Html(end) => (false, line.contains(end)),
            Open::Nothing => (false, self.begin(line)),
            Open::Paragraph { .. } | Open::Quote if self.blank => (true, self.begin(line)),
            Open::Paragraph { piped } => self.in_paragraph(line, piped),
            Open::Quote => self.in_quote(line),
            Open::Indented if line.indent >= 4 => (false, false),
            Open::Indented => (true, self.begin(line)),
            Open::List { .. } => self.in_list(line),
            Open::Murky { list, code } if self.blank => self.after_murky(line, list, code),
            Open::Murky { list, .. } => self.in_murky(line, list),
        }
    }

    /// Begins a block. True when the line is all of it.
    fn begin(&mut self, line: &Line<'_>) -> bool {
        let mut whole = false;
        self.open = if line.indent >= 4 {
            Open::Indented
        } else if let Some((mark, length)) = line.fence() {
            Open::Fence { mark, length }
        } else if let Some(end) = line.html_end() {
            whole = line.contains(end);
            Open::Html(end)
        } else if line.is_rule() || line.is_heading() {
            whole = true;
            Open::Nothing
        } else if line.is_quote() {
            Open::Quote
        } else if let Some(item) = line.item() {
            Open::List { mark: item.mark, content: item.content, empty: item.empty }
        } else if line.begins_html() {
            Open::HtmlToBlank
        } else if line.rest.starts_with('[') {
            // Perhaps a link definition: what follows is not the same paragraph then.
            Open::Murky { list: false, code: false }
        } else {
            Open::Paragraph { piped: line.contains("|") }
        };
        whole
    }

    fn in_paragraph(&mut self, line: &Line<'_>, piped: bool) -> (bool, bool) {
        if piped && line.is_table_rule() {
            let list = line.item().is_some();
            self.open = Open::Murky { list, code: list };
        } else if line.indent < 4 && line.is_underline() {
            return (false, true);
        } else if line.interrupts() || line.item().is_some_and(|item| item.interrupts) {
            return (true, self.begin(line));
        } else {
            self.open = Open::Paragraph { piped: line.contains("|") };
        }
        (false, false)
    }

    fn in_quote(&mut self, line: &Line<'_>) -> (bool, bool) {
        if line.is_quote() {
            return (false, false);
        }
        if line.interrupts() || line.item().is_some() {
            return (true, self.begin(line));
        }
        self.doubt(line, false)
    }

    fn in_list(&mut self, line: &Line<'_>) -> (bool, bool) {
        let Open::List { mark, content, empty } = self.open else {
            return (false, false);
        };
        // An item may begin with one blank line only, after which it is over.
        if line.indent >= content && !(empty && self.blank) {
            self.open = Open::List { mark, content, empty: false };
            return (false, false);
        }
        if line.item().is_some_and(|item| item.mark == mark) {
            self.begin(line);
            return (false, false);
        }
        if self.blank || line.interrupts() || line.item().is_some() {
            return (true, self.begin(line));
        }
        self.doubt(line, true)
    }

    /// The line goes on lazily or begins a paragraph, indented code or raw HTML.
    fn doubt(&mut self, line: &Line<'_>, list: bool) -> (bool, bool) {
        self.open = match line.begins_html() {
            true => Open::Lost,
            false => Open::Murky { list, code: line.indent >= 4 },
        };
        (false, false)
    }

    /// Murky, and the last line was blank: whatever was lazy is over, but a list may go on.
    fn after_murky(&mut self, line: &Line<'_>, list: bool, code: bool) -> (bool, bool) {
        let stays = match line.indent {
            // No item's text stands left of column 2.
            0 | 1 if list && line.item().is_some() => {
                self.begin(line);
                return (false, false);
            }
            0 | 1 => false,
            2 | 3 => list,
            _ => list || code,
        };
        if !stays {
            return (true, self.begin(line));
        }
        if line.fence().is_some() || line.begins_html() {
            self.open = Open::Lost;
        }
        (false, false)
    }

    fn in_murky(&mut self, line: &Line<'_>, list: bool) -> (bool, bool) {
        if line.indent >= 4 {
            self.open = Open::Murky { list, code: true };
            return (false, false);
        }
        if list && line.indent > 1 {
            if line.fence().is_some() || line.begins_html() {
                self.open = Open::Lost;
            }
            return (false, false);
        }
        if line.is_underline() || line.is_table_rule() {
            if line.item().is_some() {
                self.open = Open::Murky { list: true, code: true };
            }
            return (false, false);
        }
        if line.is_quote() {
            self.open = Open::Quote;
            return (false, false);
        }
        if line.interrupts() {
            return (true, self.begin(line));
        }
        match line.item() {
            Some(item) if item.interrupts && line.indent <= 1 => {
                self.begin(line);
            }
            Some(_) => {
                self.open = Open::Murky { list: true, code: true };
            }
            None if line.begins_html() => self.open = Open::Lost,
            None => {}
        }
        (false, false)
    }
}
