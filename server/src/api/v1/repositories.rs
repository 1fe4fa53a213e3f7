//! Git repositories that agents answer from.

use crate::api::body::{ApiJson, ApiPath, ApiQuery, present, too_large};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, listing};
use crate::api::time::iso;
use crate::api::version::{IfMatch, Versioned};
use crate::web::App;
use atrium::ids::{BaseId, RepositoryId};
use atrium::knowledge::{
    EVERY_MAX, EVERY_MIN, Repository as Known, RepositoryChange as Change, RepositoryForm, SourceFile as KnownFile,
    Tree as KnownTree,
};
use atrium_domain::knowledge::repositories::Signature;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A git repository of a knowledge base.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "base_id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "url": "https://example.org/tides.git",
    "branch": "main", "username": "", "has_token": false, "every_minutes": 60, "state": "done", "reason": "", "progress": 812, "total": 812,
    "commit": "6f1c2a9e0d4b7f3385a1e2c4d6f8091a2b3c4d5e", "commit_message": "Tables for 2027", "committed_at": "2026-01-31T11:00:00Z",
    "fetched_at": "2026-01-31T12:00:00Z", "document_count": 812, "skipped": { "binary": 14, "vendored": 230 }, "can_change": true,
    "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z"
}))]
pub struct Repository {
    id: Uuid,
    /// The knowledge base that has its files.
    base_id: Uuid,
    url: String,
    /// Empty for the default branch of its server.
    branch: String,
    /// As whom it is fetched; empty for nobody in particular.
    username: String,
    /// Whether a token is kept for it. The token itself is never shown.
    has_token: bool,
    /// Minutes after which it is fetched again by itself; `null` for never.
    every_minutes: Option<i64>,
    /// `queued`, `running`, `paused`, `failed` or `done`.
    #[schema(value_type = String)]
    state: &'static str,
    /// Why fetching failed or is tried again; empty otherwise.
    reason: String,
    /// While it is fetched, bytes received; while it is indexed, files done,
    progress: i64,
    /// of so many; 0 while it is fetched.
    total: i64,
    /// The commit that is indexed.
    commit: Option<String>,
    /// The first line of what it says.
    commit_message: String,
    #[schema(format = DateTime)]
    committed_at: Option<String>,
    /// When it was last asked whether there is anything new.
    #[schema(format = DateTime)]
    fetched_at: Option<String>,
    /// Files that are documents of the base.
    document_count: i64,
    /// Files that are not, by reason: `binary`, `empty`, `generated`, `lfs_pointer`, `lock_file`, `name_unreadable`, `submodule`,
    /// `symlink`, `too_large`, `vendored`.
    skipped: BTreeMap<String, i64>,
    /// Whether one may change it and take it out.
    can_change: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Known> for Repository {
    fn from(it: Known) -> Self {
        Self {
            id: it.id.0,
            base_id: it.base.0,
            url: it.url,
            branch: it.branch,
            username: it.username,
            has_token: it.has_token,
            every_minutes: it.every_minutes,
            state: it.work.state.as_str(),
            reason: it.work.reason,
            progress: it.progress,
            total: it.total,
            commit: it.commit,
            commit_message: it.commit_message,
            committed_at: it.committed_at.map(iso),
            fetched_at: it.fetched_at.map(iso),
            document_count: it.document_count,
            skipped: it.skipped.into_iter().map(|it| (it.reason, it.count)).collect(),
            can_change: it.can_change,
            created_at: iso(it.created_at),
            updated_at: iso(it.updated_at),
        }
    }
}

/// A repository that was just taken in.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddedRepository {
    #[serde(flatten)]
    repository: Repository,
    /// The secret of its webhook. It is shown this once.
    webhook_secret: String,
}

/// A repository to take in.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "url": "https://example.org/tides.git", "branch": "main", "every_minutes": 60 }))]
pub struct NewRepository {
    /// `https://…`; for superusers also `file://…` below the folder that the server's settings name.
    #[schema(max_length = 2000)]
    url: String,
    /// The server's default branch when left out.
    #[serde(default)]
    #[schema(required = false)]
    branch: String,
    /// For a token most servers take any name.
    #[serde(default)]
    #[schema(required = false)]
    username: String,
    /// A password or access token; kept sealed, sent to this host alone.
    #[serde(default)]
    #[schema(required = false, format = Password)]
    token: String,
    /// Minutes after which it is fetched again by itself, 5 to 43,200.
    #[serde(default)]
    #[schema(required = false, minimum = 5, maximum = 43200)]
    every_minutes: Option<i64>,
}

const _: () = assert!(EVERY_MIN == 5 && EVERY_MAX == 43_200, "the description says so");

