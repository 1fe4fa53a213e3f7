//! The audit log: who did what, from where. Written in the transaction of what it tells.

use crate::error::{Error, Result};
use crate::ports::Ports;
use crate::store::{Store, Tx, args};
use atrium::ids::OrganisationId;
use atrium::paging::{Page, PageRequest};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use serde::Serialize;
use uuid::Uuid;

/// Whoever acts, and where their request comes from.
#[derive(Debug, Clone, Copy)]
pub struct Actor<'a> {
    /// Who.
    pub viewer: &'a Viewer,
    /// The address of their machine.
    pub address: &'a str,
}

/// What was done, to what.
#[derive(Debug)]
pub(crate) struct Deed<'a> {
    /// Whose log it belongs to.
    pub organisation: OrganisationId,
    /// A word with a dot: `user.role`.
    pub action: &'static str,
    /// `user`, `project`, …
    pub kind: &'static str,
    pub id: Uuid,
    /// What it was called at that moment.
    pub name: &'a str,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub id: Uuid,
    /// In whose log.
    pub organisation: OrganisationId,
    /// Who did it.
    pub actor_id: Uuid,
    /// What they were called.
    pub actor: String,
    /// What they did.
    pub action: String,
    /// To what kind of thing.
    pub subject_kind: String,
    /// To which.
    pub subject_id: Option<Uuid>,
    /// What it was called.
    pub subject: String,
    /// JSON of what it was before.
    pub before: Option<String>,
    /// JSON of what it is after.
    pub after: Option<String>,
    /// From where.
    pub address: String,
    /// Microseconds since 1970.
    pub created_at: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    organisation_id: Uuid,
    actor_id: Uuid,
    actor: String,
    action: String,
    subject_kind: String,
    subject_id: Option<Uuid>,
    subject: String,
    before: Option<String>,
    after: Option<String>,
    address: String,
    created_at: i64,
}

impl From<Row> for Entry {
    fn from(it: Row) -> Self {
        Self {
            id: it.id,
            organisation: it.organisation_id.into(),
            actor_id: it.actor_id,
            actor: it.actor,
            action: it.action,
            subject_kind: it.subject_kind,
            subject_id: it.subject_id,
            subject: it.subject,
            before: it.before,
            after: it.after,
            address: it.address,
            created_at: it.created_at,
        }
    }
}

/// Adds a line.
pub(crate) async fn note<B: Serialize, A: Serialize>(
    tx: &mut Tx,
    ports: &Ports,
    actor: Actor<'_>,
    deed: Deed<'_>,
    before: Option<B>,
    after: Option<A>,
) -> Result<()> {
    let json = |error: serde_json::Error| Error::Internal(format!("audit log: {error}"));
    let before = before.map(|it| serde_json::to_string(&it)).transpose().map_err(json)?;
    let after = after.map(|it| serde_json::to_string(&it)).transpose().map_err(json)?;
    let id: Uuid = ports.id();
    tx.execute(
        "INSERT INTO audit_log (id, organisation_id, actor_id, actor, action, subject_kind, subject_id, subject, before, after, address, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        args![
            id,
            deed.organisation,
            actor.viewer.id,
            &actor.viewer.email,
            deed.action,
            deed.kind,
            deed.id,
            deed.name,
            before,
            after,
            actor.address,
            ports.now()
        ],
    )
    .await?;
    Ok(())
}

/// A page of the log, newest first: of the viewer's organisation, of all of them for superusers.
///
/// # Errors
/// When the viewer may not read it.
pub async fn page(store: &Store, viewer: &Viewer, page: PageRequest) -> Result<Page<Entry>> {
    if !viewer.may(Permission::ManageOrganisation) {
        return Err(Error::Forbidden("Only administrators can read the audit log."));
    }
    let organisation = (!viewer.is_superuser).then_some(viewer.organisation.0);
    let scope = store.as_viewer(viewer);
    let count: Option<(i64,)> = scope
        .optional(
            "SELECT COUNT(*) FROM audit_log WHERE organisation_id = COALESCE($1, organisation_id)",
            args![organisation],
        )
        .await?;
    let rows: Vec<Row> = scope
        .all(
            "SELECT id, organisation_id, actor_id, actor, action, subject_kind, subject_id, subject, before, after, address, created_at
             FROM audit_log WHERE organisation_id = COALESCE($1, organisation_id) ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3",
            args![organisation, page.limit(), page.offset()],
        )
        .await?;
    Ok(Page { count: count.map_or(0, |it| it.0), items: rows.into_iter().map(Into::into).collect() })
}
