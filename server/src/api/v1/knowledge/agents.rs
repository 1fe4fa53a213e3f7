//! What an agent answers from.

use crate::api::body::{ApiJson, ApiPath};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::web::App;
use atrium::ids::{AgentId, BaseId};
use atrium_domain::knowledge::bases;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The bases that an agent answers from, by their names.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({ "knowledge_ids": ["0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f"] }))]
pub struct AgentKnowledge {
    knowledge_ids: Vec<Uuid>,
}

impl AgentKnowledge {
    fn of(bases: Vec<BaseId>) -> Json<Self> {
        Json(Self { knowledge_ids: bases.into_iter().map(Into::into).collect() })
    }
}

/// Get an agent's knowledge
#[utoipa::path(get, path = "/api/v1/agents/{id}/knowledge", tag = "Knowledge", operation_id = "of_agent", params(("id" = Uuid, Path)), responses((status = 200, description = "What it answers from", body = AgentKnowledge)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<AgentId>,
) -> ApiResult<Json<AgentKnowledge>> {
    Ok(AgentKnowledge::of(bases::of_agent(app.atrium.store.as_viewer(&caller.viewer), id).await?))
}

/// Set an agent's knowledge
///
/// From now on it answers from these, and from no others.
#[utoipa::path(put, path = "/api/v1/agents/{id}/knowledge", tag = "Knowledge", operation_id = "set_of_agent", params(("id" = Uuid, Path)), request_body = AgentKnowledge, responses((status = 200, description = "What it answers from now", body = AgentKnowledge)))]
pub async fn set(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<AgentId>,
    ApiJson(wanted): ApiJson<AgentKnowledge>,
) -> ApiResult<Json<AgentKnowledge>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let ids: Vec<BaseId> = wanted.knowledge_ids.into_iter().map(Into::into).collect();
    bases::set_of_agent(scope, id, &ids).await?;
    Ok(AgentKnowledge::of(bases::of_agent(scope, id).await?))
}
