//! What goes into the prompt: the agent's instructions, what its knowledge says on the question, and as many of the newest
//! turns as the model reads.

use super::runs::Job;
use super::sessions;
use crate::attachments::prompt::{Attached, Brought};
use crate::error::Result;
use crate::knowledge::{Grounds, Knowledge};
use crate::providers::{Request, Role, Turn};
use crate::store::{Scope, args};
use atrium::ids::ConversationId;
use uuid::Uuid;

/// Turns read from the database at a time, going back.
const STEP: i64 = 50;
/// Turns in a prompt, at most.
const TURNS_MAX: usize = 1_000;

/// A prompt, and how many turns it lacks.
#[derive(Debug)]
pub struct Prompt {
    pub request: Request,
    pub dropped: i64,
    /// What the agent's knowledge says on the question.
    pub grounds: Grounds,
}

#[derive(sqlx::FromRow)]
struct TurnRow {
    id: Uuid,
    parent_id: Option<Uuid>,
    depth: i64,
    author: String,
    content: String,
}

pub async fn build(scope: Scope<'_>, knowledge: &Knowledge, conversation: ConversationId, job: &Job) -> Result<Prompt> {
    let agent = &job.agent;
    let shelf = knowledge.shelf(scope, agent, sessions::reach(scope, conversation).await?).await?;
    let mut room = shelf.window.saturating_sub(agent.system_prompt.len() as u64 + shelf.room);
    let mut attached = Attached::of(scope, knowledge, conversation, agent).await?;
    let mut turns = Vec::new();
    let mut files: Vec<Brought> = Vec::new();
    let mut oldest_depth = 0;
    let mut next = Some(job.upto.0);
    'older: while let Some(from) = next {
        for row in back_from(scope, conversation, from).await? {
            let length = row.content.len() as u64;
            let is_last = turns.is_empty();
            // The newest turn goes in whatever its length: the provider's own refusal says more than an empty prompt.
            if !is_last && (length > room || turns.len() >= TURNS_MAX) {
                break 'older;
            }
            room = room.saturating_sub(length);
            let brought = attached.take(row.id, room).await?;
            room = room.saturating_sub(brought.len());
            oldest_depth = row.depth;
            next = row.parent_id;
            let role = if row.author == "user" { Role::User } else { Role::Assistant };
            if !row.content.is_empty() || !brought.is_empty() || is_last && job.resume {
                turns.push(Turn::said(role, row.content));
                files.push(brought);
            }
        }
    }
    turns.reverse();
    // Who brings files asks about them: the sources alone are no answer.
    let brings_files = files.first().is_some_and(|it| !it.is_empty());
    let grounds = knowledge.ground(scope, &shelf, &mut turns, !job.resume && !brings_files).await?;
    // After the search for sources, which is for what was said.
    turns.iter_mut().zip(files.into_iter().rev()).for_each(|(turn, files)| files.put_into(turn));
    let request = Request {
        model: agent.model.clone(),
        system: atrium::text::filled(&agent.system_prompt).map(str::to_owned),
        turns,
        resume: job.resume,
        temperature: Some(agent.temperature),
        max_tokens: u32::try_from(agent.max_tokens).ok(),
    };
    Ok(Prompt { request, dropped: oldest_depth, grounds })
}

/// A few turns, newest first.
async fn back_from(scope: Scope<'_>, conversation: ConversationId, from: Uuid) -> Result<Vec<TurnRow>> {
    let rows = scope
        .all(
            "WITH RECURSIVE branch (id, parent_id, hops) AS (
                SELECT id, parent_id, CAST(1 AS BIGINT) FROM messages WHERE conversation_id = $1 AND id = $2
                UNION ALL
                SELECT m.id, m.parent_id, b.hops + 1 FROM messages m JOIN branch b ON m.id = b.parent_id AND m.conversation_id = $1 WHERE b.hops < $3
             )
             SELECT m.id, m.parent_id, m.depth, m.author, m.content FROM branch b JOIN messages m ON m.id = b.id ORDER BY b.hops",
            args![conversation, from, STEP],
        )
        .await?;
    Ok(rows)
}
