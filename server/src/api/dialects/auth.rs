//! `auth/`: signing in, for the clients of three dialects at once. What they send is taken under any of its names, and what
//! they are told they are told under all of them.

use super::cookies;
use super::fields::Fields;
use super::people::{everything, member, oneself};
use super::refusal::{Refusal, Reply, Signed, Spoken};
use crate::api::error::ApiError;
use crate::api::identity::{Caller, Identity, Via};
use crate::web::{App, VIEWER};
use atrium::people::{Credentials, NewPerson, ProfileChange, Viewer, plausible_email};
use atrium_app::visit::{Preferences, Visit};
use atrium_domain::Error;
use atrium_domain::accounts::tokens::{Rotation, TokenPair};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::{Value, json};
use tower_sessions::Session;

/// What these systems promise of a password; Atrium's own pages ask for more.
const PASSWORD_MIN: usize = 8;

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/auth/login", post(login))
        .route("/api/auth/register", post(register))
        .route("/api/auth/logout", post(logout))
        .route("/api/auth/refresh", post(refresh))
        .route("/api/auth/token/refresh", post(refresh_pair))
        .route("/api/auth/me", get(me))
        .route("/api/auth/profile", get(profile).patch(change_profile).put(change_profile))
        .route("/api/auth/user", get(profile).patch(change_profile).put(change_profile))
}

/// Why somebody did not get in.
pub enum Outside {
    /// By that name and password nobody does.
    Wrong,
    /// An administrator switched the account off.
    SwitchedOff,
    /// For another reason.
    Other(ApiError),
}

