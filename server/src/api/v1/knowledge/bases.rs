//! Bases: who may, is theirs or their project's to say.

use crate::api::body::{ApiJson, ApiPath, ApiQuery, present};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, listing};
use crate::api::time::iso;
use crate::api::version::{IfMatch, Versioned};
use crate::web::App;
use atrium::ids::BaseId;
use atrium::knowledge::{Base as Known, BaseForm, Work as KnownWork};
use atrium_domain::Error;
use atrium_domain::knowledge::bases::{self, BaseFilter};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A knowledge base.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "name": "Tides", "description": "Tables and papers", "project_id": null,
    "project_name": null, "owner_id": "0190d3b8-0000-7c3e-9f10-2a4b6c8d0e1f", "can_change": true, "can_manage": true,
    "document_count": 12, "waiting_count": 1, "failed_count": 0, "piece_count": 340, "embedded_count": 320,
    "encoder": "local/all-MiniLM-L6-v2", "next_encoder": null, "next_embedded_count": 0, "embedding": { "state": "running", "reason": "" },
    "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z"
}))]
pub struct KnowledgeBase {
    id: Uuid,
    /// Unique among those of its project or person.
    name: String,
    description: String,
    /// The project that it belongs to; else it is a person's own.
    project_id: Option<Uuid>,
    project_name: Option<String>,
    /// Whose own it is.
    owner_id: Option<Uuid>,
    /// Whether one may put documents in and take them out.
    can_change: bool,
    /// Whether one may rename and delete it.
    can_manage: bool,
    document_count: i64,
    /// Documents that are still to be read.
    waiting_count: i64,
    /// Documents that could not be read.
    failed_count: i64,
    /// Pieces that are found by their words.
    piece_count: i64,
    /// Pieces that are found by their meaning as well.
    embedded_count: i64,
    /// The model whose vectors are searched, as `provider/model`.
    encoder: String,
    /// The model that is to take its place once it has read every piece.
    next_encoder: Option<String>,
    /// Pieces that it has read.
    next_embedded_count: i64,
    embedding: Embedding,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// How the making of vectors stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "state": "paused", "reason": "" }))]
pub struct Embedding {
    #[schema(value_type = EmbeddingState)]
    state: &'static str,
    /// Why it failed or is tried again; empty otherwise.
    reason: String,
}

/// Nothing is to do; it waits for its turn; somebody is at it; somebody has it rest; it was given up.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "words of the description")]
pub enum EmbeddingState {
    Done,
    Queued,
    Running,
    Paused,
    Failed,
}

/// What the making of vectors is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WantedState {
    Running,
    Paused,
}

/// Has it rest or go on, or another model make the vectors; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(example = json!({ "state": "paused" }))]
pub struct EmbeddingChange {
    #[serde(deserialize_with = "present")]
    #[schema(value_type = WantedState, required = false)]
    state: Option<WantedState>,
    /// `local/all-MiniLM-L6-v2`, or a model of a provider that this server has: `openai/…`, `ollama/…` or `gemini/…`. For
    /// whoever manages the base.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 200)]
    encoder: Option<String>,
}

/// A base to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "name": "Tides", "description": "Tables and papers" }))]
pub struct NewKnowledgeBase {
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    #[serde(default)]
    #[schema(required = false, max_length = 2000)]
    description: String,
    /// The project that it is for; else it is one's own.
    #[serde(default)]
    #[schema(required = false)]
    project_id: Option<Uuid>,
}

/// What to change; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(example = json!({ "description": "Tables for 2027" }))]
pub struct KnowledgeBaseChange {
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 120)]
    name: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 2000)]
    description: Option<String>,
}

/// Which bases.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct BaseQuery {
    /// Only those of this project.
    #[param(required = false)]
    project_id: Option<Uuid>,
}

impl From<KnownWork> for Embedding {
    fn from(it: KnownWork) -> Self {
        Self { state: it.state.as_str(), reason: it.reason }
    }
}

impl From<Known> for KnowledgeBase {
    fn from(it: Known) -> Self {
        Self {
            id: it.id.0,
            name: it.name,
            description: it.description,
            project_id: it.project.map(Into::into),
            project_name: it.project_name,
            owner_id: it.owner.map(Into::into),
            can_change: it.can_change,
            can_manage: it.can_manage,
            document_count: it.document_count,
            waiting_count: it.waiting_count,
            failed_count: it.failed_count,
            piece_count: it.piece_count,
            embedded_count: it.embedded_count,
            encoder: it.encoder,
            next_encoder: it.next_encoder,
            next_embedded_count: it.next_count,
            embedding: it.embedding.into(),
            created_at: iso(it.created_at),
            updated_at: iso(it.updated_at),
        }
    }
}

