//! `/ws/chat/?token=…`: a conversation over one connection.
//!
//! The server says `connection_established` with the conversation's id; a client says `ping` and hears `pong`, or says
//! `chat_message` and hears its message, then `chat_chunk` after `chat_chunk`, then the answer, as `chat_message` too.

use super::conversations::is_untitled;
use super::messages::said;
use crate::api::dialects::exchange::title;
use crate::api::dialects::paging::query;
use crate::api::dialects::refusal::{Id, Reply};
use crate::api::error::{ApiError, ApiResult};
use crate::api::identity::{Caller, Credential, Identity};
use crate::api::rates::Rates;
use crate::web::{App, SEATS, Seat};
use atrium::chat::{LiveEvent, MessageStatus};
use atrium::ids::ConversationId;
use atrium::tokens::TokenScope;
use atrium_domain::Error;
use atrium_domain::chat::{Form, NewConversation, Target};
use axum::Extension;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use axum::extract::{State, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use futures::stream::{BoxStream, SplitSink};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, interval_at, timeout};

/// Longer messages end the connection. The longest that can be sent to an agent fits, however it is escaped.
const MESSAGE_MAX: usize = 2 * 1024 * 1024;
/// Characters of a title that is made from the first message.
const TITLE: usize = 50;
/// How often a ping is sent.
const PING: Duration = Duration::from_secs(30);
/// How long a reader may take for one message.
const SEND: Duration = Duration::from_secs(30);
/// Why a socket is closed whose token has ended.
const SIGNED_OUT: u16 = 4401;

/// Of the conversation that the query names, else of a new one.
pub async fn open(
    State(app): State<App>,
    Extension(rates): Extension<Rates>,
    identity: Identity,
    parts: Parts,
    upgrade: WebSocketUpgrade,
) -> Reply<Response> {
    let at = match query(&parts, "conversation_id") {
        Some(id) => Some(id.parse().map_err(|_| Error::NotFound("conversation"))?),
        None => None,
    };
    connect(app, rates, identity, &parts, at, upgrade).await
}

/// Of the conversation in the path.
pub async fn open_at(
    State(app): State<App>,
    Extension(rates): Extension<Rates>,
    identity: Identity,
    Id(id): Id<ConversationId>,
    parts: Parts,
    upgrade: WebSocketUpgrade,
) -> Reply<Response> {
    connect(app, rates, identity, &parts, Some(id), upgrade).await
}

async fn connect(
    app: App,
    rates: Rates,
    identity: Identity,
    parts: &Parts,
    at: Option<ConversationId>,
    upgrade: WebSocketUpgrade,
) -> Reply<Response> {
    let caller = match query(parts, "token") {
        Some(token) => Caller::by(Credential::Token(token), &app, &identity.address).await?,
        None => identity.checked()?,
    };
    let caller = caller.ok_or(Error::SignedOut)?;
    caller.may(TokenScope::Chat)?;
    let viewer = &caller.viewer;
    let Some(seat) = app.sockets.seat(viewer.id) else {
        return Err(Error::RateLimited {
            message: format!("You have {SEATS} sockets open. Close one first."),
            retry_after: 5,
        }
        .into());
    };
    let (conversation, is_new) = match at {
        Some(id) => (app.atrium.chat.summary(viewer, id).await?.id, false),
        None => (app.atrium.chat.create(viewer, NewConversation::default()).await?.id, true),
    };
    let talk = Talk { app, rates, caller, conversation, is_new, answer: None, _seat: seat };
    let sockets = talk.app.sockets.open.clone();
    let upgrade = upgrade.max_message_size(MESSAGE_MAX).max_frame_size(MESSAGE_MAX);
    Ok(upgrade.on_upgrade(move |socket| sockets.track_future(talk.run(socket))))
}

/// One socket.
struct Talk {
    app: App,
    rates: Rates,
    caller: Caller,
    conversation: ConversationId,
    /// One of its person's few.
    _seat: Seat,
    /// It was begun with the socket, and goes with it if nobody writes.
    is_new: bool,
    /// What is being answered.
    answer: Option<BoxStream<'static, Value>>,
}

impl Talk {
    async fn run(mut self, socket: WebSocket) {
        let (mut sink, mut incoming) = socket.split();
        let end = self.serve(&mut sink, &mut incoming).await;
        if let Some((code, reason)) = end {
            let frame = CloseFrame { code, reason: reason.into() };
            let _ = timeout(SEND, sink.send(Message::Close(Some(frame)))).await;
        }
        if self.is_new {
            self.forget_if_empty().await;
        }
    }

