//! What every request and reply of this dialect is made of: bodies in three forms, refusals, pages, who asks.

use crate::api::error::ApiError;
use crate::api::identity::Caller;
use crate::api::paging::listing;
use crate::web::App;
use atrium::Failure;
use atrium::paging::{PAGE_SIZE_MAX, Page, PageRequest, Sort};
use axum::body::Bytes;
use axum::extract::multipart::Multipart;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, RequestExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Items of a page, where nothing else is said.
pub const PAGE_SIZE: u32 = 10;

/// A refusal on its way out.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    body: Value,
    retry_after: Option<u64>,
}

pub type Reply<T> = Result<T, Refusal>;

impl Refusal {
    /// `{detail}`
    pub fn detail(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::with(status, json!({ "detail": detail.into() }))
    }

    /// `{error}`
    pub fn error(status: StatusCode, error: impl Into<String>) -> Self {
        Self::with(status, json!({ "error": error.into() }))
    }

    /// `{field: [message]}`
    pub fn field(name: &str, message: impl Into<String>) -> Self {
        Self::with(StatusCode::BAD_REQUEST, json!({ name: [message.into()] }))
    }

    /// Whatever else.
    pub fn with(status: StatusCode, body: Value) -> Self {
        Self { status, body, retry_after: None }
    }

    /// A token that is worth nothing.
    pub fn bad_token(class: &str) -> Self {
        let purpose = class.trim_end_matches("Token").to_lowercase();
        let message = json!({ "token_class": class, "token_type": purpose, "message": "Token is invalid or expired" });
        let body = json!({
            "detail": "Given token not valid for any token type", "code": "token_not_valid", "messages": [message]
        });
        Self::with(StatusCode::UNAUTHORIZED, body)
    }

    /// What it says, in one sentence.
    pub fn sentence(&self) -> String {
        let first = |it: &Value| it.as_str().or_else(|| it[0].as_str()).map(str::to_owned);
        let named = ["detail", "error"].iter().find_map(|it| first(&self.body[*it]));
        named
            .or_else(|| self.body.as_object()?.values().find_map(first))
            .unwrap_or_else(|| "This was refused.".to_owned())
    }

    /// The same as `{error}`, for endpoints that say it so.
    pub fn into_error(self) -> Self {
        Self { body: json!({ "error": self.sentence() }), ..self }
    }
}

/// As the domain calls a field, and as clients do.
fn field_name(domain: &str) -> &str {
    match domain {
        "webhook" => "url_n8n",
        "picture" => "avatar",
        "organisation_id" => "client_id",
        "expertise_area_id" => "expertise_area",
        "search" => "query",
        other => other,
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        let status = StatusCode::from_u16(failure.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let coded = |status: StatusCode| {
            Self::with(status, json!({ "detail": failure.message.clone(), "code": status.as_u16() }))
        };
        let mut refusal = match (status.as_u16(), failure.code.as_str()) {
            (401, "not_authenticated" | "signed_out") => {
                Self::detail(status, "Authentication credentials were not provided.")
            }
            (401, _) => Self::bad_token("AccessToken"),
            (409, _) => Self::detail(StatusCode::BAD_REQUEST, failure.message),
            (422, _) => {
                let mut fields: Map<String, Value> = Map::new();
                for it in failure.fields {
                    let said = fields.entry(field_name(&it.field)).or_insert_with(|| json!([]));
                    if let Value::Array(messages) = said {
                        messages.push(it.message.into());
                    }
                }
                Self::with(StatusCode::BAD_REQUEST, Value::Object(fields))
            }
            (403 | 404, _) => coded(status),
            _ => Self::detail(status, failure.message),
        };
        refusal.retry_after = failure.retry_after;
        refusal
    }
}

impl<E: Into<ApiError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        error.into().into_failure().into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Somebody who is signed in.
pub struct Member(pub Caller);

impl FromRequestParts<App> for Member {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Reply<Self> {
        Ok(Self(Caller::from_request_parts(parts, app).await?))
    }
}

/// An id in the path. What is no id names nothing.
pub struct Named<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Named<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Reply<Self> {
        match Path::<T>::from_request_parts(parts, app).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(_) => Err(atrium_domain::Error::NotFound("id").into()),
        }
    }
}

/// The query.
pub struct Asked(Vec<(String, String)>);

impl FromRequestParts<App> for Asked {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Reply<Self> {
        Ok(Self(form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect()))
    }
}

