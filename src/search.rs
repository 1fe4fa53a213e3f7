//! Finding things again, as it crosses the wire.

use crate::chat::Author;
use crate::ids::{AgentId, ConversationId, ProjectId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HitKind {
    /// A conversation, by its title.
    Conversation,
    /// A project, by its name or description.
    Project,
    /// An agent, by its name or description.
    Agent,
    /// A message, by what it says.
    Message,
}

impl HitKind {
    /// In the order of results: what was called so before what only says so.
    pub const ALL: [Self; 4] = [Self::Conversation, Self::Project, Self::Agent, Self::Message];

    /// As sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Project => "project",
            Self::Agent => "agent",
            Self::Message => "message",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// A part of a text. It is plain text, whatever it looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The part.
    pub text: String,
    /// Whether it is what was looked for.
    pub is_hit: bool,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// Which.
    pub id: Uuid,
    /// What it is called; of a message, what its conversation is called.
    pub title: Vec<Piece>,
    /// What it says around the first place that was looked for.
    pub snippet: Vec<Piece>,
    /// The conversation that it is or stands in.
    pub conversation: Option<ConversationId>,
    /// The project that it is or belongs to.
    pub project: Option<ProjectId>,
    /// The agent that it is, or that answers there.
    pub agent: Option<AgentId>,
    /// Whose turn, of a message.
    pub author: Option<Author>,
    /// When it was said, or changed last: microseconds since 1970.
    pub at: i64,
}
