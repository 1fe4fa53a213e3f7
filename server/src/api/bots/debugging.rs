//! Looking into tokens, in a development run alone.

use super::wire::{Input, Member, Refusal, Reply};
use crate::api::error::no_such_endpoint;
use crate::api::identity::Credential;
use crate::web::App;
use atrium_domain::Error;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

async fn must_be_development(app: &App) -> Reply<()> {
    if app.atrium.settings.boot().flag("debug") { Ok(()) } else { Err(Refusal::from(no_such_endpoint())) }
}

/// `GET debug/token/`: what the caller's own token says.
pub async fn token(State(app): State<App>, caller: Reply<Member>) -> Reply<Json<Value>> {
    must_be_development(&app).await?;
    let Member(caller) = caller?;
    let claims = match &caller.credential {
        Credential::Token(token) => app.atrium.tokens.claims(token).ok(),
        Credential::Session(_) => None,
    };
    Ok(Json(json!({ "user_id": caller.viewer.id, "email": caller.viewer.email, "claims": claims })))
}

/// `POST debug/check-token/`
pub async fn check(State(app): State<App>, input: Reply<Input>) -> Reply<Json<Value>> {
    must_be_development(&app).await?;
    let token = input?.required("token")?;
    let is_valid = match app.atrium.tokens.verify(&token).await {
        Ok(()) => true,
        Err(Error::BadToken) => false,
        Err(error) => return Err(error.into()),
    };
    let claims = if is_valid { app.atrium.tokens.claims(&token).ok() } else { None };
    Ok(Json(json!({ "valid": is_valid, "claims": claims })))
}
