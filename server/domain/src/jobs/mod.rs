//! Work behind the requests: rows that servers take up one at a time, with progress, pause and reasons.
//!
//! Organisations and people are served in turn, however much one of them has brought ([`take`](Jobs::take)).
//!
//! There is one row for each kind of work on each thing. Asking for it again while it runs has it done once more
//! afterwards; a server that goes away in the middle loses its lease, and another one takes the job up.

#[cfg(test)]
mod tests;

use crate::error::Result;
use crate::ports::{Micros, Ports, SECOND};
use crate::store::{Queries, Scope, Store, Tx, args};
use std::sync::Arc;
use tokio::sync::Notify;
use uuid::Uuid;

/// How long a server that says nothing is believed to be at work.
const LEASE: Micros = 60 * SECOND;
/// Between the first two tries; then twice as long each time.
const PAUSE: Micros = 10 * SECOND;
/// How often something that may pass is tried.
const TRIES: i64 = 6;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A document is read and cut into pieces.
    Read,
    /// The pieces of a base get their vectors.
    Embed,
    /// A repository is fetched and compared.
    Fetch,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Embed, Self::Fetch];

    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Embed => "embed",
            Self::Fetch => "fetch",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// A job that this server is doing.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) id: Uuid,
    pub(crate) kind: Kind,
    pub(crate) subject: Uuid,
    /// Who asked for it last.
    pub(crate) asked_by: Option<Uuid>,
    requests: i64,
    attempts: i64,
}

/// How a job ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done,
    /// It will not do, however often it is tried.
    Final(String),
    /// Something was away.
    Passing(String),
    /// Somebody wants it to rest, or the server ends: whoever looks next goes on with it.
    Left,
}

impl Outcome {
    /// How endings are counted: what is tried again is not failed yet.
    pub(crate) const NAMES: [&'static str; 4] = ["done", "failed", "postponed", "left"];
}

/// States of jobs that are still something to somebody.
pub const STATES: [&str; 4] = ["queued", "running", "paused", "failed"];

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    organisation_id: Uuid,
    asked_by: Option<Uuid>,
    kind: String,
    subject_id: Uuid,
    requests: i64,
    attempts: i64,
}

/// The queue. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Jobs {
    store: Store,
    ports: Ports,
    /// This server, among those on the same database.
    server: Uuid,
    wake: Arc<Notify>,
}

/// Takes up a job: of the organisation that was served longest ago, in it of the person, and of theirs the one that has
/// waited longest. So nobody waits for all that somebody else has brought. `$lock` is how servers on one database keep out of
/// each other's way.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE jobs SET state = 'running', attempts = attempts + 1, holder = $1, lease_until = $2, updated_at = $3
             WHERE id = (SELECT j.id FROM jobs j
                LEFT JOIN job_turns o ON o.kind = j.kind AND o.whose = j.organisation_id
                LEFT JOIN job_turns p ON p.kind = j.kind AND p.whose = j.asked_by
                WHERE j.kind = $4 AND (j.state = 'queued' AND j.run_at <= $3 OR j.state = 'running' AND j.lease_until <= $3)
                ORDER BY COALESCE(o.served_at, 0), COALESCE(p.served_at, 0), j.run_at, j.id LIMIT 1 ",
            $lock,
            ") RETURNING id, organisation_id, asked_by, kind, subject_id, requests, attempts"
        )
    };
}
const CLAIM_ALONE: &str = claim!("");
const CLAIM_SHARED: &str = claim!("FOR UPDATE OF j SKIP LOCKED");

/// On whose behalf something is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker {
    /// Of what the job is about.
    pub(crate) organisation: Uuid,
    /// Whoever brought it.
    pub(crate) person: Uuid,
}

