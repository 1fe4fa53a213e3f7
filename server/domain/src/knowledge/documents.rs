//! Documents of a base: what there is, how far each is, what it said in each of its versions.

use super::{Knowledge, bases, index};
use crate::error::{Error, Result};
use crate::projects;
use crate::store::{Scope, args, contains};
use atrium::ids::{BaseId, DocumentId};
use atrium::knowledge::{Document, DocumentState, Place, Version};
use atrium::paging::{Page, PageRequest};
use std::collections::BTreeSet;
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    base_id: Uuid,
    repository_id: Option<Uuid>,
    name: String,
    title: String,
    source: String,
    source_url: String,
    kind: String,
    language: String,
    state: String,
    reason: String,
    version: i64,
    size: i64,
    hash: String,
    commit_id: Option<String>,
    notes: String,
    pieces: i64,
    embedded: i64,
    summary: String,
    key_points: String,
    summary_by: String,
    created_by: Uuid,
    created_by_name: Option<String>,
    created_at: i64,
    updated_at: i64,
}

fn sentences(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

impl From<Row> for Document {
    fn from(it: Row) -> Self {
        let state = match it.state.as_str() {
            "waiting" => DocumentState::Waiting,
            "reading" => DocumentState::Reading,
            "failed" => DocumentState::Failed,
            _ if it.embedded < it.pieces => DocumentState::Searchable,
            _ => DocumentState::Ready,
        };
        Self {
            id: it.id.into(),
            base: it.base_id.into(),
            repository: it.repository_id.map(Into::into),
            name: it.name,
            title: it.title,
            source: it.source,
            source_url: it.source_url,
            kind: it.kind,
            language: it.language,
            state,
            reason: it.reason,
            version: it.version,
            size: it.size,
            hash: it.hash,
            commit: it.commit_id,
            notes: sentences(&it.notes),
            piece_count: it.pieces,
            embedded_count: it.embedded,
            summary: it.summary,
            key_points: sentences(&it.key_points),
            summary_by: it.summary_by,
            created_by: it.created_by.into(),
            created_by_name: it.created_by_name.unwrap_or_default(),
            created_at: it.created_at,
            updated_at: it.updated_at,
        }
    }
}

#[derive(sqlx::FromRow)]
struct VersionRow {
    number: i64,
    name: String,
    size: i64,
    hash: String,
    commit_id: Option<String>,
    created_at: i64,
}

/// Which documents.
#[derive(Debug, Clone, Copy, Default)]
pub struct DocumentFilter<'a> {
    /// A part of the name or title in any case.
    pub search: Option<&'a str>,
    /// Only those whose state is stored so: `waiting`, `reading`, `read`, `failed`.
    pub state: Option<&'a str>,
}

/// The documents of a base, those changed last first.
///
/// # Errors
/// When the viewer does not see the base.
pub async fn page(
    scope: Scope<'_>,
    base: BaseId,
    filter: DocumentFilter<'_>,
    page: PageRequest,
) -> Result<Page<Document>> {
    bases::known(scope, base).await?;
    let pattern = contains(filter.search.unwrap_or_default());
    let count: Option<(i64,)> = scope
        .optional(
            "SELECT COUNT(*) FROM documents d WHERE d.base_id = $1 AND LOWER(d.title || ' ' || d.name) LIKE $2 ESCAPE '!' AND d.state = COALESCE($3, d.state)",
            args![base, &pattern, filter.state],
        )
        .await?;
    let rows: Vec<Row> = scope
        .all(
            "SELECT d.id, d.base_id, d.repository_id, d.name, d.title, d.source, d.source_url, d.kind, d.language, d.state, d.reason, d.version, v.size, v.hash, v.commit_id, v.notes,
                d.pieces, (SELECT COUNT(*) FROM pieces p JOIN embeddings e ON e.piece = p.number AND e.encoder = b.encoder WHERE p.document_id = d.id AND p.version = d.searched_version) AS embedded,
                d.summary, d.key_points, d.summary_by, d.created_by, u.name AS created_by_name, d.created_at, d.updated_at
             FROM documents d JOIN knowledge_bases b ON b.id = d.base_id JOIN document_versions v ON v.document_id = d.id AND v.number = d.version
                LEFT JOIN users u ON u.id = d.created_by
             WHERE d.base_id = $1 AND LOWER(d.title || ' ' || d.name) LIKE $2 ESCAPE '!' AND d.state = COALESCE($3, d.state)
             ORDER BY d.updated_at DESC, d.id LIMIT $4 OFFSET $5",
            args![base, &pattern, filter.state, page.limit(), page.offset()],
        )
        .await?;
    Ok(Page { count: count.map_or(0, |it| it.0), items: rows.into_iter().map(Into::into).collect() })
}

