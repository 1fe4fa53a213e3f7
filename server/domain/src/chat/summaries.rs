//! Conversations as programs list and make them.

use super::Chat;
use super::changes::check_temperature;
use super::messages::{Form, conversation};
use crate::agents;
use crate::error::{Error, Result};
use crate::projects;
use crate::store::{Scope, args, contains};
use atrium::agents::Agent;
use atrium::catalogue::Provider;
use atrium::chat::{Author, MessageView, TITLE_MAX, UNTITLED};
use atrium::ids::{AgentId, ConversationId, MessageId, ProjectId, RunId};
use atrium::paging::{Page, PageRequest};
use atrium::people::Viewer;
use atrium::projects::ProjectRole;
use uuid::Uuid;

/// A conversation, and how it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationSummary {
    /// Which.
    pub id: ConversationId,
    /// Who answers.
    pub agent: Option<AgentId>,
    /// A model that is asked instead of the agent's, of the same provider.
    pub model: Option<String>,
    /// A temperature instead of the agent's.
    pub temperature: Option<f64>,
    /// The project that it belongs to.
    pub project: Option<ProjectId>,
    /// As shown.
    pub title: String,
    /// Messages on the visible branch.
    pub message_count: i64,
    /// The newest of them.
    pub last_message: Option<LastMessage>,
    /// Whether the viewer has marked it.
    pub is_favourite: bool,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970; also the version of what is edited.
    pub updated_at: i64,
}

/// The beginning of a conversation's newest message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastMessage {
    /// Whose.
    pub author: Author,
    /// Its first 100 characters.
    pub content: String,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// Which conversations.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConversationFilter<'a> {
    /// A part of the title in any case.
    pub search: Option<&'a str>,
    /// Only those of one project.
    pub project: Option<ProjectId>,
    /// Only those that the viewer has marked.
    pub favourites: bool,
}

/// A conversation to be made.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewConversation<'a> {
    /// Who answers; the viewer's default agent unless somebody is named.
    pub agent: Option<AgentId>,
    /// The first message makes it unless it is given.
    pub title: Option<&'a str>,
    /// Where it belongs.
    pub project: Option<ProjectId>,
    /// See [`ConversationSummary::model`].
    pub model: Option<&'a str>,
    /// See [`ConversationSummary::temperature`].
    pub temperature: Option<f64>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    agent_id: Option<Uuid>,
    project_id: Option<Uuid>,
    model: Option<String>,
    temperature: Option<f64>,
    title: String,
    created_at: i64,
    updated_at: i64,
    last_depth: Option<i64>,
    last_author: Option<String>,
    last_content: Option<String>,
    last_at: Option<i64>,
    is_favourite: bool,
}

