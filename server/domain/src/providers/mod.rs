//! Language models: one request type in, one stream of events out, whoever answers.
//!
//! An adapter per wire protocol turns a [`Request`] into a [`stream`](Adapter::stream) of [`Event`]s. Everything that
//! goes wrong is a [`ProviderError`] whose text a person can act on. Adapters know nothing of conversations, runs or
//! the database; prices and accounting live in `usage`.

pub mod anthropic;
mod embedding;
mod failure;
pub mod gemini;
mod http;
mod link;
pub mod local;
pub mod n8n;
pub mod ollama;
pub mod openai;
mod outside;
mod refusal;
mod replies;
#[cfg(test)]
mod tests;
mod turns;
mod wire;

pub use embedding::{Embedded, Use};
pub use failure::{ProviderError, Wait};
pub(crate) use http::innermost;
pub use http::{Client, Limits};
pub(crate) use outside::{NotPublic, must_be_public};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use secrecy::SecretString;
use std::fmt;
use std::sync::Arc;

/// Who says a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The person who asks.
    User,
    /// The model.
    Assistant,
}

/// One turn of the dialogue, oldest first in [`Request::turns`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Whose turn.
    pub role: Role,
    /// What was said, as plain text.
    pub text: String,
    /// What was shown, for models that see; adapters whose protocol has no pictures leave them out.
    pub pictures: Vec<Picture>,
}

impl Turn {
    /// A turn of words alone.
    pub fn said(role: Role, text: impl Into<String>) -> Self {
        Self { role, text: text.into(), pictures: Vec::new() }
    }

    fn is_blank(&self) -> bool {
        self.text.trim().is_empty() && self.pictures.is_empty()
    }
}

/// A picture as protocols carry it.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// `image/png`, `image/jpeg`, `image/webp` or `image/gif`.
    pub media_type: String,
    /// The file in base64, shared by whoever copies the request.
    pub base64: Arc<str>,
}

impl Picture {
    /// A file that is that.
    #[must_use]
    pub fn new(media_type: impl Into<String>, file: &[u8]) -> Self {
        Self { media_type: media_type.into(), base64: STANDARD.encode(file).into() }
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}, {} bytes)", self.media_type, self.base64.len())
    }
}

/// What to ask of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The model's id, as [`Adapter::models`] lists it.
    pub model: String,
    /// Instructions that stand before the dialogue.
    pub system: Option<String>,
    /// Ends with a user's turn, unless `resume` is set: then with the assistant's unfinished one.
    pub turns: Vec<Turn>,
    /// Go on with the last turn (the assistant's) where it stopped. Adapters whose protocol cannot continue a turn
    /// ask for it in words ([`RESUME_PROMPT`]).
    pub resume: bool,
    /// 0.0 to 2.0; adapters clamp to what their protocol allows. `None` sends nothing.
    pub temperature: Option<f64>,
    /// Upper bound for the answer, in the model's tokens.
    pub max_tokens: Option<u32>,
}

/// The words that make a model continue when its protocol has no way to.
pub const RESUME_PROMPT: &str = "Your last answer was cut off. Continue exactly where it stopped, without repeating any of it and without any preamble.";

/// What a provider says while it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Something worth showing while there is no text yet: the place in a queue, a model being loaded.
    Status(Status),
    /// Thinking aloud, shown apart from the answer.
    Reasoning(String),
    /// A piece of the answer. Never empty, always whole characters.
    Text(String),
    /// The dialogue was longer than the model reads: so many of its oldest turns were left out.
    LeftOut {
        /// How many.
        turns: usize,
    },
    /// Tokens, as the provider counted them. May come more than once; the last one holds.
    Usage {
        /// Tokens read: instructions and dialogue, cached ones included.
        prompt_tokens: u64,
        /// Tokens written, reasoning included where the provider counts it.
        completion_tokens: u64,
    },
    /// The answer is complete. Always the last event of a stream that succeeded; a stream that ends without it was cut.
    End(EndReason),
}

/// Why there is no text yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// So many others are answered first.
    Queued {
        /// Those who wait and the one being answered; 0 is our turn.
        ahead: usize,
    },
    /// The model's weights are being read.
    Loading,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The model was finished.
    Stop,
    /// The token limit cut the answer.
    Length,
    /// The provider's filter withheld (the rest of) the answer.
    Filtered,
}

/// A model that a provider offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInfo {
    /// What [`Request::model`] takes.
    pub id: String,
}

/// An answer as it arrives. Ends with [`Event::End`] or with one error.
pub type EventStream = BoxStream<'static, Result<Event, ProviderError>>;

/// An answer that is there already, as a model would say it; it costs nothing.
pub(crate) fn said_whole(text: String) -> EventStream {
    let usage = Event::Usage { prompt_tokens: 0, completion_tokens: 0 };
    futures::stream::iter([Event::Text(text), usage, Event::End(EndReason::Stop)].map(Ok)).boxed()
}

/// How to reach one provider.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Without a trailing slash; for OpenAI-compatible servers up to and including `/v1`.
    pub base_url: String,
    /// Sent in a header, never in an address; blank ones count as none.
    pub key: Option<SecretString>,
}

/// One protocol towards one endpoint.
#[derive(Debug, Clone)]
pub enum Adapter {
    /// OpenAI and all who speak like it.
    OpenAi(openai::OpenAi),
    /// Ollama's own protocol.
    Ollama(ollama::Ollama),
    /// Google's.
    Gemini(gemini::Gemini),
    /// Anthropic's Messages.
    Anthropic(anthropic::Anthropic),
    /// The model in this process.
    Local(local::Local),
    /// Workflows behind webhooks.
    N8n(n8n::N8n),
}

impl Adapter {
    /// Ask, and listen; on whose account says [`Call::ask`](crate::usage::Call), which alone calls this. Nothing is sent before the stream is polled; dropping it ends the call.
    pub fn stream(&self, request: Request) -> EventStream {
        match self {
            Self::OpenAi(it) => it.stream(request),
            Self::Ollama(it) => it.stream(request),
            Self::Gemini(it) => it.stream(request),
            Self::Anthropic(it) => it.stream(request),
            Self::Local(it) => it.stream(request),
            Self::N8n(it) => it.stream(request),
        }
    }

    /// Vectors of texts; on whose account says [`Call::embed`](crate::usage::Call), which alone calls this.
    ///
    /// # Errors
    /// When the provider cannot be reached or refuses, or makes none.
    pub(crate) async fn embed(&self, model: &str, texts: &[String], made_for: Use) -> Result<Embedded, ProviderError> {
        match self {
            Self::OpenAi(it) => embedding::openai(it.link(), model, texts).await,
            Self::Ollama(it) => embedding::ollama(it.link(), model, texts).await,
            Self::Gemini(it) => embedding::gemini(it.link(), model, texts, made_for).await,
            Self::Anthropic(_) | Self::Local(_) | Self::N8n(_) => Err(ProviderError::protocol("it makes no vectors")),
        }
    }

    /// What the provider really offers, sorted by id.
    ///
    /// # Errors
    /// When the provider cannot be reached or refuses.
    pub async fn models(&self) -> Result<Vec<ModelInfo>, ProviderError> {
        match self {
            Self::OpenAi(it) => it.models().await,
            Self::Ollama(it) => it.models().await,
            Self::Gemini(it) => it.models().await,
            Self::Anthropic(it) => it.models().await,
            Self::Local(it) => it.models().await,
            Self::N8n(it) => it.models().await,
        }
    }
}
