//! Links by which anybody may read a conversation.

use crate::api::body::ApiPath;
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::time::iso;
use crate::web::App;
use atrium::ids::{ConversationId, ShareId};
use atrium::sharing::Share as Known;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A link to a conversation, without the link itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "conversation_id": "0190d3b8-0000-7c3e-9f10-2a4b6c8d0e1f",
    "title": "Tides", "created_at": "2026-01-31T12:00:00Z"
}))]
pub struct Share {
    id: Uuid,
    conversation_id: Uuid,
    /// What the conversation is called now.
    title: String,
    /// What was said later stays unseen.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Known> for Share {
    fn from(it: Known) -> Self {
        Self { id: it.id.0, conversation_id: it.conversation.0, title: it.title, created_at: iso(it.created_at) }
    }
}

/// A link that was made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "conversation_id": "0190d3b8-0000-7c3e-9f10-2a4b6c8d0e1f",
    "title": "Tides", "created_at": "2026-01-31T12:00:00Z", "url": "https://atrium.example.org/shared/5f1c…"
}))]
pub struct NewShare {
    id: Uuid,
    conversation_id: Uuid,
    /// What the conversation is called now.
    title: String,
    /// What was said later stays unseen.
    #[schema(format = DateTime)]
    created_at: String,
    /// Whoever has it may read; it is said this once and kept nowhere.
    url: String,
}

/// List the links to one's conversations
///
/// The newest 500, newest first.
#[utoipa::path(get, path = "/api/v1/shares", tag = "Sharing", responses((status = 200, description = "One's links", body = [Share])))]
pub async fn list(State(app): State<App>, caller: Caller) -> ApiResult<Json<Vec<Share>>> {
    let all = app.atrium.sharing.list(&caller.viewer, None).await?;
    Ok(Json(all.into_iter().map(Into::into).collect()))
}

/// Share a conversation by a link
///
/// Whoever has the link may read what the conversation shows now, without signing in and without names, until the link is
/// revoked. What is said later is not in it.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/shares", tag = "Sharing", operation_id = "share", params(("id" = Uuid, Path)), responses((status = 201, description = "The link", body = NewShare)))]
pub async fn share(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ConversationId>,
) -> ApiResult<(StatusCode, Json<NewShare>)> {
    let (share, token) = app.atrium.sharing.share(caller.actor(), id).await?;
    let url = format!("{}/shared/{token}", app.atrium.settings.base_url());
    let Share { id, conversation_id, title, created_at } = share.into();
    Ok((StatusCode::CREATED, Json(NewShare { id, conversation_id, title, created_at, url })))
}

/// Revoke a link
///
/// It opens nothing from now on.
#[utoipa::path(delete, path = "/api/v1/shares/{id}", tag = "Sharing", operation_id = "revoke", params(("id" = Uuid, Path)), responses((status = 204, description = "Revoked")))]
pub async fn revoke(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<ShareId>) -> ApiResult<StatusCode> {
    app.atrium.sharing.revoke(caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
