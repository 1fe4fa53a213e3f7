//! Reading the visible branch of a conversation.

use super::{Chat, cited};
use crate::attachments::sent;
use crate::error::{Error, Result};
use crate::feedback;
use crate::markdown;
use crate::store::{Scope, args};
use atrium::chat::{Author, ConversationSettings, MessageStatus, MessageView, Rendered, RunRef, Thread};
use atrium::ids::{ConversationId, MessageId};
use atrium::paging::{Page, PageRequest};
use atrium::people::Viewer;
use std::collections::HashMap;
use uuid::Uuid;

/// Messages that are shown at once; older ones come on demand.
const PAGE: i64 = 40;

/// Who reads: pages want answers as HTML, programs as they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Rendered.
    Html,
    /// As it is.
    Text,
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct ConversationRow {
    pub id: Uuid,
    pub title: String,
    pub title_by: String,
    pub agent_id: Option<Uuid>,
    pub head_id: Option<Uuid>,
    #[sqlx(flatten)]
    pub own: OwnRow,
}

/// What a conversation has otherwise than its agent, as stored.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub(super) struct OwnRow {
    pub model_provider: Option<String>,
    pub model: Option<String>,
    pub temperature: Option<f64>,
}

#[derive(Debug, sqlx::FromRow)]
struct MessageRow {
    id: Uuid,
    parent_id: Option<Uuid>,
    author: String,
    content: String,
    reasoning: String,
    status: String,
    model: Option<String>,
    prompt_tokens: Option<i64>,
    completion_tokens: Option<i64>,
    tokens_estimated: bool,
    cost_micros: Option<i64>,
    latency_micros: Option<i64>,
    end_reason: Option<String>,
    dropped_turns: i64,
    error_message: Option<String>,
    created_at: i64,
    run_id: Option<Uuid>,
    /// Its own id, if it stands on sources.
    retrieval_id: Option<Uuid>,
    is_favourite: bool,
}

#[derive(sqlx::FromRow)]
struct PlacedRow {
    conversation_id: Uuid,
    #[sqlx(flatten)]
    message: MessageRow,
}

#[derive(sqlx::FromRow)]
struct SiblingRow {
    id: Uuid,
    parent_id: Option<Uuid>,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    kind: String,
    data: String,
}

pub(super) async fn conversation(scope: Scope<'_>, id: ConversationId) -> Result<ConversationRow> {
    scope
        .optional("SELECT id, title, title_by, agent_id, head_id, model_provider, model, temperature FROM conversations WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL", args![id, scope.viewer.id])
        .await?
        .ok_or(Error::NotFound("conversation"))
}

