//! Chat sessions: conversations under the keys that clients gave them.

use super::wire::{Input, Member, Named, Refusal, Reply};
use crate::api::identity::Caller;
use crate::api::time::iso;
use crate::api::v1::at_content;
use crate::web::App;
use atrium::chat::Author;
use atrium::ids::AgentId;
use atrium::paging::PageRequest;
use atrium_domain::Error;
use atrium_domain::chat::{ConversationChange, Session, Target};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How many sessions are listed.
const NEWEST: i64 = 6;
/// How long an answer is waited for. It goes on being written after that.
const PATIENCE: Duration = Duration::from_secs(120);

/// Who says a message, in the words of these clients.
pub fn author(it: Author) -> &'static str {
    match it {
        Author::User => "human",
        Author::Assistant => "ai",
    }
}

/// What the client keeps there, and the title.
fn data(it: &Session) -> Map<String, Value> {
    let mut data = it.data.clone();
    data.insert("title".to_owned(), it.title.clone().into());
    data
}

fn described(caller: &Caller, it: &Session, data: Map<String, Value>) -> Value {
    json!({
        "session_key": it.key, "user": caller.viewer.id, "agent": it.agent, "data": data,
        "created_at": iso(it.created_at),
    })
}

/// With what was said, oldest first.
async fn whole(app: &App, caller: &Caller, it: &Session) -> Reply<Value> {
    let said = app.atrium.chat.messages(&caller.viewer, it.conversation, PageRequest::WHOLE).await?;
    let messages: Vec<Value> = said
        .items
        .iter()
        .map(|it| {
            json!({
                "message_id": it.id, "author": author(it.author), "message": it.text, "status": it.status.as_str(),
                "error": it.error, "created_at": iso(it.created_at),
            })
        })
        .collect();
    let mut data = data(it);
    data.insert("messages".to_owned(), messages.into());
    Ok(described(caller, it, data))
}

/// The caller's newest sessions with a bot, as they stand in lists of bots.
pub async fn of_bot(app: &App, caller: &Caller, agent: AgentId) -> Reply<Value> {
    let found = app.atrium.chat.keyed_sessions(&caller.viewer, Some(agent), NEWEST).await?;
    let sessions = found.iter().map(|it| {
        json!({
            "id": it.conversation, "session_key": it.key, "agent_id": it.agent, "user_id": caller.viewer.id,
            "data": data(it), "created_at": iso(it.created_at),
        })
    });
    Ok(sessions.collect())
}

/// `GET chat-session/`
pub async fn list(State(app): State<App>, Member(caller): Member) -> Reply<(StatusCode, Json<Vec<Value>>)> {
    let found = app.atrium.chat.keyed_sessions(&caller.viewer, None, NEWEST).await?;
    let sessions = found.iter().map(|it| described(&caller, it, data(it))).collect();
    // As its clients know it.
    Ok((StatusCode::CREATED, Json(sessions)))
}

/// Says something in a session, and waits for the answer. What goes wrong with that stands at the answer.
async fn say(app: &App, caller: &Caller, session: &Session, text: &str) -> Reply<()> {
    let chat = &app.atrium.chat;
    let sent = chat.send(&caller.viewer, Target::End(session.conversation), session.agent, text).await;
    chat.finished(&caller.viewer, sent.map_err(at_content)?.run, PATIENCE).await?;
    Ok(())
}

/// `POST chat-session/`
pub async fn open(State(app): State<App>, Member(caller): Member, input: Input) -> Reply<(StatusCode, Json<Value>)> {
    let agent = input.required_id("agent_id")?.into();
    let (key, first) = (input.filled("session_key")?, input.filled("first_message")?);
    let chat = &app.atrium.chat;
    let session = match chat.open_session(&caller.viewer, key.as_deref(), agent).await {
        Err(Error::Conflict { code: "session_exists", message }) => {
            let body = json!({ "status": "error", "details": message });
            return Err(Refusal::with(StatusCode::BAD_REQUEST, body));
        }
        session => session?,
    };
    if let Some(first) = first
        && let Err(refused) = say(&app, &caller, &session, &first).await
    {
        // A session whose first message was refused is not left behind.
        chat.delete(&caller.viewer, session.conversation).await?;
        return Err(refused);
    }
    let session = chat.keyed_session(&caller.viewer, &session.key).await?;
    Ok((StatusCode::CREATED, Json(whole(&app, &caller, &session).await?)))
}

/// `GET chat-session/{key}/`
pub async fn get(State(app): State<App>, Member(caller): Member, Named(key): Named<String>) -> Reply<Json<Value>> {
    let session = app.atrium.chat.keyed_session(&caller.viewer, &key).await?;
    Ok(Json(whole(&app, &caller, &session).await?))
}

/// `PATCH chat-session/{key}/`: `data`, `title`, `agent_id`; and `message`, to say something more.
pub async fn change(
    State(app): State<App>,
    Member(caller): Member,
    Named(key): Named<String>,
    input: Input,
) -> Reply<Json<Value>> {
    let chat = &app.atrium.chat;
    let mut session = chat.keyed_session(&caller.viewer, &key).await?;
    let change = ConversationChange {
        title: input.filled("title")?,
        agent: input.id("agent_id")?.map(Into::into),
        ..ConversationChange::default()
    };
    let message = input.filled("message")?;
    let data = match input.json("data") {
        None => None,
        Some(Value::Object(data)) => Some(data),
        Some(_) => return Err(Refusal::field("data", "Send an object.")),
    };
    if change != ConversationChange::default() {
        chat.change(&caller.viewer, session.conversation, &change, None).await?;
    }
    if let Some(mut data) = data {
        // What is ours in it comes back as it was read.
        data.remove("title");
        data.remove("messages");
        chat.keep_in_session(&caller.viewer, &key, &data).await?;
    }
    session = chat.keyed_session(&caller.viewer, &key).await?;
    if let Some(message) = message {
        say(&app, &caller, &session, &message).await?;
        session = chat.keyed_session(&caller.viewer, &key).await?;
    }
    Ok(Json(whole(&app, &caller, &session).await?))
}

async fn remove(app: &App, caller: &Caller, key: &str, agent: Option<AgentId>) -> Reply<Json<Value>> {
    let session = app.atrium.chat.keyed_session(&caller.viewer, key).await?;
    if agent.is_some_and(|it| session.agent != Some(it)) {
        return Err(Error::NotFound("session").into());
    }
    app.atrium.chat.delete(&caller.viewer, session.conversation).await?;
    Ok(Json(json!({ "detail": "The session is deleted." })))
}

/// `DELETE chat-session/{key}/`
pub async fn delete(State(app): State<App>, Member(caller): Member, Named(key): Named<String>) -> Reply<Json<Value>> {
    remove(&app, &caller, &key, None).await
}

/// `DELETE chat-session/`, `DELETE chat-session/delete/`
pub async fn delete_named(State(app): State<App>, Member(caller): Member, input: Input) -> Reply<Json<Value>> {
    let key = input.required("session_key")?;
    let agent = input.id("agent_id")?.map(Into::into);
    remove(&app, &caller, key.trim(), agent).await
}
