//! The job that fetches a repository. What it brings is indexed in [`indexing`](super::indexing).

use super::super::Knowledge;
use super::outgoing::Outgoing;
use super::{branch_of, sentence};
use crate::error::Result;
use crate::jobs::{Outcome, Taken};
use crate::store::args;
use atrium_repositories::{Branch, Credentials, Head, Origin, Progress, Refusal, Terms, fetch};
use secrecy::SecretString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often a server that fetches says how far it is.
const TELL: Duration = Duration::from_secs(2);
/// What is said of an address that only this server could reach.
pub(super) const NOT_PUBLIC: &str =
    "This address is not on the public Internet. Repositories are fetched from there alone.";

/// A repository that is being fetched.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) organisation_id: Uuid,
    pub(super) base_id: Uuid,
    pub(super) url: String,
    branch: String,
    username: String,
    token: String,
    pub(super) commit_id: Option<String>,
    pub(super) created_by: Uuid,
    /// Whether whoever brought it rules this server, now.
    rules: bool,
}

/// What becomes of a job that was refused something.
pub(super) fn ended(refusal: &Refusal) -> Outcome {
    match refusal {
        Refusal::Interrupted => Outcome::Left,
        it if it.may_pass() => Outcome::Passing(sentence(it)),
        it => Outcome::Final(sentence(it)),
    }
}

impl Knowledge {
    /// Fetches a repository, and indexes what is new in it.
    pub(in super::super) async fn fetch_repository(&self, job: &Taken, stop: &CancellationToken) -> Result<Outcome> {
        let system = self.store.as_system("repositories are fetched for whoever searches them");
        let row: Option<Row> = system
            .optional(
                "SELECT r.id, r.organisation_id, r.base_id, r.url, r.branch, r.username, r.token, r.commit_id, r.created_by, COALESCE(u.is_superuser, FALSE) AS rules
                 FROM repositories r LEFT JOIN users u ON u.id = r.created_by WHERE r.id = $1",
                args![job.subject],
            )
            .await?;
        let Some(row) = row else { return Ok(Outcome::Done) };
        let origin = match self.origin(&row) {
            Ok(origin) => origin,
            Err(told) => return Ok(Outcome::Final(told)),
        };
        let head = match self.bring_repository(job, origin, stop).await? {
            Ok(head) => head,
            Err(outcome) => return Ok(outcome),
        };
        if row.commit_id.as_deref() == Some(head.commit.to_string().as_str()) {
            let now = self.ports.now();
            system.execute("UPDATE repositories SET fetched_at = $2 WHERE id = $1", args![row.id, now]).await?;
            return Ok(Outcome::Done);
        }
        self.index_repository(job, &row, &head, stop).await
    }

    /// Where it is, for whoever brought it.
    fn origin(&self, row: &Row) -> std::result::Result<Origin, String> {
        let told = |it: Refusal| sentence(&it);
        let address = self.workshop.address(&row.url, row.rules).map_err(told)?;
        let branch = branch_of(&row.branch).map_err(|it| it.to_string())?;
        let branch = if branch.is_empty() { None } else { Some(Branch::parse(&branch).map_err(told)?) };
        let sealed = "The token cannot be opened with this SECRET_KEY. Enter it again.";
        let username = self.workshop.open(&row.username).ok_or(sealed)?;
        let token = self.workshop.open(&row.token).ok_or(sealed)?;
        let credentials = if token.is_empty() {
            None
        } else {
            Some(Credentials::new(&username, &SecretString::from(token)).map_err(told)?)
        };
        Ok(Origin { address, branch, credentials })
    }

    /// Brings the newest commit here, on a thread of its own.
    async fn bring_repository(
        &self,
        job: &Taken,
        origin: Origin,
        stop: &CancellationToken,
    ) -> Result<std::result::Result<Head, Outcome>> {
        let outgoing = Outgoing::new(&self.workshop.client)?;
        let is_inside = outgoing.is_inside.clone();
        let (interrupt, bytes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (folder, limits) = (self.workshop.folder_of(job.subject), self.workshop.limits);
        let mut work = tokio::task::spawn_blocking({
            let (interrupt, bytes) = (interrupt.clone(), bytes.clone());
            move || {
                let progress = |it| {
                    if let Progress::Receiving(received) = it {
                        bytes.store(received, Ordering::Relaxed);
                    }
                };
                let terms = Terms { fetcher: Arc::new(outgoing), limits, progress: &progress, interrupt: &interrupt };
                fetch(&folder, &origin, &terms)
            }
        });
        // Interrupted or not, it is waited for: nobody else may use the folder before it has ended.
        let done = loop {
            tokio::select! {
                done = &mut work => break done,
                () = stop.cancelled(), if !interrupt.load(Ordering::Relaxed) => interrupt.store(true, Ordering::Relaxed),
                () = tokio::time::sleep(TELL) => {
                    let received = i64::try_from(bytes.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
                    if !self.jobs.advance(job, received, 0).await? {
                        interrupt.store(true, Ordering::Relaxed);
                    }
                }
            }
        };
        let done = done.map_err(|error| crate::Error::Internal(format!("a fetch ended early: {error}")))?;
        Ok(done.map_err(|refusal| {
            if is_inside.load(Ordering::Relaxed) { Outcome::Final(NOT_PUBLIC.to_owned()) } else { ended(&refusal) }
        }))
    }
}
