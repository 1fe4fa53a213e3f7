//! Refusals in OpenAI's shape: `{"error": {message, type, param, code}}`.

use crate::api::error::ApiError;
use atrium::Failure;
use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What OpenAI calls a budget that does not suffice.
const SPENT: &str = "insufficient_quota";

/// A refusal on its way out.
#[derive(Debug)]
pub struct OpenAiError(Failure);

impl<E: Into<ApiError>> From<E> for OpenAiError {
    fn from(error: E) -> Self {
        Self(error.into().into_failure())
    }
}

impl OpenAiError {
    pub fn no_such_model(model: &str) -> Self {
        let message =
            format!("The model “{model}” does not exist. Your agents are the models; GET /v1/models lists them.");
        Self(Failure::new(404, "model_not_found", message))
    }

    pub fn no_such_embedding_model(model: &str, known: &str) -> Self {
        let message = format!("The embedding model “{model}” does not exist here. Use “{known}”.");
        Self(Failure::new(404, "model_not_found", message))
    }

    /// A budget does not allow the call.
    fn is_spent(&self) -> bool {
        self.0.code == "budget_spent"
    }

    /// As it stands in a reply, and in a stream that is under way.
    pub fn body(&self) -> Value {
        if self.is_spent() {
            let message = &self.0.message;
            return json!({ "error": { "message": message, "type": SPENT, "param": null, "code": SPENT } });
        }
        let kind = match self.0.status {
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            429 => "rate_limit_error",
            400..500 => "invalid_request_error",
            _ => "server_error",
        };
        let code = match (self.0.status, self.0.code.as_str()) {
            (401, _) => "invalid_api_key",
            (429, _) => "rate_limit_exceeded",
            (_, code) => code,
        };
        let param = self.0.fields.first().map(|it| it.field.clone());
        json!({ "error": { "message": self.0.message, "type": kind, "param": param, "code": code } })
    }
}

impl IntoResponse for OpenAiError {
    fn into_response(self) -> Response {
        let status = match self.0.status {
            _ if self.is_spent() => 429,
            // Their clients know 400 for what we call 422.
            422 => 400,
            status => status,
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.body())).into_response();
        // Their packages try a 429 again, which here only repeats the refusal.
        if self.is_spent() {
            response.headers_mut().insert("x-should-retry", HeaderValue::from_static("false"));
        }
        if let Some(seconds) = self.0.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
