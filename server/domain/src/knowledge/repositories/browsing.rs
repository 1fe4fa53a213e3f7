//! Looking at what was fetched: folders, files with highlighted source, and which document each is.

use super::super::Knowledge;
use super::sentence;
use super::sources::skip;
use crate::error::{Error, Result};
use crate::markdown;
use crate::store::{Scope, args};
use atrium::ids::RepositoryId;
use atrium::knowledge::{CodeFile, Repository as Shown, SourceFile, Tree, TreeEntry};
use atrium::paging::{Page, PageRequest};
use atrium_repositories::{Content, Entry, File, Id, Kind, Refusal, Repository, language};
use uuid::Uuid;

/// The largest file that is shown, in bytes.
const SHOWN_MAX: u64 = 1_000_000;

fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::NoSuchPath | Refusal::OtherKind(_) => Error::NotFound("file or folder"),
        Refusal::UnknownCommit | Refusal::Storage(_) => Error::Conflict {
            code: "not_fetched",
            message: "Nothing was fetched of this repository yet. Fetch it, then look again.".to_owned(),
        },
        other => Error::Conflict { code: other.code(), message: sentence(&other) },
    }
}

/// The commit that is indexed; where it is no longer here, the one that is.
fn commit_of(repository: &Repository, shown: &Shown) -> std::result::Result<Id, Refusal> {
    let indexed = shown.commit.as_deref().and_then(|it| it.parse::<Id>().ok());
    match indexed.filter(|it| repository.tree(*it, "").is_ok()) {
        Some(commit) => Ok(commit),
        None => repository.head()?.ok_or(Refusal::UnknownCommit),
    }
}

fn int(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// A file as it stands in its folder, and what is in it if that can be shown.
struct Look {
    commit: Id,
    entry: Entry,
    content: Option<Content>,
}

fn look(repository: &Repository, commit: Id, path: &str) -> std::result::Result<Look, Refusal> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let entry = repository.tree(commit, folder)?.into_iter().find(|it| it.name == name).ok_or(Refusal::NoSuchPath)?;
    let content = match repository.read(commit, path, SHOWN_MAX) {
        Err(Refusal::FileTooLarge { .. }) => None,
        content => Some(content?),
    };
    Ok(Look { commit, entry, content })
}

impl Knowledge {
    /// Does something with what was fetched, where it may take its time.
    async fn within<T: Send + 'static>(
        &self,
        shown: Shown,
        work: impl FnOnce(&Repository, Id) -> std::result::Result<T, Refusal> + Send + 'static,
    ) -> Result<T> {
        let folder = self.workshop.folder_of(shown.id.0);
        let work = move || {
            let repository = Repository::open(&folder)?;
            let commit = commit_of(&repository, &shown)?;
            work(&repository, commit)
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| Error::Internal(format!("a look ended early: {error}")))?.map_err(refused)
    }

    /// What stands in a folder of a repository; the topmost one is the empty path.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the viewer does not see it, or there is no such folder.
    pub async fn tree(&self, scope: Scope<'_>, id: RepositoryId, folder: &str) -> Result<Tree> {
        let shown = self.repository(scope, id).await?;
        let path = folder.trim_matches('/').to_owned();
        let list = move |repository: &Repository, commit: Id| {
            let within = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            let entry = |it: Entry| TreeEntry {
                path: within(&it.name),
                kind: it.kind.word().to_owned(),
                size: int(it.size),
                name: it.name,
            };
            let entries = repository.tree(commit, &path)?.into_iter().map(entry).collect();
            Ok(Tree { commit: commit.to_string(), entries, path })
        };
        self.within(shown, list).await
    }

    /// A file of a repository.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the viewer does not see it, or there is no such file.
    pub async fn source_file(&self, scope: Scope<'_>, id: RepositoryId, path: &str) -> Result<SourceFile> {
        let shown = self.repository(scope, id).await?;
        let path = path.trim_matches('/').to_owned();
        let document: Option<(Uuid,)> =
            scope.optional("SELECT id FROM documents WHERE repository_id = $1 AND name = $2", args![id, &path]).await?;
        let noted: Option<(String,)> = scope
            .optional("SELECT reason FROM repository_skips WHERE repository_id = $1 AND path = $2", args![id, &path])
            .await?;
        let limits = self.workshop.limits;
        let read = move |repository: &Repository, commit: Id| {
            let Look { commit, entry, content } = look(repository, commit, &path)?;
            let content = content.filter(|it| !it.binary);
            let text = content.map(|it| String::from_utf8_lossy(&it.bytes).into_owned());
            let file = File { path: path.clone(), id: entry.id, kind: entry.kind, size: entry.size };
            let skipped = skip(&file, &limits).map(|it| it.code().to_owned()).or(noted.map(|it| it.0));
            Ok(SourceFile {
                commit: commit.to_string(),
                kind: entry.kind.word().to_owned(),
                size: int(entry.size),
                language: language(&path).filter(|_| entry.kind == Kind::File).map(str::to_owned),
                html: text.as_deref().map(|it| markdown::source(it, &path)),
                text,
                document: document.map(|it| it.0.into()),
                skipped: skipped.filter(|_| document.is_none()),
                path,
            })
        };
        self.within(shown, read).await
    }

    /// The files of a repository that are documents, by path.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the viewer does not see it.
    pub async fn code_files(&self, scope: Scope<'_>, id: RepositoryId, page: PageRequest) -> Result<Page<CodeFile>> {
        let shown = self.repository(scope, id).await?;
        let rows: Vec<(Uuid, String, Option<String>, Option<i64>)> = scope
            .all(
                "SELECT d.id, d.name, v.commit_id, (SELECT MAX(p.last_line) FROM pieces p WHERE p.document_id = d.id AND p.version = d.searched_version)
                 FROM documents d JOIN document_versions v ON v.document_id = d.id AND v.number = d.version
                 WHERE d.repository_id = $1 ORDER BY d.name LIMIT $2 OFFSET $3",
                args![id, page.limit(), page.offset()],
            )
            .await?;
        let file = |(document, path, commit, lines): (Uuid, String, Option<String>, Option<i64>)| CodeFile {
            document: document.into(),
            language: language(&path).map(str::to_owned),
            path,
            commit,
            lines,
        };
        Ok(Page { count: shown.document_count, items: rows.into_iter().map(file).collect() })
    }
}
