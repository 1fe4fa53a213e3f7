//! Conversations: the list of them, and each by itself. Their messages are in `messages`.

use crate::api::body::{ApiJson, ApiPath, ApiQuery, present};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, listing};
use crate::api::time::iso;
use crate::api::version::{IfMatch, Versioned};
use crate::web::App;
use atrium::chat::Author;
use atrium::ids::ConversationId;
use atrium_domain::chat::{ConversationChange as Change, ConversationFilter, ConversationSummary};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "agent_id": "0190d3b8-0000-7c3e-9f10-2a4b6c8d0e1f", "project_id": null,
    "model": "gpt-4o", "temperature": null, "title": "Tides", "message_count": 2,
    "last_message": { "role": "assistant", "content": "Twice a day, by the Moon's pull.", "created_at": "2026-01-31T12:00:03Z" },
    "is_favourite": false,
    "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:03Z"
}))]
pub struct Conversation {
    id: Uuid,
    /// Who answers.
    agent_id: Option<Uuid>,
    /// The project that it belongs to.
    project_id: Option<Uuid>,
    /// The model that is asked here instead of the agent's own, of the same provider. With an agent of another provider it
    /// does not count.
    model: Option<String>,
    /// The temperature here instead of the agent's own, 0 to 2.
    temperature: Option<f64>,
    title: String,
    /// Messages on the visible branch.
    message_count: i64,
    last_message: Option<LastMessage>,
    /// Whether one has marked it.
    is_favourite: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// The beginning of the newest message.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastMessage {
    #[schema(value_type = super::messages::RoleInDialogue)]
    role: &'static str,
    /// Its first 100 characters.
    content: String,
    #[schema(format = DateTime)]
    created_at: String,
}

/// A conversation to be made.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(example = json!({ "title": "Tides" }))]
pub struct NewConversation {
    /// Who answers; left out, the default agent.
    #[schema(required = false)]
    agent_id: Option<Uuid>,
    /// Where it belongs; one works there.
    #[schema(required = false)]
    project_id: Option<Uuid>,
    /// Left out, the first message makes it.
    #[schema(required = false, min_length = 1, max_length = 120)]
    title: Option<String>,
    /// A model that the agent's provider offers; left out, the agent's own.
    #[schema(required = false, min_length = 1, max_length = 200)]
    model: Option<String>,
    /// Left out, the agent's own.
    #[schema(required = false, minimum = 0, maximum = 2)]
    temperature: Option<f64>,
}

/// What to change; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(example = json!({ "title": "Tides and currents", "model": "gpt-4o", "temperature": 0.2 }))]
pub struct ConversationChange {
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 120)]
    title: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Uuid, required = false)]
    agent_id: Option<Uuid>,
    /// `null` takes it out of its project.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Uuid>, required = false)]
    project_id: Option<Option<Uuid>>,
    /// A model that the agent's provider offers, for this conversation only; `null` is the agent's own.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 200)]
    model: Option<Option<String>>,
    /// For this conversation only; `null` is the agent's own.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<f64>, required = false, minimum = 0, maximum = 2)]
    temperature: Option<Option<f64>>,
}

/// Which conversations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only those of this project.
    #[param(required = false)]
    project_id: Option<Uuid>,
    /// Only those that one has marked.
    #[param(required = false)]
    favourites: bool,
}

pub fn role(author: Author) -> &'static str {
    match author {
        Author::User => "user",
        Author::Assistant => "assistant",
    }
}

impl From<ConversationSummary> for Conversation {
    fn from(it: ConversationSummary) -> Self {
        Self {
            id: it.id.0,
            agent_id: it.agent.map(Into::into),
            project_id: it.project.map(Into::into),
            model: it.model,
            temperature: it.temperature,
            title: it.title,
            message_count: it.message_count,
            last_message: it.last_message.map(|it| LastMessage {
                role: role(it.author),
                content: it.content,
                created_at: iso(it.created_at),
            }),
            is_favourite: it.is_favourite,
            created_at: iso(it.created_at),
            updated_at: iso(it.updated_at),
        }
    }
}

