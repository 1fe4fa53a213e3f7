//! Anthropic's Messages protocol.

use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::failure::ProviderError;
use super::http::Client;
use super::link::{Auth, Link, models_in};
use super::wire::{Framing, Reader, Reply, answer, text_at};
use super::{EndReason, Endpoint, Event, EventStream, ModelInfo, Request, Role, Turn, turns};

/// The protocol wants a limit always; this one every model allows.
const MAX_TOKENS: u32 = 4096;

/// The Anthropic API.
#[derive(Debug, Clone)]
pub struct Anthropic {
    link: Link,
}

impl Anthropic {
    /// Where Anthropic serves it.
    pub const BASE_URL: &str = "https://api.anthropic.com";

    /// `endpoint.base_url` is [`Self::BASE_URL`] or that of a gateway.
    pub fn new(client: Client, endpoint: Endpoint) -> Self {
        let link = Link::new(client, endpoint, Auth::Header("x-api-key"), "/v1");
        Self { link: link.with_headers(&[("anthropic-version", "2023-06-01")]) }
    }

    pub(super) fn stream(&self, request: Request) -> EventStream {
        let link = self.link.clone();
        let call = async move {
            let reply = ask(&link, &request).await?;
            Ok(answer(link, request.model, reply, Framing::Sse, Messages::default()))
        };
        stream::once(call).try_flatten().boxed()
    }

    pub(super) async fn models(&self) -> Result<Vec<ModelInfo>, ProviderError> {
        models_in(&self.link.get(&["v1", "models"], &[("limit", "1000")]).await?, "data", "id")
    }
}

/// Ask; newer models take no temperature, and say so.
async fn ask(link: &Link, request: &Request) -> Result<Reply, ProviderError> {
    let mut body = body(request);
    let reply = link.post(&["v1", "messages"], &[], &body, &request.model).await;
    match &reply {
        Err(ProviderError::Refused { status: Some(400), message: Some(message) })
            if message.contains("temperature") && request.temperature.is_some() =>
        {
            if let Some(fields) = body.as_object_mut() {
                fields.remove("temperature");
            }
            link.post(&["v1", "messages"], &[], &body, &request.model).await
        }
        _ => reply,
    }
}

/// Pictures come before what is asked about them.
fn content(turn: Turn) -> Value {
    if turn.pictures.is_empty() {
        return Value::String(turn.text);
    }
    let pictures = turn.pictures.iter().map(
        |it| json!({"type": "image", "source": {"type": "base64", "media_type": it.media_type, "data": &*it.base64}}),
    );
    // A blank text is refused.
    let text = (!turn.text.trim().is_empty()).then(|| json!({"type": "text", "text": turn.text}));
    pictures.chain(text).collect()
}

fn body(request: &Request) -> Value {
    // Unfinished answers are asked for in words: newer models refuse a conversation that ends with the assistant.
    let messages = turns::user_first(request).into_iter().map(|turn| {
        let role = match turn.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        json!({"role": role, "content": content(turn)})
    });
    let mut body = json!({
        "model": request.model,
        "messages": messages.collect::<Vec<_>>(),
        "stream": true,
        "max_tokens": request.max_tokens.unwrap_or(MAX_TOKENS),
    });
    if let Some(text) = turns::system(request) {
        body["system"] = json!(text);
    }
    if let Some(temperature) = request.temperature {
        body["temperature"] = json!(temperature.clamp(0.0, 1.0));
    }
    body
}

/// Reads the events of a message, and the whole `message` of gateways that do not stream.
#[derive(Debug, Default)]
struct Messages {
    prompt_tokens: u64,
    completion_tokens: u64,
    end: Option<EndReason>,
}

impl Reader for Messages {
    fn read(&mut self, object: &Value, events: &mut Vec<Event>) {
        match object["type"].as_str().unwrap_or_default() {
            "message_start" => self.count(&object["message"]["usage"], events),
            "content_block_start" => block(&object["content_block"], events),
            "content_block_delta" => block(&object["delta"], events),
            "message_delta" => {
                self.finish(&object["delta"]);
                self.count(&object["usage"], events);
            }
            "message_stop" => self.end = self.end.or(Some(EndReason::Stop)),
            "message" => {
                for part in object["content"].as_array().into_iter().flatten() {
                    block(part, events);
                }
                self.finish(object);
                self.count(&object["usage"], events);
            }
            _ => {}
        }
    }

    fn end(&self) -> Option<EndReason> {
        self.end
    }
}

impl Messages {
    /// Counts are totals so far; each object may bring only some of them.
    fn count(&mut self, usage: &Value, events: &mut Vec<Event>) {
        if let Some(fresh) = usage["input_tokens"].as_u64() {
            let cached = ["cache_creation_input_tokens", "cache_read_input_tokens"];
            self.prompt_tokens = fresh + cached.iter().filter_map(|field| usage[field].as_u64()).sum::<u64>();
        }
        if let Some(completion) = usage["output_tokens"].as_u64() {
            self.completion_tokens = completion;
        }
        let (prompt_tokens, completion_tokens) = (self.prompt_tokens, self.completion_tokens);
        if usage.is_object() {
            events.push(Event::Usage { prompt_tokens, completion_tokens });
        }
    }

    fn finish(&mut self, object: &Value) {
        if let Some(reason) = object["stop_reason"].as_str() {
            self.end = Some(match reason {
                "max_tokens" | "model_context_window_exceeded" => EndReason::Length,
                "refusal" => EndReason::Filtered,
                _ => EndReason::Stop,
            });
        }
    }
}

/// A block or a piece of one: both name their text after their kind.
fn block(part: &Value, events: &mut Vec<Event>) {
    events.extend(text_at(part, "/thinking").map(Event::Reasoning));
    events.extend(text_at(part, "/text").map(Event::Text));
}
