//! Who reads files. The server has it done in a process of its own, within limits of time and memory, because a file can
//! be anything; tests may do it where they stand.

use async_trait::async_trait;
use atrium_ingest::{Sizes, estimate_tokens, key_sentences, split};
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use std::path::Path;

/// Sentences that say what a document is about, and what matters in it.
const SUMMARY: usize = 3;
const KEY_POINTS: usize = 6;

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// `pdf`, `markdown`, …
    pub kind: String,
    /// As the content is, whatever was said.
    pub media_type: String,
    /// What it calls itself.
    pub title: Option<String>,
    /// ISO 639-1.
    pub language: Option<String>,
    /// The whole text.
    pub text: String,
    /// Its pieces, in order.
    pub pieces: Vec<Piece>,
    /// What was noticed: sentences for people.
    pub notes: Vec<String>,
    /// Sentences of it that say what it is about,
    pub summary: Vec<String>,
    /// and that matter most.
    pub key_points: Vec<String>,
}

impl Reading {
    /// A text that was read, cut into pieces.
    #[must_use]
    pub fn of(read: atrium_ingest::Reading) -> Self {
        let pieces = split(&read, &Sizes::default(), &estimate_tokens);
        let sentences = |count| {
            let best = key_sentences(&read.text, count).into_iter();
            best.filter_map(|it| read.text.get(it)).map(atrium::text::line).collect()
        };
        Self {
            kind: read.kind.as_str().to_owned(),
            media_type: read.kind.media_type().to_owned(),
            title: read.title.clone(),
            language: read.language.clone(),
            notes: read.notes.iter().map(ToString::to_string).collect(),
            summary: sentences(SUMMARY),
            key_points: sentences(KEY_POINTS),
            pieces: pieces.into_iter().map(Into::into).collect(),
            text: read.text,
        }
    }
}

impl From<atrium_ingest::Piece> for Piece {
    fn from(it: atrium_ingest::Piece) -> Self {
        Self {
            start: it.start,
            end: it.end,
            page: it.page,
            headings: it.sheet.into_iter().chain(it.headings).collect(),
            first_line: it.first_line,
            last_line: it.last_line,
        }
    }
}

/// A part of a text that is found as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Byte of the text at which it begins,
    pub start: usize,
    /// and before which it ends.
    pub end: usize,
    /// The page at which it begins.
    pub page: Option<u32>,
    /// The headings above it, outermost first.
    pub headings: Vec<String>,
    /// Line at which it begins, from 1.
    pub first_line: u32,
    /// Line at which it ends.
    pub last_line: u32,
}

/// Why a file was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unread {
    /// It will not do; a sentence that says why, and what to do.
    Refused(String),
    /// Something else went wrong; it is tried again.
    Failed(String),
    /// Whoever read it was told to end before it was done: not the file's fault.
    Interrupted,
}

/// Reads files.
#[async_trait]
pub trait Reader: Debug + Send + Sync {
    /// Reads one. `name` and `media_type` are what was said about it, which need not be true.
    async fn read(&self, file: &Path, name: &str, media_type: Option<&str>) -> Result<Reading, Unread>;
}
