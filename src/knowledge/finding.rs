//! What is found in knowledge, and what an answer stands on.

use super::Place;
use crate::ids::{BaseId, DocumentId, MessageId};
use serde::{Deserialize, Serialize};

/// A piece of a document that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    /// Where it stands.
    pub document: DocumentId,
    /// In which version.
    pub version: i64,
    /// In which base.
    pub base: BaseId,
    /// What the document is called.
    pub title: String,
    /// Its file name or path.
    pub name: String,
    /// The commit, of a repository's file.
    pub commit: Option<String>,
    /// Where in it.
    pub place: Place,
    /// What it says.
    pub text: String,
    /// Rank and score among what was found by words; from 1.
    pub by_words: Option<Rank>,
    /// Rank and similarity among what was found by meaning; from 1.
    pub by_meaning: Option<Rank>,
    /// By what the results are ordered.
    pub score: f64,
}

/// One side's opinion of a passage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rank {
    /// From 1.
    pub rank: i64,
    /// BM25 for words, cosine for meaning.
    pub score: f64,
}

/// How a sentence of an answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClaimKind {
    /// A source says so.
    Supported,
    /// None of the sources says so.
    Unsupported,
    /// It claims nothing: a greeting, a question, a heading.
    Neutral,
}

/// A sentence of an answer, and what it stands on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Byte of the answer at which it begins,
    pub start: i64,
    /// and before which it ends.
    pub end: i64,
    /// How it stands.
    pub kind: ClaimKind,
    /// The number of the source that supports it.
    pub source: Option<i64>,
    /// Which bytes of that document's text say so: the first, and the one after the last.
    pub passage: Option<(i64, i64)>,
    /// It quotes words that stand in none of the sources.
    pub is_misquoted: bool,
}

/// A source of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// In the answer it is `[number]`.
    pub number: i64,
    /// The document,
    pub document: DocumentId,
    /// its version,
    pub version: i64,
    /// and what it is called.
    pub title: String,
    /// Its file name or path.
    pub name: String,
    /// The commit, of a repository's file.
    pub commit: Option<String>,
    /// Where in it.
    pub place: Place,
    /// What it says there.
    pub text: String,
    /// Whether a sentence of the answer stands on it.
    pub is_used: bool,
}

/// What an answer stands on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sources {
    /// The answer.
    pub message: MessageId,
    /// Its sources, by number; those of deleted documents are gone.
    pub citations: Vec<Citation>,
    /// Its sentences.
    pub claims: Vec<Claim>,
    /// How the sources were found.
    pub report: Report,
}

/// How something was looked for, and what became of what was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// What was looked for.
    pub question: String,
    /// How many pieces could be found by words, and how many by meaning as well.
    pub searched: i64,
    /// See there.
    pub embedded: i64,
    /// Documents that were still being read.
    pub unread: i64,
    /// Why one of the sides found nothing, if there is a reason: sentences.
    pub notes: Vec<String>,
    /// What was found, best first.
    pub found: Vec<Candidate>,
    /// Milliseconds that it took.
    pub took_ms: i64,
}

/// Something that was found, and whether the model got to read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Where it stands.
    pub document: DocumentId,
    /// What the document was called.
    pub title: String,
    /// Where in it.
    pub place: Place,
    /// See [`Passage::by_words`].
    pub by_words: Option<Rank>,
    /// See [`Passage::by_meaning`].
    pub by_meaning: Option<Rank>,
    /// See [`Passage::score`].
    pub score: f64,
    /// The number under which the model got it.
    pub number: Option<i64>,
    /// Why it did not: `threshold`, `room`, `duplicate`, `count`.
    pub left_out: Option<String>,
}
