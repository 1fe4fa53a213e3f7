//! Guests' chats: which key is whose, and which conversation it opens.

use super::Guests;
use crate::chat::{NewConversation, Sent, Target};
use crate::error::{Error, Result};
use crate::ports::{DAY, Micros};
use crate::seal::digest;
use crate::store::args;
use atrium::ids::{AgentId, ConversationId};
use atrium::people::Viewer;
use uuid::Uuid;

/// Characters of a key.
const KEY_MAX: usize = 40;
/// Chats that are listed for one visitor.
const LISTED: i64 = 200;

/// Whoever began a chat, by what their cookie holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor(Vec<u8>);

impl Visitor {
    /// Of a cookie's value.
    #[must_use]
    pub fn of(cookie: &str) -> Self {
        Self(digest(cookie))
    }

    /// A name for them, of no use to come in with.
    #[must_use]
    pub fn name(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(&self.0).for_each(|(to, from)| *to = *from);
        Uuid::from_bytes(bytes)
    }
}

/// A chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestChat {
    /// What opens it.
    pub key: String,
    /// Where it is kept, once something was said.
    pub conversation: Option<ConversationId>,
    /// The one that its guest is at.
    pub is_active: bool,
    /// Put away by its guest.
    pub is_archived: bool,
    /// Microseconds since 1970.
    pub created_at: Micros,
    /// Microseconds since 1970.
    pub updated_at: Micros,
}

#[derive(sqlx::FromRow)]
struct Row {
    sealed_key: String,
    conversation_id: Option<Uuid>,
    is_active: bool,
    is_archived: bool,
    created_at: i64,
    updated_at: i64,
}

impl Row {
    fn with(self, key: String) -> GuestChat {
        GuestChat {
            key,
            conversation: self.conversation_id.map(Into::into),
            is_active: self.is_active,
            is_archived: self.is_archived,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

impl Guests {
    /// A key that nobody can guess.
    #[must_use]
    pub fn new_key(&self) -> String {
        let mut random = [0; 16];
        random.iter_mut().zip(self.ports.secret()).for_each(|(to, from)| *to = from);
        uuid::Builder::from_random_bytes(random).into_uuid().to_string()
    }

    /// The chat that a key opens. A conversation that was deleted is none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find(&self, key: &str) -> Result<Option<GuestChat>> {
        let row: Option<Row> = self
            .store
            .as_system("whoever has the key may read")
            .optional(
                "SELECT g.sealed_key, c.id AS conversation_id, g.is_active, g.is_archived, g.created_at, g.updated_at
                 FROM guest_chats g LEFT JOIN conversations c ON c.id = g.conversation_id AND c.deleted_at IS NULL WHERE g.key_hash = $1",
                args![digest(key)],
            )
            .await?;
        Ok(row.map(|it| it.with(key.to_owned())))
    }

    /// Those that a visitor began, the newest first. One whose key cannot be opened with this server's secret is left out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn history(&self, visitor: &Visitor) -> Result<Vec<GuestChat>> {
        let rows: Vec<Row> = self
            .store
            .as_system("a visitor's own chats")
            .all(
                "SELECT g.sealed_key, c.id AS conversation_id, g.is_active, g.is_archived, g.created_at, g.updated_at
                 FROM guest_chats g LEFT JOIN conversations c ON c.id = g.conversation_id AND c.deleted_at IS NULL
                 WHERE g.visitor_hash = $1 ORDER BY g.created_at DESC LIMIT $2",
                args![visitor.0.clone(), LISTED],
            )
            .await?;
        let open = |row: Row| self.settings.seal().open(&row.sealed_key).map(|key| row.with(key));
        Ok(rows.into_iter().filter_map(open).collect())
    }

    /// The chat of `key`, begun by `visitor` if there is none.
    ///
    /// # Errors
    /// When the key is too long.
    pub async fn open(&self, key: &str, visitor: &Visitor) -> Result<GuestChat> {
        if key.is_empty() || key.chars().count() > KEY_MAX {
            return Err(Error::field(
                "session_key",
                format!("Ensure this field has no more than {KEY_MAX} characters."),
            ));
        }
        if let Some(chat) = self.find(key).await? {
            return Ok(chat);
        }
        self.store
            .as_system("a chat that does not exist yet")
            .execute(
                "INSERT INTO guest_chats (key_hash, sealed_key, visitor_hash, is_active, is_archived, created_at, updated_at)
                 VALUES ($1, $2, $3, TRUE, FALSE, $4, $4) ON CONFLICT DO NOTHING",
                args![digest(key), self.settings.seal().seal(key)?, visitor.0.clone(), self.ports.now()],
            )
            .await?;
        self.find(key).await?.ok_or(Error::NotFound("session"))
    }

    /// Begins another chat; the one of `old` stays, but is not the one that its guest is at any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn renew(&self, old: Option<&str>, visitor: &Visitor) -> Result<GuestChat> {
        self.may_come()?;
        if let Some(old) = old {
            self.store
                .as_system("whoever has the key may end it")
                .execute("UPDATE guest_chats SET is_active = FALSE WHERE key_hash = $1", args![digest(old)])
                .await?;
        }
        self.open(&self.new_key(), visitor).await
    }