impl Chat {
    /// The newest messages of the visible branch; those before `older_than` when older ones are wanted.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn thread(&self, viewer: &Viewer, id: ConversationId, older_than: Option<MessageId>) -> Result<Thread> {
        let scope = self.store.as_viewer(viewer);
        let conversation = conversation(scope, id).await?;
        let from = match older_than {
            Some(message) => parent_of(scope, id, message).await?,
            None => conversation.head_id,
        };
        let messages = self.branch(scope, id, from, PAGE, Form::Html).await?;
        let mark: Option<(i64,)> = scope
            .optional(
                "SELECT created_at FROM favourites WHERE user_id = $1 AND conversation_id = $2",
                args![viewer.id, id],
            )
            .await?;
        let has_older = messages.first().is_some_and(|it| it.parent_id.is_some());
        Ok(Thread {
            id,
            title: conversation.title,
            agent_id: conversation.agent_id.map(Into::into),
            settings: ConversationSettings::from(&conversation.own),
            messages,
            has_older,
            is_favourite: mark.is_some(),
        })
    }

    /// One message as the thread shows it, and the conversation's title.
    pub(super) async fn message(
        &self,
        viewer: &Viewer,
        conversation_id: ConversationId,
        message: MessageId,
    ) -> Result<(String, MessageView)> {
        let scope = self.store.as_viewer(viewer);
        let title = conversation(scope, conversation_id).await?.title;
        let view = self
            .branch(scope, conversation_id, Some(message.0), 1, Form::Html)
            .await?
            .pop()
            .ok_or(Error::NotFound("message"))?;
        Ok((title, view))
    }

    /// What sending led to: the question, its answer, and the conversation's title.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn newest_exchange(&self, viewer: &Viewer, sent: super::Sent) -> Result<(String, Vec<MessageView>)> {
        let scope = self.store.as_viewer(viewer);
        let title = conversation(scope, sent.conversation).await?.title;
        Ok((title, self.branch(scope, sent.conversation, Some(sent.answer.0), 2, Form::Html).await?))
    }

    /// A page of what was said in any of the viewer's conversations, oldest first, as text.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn all_messages(
        &self,
        viewer: &Viewer,
        page: PageRequest,
    ) -> Result<Page<(ConversationId, MessageView)>> {
        let scope = self.store.as_viewer(viewer);
        let count: Option<(i64,)> = scope
            .optional(
                "SELECT COUNT(*) FROM conversations c JOIN messages m ON m.conversation_id = c.id
                 WHERE c.owner_id = $1 AND c.deleted_at IS NULL AND m.deleted_at IS NULL",
                args![viewer.id],
            )
            .await?;
        let rows: Vec<PlacedRow> = scope
            .all(
                "SELECT m.conversation_id, m.id, m.parent_id, m.author, m.content, m.reasoning, m.status, m.model, m.prompt_tokens, m.completion_tokens,
                    m.tokens_estimated, m.cost_micros, m.latency_micros, m.end_reason, m.dropped_turns, m.error_message, m.created_at, r.id AS run_id, t.message_id AS retrieval_id,
                    EXISTS (SELECT 1 FROM favourites f WHERE f.user_id = $1 AND f.message_id = m.id) AS is_favourite
                 FROM conversations c JOIN messages m ON m.conversation_id = c.id LEFT JOIN runs r ON r.message_id = m.id AND r.status = 'running' LEFT JOIN retrievals t ON t.message_id = m.id
                 WHERE c.owner_id = $1 AND c.deleted_at IS NULL AND m.deleted_at IS NULL
                 ORDER BY m.created_at, m.id LIMIT $2 OFFSET $3",
                args![viewer.id, page.limit(), page.offset()],
            )
            .await?;
        let mut items = Vec::with_capacity(rows.len());
        for PlacedRow { conversation_id, message } in rows {
            let id = conversation_id.into();
            items.push((id, self.view(scope, id, message, &HashMap::new(), Form::Text).await?));
        }
        Ok(Page { count: count.map_or(0, |it| it.0), items })
    }

    /// Up to `limit` messages that end with `from`, oldest first.
    pub(super) async fn branch(
        &self,
        scope: Scope<'_>,
        conversation: ConversationId,
        from: Option<Uuid>,
        limit: i64,
        form: Form,
    ) -> Result<Vec<MessageView>> {
        let Some(from) = from else { return Ok(Vec::new()) };
        let rows: Vec<MessageRow> = scope
            .all(
                "WITH RECURSIVE branch (id, parent_id, hops) AS (
                    SELECT id, parent_id, CAST(1 AS BIGINT) FROM messages WHERE conversation_id = $1 AND id = $2 AND deleted_at IS NULL
                    UNION ALL
                    SELECT m.id, m.parent_id, b.hops + 1 FROM messages m JOIN branch b ON m.id = b.parent_id AND m.conversation_id = $1 WHERE b.hops < $3
                 )
                 SELECT m.id, m.parent_id, m.author, m.content, m.reasoning, m.status, m.model, m.prompt_tokens, m.completion_tokens, m.tokens_estimated,
                    m.cost_micros, m.latency_micros, m.end_reason, m.dropped_turns, m.error_message, m.created_at, r.id AS run_id, t.message_id AS retrieval_id,
                    EXISTS (SELECT 1 FROM favourites f WHERE f.user_id = $4 AND f.message_id = m.id) AS is_favourite
                 FROM branch b JOIN messages m ON m.id = b.id LEFT JOIN runs r ON r.message_id = m.id AND r.status = 'running' LEFT JOIN retrievals t ON t.message_id = m.id
                 ORDER BY b.hops DESC",
                args![conversation, from, limit, scope.viewer.id],
            )
            .await?;
        let siblings =
            siblings(scope, conversation, from, limit, rows.first().is_some_and(|it| it.parent_id.is_none())).await?;
        let mut files = sent::by_message(scope, conversation).await?;
        let mut said = feedback::of_conversation(scope, conversation).await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            let (attachments, feedback) =
                (files.remove(&row.id.into()).unwrap_or_default(), said.remove(&row.id.into()));
            views.push(MessageView {
                attachments,
                feedback,
                ..self.view(scope, conversation, row, &siblings, form).await?
            });
        }
        Ok(views)
    }

    async fn view(
        &self,
        scope: Scope<'_>,
        conversation: ConversationId,
        row: MessageRow,
        siblings: &HashMap<Option<Uuid>, Vec<Uuid>>,
        form: Form,
    ) -> Result<MessageView> {
        let status = MessageStatus::parse(&row.status)
            .ok_or_else(|| Error::Internal(format!("message {} has the unknown status {}", row.id, row.status)))?;
        let author = if row.author == "user" { Author::User } else { Author::Assistant };
        let alternatives = siblings.get(&row.parent_id).map_or(&[][..], Vec::as_slice);
        let index = alternatives.iter().position(|it| *it == row.id).unwrap_or_default();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mut view = MessageView {
            id: row.id.into(),
            parent_id: row.parent_id.map(Into::into),
            author,
            text: row.content,
            reasoning: row.reasoning,
            rendered: Rendered::default(),
            status,
            run: None,
            can_continue: author == Author::Assistant
                && (status.can_continue() || row.end_reason.as_deref() == Some("length")),
            error: row.error_message,
            position: (number(index + 1), number(alternatives.len().max(1))),
            previous_sibling: index.checked_sub(1).and_then(|it| alternatives.get(it)).map(|it| (*it).into()),
            next_sibling: alternatives.get(index + 1).map(|it| (*it).into()),
            model: row.model,
            completion_tokens: row.completion_tokens,
            prompt_tokens: row.prompt_tokens,
            tokens_estimated: row.tokens_estimated,
            cost: row.cost_micros,
            latency: row.latency_micros,
            is_favourite: row.is_favourite,
            attachments: Vec::new(),
            feedback: None,
            notes: notes(row.dropped_turns, row.end_reason.as_deref()),
            created_at: row.created_at,
        };
        if let Some(run) = row.run_id {
            self.add_unfinished(scope, &mut view, run).await?;
        }
        if author == Author::Assistant && form == Form::Html {
            view.rendered = match row.retrieval_id {
                Some(_) if view.run.is_none() => self.with_sources(scope, conversation, &view).await?,
                _ => render(&view.text, view.run.is_none()),
            };
        }
        Ok(view)
    }

    /// An answer whose sentences say what they stand on, and its sources below.
    async fn with_sources(
        &self,
        scope: Scope<'_>,
        conversation: ConversationId,
        view: &MessageView,
    ) -> Result<Rendered> {
        match self.knowledge.sources(scope, view.id).await {
            Ok(Some(sources)) => {
                Ok(Rendered { blocks: cited::render(&view.text, conversation, &sources), tail: String::new() })
            }
            // Whoever looks into somebody else's conversation reads what was said, not what it was made of.
            Ok(None) | Err(Error::NotFound(_)) => Ok(render(&view.text, true)),
            Err(error) => Err(error),
        }
    }

    /// What a run has said that is not in the message yet.
    async fn add_unfinished(&self, scope: Scope<'_>, view: &mut MessageView, run: Uuid) -> Result<()> {
        use super::runs::log::Kind;
        let mut seq = 0;
        let mut add = |kind: Kind, data: &str| {
            seq += data.len() as u64;
            match kind {
                Kind::Text => view.text.push_str(data),
                Kind::Reasoning => view.reasoning.push_str(data),
            }
        };
        if let Some(live) = self.hub.get(run.into()) {
            for piece in live.since(0).pieces {
                add(piece.kind, &piece.data);
            }
        } else {
            let events: Vec<EventRow> =
                scope.all("SELECT kind, data FROM run_events WHERE run_id = $1 ORDER BY seq", args![run]).await?;
            for event in events {
                add(if event.kind == "reasoning" { Kind::Reasoning } else { Kind::Text }, &event.data);
            }
        }
        view.run = Some(RunRef { id: run.into(), seq });
        Ok(())
    }
}

