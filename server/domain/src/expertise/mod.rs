//! Areas of expertise: everybody of an organisation sees its areas, those who manage its agents' areas change them, and
//! an agent's owner says which one it has.

#[cfg(test)]
mod tests;

use crate::agents;
use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result, breaks_unique};
use crate::ports::Ports;
use crate::store::{Scope, Store, Tx, args, contains};
use atrium::agents::Agent;
use atrium::expertise::{ExpertiseArea, ExpertiseAreaForm};
use atrium::ids::{AgentId, ExpertiseAreaId, OrganisationId};
use atrium::paging::{Page, PageRequest};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    description: String,
    agent_count: i64,
    created_at: i64,
    updated_at: i64,
}

impl From<Row> for ExpertiseArea {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            description: row.description,
            agent_count: row.agent_count,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// What limits a viewer: the organisation, unless they are a superuser.
fn reach(viewer: &Viewer) -> Option<Uuid> {
    (!viewer.is_superuser).then_some(viewer.organisation.0)
}

fn taken(error: sqlx::Error) -> Error {
    let columns = "expertise_areas.organisation_id, expertise_areas.name_folded";
    if breaks_unique(&error, "expertise_areas_name_key", columns) {
        Error::field("name", "There is another area of this name.")
    } else {
        error.into()
    }
}

fn deed<'a>(organisation: OrganisationId, action: &'static str, id: ExpertiseAreaId, name: &'a str) -> Deed<'a> {
    Deed { organisation, action, kind: "expertise_area", id: id.0, name }
}

fn must_manage(viewer: &Viewer) -> Result<()> {
    if viewer.may(Permission::ManageExpertise) {
        Ok(())
    } else {
        Err(Error::Forbidden("Only administrators and managers change areas of expertise."))
    }
}

/// Those that the viewer sees, by name; `search` is a part of the name in any case.
///
/// # Errors
/// When the database does not answer.
pub async fn page(scope: Scope<'_>, page: PageRequest, search: Option<&str>) -> Result<Page<ExpertiseArea>> {
    let (only, pattern) = (reach(scope.viewer), contains(search.unwrap_or_default()));
    let count: Option<(i64,)> = scope
        .optional(
            "SELECT COUNT(*) FROM expertise_areas WHERE organisation_id = COALESCE($1, organisation_id) AND deleted_at IS NULL AND name_folded LIKE $2 ESCAPE '!'",
            args![only, &pattern],
        )
        .await?;
    let rows: Vec<Row> = scope
        .all(
            "SELECT e.id, e.name, e.description, e.created_at, e.updated_at,
                (SELECT COUNT(*) FROM agent_expertise x JOIN agents a ON a.id = x.agent_id AND a.deleted_at IS NULL WHERE x.area_id = e.id) AS agent_count
             FROM expertise_areas e WHERE e.organisation_id = COALESCE($1, e.organisation_id) AND e.deleted_at IS NULL AND e.name_folded LIKE $2 ESCAPE '!'
             ORDER BY e.name_folded, e.id LIMIT $3 OFFSET $4",
            args![only, &pattern, page.limit(), page.offset()],
        )
        .await?;
    Ok(Page { count: count.map_or(0, |it| it.0), items: rows.into_iter().map(Into::into).collect() })
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see it.
pub async fn get(scope: Scope<'_>, id: ExpertiseAreaId) -> Result<ExpertiseArea> {
    let row: Option<Row> = scope
        .optional(
            "SELECT e.id, e.name, e.description, e.created_at, e.updated_at,
                (SELECT COUNT(*) FROM agent_expertise x JOIN agents a ON a.id = x.agent_id AND a.deleted_at IS NULL WHERE x.area_id = e.id) AS agent_count
             FROM expertise_areas e WHERE e.id = $1 AND e.organisation_id = COALESCE($2, e.organisation_id) AND e.deleted_at IS NULL",
            args![id, reach(scope.viewer)],
        )
        .await?;
    Ok(row.ok_or(Error::NotFound("area of expertise"))?.into())
}

/// The same, deleted or not, for who wants to change it: the organisation that it belongs to.
async fn managed(scope: Scope<'_>, id: ExpertiseAreaId) -> Result<OrganisationId> {
    let owner: Option<(Uuid,)> = scope
        .optional(
            "SELECT organisation_id FROM expertise_areas WHERE id = $1 AND organisation_id = COALESCE($2, organisation_id)",
            args![id, reach(scope.viewer)],
        )
        .await?;
    let (organisation,) = owner.ok_or(Error::NotFound("area of expertise"))?;
    must_manage(scope.viewer)?;
    Ok(organisation.into())
}

/// A new area of the viewer's organisation.
///
/// # Errors
/// With what to change, or when the viewer may not make any.
pub async fn create(store: &Store, ports: &Ports, actor: Actor<'_>, form: &ExpertiseAreaForm) -> Result<ExpertiseArea> {
    let viewer = actor.viewer;
    must_manage(viewer)?;
    let form = form.check().map_err(Error::Invalid)?;
    let id: ExpertiseAreaId = ports.id();
    let scope = store.as_viewer(viewer);
    let mut tx = scope.begin().await?;
    tx.execute(
        "INSERT INTO expertise_areas (id, organisation_id, name, name_folded, description, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)",
        args![id, viewer.organisation, &form.name, form.name.to_lowercase(), &form.description, ports.now()],
    )
    .await
    .map_err(taken)?;
    let deed = deed(viewer.organisation, "expertise_area.create", id, &form.name);
    audit::note(&mut tx, ports, actor, deed, None::<()>, Some(&form)).await?;
    tx.commit().await?;
    get(scope, id).await
}

/// Changes what it is called and about. `version` is the `updated_at` of what was edited.
///
/// # Errors
/// With what to change; when it was changed meanwhile; when the viewer may not.
pub async fn change(
    store: &Store,
    ports: &Ports,
    actor: Actor<'_>,
    id: ExpertiseAreaId,
    form: &ExpertiseAreaForm,
    version: Option<i64>,
) -> Result<ExpertiseArea> {
    let scope = store.as_viewer(actor.viewer);
    let before = get(scope, id).await?;
    let organisation = managed(scope, id).await?;
    let form = form.check().map_err(Error::Invalid)?;
    let mut tx = scope.begin().await?;
    let changed = tx
        .execute(
            "UPDATE expertise_areas SET name = $2, name_folded = $3, description = $4, updated_at = $5
             WHERE id = $1 AND deleted_at IS NULL AND updated_at = COALESCE($6, updated_at)",
            args![id, &form.name, form.name.to_lowercase(), &form.description, ports.now(), version],
        )
        .await
        .map_err(taken)?;
    if changed == 0 {
        return Err(Error::stale("area of expertise"));
    }
    let before = ExpertiseAreaForm { name: before.name, description: before.description };
    let deed = deed(organisation, "expertise_area.change", id, &form.name);
    audit::note(&mut tx, ports, actor, deed, Some(before), Some(&form)).await?;
    tx.commit().await?;
    get(scope, id).await
}

/// Deletes an area; its agents have none until [`restore`] brings it back.
///
/// # Errors
/// When the viewer does not see it or may not.
pub async fn delete(store: &Store, ports: &Ports, actor: Actor<'_>, id: ExpertiseAreaId) -> Result<()> {
    let scope = store.as_viewer(actor.viewer);
    let area = get(scope, id).await?;
    let organisation = managed(scope, id).await?;
    let mut tx = scope.begin().await?;
    tx.execute(
        "UPDATE expertise_areas SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL",
        args![id, ports.now()],
    )
    .await?;
    let before = ExpertiseAreaForm { name: area.name.clone(), description: area.description };
    let deed = deed(organisation, "expertise_area.delete", id, &area.name);
    audit::note(&mut tx, ports, actor, deed, Some(before), None::<()>).await?;
    tx.commit().await?;
    Ok(())
}

/// Undoes [`delete`].
///
/// # Errors
/// When the viewer may not, or another area has its name by now.
pub async fn restore(store: &Store, ports: &Ports, actor: Actor<'_>, id: ExpertiseAreaId) -> Result<ExpertiseArea> {
    let scope = store.as_viewer(actor.viewer);
    let organisation = managed(scope, id).await?;
    let mut tx = scope.begin().await?;
    let restored = tx
        .execute(
            "UPDATE expertise_areas SET deleted_at = NULL, updated_at = $2 WHERE id = $1 AND deleted_at IS NOT NULL",
            args![id, ports.now()],
        )
        .await
        .map_err(|error| match taken(error) {
            Error::Invalid(_) => Error::Conflict {
                code: "name_taken",
                message: "Another area has its name by now. Rename that one first.".to_owned(),
            },
            error => error,
        })?;
    if restored == 1 {
        let (name,): (String,) = tx.one("SELECT name FROM expertise_areas WHERE id = $1", args![id]).await?;
        let deed = deed(organisation, "expertise_area.restore", id, &name);
        audit::note(&mut tx, ports, actor, deed, None::<()>, None::<()>).await?;
    }
    tx.commit().await?;
    get(scope, id).await
}

/// The agents of an area that the viewer may talk to.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see the area.
pub async fn agents_of(scope: Scope<'_>, id: ExpertiseAreaId) -> Result<Vec<Agent>> {
    get(scope, id).await?;
    let members: Vec<(Uuid,)> = scope.all("SELECT agent_id FROM agent_expertise WHERE area_id = $1", args![id]).await?;
    let mut agents = agents::usable_list(scope).await?;
    agents.retain(|agent| members.iter().any(|it| it.0 == agent.id.0));
    Ok(agents)
}

/// The area of an agent that the viewer may talk to.
///
/// # Errors
/// [`Error::NotFound`] when they may not.
pub async fn of_agent(scope: Scope<'_>, agent: AgentId) -> Result<Option<ExpertiseArea>> {
    agents::usable(scope, agent).await?;
    area_of(scope, agent).await
}

/// The area of an agent that the viewer is known to see.
pub(crate) async fn area_of(scope: Scope<'_>, agent: AgentId) -> Result<Option<ExpertiseArea>> {
    let row: Option<(Uuid,)> = scope
        .optional(
            "SELECT x.area_id FROM agent_expertise x JOIN expertise_areas e ON e.id = x.area_id AND e.deleted_at IS NULL WHERE x.agent_id = $1",
            args![agent],
        )
        .await?;
    match row {
        Some((area,)) => get(scope, area.into()).await.map(Some),
        None => Ok(None),
    }
}

/// Says which area an agent of the viewer's has; none, when there is none to be.
///
/// # Errors
/// When the agent is not the viewer's, or there is no such area in their organisation.
pub async fn assign(scope: Scope<'_>, agent: AgentId, area: Option<ExpertiseAreaId>) -> Result<Option<ExpertiseArea>> {
    agents::get(scope, agent).await?;
    let mut tx = scope.begin().await?;
    set_area(&mut tx, scope.viewer.organisation, agent, area).await?;
    tx.commit().await?;
    of_agent(scope, agent).await
}

/// The same for an agent of that organisation that the viewer is known to manage.
pub(crate) async fn set_area(
    tx: &mut Tx,
    organisation: OrganisationId,
    agent: AgentId,
    area: Option<ExpertiseAreaId>,
) -> Result<()> {
    match area {
        None => {
            tx.execute("DELETE FROM agent_expertise WHERE agent_id = $1", args![agent]).await?;
        }
        Some(area) => {
            let set = tx
                .execute(
                    "INSERT INTO agent_expertise (organisation_id, agent_id, area_id)
                     SELECT organisation_id, $2, id FROM expertise_areas WHERE id = $3 AND organisation_id = $1 AND deleted_at IS NULL
                     ON CONFLICT (agent_id) DO UPDATE SET area_id = excluded.area_id",
                    args![organisation, agent, area],
                )
                .await?;
            if set == 0 {
                return Err(Error::field("expertise_area_id", "There is no such area of expertise."));
            }
        }
    }
    Ok(())
}
