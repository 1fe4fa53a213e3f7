//! Clients: organisations.

use super::wire::{Input, Member, Named, Reply};
use crate::api::time::iso;
use crate::web::App;
use atrium::ids::OrganisationId;
use atrium::organisations::{Organisation, OrganisationForm};
use atrium::paging::PageRequest;
use atrium_domain::organisations;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

fn described(it: &Organisation) -> Value {
    let updated = (it.updated_at > it.created_at).then(|| iso(it.updated_at));
    json!({ "id": it.id, "name": it.details.name, "created_at": iso(it.created_at), "updated_at": updated })
}

/// `GET clients/`
pub async fn list(State(app): State<App>, Member(caller): Member) -> Reply<Json<Vec<Value>>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let found = organisations::page(scope, PageRequest::WHOLE, None, None).await?;
    Ok(Json(found.items.iter().map(described).collect()))
}

/// `POST clients/`
pub async fn create(State(app): State<App>, Member(caller): Member, input: Input) -> Reply<(StatusCode, Json<Value>)> {
    let form = OrganisationForm { name: input.required("name")?, ..OrganisationForm::default() };
    let made = organisations::create(&app.atrium.store, &app.atrium.ports, caller.actor(), &form).await?;
    Ok((StatusCode::CREATED, Json(described(&made))))
}

/// `GET clients/{id}/`
pub async fn get(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<OrganisationId>,
) -> Reply<Json<Value>> {
    Ok(Json(described(&organisations::get(app.atrium.store.as_viewer(&caller.viewer), id).await?)))
}

/// `PATCH clients/{id}/`
pub async fn change(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<OrganisationId>,
    input: Input,
) -> Reply<Json<Value>> {
    let atrium = &app.atrium;
    let before = organisations::get(atrium.store.as_viewer(&caller.viewer), id).await?;
    let form = OrganisationForm { name: input.text("name")?.unwrap_or(before.details.name), ..before.details };
    let changed =
        organisations::change(&atrium.store, &atrium.ports, caller.actor(), id, &form, Some(before.updated_at)).await?;
    Ok(Json(described(&changed)))
}

/// `DELETE clients/{id}/`
pub async fn delete(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<OrganisationId>,
) -> Reply<StatusCode> {
    organisations::delete(&app.atrium.store, &app.atrium.ports, caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
