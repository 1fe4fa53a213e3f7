//! A forgotten password.

use crate::api::body::ApiJson;
use crate::api::error::ApiResult;
use crate::api::identity::Identity;
use crate::web::App;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// Whose password was forgotten.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "email": "ada@example.org" }))]
pub struct Forgotten {
    /// The account's e-mail address.
    #[schema(max_length = 254)]
    email: String,
}

/// A new password, and the link by which it may be set.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "token": "5f0c…", "new_password": "a few unusual words" }))]
pub struct Reset {
    /// What stands behind `token=` in the link.
    token: String,
    /// At least 10 characters.
    #[schema(min_length = 10, max_length = 512)]
    new_password: String,
}

/// Ask for a link to choose a new password by
///
/// It is sent to the address if there is an account with it; the answer is the same if there is none. It works once, within
/// an hour; a newer one replaces it. Requests are limited, for each account and for each address.
#[utoipa::path(post, path = "/api/v1/auth/password/forgot", tag = "Signing in", request_body = Forgotten, security(()), responses((status = 202, description = "Taken, whether there is such an account or not")))]
pub async fn forgot(
    State(app): State<App>,
    identity: Identity,
    ApiJson(body): ApiJson<Forgotten>,
) -> ApiResult<StatusCode> {
    app.atrium.accounts.forgot_password(&app.atrium.mail, &body.email, &identity.address).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Choose a new password by a link
///
/// Ends every browser session and every token that came from signing in. API tokens stay. A link that was used or is too old
/// is refused with 409, `link_not_valid`.
#[utoipa::path(post, path = "/api/v1/auth/password/reset", tag = "Signing in", request_body = Reset, security(()), responses((status = 204, description = "Changed: sign in with the new one")))]
pub async fn reset(State(app): State<App>, identity: Identity, ApiJson(body): ApiJson<Reset>) -> ApiResult<StatusCode> {
    app.atrium.accounts.reset_password(&body.token, &body.new_password, &identity.address).await?;
    Ok(StatusCode::NO_CONTENT)
}
