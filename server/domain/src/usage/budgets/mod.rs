//! Budgets: how much people, projects and organisations may spend on models. Administrators set them here; [`spending`] is
//! where calls meet them, [`warnings`] what is said when one runs short.

mod spending;
#[cfg(test)]
mod tests;
mod warnings;

pub(crate) use spending::{Reservation, reserve, settle};
pub use warnings::warn;

use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result};
use crate::ports::{DAY, Micros, Ports};
use crate::store::{Queries, Scope, Store, Tx, args};
use atrium::budgets::{Budget, BudgetPeriod, BudgetSubject, NewBudget};
use atrium::catalogue::plain_dollars;
use atrium::ids::{BudgetId, OrganisationId};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

/// Lines of a list, at most.
const MANY: i64 = 500;

#[derive(Debug, Clone, sqlx::FromRow)]
struct Row {
    id: Uuid,
    organisation_id: Uuid,
    subject: String,
    subject_id: Uuid,
    period: String,
    limit_micros: i64,
    name: Option<String>,
}

/// A row in words.
#[derive(Debug, Clone)]
struct Known {
    id: BudgetId,
    organisation: OrganisationId,
    subject: BudgetSubject,
    subject_id: Uuid,
    name: String,
    period: BudgetPeriod,
    limit: i64,
}

impl Row {
    /// `None` if the row is from a newer server.
    fn known(self) -> Option<Known> {
        Some(Known {
            id: self.id.into(),
            organisation: self.organisation_id.into(),
            subject: BudgetSubject::parse(&self.subject)?,
            subject_id: self.subject_id,
            name: self.name.unwrap_or_default(),
            period: BudgetPeriod::parse(&self.period)?,
            limit: self.limit_micros,
        })
    }
}

/// The time around `now` that a budget counts, from its first moment to the first of the next.
fn bounds(period: BudgetPeriod, now: Micros) -> (Micros, Micros) {
    let today = now.div_euclid(DAY);
    if period == BudgetPeriod::Day {
        return (today * DAY, (today + 1) * DAY);
    }
    let moment =
        OffsetDateTime::from_unix_timestamp(today.saturating_mul(86_400)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let first = today + 1 - i64::from(moment.day());
    let days = moment.month().length(moment.year());
    (first * DAY, (first + i64::from(days)) * DAY)
}

/// What was spent on account of a subject since a moment.
fn spent_by(subject: BudgetSubject) -> &'static str {
    match subject {
        BudgetSubject::User => {
            "SELECT CAST(COALESCE(SUM(cost_micros), 0) AS BIGINT) FROM llm_calls WHERE user_id = $1 AND called_at >= $2 AND cost_micros > 0"
        }
        BudgetSubject::Project => {
            "SELECT CAST(COALESCE(SUM(cost_micros), 0) AS BIGINT) FROM llm_calls WHERE project_id = $1 AND called_at >= $2 AND cost_micros > 0"
        }
        BudgetSubject::Organisation => {
            "SELECT CAST(COALESCE(SUM(cost_micros), 0) AS BIGINT) FROM llm_calls WHERE organisation_id = $1 AND called_at >= $2 AND cost_micros > 0"
        }
    }
}

async fn with_spent(queries: Queries<'_>, rows: Vec<Row>, now: Micros) -> Result<Vec<Budget>> {
    let mut budgets = Vec::new();
    for known in rows.into_iter().filter_map(Row::known) {
        let (begins_at, renews_at) = bounds(known.period, now);
        let spent: Option<(i64,)> =
            queries.optional(spent_by(known.subject), args![known.subject_id, begins_at]).await?;
        let Known { id, organisation, subject, subject_id, name, period, limit } = known;
        let spent = spent.map_or(0, |it| it.0);
        budgets.push(Budget { id, organisation, subject, subject_id, name, period, limit, spent, renews_at });
    }
    Ok(budgets)
}

fn must_manage(viewer: &Viewer) -> Result<()> {
    if viewer.may(Permission::ManageBudgets) {
        Ok(())
    } else {
        Err(Error::Forbidden("Only administrators set budgets."))
    }
}

