//! Where one is signed in: browsers, and programs that signed in with the password.

use crate::api::body::ApiPath;
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::time::iso;
use crate::web::App;
use atrium::ids::SessionId;
use atrium_domain::accounts::sign_ins::{SignIn, SignInKind};
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Serialize;
use tower_sessions::Session as Cookie;
use utoipa::ToSchema;
use uuid::Uuid;

/// A place where one is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "kind": "browser", "is_current": false, "address": "192.0.2.7",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "created_at": "2026-01-31T12:00:00Z", "last_used_at": "2026-02-01T08:30:00Z", "expires_at": "2026-02-14T12:00:00Z"
}))]
pub struct Session {
    id: Uuid,
    kind: SessionKind,
    /// Whether it is the one that asks.
    is_current: bool,
    /// From where it was begun; empty when that is not known.
    address: String,
    /// What the browser or program calls itself.
    user_agent: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// To five minutes for a browser; for a program, when it last refreshed its token.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// What is signed in: a browser by its cookie, a program by access and refresh token.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionKind {
    Browser,
    Program,
}

impl From<SignIn> for Session {
    fn from(it: SignIn) -> Self {
        Self {
            id: it.id.0,
            kind: match it.kind {
                SignInKind::Browser => SessionKind::Browser,
                SignInKind::Program => SessionKind::Program,
            },
            is_current: it.is_here,
            address: it.origin.address,
            user_agent: it.origin.agent,
            created_at: iso(it.created_at),
            last_used_at: it.last_used_at.map(iso),
            expires_at: iso(it.expires_at),
        }
    }
}

/// List one's sessions
///
/// The one that asks first, then as they were last used.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "Signing in", operation_id = "sessions", responses((status = 200, description = "All of them", body = Vec<Session>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    cookie: Option<Extension<Cookie>>,
) -> ApiResult<Json<Vec<Session>>> {
    let here = caller.here(cookie.as_deref())?;
    let all = app.atrium.accounts.sign_ins(&caller.viewer, &here).await?;
    Ok(Json(all.into_iter().map(Session::from).collect()))
}

/// End all other sessions
///
/// The one that asks goes on. API tokens stay.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "Signing in", operation_id = "end_other_sessions", responses((status = 204, description = "Ended")))]
pub async fn end_others(
    State(app): State<App>,
    caller: Caller,
    cookie: Option<Extension<Cookie>>,
) -> ApiResult<StatusCode> {
    let here = caller.here(cookie.as_deref())?;
    app.atrium.accounts.end_other_sign_ins(&caller.viewer, &here).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End a session
///
/// At once.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", tag = "Signing in", operation_id = "end_session", params(("id" = Uuid, Path)), responses((status = 204, description = "Ended")))]
pub async fn end(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<SessionId>) -> ApiResult<StatusCode> {
    caller.must_be_a_person()?;
    app.atrium.accounts.end_sign_in(&caller.viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
