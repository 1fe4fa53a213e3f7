//! ETag and If-Match: nobody overwrites what they have not seen.

use super::error::{ApiError, ApiResult};
use atrium_domain::Error;
use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::{CACHE_CONTROL, ETAG, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A resource, with its version as its ETag.
#[derive(Debug)]
pub struct Versioned<T>(pub StatusCode, pub i64, pub T);

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let Self(status, version, resource) = self;
        let mut response = (status, Json(resource)).into_response();
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
            response.headers_mut().insert(ETAG, tag);
        }
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// The version that the caller has seen, if they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        let Some(value) = parts.headers.get(IF_MATCH) else { return Ok(Self(None)) };
        let value = value.to_str().unwrap_or_default().trim();
        if value == "*" {
            return Ok(Self(None));
        }
        let version = value.trim_start_matches("W/").trim_matches('"').parse();
        // A tag that was never ours matches nothing.
        version.map(|it| Self(Some(it))).map_err(|_| precondition_failed())
    }
}

impl IfMatch {
    /// With If-Match, somebody else's change is a failed precondition; without, a conflict.
    pub fn refuse(self, error: Error) -> ApiError {
        match error {
            Error::Conflict { code: "stale" | "stale_form", .. } if self.0.is_some() => precondition_failed(),
            error => error.into(),
        }
    }
}

fn precondition_failed() -> ApiError {
    ApiError::new(
        StatusCode::PRECONDITION_FAILED,
        "precondition_failed",
        "This was changed since you read it. Read it again, then send the change with its new ETag in If-Match.",
    )
}
