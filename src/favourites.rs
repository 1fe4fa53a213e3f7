//! What people mark to find it again.

use crate::ids::{AgentId, ConversationId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What can be marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FavouriteKind {
    /// A conversation of one's own.
    Conversation,
    /// Something that was said in one.
    Message,
    /// An agent that one may talk to.
    Agent,
    /// A project that one sees.
    Project,
}

impl FavouriteKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Conversation, Self::Message, Self::Agent, Self::Project];

    /// As sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Message => "message",
            Self::Agent => "agent",
            Self::Project => "project",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// Something that somebody marked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Favourite {
    /// What it is.
    pub kind: FavouriteKind,
    /// Which.
    pub id: Uuid,
    /// Title or name; of a message what it says, at most 2,000 characters of it.
    pub text: String,
    /// The conversation that it is or stands in.
    pub conversation: Option<ConversationId>,
    /// The agent that it is, or that answers there.
    pub agent: Option<AgentId>,
    /// Microseconds since 1970.
    pub since: i64,
}
