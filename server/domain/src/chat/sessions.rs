//! Conversations as the agent platform's clients see them: begun for some kind of work, greeted, ended. One that was begun
//! elsewhere is such a session too, for whatever comes.

use super::{Chat, ConversationChange, NewConversation};
use crate::error::{Error, Result};
use crate::knowledge::{Origin, Reach};
use crate::ports::Micros;
use crate::store::{Scope, args};
use atrium::ids::{ConversationId, MessageId};
use atrium::people::Viewer;
use uuid::Uuid;

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentType {
    /// Answers from repositories.
    Code,
    /// Answers from documents.
    Rag,
    /// Makes charts of what is stored.
    Analytics,
    /// Whichever of them fits the question.
    Auto,
}

impl AgentType {
    /// All, as offered.
    pub const ALL: [Self; 4] = [Self::Code, Self::Rag, Self::Analytics, Self::Auto];

    /// As stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Rag => "rag",
            Self::Analytics => "analytics",
            Self::Auto => "auto",
        }
    }

    /// The type of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// What the answers of a conversation are to be found in.
pub(super) async fn reach(scope: Scope<'_>, conversation: ConversationId) -> Result<Reach> {
    let begun_as: Option<(String,)> =
        scope.optional("SELECT agent_type FROM chat_sessions WHERE conversation_id = $1", args![conversation]).await?;
    Ok(match begun_as.and_then(|it| AgentType::parse(&it.0)) {
        Some(AgentType::Code) => Reach::All(Origin::Repositories),
        Some(AgentType::Rag) => Reach::All(Origin::Brought),
        Some(AgentType::Auto) => Reach::Fitting,
        // A question that no chart answers is the agent's.
        Some(AgentType::Analytics) | None => Reach::Named,
    })
}

/// What a session that picks says of an answer, before it.
#[must_use]
pub fn preface(picked: AgentType) -> String {
    let from = match picked {
        AgentType::Code => "from repositories",
        AgentType::Rag => "from documents",
        AgentType::Analytics => "from stored data",
        AgentType::Auto => "by itself",
    };
    format!("*Answered by the {} agent, {from}.*\n\n", picked.as_str())
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The conversation that it is.
    pub id: ConversationId,
    /// As in the list.
    pub title: String,
    /// What it is for.
    pub agent_type: AgentType,
    /// What stands before its first message, if it was begun by such a client.
    pub greeting: Option<(MessageId, String)>,
    /// When it was begun.
    pub started_at: Micros,
    /// When its person called it ended.
    pub ended_at: Option<Micros>,
}

/// What is to be changed; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionChange {
    /// See [`Session::title`].
    pub title: Option<String>,
    /// See [`Session::agent_type`].
    pub agent_type: Option<AgentType>,
    /// See [`Session::ended_at`]; `Some(None)` opens it again.
    pub ended_at: Option<Option<Micros>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    title: String,
    created_at: i64,
    agent_type: Option<String>,
    greeting_id: Option<Uuid>,
    greeting: Option<String>,
    ended_at: Option<i64>,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            title: row.title,
            agent_type: row.agent_type.as_deref().and_then(AgentType::parse).unwrap_or(AgentType::Auto),
            greeting: row.greeting_id.map(MessageId).zip(row.greeting),
            started_at: row.created_at,
            ended_at: row.ended_at,
        }
    }
}

const SELECT: &str = "SELECT c.id, c.title, c.created_at, s.agent_type, s.greeting_id, s.greeting, s.ended_at
     FROM conversations c LEFT JOIN chat_sessions s ON s.conversation_id = c.id
     WHERE c.owner_id = $1 AND c.deleted_at IS NULL AND c.id = COALESCE($2, c.id) ORDER BY c.created_at DESC, c.id DESC";

impl Chat {
    /// All of the viewer's, those begun last first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sessions(&self, viewer: &Viewer) -> Result<Vec<Session>> {
        let rows: Vec<Row> = self.store.as_viewer(viewer).all(SELECT, args![viewer.id, None::<Uuid>]).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn session(&self, viewer: &Viewer, id: ConversationId) -> Result<Session> {
        let row: Option<Row> = self.store.as_viewer(viewer).optional(SELECT, args![viewer.id, id]).await?;
        Ok(row.ok_or(Error::NotFound("session"))?.into())
    }

    /// A new conversation with the viewer's default agent, for `agent_type`.
    ///
    /// # Errors
    /// When the title is too long.
    pub async fn begin_session(&self, viewer: &Viewer, agent_type: AgentType, title: Option<&str>) -> Result<Session> {
        let made = self.create(viewer, NewConversation { title, ..NewConversation::default() }).await?;
        let greeting_id: MessageId = self.ports.id();
        let greeting = format!("Welcome to your new {} session. How can I help you today?", agent_type.as_str());
        self.store
            .as_viewer(viewer)
            .execute(
                "INSERT INTO chat_sessions (conversation_id, agent_type, greeting_id, greeting) VALUES ($1, $2, $3, $4)",
                args![made.id, agent_type.as_str(), greeting_id, greeting],
            )
            .await?;
        self.session(viewer, made.id).await
    }

    /// Changes title, type, or when it ended.
    ///
    /// # Errors
    /// With what to change; [`Error::NotFound`] when it is not the viewer's.
    pub async fn change_session(&self, viewer: &Viewer, id: ConversationId, change: &SessionChange) -> Result<Session> {
        let before = self.session(viewer, id).await?;
        if change.title.is_some() {
            let change = ConversationChange { title: change.title.clone(), ..ConversationChange::default() };
            self.change(viewer, id, &change, None).await?;
        }
        let agent_type = change.agent_type.unwrap_or(before.agent_type);
        let ended_at = change.ended_at.unwrap_or(before.ended_at);
        if (agent_type, ended_at) != (before.agent_type, before.ended_at) {
            self.store
                .as_viewer(viewer)
                .execute(
                    "INSERT INTO chat_sessions (conversation_id, agent_type, greeting, ended_at) VALUES ($1, $2, '', $3)
                     ON CONFLICT (conversation_id) DO UPDATE SET agent_type = excluded.agent_type, ended_at = excluded.ended_at",
                    args![id, agent_type.as_str(), ended_at],
                )
                .await?;
        }
        self.session(viewer, id).await
    }
}
