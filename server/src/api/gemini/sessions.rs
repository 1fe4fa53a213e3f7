//! Sessions: begun, counted, listed to whoever began them, put away.

use super::chat::messages;
use super::{COOKIE_NAME, Visit, told};
use crate::api::dialects::cookies;
use crate::api::dialects::fields::Fields;
use crate::api::dialects::refusal::{Refusal, Reply};
use crate::api::identity::Identity;
use crate::api::time::iso;
use crate::web::App;
use atrium::chat::{Author, UNTITLED};
use atrium_domain::guests::{GuestChat, Visitor};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

/// What a session is called before anything was said.
const NEW: &str = "New Chat";

fn no_session() -> Refusal {
    Refusal::error(StatusCode::NOT_FOUND, "Session not found")
}

async fn begun(app: &App, identity: &Identity, headers: &HeaderMap, fields: &Fields, message: &str) -> Reply<Response> {
    let visit = Visit::of(app, identity, headers);
    let old = fields.first_filled(&["session_key"]);
    let chat = told(app.atrium.guests.renew(old.as_deref(), &visit.visitor).await)?;
    Ok(visit.with(Json(json!({ "status": "success", "message": message, "session_key": chat.key }))))
}

pub async fn renew(State(app): State<App>, identity: Identity, headers: HeaderMap, fields: Fields) -> Reply<Response> {
    begun(&app, &identity, &headers, &fields, "New chat started").await
}

pub async fn clear(State(app): State<App>, identity: Identity, headers: HeaderMap, fields: Fields) -> Reply<Response> {
    begun(&app, &identity, &headers, &fields, "Chat history cleared.").await
}

pub async fn stats(
    State(app): State<App>,
    Path(key): Path<String>,
    identity: Identity,
    headers: HeaderMap,
) -> Reply<Json<Value>> {
    told(app.atrium.guests.may_come())?;
    let visit = Visit::of(&app, &identity, &headers);
    let chat = told(app.atrium.guests.find(&key, &visit.visitor).await)?.ok_or_else(no_session)?;
    let said = messages(&app, &chat).await?;
    let by_user = said.iter().filter(|it| it.author == Author::User).count();
    let characters: usize = said.iter().map(|it| it.text.chars().count()).sum();
    #[allow(clippy::cast_precision_loss, reason = "microseconds of a chat are far below 2^52")]
    let seconds = (chat.updated_at - chat.created_at) as f64 / 1_000_000.0;
    Ok(Json(json!({
        "total_messages": said.len(), "user_messages": by_user, "ai_messages": said.len() - by_user,
        "total_characters": characters, "session_duration": seconds, "last_activity": iso(chat.updated_at),
    })))
}

async fn listed(app: &App, chat: &GuestChat) -> Reply<Value> {
    let (mut title, mut count) = (NEW.to_owned(), 0);
    if let Some(id) = chat.conversation {
        let viewer = told(app.atrium.guests.viewer().await)?;
        let summary = told(app.atrium.chat.summary(&viewer, id).await)?;
        count = summary.message_count;
        if summary.title != UNTITLED {
            title = summary.title;
        }
    }
    Ok(json!({
        "session_key": chat.key, "title": title, "created_at": iso(chat.created_at), "updated_at": iso(chat.updated_at),
        "is_archived": chat.is_archived, "message_count": count,
    }))
}

/// Those that were begun with the caller's own cookie.
pub async fn history(State(app): State<App>, identity: Identity, headers: HeaderMap) -> Reply<Json<Value>> {
    told(app.atrium.guests.may_come())?;
    let Some(value) = cookies::value(&headers, COOKIE_NAME) else {
        return Ok(Json(json!({ "sessions": [], "user_id": null })));
    };
    let visitor = Visitor::of(value, &identity.address);
    let mut sessions = Vec::new();
    for chat in told(app.atrium.guests.history(&visitor).await)? {
        sessions.push(listed(&app, &chat).await?);
    }
    Ok(Json(json!({ "sessions": sessions, "user_id": visitor.name() })))
}

pub async fn archive(
    State(app): State<App>,
    Path(key): Path<String>,
    identity: Identity,
    headers: HeaderMap,
    fields: Fields,
) -> Reply<Json<Value>> {
    told(app.atrium.guests.may_come())?;
    let (is_archived, message) = match fields.first_filled(&["action"]).as_deref() {
        Some("archive") => (true, "Chat archived"),
        Some("unarchive") => (false, "Chat unarchived"),
        _ => return Err(Refusal::error(StatusCode::BAD_REQUEST, "Invalid action. Use \"archive\" or \"unarchive\".")),
    };
    let visit = Visit::of(&app, &identity, &headers);
    app.atrium.guests.archive(&key, &visit.visitor, is_archived).await.map_err(|error| match error {
        atrium_domain::Error::NotFound(_) => no_session(),
        error => Refusal::from(error).into_error(),
    })?;
    Ok(Json(json!({ "status": "success", "message": message })))
}
