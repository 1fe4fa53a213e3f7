//! Knowledge as it crosses the wire: bases, their documents, what is found in them, and what an answer stands on.

mod finding;
mod repositories;
mod told;

pub use finding::{Candidate, Citation, Claim, ClaimKind, Passage, Rank, Report, Sources};
pub use repositories::{
    CodeFile, EVERY_MAX, EVERY_MIN, Repository, RepositoryChange, RepositoryForm, Skipped, SourceFile, Tree, TreeEntry,
    check_schedule,
};
pub use told::{grouped, passage_path, size};

use crate::failure::{Checks, FieldError};
use crate::ids::{BaseId, DocumentId, ProjectId, RepositoryId, UserId};
use serde::{Deserialize, Serialize};

/// The largest file, in bytes.
pub const FILE_MAX: u64 = 100 * 1024 * 1024;

/// What one form brings at most, in bytes: several files, and what is said about them.
pub const TOGETHER_MAX: u64 = 500 * 1024 * 1024;

/// Documents that agents answer from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Which.
    pub id: BaseId,
    /// Unique among those of its project or person.
    pub name: String,
    /// What is in it.
    pub description: String,
    /// The project that it belongs to; else it is a person's own.
    pub project: Option<ProjectId>,
    /// What that project is called.
    pub project_name: Option<String>,
    /// Whose own it is.
    pub owner: Option<UserId>,
    /// Whether the viewer may put documents in and take them out.
    pub can_change: bool,
    /// Whether the viewer may rename and delete it.
    pub can_manage: bool,
    /// How many documents.
    pub document_count: i64,
    /// How many of them are still to be read.
    pub waiting_count: i64,
    /// How many could not be read.
    pub failed_count: i64,
    /// Pieces that are found by their words.
    pub piece_count: i64,
    /// Pieces that are found by their meaning as well.
    pub embedded_count: i64,
    /// The model whose vectors are searched, as `provider/model`.
    pub encoder: String,
    /// The one that is to take its place, once it has read everything.
    pub next_encoder: Option<String>,
    /// Pieces that it has read.
    pub next_count: i64,
    /// How the making of vectors stands.
    pub embedding: Work,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970; the version of what is edited.
    pub updated_at: i64,
}

/// How work behind the requests stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// What it is at.
    pub state: WorkState,
    /// Why it failed or is tried again; empty otherwise.
    pub reason: String,
}

/// The states of [`Work`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkState {
    /// There is nothing to do.
    #[default]
    Done,
    /// It waits for its turn, or for another try.
    Queued,
    /// Somebody is at it.
    Running,
    /// Somebody has it rest.
    Paused,
    /// It was given up.
    Failed,
}

impl WorkState {
    /// As stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Failed => "failed",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Done, Self::Queued, Self::Running, Self::Paused, Self::Failed].into_iter().find(|it| it.as_str() == text)
    }
}

/// What a base is called and about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BaseForm {
    /// See [`Base::name`].
    pub name: String,
    /// See [`Base::description`].
    pub description: String,
}

impl BaseForm {
    /// # Errors
    /// With what to change.
    pub fn check(&self) -> Result<Self, Vec<FieldError>> {
        let mut checks = Checks::default();
        let name = crate::text::line(&self.name);
        checks
            .require(!name.is_empty(), "name", "Give the knowledge base a name.")
            .require(name.chars().count() <= 120, "name", "Use at most 120 characters.")
            .require(self.description.chars().count() <= 2000, "description", "Use at most 2000 characters.");
        checks.done()?;
        Ok(Self { name, description: self.description.trim().to_owned() })
    }
}

/// How far a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentState {
    /// In the queue.
    Waiting,
    /// Being read.
    Reading,
    /// Found by its words; its vectors are being made.
    Searchable,
    /// Found by its words and by its meaning.
    Ready,
    /// It could not be read.
    Failed,
}

impl DocumentState {
    /// In the order in which a document passes through them.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Reading, Self::Searchable, Self::Ready, Self::Failed];

    /// As sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Reading => "reading",
            Self::Searchable => "searchable",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// A document of a base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Which.
    pub id: DocumentId,
    /// Where.
    pub base: BaseId,
    /// The repository that it is a file of.
    pub repository: Option<RepositoryId>,
    /// The file's name, or its path in the repository.
    pub name: String,
    /// What it calls itself, else its name.
    pub title: String,
    /// `upload`, `url` or `repository`.
    pub source: String,
    /// Where it was fetched from, if it was.
    pub source_url: String,
    /// `pdf`, `markdown`, …; empty until it was read.
    pub kind: String,
    /// ISO 639-1; empty when nobody knows.
    pub language: String,
    /// How far it is.
    pub state: DocumentState,
    /// Why it failed.
    pub reason: String,
    /// Counts from 1, with every file that takes the place of the one before.
    pub version: i64,
    /// Bytes of the newest version.
    pub size: i64,
    /// SHA-256 of the newest version, as hexadecimal digits.
    pub hash: String,
    /// Of a repository's file, where it comes from.
    pub commit: Option<String>,
    /// What was noticed when it was read: sentences.
    pub notes: Vec<String>,
    /// Pieces that are found by their words.
    pub piece_count: i64,
    /// Pieces that are found by their meaning as well.
    pub embedded_count: i64,
    /// What it is about, in a few sentences.
    pub summary: String,
    /// What it says, one sentence each.
    pub key_points: Vec<String>,
    /// The model that wrote both, else `extract`: they are sentences of the document.
    pub summary_by: String,
    /// Who brought it.
    pub created_by: UserId,
    /// What they are called.
    pub created_by_name: String,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970.
    pub updated_at: i64,
}

/// What a document said at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Counts from 1.
    pub number: i64,
    /// The file's name then.
    pub name: String,
    /// Bytes.
    pub size: i64,
    /// SHA-256 as hexadecimal digits.
    pub hash: String,
    /// Of a repository's file, where it comes from.
    pub commit: Option<String>,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// Where in a document something stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Byte of the document's text at which it begins,
    pub start: i64,
    /// and before which it ends.
    pub end: i64,
    /// Page, of documents that have pages.
    pub page: Option<i64>,
    /// The headings above it, outermost first.
    pub headings: Vec<String>,
    /// Line at which it begins, from 1.
    pub first_line: i64,
    /// Line at which it ends.
    pub last_line: i64,
}
