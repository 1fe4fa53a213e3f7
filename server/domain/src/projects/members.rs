//! Who is in a project, and as what.

use super::{deed, get, managed};
use crate::audit::{self, Actor};
use crate::error::{Error, Result};
use crate::ports::Ports;
use crate::store::{Scope, Store, args};
use atrium::ids::{ProjectId, UserId};
use atrium::people::normalise_email;
use atrium::projects::{Member, ProjectRole};
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    email: String,
    role: String,
    created_at: i64,
    avatar: Option<String>,
}

/// Everybody in a project, by name.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see it.
pub async fn list(scope: Scope<'_>, project: ProjectId) -> Result<Vec<Member>> {
    get(scope, project).await?;
    let rows: Vec<Row> = scope
        .all(
            "SELECT u.id, u.name, u.email, m.role, m.created_at, a.hash AS avatar
             FROM project_members m JOIN users u ON u.id = m.user_id LEFT JOIN avatars a ON a.user_id = u.id
             WHERE m.project_id = $1 ORDER BY LOWER(u.name), u.id",
            args![project],
        )
        .await?;
    let member = |it: Row| Member {
        user: it.id.into(),
        name: it.name,
        email: it.email,
        role: ProjectRole::parse(&it.role).unwrap_or(ProjectRole::Guest),
        since: it.created_at,
        avatar: it.avatar,
    };
    Ok(rows.into_iter().map(member).collect())
}

/// Who is meant by an address: somebody of the project's own organisation, for whoever manages the project.
///
/// # Errors
/// When there is nobody of that address in the organisation.
pub async fn by_email(scope: Scope<'_>, project: ProjectId, email: &str) -> Result<UserId> {
    let (_, organisation) = managed(scope, project).await?;
    let row: Option<(Uuid,)> = scope
        .optional(
            "SELECT id FROM users WHERE organisation_id = $1 AND (email = $2 OR username = $2)",
            args![organisation, normalise_email(email)],
        )
        .await?;
    row.map(|it| it.0.into()).ok_or_else(|| Error::field("email", "Nobody of your organisation has this address."))
}

/// Takes somebody in, or gives them another role.
///
/// # Errors
/// When they are not of the project's organisation; when the viewer does not manage it; when nobody would any more.
pub async fn set(
    store: &Store,
    ports: &Ports,
    actor: Actor<'_>,
    project: ProjectId,
    user: UserId,
    role: ProjectRole,
) -> Result<()> {
    let scope = store.as_viewer(actor.viewer);
    let (known, organisation) = managed(scope, project).await?;
    let mut tx = scope.begin().await?;
    let person: Option<(String,)> = tx
        .optional("SELECT email FROM users WHERE id = $1 AND organisation_id = $2", args![user, organisation])
        .await?;
    let (email,) = person.ok_or_else(|| Error::field("user_id", "There is nobody of that id in the organisation."))?;
    let before = role_of(&mut tx, project, user).await?;
    if before == Some(ProjectRole::Manager) && role != ProjectRole::Manager {
        keep_a_manager(&mut tx, project, user).await?;
    }
    tx.execute(
        "INSERT INTO project_members (organisation_id, project_id, user_id, role, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (project_id, user_id) DO UPDATE SET role = excluded.role",
        args![organisation, project, user, role.as_str(), ports.now()],
    )
    .await?;
    let told = |role: ProjectRole| serde_json::json!({ "email": email, "role": role });
    audit::note(
        &mut tx,
        ports,
        actor,
        deed(organisation, "project.member", project, &known.name),
        before.map(told),
        Some(told(role)),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Takes somebody out. Everybody may leave by themselves.
///
/// # Errors
/// When they are not in it; when the viewer does not manage it; when nobody would any more.
pub async fn remove(store: &Store, ports: &Ports, actor: Actor<'_>, project: ProjectId, user: UserId) -> Result<()> {
    let scope = store.as_viewer(actor.viewer);
    let known = get(scope, project).await?;
    if !known.can_manage && user != actor.viewer.id {
        return Err(Error::Forbidden("Only managers of the project can change its members."));
    }
    let mut tx = scope.begin().await?;
    let before = role_of(&mut tx, project, user).await?.ok_or(Error::NotFound("member"))?;
    if before == ProjectRole::Manager {
        keep_a_manager(&mut tx, project, user).await?;
    }
    tx.execute("DELETE FROM project_members WHERE project_id = $1 AND user_id = $2", args![project, user]).await?;
    let place: Option<(Uuid, String)> = tx
        .optional(
            "SELECT p.organisation_id, u.email FROM projects p JOIN users u ON u.id = $2 WHERE p.id = $1",
            args![project, user],
        )
        .await?;
    let (organisation, email) = place.ok_or(Error::NotFound("project"))?;
    let was = serde_json::json!({ "email": email, "role": before });
    let deed = deed(organisation.into(), "project.member", project, &known.name);
    audit::note(&mut tx, ports, actor, deed, Some(was), None::<()>).await?;
    tx.commit().await?;
    Ok(())
}

async fn role_of(tx: &mut crate::store::Tx, project: ProjectId, user: UserId) -> Result<Option<ProjectRole>> {
    let row: Option<(String,)> = tx
        .optional("SELECT role FROM project_members WHERE project_id = $1 AND user_id = $2", args![project, user])
        .await?;
    Ok(row.and_then(|it| ProjectRole::parse(&it.0)))
}

async fn keep_a_manager(tx: &mut crate::store::Tx, project: ProjectId, but: UserId) -> Result<()> {
    let other: Option<(Uuid,)> = tx
        .optional(
            "SELECT user_id FROM project_members WHERE project_id = $1 AND user_id <> $2 AND role = 'manager' LIMIT 1",
            args![project, but],
        )
        .await?;
    match other {
        Some(_) => Ok(()),
        None => Err(Error::Conflict {
            code: "last_manager",
            message: "The project would be left without a manager. Make somebody else its manager first.".to_owned(),
        }),
    }
}
