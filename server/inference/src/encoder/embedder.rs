//! One thread for questions, another for documents: who asks never waits behind an index that is being made.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::oneshot;

use super::Encoder;
use crate::InferenceError;

/// How far the thread for documents steps back behind all others, a chat's above all: as far as there is.
#[cfg(unix)]
const NICENESS: i32 = 19;

/// A sentence encoder that loads when it is asked and goes when it is not. Clones share it.
///
/// Its answers are futures: dropping one cancels what it waits for.
#[derive(Clone)]
pub struct Embedder {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    name: String,
    home: Arc<Home>,
    questions: Lane,
    documents: Lane,
}

/// What is asked of a model: the seam at which tests put one of their own.
pub(super) trait Model: Send + Sync {
    /// See [`Encoder::encode_watched`].
    fn encode(
        &self,
        texts: &[&str],
        threads: usize,
        wanted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Vec<Vec<f32>>>, InferenceError>;

    /// See [`Encoder::memory`].
    fn memory(&self) -> usize;
}

impl Model for Encoder {
    fn encode(
        &self,
        texts: &[&str],
        threads: usize,
        wanted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Vec<Vec<f32>>>, InferenceError> {
        self.encode_watched(texts, threads, wanted)
    }

    fn memory(&self) -> usize {
        Encoder::memory(self)
    }
}

/// Brings the model into memory, on the thread of who needs it first.
type Load = Box<dyn Fn() -> Result<Arc<dyn Model>, InferenceError> + Send + Sync>;

/// Where the threads find the model that they share. It stays for as long as one of them holds it.
struct Home {
    load: Load,
    idle: Duration,
    model: Mutex<Option<Weak<dyn Model>>>,
}

impl Home {
    fn model(&self) -> Option<Arc<dyn Model>> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(Weak::upgrade)
    }

    /// The model, loaded by the first who asks while the others wait.
    fn enter(&self) -> Result<Arc<dyn Model>, InferenceError> {
        let mut home = self.model.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = home.as_ref().and_then(Weak::upgrade) {
            return Ok(model);
        }
        let model = (self.load)()?;
        *home = Some(Arc::downgrade(&model));
        Ok(model)
    }
}

/// Texts, and the line to who wants their vectors.
struct Job {
    texts: Vec<String>,
    answer: oneshot::Sender<Result<Vec<Vec<f32>>, InferenceError>>,
}

/// A thread and its way in. It starts with the first job and ends when the last handle is gone.
struct Lane {
    kind: Kind,
    jobs: Mutex<Option<Sender<Job>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Short, one at a time, somebody waits.
    Questions,
    /// Long, on all cores, behind everybody else.
    Documents,
}

impl Embedder {
    /// An embedder for the model in `folder`, which leaves memory after `idle` without a request. Reads nothing yet.
    #[must_use]
    pub fn new(folder: PathBuf, idle: Duration) -> Self {
        let from = folder.clone();
        Self::with_model(folder, idle, Box::new(move || Ok(Arc::new(Encoder::load(&from)?))))
    }

    fn with_model(folder: PathBuf, idle: Duration, load: Load) -> Self {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let home = Arc::new(Home { load, idle, model: Mutex::new(None) });
        let lane = |kind| Lane { kind, jobs: Mutex::new(None) };
        let (questions, documents) = (lane(Kind::Questions), lane(Kind::Documents));
        Self { shared: Arc::new(Shared { folder, name, home, questions, documents }) }
    }

    /// Whether there are the files of a model.
    #[must_use]
    pub fn available(&self) -> bool {
        let file = |name: &str| self.shared.folder.join(name).is_file();
        file("config.json") && file("tokenizer.json") && file("model.safetensors")
    }

    /// The model's name: its folder's.
    #[must_use]
    pub fn model_name(&self) -> &str {
        &self.shared.name
    }

    /// Whether the model is in memory.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.shared.home.model().is_some()
    }

