//! Oneself: the profile, the picture, the password, also a forgotten one.

use super::auth::{is_staff, picture};
use super::wire::{Asked, Input, Member, Refusal, Reply};
use crate::api::identity::{Caller, Identity};
use crate::api::time::iso;
use crate::web::App;
use atrium::people::{Profile, ProfileChange, Role, normalise_email};
use atrium_domain::Error;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::{Extension, Json};
use serde_json::{Value, json};
use tower_sessions::Session;

/// What roles are called here. What there is besides is a user.
pub fn wire_role(role: Role) -> &'static str {
    match role {
        Role::Admin => "ADMIN",
        Role::Manager => "MANAGER",
        Role::Engineer | Role::Analyst | Role::User => "USER",
        Role::Guest => "GUEST",
    }
}

/// The role that is meant.
pub fn read_role(text: &str) -> Option<Role> {
    match text.trim().to_ascii_uppercase().as_str() {
        "ADMIN" | "ADMINISTRATOR" => Some(Role::Admin),
        "MANAGER" => Some(Role::Manager),
        "USER" => Some(Role::User),
        "GUEST" => Some(Role::Guest),
        _ => None,
    }
}

/// The first word of a name, and the rest of it.
pub fn names(name: &str) -> (&str, &str) {
    name.split_once(' ').unwrap_or((name, ""))
}

/// The name that was sent, in one piece or in two, of which one may stay as it was.
pub fn full_name(input: &Input, before: &str) -> Reply<Option<String>> {
    if let Some(name) = input.filled("full_name")? {
        return Ok(Some(name));
    }
    let (first, last) = (input.text("first_name")?, input.text("last_name")?);
    if first.is_none() && last.is_none() {
        return Ok(None);
    }
    let (old_first, old_last) = names(before);
    let name = format!("{} {}", first.as_deref().unwrap_or(old_first), last.as_deref().unwrap_or(old_last));
    Ok(Some(name.trim().to_owned()).filter(|it| !it.is_empty()))
}

fn described(app: &App, parts: &Parts, it: &Profile) -> Json<Value> {
    let (first, last) = names(&it.name);
    Json(json!({
        "id": it.id, "full_name": it.name, "email": it.email, "username": it.username, "job_title": it.job_title,
        "department": it.department, "first_name": first, "last_name": last, "role": wire_role(it.role),
        "is_active": it.is_active, "active": it.is_active, "avatar": picture(app, parts, it),
        "joined_at": iso(it.created_at), "is_staff": is_staff(it), "client_id": it.organisation,
    }))
}

async fn profile(app: &App, caller: &Caller) -> Reply<Profile> {
    Ok(app.atrium.accounts.profile(&caller.viewer, caller.viewer.id).await?)
}

/// `GET me/`
pub async fn get(State(app): State<App>, Member(caller): Member, parts: Parts) -> Reply<Json<Value>> {
    Ok(described(&app, &parts, &profile(&app, &caller).await?))
}

/// `PATCH me/update/`. Role, client and whether one is active are not one's own to change, and are passed over.
pub async fn change(
    State(app): State<App>,
    Member(caller): Member,
    session: Option<Extension<Session>>,
    parts: Parts,
    input: Input,
) -> Reply<Json<Value>> {
    let accounts = &app.atrium.accounts;
    let before = profile(&app, &caller).await?;
    if let Some(email) = input.filled("email")?
        && normalise_email(&email) != before.email
    {
        return Err(Refusal::field("email", "An account keeps its address. Ask an administrator for another account."));
    }
    let password = input.filled("password")?;
    if password.is_some() && input.filled("password_confirm")? != password {
        return Err(Refusal::field("password_confirm", "The passwords do not match."));
    }
    let change = ProfileChange {
        name: full_name(&input, &before.name)?,
        username: input.filled("username")?.filter(|it| normalise_email(it) != before.username),
        job_title: input.text("job_title")?,
        department: input.text("department")?,
    };
    if change != ProfileChange::default() {
        accounts.change_profile(&caller.viewer, &change, None).await?;
    }
    if let Some(file) = input.file("avatar") {
        accounts.set_avatar(&caller.viewer, file.to_vec()).await?;
    } else if input.has("avatar") && input.filled("avatar")?.is_none() {
        accounts.remove_avatar(&caller.viewer).await?;
    }
    if let Some(password) = password {
        let here = caller.here(session.as_deref())?;
        accounts.replace_password(caller.actor(), &password, &here).await?;
    }
    Ok(described(&app, &parts, &profile(&app, &caller).await?))
}

/// `POST password/forgot/`: the same answer for everybody.
pub async fn forgot(State(app): State<App>, identity: Identity, input: Input) -> Reply<Json<Value>> {
    let email = input.text("email").ok().flatten().unwrap_or_default();
    match app.atrium.accounts.forgot_password(&app.atrium.mail, &email, &identity.address).await {
        Ok(()) | Err(Error::Invalid(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(Json(
        json!({ "detail": "If there is an account with this address, a link to choose a new password is on its way." }),
    ))
}

/// `POST password/reset/?email=&token=`
pub async fn reset(State(app): State<App>, identity: Identity, asked: Asked, input: Input) -> Reply<Json<Value>> {
    let sent = |name: &str| match asked.text(name) {
        Some(text) => Some(text.to_owned()),
        None => input.filled(name).ok().flatten(),
    };
    let refused = |told: &str| Refusal::error(StatusCode::BAD_REQUEST, told);
    let token = sent("token").ok_or_else(|| refused("The link lacks its token."))?;
    let password = input.filled("new_password").map_err(Refusal::into_error)?;
    let password = password.ok_or_else(|| refused("Send \"new_password\"."))?;
    let accounts = &app.atrium.accounts;
    if let Some(email) = sent("email")
        && !accounts.reset_link_is_for(&token, &email).await?
    {
        return Err(refused("This link no longer works, or is for another address."));
    }
    let outcome = accounts.reset_password(&token, &password, &identity.address).await;
    outcome.map_err(|error| Refusal::from(error).into_error())?;
    Ok(Json(json!({ "detail": "The password is changed. Sign in with the new one." })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_by_both_of_their_names() {
        for (text, role) in [
            ("ADMINISTRATOR", Role::Admin),
            ("admin", Role::Admin),
            ("MANAGER", Role::Manager),
            ("USER", Role::User),
            (" guest ", Role::Guest),
        ] {
            assert_eq!(read_role(text), Some(role), "{text}");
        }
        assert_eq!(read_role("ROOT"), None);
        for role in Role::ALL {
            assert!(read_role(wire_role(role)).is_some());
        }
    }

    #[test]
    fn a_name_is_its_first_word_and_the_rest() {
        assert_eq!(names("Ada Augusta Lovelace"), ("Ada", "Augusta Lovelace"));
        assert_eq!(names("Ada"), ("Ada", ""));
    }
}
