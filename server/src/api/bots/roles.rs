//! Roles: everybody has one, which is shown as a list of one. For administrators alone.

use super::me::{read_role, wire_role};
use super::wire::{Input, Member, Named, Refusal, Reply};
use crate::api::identity::Caller;
use crate::web::App;
use atrium::ids::UserId;
use atrium::people::{Profile, Role};
use atrium::permissions::Permission;
use atrium_domain::Error;
use atrium_domain::accounts::administration::PersonChange;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

const ROLES: [(Role, &str); 4] =
    [(Role::Admin, "Administrator"), (Role::Manager, "Manager"), (Role::User, "User"), (Role::Guest, "Guest")];

fn must_administer(caller: &Caller) -> Reply<()> {
    if caller.viewer.may(Permission::ManagePeople) {
        Ok(())
    } else {
        Err(Error::Forbidden("Only administrators see and change roles.").into())
    }
}

async fn person(app: &App, caller: &Caller, id: UserId) -> Reply<Profile> {
    must_administer(caller)?;
    Ok(app.atrium.accounts.profile(&caller.viewer, id).await?)
}

fn asked_role(input: &Input) -> Reply<Role> {
    let text = input.required("role")?;
    read_role(&text).ok_or_else(|| Refusal::field("role", format!("\"{text}\" is not a valid choice.")))
}

async fn give(app: &App, caller: &Caller, person: &Profile, role: Role) -> Reply<()> {
    let change = PersonChange { role: Some(role), ..PersonChange::default() };
    app.atrium.accounts.change_person(caller.actor(), person.id, change, Some(person.updated_at)).await?;
    Ok(())
}

/// `GET roles/`
pub async fn all(Member(caller): Member) -> Reply<Json<Value>> {
    must_administer(&caller)?;
    let roles: Vec<Value> =
        ROLES.iter().map(|(role, label)| json!({ "value": wire_role(*role), "label": label })).collect();
    Ok(Json(json!({ "roles": roles })))
}

/// `GET users/{id}/roles/`
pub async fn of(State(app): State<App>, Member(caller): Member, Named(id): Named<UserId>) -> Reply<Json<Value>> {
    let person = person(&app, &caller, id).await?;
    Ok(Json(json!({ "roles": [wire_role(person.role)] })))
}

/// `POST users/{id}/roles/add/`
pub async fn add(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<UserId>,
    input: Input,
) -> Reply<Json<Value>> {
    let person = person(&app, &caller, id).await?;
    let role = asked_role(&input)?;
    // Who is an engineer is a user here; made one again they stay what they are.
    if wire_role(person.role) != wire_role(role) {
        give(&app, &caller, &person, role).await?;
    }
    Ok(Json(json!({ "detail": format!("{} is {} now.", person.email, wire_role(role)) })))
}

/// `POST|DELETE users/{id}/roles/remove/`: who loses a role is a user, and who is no user any more a guest.
pub async fn remove(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<UserId>,
    input: Input,
) -> Reply<Json<Value>> {
    let person = person(&app, &caller, id).await?;
    let role = wire_role(asked_role(&input)?);
    if wire_role(person.role) != role {
        return Err(Refusal::detail(StatusCode::BAD_REQUEST, format!("{} is not {role}.", person.email)));
    }
    let left = match person.role {
        Role::Admin | Role::Manager => Role::User,
        Role::Engineer | Role::Analyst | Role::User => Role::Guest,
        Role::Guest => {
            return Err(Refusal::detail(StatusCode::BAD_REQUEST, "There is no role below a guest's."));
        }
    };
    give(&app, &caller, &person, left).await?;
    Ok(Json(json!({ "detail": format!("{} is {} now.", person.email, wire_role(left)) })))
}
