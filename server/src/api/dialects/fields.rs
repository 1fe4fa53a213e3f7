//! What comes in: JSON, a form, or a form with files; whichever it was, fields by their names.

use super::refusal::{Refusal, Reply};
use crate::api::body::too_large;
use axum::RequestExt as _;
use axum::body::Bytes;
use axum::extract::multipart::Multipart;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use uuid::Uuid;

pub const REQUIRED: &str = "This field is required.";
pub const BLANK: &str = "This field may not be blank.";
pub const NULL: &str = "This field may not be null.";

/// A file of a form.
#[derive(Debug, Clone)]
pub struct Upload {
    /// As its sender calls it.
    #[allow(dead_code, reason = "what is kept of a picture has no name; documents will")]
    pub name: String,
    /// What is in it.
    pub content: Bytes,
}

/// The fields of a request.
#[derive(Debug, Default)]
pub struct Fields {
    values: Map<String, Value>,
    files: Vec<(String, Upload)>,
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Reply<Self> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "multipart/form-data" => Self::of_parts(request).await,
            "application/x-www-form-urlencoded" => {
                let bytes: Bytes = request.extract().await.map_err(|_| too_large())?;
                let pairs = form_urlencoded::parse(&bytes);
                let values = pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())));
                Ok(Self { values: values.collect(), files: Vec::new() })
            }
            // Clients that send JSON without saying so are believed.
            "" | "text/plain" => Self::of_json(&request.extract::<Bytes, _>().await.map_err(|_| too_large())?),
            kind if kind.contains("json") => {
                Self::of_json(&request.extract::<Bytes, _>().await.map_err(|_| too_large())?)
            }
            kind => {
                let told = format!("Unsupported media type \"{kind}\" in request.");
                Err(Refusal::detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, told))
            }
        }
    }
}

