//! Favourites: what one has marked to find it again.

use crate::api::body::{ApiJson, ApiPath, ApiQuery};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, listing};
use crate::api::time::iso;
use crate::web::App;
use atrium::favourites::{Favourite as Known, FavouriteKind};
use atrium_domain::{Error, favourites};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// What can be marked.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FavouriteKindName {
    Conversation,
    Message,
    Agent,
    Project,
}

impl FavouriteKindName {
    fn known(self) -> FavouriteKind {
        match self {
            Self::Conversation => FavouriteKind::Conversation,
            Self::Message => FavouriteKind::Message,
            Self::Agent => FavouriteKind::Agent,
            Self::Project => FavouriteKind::Project,
        }
    }
}

/// Something that one has marked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "kind": "conversation", "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "text": "Tides",
    "conversation_id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "agent_id": null, "since": "2026-01-31T12:00:00Z"
}))]
pub struct Favourite {
    #[schema(value_type = FavouriteKindName)]
    kind: &'static str,
    id: Uuid,
    /// Title or name; of a message what it says, at most 2,000 characters of it.
    text: String,
    /// The conversation that it is or stands in.
    conversation_id: Option<Uuid>,
    /// The agent that it is, or that answers there.
    agent_id: Option<Uuid>,
    #[schema(format = DateTime)]
    since: String,
}

impl From<Known> for Favourite {
    fn from(it: Known) -> Self {
        Self {
            kind: it.kind.as_str(),
            id: it.id,
            text: it.text,
            conversation_id: it.conversation.map(Into::into),
            agent_id: it.agent.map(Into::into),
            since: iso(it.since),
        }
    }
}

/// Something to mark.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({ "kind": "conversation", "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f" }))]
pub struct Mark {
    kind: FavouriteKindName,
    id: Uuid,
}

/// Which favourites.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct FavouritesQuery {
    /// From 1.
    #[param(minimum = 1, maximum = 1_000_000, required = false)]
    page: Option<u32>,
    /// Items of a page.
    #[param(minimum = 1, maximum = 100, required = false)]
    page_size: Option<u32>,
    /// Only things of this kind.
    #[param(required = false)]
    kind: Option<FavouriteKindName>,
}

/// List one's favourites
#[utoipa::path(get, path = "/api/v1/favourites", tag = "Favourites", params(FavouritesQuery), responses((status = 200, description = "A page, newest mark first", body = Listing<Favourite>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<FavouritesQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<Favourite>>> {
    let request = ListQuery::of(query.page, query.page_size).page()?;
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let page = favourites::page(scope, request, query.kind.map(FavouriteKindName::known)).await?;
    Ok(Json(listing(&app, &parts, request, page.map(Favourite::from))))
}

/// Mark a favourite
///
/// Marked already, it stays so, and the reply is a 200.
#[utoipa::path(post, path = "/api/v1/favourites", tag = "Favourites", request_body = Mark, responses((status = 201, description = "Marked", body = Mark), (status = 200, description = "It was marked already", body = Mark)))]
pub async fn mark(
    State(app): State<App>,
    caller: Caller,
    ApiJson(mark): ApiJson<Mark>,
) -> ApiResult<(StatusCode, Json<Mark>)> {
    let atrium = &app.atrium;
    let scope = atrium.store.as_viewer(&caller.viewer);
    let is_new = match favourites::mark(scope, &atrium.ports, &atrium.chat, mark.kind.known(), mark.id).await {
        Err(Error::NotFound(_)) => Err(Error::field("id", "There is no such thing, or it is not yours.")),
        outcome => outcome,
    }?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(mark)))
}

/// Take a mark away
#[utoipa::path(delete, path = "/api/v1/favourites/{kind}/{id}", tag = "Favourites", params(("kind" = FavouriteKindName, Path), ("id" = Uuid, Path)), responses((status = 204, description = "No longer marked")))]
pub async fn unmark(
    State(app): State<App>,
    caller: Caller,
    ApiPath((kind, id)): ApiPath<(FavouriteKindName, Uuid)>,
) -> ApiResult<StatusCode> {
    favourites::unmark(app.atrium.store.as_viewer(&caller.viewer), kind.known(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
