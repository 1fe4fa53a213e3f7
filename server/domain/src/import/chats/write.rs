//! Writing conversations down as if they had been had here: one transaction each, found by search when it ends.

use super::tree::{Conversation, Message};
use super::{Fate, Outcome};
use crate::agents;
use crate::chat;
use crate::error::{Error, Result};
use crate::ports::Ports;
use crate::projects;
use crate::search;
use crate::store::{Scope, Store, Tx, args};
use atrium::chat::{Author, TITLE_MAX, UNTITLED};
use atrium::ids::{ConversationId, MessageId};
use atrium::people::Viewer;
use atrium::projects::ProjectRole;
use uuid::Uuid;

/// Whoever the conversations are of from now on, and where they are written.
pub(super) struct Writer<'a> {
    scope: Scope<'a>,
    ports: &'a Ports,
}

impl<'a> Writer<'a> {
    pub(super) fn new(store: &'a Store, ports: &'a Ports, viewer: &'a Viewer) -> Self {
        Self { scope: store.as_viewer(viewer), ports }
    }

    /// Writes one, unless it is here.
    pub(super) async fn write(&self, found: Conversation) -> Result<Outcome> {
        let title = title(&found);
        let outcome = |fate, messages, left_out| Outcome {
            source: Some(found.source),
            title: title.clone(),
            fate,
            messages,
            left_out,
        };
        if let Some(id) = self.known(&found).await? {
            return Ok(outcome(Fate::Known(id), 0, Default::default()));
        }
        // Before the transaction, which holds the one connection that writes.
        let place = (self.agent(found.agent).await?, self.project(found.project).await?);
        let mut tx = self.scope.begin().await?;
        match self.insert(&mut tx, &found, &title, place).await? {
            Some(id) => {
                tx.commit().await?;
                let messages = found.tree.messages.len() as u64;
                Ok(outcome(Fate::Taken(id), messages, found.tree.left_out.clone()))
            }
            // Another run of the same file was quicker.
            None => {
                drop(tx);
                let id = self.known(&found).await?.ok_or(Error::NotFound("conversation"))?;
                Ok(outcome(Fate::Known(id), 0, Default::default()))
            }
        }
    }

