//! Bringing documents: as files of a form, or by their address.

use super::documents::Document;
use crate::api::body::{ApiJson, ApiPath};
use crate::api::error::{ApiError, ApiResult, Problem};
use crate::api::identity::Caller;
use crate::api::uploads::{Form, Sent, may_bring};
use crate::web::App;
use atrium::ids::{BaseId, DocumentId};
use atrium::knowledge::{FILE_MAX, TOGETHER_MAX};
use atrium_domain::Error;
use atrium_domain::knowledge::{Brought as Known, Label};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Characters of a title.
const TITLE_MAX: usize = 255;

/// Files to be read.
#[derive(ToSchema)]
#[schema(example = json!({ "file": ["…"], "title": "Tide tables" }))]
#[allow(dead_code, reason = "words of the description")]
pub struct NewDocuments {
    /// One or more, at most 100 MB each and 500 MB in all.
    #[schema(value_type = Vec<String>, format = Binary, min_items = 1, max_items = 100)]
    file: Vec<Vec<u8>>,
    /// What the document is called instead of what it calls itself; with one file only.
    #[schema(required = false, max_length = 255)]
    title: String,
}

const _: () = assert!(FILE_MAX == 100 << 20 && TOGETHER_MAX == 500 << 20, "the description above names both");

/// An address to fetch.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "url": "https://example.org/tides.pdf" }))]
pub struct NewAddress {
    #[schema(format = "uri", max_length = 2000)]
    url: String,
    /// What the document is called instead of what it calls itself.
    #[serde(default)]
    #[schema(required = false, max_length = 255)]
    title: Option<String>,
}

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "name": "tides.docx", "outcome": "refused", "reason": "The file is empty.", "document": null }))]
pub struct Brought {
    /// As its sender called it.
    name: String,
    #[schema(value_type = OutcomeName)]
    outcome: &'static str,
    /// Why it was refused; empty otherwise.
    reason: String,
    /// The document that it is.
    document: Option<Document>,
}

/// A document of its own; the newest version of the one of that name; the base has this very file already; not taken.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "words of the description")]
pub enum OutcomeName {
    New,
    Version,
    Known,
    Refused,
}

impl Brought {
    fn taken(name: String, it: Known) -> Self {
        let (outcome, document) = match it {
            Known::New(document) => ("new", document),
            Known::Version(document) => ("version", document),
            Known::Known(document) => ("known", document),
        };
        Self { name, outcome, reason: String::new(), document: Some(document.into()) }
    }

    fn refused(name: String, error: Error) -> Self {
        // Said once more in the reply; a fault of ours belongs into the log.
        let reason = ApiError::from(error).into_failure().message;
        Self { name, outcome: "refused", reason, document: None }
    }
}

/// Upload documents
///
/// A form with one or more files in its field `file`; files are read behind the scenes. A file of a name that is there
/// already becomes the newest version of that document, and one that is there itself is recognised. A file that is refused
/// does not keep the others back; when all are, the whole request is.
#[utoipa::path(post, path = "/api/v1/knowledge/{id}/documents", tag = "Knowledge", operation_id = "upload", params(("id" = Uuid, Path)), request_body(content = NewDocuments, content_type = "multipart/form-data"), responses(
    (status = 201, description = "What became of each, in their order", body = [Brought]),
    (status = 400, description = "The form could not be read.", body = Problem),
    (status = 415, description = "It is no form.", body = Problem),
    (status = 422, description = "None of the files was taken; `fields` says why.", body = Problem),
))]
pub async fn upload(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<BaseId>,
    request: Request,
) -> ApiResult<(StatusCode, Json<Vec<Brought>>)> {
    may_bring(&app, &caller.viewer, id).await?;
    let mut form = Form::read(request, &app).await?;
    let files: Vec<Sent> = std::mem::take(&mut form.files).into_iter().filter(|it| it.field == "file").collect();
    let title = form.text("title").filter(|it| !it.trim().is_empty());
    match (&files[..], title) {
        ([], _) => return Err(Error::field("file", "Send at least one file.").into()),
        ([_, _, ..], Some(_)) => return Err(Error::field("title", "A title is for one file.").into()),
        _ => check_title(title)?,
    }
    let (mut all, mut first_refusal) = (Vec::new(), None);
    for file in files {
        let label = Label { name: &file.name, title, media_type: file.media_type.as_deref(), ..Label::default() };
        let brought = match file.outcome {
            Ok(arrived) => app.atrium.knowledge.bring(caller.actor(), id, &arrived, label).await,
            Err(error) => Err(error),
        };
        match brought {
            Ok(known) => all.push(Brought::taken(file.name, known)),
            Err(error @ Error::Invalid(_)) => {
                let is_first = first_refusal.is_none();
                let refused = Brought::refused(file.name, error);
                if is_first {
                    first_refusal = Some((refused.reason.clone(), file.is_too_large));
                }
                all.push(refused);
            }
            Err(error) => return Err(error.into()),
        }
    }
    if all.iter().all(|it| it.document.is_none())
        && let Some((reason, is_too_large)) = first_refusal
    {
        return Err(if is_too_large {
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", reason)
        } else {
            Error::field("file", reason).into()
        });
    }
    Ok((StatusCode::CREATED, Json(all)))
}

fn check_title(title: Option<&str>) -> ApiResult<()> {
    match title {
        Some(it) if it.chars().count() > TITLE_MAX => {
            Err(Error::field("title", format!("Use at most {TITLE_MAX} characters.")).into())
        }
        _ => Ok(()),
    }
}

/// Add a document by its address
///
/// It is fetched once, now, from the public Internet and the hosts inside that this server's settings name: within 60
/// seconds, at most 100 MB. Wherever the address sends one on to is looked at in the same way. An address that a document of
/// the base came from already brings its next version.
#[utoipa::path(post, path = "/api/v1/knowledge/{id}/documents/from-url", tag = "Knowledge", operation_id = "fetch", params(("id" = Uuid, Path)), request_body = NewAddress, responses((status = 201, description = "What became of it", body = Brought)))]
pub async fn fetch(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<BaseId>,
    ApiJson(new): ApiJson<NewAddress>,
) -> ApiResult<(StatusCode, Json<Brought>)> {
    check_title(new.title.as_deref())?;
    let known = app.atrium.knowledge.fetch(caller.actor(), id, &new.url, new.title.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(Brought::taken(known.document().name.clone(), known))))
}

/// Fetch a document again
///
/// From the address that it came from. What is there now becomes its next version, unless it is what was there before.
#[utoipa::path(post, path = "/api/v1/documents/{id}/fetch", tag = "Knowledge", operation_id = "fetch_again", params(("id" = Uuid, Path)), responses(
    (status = 200, description = "What became of it", body = Brought),
    (status = 409, description = "It did not come from an address.", body = Problem),
))]
pub async fn fetch_again(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<DocumentId>,
) -> ApiResult<Json<Brought>> {
    let known = app.atrium.knowledge.fetch_again(caller.actor(), id).await?;
    Ok(Json(Brought::taken(known.document().name.clone(), known)))
}