impl<E: Into<ApiError>> From<E> for Outside {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// Signs somebody in by address or user name.
pub async fn sign_in(
    app: &App,
    identity: &Identity,
    credentials: &Credentials,
    rotation: Rotation,
) -> Result<(Viewer, TokenPair), Outside> {
    let (viewer, proof) = match app.atrium.accounts.sign_in(credentials, &identity.address).await {
        Ok(it) => it,
        // At the password when it does not fit, at the address when it does and the account is off.
        Err(Error::Invalid(fields)) if fields.iter().any(|it| it.field == "email") => return Err(Outside::SwitchedOff),
        Err(Error::Invalid(_)) => return Err(Outside::Wrong),
        Err(error) => return Err(error.into()),
    };
    let pair = app.atrium.tokens.issue(&viewer, rotation, &identity.origin()).await?;
    if app.atrium.accounts.confirm(&proof).await.is_err() {
        app.atrium.tokens.end_by_refresh(&pair.refresh).await?;
        return Err(Outside::Wrong);
    }
    Ok((viewer, pair))
}

/// The header that tells of a client that works by cookie.
const CSRF_HEADER: &str = "x-csrftoken";

/// Signs the browser in too, in a session with a new id.
async fn begin_session(app: &App, identity: &Identity, parts: &Parts, viewer: &Viewer) -> Reply<()> {
    let Some(session) = parts.extensions.get::<Session>() else { return Ok(()) };
    let visit = Visit {
        atrium: app.atrium.clone(),
        viewer: identity.caller().filter(|it| it.via == Via::Cookie).map(|it| it.viewer.clone()),
        session: session.clone(),
        address: identity.address.clone(),
        agent: identity.agent.clone(),
        preferences: Preferences::default(),
    };
    Ok(visit.sign_in(viewer).await?)
}

/// Ends what somebody is signed in by: their token's sign-in, and their browser's session where there is one too.
pub async fn sign_out(app: &App, caller: &Caller, session: Option<Extension<Session>>) -> Reply<()> {
    caller.must_be_a_person()?;
    match caller.via {
        Via::Jwt(family) => app.atrium.end_sign_in(caller.actor(), family).await?,
        _ => drop(app.atrium.accounts.stop_impersonating(caller.actor()).await?),
    }
    if let Some(Extension(session)) = session {
        let whose: Option<Viewer> = session.get(VIEWER).await.unwrap_or_default();
        if whose.is_some_and(|it| it.id == caller.viewer.id) {
            session.flush().await.map_err(|error| Error::Internal(error.to_string()))?;
        }
    }
    Ok(())
}

/// Tokens under every name that they have.
async fn signed_in(app: &App, parts: &Parts, viewer: &Viewer, pair: TokenPair) -> Reply<Value> {
    let profile = app.atrium.accounts.profile(viewer, viewer.id).await?;
    let user = everything(app, parts, viewer, &profile).await?;
    Ok(json!({
        "token": pair.access, "access": pair.access, "access_token": pair.access,
        "refresh": pair.refresh, "refresh_token": pair.refresh, "expires_in": pair.expires_in,
        "user_id": profile.id, "email": profile.email, "user": user,
    }))
}

/// Whoever sends `X-CSRFToken` works by cookie besides, and gets one.
async fn login(
    State(app): State<App>,
    identity: Identity,
    parts: Parts,
    fields: Reply<Fields>,
) -> Result<Response, Spoken> {
    let fields = fields?;
    let (name, password) = (fields.first_filled(&["email", "username"]), fields.first_filled(&["password"]));
    let (Some(email), Some(password)) = (name, password) else {
        return Err(Refusal::error(StatusCode::BAD_REQUEST, "Email and password are required")
            .coded("required")
            .into());
    };
    let outcome = sign_in(&app, &identity, &Credentials { email, password }, Rotation::Stays).await;
    let (viewer, pair) = outcome.map_err(|why| match why {
        Outside::Wrong => Refusal::error(StatusCode::UNAUTHORIZED, "Invalid credentials")
            .with("detail", "Invalid credentials. Please check your email and password.")
            .coded("invalid_credentials"),
        Outside::SwitchedOff => {
            Refusal::error(StatusCode::UNAUTHORIZED, "User account is disabled").coded("account_disabled")
        }
        Outside::Other(error) => error.into(),
    })?;
    let mut response = Json(signed_in(&app, &parts, &viewer, pair).await?).into_response();
    if parts.headers.contains_key(CSRF_HEADER) {
        begin_session(&app, &identity, &parts, &viewer).await?;
        response.headers_mut().extend(cookies::csrf(&app, &parts.headers).map(|it| (SET_COOKIE, it)));
    }
    Ok(response)
}

/// The standard guide's clients send a user name, and read words; the others send a name, and read what is wrong with which
/// field.
async fn register(
    State(app): State<App>,
    identity: Identity,
    parts: Parts,
    fields: Fields,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let has_username = fields.has("username");
    let made = make_account(&app, &identity, &parts, &fields).await;
    let made = made.map_err(|it| if has_username { it.in_every_word() } else { it })?;
    Ok((StatusCode::CREATED, Json(made)))
}

async fn make_account(app: &App, identity: &Identity, parts: &Parts, fields: &Fields) -> Reply<Value> {
    let username = fields.first_filled(&["username"]);
    let named = fields.first_filled(&["name"]).or_else(|| username.clone());
    fields.all_filled(if named.is_some() { &["email", "password"] } else { &["email", "name", "password"] })?;
    let (email, password) = (fields.filled("email")?, fields.filled("password")?);
    let person = NewPerson { name: named.unwrap_or_default(), email, username, password };
    app.atrium.may_register()?;
    let viewer = app.atrium.accounts.register_with(&person, PASSWORD_MIN, &identity.address).await;
    let viewer = viewer.map_err(|error| in_their_words(error, &person))?;
    let pair = app.atrium.tokens.issue(&viewer, Rotation::Stays, &identity.origin()).await?;
    signed_in(app, parts, &viewer, pair).await
}

/// Their clients look for these sentences.
fn in_their_words(error: Error, person: &NewPerson) -> Refusal {
    let Error::Invalid(mut wrong) = error else { return error.into() };
    for it in &mut wrong {
        let told = match it.field.as_str() {
            "email" if plausible_email(&person.email) => "User with this email already exists.",
            "email" => "Enter a valid email address.",
            "username" if it.message.starts_with("Somebody") => "A user with that username already exists.",
            "password" if person.password.chars().count() < PASSWORD_MIN => {
                "Ensure this field has at least 8 characters."
            }
            _ => continue,
        };
        told.clone_into(&mut it.message);
    }
    Error::Invalid(wrong).into()
}

async fn logout(
    State(app): State<App>,
    identity: Identity,
    caller: Reply<Signed>,
    session: Option<Extension<Session>>,
    fields: Reply<Fields>,
) -> Result<Json<Value>, Spoken> {
    let refresh = fields?.first_filled(&["refresh_token", "refresh"]);
    let ended = match &refresh {
        Some(token) => app.atrium.end_sign_in_of(token, &identity.address).await.unwrap_or_default(),
        None => false,
    };
    match caller {
        Ok(Signed(caller)) => sign_out(&app, &caller, session).await?,
        Err(refusal) if !ended => return Err(refusal.into()),
        Err(_) => {}
    }
    Ok(Json(json!({ "detail": "Successfully logged out.", "message": "Successfully logged out" })))
}

async fn refresh(State(app): State<App>, fields: Reply<Fields>) -> Result<Json<Value>, Spoken> {
    let Some(token) = fields?.first_filled(&["refresh_token", "refresh"]) else {
        return Err(Refusal::error(StatusCode::BAD_REQUEST, "Refresh token is required").coded("required").into());
    };
    let (_, pair) = app.atrium.tokens.refresh(&token).await.map_err(|error| match error {
        Error::BadToken => {
            Refusal::error(StatusCode::UNAUTHORIZED, "Invalid or expired refresh token").coded("token_not_valid")
        }
        error => error.into(),
    })?;
    let mut reply = json!({ "access_token": pair.access, "access": pair.access, "expires_in": pair.expires_in });
    // One that came from v1 rotates: without the next one its owner would be signed out.
    if pair.refresh != token {
        reply["refresh_token"] = pair.refresh.clone().into();
        reply["refresh"] = pair.refresh.into();
    }
    Ok(Json(reply))
}

/// The agent platform's refresh.
async fn refresh_pair(State(app): State<App>, fields: Fields) -> Reply<Json<Value>> {
    let token = fields.filled("refresh")?;
    let (_, pair) = app.atrium.tokens.refresh(&token).await.map_err(|error| match error {
        Error::BadToken => {
            Refusal::detail(StatusCode::UNAUTHORIZED, "Token is invalid or expired").with("code", "token_not_valid")
        }
        error => error.into(),
    })?;
    Ok(Json(json!({ "access": pair.access, "refresh": pair.refresh })))
}

/// The agent platform's user.
async fn me(State(app): State<App>, Signed(caller): Signed, parts: Parts) -> Reply<Json<Value>> {
    let profile = oneself(&app, &caller).await?;
    Ok(Json(member(&app, &parts, &caller.viewer, &profile).await?))
}

async fn profile(State(app): State<App>, caller: Reply<Signed>, parts: Parts) -> Result<Json<Value>, Spoken> {
    let Signed(caller) = caller?;
    let profile = oneself(&app, &caller).await?;
    Ok(Json(everything(&app, &parts, &caller.viewer, &profile).await?))
}

/// What somebody says of themselves. Role, organisation and address are not theirs to change here, whatever they send.
async fn change_profile(
    State(app): State<App>,
    caller: Reply<Signed>,
    parts: Parts,
    fields: Reply<Fields>,
) -> Result<Json<Value>, Spoken> {
    let (Signed(caller), fields) = (caller?, fields?);
    change_oneself(&app, &caller, &fields).await?;
    let profile = oneself(&app, &caller).await?;
    Ok(Json(everything(&app, &parts, &caller.viewer, &profile).await?))
}

/// The fields of a profile that every dialect knows; a file named `avatar` is one's picture.
pub async fn change_oneself(app: &App, caller: &Caller, fields: &Fields) -> Reply<()> {
    let change = ProfileChange {
        name: fields.text("name")?,
        username: fields.text("username")?,
        job_title: fields.text("job_title")?,
        department: fields.text("department")?,
    };
    let accounts = &app.atrium.accounts;
    if change != ProfileChange::default() {
        accounts.change_profile(&caller.viewer, &change, None).await?;
    }
    if let Some(file) = fields.file("avatar") {
        accounts.set_avatar(&caller.viewer, file.content.to_vec()).await?;
    }
    Ok(())
}
