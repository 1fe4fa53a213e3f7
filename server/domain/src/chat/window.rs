//! What goes into the prompt: the agent's instructions, what its knowledge says on the question, and as many of the newest
//! turns as the model reads.

use super::runs::Job;
use crate::attachments::prompt::{Brought, Shelf};
use crate::error::Result;
use crate::knowledge::{Context, Knowledge};
use crate::providers::{Request, Role, Turn};
use crate::store::{Scope, args};
use atrium::catalogue::{Provider, model_facts};
use atrium::ids::ConversationId;
use uuid::Uuid;

/// Bytes that a token stands for, cautiously: English has four, source code about three, Chinese three.
const BYTES_PER_TOKEN: u64 = 3;
/// The local model counts its tokens exactly and leaves out what is too much by itself; it is only not given a library.
const LOCAL_BYTES: u64 = 64 * 1024;
/// Of sources, for a model whose window is this many times as large;
const KNOWLEDGE_SHARE: u64 = 3;
/// no model is helped by more,
const KNOWLEDGE_MAX: u64 = 48 * 1024;
/// and the local one reads them at a few hundred bytes a second, while somebody waits.
const KNOWLEDGE_LOCAL: u64 = 2_400;
/// Turns read from the database at a time, going back.
const STEP: i64 = 50;
/// Turns in a prompt, at most.
const TURNS_MAX: usize = 1_000;

/// A prompt, and how many turns it lacks.
#[derive(Debug)]
pub struct Prompt {
    pub request: Request,
    pub dropped: i64,
    /// What the agent's knowledge says, if it has any.
    pub context: Option<Context>,
    /// The answer, where the sources give it by themselves.
    pub quotation: Option<String>,
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
    let facts = model_facts(agent.provider, &agent.model);
    let answer = u64::try_from(agent.max_tokens).unwrap_or_default().min(facts.context_window / 2);
    let window =
        if agent.provider == Provider::Local { LOCAL_BYTES } else { (facts.context_window - answer) * BYTES_PER_TOKEN };
    let bases = knowledge.of_agent(scope, agent.id).await?;
    let for_knowledge = match agent.provider {
        _ if bases.is_empty() => 0,
        Provider::Local => KNOWLEDGE_LOCAL,
        _ => (window / KNOWLEDGE_SHARE).min(KNOWLEDGE_MAX),
    };
    let mut room = window.saturating_sub(agent.system_prompt.len() as u64 + for_knowledge);
    let mut shelf = Shelf::of(scope, knowledge, conversation, agent).await?;
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
            let brought = shelf.take(row.id, room).await?;
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
    let (mut context, mut quotation) = (None, None);
    if !bases.is_empty() {
        let mut asked = turns.iter().rev().filter(|it| it.role == Role::User).map(|it| it.text.as_str());
        let (question, before) = (asked.next().unwrap_or_default().to_owned(), asked.next());
        let look = async |room: u64| {
            knowledge.context(scope, &bases, &question, before, usize::try_from(room).unwrap_or(usize::MAX)).await
        };
        // Who brings files asks about them.
        let brings_files = files.first().is_some_and(|it| !it.is_empty());
        if agent.provider == Provider::Local && !job.resume && !brings_files {
            let found = look(KNOWLEDGE_MAX).await?;
            quotation = knowledge.quotation(&question, &found).await;
            context = quotation.is_some().then_some(found);
        }
        let found = match context {
            Some(found) => found,
            None => look(for_knowledge).await?,
        };
        // Sources stand right before the question: small models do not look far back.
        if let Some(turn) = turns.iter_mut().rfind(|it| it.role == Role::User) {
            turn.text = format!("{}\n\n{question}", found.block);
        }
        context = Some(found);
    }
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
    Ok(Prompt { request, dropped: oldest_depth, context, quotation })
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
