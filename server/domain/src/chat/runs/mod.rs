//! Runs: the server, not the browser, owns the writing of an answer.
//!
//! [`answer`](Chat::answer) listens to the provider and appends to the run's [`log`]; [`writer`] puts what is new into
//! the database, at most [`FLUSH`] later; at the end everything is folded into the message. [`follow`] is how browsers
//! listen, [`news`] how servers on one database tell one another of their runs, and [`recover`] picks up what a server
//! that went away left behind.

mod answer;
mod follow;
pub mod log;
mod news;
mod recover;
mod writer;

pub(crate) use answer::Job;
pub(crate) use writer::Fold;

use atrium::ids::{MessageId, RunId};
use log::LiveRun;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// How long a word may exist in memory alone. Half of what was promised, so that a slow disk does not break the promise.
const FLUSH: Duration = Duration::from_millis(100);
/// How long a server that does not answer is believed to be alive, in microseconds, and how often it says that it is.
pub(super) const LEASE: i64 = 20_000_000;
const RENEW: Duration = Duration::from_secs(5);

/// The runs that this server writes.
#[derive(Debug)]
pub struct Hub {
    /// This server, among those on the same database.
    pub(super) server: Uuid,
    runs: Mutex<HashMap<RunId, Arc<LiveRun>>>,
    /// Taken by whoever moves log entries to the database, so that a late flush cannot come after the fold.
    pub(super) writing: tokio::sync::Mutex<()>,
    pub(super) is_closing: AtomicBool,
    /// Who follows other servers' runs from here.
    bells: news::Bells,
}

impl Hub {
    pub(super) fn new(server: Uuid) -> Self {
        Self {
            server,
            runs: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
            is_closing: AtomicBool::new(false),
            bells: news::Bells::default(),
        }
    }

    fn runs(&self) -> MutexGuard<'_, HashMap<RunId, Arc<LiveRun>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn insert(&self, run: Arc<LiveRun>) {
        self.runs().insert(run.id, run);
    }

    pub(super) fn remove(&self, id: RunId) {
        self.runs().remove(&id);
    }

    /// The run of that id, if this server writes it.
    pub fn get(&self, id: RunId) -> Option<Arc<LiveRun>> {
        self.runs().get(&id).cloned()
    }

    /// The run that writes `message`, if this server does.
    pub fn writing(&self, message: MessageId) -> Option<Arc<LiveRun>> {
        self.runs().values().find(|it| it.message == message).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<LiveRun>> {
        self.runs().values().cloned().collect()
    }

    /// How many answers are being written here.
    pub fn len(&self) -> usize {
        self.runs().len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.runs().is_empty()
    }

    /// Ends every run; what they said so far is kept and marked interrupted.
    pub async fn close(&self, patience: Duration) {
        self.is_closing.store(true, Ordering::SeqCst);
        for run in self.all() {
            run.stop.cancel();
        }
        let deadline = tokio::time::Instant::now() + patience;
        while !self.is_empty() && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
