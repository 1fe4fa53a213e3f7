//! Bases: who sees them, who changes them.
//!
//! A base of a person is theirs alone. A base of a project is seen by whoever sees the project; its members work in it,
//! its managers rename and delete it.

use crate::agents;
use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result, breaks_unique};
use crate::jobs::Kind;
use crate::ports::Ports;
use crate::projects;
use crate::store::{Scope, Store, args, contains};
use atrium::ids::{AgentId, BaseId, OrganisationId, ProjectId};
use atrium::knowledge::{Base, BaseForm, Work, WorkState};
use atrium::paging::{Page, PageRequest};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use atrium::projects::ProjectRole;
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    description: String,
    owner_id: Option<Uuid>,
    created_by: Option<Uuid>,
    project_id: Option<Uuid>,
    project_name: Option<String>,
    role: Option<String>,
    encoder: String,
    next_encoder: Option<String>,
    next_count: i64,
    document_count: i64,
    waiting_count: i64,
    failed_count: i64,
    piece_count: i64,
    embedded_count: i64,
    work_state: Option<String>,
    work_reason: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl Row {
    fn into_base(self, viewer: &Viewer) -> Base {
        let (can_change, can_manage) = rights(viewer, self.owner_id, self.created_by, self.role.as_deref());
        Base {
            id: self.id.into(),
            name: self.name,
            description: self.description,
            project: self.project_id.map(Into::into),
            project_name: self.project_name,
            owner: self.owner_id.map(Into::into),
            can_change,
            can_manage,
            document_count: self.document_count,
            waiting_count: self.waiting_count,
            failed_count: self.failed_count,
            piece_count: self.piece_count,
            embedded_count: self.embedded_count,
            encoder: self.encoder,
            next_encoder: self.next_encoder,
            next_count: self.next_count,
            embedding: Work {
                state: self.work_state.as_deref().and_then(WorkState::parse).unwrap_or_default(),
                reason: self.work_reason.unwrap_or_default(),
            },
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// A base that the viewer sees, without what has to be counted: enough to say what they may do there.
pub(super) struct Known {
    pub(super) id: BaseId,
    pub(super) organisation: OrganisationId,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) project: Option<ProjectId>,
    pub(super) can_change: bool,
    pub(super) can_manage: bool,
}

#[derive(sqlx::FromRow)]
struct KnownRow {
    organisation_id: Uuid,
    name: String,
    description: String,
    owner_id: Option<Uuid>,
    created_by: Option<Uuid>,
    project_id: Option<Uuid>,
    role: Option<String>,
}

/// Whether the viewer changes what is in a base, and the base itself: whose own it is, and by their role in its project.
fn rights(viewer: &Viewer, owner: Option<Uuid>, made_by: Option<Uuid>, role: Option<&str>) -> (bool, bool) {
    let role = role.and_then(ProjectRole::parse);
    let is_own = owner == Some(viewer.id.0);
    let is_member = role == Some(ProjectRole::Member);
    // Members look after what they have made themselves.
    let is_theirs = is_member && made_by == Some(viewer.id.0);
    let can_manage =
        is_own || is_theirs || role == Some(ProjectRole::Manager) || viewer.may(Permission::ManageProjects);
    (can_manage || is_member, can_manage)
}

/// Which bases.
#[derive(Debug, Clone, Copy, Default)]
pub struct BaseFilter<'a> {
    /// A part of the name in any case.
    pub search: Option<&'a str>,
    /// Only those of one project.
    pub project: Option<ProjectId>,
}

/// Those that the viewer sees, by name: their own and those of their projects.
///
/// # Errors
/// When the database does not answer.
pub async fn page(scope: Scope<'_>, filter: BaseFilter<'_>, page: PageRequest) -> Result<Page<Base>> {
    let viewer = scope.viewer;
    let ((organisation, must_be_member), pattern) =
        (projects::reach(viewer), contains(filter.search.unwrap_or_default()));
    let count: Option<(i64,)> = scope
        .optional(
            "SELECT COUNT(*) FROM knowledge_bases b LEFT JOIN projects p ON p.id = b.project_id AND p.deleted_at IS NULL
                LEFT JOIN project_members m ON m.project_id = b.project_id AND m.user_id = $1
             WHERE b.organisation_id = COALESCE($2, b.organisation_id) AND (b.owner_id = $1 OR p.id IS NOT NULL AND (m.user_id IS NOT NULL OR NOT $3))
                AND b.name_folded LIKE $4 ESCAPE '!' AND ($5 IS NULL OR b.project_id = $5)",
            args![viewer.id, organisation, must_be_member, &pattern, filter.project],
        )
        .await?;
    let rows: Vec<Row> = scope
        .all(
            "SELECT b.id, b.name, b.description, b.owner_id, b.created_by, b.project_id, p.name AS project_name, m.role, b.encoder, b.next_encoder, b.created_at, b.updated_at,
                (SELECT COUNT(*) FROM documents d WHERE d.base_id = b.id) AS document_count,
                (SELECT COUNT(*) FROM documents d WHERE d.base_id = b.id AND d.state IN ('waiting', 'reading')) AS waiting_count,
                (SELECT COUNT(*) FROM documents d WHERE d.base_id = b.id AND d.state = 'failed') AS failed_count,
                (SELECT CAST(COALESCE(SUM(d.pieces), 0) AS BIGINT) FROM documents d WHERE d.base_id = b.id) AS piece_count,
                (SELECT COUNT(*) FROM embeddings e WHERE e.base_id = b.id AND e.encoder = b.encoder) AS embedded_count,
                (SELECT COUNT(*) FROM embeddings e WHERE e.base_id = b.id AND e.encoder = b.next_encoder) AS next_count,
                (SELECT j.state FROM jobs j WHERE j.kind = 'embed' AND j.subject_id = b.id) AS work_state,
                (SELECT j.reason FROM jobs j WHERE j.kind = 'embed' AND j.subject_id = b.id) AS work_reason
             FROM knowledge_bases b LEFT JOIN projects p ON p.id = b.project_id AND p.deleted_at IS NULL
                LEFT JOIN project_members m ON m.project_id = b.project_id AND m.user_id = $1
             WHERE b.organisation_id = COALESCE($2, b.organisation_id) AND (b.owner_id = $1 OR p.id IS NOT NULL AND (m.user_id IS NOT NULL OR NOT $3))
                AND b.name_folded LIKE $4 ESCAPE '!' AND ($5 IS NULL OR b.project_id = $5)
             ORDER BY b.name_folded, b.id LIMIT $6 OFFSET $7",
            args![viewer.id, organisation, must_be_member, &pattern, filter.project, page.limit(), page.offset()],
        )
        .await?;
    let items = rows.into_iter().map(|it| it.into_base(viewer)).collect();
    Ok(Page { count: count.map_or(0, |it| it.0), items })
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see it.
pub async fn get(scope: Scope<'_>, id: BaseId) -> Result<Base> {
    let viewer = scope.viewer;
    let (organisation, must_be_member) = projects::reach(viewer);
    let row: Option<Row> = scope
        .optional(
            "SELECT b.id, b.name, b.description, b.owner_id, b.created_by, b.project_id, p.name AS project_name, m.role, b.encoder, b.next_encoder, b.created_at, b.updated_at,
                (SELECT COUNT(*) FROM documents d WHERE d.base_id = b.id) AS document_count,
                (SELECT COUNT(*) FROM documents d WHERE d.base_id = b.id AND d.state IN ('waiting', 'reading')) AS waiting_count,
                (SELECT COUNT(*) FROM documents d WHERE d.base_id = b.id AND d.state = 'failed') AS failed_count,
                (SELECT CAST(COALESCE(SUM(d.pieces), 0) AS BIGINT) FROM documents d WHERE d.base_id = b.id) AS piece_count,
                (SELECT COUNT(*) FROM embeddings e WHERE e.base_id = b.id AND e.encoder = b.encoder) AS embedded_count,
                (SELECT COUNT(*) FROM embeddings e WHERE e.base_id = b.id AND e.encoder = b.next_encoder) AS next_count,
                (SELECT j.state FROM jobs j WHERE j.kind = 'embed' AND j.subject_id = b.id) AS work_state,
                (SELECT j.reason FROM jobs j WHERE j.kind = 'embed' AND j.subject_id = b.id) AS work_reason
             FROM knowledge_bases b LEFT JOIN projects p ON p.id = b.project_id AND p.deleted_at IS NULL
                LEFT JOIN project_members m ON m.project_id = b.project_id AND m.user_id = $1
             WHERE b.id = $4 AND b.organisation_id = COALESCE($2, b.organisation_id) AND (b.owner_id = $1 OR p.id IS NOT NULL AND (m.user_id IS NOT NULL OR NOT $3))",
            args![viewer.id, organisation, must_be_member, id],
        )
        .await?;
    Ok(row.ok_or(Error::NotFound("knowledge base"))?.into_base(viewer))
}

/// The same without what has to be counted, for whoever only asks what the viewer may do.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see it.
pub(super) async fn known(scope: Scope<'_>, id: BaseId) -> Result<Known> {
    let viewer = scope.viewer;
    let (organisation, must_be_member) = projects::reach(viewer);
    let row: Option<KnownRow> = scope
        .optional(
            "SELECT b.organisation_id, b.name, b.description, b.owner_id, b.created_by, b.project_id, m.role
             FROM knowledge_bases b LEFT JOIN projects p ON p.id = b.project_id AND p.deleted_at IS NULL
                LEFT JOIN project_members m ON m.project_id = b.project_id AND m.user_id = $1
             WHERE b.id = $4 AND b.organisation_id = COALESCE($2, b.organisation_id) AND (b.owner_id = $1 OR p.id IS NOT NULL AND (m.user_id IS NOT NULL OR NOT $3))",
            args![viewer.id, organisation, must_be_member, id],
        )
        .await?;
    let row = row.ok_or(Error::NotFound("knowledge base"))?;
    let (can_change, can_manage) = rights(viewer, row.owner_id, row.created_by, row.role.as_deref());
    Ok(Known {
        id,
        organisation: row.organisation_id.into(),
        name: row.name,
        description: row.description,
        project: row.project_id.map(Into::into),
        can_change,
        can_manage,
    })
}

/// A base, for who wants to put something in or take it out.
pub(super) async fn changeable(scope: Scope<'_>, id: BaseId) -> Result<Known> {
    let known = known(scope, id).await?;
    if known.can_change {
        Ok(known)
    } else {
        Err(Error::Forbidden("Guests of the project look at its knowledge; its members change it."))
    }
}

pub(super) async fn managed(scope: Scope<'_>, id: BaseId) -> Result<Known> {
    let known = known(scope, id).await?;
    if known.can_manage {
        Ok(known)
    } else {
        Err(Error::Forbidden(
            "Only managers of the project, and whoever made it, can change or delete this knowledge base.",
        ))
    }
}

/// A new base: of a project in which the viewer works, or their own.
///
/// # Errors
/// With what to change, or when the viewer may not make any.
pub async fn create(
    store: &Store,
    ports: &Ports,
    actor: Actor<'_>,
    project: Option<ProjectId>,
    form: &BaseForm,
) -> Result<Base> {
    let viewer = actor.viewer;
    let scope = store.as_viewer(viewer);
    let mut organisation = viewer.organisation;
    match project {
        None if !viewer.may(Permission::MakeKnowledge) => {
            return Err(Error::Forbidden("Your role does not make knowledge bases. Ask an administrator."));
        }
        None => {}
        Some(project) => {
            let known = projects::get(scope, project).await?;
            if !known.can_manage && known.role != Some(ProjectRole::Member) {
                return Err(Error::Forbidden("Guests of the project look at its knowledge; its members change it."));
            }
            organisation = projects::organisation_of(scope, project).await?;
        }
    }
    let form = form.check().map_err(Error::Invalid)?;
    let (id, now): (BaseId, i64) = (ports.id(), ports.now());
    let mut tx = scope.begin().await?;
    tx.execute(
        "INSERT INTO knowledge_bases (id, organisation_id, owner_id, project_id, name, name_folded, description, encoder, revision, removals, created_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, $10, $10)",
        args![
            id,
            organisation,
            project.is_none().then_some(viewer.id),
            project,
            &form.name,
            form.name.to_lowercase(),
            &form.description,
            super::encoders::LOCAL,
            viewer.id,
            now
        ],
    )
    .await
    .map_err(taken)?;
    audit::note(&mut tx, ports, actor, deed(organisation, "knowledge.create", id, &form.name), None::<()>, Some(&form))
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
    id: BaseId,
    form: &BaseForm,
    version: Option<i64>,
) -> Result<Base> {
    let scope = store.as_viewer(actor.viewer);
    let known = managed(scope, id).await?;
    let form = form.check().map_err(Error::Invalid)?;
    let mut tx = scope.begin().await?;
    let changed = tx
        .execute(
            "UPDATE knowledge_bases SET name = $2, name_folded = $3, description = $4, updated_at = $5 WHERE id = $1 AND updated_at = COALESCE($6, updated_at)",
            args![id, &form.name, form.name.to_lowercase(), &form.description, ports.now(), version],
        )
        .await
        .map_err(taken)?;
    if changed == 0 {
        return Err(Error::stale("knowledge base"));
    }
    let before = BaseForm { name: known.name, description: known.description };
    let deed = deed(known.organisation, "knowledge.change", id, &form.name);
    audit::note(&mut tx, ports, actor, deed, Some(before), Some(&form)).await?;
    tx.commit().await?;
    get(scope, id).await
}

/// Deletes a base with all that is in it, for good. Answers the files that nothing refers to any more.
pub(super) async fn delete(store: &Store, ports: &Ports, actor: Actor<'_>, id: BaseId) -> Result<Known> {
    let scope = store.as_viewer(actor.viewer);
    let known = managed(scope, id).await?;
    let before = get(scope, id).await?;
    let mut tx = scope.begin().await?;
    tx.execute(
        "DELETE FROM jobs WHERE subject_id IN (SELECT id FROM documents WHERE base_id = $1) OR subject_id IN (SELECT id FROM repositories WHERE base_id = $1)",
        args![id],
    )
    .await?;
    crate::jobs::forget(&mut tx, Kind::Embed, id.0).await?;
    tx.execute("DELETE FROM knowledge_bases WHERE id = $1", args![id]).await?;
    let deed = deed(known.organisation, "knowledge.delete", id, &known.name);
    audit::note(&mut tx, ports, actor, deed, Some(&before), None::<()>).await?;
    tx.commit().await?;
    Ok(known)
}

/// What an agent of the viewer's answers from.
///
/// # Errors
/// [`Error::NotFound`] when it is not theirs.
pub async fn of_agent(scope: Scope<'_>, agent: AgentId) -> Result<Vec<BaseId>> {
    agents::get(scope, agent).await?;
    let rows: Vec<(Uuid,)> = scope
        .all(
            "SELECT a.base_id FROM agent_knowledge a JOIN knowledge_bases b ON b.id = a.base_id WHERE a.agent_id = $1 ORDER BY b.name_folded, b.id",
            args![agent],
        )
        .await?;
    Ok(rows.into_iter().map(|it| it.0.into()).collect())
}

/// Has an agent of the viewer's answer from these bases, and from no others.
///
/// # Errors
/// When the agent is not theirs, or a base not theirs to see.
pub async fn set_of_agent(scope: Scope<'_>, agent: AgentId, bases: &[BaseId]) -> Result<()> {
    agents::get(scope, agent).await?;
    for base in bases {
        match get(scope, *base).await {
            Err(Error::NotFound(_)) => return Err(Error::field("knowledge", "There is no such knowledge base.")),
            found => drop(found?),
        }
    }
    let mut tx = scope.begin().await?;
    tx.execute("DELETE FROM agent_knowledge WHERE agent_id = $1", args![agent]).await?;
    for base in bases {
        tx.execute(
            "INSERT INTO agent_knowledge (organisation_id, agent_id, base_id)
             SELECT a.organisation_id, a.id, b.id FROM agents a JOIN knowledge_bases b ON b.organisation_id = a.organisation_id WHERE a.id = $1 AND b.id = $2
             ON CONFLICT (agent_id, base_id) DO NOTHING",
            args![agent, *base],
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

pub(super) fn deed<'a>(organisation: OrganisationId, action: &'static str, id: BaseId, name: &'a str) -> Deed<'a> {
    Deed { organisation, action, kind: "knowledge", id: id.0, name }
}

pub(super) fn taken(error: sqlx::Error) -> Error {
    let is_taken = breaks_unique(
        &error,
        "knowledge_bases_owner_name_key",
        "knowledge_bases.owner_id, knowledge_bases.name_folded",
    ) || breaks_unique(
        &error,
        "knowledge_bases_project_name_key",
        "knowledge_bases.project_id, knowledge_bases.name_folded",
    );
    if is_taken { Error::field("name", "There is another knowledge base of this name.") } else { error.into() }
}
