//! Projects, with the bots that they have.

use super::resources;
use super::wire::{Asked, Input, Member, Named, PAGE_SIZE, Refusal, Reply, paged};
use crate::api::identity::Caller;
use crate::api::time::iso;
use crate::web::App;
use atrium::ids::ProjectId;
use atrium::paging::Page;
use atrium::projects::ProjectForm;
use atrium_domain::Error;
use atrium_domain::projects;
use atrium_domain::projects::placed::{self, Placed, PlacedFilter};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use serde_json::{Value, json};

const COLUMNS: &[(&str, &str)] = &[
    ("name", "name"),
    ("created_at", "created"),
    ("updated_at", "updated"),
    ("client", "organisation"),
    ("client__name", "organisation"),
];

async fn described(app: &App, caller: &Caller, it: &Placed) -> Reply<Value> {
    Ok(json!({
        "id": it.project.id, "name": it.project.name, "client": it.organisation_name, "client_id": it.organisation,
        "created_at": iso(it.project.created_at), "updated_at": iso(it.project.updated_at),
        "bots": bots_of(app, caller, it.project.id).await?,
    }))
}

async fn bots_of(app: &App, caller: &Caller, id: ProjectId) -> Reply<Vec<Value>> {
    let agents = projects::agents::list(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    let mut bots = Vec::with_capacity(agents.len());
    for agent in &agents {
        bots.push(resources::described(app, caller, agent).await?);
    }
    Ok(bots)
}

/// `GET projects/`
pub async fn list(
    State(app): State<App>,
    Member(caller): Member,
    asked: Asked,
    parts: Parts,
) -> Reply<impl IntoResponse> {
    let request = asked.page(PAGE_SIZE)?;
    let filter = PlacedFilter {
        search: asked.text("search"),
        organisation: asked.text("client__name"),
        sort: asked.ordering(COLUMNS),
        ..PlacedFilter::default()
    };
    let page = placed::page(app.atrium.store.as_viewer(&caller.viewer), request, filter).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for it in &page.items {
        items.push(described(&app, &caller, it).await?);
    }
    paged(&app, &parts, request, Page { count: page.count, items })
}

/// `POST projects/`
pub async fn create(State(app): State<App>, Member(caller): Member, input: Input) -> Reply<(StatusCode, Json<Value>)> {
    let atrium = &app.atrium;
    let form =
        ProjectForm { name: input.required("name")?, description: input.text("description")?.unwrap_or_default() };
    let client = input.id("client_id")?.map_or(caller.viewer.organisation, Into::into);
    let made = match placed::create(&atrium.store, &atrium.ports, caller.actor(), client, &form).await {
        Err(Error::NotFound("organisation")) => return Err(Refusal::field("client_id", "There is no such client.")),
        made => made?,
    };
    Ok((StatusCode::CREATED, Json(described(&app, &caller, &made).await?)))
}

/// `GET projects/{id}/`
pub async fn get(State(app): State<App>, Member(caller): Member, Named(id): Named<ProjectId>) -> Reply<Json<Value>> {
    let it = placed::get(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    Ok(Json(described(&app, &caller, &it).await?))
}

/// `PATCH projects/{id}/`
pub async fn change(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<ProjectId>,
    input: Input,
) -> Reply<Json<Value>> {
    let atrium = &app.atrium;
    let scope = atrium.store.as_viewer(&caller.viewer);
    let before = placed::get(scope, id).await?;
    if input.id("client_id")?.is_some_and(|it| it != before.organisation.0) {
        return Err(Refusal::field("client_id", "A project stays with its client."));
    }
    let form = ProjectForm {
        name: input.text("name")?.unwrap_or(before.project.name),
        description: input.text("description")?.unwrap_or(before.project.description),
    };
    let seen = Some(before.project.updated_at);
    projects::change(&atrium.store, &atrium.ports, caller.actor(), id, &form, seen).await?;
    Ok(Json(described(&app, &caller, &placed::get(scope, id).await?).await?))
}

/// `DELETE projects/{id}/`
pub async fn delete(State(app): State<App>, Member(caller): Member, Named(id): Named<ProjectId>) -> Reply<StatusCode> {
    projects::delete(&app.atrium.store, &app.atrium.ports, caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET projects/{id}/bots/`
pub async fn bots(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<ProjectId>,
) -> Reply<Json<Vec<Value>>> {
    Ok(Json(bots_of(&app, &caller, id).await?))
}
