//! Thumbs up and down on answers, with a reason: one a message and person.
//!
//! A reason speaks of a conversation, and often quotes it: so it is for whoever may read that, its owner and an administrator
//! who has given a reason of their own. Whoever has an agent, or administers agents, is told how many thumbs it has, but not
//! whose they are.

#[cfg(test)]
mod tests;

use crate::error::{Error, Result};
use crate::ports::Ports;
use crate::store::{Scope, args};
use atrium::feedback::{Feedback, REASON_MAX, Verdict};
use atrium::ids::{AgentId, ConversationId, MessageId};
use std::collections::HashMap;
use uuid::Uuid;

/// Reasons that are listed.
const LISTED: i64 = 50;

#[derive(sqlx::FromRow)]
struct Row {
    message_id: Uuid,
    verdict: String,
    reason: String,
}

#[derive(sqlx::FromRow)]
struct AnswerRow {
    conversation_id: Uuid,
    agent_id: Option<Uuid>,
    author: String,
    status: String,
}

/// Says what the viewer thinks of an answer; what they said before gives way.
///
/// # Errors
/// When the reason is too long, or it is no complete answer in a conversation of the viewer's.
pub async fn give(scope: Scope<'_>, ports: &Ports, message: MessageId, feedback: &Feedback) -> Result<Feedback> {
    let answer = answer(scope, message).await?;
    let reason = feedback.reason.trim();
    if reason.chars().count() > REASON_MAX {
        return Err(Error::field("reason", format!("Use at most {REASON_MAX} characters.")));
    }
    scope
        .execute(
            "INSERT INTO feedback (message_id, user_id, organisation_id, conversation_id, agent_id, verdict, reason, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
             ON CONFLICT (message_id, user_id) DO UPDATE SET verdict = excluded.verdict, reason = excluded.reason, updated_at = excluded.updated_at",
            args![
                message,
                scope.viewer.id,
                scope.viewer.organisation,
                answer.conversation_id,
                answer.agent_id,
                feedback.verdict.as_str(),
                reason,
                ports.now()
            ],
        )
        .await?;
    Ok(Feedback { verdict: feedback.verdict, reason: reason.to_owned() })
}

/// Takes back what the viewer said. Nothing may have been said.
///
/// # Errors
/// When it is no answer in a conversation of the viewer's.
pub async fn take_back(scope: Scope<'_>, message: MessageId) -> Result<()> {
    answer(scope, message).await?;
    scope
        .execute("DELETE FROM feedback WHERE message_id = $1 AND user_id = $2", args![message, scope.viewer.id])
        .await?;
    Ok(())
}

/// What an agent's answers were thought of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinions {
    /// Thumbs up, of everybody.
    pub up: i64,
    /// Thumbs down, of everybody.
    pub down: i64,
    /// Those with a reason, in conversations that the viewer may read, newest first.
    pub said: Vec<Opinion>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    /// In which conversation.
    pub conversation: ConversationId,
    /// What that is called.
    pub title: String,
    /// Of which answer.
    pub message: MessageId,
    /// What was thought of it.
    pub feedback: Feedback,
    /// When, in microseconds since 1970.
    pub given_at: i64,
}

#[derive(sqlx::FromRow)]
struct OpinionRow {
    conversation_id: Uuid,
    title: String,
    message_id: Uuid,
    verdict: String,
    reason: String,
    updated_at: i64,
}

/// What is thought of the answers of an agent of the viewer's.
///
/// # Errors
/// [`Error::NotFound`] when it is not theirs.
pub async fn of_agent(scope: Scope<'_>, agent: AgentId) -> Result<Opinions> {
    crate::agents::get(scope, agent).await?;
    let counts: Vec<(String, i64)> =
        scope.all("SELECT verdict, COUNT(*) FROM feedback WHERE agent_id = $1 GROUP BY verdict", args![agent]).await?;
    let count = |verdict: Verdict| counts.iter().find(|it| it.0 == verdict.as_str()).map_or(0, |it| it.1);
    let rows: Vec<OpinionRow> = scope
        .all(
            "SELECT f.conversation_id, c.title, f.message_id, f.verdict, f.reason, f.updated_at
             FROM feedback f JOIN conversations c ON c.id = f.conversation_id JOIN messages m ON m.id = f.message_id
             WHERE f.agent_id = $1 AND c.owner_id = $2 AND c.deleted_at IS NULL AND m.deleted_at IS NULL AND f.reason <> ''
             ORDER BY f.updated_at DESC, f.message_id LIMIT $3",
            args![agent, scope.viewer.id, LISTED],
        )
        .await?;
    let said = rows.into_iter().filter_map(|it| {
        let verdict = Verdict::parse(&it.verdict)?;
        Some(Opinion {
            conversation: it.conversation_id.into(),
            title: it.title,
            message: it.message_id.into(),
            feedback: Feedback { verdict, reason: it.reason },
            given_at: it.updated_at,
        })
    });
    Ok(Opinions { up: count(Verdict::Up), down: count(Verdict::Down), said: said.collect() })
}

/// What the owner of a conversation thinks of its answers, for whoever may read it.
pub(crate) async fn of_conversation(
    scope: Scope<'_>,
    conversation: ConversationId,
) -> Result<HashMap<MessageId, Feedback>> {
    let rows: Vec<Row> = scope
        .all(
            "SELECT f.message_id, f.verdict, f.reason FROM feedback f JOIN conversations c ON c.id = f.conversation_id AND c.owner_id = f.user_id
             WHERE f.conversation_id = $1",
            args![conversation],
        )
        .await?;
    let known = |it: Row| {
        let verdict = Verdict::parse(&it.verdict)?;
        Some((it.message_id.into(), Feedback { verdict, reason: it.reason }))
    };
    Ok(rows.into_iter().filter_map(known).collect())
}

/// An answer that can be judged.
async fn answer(scope: Scope<'_>, message: MessageId) -> Result<AnswerRow> {
    let found: Option<AnswerRow> = scope
        .optional(
            "SELECT m.conversation_id, m.agent_id, m.author, m.status FROM messages m JOIN conversations c ON c.id = m.conversation_id
             WHERE m.id = $1 AND m.deleted_at IS NULL AND c.owner_id = $2 AND c.deleted_at IS NULL",
            args![message, scope.viewer.id],
        )
        .await?;
    let found = found.ok_or(Error::NotFound("message"))?;
    let refused = |message: &str| Error::Conflict { code: "no_answer", message: message.to_owned() };
    if found.author != "assistant" {
        return Err(refused("Only answers are judged."));
    }
    if found.status == "streaming" {
        return Err(refused("The answer is still being written. Judge it when it is there."));
    }
    Ok(found)
}
