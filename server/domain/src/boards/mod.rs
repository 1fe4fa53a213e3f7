//! Boards: what people lay out to look at. A board is its owner's; one that belongs to a project is seen by everybody in
//! it and changed by those who work there. What stands on it is JSON of whoever draws it.

#[cfg(test)]
mod tests;

use crate::error::{Error, Result};
use crate::ports::Ports;
use crate::projects;
use crate::store::{Scope, Store, args};
use async_stream::try_stream;
use atrium::ids::{BoardId, ProjectId};
use atrium::people::Viewer;
use atrium::projects::ProjectRole;
use futures::stream::BoxStream;
use serde_json::{Value, json};
use uuid::Uuid;

/// Layout and data, in bytes each.
const JSON_MAX: usize = 256 * 1024;
/// Boards of one person: far more than anybody looks at, and not enough to fill a disk.
const BOARDS_MAX: i64 = 500;
/// Boards that are listed.
const LISTED: i64 = 1000;
/// What a board is called that was never given a name.
pub const UNNAMED: &str = "Board";

/// A board.
#[derive(Debug, Clone, PartialEq)]
pub struct Board {
    /// Which.
    pub id: BoardId,
    /// The project whose members see it.
    pub project: Option<ProjectId>,
    /// As shown.
    pub name: String,
    /// Where things stand.
    pub layout: Value,
    /// What stands there.
    pub data: Value,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970.
    pub updated_at: i64,
}

/// What is to be changed, or how a board begins; what is `None` stays, or is empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BoardChange {
    /// See [`Board::name`].
    pub name: Option<String>,
    /// See [`Board::layout`].
    pub layout: Option<Value>,
    /// See [`Board::data`].
    pub data: Option<Value>,
    /// See [`Board::project`]; `Some(None)` takes it out of its project.
    pub project: Option<Option<ProjectId>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    owner_id: Uuid,
    project_id: Option<Uuid>,
    name: String,
    layout: String,
    data: String,
    created_at: i64,
    updated_at: i64,
}

