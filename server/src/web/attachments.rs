//! Files that came with messages, on their way back: `GET /attachments/{id}`.

use super::App;
use super::errors::reply;
use super::exports::attachment;
use atrium::attachments::Attachment;
use atrium::ids::{AttachmentId, ConversationId};
use atrium_app::forms::sign_in_path;
use atrium_app::visit::Visit;
use atrium_domain::attachments::Bytes;
use atrium_domain::{Error, Result};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use uuid::Uuid;

/// The opened conversation in which an administrator reads.
#[derive(Debug, Deserialize)]
pub struct Opened {
    conversation: Option<ConversationId>,
    look: Option<Uuid>,
}

pub async fn serve(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(opened): Query<Opened>,
    Extension(visit): Extension<Visit>,
) -> Response {
    let Some(viewer) = &visit.viewer else {
        return (StatusCode::SEE_OTHER, [(LOCATION, sign_in_path("/"))]).into_response();
    };
    let atrium = &app.atrium;
    let found: Result<_> = async {
        let id: AttachmentId = id.parse().map_err(|_| Error::NotFound("attachment"))?;
        match (opened.conversation, opened.look) {
            (Some(conversation), Some(look)) => {
                atrium.chat.inspected_file(&atrium.attachments, viewer, conversation, look, id).await
            }
            _ => atrium.attachments.file(viewer, id).await,
        }
    }
    .await;
    match found {
        Ok((it, bytes)) => send(&it, bytes),
        Err(error) => reply(&error, true),
    }
}

/// A file on its way out. It is saved, never shown as a page: what somebody brought must not run as one of ours. A picture
/// says what it is, so that a page can show it.
pub fn send(it: &Attachment, bytes: Bytes) -> Response {
    let mut response = Body::from_stream(bytes).into_response();
    let headers = response.headers_mut();
    let kind = if it.is_picture() { it.media_type.as_str() } else { "application/octet-stream" };
    let kind = HeaderValue::from_str(kind).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Ok(value) = HeaderValue::from_str(&attachment(&it.name)) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    response
}