impl Fields {
    fn of_json(bytes: &[u8]) -> Reply<Self> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(values)) => Ok(Self { values, files: Vec::new() }),
            Ok(_) => Err(Refusal::field("non_field_errors", "Invalid data. Expected a dictionary.")),
            Err(error) => {
                Err(Refusal::detail(StatusCode::BAD_REQUEST, format!("JSON parse error - {error}"))
                    .coded("parse_error"))
            }
        }
    }

    async fn of_parts(request: Request) -> Reply<Self> {
        let broken = |error: &dyn std::fmt::Display| {
            Refusal::detail(StatusCode::BAD_REQUEST, format!("Multipart form parse error - {error}"))
                .coded("parse_error")
        };
        let mut parts = request.extract::<Multipart, _>().await.map_err(|it| broken(&it))?;
        let mut fields = Self::default();
        while let Some(part) = parts.next_field().await.map_err(|it| broken(&it))? {
            let name = part.name().unwrap_or_default().to_owned();
            let file = part.file_name().map(str::to_owned);
            let content = part.bytes().await.map_err(|error| match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => too_large().into(),
                _ => broken(&error),
            })?;
            match file {
                Some(file) => fields.files.push((name, Upload { name: file, content })),
                None => drop(fields.values.insert(name, String::from_utf8_lossy(&content).into_owned().into())),
            }
        }
        Ok(fields)
    }

    /// Whether it came, be it null.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// As it came; null is nothing.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|it| !it.is_null())
    }

    /// The file of that name.
    pub fn file(&self, name: &str) -> Option<&Upload> {
        self.files.iter().find(|it| it.0 == name).map(|it| &it.1)
    }

    /// A text; a number is taken for one, as it stands.
    pub fn text(&self, name: &str) -> Reply<Option<String>> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(Refusal::field(name, "Not a valid string.")),
        }
    }

    /// The first of `names` that came as a text with something in it; nothing is refused.
    pub fn first_filled(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.text(name).ok().flatten().filter(|it| !it.trim().is_empty()))
    }

    /// A text that must be there.
    pub fn filled(&self, name: &str) -> Reply<String> {
        match self.text(name)? {
            Some(text) if text.trim().is_empty() => Err(Refusal::field(name, BLANK)),
            Some(text) => Ok(text),
            None => Err(Refusal::field(name, self.missing(name))),
        }
    }

    /// Texts that must be there: all that are not are named at once.
    pub fn all_filled(&self, names: &[&str]) -> Reply<()> {
        let mut wrong = Vec::new();
        for name in names {
            match self.text(name)? {
                None => wrong.push((*name, self.missing(name))),
                Some(text) if text.trim().is_empty() => wrong.push((*name, BLANK)),
                Some(_) => {}
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(Refusal::fields(wrong)) }
    }

    /// Why it is not there.
    pub fn missing(&self, name: &str) -> &'static str {
        if self.has(name) { NULL } else { REQUIRED }
    }

    /// Yes or no.
    pub fn flag(&self, name: &str) -> Reply<Option<bool>> {
        let flag = match self.value(name) {
            None => return Ok(None),
            Some(Value::Bool(flag)) => Some(*flag),
            Some(Value::String(text)) => atrium_domain::settings::parse_flag(text),
            Some(Value::Number(number)) => {
                number.as_i64().and_then(|it| [false, true].get(usize::try_from(it).ok()?).copied())
            }
            Some(_) => None,
        };
        flag.map(Some).ok_or_else(|| Refusal::field(name, "Must be a valid boolean."))
    }

    /// A number.
    pub fn number(&self, name: &str) -> Reply<Option<f64>> {
        let number = match self.value(name) {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        number
            .filter(|it: &f64| it.is_finite())
            .map(Some)
            .ok_or_else(|| Refusal::field(name, "A valid number is required."))
    }

    /// A whole number.
    pub fn whole(&self, name: &str) -> Reply<Option<i64>> {
        let number = match self.value(name) {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_i64(),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        number.map(Some).ok_or_else(|| Refusal::field(name, "A valid integer is required."))
    }

    /// An id.
    pub fn id<T: From<Uuid>>(&self, name: &str) -> Reply<Option<T>> {
        let id = match self.value(name) {
            None => return Ok(None),
            Some(Value::String(text)) => text.trim().parse::<Uuid>().ok(),
            Some(_) => None,
        };
        id.map(|it| Some(it.into())).ok_or_else(|| Refusal::field(name, "Must be a valid UUID."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::response::IntoResponse as _;
    use serde_json::json;

    async fn read(kind: &str, body: &str) -> Reply<Fields> {
        let request = Request::builder().header(CONTENT_TYPE, kind).body(Body::from(body.to_owned())).unwrap();
        Fields::from_request(request, &()).await
    }

    #[tokio::test]
    async fn the_same_fields_in_every_form() {
        let parts = "--x\r\ncontent-disposition: form-data; name=\"n\"\r\n\r\n3\r\n--x\r\ncontent-disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\nhi\r\n--x--\r\n";
        for (kind, body) in [
            ("application/json; charset=utf-8", r#"{"n": 3}"#),
            ("application/x-www-form-urlencoded", "n=3"),
            ("multipart/form-data; boundary=x", parts),
        ] {
            let fields = read(kind, body).await.unwrap();
            assert_eq!(
                (fields.whole("n").unwrap(), fields.text("n").unwrap().as_deref()),
                (Some(3), Some("3")),
                "{kind}"
            );
            if let Some(file) = fields.file("f") {
                assert_eq!((file.name.as_str(), &file.content[..]), ("a.txt", &b"hi"[..]));
            }
        }
    }

    #[tokio::test]
    async fn what_is_wrong_is_named() {
        let fields = read("application/json", r#"{"a": "", "b": null, "c": [], "d": "x"}"#).await.unwrap();
        for (name, told) in [("a", BLANK), ("b", NULL), ("z", REQUIRED), ("c", "Not a valid string.")] {
            assert_eq!(fields.filled(name).unwrap_err().at(name), Some(&json!([told])), "{name}");
        }
        assert!(fields.flag("d").is_err() && fields.number("d").is_err() && fields.id::<Uuid>("d").is_err());
        assert_eq!(read("application/json", "{").await.unwrap_err().into_response().status(), StatusCode::BAD_REQUEST);
        assert_eq!(read("application/json", "[]").await.unwrap_err().into_response().status(), StatusCode::BAD_REQUEST);
        assert_eq!(
            read("image/png", "").await.unwrap_err().into_response().status(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE
        );
        assert!(read("", "").await.is_ok(), "nothing at all is no fields");
    }
}
