//! `GET /avatars/{user}/{hash}`: people's pictures, for those of the same organisation.

use super::errors::reply;
use atrium::ids::UserId;
use atrium_app::visit::Visit;
use atrium_domain::{Error, Result};
use axum::Extension;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse as _, Response};

/// Another picture has another address; and it is for whoever asked, not for a cache that others share.
const FOR_EVER: &str = "private, max-age=31536000, immutable";

pub async fn serve(Path((user, hash)): Path<(String, String)>, Extension(visit): Extension<Visit>) -> Response {
    match find(&visit, &user, &hash).await {
        Ok(image) => {
            let headers = [(CONTENT_TYPE, "image/png"), (CACHE_CONTROL, FOR_EVER), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
            (headers, image).into_response()
        }
        Err(error) => reply(&error, false),
    }
}

async fn find(visit: &Visit, user: &str, hash: &str) -> Result<Vec<u8>> {
    let viewer = visit.viewer()?;
    let user: UserId = user.parse().map_err(|_| Error::NotFound("picture"))?;
    let avatar = visit.atrium.accounts.avatar(viewer, user).await?;
    if avatar.hash == hash { Ok(avatar.image) } else { Err(Error::NotFound("picture")) }
}
