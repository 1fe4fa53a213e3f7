//! What comes in: JSON, queries and ids, refused with the name of what to change.

use super::error::ApiError;
use atrium_domain::Error;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

/// A body of JSON.
pub struct ApiJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(CONTENT_TYPE).map(|it| it.to_str().unwrap_or("unreadable").to_owned());
        // Clients that send JSON without saying so are believed; a form is not JSON.
        if let Some(kind) = kind.filter(|it| !it.contains("json")) {
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                format!("Send JSON, with Content-Type: application/json. This was {kind}."),
            ));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|_| too_large())?;
        // An empty body is an empty object: what is missing from it is then named.
        let text = if bytes.is_empty() { &b"{}"[..] } else { &bytes[..] };
        read(text).map(Self)
    }
}

pub fn too_large() -> ApiError {
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The request is too large, or broke off.")
}

/// Reads JSON; what does not fit is named by its path.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, ApiError> {
    // serde would take an array for an object whose fields it lists in order.
    let first = text.iter().find(|it| !it.is_ascii_whitespace());
    if first.is_some_and(|it| *it != b'{') && serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok() {
        return Err(Error::field("body", "Send a JSON object.").into());
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            let told = inner.to_string();
            // "missing field `name` at line 1 column 2": where it stands helps nobody who made it by a program.
            let told = told.split(" at line ").next().unwrap_or_default();
            let field = match told.strip_prefix("missing field `").and_then(|it| it.split('`').next()) {
                Some(missing) if path == "." => missing.to_owned(),
                Some(missing) => format!("{path}.{missing}"),
                None => path,
            };
            Error::field(&field, sentence(told)).into()
        } else {
            malformed(&inner)
        }
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "malformed_json", format!("The body is not JSON: {error}."))
}

/// serde's words as a sentence.
fn sentence(told: &str) -> String {
    if told.starts_with("missing field") {
        return "This field is required.".to_owned();
    }
    // The names of our types help nobody.
    let told = match told.split_once("expected struct ") {
        Some((before, _)) => format!("{before}expected an object"),
        None => told.to_owned(),
    };
    let mut letters = told.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

/// The query as a type.
pub struct ApiQuery<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map(Self).map_err(|error| {
            let told = error.inner().to_string();
            let missing = told.strip_prefix("missing field `").and_then(|it| it.split('`').next());
            let field = missing.map_or_else(|| error.path().to_string(), str::to_owned);
            Error::field(&field, sentence(&told)).into()
        })
    }
}

/// An id in the path. What is no id names nothing.
pub struct ApiPath<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ApiPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(_) => Err(Error::NotFound("id").into()),
        }
    }
}

/// For fields of a change: left out they stay, `null` is not a value.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample {
        name: String,
        #[serde(default, deserialize_with = "present")]
        size: Option<u32>,
    }

    fn refused(text: &str) -> atrium::Failure {
        read::<Sample>(text.as_bytes()).unwrap_err().into_failure()
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let it = read::<Sample>(br#"{"name": "a", "size": 3}"#).unwrap();
        assert_eq!((it.name.as_str(), it.size), ("a", Some(3)));
        assert_eq!(refused("{}").field("name"), Some("This field is required."));
        assert_eq!(refused(r#"{"name": 1}"#).field("name"), Some("Invalid type: integer `1`, expected a string."));
        assert!(refused(r#"{"name": "a", "size": null}"#).field("size").is_some());
        assert_eq!(refused(r#" ["a", 3]"#).field("body"), Some("Send a JSON object."));
        assert_eq!(refused(r#"{"name": "a""#).code, "malformed_json");
        assert_eq!(refused(r#"{"name": "a"} x"#).code, "malformed_json");
        assert_eq!(refused("").code, "malformed_json");
    }
}
