//! Sessions: conversations with a type, a greeting and an end.

use crate::api::dialects::exchange::ask;
use crate::api::dialects::fields::Fields;
use crate::api::dialects::long::{self, Pieces};
use crate::api::dialects::refusal::{Id, Refusal, Reply, Signed};
use crate::api::time::{iso, parse};
use crate::web::App;
use atrium::chat::{Author, MessageView};
use atrium::ids::ConversationId;
use atrium::people::Viewer;
use atrium_domain::Error;
use atrium_domain::chat::Target;
use atrium_domain::chat::sessions::{AgentType, Session, SessionChange, preface};
use atrium_domain::results::{self, Asked};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

/// Characters of a title.
const TITLE_MAX: usize = 60;

fn message(session: ConversationId, it: &MessageView) -> Value {
    let role = match it.author {
        Author::User => "user",
        Author::Assistant => "assistant",
    };
    json!({ "id": it.id, "session": session, "role": role, "content": it.text, "created_at": iso(it.created_at) })
}

/// The greeting, then what was said.
fn messages_of(app: &App, viewer: &Viewer, it: &Session) -> Pieces {
    let greeting = it.greeting.as_ref().map(|(id, text)| {
        json!({ "id": id, "session": it.id, "role": "system", "content": text, "created_at": iso(it.started_at) })
    });
    let greeting = greeting.map(|it| Ok(long::short(&it)));
    long::array(stream::iter(greeting).chain(long::messages(app, viewer, it.id, message)))
}

fn whole(app: &App, viewer: &Viewer, it: &Session) -> Pieces {
    let title: String = it.title.chars().take(TITLE_MAX).collect();
    let head = json!({
        "id": it.id, "user": viewer.id, "agent_type": it.agent_type.as_str(), "started_at": iso(it.started_at),
        "ended_at": it.ended_at.map(iso), "title": title,
    });
    long::object(&head, "messages", messages_of(app, viewer, it))
}

fn agent_type(fields: &Fields) -> Reply<Option<AgentType>> {
    let Some(name) = fields.text("agent_type")? else { return Ok(None) };
    let known = AgentType::parse(&name);
    known.map(Some).ok_or_else(|| Refusal::field("agent_type", format!("\"{name}\" is not a valid choice.")))
}

fn title(fields: &Fields) -> Reply<Option<String>> {
    let title = fields.text("title")?;
    if title.as_ref().is_some_and(|it| it.chars().count() > TITLE_MAX) {
        return Err(Refusal::field("title", format!("Ensure this field has no more than {TITLE_MAX} characters.")));
    }
    Ok(title.filter(|it| !it.trim().is_empty()))
}

/// Each with all that was said in it, as these clients want it: read while it is sent.
pub async fn list(State(app): State<App>, Signed(caller): Signed) -> Reply<Response> {
    let sessions = app.atrium.chat.sessions(&caller.viewer).await?;
    let each = stream::iter(sessions).map(move |it| Ok(whole(&app, &caller.viewer, &it)));
    Ok(long::reply(StatusCode::OK, long::array(each)))
}

pub async fn create(State(app): State<App>, Signed(caller): Signed, fields: Fields) -> Reply<Response> {
    let known = agent_type(&fields)?.ok_or_else(|| Refusal::field("agent_type", fields.missing("agent_type")))?;
    let title = title(&fields)?;
    let session = app.atrium.chat.begin_session(&caller.viewer, known, title.as_deref()).await?;
    Ok(long::reply(StatusCode::CREATED, whole(&app, &caller.viewer, &session)))
}

pub async fn get(State(app): State<App>, Signed(caller): Signed, Id(id): Id<ConversationId>) -> Reply<Response> {
    let session = app.atrium.chat.session(&caller.viewer, id).await?;
    Ok(long::reply(StatusCode::OK, whole(&app, &caller.viewer, &session)))
}

pub async fn change(
    State(app): State<App>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    fields: Fields,
) -> Reply<Response> {
    let ended_at = match fields.text("ended_at")? {
        Some(text) => Some(Some(parse(&text).ok_or_else(|| {
            Refusal::field("ended_at", "Datetime has wrong format. Use RFC 3339, like 2026-01-31T12:00:00Z.")
        })?)),
        None => fields.has("ended_at").then_some(None),
    };
    let change = SessionChange { title: title(&fields)?, agent_type: agent_type(&fields)?, ended_at };
    let session = app.atrium.chat.change_session(&caller.viewer, id, &change).await?;
    Ok(long::reply(StatusCode::OK, whole(&app, &caller.viewer, &session)))
}

pub async fn messages(State(app): State<App>, Signed(caller): Signed, Id(id): Id<ConversationId>) -> Reply<Response> {
    let session = app.atrium.chat.session(&caller.viewer, id).await?;
    Ok(long::reply(StatusCode::OK, messages_of(&app, &caller.viewer, &session)))
}

/// Replies with the answer, when it is there. Whoever hangs up before finds it in the session.
pub async fn send(
    State(app): State<App>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    fields: Fields,
) -> Reply<(StatusCode, Json<Value>)> {
    let session = app.atrium.chat.session(&caller.viewer, id).await?;
    let content = fields.filled("content")?;
    let computed = match session.agent_type {
        AgentType::Analytics => Some(computed(&app, &caller.viewer, &content).await?),
        AgentType::Auto => picked(&app, &caller.viewer, &content).await?,
        AgentType::Code | AgentType::Rag => None,
    };
    if let Some(answer) = computed {
        let answered = app.atrium.chat.note_exchange(&caller.viewer, id, &content, &answer).await?;
        let (_, view) = app.atrium.chat.find_message(&caller.viewer, answered).await?;
        return Ok((StatusCode::CREATED, Json(message(id, &view))));
    }
    let told = ask(&app, &caller.viewer, Target::End(id), None, &content).await;
    let told = told.map_err(|error| Refusal::from(error).renamed("text", "content"))?;
    match told.failure() {
        Some(why) => Err(Refusal::detail(StatusCode::BAD_GATEWAY, why)),
        None => Ok((StatusCode::CREATED, Json(message(id, &told.answer)))),
    }
}

fn asked<'a>(app: &'a App, viewer: &'a Viewer, question: &'a str) -> Asked<'a> {
    let atrium = &app.atrium;
    Asked { store: &atrium.store, ports: &atrium.ports, connections: &atrium.connections, viewer, question }
}

/// The answer of a session for analytics: a chart in words, of whatever one has that the question names. What cannot be
/// computed is answered too, with the reason.
async fn computed(app: &App, viewer: &Viewer, content: &str) -> Reply<String> {
    match results::ask_of_all(asked(app, viewer, content), &app.atrium.knowledge).await {
        Ok(result) => Ok(results::told(&result)),
        Err(Error::Invalid(fields)) => Ok(fields.into_iter().map(|it| it.message).collect::<Vec<_>>().join(" ")),
        Err(error) => Err(error.into()),
    }
}

/// The same for a session that picks, where the question is for figures. Documents and repositories are picked while it is
/// answered.
async fn picked(app: &App, viewer: &Viewer, content: &str) -> Reply<Option<String>> {
    let result = results::ask_if_figures(asked(app, viewer, content), &app.atrium.knowledge).await?;
    Ok(result.map(|it| format!("{}{}", preface(AgentType::Analytics), results::told(&it))))
}
