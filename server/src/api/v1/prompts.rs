//! Prompts that people keep, with variables to be filled in.

use crate::api::body::{ApiJson, ApiPath, ApiQuery, present};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, listing};
use crate::api::time::iso;
use crate::api::version::{IfMatch, Versioned};
use crate::web::App;
use atrium::ids::PromptId;
use atrium::prompts::{Prompt as Known, PromptForm, SharedWith as KnownSharing, Variable, variables};
use atrium_domain::prompts;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// A prompt.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "name": "Reply to a harbour", "shortcut": "reply", "description": "Short and kind",
    "text": "Reply to {{harbour}}, {{tone|friendly|formal}}.",
    "variables": [{ "name": "harbour", "default": null, "choices": [] }, { "name": "tone", "default": "friendly", "choices": ["friendly", "formal"] }],
    "shared_with": "nobody", "project_id": null, "project_name": null, "owner_id": "0190d3b8-0000-7c3e-9f10-2a4b6c8d0e1f",
    "owner_name": "Ada", "can_change": true, "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z"
}))]
pub struct Prompt {
    id: Uuid,
    /// Unique among those of its owner.
    name: String,
    /// A word to find it by, unique among those of its owner; empty for none.
    shortcut: String,
    description: String,
    /// With its variables: `{{topic}}`, with a default `{{tone|friendly}}`, with choices `{{tone|friendly|formal}}`.
    text: String,
    /// Those of the text, in order.
    variables: Vec<PromptVariable>,
    shared_with: SharedWith,
    /// The project that it is shared with.
    project_id: Option<Uuid>,
    project_name: Option<String>,
    /// Whoever made it.
    owner_id: Uuid,
    owner_name: String,
    /// Whether one may change and delete it.
    can_change: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Something to be filled in.
#[derive(Debug, Serialize, ToSchema)]
pub struct PromptVariable {
    name: String,
    /// What stands there if nothing else is given.
    default: Option<String>,
    /// What there is to choose from; anything at all where it is empty.
    choices: Vec<String>,
}

/// Who sees a prompt besides whoever made it.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SharedWith {
    #[default]
    Nobody,
    Project,
    Organisation,
}

/// A prompt to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "name": "Reply to a harbour", "text": "Reply to {{harbour}}, {{tone|friendly|formal}}.", "shortcut": "reply" }))]
pub struct NewPrompt {
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// At most 64 kB and 40 variables.
    #[schema(min_length = 1, max_length = 65536)]
    text: String,
    #[serde(default)]
    #[schema(required = false, max_length = 500)]
    description: String,
    /// One word.
    #[serde(default)]
    #[schema(required = false, max_length = 40)]
    shortcut: String,
    #[serde(default)]
    #[schema(required = false)]
    shared_with: SharedWith,
    /// For `project`: which.
    #[serde(default)]
    #[schema(required = false)]
    project_id: Option<Uuid>,
}

/// What to change; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(example = json!({ "text": "Reply to {{harbour}}, briefly." }))]
pub struct PromptChange {
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 120)]
    name: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 65536)]
    text: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 500)]
    description: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 40)]
    shortcut: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = SharedWith, required = false)]
    shared_with: Option<SharedWith>,
    /// For `project`: which.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Uuid, required = false)]
    project_id: Option<Uuid>,
}

/// What to fill in.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = json!({ "values": { "harbour": "Brest" } }))]
pub struct PromptValues {
    /// By the variables' names. What is left out is its default.
    #[serde(default)]
    #[schema(required = false)]
    values: BTreeMap<String, String>,
}

/// A prompt, filled in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "text": "Reply to Brest, friendly." }))]
pub struct RenderedPrompt {
    /// As it can be sent.
    text: String,
}

impl From<KnownSharing> for SharedWith {
    fn from(it: KnownSharing) -> Self {
        match it {
            KnownSharing::Nobody => Self::Nobody,
            KnownSharing::Project => Self::Project,
            KnownSharing::Organisation => Self::Organisation,
        }
    }
}

impl From<SharedWith> for KnownSharing {
    fn from(it: SharedWith) -> Self {
        match it {
            SharedWith::Nobody => Self::Nobody,
            SharedWith::Project => Self::Project,
            SharedWith::Organisation => Self::Organisation,
        }
    }
}

impl From<Variable> for PromptVariable {
    fn from(it: Variable) -> Self {
        Self { name: it.name, default: it.default, choices: it.choices }
    }
}

impl From<Known> for Prompt {
    fn from(it: Known) -> Self {
        Self {
            id: it.id.0,
            name: it.name,
            shortcut: it.shortcut,
            description: it.description,
            variables: variables(&it.text).into_iter().map(Into::into).collect(),
            text: it.text,
            shared_with: it.shared_with.into(),
            project_id: it.project.map(|it| it.0),
            project_name: it.project_name,
            owner_id: it.owner.0,
            owner_name: it.owner_name,
            can_change: it.can_change,
            created_at: iso(it.created_at),
            updated_at: iso(it.updated_at),
        }
    }
}