/// What to change; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(example = json!({ "every_minutes": 1440 }))]
pub struct RepositoryChange {
    /// Empty for the server's default branch.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    branch: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    username: Option<String>,
    /// Empty to forget it.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, format = Password)]
    token: Option<String>,
    /// `null` for never.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<i64>, required = false, minimum = 5, maximum = 43200)]
    every_minutes: Option<Option<i64>>,
}

/// A folder or file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PathQuery {
    /// From the topmost folder, with `/` between names; the topmost folder itself is empty.
    #[param(required = false, example = "src/main.rs")]
    path: String,
}

/// A folder of a repository.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "commit": "6f1c2a9e0d4b7f3385a1e2c4d6f8091a2b3c4d5e", "path": "src",
    "entries": [{ "name": "main.rs", "path": "src/main.rs", "kind": "file", "size": 812 }]
}))]
pub struct RepositoryTree {
    commit: String,
    path: String,
    /// Folders first, by name.
    entries: Vec<RepositoryEntry>,
}

/// A line of a folder's list.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepositoryEntry {
    name: String,
    path: String,
    /// `file`, `folder`, `symlink` or `submodule`.
    kind: String,
    /// Bytes; 0 for folders and submodules.
    size: i64,
}

impl From<KnownTree> for RepositoryTree {
    fn from(it: KnownTree) -> Self {
        let entries = it.entries.into_iter();
        let entries = entries.map(|it| RepositoryEntry { name: it.name, path: it.path, kind: it.kind, size: it.size });
        Self { commit: it.commit, path: it.path, entries: entries.collect() }
    }
}

/// A file of a repository.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "commit": "6f1c2a9e0d4b7f3385a1e2c4d6f8091a2b3c4d5e", "path": "src/main.rs", "kind": "file", "size": 13, "language": "Rust",
    "text": "fn main() {}\n", "html": "<span class=\"hl-storage hl-type\">fn</span> main() {}\n",
    "document_id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "skipped": null
}))]
pub struct RepositoryFile {
    commit: String,
    path: String,
    /// `file`, or `symlink`, whose text is where it leads.
    kind: String,
    /// Bytes.
    size: i64,
    /// What it is written in, if its name says so.
    language: Option<String>,
    /// `null` where it is no text, or has more than 1 MB.
    text: Option<String>,
    /// The same, escaped and highlighted.
    html: Option<String>,
    /// The document that it is.
    document_id: Option<Uuid>,
    /// Why it is none.
    skipped: Option<String>,
}

impl From<KnownFile> for RepositoryFile {
    fn from(it: KnownFile) -> Self {
        Self {
            commit: it.commit,
            path: it.path,
            kind: it.kind,
            size: it.size,
            language: it.language,
            text: it.text,
            html: it.html,
            document_id: it.document.map(Into::into),
            skipped: it.skipped,
        }
    }
}

fn versioned(status: StatusCode, it: Known) -> Versioned<Repository> {
    Versioned(status, it.updated_at, it.into())
}

/// List the repositories of a knowledge base
#[utoipa::path(get, path = "/api/v1/knowledge/{id}/repositories", tag = "Repositories", params(("id" = Uuid, Path), ListQuery), responses((status = 200, description = "A page, by address", body = Listing<Repository>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiPath(base): ApiPath<BaseId>,
    ApiQuery(query): ApiQuery<ListQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<Repository>>> {
    let request = query.page()?;
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let page = app.atrium.knowledge.repositories(scope, base, request).await?;
    Ok(Json(listing(&app, &parts, request, page.map(Repository::from))))
}

/// Take a repository into a knowledge base
///
/// It is fetched and indexed behind the scenes: follow its `state`. The reply alone holds the secret of its webhook.
#[utoipa::path(post, path = "/api/v1/knowledge/{id}/repositories", tag = "Repositories", params(("id" = Uuid, Path)), request_body = NewRepository, responses((status = 201, description = "Taken in", body = AddedRepository)))]
pub async fn add(
    State(app): State<App>,
    caller: Caller,
    ApiPath(base): ApiPath<BaseId>,
    ApiJson(new): ApiJson<NewRepository>,
) -> ApiResult<Versioned<AddedRepository>> {
    let form = RepositoryForm {
        url: new.url,
        branch: new.branch,
        username: new.username,
        token: new.token,
        every_minutes: new.every_minutes,
    };
    let (made, webhook_secret) = app.atrium.knowledge.add_repository(caller.actor(), base, &form).await?;
    let version = made.updated_at;
    Ok(Versioned(StatusCode::CREATED, version, AddedRepository { repository: made.into(), webhook_secret }))
}

