//! Agents: a model, how it is asked, and the instructions it follows.

use crate::api::body::{ApiJson, ApiPath, ApiQuery, present};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, listing};
use crate::api::time::iso;
use crate::api::version::{IfMatch, Versioned};
use crate::web::App;
use atrium::agents::{Agent as Known, AgentForm};
use atrium::catalogue::Provider;
use atrium::ids::AgentId;
use atrium_domain::{Error, agents};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// An agent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "name": "Editor", "description": "Makes your text clearer", "avatar": "feather",
    "provider": "openai", "model": "gpt-4o-mini", "temperature": 0.4, "max_tokens": 1024, "system_prompt": "You are a careful editor.",
    "is_default": false, "is_active": true, "updated_at": "2026-01-31T12:00:00Z"
}))]
pub struct Agent {
    pub id: Uuid,
    /// Unique among its owner's.
    pub name: String,
    pub description: String,
    /// The name of its picture.
    pub avatar: String,
    #[schema(value_type = ProviderName)]
    pub provider: &'static str,
    /// The provider's id of the model.
    pub model: String,
    #[schema(minimum = 0, maximum = 2)]
    pub temperature: f64,
    /// Upper bound of an answer.
    #[schema(minimum = 1, maximum = 200_000)]
    pub max_tokens: i64,
    /// The instructions that open every dialogue.
    pub system_prompt: String,
    /// The one that a new conversation starts with.
    pub is_default: bool,
    /// Switched off it takes no new messages.
    pub is_active: bool,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// Whose model.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProviderName {
    Local,
    OpenAi,
    Ollama,
    Gemini,
    Anthropic,
    N8n,
}

impl ProviderName {
    pub fn known(self) -> Provider {
        match self {
            Self::Local => Provider::Local,
            Self::OpenAi => Provider::OpenAi,
            Self::Ollama => Provider::Ollama,
            Self::Gemini => Provider::Gemini,
            Self::Anthropic => Provider::Anthropic,
            Self::N8n => Provider::N8n,
        }
    }
}

impl From<Known> for Agent {
    fn from(it: Known) -> Self {
        Self {
            id: it.id.0,
            name: it.name,
            description: it.description,
            avatar: it.avatar,
            provider: it.provider.as_str(),
            model: it.model,
            temperature: it.temperature,
            max_tokens: it.max_tokens,
            system_prompt: it.system_prompt,
            is_default: it.is_default,
            is_active: it.is_active,
            updated_at: iso(it.updated_at),
        }
    }
}

/// An agent to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "name": "Editor", "provider": "openai", "model": "gpt-4o-mini", "temperature": 0.4, "system_prompt": "You are a careful editor."
}))]
pub struct NewAgent {
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    #[schema(min_length = 1, max_length = 200)]
    model: String,
    provider: ProviderName,
    #[serde(default)]
    #[schema(required = false, max_length = 300)]
    description: String,
    /// One of sparkles, feather, code, graduation, scale, compass, flask, lightbulb.
    #[serde(default)]
    #[schema(required = false)]
    avatar: String,
    #[serde(default = "usual_temperature")]
    #[schema(required = false, minimum = 0, maximum = 2)]
    temperature: f64,
    #[serde(default = "usual_max_tokens")]
    #[schema(required = false, minimum = 1, maximum = 200_000)]
    max_tokens: i64,
    #[serde(default)]
    #[schema(required = false)]
    system_prompt: String,
    #[serde(default)]
    #[schema(required = false)]
    is_default: bool,
    #[serde(default = "yes")]
    #[schema(required = false)]
    is_active: bool,
}

fn usual_temperature() -> f64 {
    0.7
}

fn usual_max_tokens() -> i64 {
    1024
}

fn yes() -> bool {
    true
}

/// What to change; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(example = json!({ "temperature": 0.2, "is_default": true }))]
pub struct AgentChange {
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 80)]
    name: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 300)]
    description: Option<String>,
    /// One of sparkles, feather, code, graduation, scale, compass, flask, lightbulb.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    avatar: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = ProviderName, required = false)]
    provider: Option<ProviderName>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    model: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = f64, required = false, minimum = 0, maximum = 2)]
    temperature: Option<f64>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = i64, required = false, minimum = 1, maximum = 200_000)]
    max_tokens: Option<i64>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    system_prompt: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    is_default: Option<bool>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    is_active: Option<bool>,
}

impl AgentChange {
    fn apply(self, form: &mut AgentForm) {
        let mark = |on: bool| on.then(|| "on".to_owned());
        let text = |field: &mut String, value: Option<String>| {
            if let Some(value) = value {
                *field = value;
            }
        };
        text(&mut form.name, self.name);
        text(&mut form.description, self.description);
        text(&mut form.avatar, self.avatar);
        text(&mut form.provider, self.provider.map(|it| it.known().as_str().to_owned()));
        text(&mut form.model, self.model);
        text(&mut form.temperature, self.temperature.map(|it| it.to_string()));
        text(&mut form.max_tokens, self.max_tokens.map(|it| it.to_string()));
        text(&mut form.system_prompt, self.system_prompt);
        if let Some(on) = self.is_default {
            form.is_default = mark(on);
        }
        if let Some(on) = self.is_active {
            form.is_active = mark(on);
        }
    }
}

/// Whose models.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ModelsQuery {
    provider: ProviderName,
}

