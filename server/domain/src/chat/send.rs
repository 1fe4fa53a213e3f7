//! Taking a message: written down together with an empty answer and the run that fills it, in one transaction.

use super::Chat;
use super::messages::{ConversationRow, conversation, parent_of};
use super::runs::Job;
use super::runs::log::LiveRun;
use super::summaries::own_project;
use crate::agents;
use crate::attachments::sent;
use crate::error::{Error, Result};
use crate::search;
use crate::store::{Tx, args};
use atrium::agents::Agent;
use atrium::attachments::Attachment;
use atrium::catalogue::sees;
use atrium::chat::MESSAGE_MAX;
use atrium::ids::{AgentId, AttachmentId, ConversationId, MessageId, ProjectId, RunId};
use atrium::people::Viewer;
use std::sync::Arc;
use uuid::Uuid;

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Into a new conversation.
    New,
    /// Into a new conversation of a project.
    NewIn(ProjectId),
    /// After the newest message that is shown.
    End(ConversationId),
    /// Beside a message of one's own, with other words.
    InsteadOf(ConversationId, MessageId),
}

/// What is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Draft<'a> {
    /// Words; with files there may be none.
    pub text: &'a str,
    /// Files that go with it. Left out, a message that stands instead of another one keeps that one's.
    pub attachments: Option<&'a [AttachmentId]>,
}

/// What sending led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Where.
    pub conversation: ConversationId,
    /// The answer that is being written.
    pub answer: MessageId,
    /// By this run.
    pub run: RunId,
}

#[derive(sqlx::FromRow)]
pub(super) struct Place {
    pub(super) id: Uuid,
    parent_id: Option<Uuid>,
    pub(super) depth: i64,
    author: String,
    status: String,
    content: String,
    end_reason: Option<String>,
}

impl Chat {
    /// Takes a message of words alone and starts its answer.
    ///
    /// # Errors
    /// As [`Chat::send_draft`].
    pub async fn send(&self, viewer: &Viewer, target: Target, agent: Option<AgentId>, text: &str) -> Result<Sent> {
        self.send_draft(viewer, target, agent, Draft { text, attachments: None }).await
    }

    /// Takes a message and starts its answer.
    ///
    /// # Errors
    /// With what to change; when the answer before is still being written; when the place is not the viewer's.
    pub async fn send_draft(
        &self,
        viewer: &Viewer,
        target: Target,
        agent: Option<AgentId>,
        draft: Draft<'_>,
    ) -> Result<Sent> {
        let scope = self.store.as_viewer(viewer);
        // PostgreSQL's text has no NUL, and nobody types one.
        let text = draft.text.replace('\0', "");
        let text = text.trim_end();
        let existing = match target {
            Target::New | Target::NewIn(_) => None,
            Target::End(id) | Target::InsteadOf(id, _) => Some(conversation(scope, id).await?),
        };
        let files = match (draft.attachments, target) {
            (None, Target::InsteadOf(id, message)) => sent::of_message(scope, id, message).await?,
            (ids, _) => sent::own(scope, ids.unwrap_or_default()).await?,
        };
        check_text(text, files.is_empty())?;
        let agent = self.answering(viewer, existing.as_ref(), agent).await?;
        must_see(&agent, &files)?;
        if let Target::NewIn(project) = target {
            own_project(scope, project).await?;
        }
        let now = self.ports.now();
        let mut tx = scope.begin().await?;
        let row = match existing {
            // Looked at again, and held: of two tabs that send at once the second finds the first one's answer.
            Some(row) => tx
                .optional(
                    "UPDATE conversations SET updated_at = $2 WHERE id = $1 AND deleted_at IS NULL
                     RETURNING id, title, title_by, agent_id, head_id, model_provider, model, temperature",
                    args![row.id, now],
                )
                .await?
                .ok_or(Error::NotFound("conversation"))?,
            None => {
                let project = match target {
                    Target::NewIn(project) => Some(project),
                    _ => None,
                };
                self.insert_conversation(&mut tx, viewer, &agent, project, now).await?
            }
        };
        let id: ConversationId = row.id.into();
        let before = match target {
            Target::New | Target::NewIn(_) => None,
            Target::End(_) => match row.head_id {
                Some(head) => place(&mut tx, id, head).await?,
                None => None,
            },
            Target::InsteadOf(_, message) => {
                let replaced = place(&mut tx, id, message.0)
                    .await?
                    .filter(|it| it.author == "user")
                    .ok_or(Error::NotFound("message"))?;
                match replaced.parent_id {
                    Some(parent) => place(&mut tx, id, parent).await?,
                    None => None,
                }
            }
        };
        if before.as_ref().is_some_and(|it| it.status == "streaming") {
            return Err(still_writing());
        }
        let (question, depth) = self.insert_question(&mut tx, viewer, &row, before.as_ref(), text, &files, now).await?;
        let answer = self.insert_answer(&mut tx, viewer, &agent, id, question.0, depth + 1, now + 1).await?;
        tx.execute("UPDATE conversations SET agent_id = $2, updated_at = $3 WHERE id = $1", args![id, agent.id, now])
            .await?;
        let run = self.insert_run(&mut tx, viewer, id, answer, now).await?;
        tx.commit().await?;
        let live = LiveRun::new(run, viewer.id, id, answer, String::new());
        self.launch(Arc::new(live), Job { viewer: viewer.clone(), agent, upto: question, resume: false });
        Ok(Sent { conversation: id, answer, run })
    }

