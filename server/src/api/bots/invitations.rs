//! Invitations: a place in an organisation and in one of its projects.

use super::me::{full_name, read_role};
use super::wire::{Asked, Input, Member, Refusal, Reply};
use crate::api::identity::Identity;
use crate::web::App;
use atrium::people::normalise_email;
use atrium_domain::accounts::invitations::NewInvitations;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

fn refused(told: impl Into<String>) -> Refusal {
    Refusal::error(StatusCode::BAD_REQUEST, told)
}

/// `POST invite/`
pub async fn invite(State(app): State<App>, Member(caller): Member, input: Input) -> Reply<Json<Value>> {
    let read = || {
        let role = input.filled("role")?.unwrap_or_else(|| "USER".to_owned());
        let role = read_role(&role).ok_or_else(|| refused(format!("\"{role}\" is not a role.")))?;
        let new = NewInvitations {
            emails: vec![input.required("email")?],
            role,
            organisation: input.id("client_id")?.map(Into::into),
        };
        Ok((new, input.required_id("project_id")?))
    };
    let (new, project) = read().map_err(|it: Refusal| match it.sentence().as_str() {
        "This field is required." | "This field may not be blank." => {
            refused("Fields \"email\" and \"project_id\" are required.")
        }
        _ => it.into_error(),
    })?;
    let (accounts, mail) = (&app.atrium.accounts, &app.atrium.mail);
    let invited = accounts.invite_to_project(mail, caller.actor(), &new, project.into()).await;
    invited.map_err(|error| Refusal::from(error).into_error())?;
    Ok(Json(json!({ "detail": "The invitation is on its way." })))
}

/// `GET invite/confirm/?token=`: to the page that sets the password.
pub async fn page(asked: Asked) -> Response {
    let token: String = form_urlencoded::byte_serialize(asked.text("token").unwrap_or_default().as_bytes()).collect();
    (StatusCode::FOUND, [(LOCATION, format!("/invitation?token={token}"))]).into_response()
}

/// `POST invite/confirm/?email=&token=`. The project is the invitation's, whatever the address says.
pub async fn confirm(State(app): State<App>, identity: Identity, asked: Asked, input: Input) -> Reply<Json<Value>> {
    let sent = |name: &str| match asked.text(name) {
        Some(text) => Some(text.to_owned()),
        None => input.filled(name).ok().flatten(),
    };
    let token = sent("token").ok_or_else(|| refused("The link lacks its token."))?;
    let password = input.filled("password").map_err(Refusal::into_error)?;
    let password = password.ok_or_else(|| refused("Field \"password\" is required."))?;
    let accounts = &app.atrium.accounts;
    let offer = accounts.offer(&token).await?;
    let offer = offer.filter(|it| sent("email").is_none_or(|email| normalise_email(&email) == it.email));
    let offer = offer.ok_or_else(|| refused("This invitation no longer works, or is for another address."))?;
    let name = full_name(&input, "").map_err(Refusal::into_error)?;
    let name = name.unwrap_or_else(|| offer.email.split('@').next().unwrap_or_default().to_owned());
    let accepted = accounts.accept_invitation(&app.atrium.mail, &token, &name, &password, &identity.address).await;
    accepted.map_err(|error| Refusal::from(error).into_error())?;
    Ok(Json(json!({ "detail": "The account is made. Sign in with the address and the password." })))
}
