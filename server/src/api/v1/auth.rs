//! Signing in: an access token to call with, a refresh token to get the next one.

use super::users::User;
use crate::api::body::{ApiJson, ApiPath};
use crate::api::error::{ApiError, ApiResult, Problem};
use crate::api::identity::{Caller, Identity, Via};
use crate::web::App;
use atrium::ids::UserId;
use atrium::people::{Credentials, NewPerson, Viewer};
use atrium_domain::Error;
use atrium_domain::accounts::impersonation::must_be_themselves;
use atrium_domain::accounts::tokens::{Rotation, TokenPair};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;
use utoipa::ToSchema;

/// Who signs in.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "email": "ada@example.org", "password": "correct horse battery" }))]
pub struct Login {
    /// The e-mail address; or send `username`.
    #[serde(default)]
    email: String,
    /// The user name, or the e-mail address.
    #[serde(default)]
    username: String,
    /// The password.
    password: String,
}

/// Who wants an account.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "email": "grace@example.org", "name": "Grace Hopper", "password": "a few unusual words" }))]
pub struct Registration {
    /// To sign in with.
    email: String,
    /// As shown.
    name: String,
    /// To sign in with instead of the address.
    #[serde(default)]
    #[schema(required = false)]
    username: Option<String>,
    /// At least 10 characters.
    #[schema(min_length = 10, max_length = 512)]
    password: String,
}

/// A refresh token.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "refresh": "eyJhbGciOiJIUzI1NiJ9…" }))]
pub struct Refresh {
    /// The newest one: each is good for one refresh.
    refresh: String,
}

/// A refresh token, or none.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "refresh": "eyJhbGciOiJIUzI1NiJ9…" }))]
pub struct Logout {
    /// The sign-in to end; left out, the one that the access token belongs to.
    #[serde(default)]
    #[schema(required = false)]
    refresh: Option<String>,
}

/// Tokens, and whose.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tokens {
    /// For `Authorization: Bearer`.
    access: String,
    /// For the next access token. It changes with every refresh.
    refresh: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds that the access token lives.
    expires_in: i64,
    /// Whoever signed in.
    user: User,
}

pub(super) async fn tokens(app: &App, viewer: &Viewer, pair: TokenPair) -> ApiResult<Json<Tokens>> {
    let user = app.atrium.accounts.profile(viewer, viewer.id).await?;
    let TokenPair { access, refresh, expires_in } = pair;
    Ok(Json(Tokens { access, refresh, token_type: "Bearer", expires_in, user: user.into() }))
}

/// Sign in
///
/// Attempts are limited, for each account and for each address.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "Signing in", request_body = Login, security(()), responses((status = 200, description = "Signed in", body = Tokens)))]
pub async fn login(
    State(app): State<App>,
    identity: Identity,
    ApiJson(login): ApiJson<Login>,
) -> ApiResult<Json<Tokens>> {
    let name = if login.email.trim().is_empty() { login.username } else { login.email };
    let credentials = Credentials { email: name, password: login.password };
    let (viewer, proof) = match app.atrium.accounts.sign_in(&credentials, &identity.address).await {
        Ok(it) => it,
        // A form shows this at its field; a program reads a status.
        Err(Error::Invalid(fields)) if !credentials.password.is_empty() && !credentials.email.trim().is_empty() => {
            let message = fields.into_iter().next().map(|it| it.message).unwrap_or_default();
            return Err(ApiError::new(StatusCode::UNAUTHORIZED, "invalid_credentials", message));
        }
        Err(error) => return Err(error.into()),
    };
    let pair = app.atrium.tokens.issue(&viewer, Rotation::Rotates, &identity.origin()).await?;
    if let Err(error) = app.atrium.accounts.confirm(&proof).await {
        app.atrium.tokens.end_by_refresh(&pair.refresh).await?;
        return Err(error.into());
    }
    tokens(&app, &viewer, pair).await
}

