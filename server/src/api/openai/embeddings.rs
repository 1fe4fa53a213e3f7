//! `POST /v1/embeddings`: vectors of one's own texts, by the model that runs in this process.

use super::error::OpenAiError;
use crate::api::body::ApiJson;
use crate::api::error::ApiError;
use crate::api::identity::Caller;
use crate::web::App;
use atrium_domain::Error;
use atrium_domain::knowledge::encoders::LOCAL;
use atrium_domain::usage::tokens;
use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
pub struct Embedding {
    model: String,
    input: Input,
    #[serde(default)]
    encoding_format: Option<Format>,
    #[serde(default)]
    dimensions: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a text, or a list of texts")]
enum Input {
    One(String),
    Many(Vec<String>),
}

/// Their clients ask for base64, and unpack it without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Float,
    Base64,
}

/// Whether the model that runs here is meant: by its whole name, or without whose it is.
fn is_local(model: &str) -> bool {
    model == LOCAL || LOCAL.rsplit('/').next() == Some(model)
}

fn written(vector: &[f32], format: Format) -> Value {
    match format {
        Format::Float => json!(vector),
        Format::Base64 => {
            let bytes: Vec<u8> = vector.iter().flat_map(|it| it.to_le_bytes()).collect();
            STANDARD.encode(bytes).into()
        }
    }
}

pub async fn embed(
    State(app): State<App>,
    caller: Result<Caller, ApiError>,
    body: Result<ApiJson<Embedding>, ApiError>,
) -> Result<Json<Value>, OpenAiError> {
    caller?;
    let ApiJson(asked) = body?;
    if !is_local(&asked.model) {
        return Err(OpenAiError::no_such_embedding_model(&asked.model, LOCAL));
    }
    let texts = match asked.input {
        Input::One(text) => vec![text],
        Input::Many(texts) => texts,
    };
    let vectors = app.atrium.knowledge.vectors_of(texts.clone()).await?;
    if let Some(wanted) = asked.dimensions
        && let Some(vector) = vectors.first()
        && wanted != vector.len()
    {
        return Err(Error::field("dimensions", format!("This model has {}.", vector.len())).into());
    }
    let format = asked.encoding_format.unwrap_or(Format::Float);
    let data: Vec<Value> = vectors
        .iter()
        .enumerate()
        .map(|(index, it)| json!({ "object": "embedding", "index": index, "embedding": written(it, format) }))
        .collect();
    let count = tokens::of_texts(texts).await;
    let usage = json!({ "prompt_tokens": count, "total_tokens": count });
    Ok(Json(json!({ "object": "list", "data": data, "model": LOCAL, "usage": usage })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_written_as_numbers_or_as_their_bytes() {
        assert_eq!(written(&[1.0, -0.5], Format::Float), json!([1.0, -0.5]));
        assert_eq!(written(&[1.0, -0.5], Format::Base64), json!("AACAPwAAAL8="));
    }

    #[test]
    fn the_model_is_known_by_both_of_its_names() {
        assert!(is_local(LOCAL) && is_local("all-MiniLM-L6-v2") && !is_local("text-embedding-3-small"));
    }
}
