//! Signing in: tokens of two hours and of a day, the second kind good for one refresh.

use super::me::{full_name, wire_role};
use super::wire::{Input, Member, Named, Refusal, Reply};
use crate::api::error::ApiError;
use crate::api::identity::{Identity, Via};
use crate::api::paging::base_url;
use crate::api::time::iso;
use crate::web::App;
use atrium::ids::UserId;
use atrium::people::{Credentials, NewPerson, Profile, Role, Viewer};
use atrium_domain::Error;
use atrium_domain::accounts::tokens::{Lifetimes, Rotation, Terms, TokenPair};
use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

const LIFETIMES: Lifetimes = Lifetimes { access: 2 * 3600, refresh: 24 * 3600 };

/// Where somebody's picture is, if they have one.
pub fn picture(app: &App, parts: &Parts, it: &Profile) -> Value {
    match &it.avatar {
        Some(hash) => json!(format!("{}/avatars/{}/{hash}", base_url(app, parts), it.id)),
        None => Value::Null,
    }
}

/// Whether somebody has the pages of administration.
pub fn is_staff(it: &Profile) -> bool {
    it.is_superuser || it.role == Role::Admin
}

/// What clients read of the person in the token itself.
async fn terms(app: &App, parts: &Parts, viewer: &Viewer) -> Reply<Terms> {
    let it = app.atrium.accounts.profile(viewer, viewer.id).await?;
    let claims = json!({
        "id": it.id, "email": it.email, "username": it.username, "full_name": it.name,
        "first_name": super::me::names(&it.name).0, "role": wire_role(it.role), "is_active": it.is_active,
        "avatar": picture(app, parts, &it), "joined_at": iso(it.created_at), "is_staff": is_staff(&it),
        "is_superuser": it.is_superuser, "job_title": it.job_title, "department": it.department,
    });
    // The address stands in every access token already.
    let claims: Map<String, Value> = claims
        .as_object()
        .into_iter()
        .flatten()
        .filter(|it| it.0 != "email")
        .map(|it| (it.0.clone(), it.1.clone()))
        .collect();
    Ok(Terms { rotation: Rotation::Rotates, lifetimes: LIFETIMES, claims })
}

async fn issue(app: &App, parts: &Parts, identity: &Identity, viewer: &Viewer) -> Reply<TokenPair> {
    let terms = terms(app, parts, viewer).await?;
    Ok(app.atrium.tokens.issue_on(viewer, &terms, &identity.origin()).await?)
}

fn pair(it: TokenPair) -> Json<Value> {
    Json(json!({ "access": it.access, "refresh": it.refresh }))
}

/// `POST login/`
pub async fn login(State(app): State<App>, identity: Identity, parts: Parts, input: Input) -> Reply<Json<Value>> {
    let name = match input.filled("email")? {
        Some(email) => Some(email),
        None => input.filled("username")?,
    };
    let (Some(email), Some(password)) = (name, input.filled("password")?) else {
        return Err(Refusal::field("non_field_errors", "Send \"email\" or \"username\", and \"password\"."));
    };
    let accounts = &app.atrium.accounts;
    let (viewer, proof) = match accounts.sign_in(&Credentials { email, password }, &identity.address).await {
        Err(error @ Error::Invalid(_)) => {
            return Err(Refusal::detail(StatusCode::UNAUTHORIZED, error.to_string()));
        }
        outcome => outcome?,
    };
    let tokens = issue(&app, &parts, &identity, &viewer).await?;
    if let Err(error) = accounts.confirm(&proof).await {
        app.atrium.tokens.end_by_refresh(&tokens.refresh).await?;
        return Err(Refusal::detail(StatusCode::UNAUTHORIZED, error.to_string()));
    }
    Ok(pair(tokens))
}

/// `POST create/`
pub async fn create(
    State(app): State<App>,
    identity: Identity,
    parts: Parts,
    input: Input,
) -> Reply<(StatusCode, Json<Value>)> {
    let email = input.required("email")?;
    let password = input.required("password")?;
    let username = input.filled("username")?;
    let name = match full_name(&input, "")? {
        Some(name) => name,
        None => username.clone().unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned()),
    };
    app.atrium.may_register()?;
    let person = NewPerson { name, email, username, password };
    let viewer = app.atrium.accounts.register(&person, &identity.address).await?;
    let tokens = issue(&app, &parts, &identity, &viewer).await?;
    let (first, last) = super::me::names(&viewer.name);
    let user = json!({
        "id": viewer.id, "username": viewer.username, "email": viewer.email, "first_name": first, "last_name": last,
        "client_id": viewer.organisation,
    });
    let reply = json!({ "user": user, "access": tokens.access, "refresh": tokens.refresh });
    Ok((StatusCode::CREATED, Json(reply)))
}

/// `POST refresh/`
pub async fn refresh(State(app): State<App>, parts: Parts, input: Input) -> Reply<Json<Value>> {
    let token = input.filled("refresh")?;
    let token = token.ok_or_else(|| Refusal::detail(StatusCode::BAD_REQUEST, "Field 'refresh' is required."))?;
    let tokens = &app.atrium.tokens;
    let outcome = match tokens.holder_of_refresh(&token).await {
        Ok(viewer) => {
            let terms = terms(&app, &parts, &viewer).await?;
            tokens.refresh_saying(&token, &terms.claims).await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok((_, tokens)) => Ok(pair(tokens)),
        Err(error @ Error::BadToken) => Err(Refusal::with(
            StatusCode::BAD_REQUEST,
            json!({ "detail": "Invalid refresh token.", "error": error.to_string() }),
        )),
        Err(error) => Err(error.into()),
    }
}

/// `POST logout/`. A token that was signed out by before is worth nothing any more.
pub async fn logout(State(app): State<App>, identity: Identity, input: Input) -> Reply<Json<Value>> {
    let token = input.filled("refresh")?;
    let token = token.ok_or_else(|| Refusal::error(StatusCode::BAD_REQUEST, "Refresh token is required."))?;
    match app.atrium.end_sign_in_of(&token, &identity.address).await {
        Ok(true) => Ok(Json(json!({ "detail": "Successfully logged out." }))),
        Ok(false) | Err(Error::BadToken) => Err(Refusal::error(StatusCode::BAD_REQUEST, "Invalid refresh token.")),
        Err(error) => Err(error.into()),
    }
}

/// `POST verify-token/`
pub async fn verify(State(app): State<App>, input: Input) -> Reply<Json<Value>> {
    let token = input.required("token")?;
    match app.atrium.tokens.verify(&token).await {
        Err(Error::BadToken) => Err(Refusal::with(
            StatusCode::UNAUTHORIZED,
            json!({ "detail": "Token is invalid or expired", "code": "token_not_valid" }),
        )),
        outcome => {
            outcome?;
            Ok(Json(json!({})))
        }
    }
}

/// `GET|POST login-as/{id}/`
pub async fn login_as(
    State(app): State<App>,
    Member(caller): Member,
    identity: Identity,
    Named(id): Named<UserId>,
    parts: Parts,
) -> Reply<Json<Value>> {
    caller.must_be_a_person()?;
    // A link that somebody else made must not be enough to become them.
    if parts.method == Method::GET && caller.via == Via::Cookie {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", "Send an access token.").into());
    }
    if !caller.viewer.is_superuser {
        return Err(Error::Forbidden("Only superusers sign in as somebody else.").into());
    }
    let accounts = &app.atrium.accounts;
    accounts.profile(&caller.viewer, id).await?;
    let viewer = accounts.impersonate(caller.actor(), id).await?;
    Ok(pair(issue(&app, &parts, &identity, &viewer).await?))
}
