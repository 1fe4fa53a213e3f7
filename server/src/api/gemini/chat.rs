//! Saying something, and reading what was said.

use super::{Visit, told};
use crate::api::dialects::exchange::answered;
use crate::api::dialects::fields::{BLANK, Fields};
use crate::api::dialects::paging::query;
use crate::api::dialects::refusal::{Refusal, Reply};
use crate::api::identity::Identity;
use crate::web::App;
use atrium::chat::{Author, MessageView};
use atrium::ids::MessageId;
use atrium::paging::PageRequest;
use atrium_domain::Error;
use atrium_domain::guests::GuestChat;
use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

/// Characters of a message.
const MESSAGE_MAX: usize = 5000;
/// Characters of a key.
const KEY_MAX: usize = 40;

/// Minutes of the day, UTC.
fn clock(micros: i64) -> String {
    let minutes = micros.div_euclid(60_000_000).rem_euclid(24 * 60);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A whole number that a message keeps, for clients that know no other ids: of its id, the milliseconds and eleven of the
/// bits that follow. JavaScript counts so far exactly.
fn number(id: MessageId) -> u64 {
    let high = id.0.as_u64_pair().0;
    ((high >> 16) << 11 | high & 0x7ff) & ((1 << 53) - 1)
}

/// What was said, oldest first. Answers that failed before they said anything are left out.
pub async fn messages(app: &App, chat: &GuestChat) -> Reply<Vec<MessageView>> {
    let Some(conversation) = chat.conversation else { return Ok(Vec::new()) };
    let viewer = told(app.atrium.guests.viewer().await)?;
    let said = told(app.atrium.chat.messages(&viewer, conversation, PageRequest::WHOLE).await)?;
    Ok(said.items.into_iter().filter(|it| !it.text.is_empty()).collect())
}

/// Of the session that the query names; without one, a key to begin with.
pub async fn read(State(app): State<App>, identity: Identity, parts: Parts) -> Reply<Json<Value>> {
    told(app.atrium.guests.may_come())?;
    let Some(key) = query(&parts, "session_key") else {
        return Ok(Json(json!({ "messages": [], "session_key": app.atrium.guests.new_key() })));
    };
    let visit = Visit::of(&app, &identity, &parts.headers);
    let said = match told(app.atrium.guests.find(&key, &visit.visitor).await)? {
        Some(chat) => messages(&app, &chat).await?,
        None => Vec::new(),
    };
    let said: Vec<_> = said
        .iter()
        .map(|it| json!({ "text": it.text, "is_user": it.author == Author::User, "timestamp": clock(it.created_at) }))
        .collect();
    Ok(Json(json!({ "messages": said, "session_key": key })))
}

/// The message and the key, if they can be taken; else the field and what is wrong with it.
fn asked(fields: &Fields) -> Result<(String, Option<String>), (&'static str, String)> {
    let wrong = |name, refusal: Refusal| {
        let told = refusal.at(name).and_then(|it| it[0].as_str()).unwrap_or(BLANK);
        (name, told.to_owned())
    };
    let message = fields.filled("message").map_err(|it| wrong("message", it))?;
    if message.chars().count() > MESSAGE_MAX {
        return Err(("message", format!("Ensure this field has no more than {MESSAGE_MAX} characters.")));
    }
    let key = fields.text("session_key").map_err(|it| wrong("session_key", it))?;
    if key.as_ref().is_some_and(|it| it.chars().count() > KEY_MAX) {
        return Err(("session_key", format!("Ensure this field has no more than {KEY_MAX} characters.")));
    }
    Ok((message, key.filter(|it| !it.trim().is_empty())))
}

/// `POST chat/`: a model that fails is a status.
pub async fn say(State(app): State<App>, identity: Identity, headers: HeaderMap, fields: Fields) -> Reply<Response> {
    let asked = asked(&fields).map_err(|(name, told)| Refusal::field(name, &told).with("error", told))?;
    exchange(&app, &identity, &headers, asked, StatusCode::INTERNAL_SERVER_ERROR).await
}

/// `POST talk/`: as [`say`], with a model that fails only in the words.
pub async fn talk(State(app): State<App>, identity: Identity, headers: HeaderMap, fields: Fields) -> Reply<Response> {
    let asked = asked(&fields).map_err(|(name, told)| {
        let is_missing = name == "message" && fields.first_filled(&["message"]).is_none();
        Refusal::error(StatusCode::BAD_REQUEST, if is_missing { "No message provided" } else { &told })
    })?;
    exchange(&app, &identity, &headers, asked, StatusCode::OK).await
}

async fn exchange(
    app: &App,
    identity: &Identity,
    headers: &HeaderMap,
    (message, key): (String, Option<String>),
    failed: StatusCode,
) -> Reply<Response> {
    let guests = &app.atrium.guests;
    told(guests.may_come())?;
    let viewer = told(guests.viewer().await)?;
    let visit = Visit::of(app, identity, headers);
    let turn = told(guests.admit(&viewer, &visit.visitor).await)?;
    let key = key.unwrap_or_else(|| guests.new_key());
    let chat = told(guests.open(&key, &visit.visitor).await)?;
    let outcome = match guests.send(&viewer, &chat, &message, turn).await {
        Ok(sent) => answered(app, &viewer, sent).await,
        Err(error) => Err(error),
    };
    let why = match outcome {
        Ok(it) => match it.failure() {
            None => {
                let reply = json!({
                    "response": it.answer.text, "timestamp": clock(it.answer.created_at), "session_key": key,
                    "message_id": number(it.answer.id), "success": true,
                });
                return Ok(visit.with(Json(reply)));
            }
            Some(why) => why,
        },
        // What the guest can do something about is a refusal; the rest is a model that did not answer.
        Err(error @ (Error::Invalid(_) | Error::Database(_) | Error::Conflict { code: "still_writing", .. })) => {
            return Err(Refusal::from(error).renamed("text", "message").into_error());
        }
        Err(error) => Refusal::from(error).message().to_owned(),
    };
    let reply = json!({
        "response": format!("Error: {why} - Could not get response from AI."), "timestamp": clock(app.atrium.ports.now()),
        "session_key": key, "message_id": null, "success": false, "error": why,
    });
    Ok(visit.with((failed, Json(reply)).into_response()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_minutes_of_the_day() {
        assert_eq!(clock(1_769_860_800_500_000), "12:00");
        assert_eq!(clock(0), "00:00");
    }

    #[test]
    fn numbers_grow_and_fit_into_a_script() {
        let id = |millis: u64| MessageId(uuid::Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid());
        let (first, later) = (number(id(1_769_860_800_500)), number(id(1_769_860_800_501)));
        assert!(first < later && later < 1 << 53, "{first} {later}");
        assert_eq!(first, number(id(1_769_860_800_500)));
    }
}