/// The same blocks, whether rendered whole or while they came.
fn render(text: &str, is_complete: bool) -> Rendered {
    let mut stream = markdown::Stream::new();
    stream.push(text);
    if is_complete {
        return Rendered { blocks: stream.finish().blocks, tail: String::new() };
    }
    let update = stream.update();
    Rendered { blocks: update.blocks, tail: update.tail }
}

fn notes(dropped_turns: i64, end_reason: Option<&str>) -> Vec<String> {
    let dropped = match dropped_turns {
        0 => None,
        1 => Some("The oldest message did not fit into the model's window and was left out.".to_owned()),
        n => Some(format!("The {n} oldest messages did not fit into the model's window and were left out.")),
    };
    let ended = match end_reason {
        Some("length") => Some("The answer reached its limit of tokens."),
        Some("filtered") => Some("The provider's filter withheld the rest."),
        _ => None,
    };
    dropped.into_iter().chain(ended.map(str::to_owned)).collect()
}

/// The alternatives at every place of a branch, oldest first, by their parent.
///
/// `CROSS JOIN` is the order of work: from the branch to its siblings, by their index.
async fn siblings(
    scope: Scope<'_>,
    conversation: ConversationId,
    from: Uuid,
    limit: i64,
    reaches_root: bool,
) -> Result<HashMap<Option<Uuid>, Vec<Uuid>>> {
    let mut rows: Vec<SiblingRow> = scope
        .all(
            "WITH RECURSIVE branch (id, parent_id, hops) AS (
                SELECT id, parent_id, CAST(1 AS BIGINT) FROM messages WHERE conversation_id = $1 AND id = $2
                UNION ALL
                SELECT m.id, m.parent_id, b.hops + 1 FROM messages m JOIN branch b ON m.id = b.parent_id AND m.conversation_id = $1 WHERE b.hops < $3
             )
             SELECT s.id, s.parent_id FROM branch b CROSS JOIN messages s
             WHERE s.conversation_id = $1 AND s.parent_id = b.parent_id AND s.deleted_at IS NULL ORDER BY s.created_at, s.id",
            args![conversation, from, limit],
        )
        .await?;
    if reaches_root {
        let roots = scope.all("SELECT id, parent_id FROM messages WHERE conversation_id = $1 AND parent_id IS NULL AND deleted_at IS NULL ORDER BY created_at, id", args![conversation]);
        rows.extend(roots.await?);
    }
    let mut siblings: HashMap<Option<Uuid>, Vec<Uuid>> = HashMap::new();
    for row in rows {
        siblings.entry(row.parent_id).or_default().push(row.id);
    }
    Ok(siblings)
}

pub(super) async fn parent_of(
    scope: Scope<'_>,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Option<Uuid>> {
    let row: Option<(Option<Uuid>,)> = scope
        .optional("SELECT parent_id FROM messages WHERE conversation_id = $1 AND id = $2", args![conversation, message])
        .await?;
    Ok(row.ok_or(Error::NotFound("message"))?.0)
}