    /// Until either side has enough.
    async fn serve(
        &mut self,
        sink: &mut SplitSink<WebSocket, Message>,
        incoming: &mut (impl futures::Stream<Item = Result<Message, axum::Error>> + Unpin),
    ) -> Option<(u16, &'static str)> {
        let stop = self.app.sockets.stop.clone();
        let mut ended = std::pin::pin!(self.caller.credential.clone().end(self.app.clone()));
        let mut ping = interval_at(Instant::now() + PING, PING);
        say(sink, &json!({ "type": "connection_established", "conversation_id": self.conversation })).await?;
        loop {
            let told = tokio::select! {
                biased;
                () = stop.cancelled() => return Some((close_code::AWAY, "The server ends. Come back later.")),
                () = &mut ended => return Some((SIGNED_OUT, "The token has ended. Sign in again.")),
                message = incoming.next() => match message {
                    Some(Ok(Message::Text(text))) => self.hear(&text).await,
                    Some(Ok(Message::Binary(_))) => refused(only_json()),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                },
                told = next(&mut self.answer) => match told {
                    Some(told) => told,
                    None => {
                        self.answer = None;
                        continue;
                    }
                },
                _ = ping.tick() => {
                    timeout(SEND, sink.send(Message::Ping(bytes::Bytes::new()))).await.ok()?.ok()?;
                    continue;
                }
            };
            say(sink, &told).await?;
        }
    }

    async fn hear(&mut self, text: &str) -> Value {
        if let Err(error) = self.rates.hit(Some(&self.caller), &self.caller.address) {
            return refused(error.into());
        }
        let Ok(Value::Object(said)) = serde_json::from_str(text) else { return refused(only_json()) };
        let word = |name: &str| said.get(name).and_then(Value::as_str).filter(|it| !it.trim().is_empty());
        match word("type").unwrap_or("chat_message") {
            "ping" => json!({ "type": "pong" }),
            "chat_message" | "message" => match word("message").or_else(|| word("content")) {
                Some(content) => self.send(content).await.unwrap_or_else(refused),
                None => refused(Error::field("content", "Content is required").into()),
            },
            other => refused(ApiError::new(
                StatusCode::BAD_REQUEST,
                "unknown_type",
                format!("Unknown message type: {other}"),
            )),
        }
    }

    /// Takes a message; its answer is told as it comes.
    async fn send(&mut self, content: &str) -> ApiResult<Value> {
        let (chat, viewer, id) = (&self.app.atrium.chat, &self.caller.viewer, self.conversation);
        let before = chat.summary(viewer, id).await?;
        let sent = chat.send(viewer, Target::End(id), None, content).await?;
        if is_untitled(&before) {
            chat.rename(viewer, id, &title(content, TITLE)).await?;
        }
        let (_, answer) = chat.find_message(viewer, sent.answer).await?;
        let question = answer.parent_id.ok_or(Error::NotFound("message"))?;
        let (_, question) = chat.find_message(viewer, question).await?;
        let events = chat.follow(viewer, sent.run, 0, Form::Text).await?;
        let told = events.filter_map(move |(_, event)| async move {
            match event {
                LiveEvent::Text { text } => Some(
                    json!({ "type": "chat_chunk", "conversation_id": id, "message_id": sent.answer, "content": text }),
                ),
                LiveEvent::End { message, .. } if message.status == MessageStatus::Failed => {
                    let error = message.error.clone().unwrap_or_default();
                    Some(json!({ "type": "error", "conversation_id": id, "message": error, "error": error }))
                }
                LiveEvent::End { message, .. } => Some(chat_message(id, &message)),
                _ => None,
            }
        });
        self.answer = Some(told.boxed());
        Ok(chat_message(id, &question))
    }

    async fn forget_if_empty(self) {
        let Self { app, caller, conversation, .. } = self;
        let chat = &app.atrium.chat;
        if chat.summary(&caller.viewer, conversation).await.is_ok_and(|it| it.message_count == 0)
            && let Err(error) = chat.delete(&caller.viewer, conversation).await
        {
            tracing::debug!("an empty conversation stays: {error}");
        }
    }
}

fn chat_message(conversation: ConversationId, message: &atrium::chat::MessageView) -> Value {
    json!({ "type": "chat_message", "conversation_id": conversation, "message": said(conversation, message) })
}

fn only_json() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "malformed_json", "Send a JSON object as text.")
}

fn refused(error: ApiError) -> Value {
    let failure = error.into_failure();
    json!({ "type": "error", "code": failure.code, "message": failure.message, "error": failure.message })
}

/// Nothing, for ever, where nothing is being answered.
async fn next(answer: &mut Option<BoxStream<'static, Value>>) -> Option<Value> {
    match answer {
        Some(answer) => answer.next().await,
        None => std::future::pending().await,
    }
}

/// `None` when nobody reads any more.
async fn say(sink: &mut SplitSink<WebSocket, Message>, told: &Value) -> Option<()> {
    timeout(SEND, sink.send(Message::Text(told.to_string().into()))).await.ok()?.ok()
}
