//! Files that go with messages.

use crate::api::body::ApiPath;
use crate::api::error::{ApiError, ApiResult, Problem};
use crate::api::identity::Caller;
use crate::api::time::iso;
use crate::api::uploads::Form;
use crate::web::{App, send_attachment};
use atrium::attachments::Attachment as Held;
use atrium::ids::AttachmentId;
use atrium_domain::Error;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A file that goes with a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "name": "tides.pdf", "kind": "pdf", "media_type": "application/pdf", "size": 48213,
    "note": null, "created_at": "2026-01-31T12:00:00Z"
}))]
pub struct Attachment {
    id: Uuid,
    /// As it was called.
    name: String,
    /// `picture`, or what was read: `pdf`, `markdown`, `code`, …
    kind: String,
    /// As its content is, whatever was said.
    media_type: String,
    /// Bytes.
    size: i64,
    /// What its owner should know: that only its beginning was read.
    note: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Held> for Attachment {
    fn from(it: Held) -> Self {
        Self {
            id: it.id.0,
            name: it.name,
            kind: it.kind,
            media_type: it.media_type,
            size: it.size,
            note: it.note,
            created_at: iso(it.created_at),
        }
    }
}

/// A file for a message.
#[derive(ToSchema)]
#[schema(example = json!({ "file": "…" }))]
#[allow(dead_code, reason = "words of the description")]
pub struct NewAttachment {
    /// Text that can be read, a PDF or Office file (at most 10 MB), or a PNG, JPEG, WebP or GIF (at most 5 MB).
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A file, as it was brought.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "a word of the description")]
pub struct AttachedFile(Vec<u8>);

/// Bring a file for a message
///
/// Text is read at once, pictures are looked at for what they are. Its id goes into `attachments` of the message; a file that
/// goes with none within a day is dropped.
#[utoipa::path(post, path = "/api/v1/attachments", tag = "Attachments", operation_id = "bring", request_body(content = NewAttachment, content_type = "multipart/form-data"), responses(
    (status = 201, description = "It waits for its message", body = Attachment),
    (status = 400, description = "The form could not be read.", body = Problem),
    (status = 415, description = "It is no form.", body = Problem),
    (status = 422, description = "The file is not taken; `fields` says why.", body = Problem),
))]
pub async fn bring(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> ApiResult<(StatusCode, Json<Attachment>)> {
    let mut form = Form::read(request, &app).await?;
    let file = form.file("file").ok_or_else(|| Error::field("file", "Send a file in the field “file”."))?;
    if !form.files.is_empty() {
        return Err(Error::field("file", "Send one file at a time.").into());
    }
    let arrived = match file.outcome {
        Ok(arrived) => arrived,
        Err(error) if file.is_too_large => {
            let told = ApiError::from(error).into_failure().message;
            return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", told));
        }
        Err(error) => return Err(error.into()),
    };
    let attachments = &app.atrium.attachments;
    let held = attachments.bring(&caller.viewer, &arrived, &file.name, file.media_type.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(held.into())))
}

/// Get what is known of an attachment
#[utoipa::path(get, path = "/api/v1/attachments/{id}", tag = "Attachments", params(("id" = Uuid, Path)), responses((status = 200, description = "The attachment", body = Attachment)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<AttachmentId>,
) -> ApiResult<Json<Attachment>> {
    Ok(Json(app.atrium.attachments.get(&caller.viewer, id).await?.into()))
}

/// Take back an attachment
///
/// One that was not sent; others go when their messages do (409).
#[utoipa::path(delete, path = "/api/v1/attachments/{id}", tag = "Attachments", operation_id = "withdraw", params(("id" = Uuid, Path)), responses((status = 204, description = "Gone")))]
pub async fn withdraw(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<AttachmentId>,
) -> ApiResult<StatusCode> {
    app.atrium.attachments.withdraw(&caller.viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Get the file of an attachment
///
/// As it was brought, to be saved and not shown.
#[utoipa::path(get, path = "/api/v1/attachments/{id}/file", tag = "Attachments", operation_id = "file", params(("id" = Uuid, Path)), responses((status = 200, description = "The file: a picture as what it is, the rest as bytes", content((inline(AttachedFile) = "application/octet-stream"), (inline(AttachedFile) = "image/png"), (inline(AttachedFile) = "image/jpeg"), (inline(AttachedFile) = "image/webp"), (inline(AttachedFile) = "image/gif")), headers(("Content-Disposition" = String, description = "What it is called")))))]
pub async fn file(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<AttachmentId>) -> ApiResult<Response> {
    let (held, bytes) = app.atrium.attachments.file(&caller.viewer, id).await?;
    Ok(send_attachment(&held, bytes))
}
