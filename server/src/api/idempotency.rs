//! `Idempotency-Key`: a POST that is sent again, because its reply was lost, is answered again and not done again.

use super::body::too_large;
use super::error::ApiError;
use super::identity::{Caller, Identity, Via};
use super::uploads;
use crate::web::App;
use atrium_domain::Error;
use atrium_domain::idempotency::{Begun, Reply};
use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Characters of a key.
const LENGTH: usize = 200;
/// Replies to these carry secrets, which are not kept; sent again they are done again.
const SECRET: [&str; 12] = [
    "/api/v1/auth/",
    "/api/auth/",
    "/api/v1/tokens",
    "/api/v1/users/me/password",
    "/api/v1/invitations/accept",
    "/api/login",
    "/api/create",
    "/api/refresh",
    "/api/verify-token",
    "/api/password/",
    "/api/invite/confirm",
    "/api/debug/",
];

/// Whether nothing is kept of requests to this path.
pub fn is_secret(path: &str) -> bool {
    // A new repository comes with the secret of its webhook.
    let is_repository = path.starts_with("/api/v1/knowledge/") && path.ends_with("/repositories");
    is_repository || SECRET.iter().any(|it| path.starts_with(it))
}

/// Whether a request to this path, as it is routed, is answered again when it comes again. Documents need no key for that,
/// since the same file is recognised, and forms of their size are not held in memory.
pub fn counts_at(path: &str) -> bool {
    !is_secret(path) && !uploads::are_taken_at(path)
}

/// Does a request with a key once.
pub async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<Identity>().and_then(Identity::caller).cloned();
    let key = request.headers().get(KEY).map(|it| it.to_str().unwrap_or_default().trim().to_owned());
    let brings_files = request.extensions().get::<MatchedPath>().is_some_and(|it| uploads::are_taken_at(it.as_str()));
    let counts = !brings_files && !is_secret(request.uri().path());
    match (caller, key) {
        (Some(caller), Some(key)) if request.method() == Method::POST && counts => {
            // In a task of its own: whoever hangs up before the reply finds it kept when they come back.
            match tokio::spawn(keyed(app, caller, key, request, next)).await {
                Ok(outcome) => outcome.unwrap_or_else(ApiError::into_response),
                Err(error) => ApiError::from(Error::Internal(error.to_string())).into_response(),
            }
        }
        _ => next.run(request).await,
    }
}

async fn keyed(app: App, caller: Caller, key: String, request: Request, next: Next) -> Result<Response, ApiError> {
    if key.is_empty() || key.chars().count() > LENGTH {
        let message = format!("Use 1 to {LENGTH} characters of ASCII.");
        return Err(Error::field("Idempotency-Key", message).into());
    }
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| too_large())?;
    // Another credential is another request: what one may do, the other may not.
    let via = match caller.via {
        Via::ApiToken(id, _) => id.to_string(),
        Via::Jwt(_) | Via::Cookie => "person".to_owned(),
    };
    let asked =
        [via.as_bytes(), parts.method.as_str().as_bytes(), parts.uri.to_string().as_bytes(), &body].join(&b'\n');
    let (keys, viewer) = (&app.atrium.idempotency, &caller.viewer);
    if let Begun::Done(reply) = keys.begin(viewer, &key, &asked).await? {
        return Ok(replay(reply));
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if !is_final(&response) {
        keys.forget(viewer, &key).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body: Bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .map_err(|error| Error::Internal(format!("a reply broke off: {error}")))?;
    let reply = Reply { status: parts.status.as_u16(), body: String::from_utf8_lossy(&body).into_owned() };
    keys.finish(viewer, &key, &reply).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// Whether the same request would be answered so again: not a fault of ours, not what passes, not a stream.
fn is_final(response: &Response) -> bool {
    let status = response.status();
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|it| it.as_bytes().starts_with(b"application/json"));
    let is_settled = status.is_success() || matches!(status.as_u16(), 400 | 404 | 412 | 422);
    is_settled && (is_json || status == StatusCode::NO_CONTENT)
}

fn replay(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let mut response = (status, reply.body).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