    /// Puts a chat away, or brings it back.
    ///
    /// # Errors
    /// [`Error::NotFound`] when no chat has that key.
    pub async fn archive(&self, key: &str, is_archived: bool) -> Result<()> {
        let changed = self
            .store
            .as_system("whoever has the key may put it away")
            .execute("UPDATE guest_chats SET is_archived = $2 WHERE key_hash = $1", args![digest(key), is_archived])
            .await?;
        if changed == 0 { Err(Error::NotFound("session")) } else { Ok(()) }
    }

    /// Throws away chats that were begun and never used.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep(&self) -> Result<()> {
        self.store
            .as_system("housekeeping")
            .execute(
                "DELETE FROM guest_chats WHERE conversation_id IS NULL AND updated_at < $1",
                args![self.ports.now() - DAY],
            )
            .await?;
        Ok(())
    }

    /// Takes a message and starts its answer, as everybody's is.
    ///
    /// # Errors
    /// With what to change; when the answer before is still being written.
    pub async fn send(&self, viewer: &Viewer, chat: &GuestChat, text: &str) -> Result<Sent> {
        let agent = self.agent(viewer).await?;
        let conversation = match chat.conversation {
            Some(id) => id,
            None => self.conversation(viewer, chat, agent.id).await?,
        };
        let sent = self.chat.send(viewer, Target::End(conversation), Some(agent.id), text).await?;
        self.store
            .as_viewer(viewer)
            .execute(
                "UPDATE guest_chats SET is_active = TRUE, updated_at = $2 WHERE key_hash = $1",
                args![digest(&chat.key), self.ports.now()],
            )
            .await?;
        Ok(sent)
    }

    /// Of two first messages at once both go into one conversation.
    async fn conversation(&self, viewer: &Viewer, chat: &GuestChat, agent: AgentId) -> Result<ConversationId> {
        let new = NewConversation { agent: Some(agent), ..NewConversation::default() };
        let made = self.chat.create(viewer, new).await?.id;
        let claimed = self
            .store
            .as_viewer(viewer)
            .execute(
                "UPDATE guest_chats SET conversation_id = $2 WHERE key_hash = $1 AND (conversation_id IS NULL
                    OR conversation_id IN (SELECT id FROM conversations WHERE deleted_at IS NOT NULL))",
                args![digest(&chat.key), made],
            )
            .await?;
        if claimed > 0 {
            return Ok(made);
        }
        self.chat.delete(viewer, made).await?;
        self.find(&chat.key).await?.and_then(|it| it.conversation).ok_or(Error::NotFound("session"))
    }
}
