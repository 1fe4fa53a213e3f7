//! Projects together with the organisations that they belong to, for those who see several.

use super::{Project, Row, create_as, reach};
use crate::audit::Actor;
use crate::error::{Error, Result};
use crate::organisations;
use crate::ports::Ports;
use crate::store::{List, Scope, Store, args, contains, list};
use atrium::ids::{AgentId, OrganisationId, ProjectId, UserId};
use atrium::paging::{Page, PageRequest, Sort};
use atrium::people::Viewer;
use atrium::projects::ProjectForm;
use uuid::Uuid;

/// A project, and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The project.
    pub project: Project,
    /// Its organisation.
    pub organisation: OrganisationId,
    /// What that is called.
    pub organisation_name: String,
}

/// Which projects, and in which order.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlacedFilter<'a> {
    /// A part of the name in any case.
    pub search: Option<&'a str>,
    /// Only those of the organisation of that name.
    pub organisation: Option<&'a str>,
    /// Only those that have this agent.
    pub agent: Option<AgentId>,
    /// Only those that this person is in.
    pub member: Option<UserId>,
    /// One of [`COLUMNS`].
    pub sort: Option<Sort>,
}

/// What projects can be sorted by.
pub const COLUMNS: &[&str] = &["name", "created", "updated", "organisation"];

const PROJECTS: List = list! {
    select: "p.id, p.name, p.description, m.role, p.created_at, p.updated_at, p.organisation_id, o.name AS organisation_name,
        (SELECT COUNT(*) FROM project_members c WHERE c.project_id = p.id) AS member_count,
        (SELECT COUNT(*) FROM project_agents c JOIN agents a ON a.id = c.agent_id AND a.deleted_at IS NULL WHERE c.project_id = p.id) AS agent_count",
    from: "projects p JOIN organisations o ON o.id = p.organisation_id LEFT JOIN project_members m ON m.project_id = p.id AND m.user_id = $1
        WHERE p.organisation_id = COALESCE($2, p.organisation_id) AND p.deleted_at IS NULL AND (m.user_id IS NOT NULL OR NOT $3)
            AND LOWER(p.name) LIKE $4 ESCAPE '!' AND LOWER(o.name) = COALESCE($5, LOWER(o.name)) AND p.id = COALESCE($6, p.id)
            AND ($7 IS NULL OR EXISTS (SELECT 1 FROM project_agents x WHERE x.project_id = p.id AND x.agent_id = $7))
            AND ($8 IS NULL OR EXISTS (SELECT 1 FROM project_members y WHERE y.project_id = p.id AND y.user_id = $8))",
    order: "LOWER(p.name), p.id",
    limit: "LIMIT $9 OFFSET $10",
    by: { "name" => "LOWER(p.name)", "created" => "p.created_at", "updated" => "p.updated_at", "organisation" => "LOWER(o.name)" },
};

#[derive(sqlx::FromRow)]
struct PlacedRow {
    id: Uuid,
    name: String,
    description: String,
    role: Option<String>,
    member_count: i64,
    agent_count: i64,
    created_at: i64,
    updated_at: i64,
    organisation_id: Uuid,
    organisation_name: String,
}

impl PlacedRow {
    fn into_placed(self, viewer: &Viewer) -> Placed {
        let row = Row {
            id: self.id,
            name: self.name,
            description: self.description,
            role: self.role,
            member_count: self.member_count,
            agent_count: self.agent_count,
            created_at: self.created_at,
            updated_at: self.updated_at,
        };
        Placed {
            project: row.into_project(viewer),
            organisation: self.organisation_id.into(),
            organisation_name: self.organisation_name,
        }
    }
}

/// Those that the viewer sees, by name unless `filter` says otherwise.
///
/// # Errors
/// When the database does not answer.
pub async fn page(scope: Scope<'_>, page: PageRequest, filter: PlacedFilter<'_>) -> Result<Page<Placed>> {
    find(scope, page, filter, None).await
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see it.
pub async fn get(scope: Scope<'_>, id: ProjectId) -> Result<Placed> {
    let found = find(scope, PageRequest { page: 1, size: 1 }, PlacedFilter::default(), Some(id)).await?;
    found.items.into_iter().next().ok_or(Error::NotFound("project"))
}

async fn find(
    scope: Scope<'_>,
    page: PageRequest,
    filter: PlacedFilter<'_>,
    id: Option<ProjectId>,
) -> Result<Page<Placed>> {
    let (organisation, must_be_member) = reach(scope.viewer);
    let args = args![
        scope.viewer.id,
        organisation,
        must_be_member,
        contains(filter.search.unwrap_or_default()),
        filter.organisation.map(str::to_lowercase),
        id,
        filter.agent,
        filter.member,
    ];
    let found: Page<PlacedRow> = scope.page(&PROJECTS, args, filter.sort, page).await?;
    Ok(found.map(|it| it.into_placed(scope.viewer)))
}

/// A new project of that organisation: one's own, or any for superusers, who do not join it.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see the organisation; as [`super::create`].
pub async fn create(
    store: &Store,
    ports: &Ports,
    actor: Actor<'_>,
    organisation: OrganisationId,
    form: &ProjectForm,
) -> Result<Placed> {
    let scope = store.as_viewer(actor.viewer);
    let home = organisations::get(scope, organisation).await?;
    let made = create_as(store, ports, actor, home.id, form).await?;
    get(scope, made.id).await
}
