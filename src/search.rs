//! Finding things again, as it crosses the wire.

use crate::chat::Author;
use crate::ids::{AgentId, BaseId, ConversationId, ProjectId};
use crate::knowledge::Place;
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
    /// A document of a knowledge base, by what it is called or says.
    Document,
    /// A message, by what it says.
    Message,
}

impl HitKind {
    /// In the order of results: what was called so before what only says so.
    pub const ALL: [Self; 5] = [Self::Conversation, Self::Project, Self::Agent, Self::Document, Self::Message];

    /// As sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Project => "project",
            Self::Agent => "agent",
            Self::Document => "document",
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

/// Where a document that was found stands, and where in it what was looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    /// The base that it is in,
    pub base: BaseId,
    /// and what that is called.
    pub base_name: String,
    /// The document's file name, or its path in a repository.
    pub name: String,
    /// The version that is searched, and the passage in it that meets the question best; none when only its name does.
    pub passage: Option<(i64, Place)>,
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
    /// Where, of a document.
    pub shelf: Option<Shelf>,
    /// When it was said, or changed last: microseconds since 1970.
    pub at: i64,
}
