//! Documents: what there is, how far each is, what it said in each of its versions.

use crate::api::body::{ApiPath, ApiQuery};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, listing};
use crate::api::time::iso;
use crate::web::{App, attachment};
use atrium::ids::{BaseId, DocumentId};
use atrium::knowledge::{Document as Known, Place as KnownPlace, Version as KnownVersion};
use atrium_domain::knowledge::documents::{self, DocumentFilter};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A document of a base.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "base_id": "0190d3b8-0000-7c3e-9f10-2a4b6c8d0e1f", "repository_id": null,
    "name": "tides.pdf", "title": "Tide tables", "source": "upload", "source_url": null, "kind": "pdf", "language": "en",
    "state": "ready", "reason": "", "version": 2, "size": 48211, "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "commit": null, "notes": ["Page 7 has no text."], "piece_count": 34, "embedded_count": 34, "summary": "Tables of the tides.",
    "key_points": ["A tide comes every twelve hours."], "summary_by": "extract", "created_by": "0190d3b8-1111-7c3e-9f10-2a4b6c8d0e1f",
    "created_by_name": "Ada", "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z"
}))]
pub struct Document {
    id: Uuid,
    /// The base that it is in.
    base_id: Uuid,
    /// The repository that it is a file of.
    repository_id: Option<Uuid>,
    /// The file's name, or its path in the repository.
    name: String,
    /// What it calls itself, else its name.
    title: String,
    /// `upload`, `url` or `repository`.
    source: String,
    /// Where it was fetched from.
    source_url: Option<String>,
    /// `pdf`, `markdown`, …; `null` until it was read.
    kind: Option<String>,
    /// ISO 639-1; `null` when nobody knows.
    language: Option<String>,
    #[schema(value_type = DocumentStateName)]
    state: &'static str,
    /// Why it failed; empty otherwise.
    reason: String,
    /// Counts from 1, with every file that takes the place of the one before.
    version: i64,
    /// Bytes of the newest version.
    size: i64,
    /// SHA-256 of the newest version, as hexadecimal digits.
    hash: String,
    /// Of a repository's file, where it comes from.
    commit: Option<String>,
    /// What was noticed when it was read.
    notes: Vec<String>,
    /// Pieces that are found by their words.
    piece_count: i64,
    /// Pieces that are found by their meaning as well.
    embedded_count: i64,
    /// What it is about; empty until it was read.
    summary: String,
    /// What it says, one sentence each.
    key_points: Vec<String>,
    /// The model that wrote both, else `extract`: they are sentences of the document.
    summary_by: String,
    created_by: Uuid,
    created_by_name: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// In the queue; being read; found by its words; found by its meaning as well; it could not be read.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "words of the description")]
pub enum DocumentStateName {
    Waiting,
    Reading,
    Searchable,
    Ready,
    Failed,
}

/// As lists are narrowed: what was read is searchable or ready.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReadingState {
    Waiting,
    Reading,
    Read,
    Failed,
}

impl ReadingState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Reading => "reading",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }
}

/// Which documents.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct DocumentQuery {
    /// Only those that are so far. What was `read` is searchable or ready.
    #[param(inline, required = false)]
    state: Option<ReadingState>,
}

/// Which version.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct VersionQuery {
    /// The newest, unless another one is named.
    #[param(minimum = 1, required = false)]
    version: Option<i64>,
}

