//! What can go wrong between us and a model, in words a person can act on.
//!
//! Each [`ProviderError`] says what happened and what to do about it. Telling one from the other by a reply's status
//! and body is `refusal`'s work.

use atrium::people::Viewer;
use std::time::Duration;

/// Longest piece of a provider's own words that an error repeats, in characters.
const QUOTE: usize = 300;

/// Why there is no answer, or only a part of one. Holds no secret: keys are taken out before an error is made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The base URL is not one we would call.
    #[error("The provider's address “{address}” cannot be used: {reason}. Correct its base URL.")]
    AddressInvalid {
        /// As it was configured, without user name and password.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The key holds characters that no HTTP header may carry.
    #[error("The provider's API key holds characters that cannot be sent, such as a line break. Enter the key again.")]
    KeyMalformed,
    /// No connection: refused, no such name, certificate not trusted.
    #[error("Could not connect to {host}: {reason}. Check that the server is running and that the base URL is right.")]
    Unreachable {
        /// Host and, unless it is the scheme's own, port.
        host: String,
        /// The innermost cause.
        reason: String,
    },
    /// It took too long.
    #[error("{host} {wait} within {} s. Try again; if it stays so, look at the provider's load and the network.", seconds(.after))]
    Timeout {
        /// Host and, unless it is the scheme's own, port.
        host: String,
        /// What was waited for.
        wait: Wait,
        /// How long.
        after: Duration,
    },
    /// 401 and 403, or the words that mean the same.
    #[error("The provider did not accept the API key. Check the key and what it is allowed to do.{}", said(.message))]
    Unauthorised {
        /// The provider's own words.
        message: Option<String>,
    },
    /// The account is out of credit; waiting does not help.
    #[error("The provider's account has no credit or quota left. Top it up, or choose another model.{}", said(.message))]
    QuotaExhausted {
        /// The provider's own words.
        message: Option<String>,
    },
    /// 429.
    #[error("The provider is receiving too many requests. {}{}", come_back(.retry_after), said(.message))]
    RateLimited {
        /// When the provider wants to be asked again, if it said so.
        retry_after: Option<Duration>,
        /// The provider's own words.
        message: Option<String>,
    },
    /// A 4xx that is none of the others.
    #[error("The provider refused the request{}. Check the model and its settings.{}", http(.status), said(.message))]
    Refused {
        /// HTTP status; `None` when the refusal came inside a stream.
        status: Option<u16>,
        /// The provider's own words.
        message: Option<String>,
    },
    /// The provider is there, the model is not.
    #[error("The provider has no model “{model}”. Choose one that it offers.{}", said(.message))]
    ModelNotFound {
        /// As asked for.
        model: String,
        /// The provider's own words.
        message: Option<String>,
    },
    /// 5xx, or an overload reported inside a stream.
    #[error("The provider is having trouble{}. Try again in a moment.{}", http(.status), said(.message))]
    Unavailable {
        /// HTTP status; `None` when the report came inside a stream.
        status: Option<u16>,
        /// The provider's own words.
        message: Option<String>,
    },
    /// What came back is not the protocol: an HTML page, broken JSON, bytes that are not UTF-8, nothing.
    #[error("The provider's reply could not be understood: {problem}. Check the base URL and the kind of provider.")]
    Protocol {
        /// What was wrong with the reply.
        problem: String,
    },
    /// The connection closed before the answer was complete.
    #[error("The connection to the provider closed before the answer was complete. Continue the answer, or try again.")]
    Cut,
    /// More than the model reads at once.
    #[error("The conversation is longer than the model can read. Start a new one, or choose a model with a larger context.{}", said(.message))]
    ContextTooLong {
        /// The provider's own words.
        message: Option<String>,
    },
    /// The weights of the model in this process are not on the disk.
    #[error(
        "The local model is not installed: {path} is missing. Run `make models` on the server, or choose another model."
    )]
    LocalModelMissing {
        /// Where it was looked for.
        path: String,
    },
    /// The model in this process could not answer.
    #[error("The local model could not answer: {reason}. Try again; if it stays so, see the server's log.")]
    LocalModelFailed {
        /// In the words of the inference crate.
        reason: String,
    },
    /// One of the others, as those hear of it who do not run this server.
    #[error("{message}")]
    Withheld {
        /// The other one's.
        code: &'static str,
        /// Without the place where it happened.
        message: String,
    },
    /// The HTTP client itself could not be made.
    #[error("This server cannot make connections: {reason}. See the server's log.")]
    NoClient {
        /// In the words of the HTTP crate.
        reason: String,
    },
}

