//! The one shape in which the API refuses.

use super::dialects::refusal::Refusal;
use atrium::Failure;
use atrium_domain::Error;
use axum::Json;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request was refused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "code": "invalid", "message": "Use at most 80 characters.", "status": 422,
    "fields": [{ "field": "name", "message": "Use at most 80 characters." }]
}))]
pub struct Problem {
    /// A stable word for programs.
    pub code: String,
    /// What happened and what to do, for people.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// What to change, field by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub fields: Vec<FieldProblem>,
    /// Seconds after which trying again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u64, required = false)]
    pub retry_after: Option<u64>,
    /// The message once more, on a 401, for clients that look for it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub error: Option<String>,
}

/// What is wrong with one field.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Its name in the request.
    pub field: String,
    /// What to change.
    pub message: String,
}

/// A refusal on its way out.
#[derive(Debug)]
pub enum ApiError {
    /// The domain's.
    Domain(Error),
    /// The request never got that far.
    Request(Failure),
}

/// What handlers return.
pub type ApiResult<T> = Result<T, ApiError>;

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

impl ApiError {
    /// A refusal of the transport's own.
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self::Request(Failure::new(status.as_u16(), code, message))
    }

    /// As shown; logged once, here, if it is a fault of ours.
    pub fn into_failure(self) -> Failure {
        match self {
            Self::Domain(error) => {
                let failure = error.to_failure();
                crate::web::log_fault(&error, failure.status);
                failure
            }
            Self::Request(failure) => failure,
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let error = (failure.status == 401).then(|| failure.message.clone());
        let fields = failure.fields.into_iter().map(|it| FieldProblem { field: it.field, message: it.message });
        Self {
            code: failure.code,
            message: failure.message,
            status: failure.status,
            fields: fields.collect(),
            retry_after: failure.retry_after,
            error,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let failure = self.into_failure();
        let status = StatusCode::from_u16(failure.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = failure.retry_after;
        let mut response = (status, Json(Problem::from(failure))).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What no path matches.
pub fn no_such_endpoint() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "There is no such endpoint. /api/schema/ lists those that there are.",
    )
}

/// The same as a reply: in v1 as it refuses, elsewhere also in the words of the other systems.
pub async fn nowhere(uri: Uri) -> Response {
    if uri.path().starts_with("/api/v1/") {
        return no_such_endpoint().into_response();
    }
    Refusal::from(no_such_endpoint()).with("status", 404).in_every_word().into_response()
}

/// A path that is there, asked by another method.
pub async fn no_such_method() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This endpoint does not answer to that method. /api/schema/ lists those that it does.",
    )
}

/// Refusals from further out (the size limit, the guard, a panic) are sentences; to a program they are said as the others.
pub async fn as_problems(request: Request, next: Next) -> Response {
    let is_api = super::is_api(request.uri().path());
    let response = next.run(request).await;
    let status = response.status();
    let is_sentence = response.headers().get(CONTENT_TYPE).is_none_or(|it| it.as_bytes().starts_with(b"text/plain"));
    if !is_api || !(status.is_client_error() || status.is_server_error()) || !is_sentence {
        return response;
    }
    let (parts, body) = response.into_parts();
    let told = axum::body::to_bytes(body, 4096).await.unwrap_or_default();
    let code = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "too_large",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::BAD_REQUEST => "bad_request",
        it if it.is_server_error() => "internal",
        _ => "refused",
    };
    let mut problem = ApiError::new(status, code, String::from_utf8_lossy(&told)).into_response();
    for (name, value) in parts.headers {
        if let Some(name) = name.filter(|it| *it != CONTENT_TYPE && *it != CONTENT_LENGTH) {
            problem.headers_mut().insert(name, value);
        }
    }
    problem
}
