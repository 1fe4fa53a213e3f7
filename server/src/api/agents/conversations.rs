//! Conversations: short in lists, whole by themselves.

use super::messages::{role, said as message};
use crate::api::dialects::exchange::{ask, title};
use crate::api::dialects::fields::Fields;
use crate::api::dialects::long::{self, Pieces};
use crate::api::dialects::paging::{page, paged, query};
use crate::api::dialects::refusal::{Id, Refusal, Reply, Signed};
use crate::api::paging::Listing;
use crate::api::time::iso;
use crate::web::{App, download};
use atrium::chat::UNTITLED;
use atrium::ids::{AgentId, ConversationId};
use atrium::paging::PAGE_SIZE;
use atrium::people::Viewer;
use atrium_domain::chat::{ConversationChange, ConversationFilter, ConversationSummary, NewConversation, Target};
use atrium_domain::{Error, export};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

/// What a conversation without a title is called here.
const NEW: &str = "New Conversation";
/// Characters of a title that is made from the first message.
const TITLE: usize = 50;

fn shown(title: &str) -> &str {
    if title == UNTITLED { NEW } else { title }
}

fn listed(it: &ConversationSummary) -> Value {
    let last = it
        .last_message
        .as_ref()
        .map(|it| json!({ "role": role(it.author), "content": it.content, "created_at": iso(it.created_at) }));
    json!({
        "id": it.id, "agent": it.agent, "title": shown(&it.title), "message_count": it.message_count, "last_message": last,
        "created_at": iso(it.created_at), "updated_at": iso(it.updated_at),
    })
}

fn whole(app: &App, viewer: &Viewer, it: &ConversationSummary) -> Pieces {
    let head = json!({
        "id": it.id, "agent": it.agent, "title": shown(&it.title), "message_count": it.message_count,
        "created_at": iso(it.created_at), "updated_at": iso(it.updated_at),
    });
    long::object(&head, "messages", long::array(long::messages(app, viewer, it.id, message)))
}

/// The title that was chosen; what stands for none is none.
fn chosen_title(fields: &Fields) -> Reply<Option<String>> {
    Ok(fields.text("title")?.filter(|it| !it.trim().is_empty() && it.trim() != NEW))
}

fn in_their_words(error: Error, agent: Option<AgentId>) -> Refusal {
    match (error, agent) {
        (Error::Invalid(wrong), Some(id)) if wrong.iter().any(|it| it.field == "agent_id") => {
            Refusal::field("agent", format!("Invalid pk \"{id}\" - object does not exist."))
        }
        (error, _) => error.into(),
    }
}

/// Newest first; `search` looks for a part of the title.
pub async fn list(State(app): State<App>, Signed(caller): Signed, parts: Parts) -> Reply<Json<Listing<Value>>> {
    let request = page(&parts, PAGE_SIZE)?;
    let search = query(&parts, "search");
    let filter = ConversationFilter { search: search.as_deref(), ..ConversationFilter::default() };
    let found = app.atrium.chat.summaries(&caller.viewer, request, filter).await?;
    paged(&app, &parts, request, found.map(|it| listed(&it)))
}

pub async fn create(State(app): State<App>, Signed(caller): Signed, fields: Fields) -> Reply<Response> {
    let agent: Option<AgentId> = fields.id("agent")?;
    if agent.is_none() {
        return Err(Refusal::field("agent", fields.missing("agent")));
    }
    let title = chosen_title(&fields)?;
    let new = NewConversation { agent, title: title.as_deref(), ..NewConversation::default() };
    let made = app.atrium.chat.create(&caller.viewer, new).await.map_err(|error| in_their_words(error, agent))?;
    Ok(long::reply(StatusCode::CREATED, whole(&app, &caller.viewer, &made)))
}

pub async fn get(State(app): State<App>, Signed(caller): Signed, Id(id): Id<ConversationId>) -> Reply<Response> {
    let found = app.atrium.chat.summary(&caller.viewer, id).await?;
    Ok(long::reply(StatusCode::OK, whole(&app, &caller.viewer, &found)))
}

pub async fn change(
    State(app): State<App>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    fields: Fields,
) -> Reply<Response> {
    let agent = fields.id("agent")?;
    let change = ConversationChange { title: fields.text("title")?, agent, ..ConversationChange::default() };
    let changed = app.atrium.chat.change(&caller.viewer, id, &change, None).await;
    let changed = changed.map_err(|error| in_their_words(error, agent))?;
    Ok(long::reply(StatusCode::OK, whole(&app, &caller.viewer, &changed)))
}

pub async fn delete(State(app): State<App>, Signed(caller): Signed, Id(id): Id<ConversationId>) -> Reply<StatusCode> {
    app.atrium.chat.delete(&caller.viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replies when the answer is there. Whoever hangs up before finds it in the conversation.
pub async fn send_message(
    State(app): State<App>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    fields: Fields,
) -> Reply<Response> {
    let before = app.atrium.chat.summary(&caller.viewer, id).await?;
    let Some(content) = fields.first_filled(&["content"]) else {
        return Err(Refusal::error(StatusCode::BAD_REQUEST, "Content is required"));
    };
    let told = ask(&app, &caller.viewer, Target::End(id), None, &content).await;
    let told = told.map_err(|error| Refusal::from(error).renamed("text", "content"))?;
    if is_untitled(&before) {
        app.atrium.chat.rename(&caller.viewer, id, &title(&content, TITLE)).await?;
    }
    let mut reply = json!({
        "user_message": message(id, &told.question), "assistant_message": message(id, &told.answer), "success": true,
    });
    let Some(error) = told.failure() else { return Ok(Json(reply).into_response()) };
    reply["success"] = false.into();
    reply["error"] = error.into();
    Ok((StatusCode::INTERNAL_SERVER_ERROR, Json(reply)).into_response())
}

/// Whether its first message is to title it.
pub fn is_untitled(it: &ConversationSummary) -> bool {
    it.message_count == 0 && it.title == UNTITLED
}

/// `?format=json`, which it is unless something else is named, or `markdown`.
pub async fn export(
    State(app): State<App>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    parts: Parts,
) -> Reply<Response> {
    let name = query(&parts, "format").unwrap_or_else(|| "json".to_owned());
    let format = export::Format::parse(if name == "md" { "markdown" } else { &name });
    let format = format.ok_or_else(|| Refusal::field("format", format!("\"{name}\" is not a valid choice.")))?;
    let atrium = &app.atrium;
    let export = export::conversation(&atrium.store, &atrium.chat, &caller.viewer, id, format).await?;
    Ok(download(&export.title, format, export.pieces))
}
