//! Runs: answers while they are written.

use super::messages::{Message, is_over};
use crate::api::body::{ApiPath, ApiQuery};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::web::App;
use atrium::chat::LiveEvent;
use atrium::ids::{ConversationId, RunId};
use atrium_domain::chat::Form;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// One attempt at writing an answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Run {
    id: Uuid,
    conversation_id: Uuid,
    /// Whether it has ended.
    is_over: bool,
    /// What it writes, as far as it is.
    message: Message,
}

/// Where to begin.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct From {
    /// The position after which to begin; `Last-Event-ID` counts more.
    #[param(minimum = 0, required = false)]
    after: Option<u64>,
}

/// What is heard of a run. Its event's `id` is the position to come back at.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RunEvent {
    /// There is no text yet, and why.
    Status {
        /// For people.
        message: String,
    },
    /// The answer grew.
    Text {
        /// To append.
        text: String,
    },
    /// The model thought aloud.
    Reasoning {
        /// To append.
        text: String,
    },
    /// It is over; this is what was stored.
    End {
        /// The whole message.
        message: Box<Message>,
    },
}

impl RunEvent {
    /// `None` for what only pages hear.
    pub fn new(conversation: ConversationId, event: LiveEvent) -> Option<Self> {
        Some(match event {
            LiveEvent::Status { message } => Self::Status { message },
            LiveEvent::Text { text } => Self::Text { text },
            LiveEvent::Reasoning { text } => Self::Reasoning { text },
            LiveEvent::End { message, .. } => Self::End { message: Box::new(Message::new(conversation, *message)) },
            LiveEvent::Delta { .. } => return None,
        })
    }
}

/// Get a run
#[utoipa::path(get, path = "/api/v1/runs/{id}", tag = "Runs", params(("id" = Uuid, Path)), responses((status = 200, description = "How far it is", body = Run)))]
pub async fn get(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<RunId>) -> ApiResult<Json<Run>> {
    let (conversation, message) = app.atrium.chat.find_run(&caller.viewer, id).await?;
    Ok(Json(Run {
        id: id.0,
        conversation_id: conversation.0,
        is_over: is_over(&message),
        message: Message::new(conversation, message),
    }))
}

/// Follow a run
///
/// Server-sent events, each a JSON object by its `type`: `status`, `text`, `reasoning`, and `end` as the last one. Whoever
/// comes back with `Last-Event-ID` (or `after`) gets exactly the rest, on whichever server of the same database. The stream
/// ends without `end` when what it was opened with is revoked or expires; `/api/v1/ws` carries the same events.
#[utoipa::path(get, path = "/api/v1/runs/{id}/events", tag = "Runs", params(("id" = Uuid, Path), From, ("Last-Event-ID" = Option<u64>, Header, description = "The position after which to begin")), responses((status = 200, description = "Events until the run is over", content_type = "text/event-stream", body = RunEvent)))]
pub async fn events(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<RunId>,
    ApiQuery(from): ApiQuery<From>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let last = headers.get("last-event-id").and_then(|it| it.to_str().ok()).and_then(|it| it.parse().ok());
    let after = last.or(from.after).unwrap_or_default();
    let chat = &app.atrium.chat;
    let (conversation, _) = chat.find_run(&caller.viewer, id).await?;
    let events = chat.follow(&caller.viewer, id, after, Form::Text).await?;
    let events = events.take_until(caller.credential.end(app.clone()));
    let events = events.filter_map(move |(seq, event)| async move {
        let event = RunEvent::new(conversation, event)?;
        // Our own types always serialise; should one ever not, the listener comes back for it.
        let data = serde_json::to_string(&event).unwrap_or_default();
        Some(Ok::<_, Infallible>(Event::default().id(seq.to_string()).data(data)))
    });
    let mut response = Sse::new(events).keep_alive(KeepAlive::default()).into_response();
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Stop a run
///
/// What was written so far is kept. Stopping one that is over does nothing.
#[utoipa::path(post, path = "/api/v1/runs/{id}/stop", tag = "Runs", params(("id" = Uuid, Path)), responses((status = 204, description = "Told to stop")))]
pub async fn stop(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<RunId>) -> ApiResult<StatusCode> {
    app.atrium.chat.stop(&caller.viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
