//! The models that turn text into vectors.

use crate::error::Result;
use async_trait::async_trait;
use std::fmt::Debug;

/// The model that runs in this process, as stored.
pub const LOCAL: &str = "local/all-MiniLM-L6-v2";

/// What is encoded, and so how soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Somebody waits for it.
    Question,
    /// It can wait.
    Passage,
}

/// Turns text into unit vectors.
#[async_trait]
pub trait Encoder: Debug + Send + Sync {
    /// One vector a text, in their order.
    async fn encode(&self, texts: Vec<String>, purpose: Purpose) -> Result<Vec<Vec<f32>>>;

    /// How many numbers a vector has.
    fn dimensions(&self) -> usize;

    /// Whether it can work at all; else a sentence that says what is missing.
    fn check(&self) -> std::result::Result<(), String>;
}
