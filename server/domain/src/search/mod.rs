//! Finding things again: conversations by their titles, projects and agents by what is said of them, documents by their
//! names, and documents and messages by their words.
//!
//! A person finds what they could also open: conversations of their own with the branch that they see, projects that they
//! see, agents that they may talk to, documents of bases that they see. Full text is one of the few places where the two databases are asked differently;
//! both get the same words (`words`) and both are asked here, in [`messages`]. What is shown around a hit is cut here too
//! (`snippet`), so that it comes as text and never as markup.

mod documents;
pub(crate) mod index;
mod names;
mod snippet;
#[cfg(test)]
mod tests;
mod words;

pub use index::catch_up;
pub use words::Question;
pub(crate) use words::is_unspaced;

use crate::error::Result;
use crate::store::{Scope, args};
use atrium::chat::Author;
use atrium::ids::ProjectId;
use atrium::paging::{Page, PageRequest};
use atrium::search::{Hit, HitKind};
use uuid::Uuid;

/// Messages that are ranked, the newest that meet the question: whoever finds more asks more precisely.
pub const MESSAGES_MAX: i64 = 1_000;

/// Where to look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Only things of one kind.
    pub kind: Option<HitKind>,
    /// Only conversations of one project and what was said in them, and documents of its bases.
    pub project: Option<ProjectId>,
    /// From this moment on, in microseconds since 1970.
    pub from: Option<i64>,
    /// Before this moment.
    pub before: Option<i64>,
}

impl Filter {
    fn wants(&self, kind: HitKind) -> bool {
        let is_of_projects = matches!(kind, HitKind::Conversation | HitKind::Document | HitKind::Message);
        self.kind.is_none_or(|it| it == kind) && (self.project.is_none() || is_of_projects)
    }

    fn span(&self) -> (i64, i64) {
        (self.from.unwrap_or(i64::MIN), self.before.unwrap_or(i64::MAX))
    }
}

/// A message that meets the question.
#[derive(Debug, sqlx::FromRow)]
struct Ranked {
    id: Uuid,
}

/// What is shown of it.
#[derive(sqlx::FromRow)]
struct MessageRow {
    conversation_id: Uuid,
    project_id: Option<Uuid>,
    agent_id: Option<Uuid>,
    title: String,
    author: String,
    content: String,
    created_at: i64,
}

/// Something that was found; what is shown of it is brought when it is its turn.
enum Candidate {
    Named(Box<Hit>),
    /// A document, and the piece of it that meets the question best.
    Document(Uuid, Option<i64>),
    Message(Uuid),
}

/// Everything that meets the question: what is called so first, then documents and messages by how well they meet it,
/// the best of both, the second of both, and so on: their scores cannot be compared. A question without words finds
/// nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn find(scope: Scope<'_>, question: &Question, filter: Filter, page: PageRequest) -> Result<Page<Hit>> {
    if question.is_empty() {
        return Ok(Page { count: 0, items: Vec::new() });
    }
    let mut named: Vec<Hit> = Vec::new();
    if filter.wants(HitKind::Conversation) {
        named.extend(names::conversations(scope, question, &filter).await?);
    }
    if filter.wants(HitKind::Project) {
        named.extend(names::projects(scope, question, &filter).await?);
    }
    if filter.wants(HitKind::Agent) {
        named.extend(names::agents(scope, question, &filter).await?);
    }
    let documents = if filter.wants(HitKind::Document) {
        documents::find(scope, question, &filter).await?
    } else {
        documents::Found::default()
    };
    let said = if filter.wants(HitKind::Message) { messages(scope, question, &filter).await? } else { Vec::new() };
    let mut found: Vec<Candidate> = named.into_iter().map(|it| Candidate::Named(Box::new(it))).collect();
    found.extend(documents.called.into_iter().map(|(id, piece)| Candidate::Document(id, piece)));
    let mut documents = documents.saying.into_iter().map(|(id, piece)| Candidate::Document(id, Some(piece)));
    let mut said = said.into_iter().map(|it| Candidate::Message(it.id));
    loop {
        let before = found.len();
        found.extend(documents.next());
        found.extend(said.next());
        if found.len() == before {
            break;
        }
    }
    let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let skip = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let mut items = Vec::new();
    for candidate in found.into_iter().skip(skip).take(page.size as usize) {
        items.extend(match candidate {
            Candidate::Named(hit) => Some(*hit),
            Candidate::Document(id, piece) => documents::detail(scope, question, id, piece).await?,
            Candidate::Message(id) => detail(scope, question, id).await?,
        });
    }
    Ok(Page { count, items })
}

