//! Google's Gemini protocol.

use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::failure::ProviderError;
use super::http::Client;
use super::link::{Auth, Link, models_in};
use super::wire::{Framing, Reader, answer, text_at};
use super::{EndReason, Endpoint, Event, EventStream, ModelInfo, Request, Role, turns};

/// The Gemini API.
#[derive(Debug, Clone)]
pub struct Gemini {
    link: Link,
}

impl Gemini {
    /// Where Google serves it.
    pub const BASE_URL: &str = "https://generativelanguage.googleapis.com";

    /// `endpoint.base_url` is [`Self::BASE_URL`] or that of a gateway.
    pub fn new(client: Client, endpoint: Endpoint) -> Self {
        Self { link: Link::new(client, endpoint, Auth::Header("x-goog-api-key"), "/v1beta") }
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    pub(super) fn stream(&self, request: Request) -> EventStream {
        let link = self.link.clone();
        let call = async move {
            // Tuned models have a collection of their own; all others are in `models`.
            let (folder, model) = match request.model.split_once('/') {
                Some(("tunedModels", model)) => ("tunedModels", model),
                Some(("models", model)) => ("models", model),
                _ => ("models", request.model.as_str()),
            };
            let call = format!("{model}:streamGenerateContent");
            let reply = link.post(&["v1beta", folder, &call], &[("alt", "sse")], &body(&request), model).await?;
            Ok(answer(link, request.model, reply, Framing::Sse, Candidates::default()))
        };
        stream::once(call).try_flatten().boxed()
    }

    pub(super) async fn models(&self) -> Result<Vec<ModelInfo>, ProviderError> {
        let mut reply = self.link.get(&["v1beta", "models"], &[("pageSize", "1000")]).await?;
        if let Some(models) = reply["models"].as_array_mut() {
            models.retain(|it| {
                let methods = it["supportedGenerationMethods"].as_array();
                methods.is_some_and(|methods| methods.iter().any(|it| it == "generateContent"))
            });
        }
        let mut models = models_in(&reply, "models", "name")?;
        for model in &mut models {
            if let Some(short) = model.id.strip_prefix("models/") {
                model.id = short.to_owned();
            }
        }
        Ok(models)
    }
}

fn body(request: &Request) -> Value {
    let contents = turns::user_first(request).into_iter().map(|turn| {
        let role = match turn.role {
            Role::User => "user",
            Role::Assistant => "model",
        };
        let pictures =
            turn.pictures.iter().map(|it| json!({"inlineData": {"mimeType": it.media_type, "data": &*it.base64}}));
        let text = (!turn.text.trim().is_empty()).then(|| json!({"text": turn.text}));
        json!({"role": role, "parts": pictures.chain(text).collect::<Vec<_>>()})
    });
    let mut body = json!({"contents": contents.collect::<Vec<_>>()});
    if let Some(text) = turns::system(request) {
        body["systemInstruction"] = json!({"parts": [{"text": text}]});
    }
    if let Some(temperature) = request.temperature {
        body["generationConfig"]["temperature"] = json!(temperature.clamp(0.0, 2.0));
    }
    if let Some(most) = request.max_tokens {
        body["generationConfig"]["maxOutputTokens"] = json!(most);
    }
    body
}

#[derive(Debug, Default)]
struct Candidates {
    end: Option<EndReason>,
}

impl Reader for Candidates {
    fn read(&mut self, object: &Value, events: &mut Vec<Event>) {
        let parts = object.pointer("/candidates/0/content/parts").and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            let event = if part["thought"] == true { Event::Reasoning } else { Event::Text };
            events.extend(text_at(part, "/text").map(event));
        }
        if let Some(reason) = object.pointer("/candidates/0/finishReason").and_then(Value::as_str) {
            self.end = Some(match reason {
                "MAX_TOKENS" => EndReason::Length,
                "SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "IMAGE_SAFETY" => {
                    EndReason::Filtered
                }
                _ => EndReason::Stop,
            });
        }
        // The question itself was withheld: there is no candidate.
        if object.pointer("/promptFeedback/blockReason").is_some_and(Value::is_string) {
            self.end = Some(EndReason::Filtered);
        }
        if let Some(usage) = object.get("usageMetadata") {
            let count = |field: &str| usage[field].as_u64().unwrap_or(0);
            events.push(Event::Usage {
                prompt_tokens: count("promptTokenCount"),
                // Thinking is paid for like the answer.
                completion_tokens: count("candidatesTokenCount") + count("thoughtsTokenCount"),
            });
        }
    }

    fn end(&self) -> Option<EndReason> {
        self.end
    }
}