impl Row {
    fn into_board(self) -> Result<Board> {
        let read = |text: &str| {
            serde_json::from_str(text).map_err(|error| Error::Internal(format!("board {}: {error}", self.id)))
        };
        Ok(Board {
            id: self.id.into(),
            project: self.project_id.map(Into::into),
            layout: read(&self.layout)?,
            data: read(&self.data)?,
            name: self.name,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// Of the boards that the viewer ($1) sees.
macro_rules! seen {
    ($select:literal, $which:literal) => {
        concat!(
            $select,
            " FROM boards b WHERE (b.owner_id = $1 OR b.project_id IN (
                SELECT p.id FROM projects p LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = $1
                WHERE p.organisation_id = COALESCE($2, p.organisation_id) AND p.deleted_at IS NULL AND (m.user_id IS NOT NULL OR NOT $3))) AND ",
            $which
        )
    };
}

/// What of a change is written.
struct Checked {
    name: Option<String>,
    layout: Option<String>,
    data: Option<String>,
}

impl BoardChange {
    fn check(&self) -> Result<Checked> {
        let name = self.name.as_deref().map(atrium::text::line);
        if name.as_ref().is_some_and(|it| it.is_empty() || it.chars().count() > 120) {
            return Err(Error::field("name", "Use 1 to 120 characters."));
        }
        let text = |field: &str, value: &Option<Value>| match value.as_ref().map(Value::to_string) {
            Some(text) if text.len() > JSON_MAX => {
                Err(Error::field(field, format!("Use at most {} kB.", JSON_MAX / 1024)))
            }
            text => Ok(text),
        };
        Ok(Checked { name, layout: text("layout", &self.layout)?, data: text("data", &self.data)? })
    }
}

/// Those that the viewer sees, the one that was changed last first. They are read one at a time: what stands on all of them
/// may be more than fits into memory.
#[must_use]
pub fn all(store: Store, viewer: Viewer) -> BoxStream<'static, Result<Board>> {
    Box::pin(try_stream! {
        let scope = store.as_viewer(&viewer);
        let (organisation, must_be_member) = projects::reach(&viewer);
        let ids: Vec<(Uuid,)> = scope
            .all(seen!("SELECT b.id", "TRUE ORDER BY b.updated_at DESC, b.id LIMIT $4"), args![viewer.id, organisation, must_be_member, LISTED])
            .await?;
        for (id,) in ids {
            match get(scope, id.into()).await {
                // It was deleted meanwhile.
                Err(Error::NotFound(_)) => {}
                board => yield board?,
            }
        }
    })
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see it.
pub async fn get(scope: Scope<'_>, id: BoardId) -> Result<Board> {
    row(scope, id).await?.into_board()
}

/// The viewer's own board that they changed last, if they have any.
///
/// # Errors
/// When the database does not answer.
pub async fn newest_own(scope: Scope<'_>) -> Result<Option<Board>> {
    let row: Option<Row> = scope
        .optional(
            "SELECT b.id, b.owner_id, b.project_id, b.name, b.layout, b.data, b.created_at, b.updated_at FROM boards b
             WHERE b.owner_id = $1 ORDER BY b.updated_at DESC, b.id LIMIT 1",
            args![scope.viewer.id],
        )
        .await?;
    row.map(Row::into_board).transpose()
}

async fn row(scope: Scope<'_>, id: BoardId) -> Result<Row> {
    let (organisation, must_be_member) = projects::reach(scope.viewer);
    let row: Option<Row> = scope
        .optional(
            seen!(
                "SELECT b.id, b.owner_id, b.project_id, b.name, b.layout, b.data, b.created_at, b.updated_at",
                "b.id = $4"
            ),
            args![scope.viewer.id, organisation, must_be_member, id],
        )
        .await?;
    row.ok_or(Error::NotFound("board"))
}

/// Whether the viewer may put boards into a project, or change those that are there.
async fn works_in(scope: Scope<'_>, project: ProjectId) -> Result<bool> {
    let project = projects::get(scope, project).await?;
    Ok(project.can_manage || project.role.is_some_and(|it| it != ProjectRole::Guest))
}

/// A board goes into projects of its owner's organisation alone.
async fn check_project(scope: Scope<'_>, project: Option<ProjectId>) -> Result<()> {
    let Some(project) = project else { return Ok(()) };
    let unknown = || Error::field("project_id", "There is no such project.");
    let works = match works_in(scope, project).await {
        Err(Error::NotFound(_)) => return Err(unknown()),
        works => works?,
    };
    if projects::placed::get(scope, project).await?.organisation != scope.viewer.organisation {
        return Err(unknown());
    }
    if works { Ok(()) } else { Err(Error::Forbidden("Guests of a project do not put boards into it.")) }
}

/// A new board of the viewer's.
///
/// # Errors
/// With what to change; when they do not work in its project, or have too many boards.
pub async fn create(scope: Scope<'_>, ports: &Ports, new: &BoardChange) -> Result<Board> {
    let checked = new.check()?;
    let project = new.project.flatten();
    check_project(scope, project).await?;
    let id: BoardId = ports.id();
    let mut tx = scope.begin().await?;
    let (count,): (i64,) = tx.one("SELECT COUNT(*) FROM boards WHERE owner_id = $1", args![scope.viewer.id]).await?;
    if count >= BOARDS_MAX {
        return Err(Error::Conflict {
            code: "too_many_boards",
            message: format!("You have {BOARDS_MAX} boards. Delete one first."),
        });
    }
    let empty = || json!({}).to_string();
    tx.execute(
        "INSERT INTO boards (id, organisation_id, owner_id, project_id, name, layout, data, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        args![
            id,
            scope.viewer.organisation,
            scope.viewer.id,
            project,
            checked.name.unwrap_or_else(|| UNNAMED.to_owned()),
            checked.layout.unwrap_or_else(empty),
            checked.data.unwrap_or_else(empty),
            ports.now()
        ],
    )
    .await?;
    tx.commit().await?;
    get(scope, id).await
}

/// Changes a board: its owner, or who works in its project. Only its owner moves it.
///
/// # Errors
/// With what to change, or when the viewer may not.
pub async fn change(scope: Scope<'_>, ports: &Ports, id: BoardId, change: &BoardChange) -> Result<Board> {
    let before = row(scope, id).await?;
    let is_own = before.owner_id == scope.viewer.id.0;
    let may = is_own
        || match before.project_id {
            Some(project) => works_in(scope, project.into()).await?,
            None => false,
        };
    if !may {
        return Err(Error::Forbidden("Guests of a project look at its boards, and do not change them."));
    }
    let checked = change.check()?;
    let moves = change.project.is_some_and(|it| it.map(Into::into) != before.project_id);
    if moves && !is_own {
        return Err(Error::Forbidden("Only its owner moves a board."));
    }
    if moves {
        check_project(scope, change.project.flatten()).await?;
    }
    scope
        .execute(
            "UPDATE boards SET name = COALESCE($2, name), layout = COALESCE($3, layout), data = COALESCE($4, data),
                project_id = CASE WHEN $5 THEN $6 ELSE project_id END, updated_at = $7
             WHERE id = $1",
            args![id, checked.name, checked.layout, checked.data, moves, change.project.flatten(), ports.now()],
        )
        .await?;
    match get(scope, id).await {
        // It was taken out of the project by which the viewer saw it.
        Err(Error::NotFound(_)) => Err(Error::stale("board")),
        board => board,
    }
}

/// Deletes a board: its owner, or who manages its project.
///
/// # Errors
/// When the viewer does not see it or may not.
pub async fn delete(scope: Scope<'_>, id: BoardId) -> Result<()> {
    let board = row(scope, id).await?;
    let may = board.owner_id == scope.viewer.id.0
        || match board.project_id {
            Some(project) => projects::get(scope, project.into()).await?.can_manage,
            None => false,
        };
    if !may {
        return Err(Error::Forbidden("Only its owner and the managers of its project delete a board."));
    }
    scope.execute("DELETE FROM boards WHERE id = $1", args![id]).await?;
    Ok(())
}
