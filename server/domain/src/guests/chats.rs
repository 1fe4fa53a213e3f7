//! Guests' chats: which key is whose, and which conversation it opens.

use super::Guests;
use super::turns::Turn;
use crate::chat::{NewConversation, Sent, Target};
use crate::error::{Error, Result};
use crate::limits;
use crate::ports::{DAY, Micros};
use crate::seal::digest;
use crate::store::args;
use atrium::ids::{AgentId, ConversationId};
use atrium::people::Viewer;
use std::time::Duration;
use uuid::Uuid;

/// How long an answer counts as being written, at most.
const PATIENCE: Duration = Duration::from_secs(3600);
/// Characters of a key.
const KEY_MAX: usize = 40;
/// A key that nobody guesses has so many characters, and so many different ones. Of a thousand million random UUIDs all but
/// a few have them; for one that has not the rule for weak keys is good enough.
const STRONG_LENGTH: usize = 20;
const STRONG_VARIETY: usize = 8;
/// Chats that are listed for one visitor.
const LISTED: i64 = 200;

/// Whoever comes, by what their cookie holds and where they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    cookie: Vec<u8>,
    network: String,
}

impl Visitor {
    /// Of a cookie's value and an address.
    #[must_use]
    pub fn of(cookie: &str, address: &str) -> Self {
        Self { cookie: digest(cookie), network: limits::network(address) }
    }

    /// A name for them, of no use to come in with.
    #[must_use]
    pub fn name(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(&self.cookie).for_each(|(to, from)| *to = *from);
        Uuid::from_bytes(bytes)
    }

    pub(super) fn network(&self) -> &str {
        &self.network
    }

    /// What a chat is looked up by. Clients make up keys of their own: one that can be guessed ("test", "1") is another
    /// chat's in each network, so that nobody elsewhere opens it by guessing. No strong key looks like the two together.
    fn digest_of(&self, key: &str) -> Vec<u8> {
        if is_strong(key) { digest(key) } else { digest(&format!("\0{}\0{key}", self.network)) }
    }
}

fn is_strong(key: &str) -> bool {
    let mut characters: Vec<char> = key.chars().collect();
    let length = characters.len();
    characters.sort_unstable();
    characters.dedup();
    !key.contains('\0') && length >= STRONG_LENGTH && characters.len() >= STRONG_VARIETY
}

