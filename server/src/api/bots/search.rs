//! Searching what was said.

use super::sessions::author;
use super::wire::{Asked, Input, Member, Refusal, Reply};
use crate::api::identity::Caller;
use crate::web::App;
use atrium::paging::{PAGE_SIZE_MAX, PageRequest};
use atrium::search::HitKind;
use atrium_domain::Error;
use atrium_domain::search::{self, Filter, Question};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Characters of a question.
const QUERY_MAX: usize = 200;

async fn results(app: &App, caller: &Caller, query: &str) -> Reply<Json<Value>> {
    if query.chars().count() > QUERY_MAX {
        return Err(Refusal::field("query", format!("Use at most {QUERY_MAX} characters.")));
    }
    let (atrium, viewer) = (&app.atrium, &caller.viewer);
    let request = PageRequest { page: 1, size: PAGE_SIZE_MAX };
    // Its clients open the session of whatever is found, so nothing else is: v1 and the page find projects and agents.
    let filter = Filter { kind: Some(HitKind::Message), ..Filter::default() };
    let found = search::find(atrium.store.as_viewer(viewer), &Question::new(query), filter, request).await?;
    let mut results = Vec::with_capacity(found.items.len());
    for hit in &found.items {
        let Some(conversation) = hit.conversation else { continue };
        let (_, message) = match atrium.chat.find_message(viewer, hit.id.into()).await {
            Err(Error::NotFound(_)) => continue,
            found => found?,
        };
        results.push(json!({
            "session_id": atrium.chat.session_key(viewer, conversation).await?,
            "message": message.text,
            "author": author(message.author),
            "agent_id": hit.agent,
        }));
    }
    Ok(Json(json!({ "status": "success", "results": results })))
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