    /// Notes a question and an answer that no model wrote: what was computed of data.
    ///
    /// # Errors
    /// When the answer before is still being written, or the conversation is not the viewer's.
    pub async fn note_exchange(
        &self,
        viewer: &Viewer,
        id: ConversationId,
        question: &str,
        answer: &str,
    ) -> Result<MessageId> {
        let scope = self.store.as_viewer(viewer);
        let row = conversation(scope, id).await?;
        let agent = self.answering(viewer, Some(&row), None).await?;
        let now = self.ports.now();
        let mut tx = scope.begin().await?;
        let row: ConversationRow = tx
            .optional(
                "UPDATE conversations SET updated_at = $2 WHERE id = $1 AND deleted_at IS NULL
                 RETURNING id, title, title_by, agent_id, head_id, model_provider, model, temperature",
                args![row.id, now],
            )
            .await?
            .ok_or(Error::NotFound("conversation"))?;
        let before = match row.head_id {
            Some(head) => place(&mut tx, id, head).await?,
            None => None,
        };
        if before.as_ref().is_some_and(|it| it.status == "streaming") {
            return Err(still_writing());
        }
        let (question, depth) =
            self.insert_question(&mut tx, viewer, &row, before.as_ref(), question, &[], now).await?;
        let answered = self.insert_answer(&mut tx, viewer, &agent, id, question.0, depth + 1, now + 1).await?;
        tx.execute(
            "UPDATE messages SET content = $2, status = 'complete', provider = NULL, model = NULL WHERE id = $1",
            args![answered, answer],
        )
        .await?;
        search::index::message(&mut tx, answered.0).await?;
        tx.commit().await?;
        Ok(answered)
    }

    /// Another answer to the same question, beside the one that is there.
    ///
    /// # Errors
    /// When the answer is still being written, or not the viewer's.
    pub async fn regenerate(
        &self,
        viewer: &Viewer,
        id: ConversationId,
        answer: MessageId,
        agent: Option<AgentId>,
    ) -> Result<Sent> {
        let scope = self.store.as_viewer(viewer);
        let row = conversation(scope, id).await?;
        let agent = self.answering(viewer, Some(&row), agent).await?;
        let files = match parent_of(scope, id, answer).await? {
            Some(question) => sent::of_message(scope, id, question.into()).await?,
            None => Vec::new(),
        };
        let now = self.ports.now();
        let mut tx = scope.begin().await?;
        let old = place(&mut tx, id, answer.0)
            .await?
            .filter(|it| it.author == "assistant")
            .ok_or(Error::NotFound("message"))?;
        if old.status == "streaming" {
            return Err(still_writing());
        }
        let question = old.parent_id.ok_or(Error::NotFound("message"))?;
        must_see(&agent, &files)?;
        let answer = self.insert_answer(&mut tx, viewer, &agent, id, question, old.depth, now).await?;
        let run = self.insert_run(&mut tx, viewer, id, answer, now).await?;
        tx.commit().await?;
        let live = LiveRun::new(run, viewer.id, id, answer, String::new());
        self.launch(Arc::new(live), Job { viewer: viewer.clone(), agent, upto: question.into(), resume: false });
        Ok(Sent { conversation: id, answer, run })
    }

