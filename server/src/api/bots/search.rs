//! Searching everything that one could also open.

use super::sessions::author;
use super::wire::{Asked, Input, Member, Refusal, Reply};
use crate::api::identity::Caller;
use crate::web::App;
use atrium::chat::Author;
use atrium::paging::{PAGE_SIZE_MAX, PageRequest};
use atrium::search::{Hit, HitKind, Piece};
use atrium_domain::search::{self, Filter, Question};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Characters of a question.
const QUERY_MAX: usize = 200;

fn text(pieces: &[Piece]) -> String {
    pieces.iter().map(|it| it.text.as_str()).collect()
}

async fn results(app: &App, caller: &Caller, query: &str) -> Reply<Json<Value>> {
    if query.chars().count() > QUERY_MAX {
        return Err(Refusal::field("query", format!("Use at most {QUERY_MAX} characters.")));
    }
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let request = PageRequest { page: 1, size: PAGE_SIZE_MAX };
    let found = search::find(scope, &Question::new(query), Filter::default(), request).await?;
    let mut results = Vec::with_capacity(found.items.len());
    for hit in &found.items {
        results.push(described(app, caller, hit).await?);
    }
    Ok(Json(json!({ "status": "success", "results": results })))
}

/// Clients know messages. What is called so is said by whoever called it so: an agent by itself, all else by people.
async fn described(app: &App, caller: &Caller, hit: &Hit) -> Reply<Value> {
    let session = match hit.conversation {
        Some(conversation) => Some(app.atrium.chat.session_key(&caller.viewer, conversation).await?),
        None => None,
    };
    let (message, by) = match hit.kind {
        HitKind::Message => (text(&hit.snippet), hit.author.unwrap_or(Author::User)),
        HitKind::Agent => (text(&hit.title), Author::Assistant),
        _ => (text(&hit.title), Author::User),
    };
    Ok(json!({ "session_id": session, "message": message, "author": author(by), "agent_id": hit.agent }))
}

fn required() -> Refusal {
    Refusal::field("query", "This field is required.")
}

/// `GET search/?query=`
pub async fn find(State(app): State<App>, Member(caller): Member, asked: Asked) -> Reply<Json<Value>> {
    let query = ["query", "q", "search"].into_iter().find_map(|it| asked.text(it)).ok_or_else(required)?;
    results(&app, &caller, query).await
}

/// `POST search/ {query}`
pub async fn ask(State(app): State<App>, Member(caller): Member, input: Input) -> Reply<(StatusCode, Json<Value>)> {
    let query = input.filled("query")?.ok_or_else(required)?;
    // As its clients know it.
    Ok((StatusCode::CREATED, results(&app, &caller, &query).await?))
}