/// Asks for a job in the transaction of what makes it necessary; [`Jobs::wake`] once that is committed. What was paused
/// stays so.
pub(crate) async fn ask(tx: &mut Tx, ports: &Ports, asker: Asker, kind: Kind, subject: Uuid) -> Result<()> {
    let (id, now): (Uuid, i64) = (ports.id(), ports.now());
    tx.execute(
        "INSERT INTO jobs (id, organisation_id, asked_by, kind, subject_id, state, requests, progress, total, attempts, reason, run_at, created_at, updated_at)
         VALUES ($1, $2, $6, $3, $4, 'queued', 1, 0, 0, 0, '', $5, $5, $5)
         ON CONFLICT (kind, subject_id) DO UPDATE SET requests = jobs.requests + 1, attempts = 0, asked_by = excluded.asked_by, run_at = excluded.run_at, updated_at = excluded.updated_at,
            state = CASE WHEN jobs.state IN ('running', 'paused') THEN jobs.state ELSE 'queued' END,
            reason = CASE WHEN jobs.state IN ('running', 'paused') THEN jobs.reason ELSE '' END",
        args![id, asker.organisation, kind.as_str(), subject, now, asker.person],
    )
    .await?;
    Ok(())
}

/// Nobody needs it any more.
pub(crate) async fn forget(tx: &mut Tx, kind: Kind, subject: Uuid) -> Result<()> {
    tx.execute("DELETE FROM jobs WHERE kind = $1 AND subject_id = $2", args![kind.as_str(), subject]).await?;
    Ok(())
}

/// Has a job rest, or go on. Whoever calls has seen to it that it may be asked for. Answers whether there was one.
pub(crate) async fn set_paused(
    scope: Scope<'_>,
    ports: &Ports,
    kind: Kind,
    subject: Uuid,
    rests: bool,
) -> Result<bool> {
    let sql = if rests {
        "UPDATE jobs SET state = 'paused', holder = NULL, lease_until = NULL, updated_at = $3 WHERE kind = $1 AND subject_id = $2 AND state <> 'done'"
    } else {
        "UPDATE jobs SET state = 'queued', reason = '', attempts = 0, run_at = $3, updated_at = $3 WHERE kind = $1 AND subject_id = $2 AND state IN ('paused', 'failed')"
    };
    Ok(scope.execute(sql, args![kind.as_str(), subject, ports.now()]).await? > 0)
}

impl Jobs {
    pub(crate) fn new(store: Store, ports: Ports) -> Self {
        let server = ports.id();
        Self { store, ports, server, wake: Arc::default() }
    }

    /// There may be something to do.
    pub(crate) fn wake(&self) {
        self.wake.notify_waiters();
    }

