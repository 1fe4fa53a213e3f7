//! Models that run in this process: today one small chat model, read from a GGUF file.
//!
//! - [`Prompt`] and [`Turn`] say what is asked, [`Generated`] what came of it (`prompt`).
//! - [`LocalModel`] is the model itself: weights, tokenizer, chat template, sampling (`model` and its parts `weights`,
//!   `matrix`, `attention`, `network`, `vocabulary`, `template`, `pieces`, `sampling`). It is synchronous and busy: call it from a thread of its own.
//! - [`Runner`] is what a server holds: one worker thread with one queue before it, loading on first use and letting
//!   the memory go when nobody asks (`runner`).
//!
//! Not here: who may ask, what is stored, HTTP. Nothing in this crate opens a connection.

mod attention;
mod encoder;
mod error;
mod matrix;
mod model;
mod network;
mod parallel;
mod pieces;
mod prompt;
mod runner;
mod sampling;
mod template;
mod vocabulary;
mod weights;

pub use encoder::{Embedder, Encoder};
pub use error::InferenceError;
pub use model::LocalModel;
pub use prompt::{End, Generated, Prompt, Role, Step, Turn};
pub use runner::{Runner, Update};

/// The real model's file, or `None`, loudly, where it is missing.
#[cfg(test)]
fn test_model() -> Option<std::path::PathBuf> {
    use std::io::Write;
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models/SmolLM2-135M-Instruct.Q4_1.gguf");
    let path = std::env::var_os("ATRIUM_TEST_MODEL").map_or_else(|| here.into(), std::path::PathBuf::from);
    if !path.is_file() {
        // Past the test harness, which shows the output of failed tests only.
        let _ = writeln!(std::io::stderr().lock(), "\n!!! SKIPPED: no model file; set ATRIUM_TEST_MODEL !!!\n");
        return None;
    }
    Some(path)
}
