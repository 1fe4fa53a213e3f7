//! Projects: who sees them, who changes them, which agents they have.
//!
//! A project is seen by its members, by those of its organisation who manage every project, and by superusers.

pub mod agents;
pub mod members;
pub mod placed;
#[cfg(test)]
mod tests;

use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result, breaks_unique};
use crate::ports::Ports;
use crate::store::{Scope, Store, args, contains};
use atrium::ids::{OrganisationId, ProjectId};
use atrium::paging::{Page, PageRequest};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use atrium::projects::{Project, ProjectForm, ProjectRole};
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    description: String,
    role: Option<String>,
    member_count: i64,
    agent_count: i64,
    created_at: i64,
    updated_at: i64,
}

impl Row {
    fn into_project(self, viewer: &Viewer) -> Project {
        let role = self.role.as_deref().and_then(ProjectRole::parse);
        Project {
            id: self.id.into(),
            name: self.name,
            description: self.description,
            role,
            can_manage: role == Some(ProjectRole::Manager) || viewer.may(Permission::ManageProjects),
            member_count: self.member_count,
            agent_count: self.agent_count,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// What limits a viewer: the organisation, unless they are a superuser; and whether they must be a member.
pub(crate) fn reach(viewer: &Viewer) -> (Option<Uuid>, bool) {
    ((!viewer.is_superuser).then_some(viewer.organisation.0), !viewer.may(Permission::ManageProjects))
}

fn taken(error: sqlx::Error) -> Error {
    if breaks_unique(&error, "projects_name_key", "projects_name_key") {
        Error::field("name", "There is another project of this name.")
    } else {
        error.into()
    }
}

/// Those that the viewer sees, by name; `search` is a part of the name in any case.
///
/// # Errors
/// When the database does not answer.
pub async fn page(scope: Scope<'_>, page: PageRequest, search: Option<&str>) -> Result<Page<Project>> {
    let viewer = scope.viewer;
    let ((organisation, must_be_member), pattern) = (reach(viewer), contains(search.unwrap_or_default()));
    let count: Option<(i64,)> = scope
        .optional(
            "SELECT COUNT(*) FROM projects p LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = $1
             WHERE p.organisation_id = COALESCE($2, p.organisation_id) AND p.deleted_at IS NULL AND (m.user_id IS NOT NULL OR NOT $3)
                AND LOWER(p.name) LIKE $4 ESCAPE '!'",
            args![viewer.id, organisation, must_be_member, &pattern],
        )
        .await?;
    let rows: Vec<Row> = scope
        .all(
            "SELECT p.id, p.name, p.description, m.role, p.created_at, p.updated_at,
                (SELECT COUNT(*) FROM project_members c WHERE c.project_id = p.id) AS member_count,
                (SELECT COUNT(*) FROM project_agents c JOIN agents a ON a.id = c.agent_id AND a.deleted_at IS NULL WHERE c.project_id = p.id) AS agent_count
             FROM projects p LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = $1
             WHERE p.organisation_id = COALESCE($2, p.organisation_id) AND p.deleted_at IS NULL AND (m.user_id IS NOT NULL OR NOT $3)
                AND LOWER(p.name) LIKE $4 ESCAPE '!'
             ORDER BY LOWER(p.name), p.id LIMIT $5 OFFSET $6",
            args![viewer.id, organisation, must_be_member, &pattern, page.limit(), page.offset()],
        )
        .await?;
    let items = rows.into_iter().map(|it| it.into_project(viewer)).collect();
    Ok(Page { count: count.map_or(0, |it| it.0), items })
}

/// All that the viewer sees, by name: up to 1,000.
pub(crate) async fn all(scope: Scope<'_>) -> Result<Vec<Project>> {
    Ok(page(scope, PageRequest { page: 1, size: 1_000 }, None).await?.items)
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see it.
pub async fn get(scope: Scope<'_>, id: ProjectId) -> Result<Project> {
    let viewer = scope.viewer;
    let (organisation, must_be_member) = reach(viewer);
    let row: Option<Row> = scope
        .optional(
            "SELECT p.id, p.name, p.description, m.role, p.created_at, p.updated_at,
                (SELECT COUNT(*) FROM project_members c WHERE c.project_id = p.id) AS member_count,
                (SELECT COUNT(*) FROM project_agents c JOIN agents a ON a.id = c.agent_id AND a.deleted_at IS NULL WHERE c.project_id = p.id) AS agent_count
             FROM projects p LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = $1
             WHERE p.id = $4 AND p.organisation_id = COALESCE($2, p.organisation_id) AND p.deleted_at IS NULL AND (m.user_id IS NOT NULL OR NOT $3)",
            args![viewer.id, organisation, must_be_member, id],
        )
        .await?;
    Ok(row.ok_or(Error::NotFound("project"))?.into_project(viewer))
}

/// The same, for who wants to change it; and the organisation that it belongs to.
async fn managed(scope: Scope<'_>, id: ProjectId) -> Result<(Project, OrganisationId)> {
    let project = get(scope, id).await?;
    if !project.can_manage {
        return Err(Error::Forbidden("Only managers of the project can change it."));
    }
    Ok((project, organisation_of(scope, id).await?))
}

/// The organisation of a project that the viewer sees.
pub(crate) async fn organisation_of(scope: Scope<'_>, id: ProjectId) -> Result<OrganisationId> {
    let owner: Option<(Uuid,)> =
        scope.optional("SELECT organisation_id FROM projects WHERE id = $1", args![id]).await?;
    Ok(owner.ok_or(Error::NotFound("project"))?.0.into())
}

/// A new project; whoever makes it manages it.
///
/// # Errors
/// With what to change, or when the viewer may not make any.
pub async fn create(store: &Store, ports: &Ports, actor: Actor<'_>, form: &ProjectForm) -> Result<Project> {
    create_as(store, ports, actor, actor.viewer.organisation, form).await
}

/// The same in that organisation, which the viewer sees: only its own people are members.
async fn create_as(
    store: &Store,
    ports: &Ports,
    actor: Actor<'_>,
    organisation: OrganisationId,
    form: &ProjectForm,
) -> Result<Project> {
    let viewer = actor.viewer;
    if !viewer.may(Permission::MakeProjects) {
        return Err(Error::Forbidden("Your role does not make projects. Ask an administrator."));
    }
    let form = form.check().map_err(Error::Invalid)?;
    let (id, now): (ProjectId, i64) = (ports.id(), ports.now());
    let scope = store.as_viewer(viewer);
    let mut tx = scope.begin().await?;
    tx.execute(
        "INSERT INTO projects (id, organisation_id, name, description, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)",
        args![id, organisation, &form.name, &form.description, now],
    )
    .await
    .map_err(taken)?;
    if organisation == viewer.organisation {
        tx.execute(
            "INSERT INTO project_members (organisation_id, project_id, user_id, role, created_at) VALUES ($1, $2, $3, 'manager', $4)",
            args![organisation, id, viewer.id, now],
        )
        .await?;
    }
    audit::note(&mut tx, ports, actor, deed(organisation, "project.create", id, &form.name), None::<()>, Some(&form))
        .await?;
    tx.commit().await?;
    get(scope, id).await
}

/// Changes what it is called and about. `version` is the `updated_at` of what was edited.
///
/// # Errors
/// With what to change; when it was changed meanwhile; when the viewer does not manage it.
pub async fn change(
    store: &Store,
    ports: &Ports,
    actor: Actor<'_>,
    id: ProjectId,
    form: &ProjectForm,
    version: Option<i64>,
) -> Result<Project> {
    let scope = store.as_viewer(actor.viewer);
    let (project, organisation) = managed(scope, id).await?;
    let form = form.check().map_err(Error::Invalid)?;
    let mut tx = scope.begin().await?;
    let changed = tx
        .execute(
            "UPDATE projects SET name = $2, description = $3, updated_at = $4 WHERE id = $1 AND deleted_at IS NULL AND updated_at = COALESCE($5, updated_at)",
            args![id, &form.name, &form.description, ports.now(), version],
        )
        .await
        .map_err(taken)?;
    if changed == 0 {
        return Err(Error::stale("project"));
    }
    let before = ProjectForm { name: project.name, description: project.description };
    audit::note(&mut tx, ports, actor, deed(organisation, "project.change", id, &form.name), Some(before), Some(&form))
        .await?;
    tx.commit().await?;
    get(scope, id).await
}

/// Deletes a project. Its conversations stay with those who had them.
///
/// # Errors
/// When the viewer does not manage it.
pub async fn delete(store: &Store, ports: &Ports, actor: Actor<'_>, id: ProjectId) -> Result<()> {
    let scope = store.as_viewer(actor.viewer);
    let (project, organisation) = managed(scope, id).await?;
    let mut tx = scope.begin().await?;
    tx.execute("UPDATE projects SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL", args![id, ports.now()])
        .await?;
    tx.execute("UPDATE conversations SET project_id = NULL WHERE project_id = $1", args![id]).await?;
    audit::note(
        &mut tx,
        ports,
        actor,
        deed(organisation, "project.delete", id, &project.name),
        Some(&project),
        None::<()>,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

fn deed<'a>(organisation: OrganisationId, action: &'static str, id: ProjectId, name: &'a str) -> Deed<'a> {
    Deed { organisation, action, kind: "project", id: id.0, name }
}