/// Get a repository
#[utoipa::path(get, path = "/api/v1/repositories/{id}", tag = "Repositories", params(("id" = Uuid, Path)), responses((status = 200, description = "The repository", body = Repository, headers(("ETag" = String, description = "The version")))))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<RepositoryId>,
) -> ApiResult<Versioned<Repository>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    Ok(versioned(StatusCode::OK, app.atrium.knowledge.repository(scope, id).await?))
}

/// Change how a repository is fetched
///
/// Another branch or token has it fetched at once.
#[utoipa::path(patch, path = "/api/v1/repositories/{id}", tag = "Repositories", params(("id" = Uuid, Path)), request_body = RepositoryChange, responses((status = 200, description = "Changed", body = Repository, headers(("ETag" = String, description = "The version")))))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<RepositoryId>,
    seen: IfMatch,
    ApiJson(body): ApiJson<RepositoryChange>,
) -> ApiResult<Versioned<Repository>> {
    let change =
        Change { branch: body.branch, username: body.username, token: body.token, every_minutes: body.every_minutes };
    let changed = app.atrium.knowledge.change_repository(caller.actor(), id, &change, seen.0).await;
    Ok(versioned(StatusCode::OK, changed.map_err(|it| seen.refuse(it))?))
}

/// Take a repository out
///
/// With its documents and all that was made of them.
#[utoipa::path(delete, path = "/api/v1/repositories/{id}", tag = "Repositories", params(("id" = Uuid, Path)), responses((status = 204, description = "Taken out")))]
pub async fn remove(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<RepositoryId>,
) -> ApiResult<StatusCode> {
    app.atrium.knowledge.remove_repository(caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fetch a repository now
#[utoipa::path(post, path = "/api/v1/repositories/{id}/fetch", tag = "Repositories", params(("id" = Uuid, Path)), responses((status = 202, description = "Asked for", body = Repository)))]
pub async fn fetch(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<RepositoryId>,
) -> ApiResult<Versioned<Repository>> {
    Ok(versioned(StatusCode::ACCEPTED, app.atrium.knowledge.fetch_now(caller.actor(), id).await?))
}

/// List a folder of a repository
///
/// As of the commit that is indexed. Before the first fetch it is refused with 409, `not_fetched`.
#[utoipa::path(get, path = "/api/v1/repositories/{id}/tree", tag = "Repositories", params(("id" = Uuid, Path), PathQuery), responses((status = 200, description = "What stands in it", body = RepositoryTree)))]
pub async fn tree(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<RepositoryId>,
    ApiQuery(query): ApiQuery<PathQuery>,
) -> ApiResult<Json<RepositoryTree>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    Ok(Json(app.atrium.knowledge.tree(scope, id, &query.path).await?.into()))
}

/// Get a file of a repository
///
/// As of the commit that is indexed. Before the first fetch it is refused with 409, `not_fetched`.
#[utoipa::path(get, path = "/api/v1/repositories/{id}/file", tag = "Repositories", params(("id" = Uuid, Path), PathQuery), responses((status = 200, description = "The file", body = RepositoryFile)))]
pub async fn file(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<RepositoryId>,
    ApiQuery(query): ApiQuery<PathQuery>,
) -> ApiResult<Json<RepositoryFile>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    Ok(Json(app.atrium.knowledge.source_file(scope, id, &query.path).await?.into()))
}

/// The secret, or what was made with it, wherever the caller puts it.
fn signature(headers: &HeaderMap) -> Option<Signature<'_>> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    if let Some(signature) = text("x-hub-signature-256") {
        return Some(Signature::OfBody(signature));
    }
    let bearer = || text(AUTHORIZATION.as_str())?.strip_prefix("Bearer ");
    text("x-gitlab-token").or_else(bearer).map(Signature::Plain)
}

/// Ask for a fetch from outside
///
/// For the webhooks of a git server: GitHub's and Gitea's (`X-Hub-Signature-256`), GitLab's (`X-Gitlab-Token`), or any
/// other caller with the secret as a bearer token. What the body says is of no account. Without the secret the repository
/// does not exist.
#[utoipa::path(post, path = "/api/v1/repositories/{id}/webhook", tag = "Repositories", params(("id" = Uuid, Path)), request_body(content = serde_json::Value, description = "Whatever the git server says"), security(()), responses((status = 202, description = "Asked for")))]
pub async fn webhook(
    State(app): State<App>,
    ApiPath(id): ApiPath<RepositoryId>,
    request: Request,
) -> ApiResult<StatusCode> {
    let headers = request.headers().clone();
    let body = Bytes::from_request(request, &()).await.map_err(|_| too_large())?;
    app.atrium.knowledge.called(id, signature(&headers), &body).await?;
    Ok(StatusCode::ACCEPTED)
}
