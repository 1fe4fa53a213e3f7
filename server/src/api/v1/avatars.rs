//! People's pictures.

use crate::api::body::{ApiPath, too_large};
use crate::api::error::{ApiResult, Problem};
use crate::api::identity::Caller;
use crate::web::App;
use atrium::ids::UserId;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use utoipa::ToSchema;

/// A file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "a word of the description")]
pub struct PictureFile(Vec<u8>);

/// Set one's picture
///
/// The body is the file itself: PNG, JPEG or WebP, at most 2 MB. It is cut to a square of 256 pixels; nothing else of it is
/// kept. What the file is, it says itself: `Content-Type` counts for nothing.
#[utoipa::path(put, path = "/api/v1/users/me/avatar", tag = "People", operation_id = "set_avatar", request_body(content = inline(PictureFile), content_type = "application/octet-stream"), responses(
    (status = 204, description = "Set"),
    (status = 422, description = "It is no picture, or too large; `fields` says which.", body = Problem),
))]
pub async fn put(State(app): State<App>, caller: Caller, request: Request) -> ApiResult<StatusCode> {
    let file = Bytes::from_request(request, &()).await.map_err(|_| too_large())?;
    app.atrium.accounts.set_avatar(&caller.viewer, file.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove one's picture
#[utoipa::path(delete, path = "/api/v1/users/me/avatar", tag = "People", operation_id = "remove_avatar", responses((status = 204, description = "Removed")))]
pub async fn delete(State(app): State<App>, caller: Caller) -> ApiResult<StatusCode> {
    app.atrium.accounts.remove_avatar(&caller.viewer).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Get a person's picture
///
/// For everybody of their organisation.
#[utoipa::path(get, path = "/api/v1/users/{id}/avatar", tag = "People", operation_id = "avatar", params(("id" = uuid::Uuid, Path)), responses(
    (status = 200, description = "The picture, 256 pixels a side", content_type = "image/png", body = inline(PictureFile), headers(("ETag" = String, description = "The version"))),
    (status = 304, description = "It is the one in `If-None-Match`"),
))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<UserId>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let avatar = app.atrium.accounts.avatar(&caller.viewer, id).await?;
    let tag = format!("\"{}\"", avatar.hash);
    let is_known = headers.get(IF_NONE_MATCH).is_some_and(|it| it.as_bytes() == tag.as_bytes());
    let reply = [(CACHE_CONTROL, "private, no-cache"), (ETAG, &tag)];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, reply).into_response());
    }
    Ok((reply, [(CONTENT_TYPE, "image/png")], avatar.image).into_response())
}
