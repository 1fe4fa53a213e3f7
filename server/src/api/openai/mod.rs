//! What OpenAI's clients speak, at `/v1`: the models are the caller's agents.

mod chat;
mod embeddings;
mod error;

use self::error::OpenAiError;
use super::body::ApiPath;
use super::error::ApiError;
use super::identity::Caller;
use crate::web::App;
use atrium::agents::Agent;
use atrium::paging::{PAGE_SIZE_MAX, PageRequest};
use atrium_domain::agents;
use axum::extract::State;
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/models/{id}", get(model))
        .route("/v1/chat/completions", post(chat::complete))
        .route("/v1/embeddings", post(embeddings::embed))
        .route("/v1/{*rest}", any(no_such_endpoint))
        .method_not_allowed_fallback(no_such_method)
}

async fn no_such_endpoint() -> OpenAiError {
    super::error::no_such_endpoint().into()
}

async fn no_such_method() -> OpenAiError {
    super::error::no_such_method().await.into()
}

fn described(agent: &Agent) -> Value {
    json!({ "id": agent.name, "object": "model", "created": agent.updated_at / 1_000_000, "owned_by": agent.provider.as_str() })
}

/// `GET /v1/models`
async fn models(State(app): State<App>, caller: Result<Caller, ApiError>) -> Result<Json<Value>, OpenAiError> {
    let caller = caller?;
    let atrium = &app.atrium;
    let scope = atrium.store.as_viewer(&caller.viewer);
    let mut request = PageRequest { page: 1, size: PAGE_SIZE_MAX };
    let mut all = Vec::new();
    loop {
        let page = agents::page(scope, &atrium.ports, &atrium.connections, request, None).await?;
        let is_last = i64::from(request.page) * request.limit() >= page.count;
        all.extend(page.items);
        if is_last {
            break;
        }
        request.page += 1;
    }
    let data: Vec<_> = all.iter().filter(|it| it.is_active).map(described).collect();
    Ok(Json(json!({ "object": "list", "data": data })))
}

/// `GET /v1/models/{id}`
async fn model(
    State(app): State<App>,
    caller: Result<Caller, ApiError>,
    id: Result<ApiPath<String>, ApiError>,
) -> Result<Json<Value>, OpenAiError> {
    let (caller, ApiPath(id)) = (caller?, id?);
    Ok(Json(described(&find(&app, &caller, &id).await?)))
}

/// An agent by its name, or by its id.
async fn find(app: &App, caller: &Caller, model: &str) -> Result<Agent, OpenAiError> {
    let atrium = &app.atrium;
    let scope = atrium.store.as_viewer(&caller.viewer);
    agents::first_visit(scope, &atrium.ports, &atrium.connections).await?;
    let found = match model.parse() {
        Ok(id) => agents::get(scope, id).await,
        Err(_) => agents::by_name(scope, model).await,
    };
    match found {
        Err(atrium_domain::Error::NotFound(_)) => Err(OpenAiError::no_such_model(model)),
        found => Ok(found?),
    }
}
