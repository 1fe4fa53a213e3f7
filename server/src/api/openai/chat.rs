//! `POST /v1/chat/completions`: one answer of an agent, whole or streamed.

use super::error::OpenAiError;
use super::find;
use crate::api::body::ApiJson;
use crate::api::error::ApiError;
use crate::api::identity::Caller;
use crate::web::App;
use atrium_domain::Error;
use atrium_domain::agents::completion::{self, Dialogue, Heard};
use atrium_domain::providers::{EndReason, Role, Turn};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::convert::Infallible;
use uuid::Uuid;

#[derive(Debug, Deserialize)]
pub struct Completion {
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    temperature: Option<f64>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    max_completion_tokens: Option<u32>,
    #[serde(default)]
    n: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StreamOptions {
    include_usage: bool,
}

#[derive(Debug, Deserialize)]
pub struct Message {
    role: Speaker,
    #[serde(default)]
    content: Option<Content>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Speaker {
    System,
    Developer,
    User,
    Assistant,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
}

impl Content {
    fn into_text(self) -> Result<String, Error> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Parts(parts) => {
                if let Some(other) = parts.iter().find(|it| it.kind != "text") {
                    let message = format!("Only parts of type “text” are understood, not “{}”.", other.kind);
                    return Err(Error::field("messages", message));
                }
                Ok(parts.into_iter().map(|it| it.text).collect::<Vec<_>>().join("\n"))
            }
        }
    }
}

fn dialogue(asked: &mut Completion) -> Result<Dialogue, Error> {
    if asked.n.is_some_and(|it| it != 1) {
        return Err(Error::field("n", "One answer is given at a time: use 1."));
    }
    if asked.temperature.is_some_and(|it| !(0.0..=2.0).contains(&it)) {
        return Err(Error::field("temperature", "Use a number from 0 to 2."));
    }
    let mut dialogue = Dialogue {
        temperature: asked.temperature,
        max_tokens: asked.max_completion_tokens.or(asked.max_tokens),
        ..Dialogue::default()
    };
    if dialogue.max_tokens == Some(0) {
        return Err(Error::field("max_tokens", "Use at least 1."));
    }
    for message in asked.messages.drain(..) {
        let text = message.content.map(Content::into_text).transpose()?.unwrap_or_default();
        let role = match message.role {
            Speaker::System | Speaker::Developer => {
                dialogue.instructions.push(text);
                continue;
            }
            Speaker::User => Role::User,
            Speaker::Assistant => Role::Assistant,
        };
        dialogue.turns.push(Turn::said(role, text));
    }
    if dialogue.turns.last().is_none_or(|it| it.role != Role::User) {
        return Err(Error::field("messages", "The last message must be the user's."));
    }
    Ok(dialogue)
}

/// What every piece and the whole say of themselves.
struct Envelope {
    id: String,
    created: i64,
    model: String,
}

impl Envelope {
    fn wrap(&self, object: &str, choices: Value) -> Value {
        json!({ "id": self.id, "object": object, "created": self.created, "model": self.model, "choices": choices })
    }

    fn chunk(&self, delta: Value, finish_reason: Option<&str>) -> Value {
        self.wrap(
            "chat.completion.chunk",
            json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason }]),
        )
    }
}

fn finish_reason(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Stop => "stop",
        EndReason::Length => "length",
        EndReason::Filtered => "content_filter",
    }
}

fn usage(prompt: i64, completion: i64) -> Value {
    json!({ "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion })
}

pub async fn complete(
    State(app): State<App>,
    caller: Result<Caller, ApiError>,
    body: Result<ApiJson<Completion>, ApiError>,
) -> Result<Response, OpenAiError> {
    let caller = caller?;
    let ApiJson(mut asked) = body?;
    let agent = find(&app, &caller, &asked.model).await?;
    let dialogue = dialogue(&mut asked)?;
    let atrium = &app.atrium;
    let (store, ports, connections) = (&atrium.store, &atrium.ports, &atrium.connections);
    let knowledge = Some(&atrium.knowledge);
    let heard = completion::complete(store, ports, connections, knowledge, &caller.viewer, &agent, dialogue)?;
    let id: Uuid = atrium.ports.id();
    let envelope = Envelope {
        id: format!("chatcmpl-{}", id.simple()),
        created: atrium.ports.now() / 1_000_000,
        model: agent.name.clone(),
    };
    if asked.stream {
        let wants_usage = asked.stream_options.unwrap_or_default().include_usage;
        stream(envelope, heard, wants_usage).await
    } else {
        whole(&envelope, heard).await
    }
}

type Answer = tokio::sync::mpsc::Receiver<Heard>;

async fn whole(envelope: &Envelope, mut heard: Answer) -> Result<Response, OpenAiError> {
    let mut text = String::new();
    loop {
        match heard.recv().await {
            Some(Heard::Text(piece)) => text.push_str(&piece),
            Some(Heard::End { reason, prompt_tokens, completion_tokens }) => {
                let message = json!({ "role": "assistant", "content": text, "refusal": null });
                let choice = json!([{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason(reason) }]);
                let mut reply = envelope.wrap("chat.completion", choice);
                reply["usage"] = usage(prompt_tokens, completion_tokens);
                return Ok(Json(reply).into_response());
            }
            Some(Heard::Failed(error)) => return Err(error.into()),
            None => return Err(Error::Internal("an answer ended without an end".to_owned()).into()),
        }
    }
}

/// Nothing is sent before the model says something: until then a failure is still a status.
async fn stream(envelope: Envelope, mut heard: Answer, wants_usage: bool) -> Result<Response, OpenAiError> {
    let mut first = match heard.recv().await {
        Some(Heard::Failed(error)) => return Err(error.into()),
        first => first,
    };
    let events = async_stream::stream! {
        let event = |value: Value| Ok::<_, Infallible>(Event::default().data(value.to_string()));
        yield event(envelope.chunk(json!({ "role": "assistant", "content": "" }), None));
        loop {
            let next = match first.take() {
                Some(first) => Some(first),
                None => heard.recv().await,
            };
            match next {
                Some(Heard::Text(piece)) => yield event(envelope.chunk(json!({ "content": piece }), None)),
                Some(Heard::End { reason, prompt_tokens, completion_tokens }) => {
                    yield event(envelope.chunk(json!({}), Some(finish_reason(reason))));
                    if wants_usage {
                        let mut last = envelope.wrap("chat.completion.chunk", json!([]));
                        last["usage"] = usage(prompt_tokens, completion_tokens);
                        yield event(last);
                    }
                    yield Ok(Event::default().data("[DONE]"));
                    return;
                }
                Some(Heard::Failed(error)) => {
                    yield event(OpenAiError::from(error).body());
                    return;
                }
                None => return,
            }
        }
    };
    let mut response = Sse::new(events).keep_alive(KeepAlive::default()).into_response();
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}
