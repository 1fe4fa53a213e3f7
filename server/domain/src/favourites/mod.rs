//! Favourites: what a person marks to find it again. Only what they could also open can be marked, and what they can no
//! longer open is not listed; should it come back, it is still marked.

#[cfg(test)]
mod tests;

use crate::chat::Chat;
use crate::error::{Error, Result};
use crate::ports::Ports;
use crate::store::{Args, Scope, args};
use crate::{agents, projects};
use atrium::favourites::{Favourite, FavouriteKind};
use atrium::paging::{Page, PageRequest};
use std::collections::HashSet;
use uuid::Uuid;

/// Favourites of a person that are looked at.
const MAX: i64 = 1_000;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    text: String,
    conversation_id: Option<Uuid>,
    agent_id: Option<Uuid>,
    created_at: i64,
}

/// The statements of a kind, each over its own column.
struct Statements {
    mark: &'static str,
    unmark: &'static str,
    ids: &'static str,
}

macro_rules! statements {
    ($column:literal) => {
        Statements {
            mark: concat!(
                "INSERT INTO favourites (id, user_id, ",
                $column,
                ", created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (user_id, ",
                $column,
                ") DO NOTHING"
            ),
            unmark: concat!("DELETE FROM favourites WHERE user_id = $1 AND ", $column, " = $2"),
            ids: concat!("SELECT ", $column, " FROM favourites WHERE user_id = $1 AND ", $column, " IS NOT NULL"),
        }
    };
}

fn statements(kind: FavouriteKind) -> Statements {
    match kind {
        FavouriteKind::Conversation => statements!("conversation_id"),
        FavouriteKind::Message => statements!("message_id"),
        FavouriteKind::Agent => statements!("agent_id"),
        FavouriteKind::Project => statements!("project_id"),
    }
}

/// Marks something; answers whether it was not marked before.
///
/// # Errors
/// [`Error::NotFound`] when the viewer could not open it.
pub async fn mark(scope: Scope<'_>, ports: &Ports, chat: &Chat, kind: FavouriteKind, id: Uuid) -> Result<bool> {
    match kind {
        FavouriteKind::Conversation => drop(chat.summary(scope.viewer, id.into()).await?),
        FavouriteKind::Message => drop(chat.find_message(scope.viewer, id.into()).await?),
        FavouriteKind::Agent => drop(agents::usable(scope, id.into()).await?),
        FavouriteKind::Project => drop(projects::get(scope, id.into()).await?),
    }
    let favourite: Uuid = ports.id();
    let added = scope.execute(statements(kind).mark, args![favourite, scope.viewer.id, id, ports.now()]).await?;
    Ok(added == 1)
}

/// Takes the mark away.
///
/// # Errors
/// [`Error::NotFound`] when the viewer has not marked it.
pub async fn unmark(scope: Scope<'_>, kind: FavouriteKind, id: Uuid) -> Result<()> {
    match scope.execute(statements(kind).unmark, args![scope.viewer.id, id]).await? {
        0 => Err(Error::NotFound("favourite")),
        _ => Ok(()),
    }
}

/// What of a kind the viewer has marked, for lists that show a star.
///
/// # Errors
/// When the database does not answer.
pub async fn ids(scope: Scope<'_>, kind: FavouriteKind) -> Result<HashSet<Uuid>> {
    let rows: Vec<(Uuid,)> = scope.all(statements(kind).ids, args![scope.viewer.id]).await?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}

/// A page of what the viewer has marked, newest mark first.
///
/// # Errors
/// When the database does not answer.
pub async fn page(scope: Scope<'_>, page: PageRequest, kind: Option<FavouriteKind>) -> Result<Page<Favourite>> {
    let mut all = Vec::new();
    for kind in FavouriteKind::ALL.into_iter().filter(|it| kind.is_none_or(|wanted| wanted == *it)) {
        all.extend(of_kind(scope, kind).await?);
    }
    all.sort_by_key(|it| (std::cmp::Reverse(it.since), it.id));
    let count = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let skip = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    Ok(Page { count, items: all.into_iter().skip(skip).take(page.size as usize).collect() })
}

async fn of_kind(scope: Scope<'_>, kind: FavouriteKind) -> Result<Vec<Favourite>> {
    let viewer = scope.viewer;
    let (sql, args): (&'static str, Args) = match kind {
        FavouriteKind::Conversation => (
            "SELECT c.id, c.title AS text, c.id AS conversation_id, c.agent_id, f.created_at
             FROM favourites f JOIN conversations c ON c.id = f.conversation_id
             WHERE f.user_id = $1 AND c.owner_id = $1 AND c.deleted_at IS NULL ORDER BY f.created_at DESC LIMIT $2",
            args![viewer.id, MAX],
        ),
        FavouriteKind::Message => (
            "SELECT m.id, SUBSTR(m.content, 1, 2000) AS text, c.id AS conversation_id, COALESCE(m.agent_id, c.agent_id) AS agent_id, f.created_at
             FROM favourites f JOIN messages m ON m.id = f.message_id JOIN conversations c ON c.id = m.conversation_id
             WHERE f.user_id = $1 AND c.owner_id = $1 AND c.deleted_at IS NULL AND m.deleted_at IS NULL ORDER BY f.created_at DESC LIMIT $2",
            args![viewer.id, MAX],
        ),
        FavouriteKind::Agent => (
            "SELECT a.id, a.name AS text, f.conversation_id, a.id AS agent_id, f.created_at
             FROM favourites f JOIN agents a ON a.id = f.agent_id
             WHERE f.user_id = $1 AND a.organisation_id = $3 AND a.deleted_at IS NULL AND (a.owner_id = $1 OR EXISTS (
                SELECT 1 FROM project_agents x JOIN projects p ON p.id = x.project_id AND p.deleted_at IS NULL
                JOIN project_members m ON m.project_id = x.project_id AND m.user_id = $1 AND m.role <> 'guest' WHERE x.agent_id = a.id))
             ORDER BY f.created_at DESC LIMIT $2",
            args![viewer.id, MAX, viewer.organisation],
        ),
        FavouriteKind::Project => {
            let (organisation, must_be_member) = projects::reach(viewer);
            (
                "SELECT p.id, p.name AS text, f.conversation_id, f.agent_id, f.created_at
                 FROM favourites f JOIN projects p ON p.id = f.project_id LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = $1
                 WHERE f.user_id = $1 AND p.organisation_id = COALESCE($3, p.organisation_id) AND p.deleted_at IS NULL AND (m.user_id IS NOT NULL OR NOT $4)
                 ORDER BY f.created_at DESC LIMIT $2",
                args![viewer.id, MAX, organisation, must_be_member],
            )
        }
    };
    let rows: Vec<Row> = scope.all(sql, args).await?;
    let favourite = |it: Row| Favourite {
        kind,
        id: it.id,
        text: it.text,
        conversation: it.conversation_id.map(Into::into),
        agent: it.agent_id.map(Into::into),
        since: it.created_at,
    };
    Ok(rows.into_iter().map(favourite).collect())
}
