//! Other people's conversations: who talks to which agent; what was said only for a reason, which the audit log keeps.

use crate::api::body::{ApiJson, ApiPath, ApiQuery};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, SortQuery, listing};
use crate::api::time::iso;
use crate::api::v1::messages::Message;
use crate::web::App;
use atrium::ids::ConversationId;
use atrium_domain::audit;
use atrium_domain::chat::{Form, INSPECTION_COLUMNS, Inspected, InspectionFilter};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Somebody's conversation, from outside. Its title is made of what they wrote, and so is not here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "organisation_id": "00000000-0000-0000-0000-000000000001",
    "owner": "Ada Lovelace", "owner_email": "ada@example.org", "agent": "Editor", "project": null, "message_count": 12,
    "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:10:00Z"
}))]
pub struct SomebodysConversation {
    id: Uuid,
    organisation_id: Uuid,
    /// The owner's name.
    owner: String,
    owner_email: String,
    /// Who answers.
    agent: Option<String>,
    /// The project that it belongs to.
    project: Option<String>,
    /// On the visible branch.
    message_count: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Inspected> for SomebodysConversation {
    fn from(it: Inspected) -> Self {
        Self {
            id: it.id,
            organisation_id: it.organisation_id,
            owner: it.owner,
            owner_email: it.owner_email,
            agent: it.agent,
            project: it.project,
            message_count: it.messages,
            created_at: iso(it.created_at),
            updated_at: iso(it.updated_at),
        }
    }
}

/// Which conversations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct InspectionsQuery {
    /// Only those of one organisation.
    #[param(required = false)]
    organisation_id: Option<Uuid>,
}

/// Why somebody must read it.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "reason": "Ada asked us to look for the lost invoice" }))]
pub struct Reason {
    /// Kept in the audit log of its owner's organisation, with the reader's name.
    #[schema(min_length = 10, max_length = 500)]
    reason: String,
}

/// What a reason opened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "look_id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f" }))]
pub struct Look {
    /// Opens this conversation for whoever gave the reason, for an hour. It is the id of the audit log's line.
    look_id: Uuid,
}

/// What is to be read, and by which right.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LookQuery {
    /// From giving the reason.
    look_id: Uuid,
    /// Those before this message, instead of the newest.
    #[serde(default)]
    #[param(required = false)]
    before: Option<Uuid>,
}

/// What was said.
#[derive(Debug, Serialize, ToSchema)]
pub struct Transcript {
    title: String,
    /// The visible branch, oldest first; at most 40.
    messages: Vec<Message>,
    /// Whether there are some before them.
    has_older: bool,
}

/// List everybody's conversations
///
/// For administrators, of their organisation; for superusers, of all. `search` looks at the names of owner, agent and project,
/// never at what was written. `sort` is one of `owner`, `agent`, `messages`, `begun`, `changed`.
#[utoipa::path(get, path = "/api/v1/admin/conversations", tag = "Inspection", params(ListQuery, InspectionsQuery, SortQuery), responses((status = 200, description = "A page, newest first unless `sort` says otherwise", body = Listing<SomebodysConversation>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
    ApiQuery(which): ApiQuery<InspectionsQuery>,
    ApiQuery(order): ApiQuery<SortQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<SomebodysConversation>>> {
    let request = query.page()?;
    let filter = InspectionFilter {
        search: query.search.as_deref(),
        organisation: which.organisation_id.map(Into::into),
        id: None,
        sort: order.sort(INSPECTION_COLUMNS)?,
    };
    let page = app.atrium.chat.inspections(&caller.viewer, request, filter).await?;
    let seen = page.items.iter().map(|it| it.organisation_id.into());
    audit::note_look(&app.atrium.store, &app.atrium.ports, caller.actor(), "conversations", seen).await?;
    Ok(Json(listing(&app, &parts, request, page.map(SomebodysConversation::from))))
}

/// Look at somebody's conversation from outside
#[utoipa::path(get, path = "/api/v1/admin/conversations/{id}", tag = "Inspection", params(("id" = Uuid, Path)), responses((status = 200, description = "What is known without reading it", body = SomebodysConversation)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ConversationId>,
) -> ApiResult<Json<SomebodysConversation>> {
    Ok(Json(app.atrium.chat.inspection(&caller.viewer, id).await?.into()))
}

/// Give a reason to read somebody's conversation
///
/// It is logged where its owner's organisation can look it up, and opens the conversation for an hour.
#[utoipa::path(post, path = "/api/v1/admin/conversations/{id}/looks", tag = "Inspection", params(("id" = Uuid, Path)), request_body = Reason, responses((status = 201, description = "Logged, and open", body = Look)))]
pub async fn open(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ConversationId>,
    ApiJson(why): ApiJson<Reason>,
) -> ApiResult<(StatusCode, Json<Look>)> {
    let look_id = app.atrium.chat.inspect(caller.actor(), id, &why.reason).await?;
    Ok((StatusCode::CREATED, Json(Look { look_id })))
}

/// Read somebody's conversation
///
/// Only with a `look_id` of one's own that is younger than an hour; else there is nothing here (404).
#[utoipa::path(get, path = "/api/v1/admin/conversations/{id}/messages", tag = "Inspection", params(("id" = Uuid, Path), LookQuery), responses((status = 200, description = "What was said", body = Transcript)))]
pub async fn read(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ConversationId>,
    ApiQuery(query): ApiQuery<LookQuery>,
) -> ApiResult<Json<Transcript>> {
    let before = query.before.map(Into::into);
    let thread = app.atrium.chat.inspected(&caller.viewer, id, query.look_id, before, Form::Text).await?;
    let messages = thread.messages.into_iter().map(|it| Message::new(id, it)).collect();
    Ok(Json(Transcript { title: thread.title, messages, has_older: thread.has_older }))
}
