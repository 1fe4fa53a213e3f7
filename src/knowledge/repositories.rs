//! Git repositories whose files are documents of a base.

use super::Work;
use crate::failure::{Checks, FieldError};
use crate::ids::{BaseId, DocumentId, RepositoryId, UserId};
use serde::{Deserialize, Serialize};

/// A repository of a base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// Which.
    pub id: RepositoryId,
    /// Where.
    pub base: BaseId,
    /// Where it is fetched from, without secrets.
    pub url: String,
    /// Which branch; empty means the server's default.
    pub branch: String,
    /// As whom it is fetched.
    pub username: String,
    /// Whether there is a token to fetch it with.
    pub has_token: bool,
    /// Minutes after which it is fetched again by itself.
    pub every_minutes: Option<i64>,
    /// How fetching and indexing stand.
    pub work: Work,
    /// While it is indexed, how many files are done,
    pub progress: i64,
    /// and of how many; 0 while it is being fetched.
    pub total: i64,
    /// The commit that is indexed,
    pub commit: Option<String>,
    /// the first line of what it says,
    pub commit_message: String,
    /// and when it was made. Microseconds since 1970.
    pub committed_at: Option<i64>,
    /// When it was last asked whether there is anything new. Microseconds since 1970.
    pub fetched_at: Option<i64>,
    /// How many of its files are documents.
    pub document_count: i64,
    /// How many of its files are not, and why.
    pub skipped: Vec<Skipped>,
    /// Whether the viewer may change it and take it out.
    pub can_change: bool,
    /// Who brought it.
    pub created_by: UserId,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970; the version of what is edited.
    pub updated_at: i64,
}

/// Files that are no documents, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// `binary`, `vendored`, `too_large`, …
    pub reason: String,
    /// How many.
    pub count: i64,
}

/// The shortest time between two fetches by themselves, in minutes,
pub const EVERY_MIN: i64 = 5;
/// and the longest.
pub const EVERY_MAX: i64 = 43_200;

/// A repository to be fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepositoryForm {
    /// See [`Repository::url`].
    pub url: String,
    /// See [`Repository::branch`].
    pub branch: String,
    /// See [`Repository::username`].
    pub username: String,
    /// A password or token; empty for none.
    pub token: String,
    /// See [`Repository::every_minutes`].
    pub every_minutes: Option<i64>,
}

/// What to change of a repository; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepositoryChange {
    /// See [`Repository::branch`].
    pub branch: Option<String>,
    /// See [`Repository::username`].
    pub username: Option<String>,
    /// Another password or token; empty for none.
    pub token: Option<String>,
    /// See [`Repository::every_minutes`]; `Some(None)` for never.
    pub every_minutes: Option<Option<i64>>,
}

/// # Errors
/// When nobody can wait that long, or would rather.
pub fn check_schedule(every_minutes: Option<i64>) -> Result<(), Vec<FieldError>> {
    let mut checks = Checks::default();
    let is_fine = every_minutes.is_none_or(|it| (EVERY_MIN..=EVERY_MAX).contains(&it));
    checks.require(is_fine, "every_minutes", format!("Use {EVERY_MIN} to {EVERY_MAX} minutes, or leave it empty."));
    checks.done()
}

/// A folder of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// Of which commit.
    pub commit: String,
    /// From the topmost folder, which is empty.
    pub path: String,
    /// What stands in it, folders first.
    pub entries: Vec<TreeEntry>,
}

/// A line of a folder's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeEntry {
    /// Without the folders above it.
    pub name: String,
    /// With them.
    pub path: String,
    /// `file`, `folder`, `symlink` or `submodule`.
    pub kind: String,
    /// Bytes; 0 for folders and submodules.
    pub size: i64,
}

/// A file of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Of which commit.
    pub commit: String,
    /// From the topmost folder.
    pub path: String,
    /// `file`, or `symlink`, whose text is where it leads.
    pub kind: String,
    /// Bytes.
    pub size: i64,
    /// What it is written in, if its name says so.
    pub language: Option<String>,
    /// What it says; nothing where it is no text.
    pub text: Option<String>,
    /// The same as HTML, highlighted where the language is known.
    pub html: Option<String>,
    /// The document that it is.
    pub document: Option<DocumentId>,
    /// Why it is none.
    pub skipped: Option<String>,
}

/// A file of a repository that is a document, in a list of all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeFile {
    /// The document that it is.
    pub document: DocumentId,
    /// From the topmost folder.
    pub path: String,
    /// What it is written in, if its name says so.
    pub language: Option<String>,
    /// The commit with which it came.
    pub commit: Option<String>,
    /// How many lines of it are indexed.
    pub lines: Option<i64>,
}