/// What a document said at a time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "number": 2, "name": "tides.pdf", "size": 48211, "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "commit": null, "created_at": "2026-01-31T12:00:00Z"
}))]
pub struct DocumentVersion {
    number: i64,
    /// The file's name then.
    name: String,
    size: i64,
    hash: String,
    commit: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// Where in a document something stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "start": 9, "end": 31, "page": null, "headings": ["Tides"], "first_line": 3, "last_line": 3 }))]
pub struct Place {
    /// Byte of the version's text at which it begins,
    start: i64,
    /// and before which it ends.
    end: i64,
    /// Page, of documents that have pages.
    page: Option<i64>,
    /// The headings above it, outermost first.
    headings: Vec<String>,
    /// Line at which it begins, from 1.
    first_line: i64,
    /// Line at which it ends.
    last_line: i64,
}

/// A file, as it was brought.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "a word of the description")]
pub struct DocumentFile(Vec<u8>);

impl From<Known> for Document {
    fn from(it: Known) -> Self {
        let filled = |it: String| Some(it).filter(|it| !it.is_empty());
        Self {
            id: it.id.0,
            base_id: it.base.0,
            repository_id: it.repository.map(Into::into),
            name: it.name,
            title: it.title,
            source: it.source,
            source_url: filled(it.source_url),
            kind: filled(it.kind),
            language: filled(it.language),
            state: it.state.as_str(),
            reason: it.reason,
            version: it.version,
            size: it.size,
            hash: it.hash,
            commit: it.commit,
            notes: it.notes,
            piece_count: it.piece_count,
            embedded_count: it.embedded_count,
            summary: it.summary,
            key_points: it.key_points,
            summary_by: it.summary_by,
            created_by: it.created_by.0,
            created_by_name: it.created_by_name,
            created_at: iso(it.created_at),
            updated_at: iso(it.updated_at),
        }
    }
}

impl From<KnownVersion> for DocumentVersion {
    fn from(it: KnownVersion) -> Self {
        Self {
            number: it.number,
            name: it.name,
            size: it.size,
            hash: it.hash,
            commit: it.commit,
            created_at: iso(it.created_at),
        }
    }
}

impl From<KnownPlace> for Place {
    fn from(it: KnownPlace) -> Self {
        Self {
            start: it.start,
            end: it.end,
            page: it.page,
            headings: it.headings,
            first_line: it.first_line,
            last_line: it.last_line,
        }
    }
}

/// List the documents of a base
#[utoipa::path(get, path = "/api/v1/knowledge/{id}/documents", tag = "Knowledge", operation_id = "documents", params(("id" = Uuid, Path), ListQuery, DocumentQuery), responses((status = 200, description = "A page, those changed last first", body = Listing<Document>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<BaseId>,
    ApiQuery(query): ApiQuery<ListQuery>,
    ApiQuery(within): ApiQuery<DocumentQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<Document>>> {
    let request = query.page()?;
    let filter = DocumentFilter { search: query.search.as_deref(), state: within.state.map(ReadingState::as_str) };
    let page = documents::page(app.atrium.store.as_viewer(&caller.viewer), id, filter, request).await?;
    Ok(Json(listing(&app, &parts, request, page.map(Document::from))))
}

/// Get a document
#[utoipa::path(get, path = "/api/v1/documents/{id}", tag = "Knowledge", operation_id = "document", params(("id" = Uuid, Path)), responses((status = 200, description = "The document, and how far it is", body = Document)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<DocumentId>,
) -> ApiResult<Json<Document>> {
    Ok(Json(documents::get(app.atrium.store.as_viewer(&caller.viewer), id).await?.into()))
}

/// Delete a document
///
/// For good: every version, piece, vector and quotation of it, and the file, unless another document is the same.
#[utoipa::path(delete, path = "/api/v1/documents/{id}", tag = "Knowledge", operation_id = "delete_document", params(("id" = Uuid, Path)), responses((status = 204, description = "Deleted")))]
pub async fn delete(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<DocumentId>) -> ApiResult<StatusCode> {
    app.atrium.knowledge.delete_document(caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the versions of a document
#[utoipa::path(get, path = "/api/v1/documents/{id}/versions", tag = "Knowledge", operation_id = "versions", params(("id" = Uuid, Path)), responses((status = 200, description = "All of them, newest first", body = [DocumentVersion])))]
pub async fn versions(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<DocumentId>,
) -> ApiResult<Json<Vec<DocumentVersion>>> {
    let versions = documents::versions(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    Ok(Json(versions.into_iter().map(Into::into).collect()))
}

/// Get the text of a document
///
/// As it was read: places name bytes of it. There is none until the version was read.
#[utoipa::path(get, path = "/api/v1/documents/{id}/text", tag = "Knowledge", operation_id = "text", params(("id" = Uuid, Path), VersionQuery), responses((status = 200, description = "The text", content_type = "text/plain", body = String)))]
pub async fn text(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<DocumentId>,
    ApiQuery(query): ApiQuery<VersionQuery>,
) -> ApiResult<Response> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let version = match query.version {
        Some(version) => version,
        None => documents::get(scope, id).await?.version,
    };
    let text = documents::text(scope, id, version).await?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

/// Get the file of a document
///
/// As it was brought, to be saved and not shown. A repository's files are not kept here.
#[utoipa::path(get, path = "/api/v1/documents/{id}/file", tag = "Knowledge", operation_id = "file", params(("id" = Uuid, Path), VersionQuery), responses((status = 200, description = "The file", content_type = "application/octet-stream", body = inline(DocumentFile), headers(("Content-Disposition" = String, description = "What it is called")))))]
pub async fn file(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<DocumentId>,
    ApiQuery(query): ApiQuery<VersionQuery>,
) -> ApiResult<Response> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let version = match query.version {
        Some(version) => version,
        None => documents::get(scope, id).await?.version,
    };
    let (name, _, bytes) = app.atrium.knowledge.file(scope, id, version).await?;
    let mut response = Body::from_stream(bytes).into_response();
    let headers = response.headers_mut();
    // What its sender said that it is counts for nothing: it came from somebody, and this is where others are signed in.
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    if let Ok(value) = HeaderValue::from_str(&attachment(&name)) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// Read a document again
///
/// One that failed, for example.
#[utoipa::path(post, path = "/api/v1/documents/{id}/read", tag = "Knowledge", operation_id = "read_again", params(("id" = Uuid, Path)), responses((status = 202, description = "It waits to be read", body = Document)))]
pub async fn read_again(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<DocumentId>,
) -> ApiResult<(StatusCode, Json<Document>)> {
    app.atrium.knowledge.read_again(&caller.viewer, id).await?;
    let document = documents::get(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    Ok((StatusCode::ACCEPTED, Json(document.into())))
}
