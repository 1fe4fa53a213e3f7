//! People: the list, and accounts that administrators make.

use super::auth::{is_staff, picture};
use super::me::{full_name, names, read_role, wire_role};
use super::wire::{Asked, Input, Member, Refusal, Reply, paged};
use crate::api::identity::Caller;
use crate::api::time::iso;
use crate::web::App;
use atrium::paging::{PAGE_SIZE, Page, PageRequest};
use atrium::people::{NewPerson, Profile, Role};
use atrium_domain::accounts::{NewAccount, PeopleFilter};
use atrium_domain::audit;
use atrium_domain::projects::placed::{self, PlacedFilter};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use serde_json::{Value, json};

const COLUMNS: &[(&str, &str)] = &[
    ("first_name", "name"),
    ("last_name", "name"),
    ("full_name", "name"),
    ("name", "name"),
    ("email", "email"),
    ("username", "username"),
    ("role", "role"),
    ("job_title", "job_title"),
    ("department", "department"),
    ("date_joined", "joined"),
    ("joined_at", "joined"),
    ("created_at", "joined"),
    ("last_login", "last_sign_in"),
];

/// One person under every name that clients of this path read, of whichever system they are.
async fn described(app: &App, parts: &Parts, caller: &Caller, it: Profile) -> Reply<Value> {
    let (first, last) = names(&it.name);
    let filter = PlacedFilter { member: Some(it.id), ..PlacedFilter::default() };
    let whole = PageRequest { page: 1, size: 1_000 };
    let projects = placed::page(app.atrium.store.as_viewer(&caller.viewer), whole, filter).await?;
    let projects: Vec<Value> =
        projects.items.iter().map(|it| json!({ "id": it.project.id, "name": it.project.name })).collect();
    let picture = picture(app, parts, &it);
    Ok(json!({
        "id": it.id, "first_name": first, "last_name": last, "name": it.name, "email": it.email,
        "username": it.username, "avatar": picture, "avatar_url": picture, "role": wire_role(it.role),
        "date_joined": iso(it.created_at), "created_at": iso(it.created_at), "updated_at": iso(it.updated_at),
        "job_title": it.job_title, "department": it.department, "is_active": it.is_active, "active": it.is_active,
        "is_staff": is_staff(&it), "projects": projects, "client_id": it.organisation,
    }))
}

/// `GET users/`
pub async fn list(
    State(app): State<App>,
    Member(caller): Member,
    asked: Asked,
    parts: Parts,
) -> Reply<impl IntoResponse> {
    let request = asked.page(PAGE_SIZE)?;
    let filter = PeopleFilter {
        search: asked.text("search"),
        department: asked.text("department"),
        // Managers see their organisation elsewhere; these clients expect it of administrators alone.
        is_oneself: !caller.viewer.is_superuser && caller.viewer.role != Role::Admin,
        sort: asked.ordering(COLUMNS),
        ..PeopleFilter::default()
    };
    let page = app.atrium.accounts.people(&caller.viewer, request, filter).await?;
    let seen = page.items.iter().map(|it| it.organisation);
    audit::note_look(&app.atrium.store, &app.atrium.ports, caller.actor(), "people", seen).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for person in page.items {
        items.push(described(&app, &parts, &caller, person).await?);
    }
    paged(&app, &parts, request, Page { count: page.count, items })
}

/// `POST users/`
pub async fn create(
    State(app): State<App>,
    Member(caller): Member,
    parts: Parts,
    input: Input,
) -> Reply<(StatusCode, Json<Value>)> {
    let role = match input.filled("role")? {
        Some(text) => {
            read_role(&text).ok_or_else(|| Refusal::field("role", format!("\"{text}\" is not a valid choice.")))?
        }
        None => Role::User,
    };
    let email = input.required("email")?;
    let username = input.filled("username")?;
    let name = full_name(&input, "")?;
    let person = NewPerson {
        name: name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned()),
        email,
        username,
        password: input.filled("password")?.unwrap_or_default(),
    };
    let new = NewAccount {
        person,
        role,
        organisation: input.id("client_id")?.map(Into::into),
        job_title: input.text("job_title")?.unwrap_or_default(),
        department: input.text("department")?.unwrap_or_default(),
    };
    let accounts = &app.atrium.accounts;
    let made = accounts.create_account(&app.atrium.mail, caller.actor(), &new).await?;
    if let Some(file) = input.file("avatar") {
        accounts.set_avatar(&made, file.to_vec()).await?;
    }
    let made = accounts.profile(&caller.viewer, made.id).await?;
    Ok((StatusCode::CREATED, Json(described(&app, &parts, &caller, made).await?)))
}