fn versioned(status: StatusCode, it: Known) -> Versioned<KnowledgeBase> {
    Versioned(status, it.updated_at, it.into())
}

/// List knowledge bases
///
/// One's own, and those of one's projects.
#[utoipa::path(get, path = "/api/v1/knowledge", tag = "Knowledge", operation_id = "list", params(ListQuery, BaseQuery), responses((status = 200, description = "A page, by name", body = Listing<KnowledgeBase>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
    ApiQuery(within): ApiQuery<BaseQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<KnowledgeBase>>> {
    let request = query.page()?;
    let filter = BaseFilter { search: query.search.as_deref(), project: within.project_id.map(Into::into) };
    let page = bases::page(app.atrium.store.as_viewer(&caller.viewer), filter, request).await?;
    Ok(Json(listing(&app, &parts, request, page.map(KnowledgeBase::from))))
}

/// Make a knowledge base
///
/// One's own, or a project's in which one works.
#[utoipa::path(post, path = "/api/v1/knowledge", tag = "Knowledge", operation_id = "create", request_body = NewKnowledgeBase, responses((status = 201, description = "Made", body = KnowledgeBase, headers(("ETag" = String, description = "The version"))), (status = 404, description = "There is no such project.", body = crate::api::error::Problem)))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewKnowledgeBase>,
) -> ApiResult<Versioned<KnowledgeBase>> {
    let form = BaseForm { name: new.name, description: new.description };
    let project = new.project_id.map(Into::into);
    let made = bases::create(&app.atrium.store, &app.atrium.ports, caller.actor(), project, &form).await?;
    Ok(versioned(StatusCode::CREATED, made))
}

/// Get a knowledge base
#[utoipa::path(get, path = "/api/v1/knowledge/{id}", tag = "Knowledge", operation_id = "get", params(("id" = Uuid, Path)), responses((status = 200, description = "The base, and how far it is", body = KnowledgeBase, headers(("ETag" = String, description = "The version")))))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<BaseId>,
) -> ApiResult<Versioned<KnowledgeBase>> {
    Ok(versioned(StatusCode::OK, bases::get(app.atrium.store.as_viewer(&caller.viewer), id).await?))
}

/// Change a knowledge base
#[utoipa::path(patch, path = "/api/v1/knowledge/{id}", tag = "Knowledge", operation_id = "change", params(("id" = Uuid, Path)), request_body = KnowledgeBaseChange, responses((status = 200, description = "Changed", body = KnowledgeBase, headers(("ETag" = String, description = "The version")))))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<BaseId>,
    version: IfMatch,
    ApiJson(change): ApiJson<KnowledgeBaseChange>,
) -> ApiResult<Versioned<KnowledgeBase>> {
    let atrium = &app.atrium;
    let current = bases::get(atrium.store.as_viewer(&caller.viewer), id).await?;
    let form = BaseForm {
        name: change.name.unwrap_or(current.name),
        description: change.description.unwrap_or(current.description),
    };
    let seen = version.0.unwrap_or(current.updated_at);
    let changed = bases::change(&atrium.store, &atrium.ports, caller.actor(), id, &form, Some(seen)).await;
    Ok(versioned(StatusCode::OK, changed.map_err(|error| version.refuse(error))?))
}

/// Delete a knowledge base
///
/// For good, with every document, piece and vector in it.
#[utoipa::path(delete, path = "/api/v1/knowledge/{id}", tag = "Knowledge", operation_id = "delete", params(("id" = Uuid, Path)), responses((status = 204, description = "Deleted")))]
pub async fn delete(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<BaseId>) -> ApiResult<StatusCode> {
    app.atrium.knowledge.delete_base(caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Pause or resume the making of vectors, or change the model
///
/// Meanwhile documents are found by their words. What was given up is tried again when it is set running. Another model's
/// vectors are made beside those that are there, which are searched until the new ones are complete; it is tried once
/// before anything changes.
#[utoipa::path(put, path = "/api/v1/knowledge/{id}/embedding", tag = "Knowledge", operation_id = "set_embedding", params(("id" = Uuid, Path)), request_body = EmbeddingChange, responses((status = 200, description = "How it stands now", body = Embedding)))]
pub async fn set_embedding(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<BaseId>,
    ApiJson(change): ApiJson<EmbeddingChange>,
) -> ApiResult<Json<Embedding>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    if change.state.is_none() && change.encoder.is_none() {
        return Err(Error::field("state", "Say what to change: state, or encoder.").into());
    }
    if let Some(encoder) = &change.encoder {
        app.atrium.knowledge.change_encoder(caller.actor(), id, encoder).await?;
    }
    if let Some(state) = change.state {
        app.atrium.knowledge.pause_embedding(scope, id, state == WantedState::Paused).await?;
    }
    Ok(Json(bases::get(scope, id).await?.embedding.into()))
}
