//! The adapters against a scripted provider on loopback: one file a protocol, `mishaps` for what they share.

mod anthropic;
mod embedding;
mod fake;
mod gemini;
mod mishaps;
mod mishaps_in_streams;
mod n8n;
mod ollama;
mod openai;
mod pictures;
mod refusals;

use std::time::Duration;

use futures::StreamExt;

use super::{Adapter, Client, Endpoint, Event, Limits, ProviderError, Request, Role, Turn};
use fake::Provider;

/// Nothing like a real one, so that it is found wherever it leaks.
const KEY: &str = "sk-verysecret-0123456789";

/// Limits small enough to be reached by what a test sends, and long enough for a busy machine.
fn quick() -> Limits {
    Limits { pause: Duration::from_millis(5), event_bytes: 64 << 10, reply_bytes: 256 << 10, ..Limits::default() }
}

/// For tests that wait until the provider has taken too long.
fn impatient() -> Limits {
    Limits {
        first_byte: Duration::from_millis(1500),
        first_byte_loading: Duration::from_millis(1500),
        silence: Duration::from_millis(500),
        ..quick()
    }
}

/// The four protocols that go over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    OpenAi,
    Ollama,
    Gemini,
    Anthropic,
}

impl Protocol {
    const ALL: [Self; 4] = [Self::OpenAi, Self::Ollama, Self::Gemini, Self::Anthropic];

    fn at(self, base_url: &str) -> Adapter {
        self.with(base_url, Some(KEY), quick())
    }

    fn with(self, base_url: &str, key: Option<&str>, limits: Limits) -> Adapter {
        let client = Client::new(limits).unwrap();
        let base_url = if self == Self::OpenAi { format!("{base_url}/v1") } else { base_url.to_owned() };
        let endpoint = Endpoint { base_url, key: key.map(Into::into) };
        match self {
            Self::OpenAi => Adapter::OpenAi(super::openai::OpenAi::new(client, endpoint)),
            Self::Ollama => Adapter::Ollama(super::ollama::Ollama::new(client, endpoint)),
            Self::Gemini => Adapter::Gemini(super::gemini::Gemini::new(client, endpoint)),
            Self::Anthropic => Adapter::Anthropic(super::anthropic::Anthropic::new(client, endpoint)),
        }
    }

    /// One object that says `text`, as it goes over the wire.
    fn piece(self, text: &str) -> String {
        let text = serde_json::Value::from(text);
        match self {
            Self::OpenAi => {
                format!("data: {{\"choices\":[{{\"delta\":{{\"content\":{text}}}}}]}}\n\n")
            }
            Self::Ollama => format!("{{\"message\":{{\"content\":{text}}},\"done\":false}}\n"),
            Self::Gemini => {
                format!("data: {{\"candidates\":[{{\"content\":{{\"parts\":[{{\"text\":{text}}}]}}}}]}}\r\n\r\n")
            }
            Self::Anthropic => format!(
                "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"delta\":{{\"type\":\"text_delta\",\"text\":{text}}}}}\n\n"
            ),
        }
    }

    /// What ends an answer that the model finished.
    fn finish(self) -> &'static str {
        match self {
            Self::OpenAi => "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
            Self::Ollama => "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}\n",
            Self::Gemini => "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\r\n\r\n",
            Self::Anthropic => {
                "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
            }
        }
    }

    /// A whole answer.
    fn answer(self, text: &str) -> String {
        self.piece(text) + self.finish()
    }
}

fn question() -> Request {
    Request {
        model: "test-model".to_owned(),
        system: Some("Be brief.".to_owned()),
        turns: vec![Turn::said(Role::User, "Hello?")],
        resume: false,
        temperature: None,
        max_tokens: None,
    }
}

/// The same, half answered.
fn resumed() -> Request {
    let mut request = question();
    request.turns.push(Turn::said(Role::Assistant, "Hello, how"));
    request.resume = true;
    request
}

/// All events, and the error if one ended them.
async fn all(adapter: &Adapter, request: Request) -> (Vec<Event>, Option<ProviderError>) {
    let mut stream = adapter.stream(request);
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(stream.next().await.is_none(), "a stream ends with its error");
                let (shown, inside) = (error.to_string(), format!("{error:?}"));
                assert!(!shown.contains(KEY) && !inside.contains(KEY), "the key leaked: {inside}");
                return (events, Some(error));
            }
        }
    }
    (events, None)
}

/// The text of an answer that must be complete.
async fn text(adapter: &Adapter, request: Request) -> String {
    let (events, error) = all(adapter, request).await;
    assert_eq!(error, None, "after {events:?}");
    assert!(matches!(events.last(), Some(Event::End(_))), "{events:?}");
    events.iter().filter_map(|it| if let Event::Text(text) = it { Some(text.as_str()) } else { None }).collect()
}

/// The error of an answer that must fail.
async fn error(adapter: &Adapter, request: Request) -> ProviderError {
    let (events, error) = all(adapter, request).await;
    error.unwrap_or_else(|| panic!("no error after {events:?}"))
}
