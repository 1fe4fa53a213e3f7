//! When a budget runs short those who should know hear of it, once a period: the person themself, the managers of the
//! project, the administrators of the organisation.

use super::{MANY, Row, bounds, with_spent};
use crate::error::Result;
use crate::mail::letters::Short;
use crate::mail::{Kind, NewMail, Outbox};
use crate::ports::Ports;
use crate::store::{Store, args};
use atrium::budgets::{Budget, BudgetSubject};

/// Puts a mail into the outbox for everybody who should hear that a budget has come to its last fifth. Answers how many
/// budgets have.
///
/// # Errors
/// When the database does not answer.
pub async fn warn(store: &Store, ports: &Ports, mail: &Outbox) -> Result<usize> {
    let now = ports.now();
    let system = store.as_system("budgets that run short are told of");
    let rows: Vec<Row> = system
        .all(
            "SELECT b.id, b.organisation_id, b.subject, b.subject_id, b.period, b.limit_micros,
                COALESCE((SELECT name FROM users WHERE id = b.subject_id), (SELECT name FROM projects WHERE id = b.subject_id),
                    (SELECT name FROM organisations WHERE id = b.subject_id)) AS name
             FROM budgets b WHERE b.limit_micros > 0 AND (b.warned_of IS NULL OR (b.period = 'day' AND b.warned_of < $1) OR (b.period = 'month' AND b.warned_of < $2))
             ORDER BY b.id LIMIT $3",
            args![
                bounds(atrium::budgets::BudgetPeriod::Day, now).0,
                bounds(atrium::budgets::BudgetPeriod::Month, now).0,
                20 * MANY
            ],
        )
        .await?;
    let mut told = 0;
    for budget in with_spent(system, rows, now).await? {
        if budget.is_short() {
            told += usize::from(tell(store, mail, &budget, bounds(budget.period, now).0).await?);
        }
    }
    if told > 0 {
        mail.nudge();
    }
    Ok(told)
}

/// Answers whether nobody had done so before.
async fn tell(store: &Store, mail: &Outbox, budget: &Budget, begins_at: i64) -> Result<bool> {
    let mut tx = store.as_system("budgets that run short are told of").begin().await?;
    // Of several servers one is first.
    let is_first = tx
        .execute(
            "UPDATE budgets SET warned_of = $2 WHERE id = $1 AND (warned_of IS NULL OR warned_of < $2)",
            args![budget.id, begins_at],
        )
        .await?;
    if is_first == 0 {
        return Ok(false);
    }
    let recipients: Vec<(String, String)> = tx.all(recipients(budget.subject), args![budget.subject_id]).await?;
    let link = format!("{}/analytics", mail.base_url());
    for (name, address) in recipients {
        let (subject, text) = Short { name: &name, budget, link: &link }.write();
        let organisation = budget.organisation;
        let (kind, about, to, expires_at) = (Kind::Budget, budget.id.0, address.as_str(), budget.renews_at);
        mail.put(&mut tx, NewMail { organisation, kind, about, to, subject, text, expires_at }).await?;
    }
    tx.commit().await?;
    Ok(true)
}

fn recipients(subject: BudgetSubject) -> &'static str {
    match subject {
        BudgetSubject::User => "SELECT name, email FROM users WHERE id = $1 AND is_active = TRUE",
        BudgetSubject::Project => {
            "SELECT u.name, u.email FROM project_members m JOIN users u ON u.id = m.user_id
             WHERE m.project_id = $1 AND m.role = 'manager' AND u.is_active = TRUE ORDER BY u.email"
        }
        BudgetSubject::Organisation => {
            "SELECT name, email FROM users WHERE organisation_id = $1 AND role = 'admin' AND is_active = TRUE ORDER BY email"
        }
    }
}