/// A chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestChat {
    id: Vec<u8>,
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
    key_hash: Vec<u8>,
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
            id: self.key_hash,
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

    /// The chat that a key opens for a visitor. A conversation that was deleted is none. Whoever began a chat under a weak
    /// key finds it by their cookie also where they come from elsewhere.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find(&self, key: &str, visitor: &Visitor) -> Result<Option<GuestChat>> {
        let row: Option<Row> = self
            .store
            .as_system("whoever has the key may read")
            .optional(
                "SELECT g.key_hash, g.sealed_key, c.id AS conversation_id, g.is_active, g.is_archived, g.created_at, g.updated_at
                 FROM guest_chats g LEFT JOIN conversations c ON c.id = g.conversation_id AND c.deleted_at IS NULL WHERE g.key_hash = $1",
                args![visitor.digest_of(key)],
            )
            .await?;
        match row {
            Some(row) => Ok(Some(row.with(key.to_owned()))),
            None if is_strong(key) => Ok(None),
            None => Ok(self.history(visitor).await?.into_iter().find(|it| it.key == key)),
        }
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
                "SELECT g.key_hash, g.sealed_key, c.id AS conversation_id, g.is_active, g.is_archived, g.created_at, g.updated_at
                 FROM guest_chats g LEFT JOIN conversations c ON c.id = g.conversation_id AND c.deleted_at IS NULL
                 WHERE g.visitor_hash = $1 ORDER BY g.created_at DESC LIMIT $2",
                args![visitor.cookie.clone(), LISTED],
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
        if let Some(chat) = self.find(key, visitor).await? {
            return Ok(chat);
        }
        self.store
            .as_system("a chat that does not exist yet")
            .execute(
                "INSERT INTO guest_chats (key_hash, sealed_key, visitor_hash, is_active, is_archived, created_at, updated_at)
                 VALUES ($1, $2, $3, TRUE, FALSE, $4, $4) ON CONFLICT DO NOTHING",
                args![
                    visitor.digest_of(key),
                    self.settings.seal().seal(key)?,
                    visitor.cookie.clone(),
                    self.ports.now()
                ],
            )
            .await?;
        self.find(key, visitor).await?.ok_or(Error::NotFound("session"))
    }

    /// Begins another chat; the one of `old` stays, but is not the one that its guest is at any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn renew(&self, old: Option<&str>, visitor: &Visitor) -> Result<GuestChat> {
        self.may_come()?;
        let old = match old {
            Some(key) => self.find(key, visitor).await?,
            None => None,
        };
        if let Some(old) = old {
            self.store
                .as_system("whoever has the key may end it")
                .execute("UPDATE guest_chats SET is_active = FALSE WHERE key_hash = $1", args![old.id])
                .await?;
        }
        self.open(&self.new_key(), visitor).await
    }

    /// Puts a chat away, or brings it back.
    ///
    /// # Errors
    /// [`Error::NotFound`] when no chat has that key.
    pub async fn archive(&self, key: &str, visitor: &Visitor, is_archived: bool) -> Result<()> {
        let chat = self.find(key, visitor).await?.ok_or(Error::NotFound("session"))?;
        self.store
            .as_system("whoever has the key may put it away")
            .execute("UPDATE guest_chats SET is_archived = $2 WHERE key_hash = $1", args![chat.id, is_archived])
            .await?;
        Ok(())
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

    /// Takes a message and starts its answer, as everybody's is. `turn` is given back when that is written, whether anybody
    /// waits for it or not.
    ///
    /// # Errors
    /// With what to change; when the answer before is still being written.
    pub async fn send(&self, viewer: &Viewer, chat: &GuestChat, text: &str, turn: Turn) -> Result<Sent> {
        let agent = self.agent(viewer).await?;
        let conversation = match chat.conversation {
            Some(id) => id,
            None => self.conversation(viewer, chat, agent.id).await?,
        };
        let sent = self.chat.send(viewer, Target::End(conversation), Some(agent.id), text).await?;
        let (all, guest) = (self.chat.clone(), viewer.clone());
        tokio::spawn(async move {
            let _turn = turn;
            if let Err(error) = all.finished(&guest, sent.run, PATIENCE).await {
                tracing::debug!(cause = error.cause(), "the end of a guest's answer was not seen: {error}");
            }
        });
        self.store
            .as_viewer(viewer)
            .execute(
                "UPDATE guest_chats SET is_active = TRUE, updated_at = $2 WHERE key_hash = $1",
                args![chat.id.clone(), self.ports.now()],
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
                args![chat.id.clone(), made],
            )
            .await?;
        if claimed > 0 {
            return Ok(made);
        }
        self.chat.delete(viewer, made).await?;
        let first: Option<(Option<Uuid>,)> = self
            .store
            .as_viewer(viewer)
            .optional("SELECT conversation_id FROM guest_chats WHERE key_hash = $1", args![chat.id.clone()])
            .await?;
        first.and_then(|it| it.0).map(Into::into).ok_or(Error::NotFound("session"))
    }
}

#[cfg(test)]
mod tests {
    use super::is_strong;

    #[test]
    fn keys_that_can_be_guessed_are_told_from_those_that_cannot() {
        for key in ["9b2d7c1e-4f3a-4b6d-8e5f-0a1c2d3e4f5a", "b5x9q2mza0wk4vn8c1tr7ye3ud6hs0pf", "V1StGXR8_Z5jdHi6B-myT"]
        {
            assert!(is_strong(key), "{key}");
        }
        for key in
            ["", "1", "test", "00000000-0000-0000-0000-000000000001", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "0123456789"]
        {
            assert!(!is_strong(key), "{key}");
        }
    }
}
