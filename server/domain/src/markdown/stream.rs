//! A document that grows at its end.

use super::html::{self, Shared};
use super::split::Splitter;
use super::tail;

/// A Markdown document that grows at its end, and its HTML.
///
/// How the text is cut into pushes and when [`update`](Self::update) is called makes no difference
/// to the blocks: they depend on the text alone, and a longer text only adds to them. Splitting
/// costs time in proportion to what is new, an update to what is new and the open tail.
#[derive(Default)]
pub struct Stream {
    text: String,
    after_carriage_return: bool,
    splitter: Splitter,
    shared: Shared,
    /// Where the open tail begins in `text`.
    open: usize,
    finished: usize,
}

/// What changed in a [`Stream`] since the last time it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The index of the first of `blocks` in the document.
    pub first: usize,
    /// The blocks finished since, each as HTML. They never change again. One may be empty, such as
    /// that of a link definition.
    pub blocks: Vec<String>,
    /// The open tail as HTML, with half-written markup closed or left out so that nothing jumps.
    pub tail: String,
}

impl Stream {
    /// An empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds text at the end.
    pub fn push(&mut self, piece: &str) {
        if piece.is_empty() {
            return;
        }
        let piece = match self.after_carriage_return {
            true => piece.strip_prefix('\n').unwrap_or(piece),
            false => piece,
        };
        self.after_carriage_return = piece.ends_with('\r');
        if !piece.contains(['\r', '\0']) {
            self.text.push_str(piece);
            return;
        }
        let mut last = ' ';
        for c in piece.chars() {
            match c {
                '\n' if last == '\r' => {}
                '\r' => self.text.push('\n'),
                '\0' => self.text.push(char::REPLACEMENT_CHARACTER),
                _ => self.text.push(c),
            }
            last = c;
        }
    }

    /// What changed since the last call.
    pub fn update(&mut self) -> Update {
        let first = self.finished;
        let blocks = self.take_finished();
        let open = &self.text[self.open..];
        let tail = match open.trim().is_empty() {
            true => String::new(),
            false => {
                let seen = tail::visible(open, self.splitter.verbatim());
                html::preview(&seen, &self.shared)
            }
        };
        Update { first, blocks, tail }
    }

    /// The same as [`update`](Self::update) for a text that is complete: what was the tail is a
    /// block now, as it was written, and there is no tail. Text pushed later begins a new block.
    pub fn finish(&mut self) -> Update {
        let first = self.finished;
        let mut blocks = self.take_finished();
        if !self.text[self.open..].trim().is_empty() {
            blocks.push(html::block(&self.text[self.open..], &mut self.shared));
            self.finished += 1;
        }
        self.open = self.text.len();
        self.splitter.restart(self.open);
        Update { first, blocks, tail: String::new() }
    }

    /// The text so far. Line ends are `\n` and NUL is U+FFFD, whatever was pushed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number of finished blocks handed out.
    pub fn finished(&self) -> usize {
        self.finished
    }

    fn take_finished(&mut self) -> Vec<String> {
        let mut blocks = Vec::new();
        for cut in self.splitter.advance(&self.text) {
            blocks.push(html::block(&self.text[self.open..cut], &mut self.shared));
            self.open = cut;
        }
        self.finished += blocks.len();
        blocks
    }
}