fn reach(viewer: &Viewer) -> Option<Uuid> {
    (!viewer.is_superuser).then_some(viewer.organisation.0)
}

/// Every budget that the viewer may set: their organisation's, all of them for superusers. What a superuser sees of other
/// organisations is noted.
///
/// # Errors
/// When the viewer sets none.
pub async fn managed(store: &Store, ports: &Ports, actor: Actor<'_>) -> Result<Vec<Budget>> {
    must_manage(actor.viewer)?;
    let scope = store.as_viewer(actor.viewer);
    let rows: Vec<Row> = scope
        .all(
            "SELECT b.id, b.organisation_id, b.subject, b.subject_id, b.period, b.limit_micros,
                COALESCE((SELECT name FROM users WHERE id = b.subject_id), (SELECT name FROM projects WHERE id = b.subject_id),
                    (SELECT name FROM organisations WHERE id = b.subject_id)) AS name
             FROM budgets b WHERE b.organisation_id = COALESCE($1, b.organisation_id) ORDER BY b.subject, name, b.period LIMIT $2",
            args![reach(actor.viewer), MANY],
        )
        .await?;
    audit::note_look(store, ports, actor, "budgets", rows.iter().map(|it| it.organisation_id.into())).await?;
    with_spent(*scope, rows, ports.now()).await
}

/// The budgets that hold for what the viewer does: their own, their projects' and their organisation's.
///
/// # Errors
/// When the database does not answer.
pub async fn own(scope: Scope<'_>, ports: &Ports) -> Result<Vec<Budget>> {
    let rows: Vec<Row> = scope
        .all(
            "SELECT b.id, b.organisation_id, b.subject, b.subject_id, b.period, b.limit_micros,
                COALESCE((SELECT name FROM users WHERE id = b.subject_id), (SELECT name FROM projects WHERE id = b.subject_id AND deleted_at IS NULL),
                    (SELECT name FROM organisations WHERE id = b.subject_id)) AS name
             FROM budgets b WHERE b.subject_id = $1 OR b.subject_id = $2
                OR b.subject_id IN (SELECT m.project_id FROM project_members m JOIN projects p ON p.id = m.project_id WHERE m.user_id = $1 AND p.deleted_at IS NULL)
             ORDER BY b.subject, name, b.period LIMIT $3",
            args![scope.viewer.id, scope.viewer.organisation, MANY],
        )
        .await?;
    with_spent(*scope, rows, ports.now()).await
}

/// Whom the viewer may give a budget: kind, id and name.
///
/// # Errors
/// When the viewer sets none.
pub async fn subjects(scope: Scope<'_>) -> Result<Vec<(BudgetSubject, Uuid, String)>> {
    must_manage(scope.viewer)?;
    let organisation = scope.viewer.organisation;
    let mut all = Vec::new();
    let organisations: Vec<(Uuid, String)> = scope
        .all(
            "SELECT id, name FROM organisations WHERE id = COALESCE($1, id) ORDER BY name LIMIT $2",
            args![reach(scope.viewer), MANY],
        )
        .await?;
    let projects: Vec<(Uuid, String)> = scope
        .all(
            "SELECT id, name FROM projects WHERE organisation_id = $1 AND deleted_at IS NULL ORDER BY name LIMIT $2",
            args![organisation, MANY],
        )
        .await?;
    let people: Vec<(Uuid, String)> = scope
        .all(
            "SELECT id, name FROM users WHERE organisation_id = $1 AND is_active = TRUE ORDER BY name, email LIMIT $2",
            args![organisation, MANY],
        )
        .await?;
    for (kind, rows) in BudgetSubject::ALL.into_iter().zip([organisations, projects, people]) {
        all.extend(rows.into_iter().map(|(id, name)| (kind, id, name)));
    }
    Ok(all)
}