/// What a provider offers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "models": ["gpt-4o", "gpt-4o-mini"] }))]
pub struct Models {
    models: Vec<String>,
}

fn versioned(status: StatusCode, agent: Known) -> Versioned<Agent> {
    Versioned(status, agent.updated_at, agent.into())
}

/// List one's agents
#[utoipa::path(get, path = "/api/v1/agents", tag = "Agents", params(ListQuery), responses((status = 200, description = "A page", body = Listing<Agent>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<Agent>>> {
    let request = query.page()?;
    let atrium = &app.atrium;
    let scope = atrium.store.as_viewer(&caller.viewer);
    let found = agents::page(scope, &atrium.ports, &atrium.connections, request, query.search.as_deref()).await?;
    Ok(Json(listing(&app, &parts, request, found.map(Agent::from))))
}

/// Make an agent
#[utoipa::path(post, path = "/api/v1/agents", tag = "Agents", request_body = NewAgent, responses((status = 201, description = "Made", body = Agent, headers(("ETag" = String, description = "The version")))))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewAgent>,
) -> ApiResult<Versioned<Agent>> {
    let mark = |on: bool| on.then(|| "on".to_owned());
    let form = AgentForm {
        name: new.name,
        description: new.description,
        avatar: new.avatar,
        provider: new.provider.known().as_str().to_owned(),
        model: new.model,
        temperature: new.temperature.to_string(),
        max_tokens: new.max_tokens.to_string(),
        system_prompt: new.system_prompt,
        is_default: mark(new.is_default),
        is_active: mark(new.is_active),
        version: None,
    };
    let draft = form.check().map_err(Error::Invalid)?;
    let atrium = &app.atrium;
    let scope = atrium.store.as_viewer(&caller.viewer);
    agents::first_visit(scope, &atrium.ports, &atrium.connections).await?;
    let agent = agents::create(scope, &atrium.ports, &draft).await?;
    Ok(versioned(StatusCode::CREATED, agent))
}

/// Get the default agent
///
/// Everyone has one; it is made when it is first asked for.
#[utoipa::path(get, path = "/api/v1/agents/default", tag = "Agents", responses((status = 200, description = "The agent", body = Agent, headers(("ETag" = String, description = "The version")))))]
pub async fn default(State(app): State<App>, caller: Caller) -> ApiResult<Versioned<Agent>> {
    let atrium = &app.atrium;
    let scope = atrium.store.as_viewer(&caller.viewer);
    Ok(versioned(StatusCode::OK, agents::default(scope, &atrium.ports, &atrium.connections).await?))
}

/// List the models that a provider offers
///
/// The provider is asked at this moment; when it refuses or cannot be reached, the reply is a 502 that says why.
#[utoipa::path(get, path = "/api/v1/agents/models", tag = "Agents", params(ModelsQuery), responses((status = 200, description = "Their ids", body = Models), (status = 502, description = "The provider failed", body = crate::api::error::Problem)))]
pub async fn models(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ModelsQuery>,
) -> ApiResult<Json<Models>> {
    Ok(Json(Models { models: app.atrium.connections.models(&caller.viewer, query.provider.known()).await? }))
}

/// Get an agent
#[utoipa::path(get, path = "/api/v1/agents/{id}", tag = "Agents", params(("id" = Uuid, Path)), responses((status = 200, description = "The agent", body = Agent, headers(("ETag" = String, description = "The version")))))]
pub async fn get(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<AgentId>) -> ApiResult<Versioned<Agent>> {
    Ok(versioned(StatusCode::OK, agents::get(app.atrium.store.as_viewer(&caller.viewer), id).await?))
}

/// Change an agent
#[utoipa::path(patch, path = "/api/v1/agents/{id}", tag = "Agents", params(("id" = Uuid, Path)), request_body = AgentChange, responses((status = 200, description = "Changed", body = Agent, headers(("ETag" = String, description = "The version")))))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<AgentId>,
    version: IfMatch,
    ApiJson(change): ApiJson<AgentChange>,
) -> ApiResult<Versioned<Agent>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let current = agents::get(scope, id).await?;
    let mut form = AgentForm::from(&current);
    change.apply(&mut form);
    let draft = form.check().map_err(Error::Invalid)?;
    // Without If-Match, still not over what somebody changed between our reading and our writing.
    let seen = version.0.unwrap_or(current.updated_at);
    let changed = agents::update(scope, &app.atrium.ports, id, &draft, Some(seen)).await;
    Ok(versioned(StatusCode::OK, changed.map_err(|error| version.refuse(error))?))
}

/// Delete an agent
///
/// Its conversations stay. For 30 days it can be restored.
#[utoipa::path(delete, path = "/api/v1/agents/{id}", tag = "Agents", params(("id" = Uuid, Path)), responses((status = 204, description = "Deleted")))]
pub async fn delete(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<AgentId>) -> ApiResult<StatusCode> {
    agents::delete(app.atrium.store.as_viewer(&caller.viewer), &app.atrium.ports, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restore a deleted agent
#[utoipa::path(post, path = "/api/v1/agents/{id}/restore", tag = "Agents", params(("id" = Uuid, Path)), responses((status = 200, description = "It is back", body = Agent, headers(("ETag" = String, description = "The version")))))]
pub async fn restore(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<AgentId>,
) -> ApiResult<Versioned<Agent>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    agents::restore(scope, id).await?;
    Ok(versioned(StatusCode::OK, agents::get(scope, id).await?))
}
