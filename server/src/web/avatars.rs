//! `GET /avatars/{user}/{hash}`: people's pictures. Nobody has to sign in for one: `<img>` of another origin's page, and of a
//! client that sends a token with what it fetches itself, could not. Whoever knows the address was told it by somebody who
//! may see the person: there is no guessing an id and a hash.

use super::App;
use super::errors::reply;
use atrium::ids::UserId;
use atrium_domain::{Error, Result};
use axum::extract::{Path, State};
use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};

/// Pages of other origins may show it, also those that ask for a reply's leave.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// Another picture has another address; and it is for whoever asked, not for a cache that others share.
const FOR_EVER: &str = "private, max-age=31536000, immutable";

pub async fn serve(State(app): State<App>, Path((user, hash)): Path<(String, String)>) -> Response {
    match find(&app, &user, &hash).await {
        Ok(image) => {
            let headers = [(CONTENT_TYPE, "image/png"), (CACHE_CONTROL, FOR_EVER), (RESOURCE_POLICY, "cross-origin")];
            (headers, image).into_response()
        }
        Err(error) => reply(&error, false),
    }
}

async fn find(app: &App, user: &str, hash: &str) -> Result<Vec<u8>> {
    let user: UserId = user.parse().map_err(|_| Error::NotFound("picture"))?;
    app.atrium.accounts.avatar_at(user, hash).await
}
