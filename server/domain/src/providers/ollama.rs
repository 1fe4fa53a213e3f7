//! Ollama's own protocol: JSON lines, and answers that can be continued where they stopped.

use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::failure::ProviderError;
use super::http::Client;
use super::link::{Auth, Link, models_in};
use super::wire::{Framing, Reader, answer, text_at, usage_at};
use super::{EndReason, Endpoint, Event, EventStream, ModelInfo, Request, Role, turns};

/// What Ollama gives a model unless told otherwise.
const USUAL_WINDOW: u64 = 4_096;
/// Beyond it the cache alone takes more memory than most machines have.
const LARGEST_WINDOW: u64 = 131_072;
/// Bytes that a token stands for, cautiously.
const BYTES_PER_TOKEN: u64 = 3;

/// An Ollama server.
#[derive(Debug, Clone)]
pub struct Ollama {
    link: Link,
}

impl Ollama {
    /// `endpoint.base_url` is that of the server, such as `http://localhost:11434`.
    pub fn new(client: Client, endpoint: Endpoint) -> Self {
        Self { link: Link::new(client, endpoint, Auth::Bearer, "/api").that_loads() }
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    pub(super) fn stream(&self, request: Request) -> EventStream {
        let link = self.link.clone();
        let call = async move {
            let reply = link.post(&["api", "chat"], &[], &body(&request), &request.model).await?;
            Ok(answer(link, request.model, reply, Framing::Lines, Lines::default()))
        };
        stream::once(call).try_flatten().boxed()
    }

    pub(super) async fn models(&self) -> Result<Vec<ModelInfo>, ProviderError> {
        models_in(&self.link.get(&["api", "tags"], &[]).await?, "models", "name")
    }
}

fn body(request: &Request) -> Value {
    let system = turns::system(request).map(|text| json!({"role": "system", "content": text}));
    // A last turn of the assistant's is continued as it is.
    let turns = turns::alternating(request, false).into_iter().map(|turn| {
        let role = match turn.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let mut message = json!({"role": role, "content": turn.text});
        if !turn.pictures.is_empty() {
            message["images"] = turn.pictures.iter().map(|it| &*it.base64).collect();
        }
        message
    });
    let mut body = json!({
        "model": request.model,
        "messages": system.into_iter().chain(turns).collect::<Vec<_>>(),
        "stream": true,
        "options": {},
    });
    if let Some(temperature) = request.temperature {
        body["options"]["temperature"] = json!(temperature.clamp(0.0, 2.0));
    }
    if let Some(most) = request.max_tokens {
        body["options"]["num_predict"] = json!(most);
    }
    if let Some(window) = window(request) {
        body["options"]["num_ctx"] = json!(window);
    }
    body
}

/// Ollama cuts what is longer than its window, without a word. A larger one is asked for when it is needed, in powers
/// of two: each change makes Ollama load the model anew.
fn window(request: &Request) -> Option<u64> {
    let system = request.system.as_deref().map_or(0, str::len);
    let bytes = request.turns.iter().map(|it| it.text.len()).sum::<usize>() + system;
    let tokens = bytes as u64 / BYTES_PER_TOKEN + u64::from(request.max_tokens.unwrap_or_default());
    (tokens > USUAL_WINDOW).then(|| tokens.next_power_of_two().min(LARGEST_WINDOW))
}

#[derive(Debug, Default)]
struct Lines {
    end: Option<EndReason>,
}

impl Reader for Lines {
    fn read(&mut self, object: &Value, events: &mut Vec<Event>) {
        events.extend(text_at(object, "/message/thinking").map(Event::Reasoning));
        events.extend(text_at(object, "/message/content").map(Event::Text));
        if object["done"] == true {
            events.extend(usage_at(object, "/prompt_eval_count", "/eval_count"));
            self.end = Some(if object["done_reason"] == "length" { EndReason::Length } else { EndReason::Stop });
        }
    }

    fn end(&self) -> Option<EndReason> {
        self.end
    }
}
