//! Conversations as they cross the wire.

use crate::attachments::Attachment;
use crate::catalogue::Provider;
use crate::feedback::Feedback;
use crate::ids::{AgentId, ConversationId, MessageId, RunId};
use serde::{Deserialize, Serialize};

/// The longest message, in bytes. A megabyte pasted by accident is refused with its size, not cut.
pub const MESSAGE_MAX: usize = 256 * 1024;
/// The longest title, in characters.
pub const TITLE_MAX: usize = 120;
/// What a conversation is called before its first exchange.
pub const UNTITLED: &str = "New conversation";

/// Whose turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Author {
    /// The person.
    User,
    /// The agent.
    Assistant,
}

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageStatus {
    /// As it should be.
    Complete,
    /// Being written.
    Streaming,
    /// Ended by a person.
    Stopped,
    /// Ended by an error, which is kept with it.
    Failed,
    /// The server went away in the middle.
    Interrupted,
}

impl MessageStatus {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Streaming => "streaming",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Complete, Self::Streaming, Self::Stopped, Self::Failed, Self::Interrupted]
            .into_iter()
            .find(|it| it.as_str() == text)
    }

    /// Whether the answer can be gone on with.
    #[must_use]
    pub fn can_continue(self) -> bool {
        matches!(self, Self::Stopped | Self::Failed | Self::Interrupted)
    }
}

/// Text as finished HTML blocks and an open end that may still change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered {
    /// Sanitised; block `n` never changes once it is here.
    pub blocks: Vec<String>,
    /// Sanitised; replaced by whatever comes next.
    pub tail: String,
}

/// One message on the visible branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageView {
    /// Which.
    pub id: MessageId,
    /// The message before it.
    pub parent_id: Option<MessageId>,
    /// Whose turn.
    pub author: Author,
    /// As typed or as the model wrote it: what Copy copies and Edit edits.
    pub text: String,
    /// What the model thought aloud.
    pub reasoning: String,
    /// As shown. People's turns stay plain text and have no blocks.
    pub rendered: Rendered,
    /// How far it is.
    pub status: MessageStatus,
    /// The run that writes it, while one does.
    pub run: Option<RunRef>,
    /// Whether the answer can be gone on with where it stopped.
    pub can_continue: bool,
    /// Why it failed.
    pub error: Option<String>,
    /// `(n, of)` among the alternatives at this place, from 1.
    pub position: (u32, u32),
    /// The alternatives before and after.
    pub previous_sibling: Option<MessageId>,
    /// See `previous_sibling`.
    pub next_sibling: Option<MessageId>,
    /// Who answered.
    pub model: Option<String>,
    /// Tokens of the answer.
    pub completion_tokens: Option<i64>,
    /// Tokens of the prompt.
    pub prompt_tokens: Option<i64>,
    /// Whether the tokens were counted here, not by the provider.
    pub tokens_estimated: bool,
    /// Micro-dollars.
    pub cost: Option<i64>,
    /// Microseconds from question to end.
    pub latency: Option<i64>,
    /// The reader has marked it.
    pub is_favourite: bool,
    /// Files that came with it.
    pub attachments: Vec<Attachment>,
    /// What the reader thinks of it.
    pub feedback: Option<Feedback>,
    /// Something the reader should know: turns left out, an answer cut by its limit.
    pub notes: Vec<String>,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// A run to attach to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRef {
    /// Which.
    pub id: RunId,
    /// The position in the run's log up to which the message was rendered.
    pub seq: u64,
}

/// The visible branch of a conversation, or the newest part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// Which.
    pub id: ConversationId,
    /// As in the list.
    pub title: String,
    /// Who answers next.
    pub agent_id: Option<AgentId>,
    /// What it has otherwise than its agent.
    pub settings: ConversationSettings,
    /// Oldest first.
    pub messages: Vec<MessageView>,
    /// There are older ones than the first of `messages`.
    pub has_older: bool,
    /// The reader has marked it.
    pub is_favourite: bool,
}

/// What a conversation has otherwise than the agent that answers in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ConversationSettings {
    /// A model, and whose: it counts with agents of that provider.
    pub model: Option<(Provider, String)>,
    /// 0.0 to 2.0.
    pub temperature: Option<f64>,
}

impl ConversationSettings {
    /// The model that counts with an agent of `provider`.
    #[must_use]
    pub fn model_of(&self, provider: Provider) -> Option<&str> {
        self.model.as_ref().filter(|it| it.0 == provider).map(|it| it.1.as_str())
    }
}

/// The settings of a conversation as typed. What is left out stays, what is empty becomes the agent's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsForm {
    /// See [`Thread::agent_id`].
    pub agent: Option<AgentId>,
    /// See [`ConversationSettings::model`].
    pub model: Option<String>,
    /// See [`ConversationSettings::temperature`].
    pub temperature: Option<String>,
}

/// A conversation in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationItem {
    /// Which.
    pub id: ConversationId,
    /// As shown.
    pub title: String,
    /// Microseconds since 1970; lists are sorted by it, newest first.
    pub updated_at: i64,
}

/// One page of conversations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationPage {
    /// Newest first.
    pub items: Vec<ConversationItem>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// What a browser hears while an answer is written. The event's id is the position in the run's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveEvent {
    /// Nothing to show yet, and why.
    Status {
        /// For people.
        message: String,
    },
    /// The answer grew.
    Delta {
        /// The index of the first of `blocks`.
        first: usize,
        /// Finished blocks.
        blocks: Vec<String>,
        /// The open end.
        tail: String,
    },
    /// The answer grew, for listeners that want it as it is.
    Text {
        /// To append.
        text: String,
    },
    /// The model thought aloud.
    Reasoning {
        /// To append.
        text: String,
    },
    /// The run is over; this is what was stored.
    End {
        /// As a reload would show it.
        message: Box<MessageView>,
        /// The conversation's title, which the first exchange may have made.
        title: String,
    },
}
