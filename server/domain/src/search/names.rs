//! What is called so: titles, names and descriptions. There are few of them a person, so they are compared as they are
//! read, letter for letter as messages are.

use super::snippet::{is_met, snippet, whole};
use super::{Filter, Question};
use crate::error::Result;
use crate::store::{Scope, args};
use crate::{agents, projects};
use atrium::search::{Hit, HitKind, Piece};
use uuid::Uuid;

/// Conversations whose titles are compared, newest first. Comparing one takes about a microsecond.
const TITLES: i64 = 20_000;

#[derive(sqlx::FromRow)]
struct TitleRow {
    id: Uuid,
    agent_id: Option<Uuid>,
    project_id: Option<Uuid>,
    title: String,
    updated_at: i64,
}

/// The viewer's conversations, newest first.
pub(super) async fn conversations(scope: Scope<'_>, question: &Question, filter: &Filter) -> Result<Vec<Hit>> {
    let (from, before) = filter.span();
    let rows: Vec<TitleRow> = scope
        .all(
            "SELECT id, agent_id, project_id, title, updated_at FROM conversations
             WHERE owner_id = $1 AND deleted_at IS NULL AND ($2 IS NULL OR project_id = $2) AND updated_at >= $3 AND updated_at < $4
             ORDER BY updated_at DESC, id DESC LIMIT $5",
            args![scope.viewer.id, filter.project, from, before, TITLES],
        )
        .await?;
    let hits = rows.into_iter().filter(|it| is_met(question, &it.title)).map(|it| Hit {
        kind: HitKind::Conversation,
        id: it.id,
        title: whole(question, &it.title),
        snippet: Vec::new(),
        conversation: Some(it.id.into()),
        project: it.project_id.map(Into::into),
        agent: it.agent_id.map(Into::into),
        author: None,
        shelf: None,
        at: it.updated_at,
    });
    Ok(hits.collect())
}

/// Projects that the viewer sees, by name.
pub(super) async fn projects(scope: Scope<'_>, question: &Question, filter: &Filter) -> Result<Vec<Hit>> {
    let found = projects::all(scope).await?.into_iter().filter_map(|it| {
        let (title, snippet) = described(question, &it.name, &it.description)?;
        Some(Hit { project: Some(it.id), ..hit(HitKind::Project, it.id.0, title, snippet, it.updated_at) })
    });
    Ok(within(filter, found))
}

/// Agents that the viewer may talk to, their own first.
pub(super) async fn agents(scope: Scope<'_>, question: &Question, filter: &Filter) -> Result<Vec<Hit>> {
    let found = agents::usable_list(scope).await?.into_iter().filter_map(|it| {
        let (title, snippet) = described(question, &it.name, &it.description)?;
        Some(Hit { agent: Some(it.id), ..hit(HitKind::Agent, it.id.0, title, snippet, it.updated_at) })
    });
    Ok(within(filter, found))
}

fn hit(kind: HitKind, id: Uuid, title: Vec<Piece>, snippet: Vec<Piece>, at: i64) -> Hit {
    Hit { kind, id, title, snippet, conversation: None, project: None, agent: None, author: None, shelf: None, at }
}

fn within(filter: &Filter, hits: impl Iterator<Item = Hit>) -> Vec<Hit> {
    let (from, before) = filter.span();
    hits.filter(|it| (from..before).contains(&it.at)).collect()
}

/// Name and description with what was looked for marked, if together they meet the question.
fn described(question: &Question, name: &str, description: &str) -> Option<(Vec<Piece>, Vec<Piece>)> {
    is_met(question, &format!("{name}\n{description}")).then(|| (whole(question, name), snippet(question, description)))
}
