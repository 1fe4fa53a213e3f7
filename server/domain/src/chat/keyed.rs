//! Conversations under keys that clients chose for them, and what clients keep there. Every conversation is also a session
//! under its own id.

use super::Chat;
use crate::agents;
use crate::error::{Error, Result, breaks_unique};
use crate::store::args;
use atrium::chat::UNTITLED;
use atrium::ids::{AgentId, ConversationId};
use atrium::people::Viewer;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Characters of a key.
const KEY_MAX: usize = 200;
/// What a client keeps in a session, in bytes.
const DATA_MAX: usize = 256 * 1024;

/// A conversation as its client knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The client's own key; the conversation's id where it has none.
    pub key: String,
    /// Which.
    pub conversation: ConversationId,
    /// Who answers.
    pub agent: Option<AgentId>,
    /// As shown.
    pub title: String,
    /// What the client keeps there.
    pub data: Map<String, Value>,
    /// Microseconds since 1970.
    pub created_at: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    agent_id: Option<Uuid>,
    title: String,
    created_at: i64,
    session_key: Option<String>,
    data: Option<String>,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        let data = row.data.and_then(|it| serde_json::from_str(&it).ok());
        Self {
            key: row.session_key.unwrap_or_else(|| row.id.to_string()),
            conversation: row.id.into(),
            agent: row.agent_id.map(Into::into),
            title: row.title,
            data: data.unwrap_or_default(),
            created_at: row.created_at,
        }
    }
}

fn exists() -> Error {
    Error::Conflict { code: "session_exists", message: "Session already exists".to_owned() }
}

impl Chat {
    /// A conversation with `agent` under the client's key, or under its own id.
    ///
    /// # Errors
    /// When the viewer has one under that key, or may not talk to the agent.
    pub async fn open_session(&self, viewer: &Viewer, key: Option<&str>, agent: AgentId) -> Result<Session> {
        let scope = self.store.as_viewer(viewer);
        let agent = agents::usable(scope, agent).await?;
        let id: ConversationId = self.ports.id();
        let key = match key.map(str::trim).filter(|it| !it.is_empty()) {
            Some(key) if key.chars().count() > KEY_MAX => {
                return Err(Error::field("session_key", format!("Use at most {KEY_MAX} characters.")));
            }
            Some(key) => key.to_owned(),
            None => id.to_string(),
        };
        match self.keyed_session(viewer, &key).await {
            Ok(_) => return Err(exists()),
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        let mut tx = scope.begin().await?;
        // One that was deleted gives its key back.
        tx.execute(
            "DELETE FROM session_keys WHERE owner_id = $1 AND session_key = $2 AND conversation_id IN (SELECT id FROM conversations WHERE owner_id = $1 AND deleted_at IS NOT NULL)",
            args![viewer.id, &key],
        )
        .await?;
        tx.execute(
            "INSERT INTO conversations (id, organisation_id, owner_id, agent_id, title, title_folded, title_by, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, 'nobody', $7, $7)",
            args![id, viewer.organisation, viewer.id, agent.id, UNTITLED, UNTITLED.to_lowercase(), self.ports.now()],
        )
        .await?;
        tx.execute(
            "INSERT INTO session_keys (conversation_id, owner_id, session_key, data) VALUES ($1, $2, $3, '{}')",
            args![id, viewer.id, &key],
        )
        .await
        .map_err(|error| {
            let is_taken = breaks_unique(&error, "session_keys_key", "session_keys.owner_id, session_keys.session_key");
            if is_taken { exists() } else { error.into() }
        })?;
        tx.commit().await?;
        self.keyed_session(viewer, &key).await
    }

    /// The session of that key.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the viewer has none.
    pub async fn keyed_session(&self, viewer: &Viewer, key: &str) -> Result<Session> {
        let row: Option<Row> = self
            .store
            .as_viewer(viewer)
            .optional(
                "SELECT c.id, c.agent_id, c.title, c.created_at, s.session_key, s.data
                 FROM conversations c LEFT JOIN session_keys s ON s.conversation_id = c.id
                 WHERE c.owner_id = $1 AND c.deleted_at IS NULL AND (s.session_key = $2 OR c.id = $3)
                 ORDER BY CASE WHEN s.session_key = $2 THEN 0 ELSE 1 END LIMIT 1",
                args![viewer.id, key, key.parse::<Uuid>().ok()],
            )
            .await?;
        Ok(row.ok_or(Error::NotFound("session"))?.into())
    }

    /// The viewer's newest sessions; those with one agent, if one is named.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keyed_sessions(&self, viewer: &Viewer, agent: Option<AgentId>, limit: i64) -> Result<Vec<Session>> {
        let rows: Vec<Row> = self
            .store
            .as_viewer(viewer)
            .all(
                "SELECT c.id, c.agent_id, c.title, c.created_at, s.session_key, s.data
                 FROM conversations c LEFT JOIN session_keys s ON s.conversation_id = c.id
                 WHERE c.owner_id = $1 AND c.deleted_at IS NULL AND ($2 IS NULL OR c.agent_id = $2)
                 ORDER BY c.created_at DESC, c.id DESC LIMIT $3",
                args![viewer.id, agent, limit],
            )
            .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The keys of the sessions that these conversations are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn session_key(&self, viewer: &Viewer, conversation: ConversationId) -> Result<String> {
        let key: Option<(String,)> = self
            .store
            .as_viewer(viewer)
            .optional(
                "SELECT session_key FROM session_keys WHERE conversation_id = $1 AND owner_id = $2",
                args![conversation, viewer.id],
            )
            .await?;
        Ok(key.map_or_else(|| conversation.to_string(), |it| it.0))
    }

    /// Replaces what a client keeps in a session.
    ///
    /// # Errors
    /// When it is too much, or not the viewer's.
    pub async fn keep_in_session(&self, viewer: &Viewer, key: &str, data: &Map<String, Value>) -> Result<Session> {
        let session = self.keyed_session(viewer, key).await?;
        let text = serde_json::to_string(data).map_err(|error| Error::Internal(error.to_string()))?;
        if text.len() > DATA_MAX {
            return Err(Error::field("data", format!("Use at most {} kB.", DATA_MAX / 1024)));
        }
        self.store
            .as_viewer(viewer)
            .execute(
                "INSERT INTO session_keys (conversation_id, owner_id, session_key, data) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (conversation_id) DO UPDATE SET data = excluded.data",
                args![session.conversation, viewer.id, &session.key, text],
            )
            .await?;
        self.keyed_session(viewer, &session.key).await
    }
}
