//! The audit log: who did what, from where. Written in the transaction of what it tells.

use crate::error::{Error, Result};
use crate::ports::{Micros, Ports, SECOND};
use crate::store::{List, Store, Tx, args, contains, list};
use atrium::ids::OrganisationId;
use atrium::paging::{Page, PageRequest, Sort};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use serde::Serialize;
use std::collections::BTreeSet;
use uuid::Uuid;

/// How long a look into another organisation counts as one.
const LOOK: Micros = 3600 * SECOND;

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
    /// Nil for what has none.
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

/// Adds a line; answers which.
pub(crate) async fn note<B: Serialize, A: Serialize>(
    tx: &mut Tx,
    ports: &Ports,
    actor: Actor<'_>,
    deed: Deed<'_>,
    before: Option<B>,
    after: Option<A>,
) -> Result<Uuid> {
    let json = |error: serde_json::Error| Error::Internal(format!("audit log: {error}"));
    let before = before.map(|it| serde_json::to_string(&it)).transpose().map_err(json)?;
    let after = after.map(|it| serde_json::to_string(&it)).transpose().map_err(json)?;
    let id: Uuid = ports.id();
    let viewer = actor.viewer;
    let (actor_id, who) = match &viewer.impersonator {
        Some(real) => (real.id, format!("{} as {}", real.email, viewer.email)),
        None => (viewer.id, viewer.email.clone()),
    };
    tx.execute(
        "INSERT INTO audit_log (id, organisation_id, actor_id, actor, action, subject_kind, subject_id, subject, before, after, address, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        args![
            id,
            deed.organisation,
            actor_id,
            who,
            deed.action,
            deed.kind,
            (!deed.id.is_nil()).then_some(deed.id),
            deed.name,
            before,
            after,
            actor.address,
            ports.now()
        ],
    )
    .await?;
    Ok(id)
}

/// Notes that a superuser saw a list of `what` that belongs to other organisations, in the log of each: once an hour, not
/// with every page that they turn.
///
/// # Errors
/// When the database does not answer.
pub async fn note_look(
    store: &Store,
    ports: &Ports,
    actor: Actor<'_>,
    what: &str,
    seen: impl IntoIterator<Item = OrganisationId>,
) -> Result<()> {
    let others: BTreeSet<_> = seen.into_iter().filter(|it| *it != actor.viewer.organisation).collect();
    if others.is_empty() {
        return Ok(());
    }
    let mut tx = store.as_viewer(actor.viewer).begin().await?;
    let noted: Vec<(Uuid,)> = tx
        .all(
            "SELECT organisation_id FROM audit_log WHERE actor_id = $1 AND created_at > $2 AND action = 'organisation.look' AND subject = $3",
            args![actor.viewer.id, ports.now() - LOOK, what],
        )
        .await?;
    for organisation in others.into_iter().filter(|it| !noted.contains(&(it.0,))) {
        let deed =
            Deed { organisation, action: "organisation.look", kind: "organisation", id: organisation.0, name: what };
        note(&mut tx, ports, actor, deed, None::<()>, None::<()>).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Which lines, and in which order.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditFilter<'a> {
    /// A part of who, what or to what.
    pub search: Option<&'a str>,
    /// See [`Entry::subject_kind`].
    pub kind: Option<&'a str>,
    /// Only those of one organisation.
    pub organisation: Option<OrganisationId>,
    /// Not before that moment.
    pub since: Option<Micros>,
    /// Before that moment.
    pub until: Option<Micros>,
    /// One of [`COLUMNS`].
    pub sort: Option<Sort>,
}

/// What the log can be sorted by.
pub const COLUMNS: &[&str] = &["when", "who", "what"];

const LOG: List = list! {
    select: "id, organisation_id, actor_id, actor, action, subject_kind, subject_id, subject, before, after, address, created_at",
    from: "audit_log WHERE organisation_id = COALESCE($1, organisation_id) AND organisation_id = COALESCE($2, organisation_id)
        AND LOWER(actor || ' ' || action || ' ' || subject) LIKE $3 ESCAPE '!' AND subject_kind = COALESCE($4, subject_kind)
        AND created_at >= COALESCE($5, created_at) AND created_at < COALESCE($6, created_at + 1)",
    order: "created_at DESC, id DESC",
    limit: "LIMIT $7 OFFSET $8",
    by: { "when" => "created_at", "who" => "actor", "what" => "action" },
};

/// A page of the log, newest first unless `filter` says otherwise: of the viewer's organisation, of all of them for
/// superusers.
///
/// # Errors
/// When the viewer may not read it.
pub async fn page(store: &Store, viewer: &Viewer, page: PageRequest, filter: AuditFilter<'_>) -> Result<Page<Entry>> {
    if !viewer.may(Permission::ManageOrganisation) {
        return Err(Error::Forbidden("Only administrators can read the audit log."));
    }
    let args = args![
        (!viewer.is_superuser).then_some(viewer.organisation),
        filter.organisation,
        contains(filter.search.unwrap_or_default()),
        filter.kind,
        filter.since,
        filter.until,
    ];
    let found: Page<Row> = store.as_viewer(viewer).page(&LOG, args, filter.sort, page).await?;
    Ok(found.map(Into::into))
}