fn versioned(status: StatusCode, it: ConversationSummary) -> Versioned<Conversation> {
    Versioned(status, it.updated_at, it.into())
}

/// List one's conversations
///
/// Newest first. `search` looks for a part of the title.
#[utoipa::path(get, path = "/api/v1/conversations", tag = "Conversations", params(ListQuery, Which), responses((status = 200, description = "A page", body = Listing<Conversation>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
    ApiQuery(which): ApiQuery<Which>,
    parts: Parts,
) -> ApiResult<Json<Listing<Conversation>>> {
    let request = query.page()?;
    let filter = ConversationFilter {
        search: query.search.as_deref(),
        project: which.project_id.map(Into::into),
        favourites: which.favourites,
    };
    let page = app.atrium.chat.summaries(&caller.viewer, request, filter).await?;
    Ok(Json(listing(&app, &parts, request, page.map(Conversation::from))))
}

/// Begin a conversation
#[utoipa::path(post, path = "/api/v1/conversations", tag = "Conversations", request_body = NewConversation, responses((status = 201, description = "Begun", body = Conversation, headers(("ETag" = String, description = "The version")))))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewConversation>,
) -> ApiResult<Versioned<Conversation>> {
    let new = atrium_domain::chat::NewConversation {
        agent: new.agent_id.map(Into::into),
        title: new.title.as_deref(),
        project: new.project_id.map(Into::into),
        model: new.model.as_deref(),
        temperature: new.temperature,
    };
    let made = app.atrium.chat.create(&caller.viewer, new).await?;
    Ok(versioned(StatusCode::CREATED, made))
}

/// Get a conversation
#[utoipa::path(get, path = "/api/v1/conversations/{id}", tag = "Conversations", params(("id" = Uuid, Path)), responses((status = 200, description = "The conversation", body = Conversation, headers(("ETag" = String, description = "The version")))))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ConversationId>,
) -> ApiResult<Versioned<Conversation>> {
    Ok(versioned(StatusCode::OK, app.atrium.chat.summary(&caller.viewer, id).await?))
}

/// Change a conversation
///
/// Agent, model and temperature are those of the next answer, and of those after it.
#[utoipa::path(patch, path = "/api/v1/conversations/{id}", tag = "Conversations", params(("id" = Uuid, Path)), request_body = ConversationChange, responses((status = 200, description = "Changed", body = Conversation, headers(("ETag" = String, description = "The version")))))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ConversationId>,
    version: IfMatch,
    ApiJson(change): ApiJson<ConversationChange>,
) -> ApiResult<Versioned<Conversation>> {
    let change = Change {
        title: change.title,
        agent: change.agent_id.map(Into::into),
        project: change.project_id.map(|it| it.map(Into::into)),
        model: change.model,
        temperature: change.temperature,
    };
    let changed = app.atrium.chat.change(&caller.viewer, id, &change, version.0).await;
    Ok(versioned(StatusCode::OK, changed.map_err(|error| version.refuse(error))?))
}

/// Delete a conversation
///
/// For 30 days it can be restored.
#[utoipa::path(delete, path = "/api/v1/conversations/{id}", tag = "Conversations", params(("id" = Uuid, Path)), responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ConversationId>,
) -> ApiResult<StatusCode> {
    app.atrium.chat.delete(&caller.viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restore a deleted conversation
#[utoipa::path(post, path = "/api/v1/conversations/{id}/restore", tag = "Conversations", params(("id" = Uuid, Path)), responses((status = 200, description = "It is back", body = Conversation, headers(("ETag" = String, description = "The version")))))]
pub async fn restore(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ConversationId>,
) -> ApiResult<Versioned<Conversation>> {
    app.atrium.chat.restore(&caller.viewer, id).await?;
    Ok(versioned(StatusCode::OK, app.atrium.chat.summary(&caller.viewer, id).await?))
}