impl From<Row> for ConversationSummary {
    fn from(row: Row) -> Self {
        let last_message = match (row.last_author, row.last_content, row.last_at) {
            (Some(author), Some(content), Some(created_at)) => Some(LastMessage {
                author: if author == "user" { Author::User } else { Author::Assistant },
                content,
                created_at,
            }),
            _ => None,
        };
        Self {
            id: row.id.into(),
            agent: row.agent_id.map(Into::into),
            project: row.project_id.map(Into::into),
            model: row.model,
            temperature: row.temperature,
            title: row.title,
            message_count: row.last_depth.map_or(0, |it| it + 1),
            last_message,
            is_favourite: row.is_favourite,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl Chat {
    /// A page of the viewer's conversations, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn summaries(
        &self,
        viewer: &Viewer,
        page: PageRequest,
        filter: ConversationFilter<'_>,
    ) -> Result<Page<ConversationSummary>> {
        let scope = self.store.as_viewer(viewer);
        let pattern = contains(filter.search.unwrap_or_default());
        let count: Option<(i64,)> = scope
            .optional(
                "SELECT COUNT(*) FROM conversations WHERE owner_id = $1 AND deleted_at IS NULL AND title_folded LIKE $2 ESCAPE '!' AND ($3 IS NULL OR project_id = $3)
                    AND (NOT $4 OR EXISTS (SELECT 1 FROM favourites f WHERE f.user_id = $1 AND f.conversation_id = conversations.id))",
                args![viewer.id, &pattern, filter.project, filter.favourites],
            )
            .await?;
        let rows: Vec<Row> = scope
            .all(
                "SELECT c.id, c.agent_id, c.project_id, c.title, c.created_at, c.updated_at, c.temperature,
                    (SELECT c.model FROM agents a WHERE a.id = c.agent_id AND a.provider = c.model_provider) AS model,
                    m.depth AS last_depth, m.author AS last_author, SUBSTR(m.content, 1, 100) AS last_content, m.created_at AS last_at,
                    EXISTS (SELECT 1 FROM favourites f WHERE f.user_id = c.owner_id AND f.conversation_id = c.id) AS is_favourite
                 FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id AND m.id = c.head_id
                 WHERE c.owner_id = $1 AND c.deleted_at IS NULL AND c.title_folded LIKE $2 ESCAPE '!' AND ($5 IS NULL OR c.project_id = $5)
                    AND (NOT $6 OR EXISTS (SELECT 1 FROM favourites f WHERE f.user_id = $1 AND f.conversation_id = c.id))
                 ORDER BY c.updated_at DESC, c.id DESC LIMIT $3 OFFSET $4",
                args![viewer.id, &pattern, page.limit(), page.offset(), filter.project, filter.favourites],
            )
            .await?;
        Ok(Page { count: count.map_or(0, |it| it.0), items: rows.into_iter().map(Into::into).collect() })
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn summary(&self, viewer: &Viewer, id: ConversationId) -> Result<ConversationSummary> {
        let row: Option<Row> = self
            .store
            .as_viewer(viewer)
            .optional(
                "SELECT c.id, c.agent_id, c.project_id, c.title, c.created_at, c.updated_at, c.temperature,
                    (SELECT c.model FROM agents a WHERE a.id = c.agent_id AND a.provider = c.model_provider) AS model,
                    m.depth AS last_depth, m.author AS last_author, SUBSTR(m.content, 1, 100) AS last_content, m.created_at AS last_at,
                    EXISTS (SELECT 1 FROM favourites f WHERE f.user_id = c.owner_id AND f.conversation_id = c.id) AS is_favourite
                 FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id AND m.id = c.head_id
                 WHERE c.id = $1 AND c.owner_id = $2 AND c.deleted_at IS NULL",
                args![id, viewer.id],
            )
            .await?;
        Ok(row.ok_or(Error::NotFound("conversation"))?.into())
    }

    /// A conversation without messages.
    ///
    /// # Errors
    /// When the title is too long, agent or project not the viewer's, or the model not offered.
    pub async fn create(&self, viewer: &Viewer, new: NewConversation<'_>) -> Result<ConversationSummary> {
        let scope = self.store.as_viewer(viewer);
        let title = new.title.map(checked_title).transpose()?;
        if let Some(project) = new.project {
            own_project(scope, project).await?;
        }
        new.temperature.map_or(Ok(()), check_temperature)?;
        let agent = match new.agent {
            Some(id) => own_agent(scope, id).await?,
            None => agents::default(scope, &self.ports, &self.connections).await?,
        };
        let (provider, model) = match new.model {
            Some(model) => Some(self.offered(viewer, &agent, model).await?),
            None => None,
        }
        .unzip();
        let id: ConversationId = self.ports.id();
        let (title, by) = title.map_or_else(|| (UNTITLED.to_owned(), "nobody"), |it| (it, "person"));
        scope
            .execute(
                "INSERT INTO conversations (id, organisation_id, owner_id, agent_id, title, title_folded, title_by, created_at, updated_at, project_id, model_provider, model, temperature)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12)",
                args![
                    id,
                    viewer.organisation,
                    viewer.id,
                    agent.id,
                    &title,
                    title.to_lowercase(),
                    by,
                    self.ports.now(),
                    new.project,
                    provider.map(Provider::as_str),
                    model,
                    new.temperature
                ],
            )
            .await?;
        self.summary(viewer, id).await
    }

    /// A page of the visible branch, oldest first, as text.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn messages(&self, viewer: &Viewer, id: ConversationId, page: PageRequest) -> Result<Page<MessageView>> {
        let scope = self.store.as_viewer(viewer);
        let head = conversation(scope, id).await?.head_id;
        let Some(head) = head else { return Ok(Page { count: 0, items: Vec::new() }) };
        let depth: Option<(i64,)> = scope
            .optional("SELECT depth FROM messages WHERE conversation_id = $1 AND id = $2", args![id, head])
            .await?;
        let count = depth.map_or(0, |it| it.0 + 1);
        let last = (page.offset() + page.limit()).min(count) - 1;
        if last < page.offset() {
            return Ok(Page { count, items: Vec::new() });
        }
        // From the newest one up to where the page ends, then the page.
        let end: Option<(Uuid,)> = scope
            .optional(
                "WITH RECURSIVE branch (id, parent_id, depth) AS (
                    SELECT id, parent_id, depth FROM messages WHERE conversation_id = $1 AND id = $2
                    UNION ALL
                    SELECT m.id, m.parent_id, m.depth FROM messages m JOIN branch b ON m.id = b.parent_id AND m.conversation_id = $1 WHERE b.depth > $3
                 )
                 SELECT id FROM branch WHERE depth = $3",
                args![id, head, last],
            )
            .await?;
        let items = self.branch(scope, id, end.map(|it| it.0), last + 1 - page.offset(), Form::Text).await?;
        Ok(Page { count, items })
    }

    /// Up to `limit` messages that come before another one, oldest first, as text.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn messages_before(
        &self,
        viewer: &Viewer,
        id: ConversationId,
        before: MessageId,
        limit: i64,
    ) -> Result<Vec<MessageView>> {
        let scope = self.store.as_viewer(viewer);
        conversation(scope, id).await?;
        let parent = super::messages::parent_of(scope, id, before).await?;
        self.branch(scope, id, parent, limit, Form::Text).await
    }

