//! Errors that end a request before any page could say them.

use axum::extract::Request;
use axum::http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use std::any::Any;

/// A sentence.
pub fn plain(status: StatusCode, message: &str) -> Response {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], message.to_owned()).into_response()
}

/// The failure as JSON, or as a sentence to browsers; logged once, here, if it is ours.
pub fn respond(error: &atrium_domain::Error, request: &Request) -> Response {
    let wants_page =
        request.headers().get(ACCEPT).and_then(|it| it.to_str().ok()).is_some_and(|it| it.contains("text/html"));
    reply(error, wants_page)
}

/// See [`respond`].
pub fn reply(error: &atrium_domain::Error, wants_page: bool) -> Response {
    let failure = error.to_failure();
    log(error, failure.status);
    let status = StatusCode::from_u16(failure.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response =
        if wants_page { plain(status, &failure.message) } else { (status, axum::Json(&failure)).into_response() };
    if let Some(seconds) = failure.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// What is our fault goes to the log with its cause.
pub fn log(error: &atrium_domain::Error, status: u16) {
    if let Some(cause) = error.cause() {
        tracing::error!(status, cause, "a request failed");
    }
}

/// A handler that panicked is a fault like any other.
pub fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let cause =
        cause.downcast_ref::<&str>().map(|it| (*it).to_owned()).or_else(|| cause.downcast_ref::<String>().cloned());
    tracing::error!(cause, "a handler panicked");
    plain(StatusCode::INTERNAL_SERVER_ERROR, "Something failed inside Atrium. It was logged; try again.")
}
