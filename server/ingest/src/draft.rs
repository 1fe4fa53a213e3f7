//! A reading while it is being written.

use crate::limits::{Limits, Watch};
use crate::reading::{Mark, Note, Place};

/// Text under construction, within its limit. Paragraphs are separated by an empty line, whatever the format.
pub(crate) struct Draft {
    pub text: String,
    pub marks: Vec<Mark>,
    pub notes: Vec<Note>,
    pub title: Option<String>,
    pub language: Option<String>,
    pub watch: Watch,
    limit: usize,
    full: bool,
}

impl Draft {
    pub(crate) fn new(limits: &Limits, watch: Watch) -> Self {
        Self {
            text: String::new(),
            marks: Vec::new(),
            notes: Vec::new(),
            title: None,
            language: None,
            watch,
            limit: limits.text,
            full: false,
        }
    }

    /// Whether the limit is reached: whatever is pushed from now on is dropped.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// Appends as it is.
    pub(crate) fn push(&mut self, text: &str) {
        if self.full {
            return;
        }
        let room = self.limit - self.text.len();
        if text.len() <= room {
            self.text.push_str(text);
        } else {
            self.text.push_str(&text[..text.floor_char_boundary(room)]);
            self.full = true;
            self.notes.push(Note::Cut { kept: self.limit });
        }
    }

    /// Sees to it that the text ends with so many line breaks, unless it is empty.
    pub(crate) fn break_lines(&mut self, count: usize) {
        if self.text.is_empty() {
            return;
        }
        let present = self.text.bytes().rev().take(count).take_while(|byte| *byte == b'\n').count();
        self.push(&"\n\n"[..count.min(2) - present.min(2)]);
    }

    /// Appends text after an empty line.
    pub(crate) fn paragraph(&mut self, text: &str) {
        let text = text.trim_matches(['\n', ' ']);
        if !text.is_empty() {
            self.break_lines(2);
            self.push(text);
        }
    }

    /// Appends text on a line of its own.
    pub(crate) fn line(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.break_lines(1);
            self.push(text);
        }
    }

    /// Says what begins at the next paragraph.
    pub(crate) fn mark(&mut self, place: Place) {
        self.break_lines(2);
        if !self.full {
            self.marks.push(Mark { at: self.text.len(), place });
        }
    }

    /// Appends a heading, marked.
    pub(crate) fn heading(&mut self, level: u8, title: &str) {
        let title = tidy(title);
        if title.is_empty() {
            return;
        }
        let level = level.clamp(1, 6);
        self.mark(Place::Heading { level, title: title.clone() });
        self.push(&"######"[..usize::from(level)]);
        self.push(" ");
        self.push(&title);
        self.break_lines(2);
    }

    /// The title, if it has none yet.
    pub(crate) fn set_title(&mut self, title: &str) {
        let title = tidy(title);
        if self.title.is_none() && !title.is_empty() {
            self.title = Some(crop(&title, 300).to_owned());
        }
    }

    pub(crate) fn note(&mut self, note: Note) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// One line, with single spaces.
pub(crate) fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !tidied.is_empty() {
            tidied.push(' ');
        }
        tidied.push_str(word);
    }
    tidied
}

/// At most so many bytes, cut between characters.
pub(crate) fn crop(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
