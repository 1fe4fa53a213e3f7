//! The standard guide: token, session and JWT side by side. Its application paths are v1's own; what is left are passwords
//! and a person by their id. Its clients send no slash at the end, show `message`, and read `code`.

use super::dialects::fields::Fields;
use super::dialects::people::{listed, person};
use super::dialects::refusal::{Id, Refusal, Reply, Signed, Spoken};
use super::identity::Identity;
use crate::web::App;
use atrium::ids::UserId;
use atrium_domain::Error;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/auth/change-password", post(change_password))
        .route("/api/auth/forgot-password", post(forgot_password))
        .route("/api/auth/reset-password", post(reset_password))
        .route("/api/users/{id}", get(user))
}

fn said(message: &str) -> Json<Value> {
    Json(json!({ "message": message, "detail": message }))
}

/// The first of `names` that is there; the error names the first of them.
fn required(fields: &Fields, names: &[&str]) -> Reply<String> {
    fields.first_filled(names).ok_or_else(|| Refusal::field(names[0], fields.missing(names[0])))
}

/// As on the page, it ends every sign-in: whoever knew the old password is out.
async fn change_password(
    State(app): State<App>,
    caller: Reply<Signed>,
    fields: Reply<Fields>,
) -> Result<Json<Value>, Spoken> {
    let (Signed(caller), fields) = (caller?, fields?);
    caller.must_be_a_person()?;
    let current = required(&fields, &["current_password", "old_password"])?;
    let new = required(&fields, &["new_password", "password"])?;
    app.atrium.accounts.change_password(&caller.viewer, &current, &new).await?;
    app.atrium.end_all_sessions_of(caller.viewer.id).await?;
    Ok(said("Password changed successfully. Sign in with the new one."))
}

/// The answer is the same whether there is such an account or not.
async fn forgot_password(
    State(app): State<App>,
    identity: Identity,
    fields: Reply<Fields>,
) -> Result<Json<Value>, Spoken> {
    let email = required(&fields?, &["email"])?;
    app.atrium.accounts.forgot_password(&app.atrium.mail, &email, &identity.address).await?;
    Ok(said("If an account exists with this email, a password reset link has been sent."))
}

async fn reset_password(
    State(app): State<App>,
    identity: Identity,
    fields: Reply<Fields>,
) -> Result<Json<Value>, Spoken> {
    let fields = fields?;
    let token = required(&fields, &["token"])?;
    let new = required(&fields, &["new_password", "password"])?;
    app.atrium.accounts.reset_password(&token, &new, &identity.address).await.map_err(|error| match error {
        Error::Conflict { code, message } => Refusal::detail(StatusCode::BAD_REQUEST, message).coded(code),
        error => error.into(),
    })?;
    Ok(said("Password has been reset successfully."))
}

async fn user(State(app): State<App>, caller: Reply<Signed>, Id(id): Id<UserId>) -> Result<Json<Value>, Spoken> {
    let Signed(caller) = caller?;
    Ok(Json(listed(&person(&app, &caller, id).await?)))
}
