//! Conversations that whoever has a link may read.

use crate::chat::Author;
use crate::ids::{ConversationId, ShareId};

/// A link to a conversation; never the link itself, which nobody keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Which.
    pub id: ShareId,
    /// What it opens.
    pub conversation: ConversationId,
    /// What that is called now.
    pub title: String,
    /// Microseconds since 1970: what was said later stays unseen.
    pub created_at: i64,
}

/// A page of what a link opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// As its owner calls it.
    pub title: String,
    /// When the link was made.
    pub created_at: i64,
    /// How many messages there are in all.
    pub count: i64,
    /// Oldest first.
    pub messages: Vec<SharedMessage>,
}

/// What was said, without who said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedMessage {
    /// Whose turn.
    pub author: Author,
    /// A question as it was typed.
    pub text: String,
    /// An answer as HTML, sanitised.
    pub blocks: Vec<String>,
    /// What the files are called that came with it; they are not shared.
    pub files: Vec<String>,
}
