//! The models that turn text into vectors in this process. Those of providers are asked in [`remote`](super::remote).

use super::Knowledge;
use crate::error::{Error, Result};
use crate::providers::Use;
use async_trait::async_trait;
use atrium_inference::Embedder;
use std::fmt::Debug;

/// The model that runs in this process, as stored.
pub const LOCAL: &str = "local/all-MiniLM-L6-v2";

/// Texts that are encoded for a program at once, at most,
pub const TEXTS_MAX: usize = 256;
/// and bytes of each.
pub const TEXT_MAX: usize = 8 * 1024;

/// Turns text into unit vectors.
#[async_trait]
pub trait Encoder: Debug + Send + Sync {
    /// One vector a text, in their order.
    async fn encode(&self, texts: Vec<String>, made_for: Use) -> Result<Vec<Vec<f32>>>;

    /// Whether it can work at all; else a sentence that says what is missing.
    fn check(&self) -> std::result::Result<(), String>;
}

/// The model that runs in this process.
#[derive(Debug)]
pub struct Local(pub Embedder);

#[async_trait]
impl Encoder for Local {
    async fn encode(&self, texts: Vec<String>, made_for: Use) -> Result<Vec<Vec<f32>>> {
        let encoded = match made_for {
            Use::Question => {
                let mut vectors = Vec::new();
                for text in texts {
                    vectors.push(self.0.question(text).await.map_err(failed)?);
                }
                Ok(vectors)
            }
            Use::Passage => self.0.documents(texts).await,
        };
        encoded.map_err(failed)
    }

    fn check(&self) -> std::result::Result<(), String> {
        if self.0.available() {
            Ok(())
        } else {
            Err(format!(
                "The embedding model {} is not in the data folder. Whoever runs this server can fetch it with `make models`.",
                self.0.model_name()
            ))
        }
    }
}

impl Knowledge {
    /// Vectors of somebody's own texts, by the model that runs in this process; nothing of them is kept.
    ///
    /// # Errors
    /// With what to change, or when the model is not there.
    pub async fn vectors_of(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        if texts.is_empty() || texts.iter().any(|it| it.trim().is_empty()) {
            return Err(Error::field("input", "Send at least one text, and none that is empty."));
        }
        if texts.len() > TEXTS_MAX {
            return Err(Error::field("input", format!("Send at most {TEXTS_MAX} texts at a time.")));
        }
        if let Some(at) = texts.iter().position(|it| it.len() > TEXT_MAX) {
            let message = format!("Text {} has more than {TEXT_MAX} bytes. Split it.", at + 1);
            return Err(Error::field("input", message));
        }
        let encoder = self.encoder(LOCAL);
        let encoder = encoder.map_err(|message| Error::Conflict { code: "no_embedding_model", message })?;
        encoder.encode(texts, Use::Passage).await
    }
}

fn failed(error: atrium_inference::InferenceError) -> Error {
    Error::Internal(format!("embedding: {error}"))
}