/// What a [`ProviderError::Timeout`] waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// A connection.
    Connection,
    /// The first byte of the reply.
    FirstByte,
    /// The next byte of a reply that had begun.
    NextByte,
}

impl std::fmt::Display for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connection => "could not be reached",
            Self::FirstByte => "took the question but did not begin to answer",
            Self::NextByte => "fell silent in the middle of its answer and did not go on",
        })
    }
}

impl ProviderError {
    /// The stable word for this failure, for the REST API, the logs and the tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AddressInvalid { .. } => "provider_address_invalid",
            Self::KeyMalformed => "provider_key_malformed",
            Self::Unreachable { .. } => "provider_unreachable",
            Self::Timeout { .. } => "provider_timeout",
            Self::Unauthorised { .. } => "provider_unauthorised",
            Self::QuotaExhausted { .. } => "provider_quota_exhausted",
            Self::RateLimited { .. } => "provider_rate_limited",
            Self::Refused { .. } => "provider_refused",
            Self::ModelNotFound { .. } => "model_not_found",
            Self::Unavailable { .. } => "provider_unavailable",
            Self::Protocol { .. } => "provider_protocol",
            Self::Cut => "provider_cut",
            Self::ContextTooLong { .. } => "context_too_long",
            Self::LocalModelMissing { .. } => "local_model_missing",
            Self::LocalModelFailed { .. } => "local_model_failed",
            Self::Withheld { code, .. } => code,
            Self::NoClient { .. } => "provider_client",
        }
    }

    /// Whether the same request may well succeed a little later, with nothing changed.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Timeout { .. }
                | Self::RateLimited { .. }
                | Self::Unavailable { .. }
                | Self::Cut
        )
    }

    /// This failure for `viewer`: hosts and paths inside are for those alone who run the server. For everybody else they
    /// are in the log.
    #[must_use]
    pub fn told_to(self, viewer: &Viewer) -> Self {
        if viewer.can_administer_server() { self } else { self.told() }
    }

    /// The same for whoever may read it.
    #[must_use]
    pub fn told(self) -> Self {
        let code = self.code();
        let message = match &self {
            Self::AddressInvalid { .. } => {
                "The provider is not set up as it should be. Tell an administrator.".to_owned()
            }
            Self::Unreachable { .. } => {
                "Could not connect to the provider. Try again in a moment; if it stays so, tell an administrator."
                    .to_owned()
            }
            Self::Timeout { wait, after, .. } => format!(
                "The provider {wait} within {} s. Try again; if it stays so, tell an administrator.",
                seconds(after)
            ),
            Self::LocalModelMissing { .. } => {
                "The local model is not installed. Choose another model, or ask an administrator to install it."
                    .to_owned()
            }
            _ => return self,
        };
        tracing::warn!(code, "a provider failed: {self}");
        Self::Withheld { code, message }
    }

    /// A reply that is not the protocol.
    pub(super) fn protocol(problem: impl Into<String>) -> Self {
        Self::Protocol { problem: problem.into() }
    }
}

/// `text` on one line, no longer than an error may quote.
pub(super) fn clip(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > 4 * QUOTE {
            break;
        }
    }
    if line.chars().count() > QUOTE {
        line = line.chars().take(QUOTE - 1).collect();
        line.push('…');
    }
    line
}

fn said(message: &Option<String>) -> String {
    message.as_ref().map(|it| format!(" It said: “{it}”")).unwrap_or_default()
}

fn http(status: &Option<u16>) -> String {
    status.map(|it| format!(" (HTTP {it})")).unwrap_or_default()
}

fn come_back(after: &Option<Duration>) -> String {
    match after {
        Some(after) => format!("Try again in {} s.", seconds(after)),
        None => "Try again in a moment.".to_owned(),
    }
}

/// Whole seconds, rounded up; parts of a second as they are.
fn seconds(time: &Duration) -> String {
    if time.as_secs() == 0 { time.as_secs_f32().to_string() } else { time.as_secs_f32().ceil().to_string() }
}