/// One document.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see its base.
pub async fn get(scope: Scope<'_>, id: DocumentId) -> Result<Document> {
    let row: Option<Row> = scope
        .optional(
            "SELECT d.id, d.base_id, d.repository_id, d.name, d.title, d.source, d.source_url, d.kind, d.language, d.state, d.reason, d.version, v.size, v.hash, v.commit_id, v.notes,
                d.pieces, (SELECT COUNT(*) FROM pieces p JOIN embeddings e ON e.piece = p.number AND e.encoder = b.encoder WHERE p.document_id = d.id AND p.version = d.searched_version) AS embedded,
                d.summary, d.key_points, d.summary_by, d.created_by, u.name AS created_by_name, d.created_at, d.updated_at
             FROM documents d JOIN knowledge_bases b ON b.id = d.base_id JOIN document_versions v ON v.document_id = d.id AND v.number = d.version
                LEFT JOIN users u ON u.id = d.created_by
             WHERE d.id = $1",
            args![id],
        )
        .await?;
    let document: Document = row.ok_or(Error::NotFound("document"))?.into();
    match bases::known(scope, document.base).await {
        Err(Error::NotFound(_)) => Err(Error::NotFound("document")),
        Err(error) => Err(error),
        Ok(_) => Ok(document),
    }
}

/// The document of a base that a file of this name became.
///
/// # Errors
/// When the viewer does not see the base.
pub async fn by_name(scope: Scope<'_>, base: BaseId, name: &str) -> Result<Option<Document>> {
    bases::known(scope, base).await?;
    let row: Option<(Uuid,)> = scope
        .optional(
            "SELECT id FROM documents WHERE base_id = $1 AND name = $2 AND repository_id IS NULL ORDER BY created_at LIMIT 1",
            args![base, name],
        )
        .await?;
    match row {
        Some(row) => get(scope, row.0.into()).await.map(Some),
        None => Ok(None),
    }
}

/// What a document said, newest first.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see it.
pub async fn versions(scope: Scope<'_>, id: DocumentId) -> Result<Vec<Version>> {
    get(scope, id).await?;
    let rows: Vec<VersionRow> = scope
        .all(
            "SELECT number, name, size, hash, commit_id, created_at FROM document_versions WHERE document_id = $1 ORDER BY number DESC",
            args![id],
        )
        .await?;
    let version = |it: VersionRow| Version {
        number: it.number,
        name: it.name,
        size: it.size,
        hash: it.hash,
        commit: it.commit_id,
        created_at: it.created_at,
    };
    Ok(rows.into_iter().map(version).collect())
}

/// The text of a version, as it was read.
///
/// # Errors
/// [`Error::NotFound`] when there is no such version, or it was not read yet.
pub async fn text(scope: Scope<'_>, id: DocumentId, version: i64) -> Result<String> {
    get(scope, id).await?;
    let row: Option<(Option<String>,)> = scope
        .optional("SELECT body FROM document_versions WHERE document_id = $1 AND number = $2", args![id, version])
        .await?;
    row.and_then(|it| it.0).ok_or(Error::NotFound("text"))
}

