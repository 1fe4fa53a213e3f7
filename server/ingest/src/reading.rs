//! What comes of a file that was read.

use crate::Kind;
use serde::{Deserialize, Serialize};

/// A file as text. The text is plain or Markdown, and is what people see when they open a source: positions in it
/// (of marks, and of pieces cut from it) are bytes and stay valid for as long as the text is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What the file is, whatever it is named.
    pub kind: Kind,
    /// The programming language of source code, as highlighters name it.
    pub syntax: Option<String>,
    /// The title that the document gives itself.
    pub title: Option<String>,
    /// The language it is written in, ISO 639-1, where that is clear.
    pub language: Option<String>,
    /// The text.
    pub text: String,
    /// Where what begins, by position.
    pub marks: Vec<Mark>,
    /// What was left out or had to be guessed.
    pub notes: Vec<Note>,
}

/// Something begins here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Byte of the text.
    pub at: usize,
    /// What begins.
    pub place: Place,
}

/// What a mark stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A page, counted from 1.
    Page(u32),
    /// A slide, counted from 1.
    Slide(u32),
    /// A sheet of a workbook.
    Sheet(String),
    /// A heading, at its own line.
    Heading {
        /// 1 to 6.
        level: u8,
        /// Without markup.
        title: String,
    },
}

/// What whoever reads the text should know about how it came to be. Displayed, each is a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    /// The text was longer than what is kept.
    #[error("Only the first {} MB of its text were kept.", .kept / (1024 * 1024))]
    Cut {
        /// Bytes kept.
        kept: usize,
    },
    /// Pages without text among others that have some.
    #[error("{empty} of {of} pages have no text; they may be scanned.")]
    PagesWithoutText {
        /// How many have none.
        empty: usize,
        /// How many there are.
        of: usize,
    },
    /// Characters whose meaning the PDF's fonts do not say.
    #[error("{characters} characters could not be read, because the PDF does not say what its fonts show.")]
    UnknownCharacters {
        /// How many.
        characters: usize,
    },
    /// Bytes that are not valid in the file's encoding.
    #[error("Some characters are not valid in its encoding ({encoding}) and were replaced.")]
    InvalidCharacters {
        /// The encoding's name.
        encoding: String,
    },
    /// The encoding was guessed.
    #[error("It does not say its encoding; it was read as {encoding}.")]
    Encoding {
        /// The encoding's name.
        encoding: String,
    },
    /// The content is of another kind than the name says.
    #[error("It is named as a {}, but it is a {} and was read as such.", .named.noun(), .read.noun())]
    Misnamed {
        /// What the name or media type says.
        named: Kind,
        /// What it was read as.
        read: Kind,
    },
    /// Files attached to an e-mail.
    #[error("Attachments were not read: {}.", .names.join(", "))]
    Attachments {
        /// Their names.
        names: Vec<String>,
    },
    /// Parts that were damaged.
    #[error("Parts of it are damaged and were left out: {}.", .parts.join(", "))]
    Damaged {
        /// What they are called.
        parts: Vec<String>,
    },
    /// Malformed, but legible.
    #[error("It is not valid {}; it was read as plain text.", .kind.noun())]
    Malformed {
        /// What it is meant to be.
        kind: Kind,
    },
}