    /// The bytes that the model takes now.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.shared.home.model().map_or(0, |model| model.memory())
    }

    /// The vector of something that somebody looks for. It waits for other questions only.
    ///
    /// # Errors
    /// As [`Encoder::load`] and [`Encoder::encode`]; [`InferenceError::Panicked`] and [`InferenceError::Thread`].
    pub async fn question(&self, text: String) -> Result<Vec<f32>, InferenceError> {
        let mut vectors = self.shared.questions.ask(&self.shared.home, vec![text]).await?;
        vectors.pop().ok_or_else(|| InferenceError::Compute("a question has no vector".into()))
    }

    /// The vectors of pieces of documents, in their order. On all cores, but only where nobody else needs them: under a
    /// server that is busy with other things it may take long.
    ///
    /// # Errors
    /// As [`Embedder::question`].
    pub async fn documents(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, InferenceError> {
        let Shared { home, questions, documents, .. } = &*self.shared;
        if !self.is_loaded() {
            // By the thread for questions: the other one may take long over it, and questions with it.
            questions.ask(home, Vec::new()).await?;
        }
        documents.ask(home, texts).await
    }
}

impl std::fmt::Debug for Embedder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedder")
            .field("folder", &self.shared.folder)
            .field("loaded", &self.is_loaded())
            .finish_non_exhaustive()
    }
}

impl Lane {
    async fn ask(&self, home: &Arc<Home>, texts: Vec<String>) -> Result<Vec<Vec<f32>>, InferenceError> {
        let (answer, answered) = oneshot::channel();
        self.send(home, Job { texts, answer })?;
        answered.await.unwrap_or_else(|_| Err(InferenceError::Thread("it ended".into())))
    }

    /// Hands a job to the thread, which starts with the first one.
    fn send(&self, home: &Arc<Home>, job: Job) -> Result<(), InferenceError> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = match &mut *jobs {
            Some(jobs) => jobs,
            none => {
                let (sender, receiver) = channel();
                let (kind, home) = (self.kind, Arc::clone(home));
                let name = if kind == Kind::Questions { "atrium-questions" } else { "atrium-documents" };
                std::thread::Builder::new()
                    .name(name.into())
                    .spawn(move || kind.work(&receiver, &home))
                    .map_err(|error| InferenceError::Thread(error.to_string()))?;
                none.insert(sender)
            }
        };
        jobs.send(job).map_err(|_| InferenceError::Thread("it ended".into()))
    }
}

impl Kind {
    /// Works jobs off until no more can come. Holds the model for as long as it may idle.
    fn work(self, jobs: &Receiver<Job>, home: &Home) {
        #[cfg(unix)]
        if self == Kind::Documents
            && let Err(error) = rustix::process::nice(NICENESS)
        {
            tracing::warn!(%error, "documents are encoded at the priority of everything else");
        }
        let mut model = None;
        loop {
            let job = if model.is_some() { jobs.recv_timeout(home.idle) } else { jobs.recv().map_err(Into::into) };
            match job {
                Ok(job) => self.answer(job, home, &mut model),
                Err(RecvTimeoutError::Timeout) => {
                    model = None;
                    if home.model().is_none() {
                        tracing::info!("nobody asks: the sentence encoder leaves memory");
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Answers one job. Whatever goes wrong ends this job only.
    fn answer(self, job: Job, home: &Home, model: &mut Option<Arc<dyn Model>>) {
        let Job { texts, answer } = job;
        let wanted = || !answer.is_closed();
        if !wanted() {
            return;
        }
        let threads = match self {
            Kind::Questions => 1,
            Kind::Documents => std::thread::available_parallelism().map_or(1, usize::from),
        };
        // The model is never changed, so a panic leaves nothing half done.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let model = match model {
                Some(model) => model,
                None => model.insert(home.enter()?),
            };
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            model.encode(&texts, threads, &wanted)
        }))
        .unwrap_or_else(|panic| Err(InferenceError::panicked(panic.as_ref())));
        if let Some(outcome) = outcome.transpose() {
            if let Err(error) = &outcome {
                tracing::error!(%error, "the sentence encoder gave no vectors");
            }
            // Whoever is gone by now does not mind.
            let _ = answer.send(outcome);
        }
    }
}

#[cfg(test)]
mod tests;
