//! What can go wrong between a file of weights and a word.

use std::any::Any;
use std::path::PathBuf;

/// Why a model could not be loaded or did not answer.
///
/// Causes are kept as text: the error is handed to every asker who waited for the same load, so it must be `Clone`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InferenceError {
    /// There is no file at this path.
    #[error("there is no model file at {}", .0.display())]
    Missing(PathBuf),
    /// The file is there but is not what it should be, or cannot be read to its end.
    #[error("the model file cannot be read: {0}")]
    Unreadable(String),
    /// The file is sound but of a kind that this crate does not run.
    #[error("the model is of an unsupported kind: {0}")]
    Unsupported(String),
    /// The prompt has a shape that no answer can follow.
    #[error("the prompt cannot be answered: {0}")]
    Prompt(&'static str),
    /// The computation failed.
    #[error("the model failed: {0}")]
    Compute(String),
    /// The computation panicked. The model is loaded afresh for the next request.
    #[error("the model stopped unexpectedly: {0}")]
    Panicked(String),
    /// The operating system gave no thread to run on.
    #[error("no thread for the model: {0}")]
    Thread(String),
}

impl InferenceError {
    /// An error of candle's while the model computes.
    pub(crate) fn compute(error: candle_core::Error) -> Self {
        Self::Compute(error.to_string())
    }

    /// A panic's words.
    pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Self::Panicked(text.unwrap_or_else(|| "it panicked".into()))
    }

    /// An error of candle's while the file is read.
    pub(crate) fn unreadable(error: candle_core::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}
