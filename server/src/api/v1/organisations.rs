//! Organisations: everybody sees their own, superusers all of them.

use crate::api::body::{ApiJson, ApiPath, ApiQuery, present};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, SortQuery, listing};
use crate::api::time::iso;
use crate::api::version::{IfMatch, Versioned};
use crate::web::App;
use atrium::ids::OrganisationId;
use atrium::organisations::{Organisation as Known, OrganisationForm};
use atrium_domain::{audit, organisations};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "00000000-0000-0000-0000-000000000001", "name": "Analytical Engines", "contact_name": "Ada Lovelace",
    "contact_email": "ada@example.org", "contact_phone": "", "address": "London", "people": 12, "projects": 3,
    "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z"
}))]
pub struct Organisation {
    id: Uuid,
    name: String,
    contact_name: String,
    contact_email: String,
    contact_phone: String,
    address: String,
    /// How many belong to it.
    people: i64,
    /// How many it has.
    projects: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// An organisation to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "name": "Analytical Engines", "contact_email": "ada@example.org" }))]
pub struct NewOrganisation {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[serde(default)]
    #[schema(required = false, max_length = 200)]
    contact_name: String,
    #[serde(default)]
    #[schema(required = false, max_length = 200)]
    contact_email: String,
    #[serde(default)]
    #[schema(required = false, max_length = 200)]
    contact_phone: String,
    #[serde(default)]
    #[schema(required = false, max_length = 1000)]
    address: String,
}

/// What to change; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(example = json!({ "contact_phone": "+44 20 7946 0000" }))]
pub struct OrganisationChange {
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 200)]
    contact_name: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 200)]
    contact_email: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 200)]
    contact_phone: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 1000)]
    address: Option<String>,
}

impl From<Known> for Organisation {
    fn from(it: Known) -> Self {
        let OrganisationForm { name, contact_name, contact_email, contact_phone, address } = it.details;
        Self {
            id: it.id.0,
            name,
            contact_name,
            contact_email,
            contact_phone,
            address,
            people: it.people,
            projects: it.projects,
            created_at: iso(it.created_at),
            updated_at: iso(it.updated_at),
        }
    }
}

fn versioned(status: StatusCode, it: Known) -> Versioned<Organisation> {
    Versioned(status, it.updated_at, it.into())
}

/// List organisations
///
/// One's own; for superusers all of them. `sort` is one of `name`, `people`, `projects`, `made`.
#[utoipa::path(get, path = "/api/v1/organisations", tag = "Organisations", params(ListQuery, SortQuery), responses((status = 200, description = "A page, by name", body = Listing<Organisation>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
    ApiQuery(order): ApiQuery<SortQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<Organisation>>> {
    let request = query.page()?;
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let sort = order.sort(organisations::COLUMNS)?;
    let page = organisations::page(scope, request, query.search.as_deref(), sort).await?;
    let seen = page.items.iter().map(|it| it.id);
    audit::note_look(&app.atrium.store, &app.atrium.ports, caller.actor(), "organisations", seen).await?;
    Ok(Json(listing(&app, &parts, request, page.map(Organisation::from))))
}

/// Make an organisation
///
/// A superuser's to make.
#[utoipa::path(post, path = "/api/v1/organisations", tag = "Organisations", request_body = NewOrganisation, responses((status = 201, description = "Made", body = Organisation, headers(("ETag" = String, description = "The version")))))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewOrganisation>,
) -> ApiResult<Versioned<Organisation>> {
    let NewOrganisation { name, contact_name, contact_email, contact_phone, address } = new;
    let form = OrganisationForm { name, contact_name, contact_email, contact_phone, address };
    let made = organisations::create(&app.atrium.store, &app.atrium.ports, caller.actor(), &form).await?;
    Ok(versioned(StatusCode::CREATED, made))
}

/// Get an organisation
#[utoipa::path(get, path = "/api/v1/organisations/{id}", tag = "Organisations", params(("id" = Uuid, Path)), responses((status = 200, description = "The organisation", body = Organisation, headers(("ETag" = String, description = "The version")))))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<OrganisationId>,
) -> ApiResult<Versioned<Organisation>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    Ok(versioned(StatusCode::OK, organisations::get(scope, id).await?))
}

/// Change an organisation
///
/// For its administrators.
#[utoipa::path(patch, path = "/api/v1/organisations/{id}", tag = "Organisations", params(("id" = Uuid, Path)), request_body = OrganisationChange, responses((status = 200, description = "Changed", body = Organisation, headers(("ETag" = String, description = "The version")))))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<OrganisationId>,
    version: IfMatch,
    ApiJson(change): ApiJson<OrganisationChange>,
) -> ApiResult<Versioned<Organisation>> {
    let atrium = &app.atrium;
    let current = organisations::get(atrium.store.as_viewer(&caller.viewer), id).await?;
    let mut form = current.details;
    for (field, value) in [
        (&mut form.name, change.name),
        (&mut form.contact_name, change.contact_name),
        (&mut form.contact_email, change.contact_email),
        (&mut form.contact_phone, change.contact_phone),
        (&mut form.address, change.address),
    ] {
        if let Some(value) = value {
            *field = value;
        }
    }
    let seen = version.0.unwrap_or(current.updated_at);
    let changed = organisations::change(&atrium.store, &atrium.ports, caller.actor(), id, &form, Some(seen)).await;
    Ok(versioned(StatusCode::OK, changed.map_err(|error| version.refuse(error))?))
}