    /// Returns when there may be.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    fn system(&self) -> Queries<'_> {
        self.store.as_system("jobs are everybody's")
    }

    /// Gives back what a server on this SQLite file had begun: there is no other one.
    pub(crate) async fn recover(&self) -> Result<()> {
        if !self.store.is_shared() {
            self.system()
                .execute(
                    "UPDATE jobs SET state = 'queued', holder = NULL, lease_until = NULL WHERE state = 'running'",
                    args![],
                )
                .await?;
        }
        Ok(())
    }

    /// Takes up the job whose turn it is.
    pub(crate) async fn take(&self, kind: Kind) -> Result<Option<Taken>> {
        let now = self.ports.now();
        let sql = if self.store.is_shared() { CLAIM_SHARED } else { CLAIM_ALONE };
        // A look costs a reader, not the writer.
        let due: Option<(i64,)> = self
            .system()
            .optional(
                "SELECT run_at FROM jobs WHERE kind = $1 AND (state = 'queued' AND run_at <= $2 OR state = 'running' AND lease_until <= $2) LIMIT 1",
                args![kind.as_str(), now],
            )
            .await?;
        if due.is_none() {
            return Ok(None);
        }
        let mut tx = self.system().begin().await?;
        let row: Option<Row> = tx.optional(sql, args![self.server, now + LEASE, now, kind.as_str()]).await?;
        if let Some(row) = &row {
            // Always in this order, so that no two servers wait for one another.
            for whose in [Some(row.organisation_id), row.asked_by].into_iter().flatten() {
                tx.execute(
                    "INSERT INTO job_turns (kind, whose, served_at) VALUES ($1, $2, $3)
                     ON CONFLICT (kind, whose) DO UPDATE SET served_at = excluded.served_at",
                    args![kind.as_str(), whose, now],
                )
                .await?;
            }
        }
        tx.commit().await?;
        Ok(row.and_then(|it| {
            Some(Taken {
                id: it.id,
                kind: Kind::parse(&it.kind)?,
                subject: it.subject_id,
                asked_by: it.asked_by,
                requests: it.requests,
                attempts: it.attempts,
            })
        }))
    }

    /// Says how far it is, and that this server is still at it. Answers whether it is still this server's: it may have
    /// been paused, or what it works on deleted.
    pub(crate) async fn advance(&self, job: &Taken, progress: i64, total: i64) -> Result<bool> {
        let now = self.ports.now();
        let ours = self
            .system()
            .execute(
                "UPDATE jobs SET progress = $3, total = $4, lease_until = $5, updated_at = $6 WHERE id = $1 AND holder = $2 AND state = 'running'",
                args![job.id, self.server, progress, total, now + LEASE, now],
            )
            .await?;
        Ok(ours == 1)
    }

    /// Says that this server is still at it, while nothing moves.
    pub(crate) async fn hold(&self, job: &Taken) -> Result<bool> {
        let now = self.ports.now();
        let ours = self
            .system()
            .execute(
                "UPDATE jobs SET lease_until = $3 WHERE id = $1 AND holder = $2 AND state = 'running'",
                args![job.id, self.server, now + LEASE],
            )
            .await?;
        Ok(ours == 1)
    }

    /// Notes how it ended, unless it is no longer this server's.
    pub(crate) async fn settle(&self, job: &Taken, outcome: Outcome) -> Result<()> {
        let now = self.ports.now();
        let (state, counted, reason, run_at) = match outcome {
            Outcome::Done => ("done", "done", String::new(), now),
            Outcome::Left => ("queued", "left", String::new(), now),
            Outcome::Passing(reason) if job.attempts < TRIES => {
                ("queued", "postponed", reason, now + (PAUSE << (job.attempts - 1).clamp(0, TRIES)))
            }
            Outcome::Final(reason) | Outcome::Passing(reason) => ("failed", "failed", reason, now),
        };
        if !reason.is_empty() {
            tracing::warn!(job = job.kind.as_str(), subject = %job.subject, attempt = job.attempts, state, "a job did not end well: {reason}");
        }
        self.system()
            .execute(
                "UPDATE jobs SET state = CASE WHEN requests > $6 THEN 'queued' ELSE $3 END, reason = CASE WHEN requests > $6 THEN '' ELSE $4 END,
                    run_at = CASE WHEN requests > $6 THEN $7 ELSE $5 END, attempts = CASE WHEN requests > $6 OR $3 = 'done' THEN 0 ELSE attempts END,
                    holder = NULL, lease_until = NULL, updated_at = $7
                 WHERE id = $1 AND holder = $2 AND state = 'running'",
                args![job.id, self.server, state, reason, run_at, job.requests, now],
            )
            .await?;
        self.ports.metrics().job_ended(job.kind, counted);
        Ok(())
    }

    /// How many jobs there are of each kind in each of [`STATES`], on all servers of this database.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count(&self) -> Result<Vec<(Kind, &'static str, i64)>> {
        let rows: Vec<(String, String, i64)> = self
            .system()
            .all("SELECT kind, state, COUNT(*) FROM jobs WHERE state <> 'done' GROUP BY kind, state", args![])
            .await?;
        let count = |kind: Kind, state: &str| {
            rows.iter().find(|it| it.0 == kind.as_str() && it.1 == state).map_or(0, |it| it.2)
        };
        let all = Kind::ALL.into_iter().flat_map(|kind| STATES.map(|state| (kind, state)));
        Ok(all.map(|(kind, state)| (kind, state, count(kind, state))).collect())
    }

    /// Forgets what was done long ago.
    pub(crate) async fn sweep(&self, before: Micros) -> Result<()> {
        self.system().execute("DELETE FROM job_turns WHERE served_at < $1", args![before]).await?;
        self.system().execute("DELETE FROM jobs WHERE state = 'done' AND updated_at < $1", args![before]).await?;
        Ok(())
    }
}
