//! Bots: agents, those with a webhook and those with a model.

use super::areas;
use super::sessions;
use super::wire::{Asked, Input, Member, Named, PAGE_SIZE, Refusal, Reply, paged};
use crate::api::identity::Caller;
use crate::api::time::iso;
use crate::web::App;
use atrium::agents::Agent;
use atrium::ids::AgentId;
use atrium::paging::{Page, PageRequest};
use atrium_domain::Error;
use atrium_domain::agents::bots::{self, BotForm};
use atrium_domain::projects::placed::{self, PlacedFilter};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use serde_json::{Value, json};

const COLUMNS: &[(&str, &str)] = &[("name", "name"), ("created_at", "created"), ("updated_at", "updated")];

/// A bot. One without a webhook says so by an empty one.
pub async fn described(app: &App, caller: &Caller, it: &Agent) -> Reply<Value> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let area = bots::area(scope, it.id).await?;
    let filter = PlacedFilter { agent: Some(it.id), ..PlacedFilter::default() };
    let places = placed::page(scope, PageRequest { page: 1, size: 1_000 }, filter).await?;
    let projects: Vec<Value> = places
        .items
        .iter()
        .map(|it| {
            json!({
                "id": it.project.id, "name": it.project.name, "client": it.organisation_name,
                "created_at": iso(it.project.created_at), "updated_at": iso(it.project.updated_at),
            })
        })
        .collect();
    Ok(json!({
        "id": it.id, "name": it.name, "description": it.description, "url_n8n": bots::webhook(it).unwrap_or_default(),
        "expertise_area": area.as_ref().map(areas::described), "projects": projects,
    }))
}

/// `GET bots/`: each with the caller's newest sessions.
pub async fn list(
    State(app): State<App>,
    Member(caller): Member,
    asked: Asked,
    parts: Parts,
) -> Reply<impl IntoResponse> {
    let request = asked.page(PAGE_SIZE)?;
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let page = bots::page(scope, request, asked.text("search"), asked.ordering(COLUMNS)).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for agent in &page.items {
        let mut bot = described(&app, &caller, agent).await?;
        bot["chat_sessions"] = sessions::of_bot(&app, &caller, agent.id).await?;
        items.push(bot);
    }
    paged(&app, &parts, request, Page { count: page.count, items })
}

/// A clash of names is said as a whole, everything else at its field.
fn clash(error: Error) -> Refusal {
    match &error {
        Error::Invalid(fields) if fields.iter().any(|it| it.field == "name" && it.message.contains("another")) => {
            Refusal::detail(StatusCode::BAD_REQUEST, error.to_string())
        }
        _ => error.into(),
    }
}

/// `POST bots/`
pub async fn create(State(app): State<App>, Member(caller): Member, input: Input) -> Reply<(StatusCode, Json<Value>)> {
    let form = BotForm {
        name: input.text("name")?.unwrap_or_default(),
        description: input.text("description")?.unwrap_or_default(),
        webhook: input.text("url_n8n")?.unwrap_or_default(),
    };
    let made = bots::create(&app.atrium.store, &app.atrium.ports, caller.actor(), &form).await.map_err(clash)?;
    Ok((StatusCode::CREATED, Json(described(&app, &caller, &made).await?)))
}

/// `GET bots/{id}/`
pub async fn get(State(app): State<App>, Member(caller): Member, Named(id): Named<AgentId>) -> Reply<Json<Value>> {
    let agent = bots::get(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    Ok(Json(described(&app, &caller, &agent).await?))
}

/// `PATCH bots/{id}/`
pub async fn change(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<AgentId>,
    input: Input,
) -> Reply<Json<Value>> {
    let atrium = &app.atrium;
    let before = bots::get(atrium.store.as_viewer(&caller.viewer), id).await?;
    let webhook = bots::webhook(&before).unwrap_or_default().to_owned();
    let form = BotForm {
        name: input.text("name")?.unwrap_or(before.name),
        description: input.text("description")?.unwrap_or(before.description),
        webhook: input.text("url_n8n")?.unwrap_or(webhook),
    };
    let changed = bots::change(&atrium.store, &atrium.ports, caller.actor(), id, &form).await.map_err(clash)?;
    Ok(Json(described(&app, &caller, &changed).await?))
}

/// `DELETE bots/{id}/`
pub async fn delete(State(app): State<App>, Member(caller): Member, Named(id): Named<AgentId>) -> Reply<StatusCode> {
    bots::delete(&app.atrium.store, &app.atrium.ports, caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST bots/{id}/expertise/`
pub async fn expertise(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<AgentId>,
    input: Input,
) -> Reply<Json<Value>> {
    if !input.has("expertise_area") {
        return Err(Refusal::field("expertise_area", "This field is required."));
    }
    let area = input.id("expertise_area")?.map(Into::into);
    let atrium = &app.atrium;
    bots::assign_area(&atrium.store, &atrium.ports, caller.actor(), id, area).await?;
    let agent = bots::get(atrium.store.as_viewer(&caller.viewer), id).await?;
    Ok(Json(described(&app, &caller, &agent).await?))
}
