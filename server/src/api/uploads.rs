//! Forms with documents: which paths take them, how large they may be, and how their files go to disk while they arrive.

use super::body::too_large;
use super::error::{ApiError, ApiResult};
use crate::web::{App, BODY_MAX};
use atrium::attachments::ATTACHMENT_MAX;
use atrium::ids::BaseId;
use atrium::knowledge::FILE_MAX;
use atrium::people::Viewer;
use atrium_domain::Error;
use atrium_domain::import::chats::IMPORT_MAX;
use atrium_domain::knowledge::files::Arrived;
use axum::RequestExt as _;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{MatchedPath, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::Response;
use std::convert::Infallible;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::limit::RequestBodyLimitLayer;

/// Where one file comes at a time, for a message.
const ATTACHMENTS: &str = "/api/v1/attachments";
/// Where conversations of other systems come, a file at a time.
const IMPORTS: &str = "/api/v1/imports/conversations";
/// The paths whose forms bring documents, as they are routed.
const PATHS: [&str; 7] = [
    ATTACHMENTS,
    IMPORTS,
    "/api/v1/knowledge/{id}/documents",
    "/api/knowledge/documents",
    "/api/kb/file/add",
    "/api/kb/files/add",
    "/api/kb/file/update",
];
/// A whole form: ten files of the largest size, and what stands between them.
const FORM_MAX: usize = 10 * FILE_MAX as usize + BODY_MAX;
/// Files of one form.
const FILES_MAX: usize = 100;
/// Fields that are no files,
const FIELDS_MAX: usize = 50;
/// and how many bytes each may have.
const FIELD_MAX: usize = 64 * 1024;

/// Whether forms sent there bring documents.
pub fn are_taken_at(path: &str) -> bool {
    PATHS.contains(&path)
}

/// Lets a body be as large as its path takes it.
pub async fn limit(request: Request, next: Next) -> Response {
    let max = match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
        Some(ATTACHMENTS) => ATTACHMENT_MAX as usize + BODY_MAX,
        Some(IMPORTS) => IMPORT_MAX as usize + BODY_MAX,
        Some(path) if are_taken_at(path) => FORM_MAX,
        _ => BODY_MAX,
    };
    within(max, request, next).await
}

/// Lets a body be that large, in bytes.
pub async fn within(max: usize, request: Request, next: Next) -> Response {
    let within = RequestBodyLimitLayer::new(max).layer(service_fn(move |request| run(next.clone(), request)));
    match within.oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}

async fn run<B>(next: Next, request: axum::http::Request<B>) -> Result<Response, Infallible>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    Ok(next.run(request.map(Body::new)).await)
}

/// A file of a form.
#[derive(Debug)]
pub struct Sent {
    /// The field that it came in.
    pub field: String,
    /// As its sender calls it.
    pub name: String,
    /// What its sender says that it is.
    pub media_type: Option<String>,
    /// The file, or why it is not taken.
    pub outcome: Result<Arrived, Error>,
    /// Whether that is for its size.
    pub is_too_large: bool,
}

/// What a form brought.
#[derive(Debug, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
    /// In the order in which they came.
    pub files: Vec<Sent>,
}

impl Form {
    /// What was written into a field.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }

    /// The first file of a field.
    pub fn file(&mut self, name: &str) -> Option<Sent> {
        let at = self.files.iter().position(|it| it.field == name)?;
        Some(self.files.remove(at))
    }

    /// Reads a form, its files straight to disk. A file that is not taken does not keep the others back.
    ///
    /// # Errors
    /// When it is no form, breaks off, or is too large as a whole.
    pub async fn read(request: Request, app: &App) -> ApiResult<Self> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("multipart/form-data") {
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Send a form with files, with Content-Type: multipart/form-data.",
            ));
        }
        let broken = |error: MultipartError| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            _ => malformed(&error.body_text()),
        };
        let max = match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
            Some(IMPORTS) => IMPORT_MAX,
            _ => FILE_MAX,
        };
        let mut parts = request.extract::<Multipart, _>().await.map_err(|it| malformed(&it.body_text()))?;
        let mut form = Self::default();
        while let Some(mut part) = parts.next_field().await.map_err(broken)? {
            let field = part.name().unwrap_or_default().to_owned();
            let Some(name) = part.file_name().map(str::to_owned) else {
                if form.fields.len() >= FIELDS_MAX {
                    return Err(
                        Error::field(&field, format!("Send at most {FIELDS_MAX} fields beside the files.")).into()
                    );
                }
                let mut value = Vec::new();
                while let Some(bytes) = part.chunk().await.map_err(broken)? {
                    value.extend(bytes);
                    if value.len() > FIELD_MAX {
                        return Err(Error::field(&field, format!("Use at most {FIELD_MAX} bytes.")).into());
                    }
                }
                form.fields.push((field, String::from_utf8_lossy(&value).into_owned()));
                continue;
            };
            // So a browser sends a field in which no file was chosen.
            if name.is_empty() {
                continue;
            }
            if form.files.len() >= FILES_MAX {
                return Err(Error::field(&field, format!("Send at most {FILES_MAX} files at a time.")).into());
            }
            let media_type = part.content_type().map(str::to_owned);
            let (outcome, is_too_large) = save(&mut part, app, max).await.map_err(broken)?;
            form.files.push(Sent { field, name, media_type, outcome, is_too_large });
        }
        Ok(form)
    }
}

fn malformed(told: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "malformed_form", format!("The form could not be read: {told}"))
}

/// One file. What comes after a refusal is read and dropped, for what stands behind it in the form.
async fn save(part: &mut Field<'_>, app: &App, max: u64) -> Result<(Result<Arrived, Error>, bool), MultipartError> {
    let mut file = match app.atrium.knowledge.receive_for_later().await {
        Ok(file) => file.up_to(max),
        Err(error) => return Ok((Err(error), false)),
    };
    let mut size = 0;
    while let Some(bytes) = part.chunk().await? {
        size += bytes.len() as u64;
        if let Err(error) = file.write(&bytes).await {
            return Ok((Err(error), size > max));
        }
    }
    Ok((file.done().await, false))
}

/// Refuses at once whoever may not bring anything into a base, before a byte of their form is read.
///
/// # Errors
/// As [`Knowledge::receive`](atrium_domain::knowledge::Knowledge::receive).
pub async fn may_bring(app: &App, viewer: &Viewer, base: BaseId) -> ApiResult<()> {
    app.atrium.knowledge.receive(viewer, base).await?;
    Ok(())
}
