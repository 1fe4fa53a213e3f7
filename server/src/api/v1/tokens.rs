//! API tokens: made by a person for a program of theirs.

use crate::api::body::{ApiJson, ApiPath};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::time::iso;
use crate::web::App;
use atrium::ids::ApiTokenId;
use atrium::tokens::{ApiToken, NewApiToken, TokenScope};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A token, without its text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "name": "nightly report", "hint": "3f9c", "scopes": ["read", "chat"],
    "created_at": "2026-01-31T12:00:00Z", "expires_at": null, "last_used_at": null
}))]
pub struct Token {
    id: Uuid,
    name: String,
    /// The last four characters.
    hint: String,
    scopes: Vec<ScopeName>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// To the minute.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
}

/// What a token may do of what its owner may.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScopeName {
    Read,
    Chat,
    Write,
}

/// A token that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedToken {
    #[serde(flatten)]
    token: Token,
    /// The token itself. It is shown here and never again.
    #[serde(rename = "token")]
    text: String,
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "name": "nightly report", "scopes": ["read", "chat"], "expires_in_days": 90 }))]
pub struct NewToken {
    /// What it is for.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    #[schema(min_items = 1)]
    scopes: Vec<ScopeName>,
    /// Left out, it does not end by itself.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3650, required = false)]
    expires_in_days: Option<u32>,
}

impl From<ApiToken> for Token {
    fn from(it: ApiToken) -> Self {
        let scope = |it: TokenScope| match it {
            TokenScope::Read => ScopeName::Read,
            TokenScope::Chat => ScopeName::Chat,
            TokenScope::Write => ScopeName::Write,
        };
        Self {
            id: it.id.0,
            name: it.name,
            hint: it.hint,
            scopes: it.scopes.into_iter().map(scope).collect(),
            created_at: iso(it.created_at),
            expires_at: it.expires_at.map(iso),
            last_used_at: it.last_used_at.map(iso),
        }
    }
}

/// List one's API tokens
#[utoipa::path(get, path = "/api/v1/tokens", tag = "API tokens", responses((status = 200, description = "All of them, newest first", body = [Token])))]
pub async fn list(State(app): State<App>, caller: Caller) -> ApiResult<Json<Vec<Token>>> {
    caller.must_be_a_person()?;
    let tokens = app.atrium.accounts.api_tokens(&caller.viewer).await?;
    Ok(Json(tokens.into_iter().map(Into::into).collect()))
}

/// Make an API token
#[utoipa::path(post, path = "/api/v1/tokens", tag = "API tokens", request_body = NewToken, responses((status = 201, description = "Made", body = CreatedToken)))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewToken>,
) -> ApiResult<(StatusCode, Json<CreatedToken>)> {
    caller.must_be_a_person()?;
    let scope = |it: ScopeName| match it {
        ScopeName::Read => TokenScope::Read,
        ScopeName::Chat => TokenScope::Chat,
        ScopeName::Write => TokenScope::Write,
    };
    let new =
        NewApiToken { name: new.name, scopes: new.scopes.into_iter().map(scope).collect(), days: new.expires_in_days };
    let (token, text) = app.atrium.accounts.create_api_token(&caller.viewer, &new).await?;
    Ok((StatusCode::CREATED, Json(CreatedToken { token: token.into(), text })))
}

/// End an API token
///
/// At once.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "API tokens", params(("id" = Uuid, Path)), responses((status = 204, description = "Ended")))]
pub async fn delete(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<ApiTokenId>) -> ApiResult<StatusCode> {
    caller.must_be_a_person()?;
    app.atrium.accounts.delete_api_token(&caller.viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
