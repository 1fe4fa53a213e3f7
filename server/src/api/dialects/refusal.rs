//! How Django REST framework refuses, which is what these clients read: `{detail}`, `{error}`, or `{field: [what to change]}`.

use crate::api::error::ApiError;
use crate::api::identity::Caller;
use crate::web::App;
use atrium_domain::Error;
use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// Nothing was shown.
const NO_TOKEN: &str = "Authentication credentials were not provided.";
/// What was shown is worth nothing.
const BAD_TOKEN: &str = "Invalid or expired token";

/// A refusal on its way out.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    code: String,
    message: String,
    body: Map<String, Value>,
    retry_after: Option<u64>,
}

/// What handlers of dialects return.
pub type Reply<T> = Result<T, Refusal>;

impl<E: Into<ApiError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        let failure = error.into().into_failure();
        let status = StatusCode::from_u16(failure.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut refusal = match failure.code.as_str() {
            "token_not_valid" => Self::detail(status, BAD_TOKEN),
            "not_authenticated" | "signed_out" => Self::detail(status, NO_TOKEN),
            // Their clients know 400 for what we call 422.
            _ if !failure.fields.is_empty() => Self::fields(failure.fields.iter().map(|it| (&*it.field, &*it.message))),
            _ => Self::detail(status, failure.message),
        };
        refusal.code = failure.code;
        refusal.retry_after = failure.retry_after;
        refusal
    }
}

impl Refusal {
    fn new(status: StatusCode, message: String, body: Map<String, Value>) -> Self {
        let code = status.canonical_reason().unwrap_or("error").to_lowercase().replace(' ', "_");
        Self { status, code, message, body, retry_after: None }
    }

    /// `{detail}`
    pub fn detail(status: StatusCode, message: impl Into<String>) -> Self {
        let message = message.into();
        let body = Map::from_iter([("detail".to_owned(), message.clone().into())]);
        Self::new(status, message, body)
    }

    /// `{error}`
    pub fn error(status: StatusCode, message: impl Into<String>) -> Self {
        let message = message.into();
        let body = Map::from_iter([("error".to_owned(), message.clone().into())]);
        Self::new(status, message, body)
    }

    /// `{field: [message]}`
    pub fn field(name: &str, message: impl AsRef<str>) -> Self {
        Self::fields([(name, message.as_ref())])
    }

    /// `{field: [message, …], …}`
    pub fn fields<'a>(wrong: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut body: Map<String, Value> = Map::new();
        let mut first = None;
        for (name, message) in wrong {
            first.get_or_insert_with(|| message.to_owned());
            let name = if name == "body" { "non_field_errors" } else { name };
            if let Value::Array(messages) = body.entry(name).or_insert_with(|| json!([])) {
                messages.push(message.into());
            }
        }
        let mut refusal = Self::new(StatusCode::BAD_REQUEST, first.unwrap_or_default(), body);
        "invalid".clone_into(&mut refusal.code);
        refusal
    }

    /// What `name` is called in the domain, it is called otherwise in the request.
    pub fn renamed(mut self, name: &str, to: &str) -> Self {
        if let Some(messages) = self.body.remove(name) {
            self.body.insert(to.to_owned(), messages);
        }
        self
    }

    /// One more word in the body.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.body.insert(name.to_owned(), value.into());
        self
    }

    /// With another code.
    pub fn coded(mut self, code: &str) -> Self {
        code.clone_into(&mut self.code);
        self
    }

    /// For paths that clients of several dialects call: `error`, `detail`, `message` and `code`, as far as they are not
    /// there yet.
    pub fn in_every_word(mut self) -> Self {
        for name in ["error", "detail", "message"] {
            self.body.entry(name).or_insert_with(|| self.message.clone().into());
        }
        self.body.entry("code").or_insert_with(|| self.code.clone().into());
        self
    }

    /// `{error}` instead of `{detail}`.
    pub fn into_error(mut self) -> Self {
        self.body.remove("detail");
        self.body.insert("error".to_owned(), self.message.clone().into());
        self
    }

    /// Why, for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The messages at one field.
    pub fn at(&self, field: &str) -> Option<&Value> {
        self.body.get(field)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(Value::Object(self.body))).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A path that is there, asked by another method.
pub async fn no_such_method(method: Method) -> Refusal {
    Refusal::detail(StatusCode::METHOD_NOT_ALLOWED, format!("Method \"{method}\" not allowed."))
}

/// Whoever asks, by `Bearer`, `Token` or the browser's cookie; nobody is refused in the dialects' words.
pub struct Signed(pub Caller);

impl FromRequestParts<App> for Signed {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Reply<Self> {
        Ok(Self(Caller::from_request_parts(parts, app).await?))
    }
}

/// A refusal at a path that clients of several dialects call: in every word that one of them reads.
#[derive(Debug)]
pub struct Spoken(Refusal);

impl<E: Into<Refusal>> From<E> for Spoken {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Spoken {
    fn into_response(self) -> Response {
        self.0.in_every_word().into_response()
    }
}

/// An id in the path. What is no id names nothing.
pub struct Id<T>(pub T);

impl<T: std::str::FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Reply<Self> {
        let text = axum::extract::Path::<String>::from_request_parts(parts, state).await.map(|it| it.0);
        let id = text.ok().and_then(|it| it.parse().ok());
        Ok(Self(id.ok_or(Error::NotFound("id"))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_said_as_their_clients_read_them() {
        let wrong = Refusal::from(Error::field("text", "Write a message first.")).renamed("text", "content");
        assert_eq!((wrong.status, wrong.code.as_str()), (StatusCode::BAD_REQUEST, "invalid"));
        assert_eq!(Value::Object(wrong.body), json!({ "content": ["Write a message first."] }));
        let bad = Refusal::from(Error::BadToken);
        assert_eq!(Value::Object(bad.body), json!({ "detail": BAD_TOKEN }));
        let all = Refusal::error(StatusCode::UNAUTHORIZED, "No.").with("detail", "Not so.").in_every_word();
        let told = json!({ "error": "No.", "detail": "Not so.", "message": "No.", "code": "unauthorized" });
        assert_eq!(Value::Object(all.body), told);
    }
}
