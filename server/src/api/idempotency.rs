//! `Idempotency-Key`: a POST that is sent again, because its reply was lost, is answered again and not done again.

use super::body::too_large;
use super::error::ApiError;
use super::identity::Identity;
use crate::web::App;
use atrium::people::Viewer;
use atrium_domain::Error;
use atrium_domain::idempotency::{Begun, Reply};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Characters of a key.
const LENGTH: usize = 200;
/// Bytes of a reply that is kept.
const REPLY_MAX: usize = 1024 * 1024;

/// Does a request with a key once.
pub async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    let viewer = request.extensions().get::<Identity>().and_then(Identity::caller).map(|it| it.viewer.clone());
    let key = request.headers().get(KEY).map(|it| it.to_str().unwrap_or_default().trim().to_owned());
    match (viewer, key) {
        (Some(viewer), Some(key)) if request.method() == Method::POST => {
            keyed(&app, &viewer, &key, request, next).await.unwrap_or_else(ApiError::into_response)
        }
        _ => next.run(request).await,
    }
}

async fn keyed(app: &App, viewer: &Viewer, key: &str, request: Request, next: Next) -> Result<Response, ApiError> {
    if key.is_empty() || key.chars().count() > LENGTH {
        let message = format!("Use 1 to {LENGTH} characters of ASCII.");
        return Err(Error::field("Idempotency-Key", message).into());
    }
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| too_large())?;
    let asked = [parts.method.as_str().as_bytes(), parts.uri.to_string().as_bytes(), &body].join(&b'\n');
    let keys = &app.atrium.idempotency;
    match keys.begin(viewer, key, &asked).await? {
        Begun::Now => {}
        Begun::Done(reply) => return Ok(replay(reply)),
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|it| it.as_bytes().starts_with(b"application/json"));
    let is_empty = response.status() == StatusCode::NO_CONTENT;
    // A fault of ours may be tried again, and a stream cannot be kept.
    if response.status().is_server_error() || !(is_json || is_empty) {
        keys.forget(viewer, key).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, REPLY_MAX)
        .await
        .map_err(|error| Error::Internal(format!("a reply could not be kept: {error}")))?;
    let reply = Reply { status: parts.status.as_u16(), body: String::from_utf8_lossy(&body).into_owned() };
    keys.finish(viewer, key, &reply).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replay(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let mut response = (status, reply.body).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