/// Create an account
///
/// Refused with 403 where an administrator has closed registration.
#[utoipa::path(post, path = "/api/v1/auth/register", tag = "Signing in", request_body = Registration, security(()), responses((status = 201, description = "Created, and signed in", body = Tokens)))]
pub async fn register(
    State(app): State<App>,
    identity: Identity,
    ApiJson(person): ApiJson<Registration>,
) -> ApiResult<(StatusCode, Json<Tokens>)> {
    let Registration { email, name, username, password } = person;
    let person = NewPerson { name, email, username, password };
    app.atrium.may_register()?;
    let viewer = app.atrium.accounts.register(&person, &identity.address).await?;
    let pair = app.atrium.tokens.issue(&viewer, Rotation::Rotates, &identity.origin()).await?;
    Ok((StatusCode::CREATED, tokens(&app, &viewer, pair).await?))
}

/// Get the next tokens
///
/// Each refresh token is good for one refresh. One that comes back a second time was stolen, or its reply was lost: either
/// way the whole sign-in ends.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "Signing in", request_body = Refresh, security(()), responses((status = 200, description = "The next tokens", body = Tokens)))]
pub async fn refresh(State(app): State<App>, ApiJson(body): ApiJson<Refresh>) -> ApiResult<Json<Tokens>> {
    let (viewer, pair) = app.atrium.tokens.refresh(&body.refresh).await?;
    tokens(&app, &viewer, pair).await
}

/// Sign out
///
/// Ends the sign-in that the refresh token belongs to, else the one at work. Its access tokens end with it, at once.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "Signing in", request_body = Logout, responses((status = 204, description = "Signed out")))]
pub async fn logout(
    State(app): State<App>,
    identity: Identity,
    caller: ApiResult<Caller>,
    session: Option<axum::Extension<Session>>,
    ApiJson(body): ApiJson<Logout>,
) -> ApiResult<StatusCode> {
    if let Some(refresh) = body.refresh {
        app.atrium.end_sign_in_of(&refresh, &identity.address).await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    let caller = caller?;
    caller.must_be_a_person()?;
    match caller.via {
        Via::Jwt(family) => app.atrium.end_sign_in(caller.actor(), family).await?,
        _ => {
            app.atrium.accounts.stop_impersonating(caller.actor()).await?;
            if let Some(axum::Extension(session)) = session {
                session.flush().await.map_err(|error| Error::Internal(error.to_string()))?;
            }
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Sign in as somebody else
///
/// For superusers, who see then what that person sees. It stands in the audit log, and so does whatever they do meanwhile, as
/// theirs; how that person comes in (password, user name, tokens, sessions) they cannot change. Signing out ends it, and it
/// ends with the superuser's own account.
#[utoipa::path(post, path = "/api/v1/users/{id}/sign-in-as", tag = "Signing in", params(("id" = uuid::Uuid, Path)), responses(
    (status = 200, description = "Tokens of that person, for this sign-in", body = Tokens),
    (status = 409, description = "The account is switched off", body = Problem),
))]
pub async fn sign_in_as(
    State(app): State<App>,
    caller: Caller,
    identity: Identity,
    ApiPath(id): ApiPath<UserId>,
) -> ApiResult<Json<Tokens>> {
    caller.must_be_a_person()?;
    let viewer = app.atrium.accounts.impersonate(caller.actor(), id).await?;
    let pair = app.atrium.tokens.issue(&viewer, Rotation::Rotates, &identity.origin()).await?;
    tokens(&app, &viewer, pair).await
}

/// Sign out everywhere
///
/// Ends every browser session and every token that came from signing in. API tokens stay.
#[utoipa::path(post, path = "/api/v1/auth/logout-everywhere", tag = "Signing in", responses((status = 204, description = "Signed out everywhere")))]
pub async fn logout_everywhere(State(app): State<App>, caller: Caller) -> ApiResult<StatusCode> {
    caller.must_be_a_person()?;
    must_be_themselves(&caller.viewer)?;
    app.atrium.end_all_sessions_of(caller.viewer.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