    /// One message, as text, and its conversation.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn find_message(&self, viewer: &Viewer, id: MessageId) -> Result<(ConversationId, MessageView)> {
        let scope = self.store.as_viewer(viewer);
        let row: Option<(Uuid,)> = scope
            .optional(
                "SELECT c.id FROM messages m JOIN conversations c ON c.id = m.conversation_id
                 WHERE m.id = $1 AND m.deleted_at IS NULL AND c.owner_id = $2 AND c.deleted_at IS NULL",
                args![id, viewer.id],
            )
            .await?;
        let conversation: ConversationId = row.ok_or(Error::NotFound("message"))?.0.into();
        let view = self.branch(scope, conversation, Some(id.0), 1, Form::Text).await?.pop();
        Ok((conversation, view.ok_or(Error::NotFound("message"))?))
    }

    /// The conversation of a message, be it deleted.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn conversation_of(&self, viewer: &Viewer, id: MessageId) -> Result<ConversationId> {
        let row: Option<(Uuid,)> = self
            .store
            .as_viewer(viewer)
            .optional(
                "SELECT c.id FROM messages m JOIN conversations c ON c.id = m.conversation_id
                 WHERE m.id = $1 AND c.owner_id = $2 AND c.deleted_at IS NULL",
                args![id, viewer.id],
            )
            .await?;
        Ok(row.ok_or(Error::NotFound("message"))?.0.into())
    }

    /// The conversation and message that a run writes, and how far it is.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn find_run(&self, viewer: &Viewer, id: RunId) -> Result<(ConversationId, MessageView)> {
        let row: Option<(Uuid,)> = self
            .store
            .as_viewer(viewer)
            .optional(
                "SELECT r.message_id FROM runs r JOIN conversations c ON c.id = r.conversation_id WHERE r.id = $1 AND c.owner_id = $2",
                args![id, viewer.id],
            )
            .await?;
        self.find_message(viewer, row.ok_or(Error::NotFound("run"))?.0.into()).await
    }
}

/// A title in one line.
pub(super) fn checked_title(title: &str) -> Result<String> {
    let title = atrium::text::line(title);
    if title.is_empty() || title.chars().count() > TITLE_MAX {
        return Err(Error::field("title", format!("Use 1 to {TITLE_MAX} characters.")));
    }
    Ok(title)
}

/// The agent must be there before it is written down: a foreign key would only say that something is wrong.
pub(super) async fn own_agent(scope: Scope<'_>, id: AgentId) -> Result<Agent> {
    match agents::usable(scope, id).await {
        Err(Error::NotFound(_)) => Err(Error::field("agent_id", "There is no such agent.")),
        found => found,
    }
}

/// As [`own_agent`], for a project that the viewer works in.
pub(super) async fn own_project(scope: Scope<'_>, id: ProjectId) -> Result<()> {
    match projects::get(scope, id).await {
        Ok(project) if project.role.is_some_and(|it| it != ProjectRole::Guest) => Ok(()),
        Ok(_) => {
            Err(Error::Forbidden("You do not work in this project. Ask one of its managers to make you a member."))
        }
        Err(Error::NotFound(_)) => Err(Error::field("project_id", "There is no such project.")),
        Err(error) => Err(error),
    }
}
