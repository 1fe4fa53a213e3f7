//! Everybody's agents: whose they are and of which model, never what they are told.

use crate::api::body::{ApiJson, ApiPath, ApiQuery};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, SortQuery, listing};
use crate::api::time::iso;
use crate::api::v1::agents::ProviderName;
use crate::web::App;
use atrium::ids::AgentId;
use atrium_domain::agents::administration::{self, AgentFilter, AgentOverview};
use atrium_domain::audit;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Somebody's agent, from outside.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "organisation_id": "00000000-0000-0000-0000-000000000001", "name": "Editor",
    "owner": "Ada Lovelace", "owner_email": "ada@example.org", "provider": "openai", "model": "gpt-4o-mini", "is_active": true,
    "thumbs_up": 12, "thumbs_down": 1,
    "created_at": "2026-01-31T12:00:00Z"
}))]
pub struct SomebodysAgent {
    id: Uuid,
    organisation_id: Uuid,
    name: String,
    /// The owner's name.
    owner: String,
    owner_email: String,
    #[schema(value_type = ProviderName)]
    provider: String,
    model: String,
    /// Switched off it takes no new messages.
    is_active: bool,
    /// Answers of it that helped somebody.
    thumbs_up: i64,
    /// Answers of it that did not.
    thumbs_down: i64,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<AgentOverview> for SomebodysAgent {
    fn from(it: AgentOverview) -> Self {
        Self {
            id: it.id,
            organisation_id: it.organisation_id,
            name: it.name,
            owner: it.owner,
            owner_email: it.owner_email,
            provider: it.provider,
            model: it.model,
            is_active: it.is_active,
            thumbs_up: it.thumbs_up,
            thumbs_down: it.thumbs_down,
            created_at: iso(it.created_at),
        }
    }
}

/// Which agents.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SomebodysAgentsQuery {
    /// Only those of one provider.
    #[param(required = false)]
    provider: Option<ProviderName>,
    /// Only those that take messages, or that do not.
    #[param(required = false)]
    is_active: Option<bool>,
    /// Only those of one organisation.
    #[param(required = false)]
    organisation_id: Option<Uuid>,
}

/// A change of somebody's agent.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "is_active": false }))]
pub struct Switch {
    /// Switched off it keeps its conversations but takes no new messages.
    is_active: bool,
}

/// List everybody's agents
///
/// For administrators, of their organisation; for superusers, of all. `sort` is one of `name`, `owner`, `provider`, `model`,
/// `made`.
#[utoipa::path(get, path = "/api/v1/admin/agents", tag = "All agents", params(ListQuery, SomebodysAgentsQuery, SortQuery), responses((status = 200, description = "A page, by name unless `sort` says otherwise", body = Listing<SomebodysAgent>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
    ApiQuery(which): ApiQuery<SomebodysAgentsQuery>,
    ApiQuery(order): ApiQuery<SortQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<SomebodysAgent>>> {
    let request = query.page()?;
    let filter = AgentFilter {
        search: query.search.as_deref(),
        provider: which.provider.map(ProviderName::known),
        is_active: which.is_active,
        organisation: which.organisation_id.map(Into::into),
        sort: order.sort(administration::COLUMNS)?,
    };
    let (store, ports) = (&app.atrium.store, &app.atrium.ports);
    let page = administration::page(store.as_viewer(&caller.viewer), request, filter).await?;
    let seen = page.items.iter().map(|it| it.organisation_id.into());
    audit::note_look(store, ports, caller.actor(), "agents", seen).await?;
    Ok(Json(listing(&app, &parts, request, page.map(SomebodysAgent::from))))
}

/// Switch somebody's agent on or off
#[utoipa::path(post, path = "/api/v1/admin/agents/{id}/switch", tag = "All agents", params(("id" = Uuid, Path)), request_body = Switch, responses((status = 204, description = "It is as asked for")))]
pub async fn switch(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<AgentId>,
    ApiJson(change): ApiJson<Switch>,
) -> ApiResult<StatusCode> {
    let (store, ports) = (&app.atrium.store, &app.atrium.ports);
    administration::switch(store, ports, caller.actor(), id, change.is_active).await?;
    Ok(StatusCode::NO_CONTENT)
}