    /// The viewer's conversation that this one is or has become. One that they deleted since is not here.
    async fn known(&self, found: &Conversation) -> Result<Option<ConversationId>> {
        let row: Option<(Uuid,)> = self
            .scope
            .optional(
                "SELECT c.id FROM conversations c WHERE c.owner_id = $1 AND c.deleted_at IS NULL AND (c.id = $4 OR EXISTS (
                    SELECT 1 FROM imported_conversations i WHERE i.owner_id = $1 AND i.source = $2 AND i.external_id = $3 AND i.conversation_id = c.id))
                 LIMIT 1",
                args![
                    self.scope.viewer.id,
                    found.source.as_str(),
                    &found.external_id,
                    // Exported here, and never gone.
                    (found.source == super::Source::Atrium).then(|| found.external_id.parse::<Uuid>().ok()).flatten()
                ],
            )
            .await?;
        Ok(row.map(|it| it.0.into()))
    }

    /// `None` if another transaction has taken it meanwhile.
    async fn insert(
        &self,
        tx: &mut Tx,
        found: &Conversation,
        title: &str,
        (agent, project): (Option<Uuid>, Option<Uuid>),
    ) -> Result<Option<ConversationId>> {
        let (viewer, now) = (self.scope.viewer, self.ports.now());
        let messages = &found.tree.messages;
        let first = messages.first().map(|it| it.created_at);
        let last = messages.iter().map(|it| it.updated_at).max();
        let created_at = found.created_at.or(first).unwrap_or(now).min(now);
        let updated_at = found.updated_at.or(last).unwrap_or(now).min(now).max(created_at);
        let id: ConversationId = self.ports.id();
        tx.execute(
            "INSERT INTO conversations (id, organisation_id, owner_id, agent_id, project_id, title, title_folded, title_by, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'person', $8, $9)",
            args![
                id,
                viewer.organisation,
                viewer.id,
                agent,
                project,
                title,
                title.to_lowercase(),
                created_at,
                updated_at
            ],
        )
        .await?;
        // What was taken once and deleted since makes room.
        tx.execute(
            "DELETE FROM imported_conversations WHERE owner_id = $1 AND source = $2 AND external_id = $3
                AND conversation_id IN (SELECT id FROM conversations WHERE owner_id = $1 AND deleted_at IS NOT NULL)",
            args![viewer.id, found.source.as_str(), &found.external_id],
        )
        .await?;
        let is_first = tx
            .execute(
                "INSERT INTO imported_conversations (owner_id, organisation_id, source, external_id, conversation_id, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (owner_id, source, external_id) DO NOTHING",
                args![viewer.id, viewer.organisation, found.source.as_str(), &found.external_id, id, now],
            )
            .await?;
        if is_first == 0 {
            return Ok(None);
        }
        let mut ids: Vec<MessageId> = Vec::with_capacity(messages.len());
        for message in messages {
            let parent = message.parent.and_then(|it| ids.get(it).copied());
            ids.push(self.insert_message(tx, id, parent, message).await?);
        }
        if let Some(head) = found.tree.head.and_then(|it| ids.get(it)) {
            tx.execute("UPDATE conversations SET head_id = $2 WHERE id = $1", args![id, *head]).await?;
        }
        Ok(Some(id))
    }

    async fn insert_message(
        &self,
        tx: &mut Tx,
        conversation: ConversationId,
        parent: Option<MessageId>,
        message: &Message,
    ) -> Result<MessageId> {
        let (id, turn): (MessageId, _) = (self.ports.id(), &message.turn);
        let author = match turn.author {
            Author::User => "user",
            Author::Assistant => "assistant",
        };
        tx.execute(
            "INSERT INTO messages (id, organisation_id, conversation_id, parent_id, depth, author, content, reasoning, status, provider, model,
                prompt_tokens, completion_tokens, tokens_estimated, cost_micros, dropped_turns, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, $16, $17)",
            args![
                id,
                self.scope.viewer.organisation,
                conversation,
                parent,
                message.depth,
                author,
                &turn.content,
                &turn.reasoning,
                turn.status.as_str(),
                turn.provider.as_deref(),
                turn.model.as_deref(),
                turn.prompt_tokens,
                turn.completion_tokens,
                turn.tokens_estimated,
                turn.cost_micros,
                message.created_at,
                message.updated_at
            ],
        )
        .await?;
        search::index::text(tx, id.0, self.scope.viewer.id.0, &turn.content).await?;
        Ok(id)
    }

    /// The agent that answered, if it is one that the viewer may talk to.
    async fn agent(&self, id: Option<Uuid>) -> Result<Option<Uuid>> {
        let Some(id) = id else { return Ok(None) };
        match agents::usable(self.scope, id.into()).await {
            Ok(agent) => Ok(Some(agent.id.0)),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The project that it was kept in, if the viewer works there.
    async fn project(&self, id: Option<Uuid>) -> Result<Option<Uuid>> {
        let Some(id) = id else { return Ok(None) };
        match projects::get(self.scope, id.into()).await {
            Ok(project) => Ok(project.role.filter(|it| *it != ProjectRole::Guest).map(|_| project.id.0)),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Its own title, else what a conversation is called that begins like this.
fn title(found: &Conversation) -> String {
    let own = atrium::text::shorten(&atrium::text::line(&found.title), TITLE_MAX);
    if !own.is_empty() {
        return own;
    }
    let asked = found.tree.messages.iter().find(|it| it.turn.author == Author::User);
    let asked = asked.map(|it| chat::title_of(&it.turn.content)).unwrap_or_default();
    if asked.is_empty() { UNTITLED.to_owned() } else { asked }
}