    /// Goes on with an answer that was stopped, interrupted, failed or cut by its limit.
    ///
    /// # Errors
    /// When there is nothing to go on with, or it is not the viewer's.
    pub async fn resume(&self, viewer: &Viewer, id: ConversationId, answer: MessageId) -> Result<Sent> {
        let scope = self.store.as_viewer(viewer);
        let row = conversation(scope, id).await?;
        let agent = self.answering(viewer, Some(&row), None).await?;
        let mut tx = scope.begin().await?;
        let old = place(&mut tx, id, answer.0)
            .await?
            .filter(|it| it.author == "assistant")
            .ok_or(Error::NotFound("message"))?;
        let can_continue = atrium::chat::MessageStatus::parse(&old.status)
            .is_some_and(atrium::chat::MessageStatus::can_continue)
            || old.end_reason.as_deref() == Some("length");
        if !can_continue {
            return Err(if old.status == "streaming" {
                still_writing()
            } else {
                Error::Conflict {
                    code: "answer_complete",
                    message: "This answer is complete. Ask a follow-up question instead.".to_owned(),
                }
            });
        }
        // Links show what was there when they were made.
        tx.execute(
            "INSERT INTO share_cuts (share_id, message_id, shown) SELECT s.id, $1, $2 FROM shares s WHERE s.conversation_id = $3
             ON CONFLICT (share_id, message_id) DO NOTHING",
            args![answer, i64::try_from(old.content.len()).unwrap_or(i64::MAX), id],
        )
        .await?;
        tx.execute(
            "UPDATE messages SET status = 'streaming', agent_id = $3, provider = $4, model = $5, error_code = NULL, error_message = NULL, end_reason = NULL, updated_at = $2
             WHERE id = $1",
            args![answer, self.ports.now(), agent.id, agent.provider.as_str(), &agent.model],
        )
        .await?;
        let run = self.insert_run(&mut tx, viewer, id, answer, self.ports.now()).await?;
        tx.commit().await?;
        // Of an answer that never began there is nothing to go on with: the question is asked again.
        let (upto, resume) = match old.parent_id {
            Some(question) if old.content.is_empty() => (question.into(), false),
            _ => (answer, true),
        };
        let live = LiveRun::new(run, viewer.id, id, answer, old.content);
        self.launch(Arc::new(live), Job { viewer: viewer.clone(), agent, upto, resume });
        Ok(Sent { conversation: id, answer, run })
    }

    /// The agent that was asked for, unless it is gone: then the default one.
    pub(super) async fn agent(&self, viewer: &Viewer, id: Option<AgentId>) -> Result<Agent> {
        let scope = self.store.as_viewer(viewer);
        let found = match id {
            Some(id) => match agents::usable(scope, id).await {
                Ok(agent) => Some(agent),
                Err(Error::NotFound(_)) => None,
                Err(error) => return Err(error),
            },
            None => None,
        };
        let agent = match found {
            Some(agent) => agent,
            None => agents::default(scope, &self.ports, &self.connections).await?,
        };
        if !agent.is_active {
            return Err(Error::Conflict {
                code: "agent_inactive",
                message: format!(
                    "{} is switched off. Choose another agent, or switch it on again on its page.",
                    agent.name
                ),
            });
        }
        Ok(agent)
    }
}

async fn place(tx: &mut Tx, id: ConversationId, message: Uuid) -> Result<Option<Place>> {
    Ok(tx
        .optional(
            "SELECT id, parent_id, depth, author, status, content, end_reason FROM messages WHERE conversation_id = $1 AND id = $2 AND deleted_at IS NULL",
            args![id, message],
        )
        .await?)
}

fn check_text(text: &str, must_say: bool) -> Result<()> {
    if must_say && text.trim().is_empty() {
        return Err(Error::field("text", "Write a message first."));
    }
    if text.len() > MESSAGE_MAX {
        return Err(Error::field(
            "text",
            format!(
                "The message has {} kB, at most {} kB are taken. Shorten it or split it.",
                text.len() / 1024,
                MESSAGE_MAX / 1024
            ),
        ));
    }
    Ok(())
}

/// Pictures are for models that look at them.
fn must_see(agent: &Agent, files: &[Attachment]) -> Result<()> {
    let Some(picture) = files.iter().find(|it| it.is_picture()) else { return Ok(()) };
    if sees(agent.provider, &agent.model) == Some(false) {
        return Err(Error::field(
            "attachments",
            format!(
                "{} cannot see pictures, since its model ({}) reads text only. Choose another agent, or remove {}.",
                agent.name, agent.model, picture.name
            ),
        ));
    }
    Ok(())
}

pub(super) fn still_writing() -> Error {
    Error::Conflict {
        code: "still_writing",
        message: "The answer before is still being written. Wait for it or stop it first.".to_owned(),
    }
}
