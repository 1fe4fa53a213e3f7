//! What administrators see and do of everybody's agents: who has which, of which model; never what it is told.

use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result};
use crate::ports::Ports;
use crate::store::{List, Scope, Store, args, contains, list};
use atrium::catalogue::Provider;
use atrium::ids::{AgentId, OrganisationId};
use atrium::paging::{Page, PageRequest, Sort};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use serde::Serialize;
use uuid::Uuid;

/// Somebody's agent.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AgentOverview {
    /// Which.
    pub id: Uuid,
    /// In which tenant.
    pub organisation_id: Uuid,
    /// As its owner calls it.
    pub name: String,
    /// The owner's name.
    pub owner: String,
    /// The owner's address.
    pub owner_email: String,
    /// Whose model.
    pub provider: String,
    /// Which.
    pub model: String,
    /// Whether it takes messages.
    pub is_active: bool,
    /// Answers of it that helped somebody,
    pub thumbs_up: i64,
    /// and that did not.
    pub thumbs_down: i64,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// Which agents, and in which order.
#[derive(Debug, Clone, Copy, Default)]
pub struct AgentFilter<'a> {
    /// A part of its name or model, or of its owner's name or address.
    pub search: Option<&'a str>,
    /// Only those of one provider.
    pub provider: Option<Provider>,
    /// Only those that take messages, or that do not.
    pub is_active: Option<bool>,
    /// Only those of one organisation.
    pub organisation: Option<OrganisationId>,
    /// One of [`COLUMNS`].
    pub sort: Option<Sort>,
}

/// What agents can be sorted by.
pub const COLUMNS: &[&str] = &["name", "owner", "provider", "model", "made"];

const AGENTS: List = list! {
    select: "a.id, a.organisation_id, a.name, u.name AS owner, u.email AS owner_email, a.provider, a.model, a.is_active, a.created_at,
        (SELECT COUNT(*) FROM feedback f WHERE f.agent_id = a.id AND f.verdict = 'up') AS thumbs_up,
        (SELECT COUNT(*) FROM feedback f WHERE f.agent_id = a.id AND f.verdict = 'down') AS thumbs_down",
    from: "agents a JOIN users u ON u.id = a.owner_id
        WHERE a.deleted_at IS NULL AND a.organisation_id = COALESCE($1, a.organisation_id) AND a.organisation_id = COALESCE($2, a.organisation_id)
        AND LOWER(a.name || ' ' || a.model || ' ' || u.name || ' ' || u.email) LIKE $3 ESCAPE '!'
        AND a.provider = COALESCE($4, a.provider) AND a.is_active = COALESCE($5, a.is_active)",
    order: "LOWER(a.name), a.id",
    limit: "LIMIT $6 OFFSET $7",
    by: {
        "name" => "LOWER(a.name)",
        "owner" => "LOWER(u.name)",
        "provider" => "a.provider",
        "model" => "LOWER(a.model)",
        "made" => "a.created_at",
    },
};

/// Those of the viewer's organisation, for superusers of all; by name unless `filter` says otherwise.
///
/// # Errors
/// When the viewer does not administer them.
pub async fn page(scope: Scope<'_>, page: PageRequest, filter: AgentFilter<'_>) -> Result<Page<AgentOverview>> {
    must_administer(scope.viewer)?;
    let args = args![
        reach(scope.viewer),
        filter.organisation,
        contains(filter.search.unwrap_or_default()),
        filter.provider.map(Provider::as_str),
        filter.is_active,
    ];
    Ok(scope.page(&AGENTS, args, filter.sort, page).await?)
}

/// Switches an agent on or off. One that is off keeps its conversations but takes no new messages.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the viewer administers.
pub async fn switch(store: &Store, ports: &Ports, actor: Actor<'_>, id: AgentId, is_active: bool) -> Result<String> {
    #[derive(Serialize)]
    struct State {
        is_active: bool,
    }
    must_administer(actor.viewer)?;
    let mut tx = store.as_viewer(actor.viewer).begin().await?;
    let found: Option<(Uuid, String, bool)> = tx
        .optional(
            "SELECT organisation_id, name, is_active FROM agents WHERE id = $1 AND deleted_at IS NULL AND organisation_id = COALESCE($2, organisation_id)",
            args![id, reach(actor.viewer)],
        )
        .await?;
    let (organisation, name, was_active) = found.ok_or(Error::NotFound("agent"))?;
    if was_active != is_active {
        tx.execute(
            "UPDATE agents SET is_active = $2, updated_at = $3 WHERE id = $1",
            args![id, is_active, ports.now()],
        )
        .await?;
        let deed =
            Deed { organisation: organisation.into(), action: "agent.switch", kind: "agent", id: id.0, name: &name };
        let (before, after) = (State { is_active: was_active }, State { is_active });
        audit::note(&mut tx, ports, actor, deed, Some(before), Some(after)).await?;
    }
    tx.commit().await?;
    Ok(name)
}

fn reach(viewer: &Viewer) -> Option<OrganisationId> {
    (!viewer.is_superuser).then_some(viewer.organisation)
}

fn must_administer(viewer: &Viewer) -> Result<()> {
    if viewer.may(Permission::ManageAgents) {
        Ok(())
    } else {
        Err(Error::Forbidden("Only administrators see and switch everybody's agents."))
    }
}