/// The piece of a version in which a byte of its text stands; `None` of versions that are not searched any more.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see the document.
pub async fn place(scope: Scope<'_>, id: DocumentId, version: i64, at: i64) -> Result<Option<Place>> {
    get(scope, id).await?;
    let row: Option<PieceRow> = scope
        .optional(
            "SELECT start_at, end_at, page, headings, first_line, last_line, body FROM pieces
             WHERE document_id = $1 AND version = $2 AND start_at <= $3 AND end_at > $3 ORDER BY start_at DESC LIMIT 1",
            args![id, version, at],
        )
        .await?;
    Ok(row.map(|it| Place::from(&it)))
}

/// What the documents that the viewer sees are: kinds, and languages.
///
/// # Errors
/// When the database does not answer.
pub async fn sorts(scope: Scope<'_>) -> Result<(Vec<String>, Vec<String>)> {
    let (organisation, must_be_member) = projects::reach(scope.viewer);
    let rows: Vec<(String, String)> = scope
        .all(
            "SELECT DISTINCT d.kind, d.language FROM knowledge_bases b JOIN documents d ON d.base_id = b.id
                LEFT JOIN projects p ON p.id = b.project_id AND p.deleted_at IS NULL
                LEFT JOIN project_members m ON m.project_id = b.project_id AND m.user_id = $1
             WHERE b.organisation_id = COALESCE($2, b.organisation_id) AND (b.owner_id = $1 OR p.id IS NOT NULL AND (m.user_id IS NOT NULL OR NOT $3))",
            args![scope.viewer.id, organisation, must_be_member],
        )
        .await?;
    let (kinds, languages): (BTreeSet<_>, BTreeSet<_>) = rows.into_iter().unzip();
    let filled = |it: BTreeSet<String>| it.into_iter().filter(|it| !it.is_empty()).collect();
    Ok((filled(kinds), filled(languages)))
}

#[derive(sqlx::FromRow)]
struct PieceRow {
    start_at: i64,
    end_at: i64,
    page: Option<i64>,
    headings: String,
    first_line: i64,
    last_line: i64,
    body: String,
}

impl From<&PieceRow> for Place {
    fn from(it: &PieceRow) -> Self {
        Self {
            start: it.start_at,
            end: it.end_at,
            page: it.page,
            headings: index::headings(&it.headings),
            first_line: it.first_line,
            last_line: it.last_line,
        }
    }
}

/// All pieces of a version that is searched, in order. Whoever calls has seen to it that the viewer may read them.
pub(super) async fn pieces(scope: Scope<'_>, id: DocumentId, version: i64) -> Result<Vec<(Place, String)>> {
    let rows: Vec<PieceRow> = scope
        .all(
            "SELECT start_at, end_at, page, headings, first_line, last_line, body FROM pieces WHERE document_id = $1 AND version = $2 ORDER BY start_at",
            args![id, version],
        )
        .await?;
    Ok(rows.into_iter().map(|it| (Place::from(&it), it.body)).collect())
}

impl Knowledge {
    /// The file of a version, as it was brought: its name, its type, and its bytes one after another.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn file(
        &self,
        scope: Scope<'_>,
        id: DocumentId,
        version: i64,
    ) -> Result<(String, String, impl futures::Stream<Item = std::io::Result<bytes::Bytes>> + Send + use<>)> {
        get(scope, id).await?;
        let row: Option<(String, String, String, Uuid)> = scope
            .optional(
                "SELECT name, media_type, hash, organisation_id FROM document_versions WHERE document_id = $1 AND number = $2 AND commit_id IS NULL",
                args![id, version],
            )
            .await?;
        let (name, media_type, hash, organisation) = row.ok_or(Error::NotFound("file"))?;
        Ok((name, media_type, self.files.open(organisation.into(), &hash).await?))
    }
}
