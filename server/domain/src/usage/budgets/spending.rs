//! Where calls meet budgets: before a call what it may cost at most is reserved, and refused if that is more than is left.
//! When it ends its row takes the reservation's place.
//!
//! A reservation is a lease: the server that made it renews it while the call goes on, so that what a dead one reserved is
//! free again soon.

use super::{Known, Row, bounds, spent_by};
use crate::error::{Error, Result};
use crate::ports::{Micros, Ports, SECOND};
use crate::providers::Request;
use crate::store::{Store, Tx, args};
use crate::usage::{Call, tokens};
use atrium::budgets::{BudgetPeriod, BudgetSubject};
use atrium::text::dollars;
use std::time::Duration;
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// How long a reservation holds that nobody renews.
const LEASE: Micros = 90 * SECOND;
/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(30);
/// Tokens that an answer may have where nobody says how many.
const ANSWER: i64 = 4096;

/// Money that a call under way may cost.
#[derive(Debug)]
pub(crate) struct Reservation {
    id: Uuid,
    renewal: JoinHandle<()>,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

/// Reserves what `call` may cost at most. Nothing where it costs nothing, or where no budget holds.
///
/// # Errors
/// When that is more than is left of a budget.
pub(crate) async fn reserve(
    store: &Store,
    ports: &Ports,
    call: &Call,
    request: &Request,
) -> Result<Option<Reservation>> {
    if call.facts.prompt_price == 0 && call.facts.completion_price == 0 {
        return Ok(None);
    }
    let system = store.as_system("budgets hold for whoever asks");
    let project: Option<(Option<Uuid>,)> = match call.place {
        Some((id, _)) => system.optional("SELECT project_id FROM conversations WHERE id = $1", args![id]).await?,
        None => None,
    };
    let project = project.and_then(|it| it.0).or(call.project.map(|it| it.0));
    let rows: Vec<Row> = system
        .all(
            "SELECT b.id, b.organisation_id, b.subject, b.subject_id, b.period, b.limit_micros,
                COALESCE((SELECT name FROM projects WHERE id = b.subject_id), (SELECT name FROM organisations WHERE id = b.subject_id)) AS name
             FROM budgets b WHERE b.subject_id = $1 OR b.subject_id = $2 OR b.subject_id = $3 ORDER BY b.id",
            args![call.user, call.organisation, project],
        )
        .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let (prompt, _) = tokens::count(request, "").await;
    let estimate = call.facts.cost(prompt, request.max_tokens.map_or(ANSWER, i64::from));
    let now = ports.now();
    let id: Uuid = ports.id();
    let mut tx = system.begin().await?;
    tx.execute("DELETE FROM budget_reservations WHERE lease_until < $1", args![now]).await?;
    for known in rows.into_iter().filter_map(Row::known) {
        // Held until the reservation is there, so that of two calls the second sees the first. Always in the same order.
        let limit: Option<(i64,)> = tx
            .optional(
                "UPDATE budgets SET limit_micros = limit_micros WHERE id = $1 RETURNING limit_micros",
                args![known.id],
            )
            .await?;
        let Some((limit,)) = limit else { continue };
        let (begins_at, renews_at) = bounds(known.period, now);
        // In this order: a call that settles between the two is counted twice rather than never.
        let (reserved,): (i64,) = tx.one(reserved_by(known.subject), args![known.subject_id]).await?;
        let (spent,): (i64,) = tx.one(spent_by(known.subject), args![known.subject_id, begins_at]).await?;
        if spent.saturating_add(reserved).saturating_add(estimate) > limit {
            return Err(refusal(&Known { limit, ..known }, spent, reserved, estimate, renews_at));
        }
    }
    tx.execute(
        "INSERT INTO budget_reservations (id, organisation_id, user_id, project_id, cost_micros, lease_until) VALUES ($1, $2, $3, $4, $5, $6)",
        args![id, call.organisation, call.user, project, estimate, now + LEASE],
    )
    .await?;
    tx.commit().await?;
    Ok(Some(Reservation { id, renewal: tokio::spawn(renew(store.clone(), ports.clone(), id)) }))
}

async fn renew(store: Store, ports: Ports, id: Uuid) {
    loop {
        tokio::time::sleep(RENEW).await;
        let system = store.as_system("a call under way keeps what is reserved for it");
        let sql = "UPDATE budget_reservations SET lease_until = $2 WHERE id = $1";
        if let Err(error) = system.execute(sql, args![id, ports.now() + LEASE]).await {
            tracing::warn!("a reservation could not be renewed: {error}");
        }
    }
}

/// In the transaction that writes what the call did cost.
pub(crate) async fn settle(tx: &mut Tx, reservation: &Reservation) -> Result<()> {
    tx.execute("DELETE FROM budget_reservations WHERE id = $1", args![reservation.id]).await?;
    Ok(())
}

fn reserved_by(subject: BudgetSubject) -> &'static str {
    match subject {
        BudgetSubject::User => {
            "SELECT CAST(COALESCE(SUM(cost_micros), 0) AS BIGINT) FROM budget_reservations WHERE user_id = $1"
        }
        BudgetSubject::Project => {
            "SELECT CAST(COALESCE(SUM(cost_micros), 0) AS BIGINT) FROM budget_reservations WHERE project_id = $1"
        }
        BudgetSubject::Organisation => {
            "SELECT CAST(COALESCE(SUM(cost_micros), 0) AS BIGINT) FROM budget_reservations WHERE organisation_id = $1"
        }
    }
}

/// Whose budget, how much of it is used, and when there is more.
fn refusal(budget: &Known, spent: i64, reserved: i64, estimate: i64, renews_at: Micros) -> Error {
    let whose = match budget.subject {
        BudgetSubject::User => "Your budget".to_owned(),
        BudgetSubject::Project => format!("The budget of the project {}", budget.name),
        BudgetSubject::Organisation => format!("The budget of {}", budget.name),
    };
    let period = match budget.period {
        BudgetPeriod::Day => "day",
        BudgetPeriod::Month => "month",
    };
    let under_way = if reserved > 0 { format!(", up to {} are under way", dollars(reserved)) } else { String::new() };
    Error::Conflict {
        code: "budget_spent",
        message: format!(
            "{whose}, {} a {period}, does not suffice: {} are spent{under_way}, and this call may cost up to {}. It renews on {} (UTC). \
             Use a model that costs nothing, ask for a shorter answer, or ask an administrator for more.",
            dollars(budget.limit),
            dollars(spent),
            dollars(estimate),
            moment(renews_at)
        ),
    }
}

fn moment(micros: Micros) -> String {
    let format = format_description!("[day padding:none] [month repr:long] [year] at [hour]:[minute]");
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok();
    moment.and_then(|it| it.format(format).ok()).unwrap_or_default()
}
