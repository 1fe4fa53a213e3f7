//! Thumbs up and down on answers, with a reason: one a message and person. Whoever administers agents sees how many an agent
//! has, but not whose they are nor what was said.

#[cfg(test)]
mod tests;

use crate::error::{Error, Result};
use crate::ports::Ports;
use crate::store::{Scope, args};
use atrium::feedback::{Feedback, REASON_MAX, Verdict};
use atrium::ids::{ConversationId, MessageId};
use std::collections::HashMap;
use uuid::Uuid;

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

/// What the viewer thinks of the answers of a conversation.
pub(crate) async fn of_conversation(
    scope: Scope<'_>,
    conversation: ConversationId,
) -> Result<HashMap<MessageId, Feedback>> {
    let rows: Vec<Row> = scope
        .all(
            "SELECT message_id, verdict, reason FROM feedback WHERE conversation_id = $1 AND user_id = $2",
            args![conversation, scope.viewer.id],
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
