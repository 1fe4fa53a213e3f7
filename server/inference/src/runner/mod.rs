//! One worker thread, one queue: two askers never thrash two cores.
//!
//! [`Runner`] is the handle, `queue` the waiting line and what its askers are told, `worker` the thread that holds the
//! model. The thread starts with the first request and ends, model and all, when nobody has asked for a while.

mod queue;
mod worker;

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;

use crate::{Generated, InferenceError, LocalModel, Prompt, Step};
use queue::Queue;

/// What an asker hears, in this order: `Queued` once or more, `Loading` if the model is not in memory, `Text` any
/// number of times, then `Done` or `Failed`.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    /// How many requests come before this one; 0 is its turn. Sent again whenever it changes.
    Queued {
        /// Requests before this one, the one being answered included.
        ahead: usize,
    },
    /// The model is being loaded.
    Loading,
    /// More of the answer: whole characters, never empty. A slow reader gets fewer and longer pieces.
    Text(String),
    /// The answer is complete; the number of turns that were left out because the prompt was too long.
    Done(Generated, usize),
    /// There is no answer, or no more of it.
    Failed(InferenceError),
}

/// What the worker asks of a model: the seam at which tests put one of their own.
trait Model {
    /// See [`LocalModel::generate_watched`].
    fn answer(
        &mut self,
        prompt: &Prompt,
        watch: &mut dyn FnMut(Step<'_>) -> ControlFlow<()>,
    ) -> Result<(Generated, usize), InferenceError>;
}

impl Model for LocalModel {
    fn answer(
        &mut self,
        prompt: &Prompt,
        watch: &mut dyn FnMut(Step<'_>) -> ControlFlow<()>,
    ) -> Result<(Generated, usize), InferenceError> {
        self.generate_watched(prompt, watch)
    }
}

/// Brings the model into memory, on the worker's thread.
type Load = Box<dyn Fn() -> Result<Box<dyn Model>, InferenceError> + Send + Sync>;

/// A model that loads when it is asked and goes when it is not. Clones share the model and its queue.
#[derive(Clone)]
pub struct Runner {
    shared: Arc<Shared>,
}

/// What all clones of a runner hold. The worker holds the queue only, so that it learns when the last clone is gone.
struct Shared {
    path: PathBuf,
    name: String,
    queue: Arc<Queue>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl Runner {
    /// A runner for the model at `path`, which leaves memory after `idle` without a request. Reads nothing yet.
    #[must_use]
    pub fn new(path: PathBuf, idle: Duration) -> Self {
        let file = path.clone();
        let load: Load = Box::new(move || Ok(Box::new(LocalModel::load(&file)?)));
        Self::with_model(path, idle, load)
    }

    fn with_model(path: PathBuf, idle: Duration, load: Load) -> Self {
        let name = name(&path);
        Self { shared: Arc::new(Shared { path, name, queue: Arc::new(Queue::new(idle, load)) }) }
    }

    /// Whether there is a model file.
    #[must_use]
    pub fn available(&self) -> bool {
        self.shared.path.is_file()
    }

    /// The model's name: its file's, without the ending and the format of the weights.
    #[must_use]
    pub fn model_name(&self) -> &str {
        &self.shared.name
    }

    /// Puts a prompt at the end of the queue. Dropping the receiver cancels it, waiting or half answered.
    ///
    /// The worker never waits for a receiver that is not read.
    #[must_use = "dropping the receiver cancels the request"]
    pub fn ask(&self, prompt: Prompt) -> Receiver<Update> {
        queue::ask(&self.shared.queue, prompt)
    }

    /// Whether the model is in memory.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.shared.queue.is_loaded()
    }

    /// How many prompts wait, the one that is being answered included.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.shared.queue.len()
    }
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner")
            .field("path", &self.shared.path)
            .field("loaded", &self.is_loaded())
            .finish_non_exhaustive()
    }
}

/// `SmolLM2-135M-Instruct` of `models/SmolLM2-135M-Instruct.Q4_1.gguf`: the format is not the model's, as the weights
/// are turned into another one.
fn name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    match stem.rsplit_once('.') {
        Some((name, format)) if !name.is_empty() && is_format(format) => name.to_owned(),
        _ => stem,
    }
}

/// `Q4_1`, `IQ3_XS`, `F16`, `BF16`.
fn is_format(part: &str) -> bool {
    let digits = part.trim_start_matches(['I', 'B', 'Q', 'F', 'i', 'b', 'q', 'f']);
    digits.len() < part.len() && digits.starts_with(|first: char| first.is_ascii_digit())
}
