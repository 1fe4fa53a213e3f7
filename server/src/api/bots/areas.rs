//! Areas of expertise.

use super::wire::{Asked, Input, Member, Named, PAGE_SIZE, Reply, paged};
use crate::web::App;
use atrium::expertise::{ExpertiseArea, ExpertiseAreaForm};
use atrium::ids::ExpertiseAreaId;
use atrium_domain::expertise;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use serde_json::{Value, json};

pub fn described(it: &ExpertiseArea) -> Value {
    json!({ "id": it.id, "name": it.name, "description": it.description })
}

/// `GET expertise-areas/`
pub async fn list(
    State(app): State<App>,
    Member(caller): Member,
    asked: Asked,
    parts: Parts,
) -> Reply<impl IntoResponse> {
    let request = asked.page(PAGE_SIZE)?;
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let page = expertise::page(scope, request, asked.text("search")).await?;
    paged(&app, &parts, request, page.map(|it| described(&it)))
}

/// `POST expertise-areas/`
pub async fn create(State(app): State<App>, Member(caller): Member, input: Input) -> Reply<(StatusCode, Json<Value>)> {
    let form = ExpertiseAreaForm {
        name: input.required("name")?,
        description: input.text("description")?.unwrap_or_default(),
    };
    let made = expertise::create(&app.atrium.store, &app.atrium.ports, caller.actor(), &form).await?;
    Ok((StatusCode::CREATED, Json(described(&made))))
}

/// `GET expertise-areas/{id}/`
pub async fn get(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<ExpertiseAreaId>,
) -> Reply<Json<Value>> {
    Ok(Json(described(&expertise::get(app.atrium.store.as_viewer(&caller.viewer), id).await?)))
}

/// `PATCH expertise-areas/{id}/`
pub async fn change(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<ExpertiseAreaId>,
    input: Input,
) -> Reply<Json<Value>> {
    let atrium = &app.atrium;
    let before = expertise::get(atrium.store.as_viewer(&caller.viewer), id).await?;
    let form = ExpertiseAreaForm {
        name: input.text("name")?.unwrap_or(before.name),
        description: input.text("description")?.unwrap_or(before.description),
    };
    let seen = Some(before.updated_at);
    let changed = expertise::change(&atrium.store, &atrium.ports, caller.actor(), id, &form, seen).await?;
    Ok(Json(described(&changed)))
}

/// `DELETE expertise-areas/{id}/`
pub async fn delete(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<ExpertiseAreaId>,
) -> Reply<StatusCode> {
    expertise::delete(&app.atrium.store, &app.atrium.ports, caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
