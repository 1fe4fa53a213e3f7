//! Translations of texts, and of what stands under keys.

use super::wire::{Asked, Input, Member, Refusal, Reply};
use crate::api::identity::Caller;
use crate::web::App;
use atrium::tokens::TokenScope;
use atrium_domain::translations::{self, Target, Translation};
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

fn described(it: &Translation) -> Value {
    json!({ "text": it.text, "translation": it.translation, "source": it.origin.as_str() })
}

async fn translate(app: &App, caller: &Caller, texts: &[String], into: &Target) -> Reply<Vec<Value>> {
    let it = &app.atrium;
    let made = translations::translate(&it.store, &it.ports, &it.connections, &caller.viewer, texts, into).await?;
    Ok(made.iter().map(described).collect())
}

fn target(input: &Input) -> Reply<Target> {
    Ok(Target::new(&input.required("lang")?, &input.text("namespace")?.unwrap_or_default())?)
}

/// `POST translate/`, `POST i18n/translate/batch/`
pub async fn many(State(app): State<App>, Member(caller): Member, input: Input) -> Reply<Json<Value>> {
    let texts = input.texts("texts")?.ok_or_else(|| Refusal::field("texts", "This field is required."))?;
    let made = translate(&app, &caller, &texts, &target(&input)?).await?;
    Ok(Json(json!({ "translations": made })))
}

/// `POST translate/lookup/`: what is known; nothing is made.
pub async fn look_up(State(app): State<App>, Member(caller): Member, input: Input) -> Reply<Json<Value>> {
    let text = match input.filled("key")? {
        Some(key) => key,
        None => input.required("text")?,
    };
    let found = translations::look_up(app.atrium.store.as_viewer(&caller.viewer), &text, &target(&input)?).await?;
    Ok(Json(json!({ "text": text, "translation": found })))
}

/// `GET i18n/translate/?text&lang&namespace`
pub async fn one(State(app): State<App>, Member(caller): Member, asked: Asked) -> Reply<Json<Value>> {
    let required =
        |name: &str| asked.text(name).map(str::to_owned).ok_or_else(|| Refusal::field(name, "This field is required."));
    // What is not known yet is made, and kept: more than reading.
    caller.may(TokenScope::Write)?;
    let text = required("text")?;
    let into = Target::new(&required("lang")?, asked.text("namespace").unwrap_or_default())?;
    let made = translate(&app, &caller, &[text], &into).await?;
    Ok(Json(made.into_iter().next().unwrap_or_default()))
}