/// The messages that meet the question and stand on the visible branch of a conversation, best first.
///
/// The index knows whose a message is, so nobody's question reads through other people's hits; the join asks the rows
/// once more. `CROSS JOIN` is the order of work: from the hits to their rows, and from the heads up their branches.
async fn messages(scope: Scope<'_>, question: &Question, filter: &Filter) -> Result<Vec<Ranked>> {
    let owner = scope.viewer.id;
    let (from, before) = filter.span();
    let (sql, wanted) = if scope.is_postgres() {
        (
            "WITH RECURSIVE hits (id, conversation_id, score, created_at) AS (
                SELECT m.id, m.conversation_id, -ts_rank(i.words, CAST($1 AS tsquery)), m.created_at
                FROM message_index i JOIN messages m ON m.id = i.message_id JOIN conversations c ON c.id = m.conversation_id
                WHERE i.words @@ CAST($1 AS tsquery) AND c.owner_id = $2 AND c.organisation_id = $3 AND c.deleted_at IS NULL AND m.deleted_at IS NULL
                    AND ($4 IS NULL OR c.project_id = $4) AND m.created_at >= $5 AND m.created_at < $6
                ORDER BY m.created_at DESC LIMIT $7
             ), branch (conversation_id, id, parent_id) AS (
                SELECT m.conversation_id, m.id, m.parent_id FROM conversations c JOIN messages m ON m.id = c.head_id
                WHERE c.id IN (SELECT conversation_id FROM hits)
                UNION ALL
                SELECT m.conversation_id, m.id, m.parent_id FROM branch b JOIN messages m ON m.id = b.parent_id
             )
             SELECT h.id FROM hits h JOIN branch b ON b.id = h.id ORDER BY h.score, h.created_at DESC, h.id",
            question.for_tsquery(owner.0),
        )
    } else {
        (
            "WITH RECURSIVE hits (id, conversation_id, score, created_at) AS (
                SELECT m.id, m.conversation_id, bm25(message_words), m.created_at
                FROM message_words CROSS JOIN message_index i ON i.number = message_words.rowid
                CROSS JOIN messages m ON m.id = i.message_id CROSS JOIN conversations c ON c.id = m.conversation_id
                WHERE message_words MATCH $1 AND c.owner_id = $2 AND c.organisation_id = $3 AND c.deleted_at IS NULL AND m.deleted_at IS NULL
                    AND ($4 IS NULL OR c.project_id = $4) AND m.created_at >= $5 AND m.created_at < $6
                ORDER BY message_words.rowid DESC LIMIT $7
             ), branch (conversation_id, id, parent_id) AS (
                SELECT m.conversation_id, m.id, m.parent_id FROM conversations c CROSS JOIN messages m ON m.id = c.head_id
                WHERE c.id IN (SELECT conversation_id FROM hits)
                UNION ALL
                SELECT m.conversation_id, m.id, m.parent_id FROM branch b CROSS JOIN messages m ON m.id = b.parent_id
             )
             SELECT h.id FROM branch b JOIN hits h ON h.id = b.id ORDER BY h.score, h.created_at DESC, h.id",
            question.for_fts5(owner.0),
        )
    };
    let organisation = scope.viewer.organisation;
    Ok(scope.all(sql, args![wanted, owner, organisation, filter.project, from, before, MESSAGES_MAX]).await?)
}

/// What is shown of a message, unless it went away meanwhile.
async fn detail(scope: Scope<'_>, question: &Question, id: Uuid) -> Result<Option<Hit>> {
    let row: Option<MessageRow> = scope
        .optional(
            "SELECT m.conversation_id, c.project_id, COALESCE(m.agent_id, c.agent_id) AS agent_id, c.title, m.author, m.content, m.created_at
             FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.id = $1 AND c.owner_id = $2 AND m.deleted_at IS NULL",
            args![id, scope.viewer.id],
        )
        .await?;
    Ok(row.map(|it| Hit {
        kind: HitKind::Message,
        id,
        title: snippet::whole(&Question::default(), &it.title),
        snippet: snippet::snippet(question, &it.content),
        conversation: Some(it.conversation_id.into()),
        project: it.project_id.map(Into::into),
        agent: it.agent_id.map(Into::into),
        author: Some(if it.author == "user" { Author::User } else { Author::Assistant }),
        shelf: None,
        at: it.created_at,
    }))
}
