//! JSON: everything that there is of a conversation, for programs and for coming back one day.

use super::{Pieces, iso, json};
use crate::error::{Error, Result};
use crate::store::{Scope, Store, args};
use async_stream::try_stream;
use atrium::ids::ConversationId;
use atrium::people::Viewer;
use futures::StreamExt as _;
use serde::Serialize;
use uuid::Uuid;

/// Conversations and messages that are read at a time.
const BATCH: i64 = 50;

#[derive(sqlx::FromRow)]
struct ConversationRow {
    id: Uuid,
    title: String,
    agent_id: Option<Uuid>,
    agent_name: Option<String>,
    project_id: Option<Uuid>,
    project_name: Option<String>,
    head_id: Option<Uuid>,
    created_at: i64,
    updated_at: i64,
}

/// A conversation without its messages, which follow in the same object.
#[derive(Serialize)]
struct Conversation {
    id: Uuid,
    title: String,
    agent: Option<Named>,
    project: Option<Named>,
    /// The newest message of the branch that is shown.
    head_id: Option<Uuid>,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
struct Named {
    id: Uuid,
    name: String,
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    id: Uuid,
    parent_id: Option<Uuid>,
    author: String,
    content: String,
    reasoning: String,
    status: String,
    provider: Option<String>,
    model: Option<String>,
    prompt_tokens: Option<i64>,
    completion_tokens: Option<i64>,
    tokens_estimated: bool,
    cost_micros: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

#[derive(Serialize)]
struct Message {
    id: Uuid,
    /// The message before it; several with the same one are alternatives.
    parent_id: Option<Uuid>,
    role: String,
    content: String,
    reasoning: String,
    status: String,
    provider: Option<String>,
    model: Option<String>,
    prompt_tokens: Option<i64>,
    completion_tokens: Option<i64>,
    tokens_estimated: bool,
    /// Millionths of a dollar.
    cost_micros: Option<i64>,
    created_at: String,
    updated_at: String,
}

impl From<ConversationRow> for Conversation {
    fn from(row: ConversationRow) -> Self {
        let named = |(id, name)| Named { id, name };
        Self {
            id: row.id,
            title: row.title,
            agent: row.agent_id.zip(row.agent_name).map(named),
            project: row.project_id.zip(row.project_name).map(named),
            head_id: row.head_id,
            created_at: iso(row.created_at),
            updated_at: iso(row.updated_at),
        }
    }
}

impl From<MessageRow> for Message {
    fn from(row: MessageRow) -> Self {
        Self {
            id: row.id,
            parent_id: row.parent_id,
            role: row.author,
            content: row.content,
            reasoning: row.reasoning,
            status: row.status,
            provider: row.provider,
            model: row.model,
            prompt_tokens: row.prompt_tokens,
            completion_tokens: row.completion_tokens,
            tokens_estimated: row.tokens_estimated,
            cost_micros: row.cost_micros,
            created_at: iso(row.created_at),
            updated_at: iso(row.updated_at),
        }
    }
}

/// `{"format": …, "version": 1, "conversation": {…, "messages": […]}}`
pub(super) fn conversation(store: Store, viewer: Viewer, id: ConversationId) -> Pieces {
    try_stream! {
        let row = conversation_row(store.as_viewer(&viewer), id.0).await?;
        yield "{\"format\":\"atrium.conversation\",\"version\":1,\"conversation\":".to_owned();
        for await piece in one(store.clone(), viewer.clone(), row.ok_or(Error::NotFound("conversation"))?) {
            yield piece?;
        }
        yield "}\n".to_owned();
    }
    .boxed()
}

/// All conversations of the viewer's, one a line:
/// `{"format": …, "version": 1, "exported_at": …, "conversations": [{…, "messages": […]}, …]}`
#[must_use]
pub fn conversations(store: Store, viewer: Viewer, now: i64) -> Pieces {
    try_stream! {
        yield format!("{{\"format\":\"atrium.conversations\",\"version\":1,\"exported_at\":\"{}\",\"conversations\":[", iso(now));
        let (mut last, mut is_first) = (Uuid::nil(), true);
        loop {
            let ids = conversation_ids(store.as_viewer(&viewer), last).await?;
            let Some(newest) = ids.last() else { break };
            last = *newest;
            for id in ids {
                // One that was deleted meanwhile is not taken along.
                let Some(row) = conversation_row(store.as_viewer(&viewer), id).await? else { continue };
                let between = if is_first { "\n" } else { ",\n" };
                is_first = false;
                yield between.to_owned();
                for await piece in one(store.clone(), viewer.clone(), row) {
                    yield piece?;
                }
            }
        }
        yield "\n]}\n".to_owned();
    }
    .boxed()
}

/// One object. Its messages come in the order in which they were written, so that each comes after its parent.
fn one(store: Store, viewer: Viewer, row: ConversationRow) -> Pieces {
    try_stream! {
        let id = row.id;
        let head = json(&Conversation::from(row))?;
        yield format!("{},\"messages\":[", head.trim_end_matches('}'));
        let (mut after, mut after_id, mut is_first) = (i64::MIN, Uuid::nil(), true);
        loop {
            let rows = message_rows(store.as_viewer(&viewer), id, after, after_id).await?;
            let Some(newest) = rows.last() else { break };
            (after, after_id) = (newest.created_at, newest.id);
            let mut text = String::new();
            for row in rows {
                text.push_str(if is_first { "" } else { "," });
                text.push_str(&json(&Message::from(row))?);
                is_first = false;
            }
            yield text;
        }
        yield "]}".to_owned();
    }
    .boxed()
}

async fn conversation_ids(scope: Scope<'_>, after: Uuid) -> Result<Vec<Uuid>> {
    let rows: Vec<(Uuid,)> = scope
        .all(
            "SELECT id FROM conversations WHERE owner_id = $1 AND deleted_at IS NULL AND id > $2 ORDER BY id LIMIT $3",
            args![scope.viewer.id, after, BATCH],
        )
        .await?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}

async fn conversation_row(scope: Scope<'_>, id: Uuid) -> Result<Option<ConversationRow>> {
    Ok(scope
        .optional(
            "SELECT c.id, c.title, c.agent_id, a.name AS agent_name, c.project_id, p.name AS project_name, c.head_id, c.created_at, c.updated_at
             FROM conversations c LEFT JOIN agents a ON a.id = c.agent_id LEFT JOIN projects p ON p.id = c.project_id
             WHERE c.id = $1 AND c.owner_id = $2 AND c.deleted_at IS NULL",
            args![id, scope.viewer.id],
        )
        .await?)
}

/// The next messages of the tree. What was deleted, and what only hung on it, stays behind.
async fn message_rows(scope: Scope<'_>, id: Uuid, after: i64, after_id: Uuid) -> Result<Vec<MessageRow>> {
    Ok(scope
        .all(
            "WITH RECURSIVE tree (id) AS (
                SELECT id FROM messages WHERE conversation_id = $1 AND parent_id IS NULL AND deleted_at IS NULL
                UNION ALL
                SELECT m.id FROM tree t CROSS JOIN messages m WHERE m.conversation_id = $1 AND m.parent_id = t.id AND m.deleted_at IS NULL
             )
             SELECT m.id, m.parent_id, m.author, m.content, m.reasoning, m.status, m.provider, m.model, m.prompt_tokens, m.completion_tokens,
                m.tokens_estimated, m.cost_micros, m.created_at, m.updated_at
             FROM tree t JOIN messages m ON m.id = t.id JOIN conversations c ON c.id = m.conversation_id
             WHERE c.owner_id = $2 AND (m.created_at > $3 OR (m.created_at = $3 AND m.id > $4))
             ORDER BY m.created_at, m.id LIMIT $5",
            args![id, scope.viewer.id, after, after_id, BATCH],
        )
        .await?)
}
