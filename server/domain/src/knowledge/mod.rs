//! Knowledge: documents that agents answer from.
//!
//! A file that is brought becomes a document ([`upload`]); a job reads it and cuts it into pieces ([`reading`]), which are
//! found by their words at once; another one gives them vectors ([`embedding`]), by which they are found by their meaning.
//! [`find`] asks both sides, [`context`] chooses what a model gets to read, [`grounds`] puts it before the question, and [`citations`] says afterwards what each
//! sentence of its answer stands on. The files of a git repository become documents by a job of their own
//! ([`repositories`]).

pub mod bases;
mod citations;
mod context;
pub mod documents;
mod embedding;
pub mod encoders;
mod fetching;
pub mod files;
mod find;
mod grounds;
pub(crate) mod index;
pub mod linking;
mod quotation;
pub mod reader;
mod reading;
mod remote;
pub mod repositories;
mod snippet;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod types;
mod upload;
mod vectors;
pub(crate) mod words;
mod writing;

pub(crate) use index::catch_up;

pub use find::{Found, Origin, Wanted};
pub use snippet::snippet;
pub use upload::{Brought, Label};

pub(crate) use context::Context;
pub(crate) use grounds::{Grounds, Reach};
pub(crate) use upload::file_name;

use crate::agents::connections::Connections;
use crate::error::Result;
use crate::jobs::{Jobs, Kind, Outcome};
use crate::ports::{DAY, Ports};
use crate::providers::Client;
use crate::store::{Scope, Store};
use atrium::ids::BaseId;
use encoders::Encoder;
use files::Files;
use reader::Reader;
use repositories::Workshop;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// How often to look for jobs that other servers have left, and those whose pause is over.
const LOOK: Duration = Duration::from_secs(5);

/// What this process reads and encodes with.
#[derive(Debug, Clone)]
pub struct Tools {
    /// Where files are kept.
    pub files: Files,
    /// Who reads them.
    pub reader: Arc<dyn Reader>,
    /// Who makes vectors of text, by their names as stored.
    pub encoders: HashMap<String, Arc<dyn Encoder>>,
    /// The way out to addresses that somebody names.
    pub client: Client,
    /// Hosts that are not public and may be fetched from.
    pub inside: Vec<String>,
    /// How git repositories are fetched.
    pub workshop: Workshop,
}

/// Bases, their documents, and what is found in them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Knowledge {
    store: Store,
    ports: Ports,
    connections: Arc<Connections>,
    jobs: Jobs,
    files: Files,
    reader: Arc<dyn Reader>,
    encoders: Arc<HashMap<String, Arc<dyn Encoder>>>,
    vectors: Arc<vectors::Vectors>,
    client: Client,
    inside: Arc<[String]>,
    workshop: Arc<Workshop>,
    /// Taken by whoever keeps or removes files.
    keeping: Arc<tokio::sync::Mutex<()>>,
}

impl Knowledge {
    pub(crate) fn new(store: Store, ports: Ports, connections: Arc<Connections>, tools: Tools) -> Self {
        Self {
            jobs: Jobs::new(store.clone(), ports.clone()),
            store,
            ports,
            connections,
            files: tools.files,
            reader: tools.reader,
            encoders: Arc::new(tools.encoders),
            vectors: Arc::default(),
            client: tools.client,
            inside: tools.inside.into(),
            workshop: Arc::new(tools.workshop),
            keeping: Arc::default(),
        }
    }

    /// Where files are kept.
    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    /// The work behind it.
    #[must_use]
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// Who reads files.
    pub(crate) fn reader(&self) -> &dyn Reader {
        &*self.reader
    }

    /// To be held from before a file is kept until its row is there: meanwhile nobody removes files.
    pub(crate) async fn keeping(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.keeping.lock().await
    }

    /// The model of that name in this process, if it can work; else a sentence that says why not.
    fn encoder(&self, name: &str) -> std::result::Result<&Arc<dyn Encoder>, String> {
        let encoder = self.encoders.get(name).ok_or_else(|| format!("There is no embedding model {name} here."))?;
        encoder.check().map(|()| encoder)
    }

    /// Does the jobs, until `stop`; each kind has a lane of its own, so that reading never waits for vectors.
    pub async fn work(self, stop: CancellationToken) {
        if let Err(error) = self.jobs.recover().await {
            tracing::warn!(cause = error.cause(), "jobs left behind could not be taken up: {error}");
        }
        tokio::join!(self.lane(Kind::Read, &stop), self.lane(Kind::Embed, &stop), self.lane(Kind::Fetch, &stop));
    }

    async fn lane(&self, kind: Kind, stop: &CancellationToken) {
        loop {
            // Listening begins before the look: what is asked for in between is not missed.
            let woken = self.jobs.woken();
            match self.next(kind, stop).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(cause = error.cause(), "a job could not be done: {error}"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = woken => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Does one job; answers whether there was one.
    pub(crate) async fn next(&self, kind: Kind, stop: &CancellationToken) -> Result<bool> {
        if stop.is_cancelled() {
            return Ok(false);
        }
        let Some(job) = self.jobs.take(kind).await? else { return Ok(false) };
        let span = tracing::debug_span!("job", kind = kind.as_str(), id = %job.id);
        let work = async {
            match kind {
                Kind::Read => {
                    tokio::select! {
                        done = self.read(&job) => done,
                        () = stop.cancelled() => Ok(Outcome::Left),
                    }
                }
                Kind::Embed => self.embed(&job, stop).await,
                Kind::Fetch => self.fetch_repository(&job, stop).await,
            }
        };
        let done = work.instrument(span).await;
        let outcome = match done {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!(cause = error.cause(), job = kind.as_str(), "a job failed: {error}");
                Outcome::Passing(error.to_string())
            }
        };
        self.jobs.settle(&job, outcome).await?;
        Ok(true)
    }

    /// Has the making of vectors rest, or go on; what was given up is tried again.
    ///
    /// # Errors
    /// When the viewer may not change the base.
    pub async fn pause_embedding(&self, scope: Scope<'_>, base: BaseId, rests: bool) -> Result<()> {
        bases::changeable(scope, base).await?;
        crate::jobs::set_paused(scope, &self.ports, Kind::Embed, base.0, rests).await?;
        self.jobs.wake();
        Ok(())
    }

    /// Housekeeping.
    pub(crate) async fn sweep(&self) -> Result<()> {
        self.vectors.sweep();
        self.sweep_folders().await?;
        self.jobs.sweep(self.ports.now() - 30 * DAY).await
    }
}
