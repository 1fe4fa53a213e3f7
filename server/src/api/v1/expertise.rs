//! Areas of expertise, and which one an agent has.

use super::agents::Agent;
use crate::api::body::{ApiJson, ApiPath, ApiQuery, present};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, listing};
use crate::api::time::iso;
use crate::api::version::{IfMatch, Versioned};
use crate::web::App;
use atrium::expertise::{ExpertiseArea as Known, ExpertiseAreaForm};
use atrium::ids::{AgentId, ExpertiseAreaId};
use atrium_domain::expertise;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// An area of expertise.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "name": "Tides", "description": "Tables, currents, harbours", "agent_count": 2,
    "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z"
}))]
pub struct ExpertiseArea {
    id: Uuid,
    /// Unique in its organisation.
    name: String,
    description: String,
    /// How many agents of the organisation have it.
    agent_count: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// An area to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "name": "Tides", "description": "Tables, currents, harbours" }))]
pub struct NewExpertiseArea {
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    #[serde(default)]
    #[schema(required = false, max_length = 1000)]
    description: String,
}

/// What to change; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(example = json!({ "description": "Tables and currents" }))]
pub struct ExpertiseAreaChange {
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 120)]
    name: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 1000)]
    description: Option<String>,
}

/// The area of an agent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "expertise_area": null }))]
pub struct AgentExpertise {
    expertise_area: Option<ExpertiseArea>,
}

/// The area that an agent is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "expertise_area_id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f" }))]
pub struct AgentExpertiseChange {
    /// `null` for none.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    expertise_area_id: Option<Uuid>,
}

impl From<Known> for ExpertiseArea {
    fn from(it: Known) -> Self {
        Self {
            id: it.id.0,
            name: it.name,
            description: it.description,
            agent_count: it.agent_count,
            created_at: iso(it.created_at),
            updated_at: iso(it.updated_at),
        }
    }
}

fn versioned(status: StatusCode, it: Known) -> Versioned<ExpertiseArea> {
    Versioned(status, it.updated_at, it.into())
}

/// List areas of expertise
#[utoipa::path(get, path = "/api/v1/expertise-areas", tag = "Expertise areas", params(ListQuery), responses((status = 200, description = "A page, by name", body = Listing<ExpertiseArea>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<ExpertiseArea>>> {
    let request = query.page()?;
    let page = expertise::page(app.atrium.store.as_viewer(&caller.viewer), request, query.search.as_deref()).await?;
    Ok(Json(listing(&app, &parts, request, page.map(ExpertiseArea::from))))
}

/// Make an area of expertise
///
/// For administrators and managers.
#[utoipa::path(post, path = "/api/v1/expertise-areas", tag = "Expertise areas", request_body = NewExpertiseArea, responses((status = 201, description = "Made", body = ExpertiseArea, headers(("ETag" = String, description = "The version")))))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewExpertiseArea>,
) -> ApiResult<Versioned<ExpertiseArea>> {
    let form = ExpertiseAreaForm { name: new.name, description: new.description };
    let made = expertise::create(&app.atrium.store, &app.atrium.ports, caller.actor(), &form).await?;
    Ok(versioned(StatusCode::CREATED, made))
}

/// Get an area of expertise
#[utoipa::path(get, path = "/api/v1/expertise-areas/{id}", tag = "Expertise areas", params(("id" = Uuid, Path)), responses((status = 200, description = "The area", body = ExpertiseArea, headers(("ETag" = String, description = "The version")))))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ExpertiseAreaId>,
) -> ApiResult<Versioned<ExpertiseArea>> {
    Ok(versioned(StatusCode::OK, expertise::get(app.atrium.store.as_viewer(&caller.viewer), id).await?))
}

/// Change an area of expertise
///
/// For administrators and managers.
#[utoipa::path(patch, path = "/api/v1/expertise-areas/{id}", tag = "Expertise areas", params(("id" = Uuid, Path)), request_body = ExpertiseAreaChange, responses((status = 200, description = "Changed", body = ExpertiseArea, headers(("ETag" = String, description = "The version")))))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ExpertiseAreaId>,
    version: IfMatch,
    ApiJson(change): ApiJson<ExpertiseAreaChange>,
) -> ApiResult<Versioned<ExpertiseArea>> {
    let atrium = &app.atrium;
    let current = expertise::get(atrium.store.as_viewer(&caller.viewer), id).await?;
    let form = ExpertiseAreaForm {
        name: change.name.unwrap_or(current.name),
        description: change.description.unwrap_or(current.description),
    };
    let seen = version.0.unwrap_or(current.updated_at);
    let changed = expertise::change(&atrium.store, &atrium.ports, caller.actor(), id, &form, Some(seen)).await;
    Ok(versioned(StatusCode::OK, changed.map_err(|error| version.refuse(error))?))
}

/// Delete an area of expertise
///
/// For administrators and managers. Its agents have none then.
#[utoipa::path(delete, path = "/api/v1/expertise-areas/{id}", tag = "Expertise areas", params(("id" = Uuid, Path)), responses((status = 204, description = "Deleted")))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ExpertiseAreaId>,
) -> ApiResult<StatusCode> {
    expertise::delete(&app.atrium.store, &app.atrium.ports, caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the agents of an area
///
/// Those that one may talk to.
#[utoipa::path(get, path = "/api/v1/expertise-areas/{id}/agents", tag = "Expertise areas", operation_id = "agents", params(("id" = Uuid, Path)), responses((status = 200, description = "One's own first", body = [Agent])))]
pub async fn agents(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ExpertiseAreaId>,
) -> ApiResult<Json<Vec<Agent>>> {
    let agents = expertise::agents_of(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    Ok(Json(agents.into_iter().map(Into::into).collect()))
}

/// Get the area of an agent
#[utoipa::path(get, path = "/api/v1/agents/{id}/expertise-area", tag = "Agents", operation_id = "expertise_area", params(("id" = Uuid, Path)), responses((status = 200, description = "The area, or none", body = AgentExpertise)))]
pub async fn of_agent(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<AgentId>,
) -> ApiResult<Json<AgentExpertise>> {
    let area = expertise::of_agent(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    Ok(Json(AgentExpertise { expertise_area: area.map(Into::into) }))
}

/// Say which area an agent of one's own has
#[utoipa::path(put, path = "/api/v1/agents/{id}/expertise-area", tag = "Agents", operation_id = "set_expertise_area", params(("id" = Uuid, Path)), request_body = AgentExpertiseChange, responses((status = 200, description = "The area, or none", body = AgentExpertise)))]
pub async fn assign(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<AgentId>,
    ApiJson(change): ApiJson<AgentExpertiseChange>,
) -> ApiResult<Json<AgentExpertise>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let area = expertise::assign(scope, id, change.expertise_area_id.map(Into::into)).await?;
    Ok(Json(AgentExpertise { expertise_area: area.map(Into::into) }))
}