fn versioned(status: StatusCode, it: Known) -> Versioned<Prompt> {
    Versioned(status, it.updated_at, it.into())
}

/// List prompts
///
/// One's own, those of one's projects and of the organisation; `search` looks at name, shortcut and description.
#[utoipa::path(get, path = "/api/v1/prompts", tag = "Prompts", params(ListQuery), responses((status = 200, description = "A page, by name", body = Listing<Prompt>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<Prompt>>> {
    let request = query.page()?;
    let page = prompts::page(app.atrium.store.as_viewer(&caller.viewer), request, query.search.as_deref()).await?;
    Ok(Json(listing(&app, &parts, request, page.map(Prompt::from))))
}

/// Make a prompt
///
/// To share it with a project one works there; with the organisation, administrators and managers share.
#[utoipa::path(post, path = "/api/v1/prompts", tag = "Prompts", request_body = NewPrompt, responses((status = 201, description = "Made", body = Prompt, headers(("ETag" = String, description = "The version")))))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewPrompt>,
) -> ApiResult<Versioned<Prompt>> {
    let form = PromptForm {
        name: new.name,
        shortcut: new.shortcut,
        description: new.description,
        text: new.text,
        shared_with: new.shared_with.into(),
        project: new.project_id.map(Into::into),
    };
    let made = prompts::create(&app.atrium.store, &app.atrium.ports, caller.actor(), &form).await?;
    Ok(versioned(StatusCode::CREATED, made))
}

/// Get a prompt
#[utoipa::path(get, path = "/api/v1/prompts/{id}", tag = "Prompts", params(("id" = Uuid, Path)), responses((status = 200, description = "The prompt", body = Prompt, headers(("ETag" = String, description = "The version")))))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<PromptId>,
) -> ApiResult<Versioned<Prompt>> {
    Ok(versioned(StatusCode::OK, prompts::get(app.atrium.store.as_viewer(&caller.viewer), id).await?))
}

/// Change a prompt
///
/// One's own; those of a project also by its managers, those of the organisation by its administrators and managers.
#[utoipa::path(patch, path = "/api/v1/prompts/{id}", tag = "Prompts", params(("id" = Uuid, Path)), request_body = PromptChange, responses((status = 200, description = "Changed", body = Prompt, headers(("ETag" = String, description = "The version")))))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<PromptId>,
    version: IfMatch,
    ApiJson(change): ApiJson<PromptChange>,
) -> ApiResult<Versioned<Prompt>> {
    let atrium = &app.atrium;
    let current = prompts::get(atrium.store.as_viewer(&caller.viewer), id).await?;
    let seen = version.0.unwrap_or(current.updated_at);
    let form = PromptForm {
        name: change.name.unwrap_or(current.name),
        shortcut: change.shortcut.unwrap_or(current.shortcut),
        description: change.description.unwrap_or(current.description),
        text: change.text.unwrap_or(current.text),
        shared_with: change.shared_with.map_or(current.shared_with, Into::into),
        project: change.project_id.map(Into::into).or(current.project),
    };
    let changed = prompts::change(&atrium.store, &atrium.ports, caller.actor(), id, &form, Some(seen)).await;
    Ok(versioned(StatusCode::OK, changed.map_err(|error| version.refuse(error))?))
}

/// Delete a prompt
///
/// For 30 days it can be restored.
#[utoipa::path(delete, path = "/api/v1/prompts/{id}", tag = "Prompts", params(("id" = Uuid, Path)), responses((status = 204, description = "Deleted")))]
pub async fn delete(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<PromptId>) -> ApiResult<StatusCode> {
    prompts::delete(&app.atrium.store, &app.atrium.ports, caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restore a deleted prompt
#[utoipa::path(post, path = "/api/v1/prompts/{id}/restore", tag = "Prompts", params(("id" = Uuid, Path)), responses((status = 200, description = "It is back", body = Prompt, headers(("ETag" = String, description = "The version")))))]
pub async fn restore(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<PromptId>,
) -> ApiResult<Versioned<Prompt>> {
    let restored = prompts::restore(&app.atrium.store, &app.atrium.ports, caller.actor(), id).await?;
    Ok(versioned(StatusCode::OK, restored))
}

/// Fill a prompt in
///
/// Nothing is kept or sent. What is filled in is taken as it is; what is missing is named in `fields`.
#[utoipa::path(post, path = "/api/v1/prompts/{id}/render", tag = "Prompts", operation_id = "render", params(("id" = Uuid, Path)), request_body = PromptValues, responses((status = 200, description = "The text", body = RenderedPrompt)))]
pub async fn render(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<PromptId>,
    ApiJson(given): ApiJson<PromptValues>,
) -> ApiResult<Json<RenderedPrompt>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    Ok(Json(RenderedPrompt { text: prompts::render(scope, id, &given.values).await? }))
}
