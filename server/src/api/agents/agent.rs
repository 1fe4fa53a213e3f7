//! Agents: those that the pages show, under this dialect's names.

use crate::api::dialects::fields::{Fields, REQUIRED};
use crate::api::dialects::paging::{page, paged, query};
use crate::api::dialects::refusal::{Id, Refusal, Reply, Signed};
use crate::api::paging::Listing;
use crate::api::time::iso;
use crate::web::App;
use atrium::agents::{Agent, AgentForm};
use atrium::catalogue::Provider;
use atrium::ids::AgentId;
use atrium::paging::PAGE_SIZE;
use atrium::people::Viewer;
use atrium_domain::{Error, agents};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde_json::{Value, json};

fn said(agent: &Agent, made_at: i64) -> Value {
    json!({
        "id": agent.id, "name": agent.name, "description": agent.description, "llm_provider": agent.provider.as_str(),
        "model": agent.model, "temperature": agent.temperature, "max_tokens": agent.max_tokens,
        "system_prompt": agent.system_prompt, "is_default": agent.is_default, "is_active": agent.is_active,
        "created_at": iso(made_at), "updated_at": iso(agent.updated_at),
    })
}

async fn one(app: &App, viewer: &Viewer, agent: &Agent) -> Reply<Value> {
    let made = agents::made_at(app.atrium.store.as_viewer(viewer)).await?;
    Ok(said(agent, made.get(&agent.id).copied().unwrap_or(agent.updated_at)))
}

pub async fn list(State(app): State<App>, Signed(caller): Signed, parts: Parts) -> Reply<Json<Listing<Value>>> {
    let request = page(&parts, PAGE_SIZE)?;
    let atrium = &app.atrium;
    let scope = atrium.store.as_viewer(&caller.viewer);
    let search = query(&parts, "search");
    let found = agents::page(scope, &atrium.ports, &atrium.connections, request, search.as_deref()).await?;
    let made = agents::made_at(scope).await?;
    let found = found.map(|it| said(&it, made.get(&it.id).copied().unwrap_or(it.updated_at)));
    paged(&app, &parts, request, found)
}

/// The fields that came, over those of `form`.
fn fill(form: &mut AgentForm, fields: &Fields) -> Reply<()> {
    let mark = |on: bool| on.then(|| "on".to_owned());
    for (name, field) in [
        ("name", &mut form.name),
        ("description", &mut form.description),
        ("llm_provider", &mut form.provider),
        ("model", &mut form.model),
        ("system_prompt", &mut form.system_prompt),
    ] {
        if let Some(text) = fields.text(name)? {
            *field = text;
        }
    }
    if let Some(number) = fields.number("temperature")? {
        form.temperature = number.to_string();
    }
    if let Some(number) = fields.whole("max_tokens")? {
        form.max_tokens = number.to_string();
    }
    if let Some(on) = fields.flag("is_default")? {
        form.is_default = mark(on);
    }
    if let Some(on) = fields.flag("is_active")? {
        form.is_active = mark(on);
    }
    Ok(())
}

fn in_their_words(error: Error) -> Refusal {
    Refusal::from(error).renamed("provider", "llm_provider")
}

/// What is left out is as of everyone's first agent.
pub async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    fields: Fields,
) -> Reply<(StatusCode, Json<Value>)> {
    fields.all_filled(&["name"])?;
    let atrium = &app.atrium;
    let scope = atrium.store.as_viewer(&caller.viewer);
    let mut form = AgentForm {
        temperature: "0.7".to_owned(),
        max_tokens: "1024".to_owned(),
        is_active: Some("on".to_owned()),
        ..AgentForm::default()
    };
    fill(&mut form, &fields)?;
    if !form.provider.is_empty() && Provider::parse(&form.provider).is_none() {
        return Err(Refusal::field("llm_provider", format!("\"{}\" is not a valid choice.", form.provider)));
    }
    if form.provider.is_empty() && form.model.is_empty() {
        let (provider, model) = atrium.connections.default_model().await;
        provider.as_str().clone_into(&mut form.provider);
        form.model = model;
    } else if form.provider.is_empty() || form.model.is_empty() {
        // One does not go with any other.
        return Err(Refusal::field(if form.model.is_empty() { "model" } else { "llm_provider" }, REQUIRED));
    }
    let draft = form.check().map_err(|wrong| in_their_words(Error::Invalid(wrong)))?;
    agents::first_visit(scope, &atrium.ports, &atrium.connections).await?;
    let agent = agents::create(scope, &atrium.ports, &draft).await.map_err(in_their_words)?;
    Ok((StatusCode::CREATED, Json(one(&app, &caller.viewer, &agent).await?)))
}

pub async fn default(State(app): State<App>, Signed(caller): Signed) -> Reply<Json<Value>> {
    let atrium = &app.atrium;
    let scope = atrium.store.as_viewer(&caller.viewer);
    let agent = agents::default(scope, &atrium.ports, &atrium.connections).await?;
    Ok(Json(one(&app, &caller.viewer, &agent).await?))
}

pub async fn get(State(app): State<App>, Signed(caller): Signed, Id(id): Id<AgentId>) -> Reply<Json<Value>> {
    let agent = agents::get(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    Ok(Json(one(&app, &caller.viewer, &agent).await?))
}

pub async fn change(
    State(app): State<App>,
    Signed(caller): Signed,
    Id(id): Id<AgentId>,
    fields: Fields,
) -> Reply<Json<Value>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let current = agents::get(scope, id).await?;
    let mut form = AgentForm::from(&current);
    fill(&mut form, &fields)?;
    let draft = form.check().map_err(|wrong| in_their_words(Error::Invalid(wrong)))?;
    let agent = agents::update(scope, &app.atrium.ports, id, &draft, Some(current.updated_at)).await;
    Ok(Json(one(&app, &caller.viewer, &agent.map_err(in_their_words)?).await?))
}

pub async fn delete(State(app): State<App>, Signed(caller): Signed, Id(id): Id<AgentId>) -> Reply<StatusCode> {
    agents::delete(app.atrium.store.as_viewer(&caller.viewer), &app.atrium.ports, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
