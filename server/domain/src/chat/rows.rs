//! The rows that a message, its answer and its run are.

use super::Chat;
use super::branches::set_head;
use super::messages::{ConversationRow, OwnRow};
use super::runs::LEASE;
use super::send::{Place, still_writing};
use super::titles;
use crate::attachments::sent;
use crate::error::{Result, breaks_unique};
use crate::search;
use crate::store::{Tx, args};
use atrium::agents::Agent;
use atrium::attachments::Attachment;
use atrium::chat::UNTITLED;
use atrium::ids::{ConversationId, MessageId, ProjectId, RunId};
use atrium::people::Viewer;
use atrium::text::filled;
use uuid::Uuid;

impl Chat {
    pub(super) async fn insert_conversation(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        agent: &Agent,
        project: Option<ProjectId>,
        now: i64,
    ) -> Result<ConversationRow> {
        let id: Uuid = self.ports.id();
        tx.execute(
            "INSERT INTO conversations (id, organisation_id, owner_id, agent_id, project_id, title, title_folded, title_by, created_at, updated_at) VALUES ($1, $2, $3, $4, $8, $5, $6, 'nobody', $7, $7)",
            args![id, viewer.organisation, viewer.id, agent.id, UNTITLED, UNTITLED.to_lowercase(), now, project],
        )
        .await?;
        Ok(ConversationRow {
            id,
            title: UNTITLED.to_owned(),
            title_by: "nobody".to_owned(),
            agent_id: Some(agent.id.0),
            head_id: None,
            own: OwnRow::default(),
        })
    }

    /// Writes what was said down; answers how deep it stands.
    #[allow(clippy::too_many_arguments)]
    pub(super) async fn insert_question(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        row: &ConversationRow,
        before: Option<&Place>,
        text: &str,
        files: &[Attachment],
        now: i64,
    ) -> Result<(MessageId, i64)> {
        let depth = before.map_or(0, |it| it.depth + 1);
        let question: MessageId = self.ports.id();
        tx.execute(
            "INSERT INTO messages (id, organisation_id, conversation_id, parent_id, depth, author, content, reasoning, status, tokens_estimated, dropped_turns, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, 'user', $6, '', 'complete', FALSE, 0, $7, $7)",
            args![question, viewer.organisation, row.id, before.map(|it| it.id), depth, text, now],
        )
        .await?;
        sent::put(tx, row.id.into(), question, files).await?;
        search::index::message(tx, question.0).await?;
        if row.title_by == "nobody" {
            let title = titles::from_question(filled(text).or(files.first().map(|it| &*it.name)).unwrap_or_default());
            tx.execute(
                "UPDATE conversations SET title = $2, title_folded = $3, title_by = 'exchange' WHERE id = $1",
                args![row.id, &title, title.to_lowercase()],
            )
            .await?;
        }
        Ok((question, depth))
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) async fn insert_answer(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        agent: &Agent,
        id: ConversationId,
        question: Uuid,
        depth: i64,
        now: i64,
    ) -> Result<MessageId> {
        let answer: MessageId = self.ports.id();
        tx.execute(
            "INSERT INTO messages (id, organisation_id, conversation_id, parent_id, depth, author, content, reasoning, status, agent_id, provider, model, tokens_estimated, dropped_turns, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, 'assistant', '', '', 'streaming', $6, $7, $8, FALSE, 0, $9, $9)",
            args![answer, viewer.organisation, id, question, depth, agent.id, agent.provider.as_str(), &agent.model, now],
        )
        .await?;
        set_head(tx, id, Some(answer.0)).await?;
        Ok(answer)
    }

    pub(super) async fn insert_run(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        id: ConversationId,
        answer: MessageId,
        now: i64,
    ) -> Result<RunId> {
        let run: RunId = self.ports.id();
        tx.execute(
            "INSERT INTO runs (id, organisation_id, conversation_id, message_id, user_id, status, owner_id, lease_until, stop_requested, started_at)
             VALUES ($1, $2, $3, $4, $5, 'running', $6, $7, FALSE, $8)",
            args![run, viewer.organisation, id, answer, viewer.id, self.hub.server, now + LEASE, now],
        )
        .await
        .map_err(|error| if breaks_unique(&error, "runs_writing_key", "runs.message_id") { still_writing() } else { error.into() })?;
        Ok(run)
    }
}