/// The name of a subject and its organisation, if the viewer may see it.
async fn subject(tx: &mut Tx, viewer: &Viewer, new: &NewBudget) -> Result<(OrganisationId, String)> {
    let (sql, what) = match new.subject {
        BudgetSubject::Organisation => {
            ("SELECT id, name FROM organisations WHERE id = $1 AND id = COALESCE($2, id)", "organisation")
        }
        BudgetSubject::Project => (
            "SELECT organisation_id, name FROM projects WHERE id = $1 AND organisation_id = COALESCE($2, organisation_id) AND deleted_at IS NULL",
            "project",
        ),
        BudgetSubject::User => (
            "SELECT organisation_id, name FROM users WHERE id = $1 AND organisation_id = COALESCE($2, organisation_id)",
            "person",
        ),
    };
    let found: Option<(Uuid, String)> = tx.optional(sql, args![new.subject_id, reach(viewer)]).await?;
    let (organisation, name) = found.ok_or(Error::NotFound(what))?;
    Ok((organisation.into(), name))
}

/// Sets a budget, also in the place of the one that a subject has for that period.
///
/// # Errors
/// When the viewer may not, or does not see whose it is to be.
pub async fn set(store: &Store, ports: &Ports, actor: Actor<'_>, new: &NewBudget) -> Result<Budget> {
    must_manage(actor.viewer)?;
    let scope = store.as_viewer(actor.viewer);
    let mut tx = scope.begin().await?;
    let (organisation, name) = subject(&mut tx, actor.viewer, new).await?;
    let before: Option<(i64,)> = tx
        .optional(
            "SELECT limit_micros FROM budgets WHERE subject_id = $1 AND period = $2",
            args![new.subject_id, new.period.as_str()],
        )
        .await?;
    let (id, now): (BudgetId, _) = (ports.id(), ports.now());
    // A new limit may be reached anew.
    let row: (Uuid,) = tx
        .one(
            "INSERT INTO budgets (id, organisation_id, subject, subject_id, period, limit_micros, warned_of, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, NULL, $7, $7)
             ON CONFLICT (subject_id, period) DO UPDATE SET limit_micros = excluded.limit_micros, warned_of = NULL, updated_at = excluded.updated_at
             RETURNING id",
            args![id, organisation, new.subject.as_str(), new.subject_id, new.period.as_str(), new.limit, now],
        )
        .await?;
    let said = |limit: i64| json!({ "limit_usd": plain_dollars(limit), "period": new.period.as_str() });
    let deed = Deed { organisation, action: "budget.set", kind: "budget", id: row.0, name: &name };
    audit::note(&mut tx, ports, actor, deed, before.map(|it| said(it.0)), Some(said(new.limit))).await?;
    tx.commit().await?;
    get(scope, ports, row.0.into()).await
}

async fn get(scope: Scope<'_>, ports: &Ports, id: BudgetId) -> Result<Budget> {
    let row: Option<Row> = scope
        .optional(
            "SELECT b.id, b.organisation_id, b.subject, b.subject_id, b.period, b.limit_micros,
                COALESCE((SELECT name FROM users WHERE id = b.subject_id), (SELECT name FROM projects WHERE id = b.subject_id),
                    (SELECT name FROM organisations WHERE id = b.subject_id)) AS name
             FROM budgets b WHERE b.id = $1 AND b.organisation_id = COALESCE($2, b.organisation_id)",
            args![id, reach(scope.viewer)],
        )
        .await?;
    let budget = with_spent(*scope, row.into_iter().collect(), ports.now()).await?.pop();
    budget.ok_or(Error::NotFound("budget"))
}

/// Takes a budget away; answers with what it was.
///
/// # Errors
/// When the viewer may not, or there is none that they see.
pub async fn remove(store: &Store, ports: &Ports, actor: Actor<'_>, id: BudgetId) -> Result<Budget> {
    must_manage(actor.viewer)?;
    let scope = store.as_viewer(actor.viewer);
    let was = get(scope, ports, id).await?;
    let mut tx = scope.begin().await?;
    tx.execute("DELETE FROM budgets WHERE id = $1", args![id]).await?;
    let said = json!({ "limit_usd": plain_dollars(was.limit), "period": was.period.as_str() });
    let deed =
        Deed { organisation: was.organisation, action: "budget.remove", kind: "budget", id: id.0, name: &was.name };
    audit::note(&mut tx, ports, actor, deed, Some(said), None::<()>).await?;
    tx.commit().await?;
    Ok(was)
}
