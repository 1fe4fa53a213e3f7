//! Oneself. Address and account state are nobody's to change here, whatever they send.

use crate::api::dialects::auth::change_oneself;
use crate::api::dialects::fields::{Fields, REQUIRED};
use crate::api::dialects::people::{oneself, user};
use crate::api::dialects::refusal::{Id, Refusal, Reply, Signed};
use crate::web::App;
use atrium::ids::UserId;
use atrium_domain::Error;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde_json::Value;

pub async fn me(State(app): State<App>, Signed(caller): Signed, parts: Parts) -> Reply<Json<Value>> {
    Ok(Json(user(&app, &parts, &oneself(&app, &caller).await?)))
}

pub async fn change_me(
    State(app): State<App>,
    Signed(caller): Signed,
    parts: Parts,
    fields: Fields,
) -> Reply<Json<Value>> {
    change_oneself(&app, &caller, &fields).await?;
    Ok(Json(user(&app, &parts, &oneself(&app, &caller).await?)))
}

/// As [`change_me`]; of other people nobody knows here.
pub async fn change(
    State(app): State<App>,
    Signed(caller): Signed,
    Id(id): Id<UserId>,
    parts: Parts,
    fields: Fields,
) -> Reply<Json<Value>> {
    if id != caller.viewer.id {
        return Err(Error::NotFound("user").into());
    }
    change_me(State(app), Signed(caller), parts, fields).await
}

/// A form with the file `avatar`.
pub async fn set_avatar(
    State(app): State<App>,
    Signed(caller): Signed,
    parts: Parts,
    fields: Fields,
) -> Reply<Json<Value>> {
    let file = fields.file("avatar").or_else(|| fields.file("file"));
    let file = file.ok_or_else(|| Refusal::field("avatar", REQUIRED))?;
    let set = app.atrium.accounts.set_avatar(&caller.viewer, file.content.to_vec()).await;
    set.map_err(|error| Refusal::from(error).renamed("picture", "avatar"))?;
    Ok(Json(user(&app, &parts, &oneself(&app, &caller).await?)))
}

pub async fn remove_avatar(State(app): State<App>, Signed(caller): Signed) -> Reply<StatusCode> {
    app.atrium.accounts.remove_avatar(&caller.viewer).await?;
    Ok(StatusCode::NO_CONTENT)
}
