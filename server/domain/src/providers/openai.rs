//! The OpenAI protocol, as OpenAI itself and most servers and gateways speak it.

use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::failure::ProviderError;
use super::http::Client;
use super::link::{Auth, Link, models_in};
use super::wire::{Framing, Reader, Reply, answer, text_at, usage_at};
use super::{EndReason, Endpoint, Event, EventStream, ModelInfo, Request, Role, Turn, turns};

/// An OpenAI-compatible endpoint.
#[derive(Debug, Clone)]
pub struct OpenAi {
    link: Link,
}

impl OpenAi {
    /// `endpoint.base_url` reaches up to and including `/v1`, or what the server has in its place.
    pub fn new(client: Client, endpoint: Endpoint) -> Self {
        Self { link: Link::new(client, endpoint, Auth::Bearer, "/chat/completions") }
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    pub(super) fn stream(&self, request: Request) -> EventStream {
        let link = self.link.clone();
        let call = async move {
            let reply = ask(&link, &request).await?;
            Ok(answer(link, request.model, reply, Framing::Sse, Chunks::default()))
        };
        stream::once(call).try_flatten().boxed()
    }

    pub(super) async fn models(&self) -> Result<Vec<ModelInfo>, ProviderError> {
        models_in(&self.link.get(&["models"], &[]).await?, "data", "id")
    }
}

/// Ask; when a server refuses one of the parameters that not all know, leave it out and ask again.
async fn ask(link: &Link, request: &Request) -> Result<Reply, ProviderError> {
    let mut body = body(request);
    loop {
        let (status, refused) = match link.post(&["chat", "completions"], &[], &body, &request.model).await {
            Err(ProviderError::Refused { status: status @ Some(400 | 422), message: Some(message) }) => {
                (status, message)
            }
            reply => return reply,
        };
        if !yield_to(&refused, &mut body) {
            return Err(ProviderError::Refused { status, message: Some(refused) });
        }
        tracing::debug!(model = request.model, "a server refused a parameter; asking without it");
    }
}

/// Change the parameter that `refused` complains of. False when it complains of none that can be changed.
fn yield_to(refused: &str, body: &mut Value) -> bool {
    let Some(fields) = body.as_object_mut() else {
        return false;
    };
    if refused.contains("stream_options") && fields.remove("stream_options").is_some() {
        return true;
    }
    if (refused.contains("max_tokens") || refused.contains("max_completion_tokens"))
        && let Some(most) = fields.remove("max_tokens")
    {
        fields.insert("max_completion_tokens".to_owned(), most);
        return true;
    }
    refused.contains("temperature") && fields.remove("temperature").is_some()
}

/// Words are a string; parts are for turns that need them, since not every server knows parts.
fn content(turn: Turn) -> Value {
    if turn.pictures.is_empty() {
        return Value::String(turn.text);
    }
    let pictures = turn.pictures.iter().map(|it| {
        let url = format!("data:{};base64,{}", it.media_type, it.base64);
        json!({"type": "image_url", "image_url": {"url": url}})
    });
    let text = (!turn.text.trim().is_empty()).then(|| json!({"type": "text", "text": turn.text}));
    pictures.chain(text).collect()
}

fn body(request: &Request) -> Value {
    let system = turns::system(request).map(|text| json!({"role": "system", "content": text}));
    let turns = turns::alternating(request, true).into_iter().map(|turn| {
        let role = match turn.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        json!({"role": role, "content": content(turn)})
    });
    let mut body = json!({
        "model": request.model,
        "messages": system.into_iter().chain(turns).collect::<Vec<_>>(),
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    if let Some(temperature) = request.temperature {
        body["temperature"] = json!(temperature.clamp(0.0, 2.0));
    }
    if let Some(most) = request.max_tokens {
        body["max_tokens"] = json!(most);
    }
    body
}

/// Reads `chat.completion.chunk` objects, and the whole `chat.completion` of servers that do not stream.
#[derive(Debug, Default)]
struct Chunks {
    end: Option<EndReason>,
}

impl Reader for Chunks {
    fn read(&mut self, object: &Value, events: &mut Vec<Event>) {
        for part in ["/choices/0/delta", "/choices/0/message"].iter().filter_map(|it| object.pointer(it)) {
            // Two names for one thing; gateways send both at once.
            let reasoning = text_at(part, "/reasoning_content").or_else(|| text_at(part, "/reasoning"));
            events.extend(reasoning.map(Event::Reasoning));
            events.extend(text_at(part, "/content").map(Event::Text));
            events.extend(text_at(part, "/refusal").map(Event::Text));
        }
        if let Some(reason) = object.pointer("/choices/0/finish_reason").and_then(Value::as_str) {
            self.end = Some(match reason {
                "length" | "max_tokens" => EndReason::Length,
                "content_filter" => EndReason::Filtered,
                _ => EndReason::Stop,
            });
        }
        events.extend(usage_at(object, "/usage/prompt_tokens", "/usage/completion_tokens"));
    }

    fn end(&self) -> Option<EndReason> {
        self.end
    }
}