impl Asked {
    /// The first of that name, unless it is blank.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|it| it.0 == name).map(|it| it.1.trim()).filter(|it| !it.is_empty())
    }

    /// An id.
    pub fn id(&self, name: &str) -> Reply<Option<Uuid>> {
        self.text(name).map(|it| it.parse().map_err(|_| Refusal::field(name, "Must be a valid UUID."))).transpose()
    }

    /// Which page, of `size` items unless the query says otherwise. More than 100 are not given.
    pub fn page(&self, size: u32) -> Reply<PageRequest> {
        let size = self.text("page_size").and_then(|it| it.parse().ok()).filter(|it| *it > 0).unwrap_or(size);
        let page = self.text("page").map_or(Some(1), |it| it.parse().ok().filter(|it| (1..=1_000_000).contains(it)));
        let page = page.ok_or_else(no_such_page)?;
        Ok(PageRequest { page, size: size.min(PAGE_SIZE_MAX) })
    }

    /// `?ordering=`, by clients' names of columns. Others are passed over, as they always were.
    pub fn ordering(&self, columns: &[(&str, &'static str)]) -> Option<Sort> {
        let asked = self.text("ordering")?.split(',').next()?;
        let (name, is_descending) = asked.strip_prefix('-').map_or((asked, false), |it| (it, true));
        let column = columns.iter().find(|it| it.0 == name)?.1;
        Some(Sort { column, is_descending })
    }
}

fn no_such_page() -> Refusal {
    Refusal::with(StatusCode::NOT_FOUND, json!({ "detail": "Invalid page.", "code": 404 }))
}

/// A page with its links; there is always a first one.
pub fn paged<T: Serialize>(
    app: &App,
    parts: &Parts,
    request: PageRequest,
    page: Page<T>,
) -> Reply<Json<impl Serialize + use<T>>> {
    if request.page > 1 && request.offset() >= page.count {
        return Err(no_such_page());
    }
    Ok(Json(listing(app, parts, request, page)))
}

/// What was sent: JSON, a form, or a form with files.
#[derive(Debug, Default)]
pub struct Input {
    fields: Map<String, Value>,
    files: Vec<(String, Bytes)>,
}

impl FromRequest<App> for Input {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Reply<Self> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
        if kind.starts_with("multipart/form-data") {
            let parts = request.extract::<Multipart, _>().await.map_err(|it| broken(it.body_text()))?;
            return read_parts(parts).await;
        }
        let bytes = Bytes::from_request(request, app)
            .await
            .map_err(|_| Refusal::detail(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large, or broke off."))?;
        if kind.starts_with("application/x-www-form-urlencoded") {
            let mut input = Self::default();
            for (name, value) in form_urlencoded::parse(&bytes) {
                input.add(&name, value.into_owned());
            }
            return Ok(input);
        }
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(fields)) => Ok(Self { fields, files: Vec::new() }),
            Ok(_) => Err(Refusal::field("non_field_errors", "Invalid data. Expected a dictionary.")),
            Err(error) => Err(broken(format!("JSON parse error - {error}"))),
        }
    }
}

fn broken(told: String) -> Refusal {
    Refusal::detail(StatusCode::BAD_REQUEST, told)
}

async fn read_parts(mut parts: Multipart) -> Reply<Input> {
    let mut input = Input::default();
    while let Some(part) = parts.next_field().await.map_err(|it| Refusal::detail(it.status(), it.body_text()))? {
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.file_name().is_some();
        let bytes = part.bytes().await.map_err(|it| Refusal::detail(it.status(), it.body_text()))?;
        if is_file {
            input.files.push((name, bytes));
        } else {
            input.add(&name, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(input)
}

impl Input {
    /// A name that comes several times is a list.
    fn add(&mut self, name: &str, value: String) {
        let name = name.trim_end_matches("[]");
        match self.fields.get_mut(name) {
            None => drop(self.fields.insert(name.to_owned(), value.into())),
            Some(Value::Array(all)) => all.push(value.into()),
            Some(first) => *first = json!([first.take(), value]),
        }
    }

    /// As it was sent; in a form JSON is text.
    pub fn json(&self, name: &str) -> Option<Value> {
        let value = self.fields.get(name)?;
        let inner = value.as_str().filter(|it| it.starts_with(['{', '['])).and_then(|it| serde_json::from_str(it).ok());
        Some(inner.unwrap_or_else(|| value.clone()))
    }

    /// A text, be it empty; `null` is none.
    pub fn text(&self, name: &str) -> Reply<Option<String>> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(Refusal::field(name, "Not a valid string.")),
        }
    }

    /// A text that is not blank.
    pub fn filled(&self, name: &str) -> Reply<Option<String>> {
        Ok(self.text(name)?.filter(|it| !it.trim().is_empty()))
    }

    /// A text that must be there.
    pub fn required(&self, name: &str) -> Reply<String> {
        match self.text(name)? {
            None => Err(Refusal::field(name, "This field is required.")),
            Some(text) if text.trim().is_empty() => Err(Refusal::field(name, "This field may not be blank.")),
            Some(text) => Ok(text),
        }
    }

    /// An id; blank is none.
    pub fn id(&self, name: &str) -> Reply<Option<Uuid>> {
        let wrong = |_| Refusal::field(name, "Must be a valid UUID.");
        self.filled(name)?.map(|it| it.trim().parse().map_err(wrong)).transpose()
    }

    /// An id that must be there.
    pub fn required_id(&self, name: &str) -> Reply<Uuid> {
        self.required(name)?;
        self.id(name)?.ok_or_else(|| Refusal::field(name, "This field is required."))
    }

    /// Whether it was sent, be it `null`.
    pub fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Texts in a list, or one by itself.
    pub fn texts(&self, name: &str) -> Reply<Option<Vec<String>>> {
        match self.json(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(vec![text])),
            Some(Value::Array(items)) => {
                let texts = items.into_iter().map(|it| match it {
                    Value::String(text) => Ok(text),
                    Value::Number(number) => Ok(number.to_string()),
                    _ => Err(Refusal::field(name, "Not a valid string.")),
                });
                texts.collect::<Reply<_>>().map(Some)
            }
            Some(_) => Err(Refusal::field(name, "Expected a list of items.")),
        }
    }

    /// A file.
    pub fn file(&self, name: &str) -> Option<&Bytes> {
        self.files.iter().find(|it| it.0 == name).map(|it| &it.1).filter(|it| !it.is_empty())
    }
}
