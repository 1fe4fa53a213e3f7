//! Vectors of texts, by the three protocols that make them.

use serde_json::{Value, json};

use super::failure::ProviderError;
use super::link::Link;

/// What vectors are for: some models make different ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// To be found.
    Passage,
    /// To find.
    Question,
}

/// Vectors, one a text in their order, and the tokens that were read if the provider says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedded {
    /// As the provider made them, of any length.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens, as the provider counted them.
    pub tokens: Option<u64>,
}

/// `POST /v1/embeddings`: entries may come in any order.
pub(super) async fn openai(link: &Link, model: &str, texts: &[String]) -> Result<Embedded, ProviderError> {
    let body = json!({"model": model, "input": texts, "encoding_format": "float"});
    let reply = link.post(&["embeddings"], &[], &body, model).await?.whole().await?;
    let mut entries: Vec<&Value> = list(&reply, "data")?.iter().collect();
    entries.sort_by_key(|it| it.get("index").and_then(Value::as_u64));
    let vectors = entries.into_iter().map(|it| vector(it.get("embedding")));
    Ok(Embedded {
        vectors: complete(vectors.collect::<Result<_, _>>()?, texts)?,
        tokens: reply.pointer("/usage/prompt_tokens").and_then(Value::as_u64),
    })
}

/// `POST /api/embed`. What is longer than the model reads is cut there.
pub(super) async fn ollama(link: &Link, model: &str, texts: &[String]) -> Result<Embedded, ProviderError> {
    let body = json!({"model": model, "input": texts, "truncate": true});
    let reply = link.post(&["api", "embed"], &[], &body, model).await?.whole().await?;
    let vectors = list(&reply, "embeddings")?.iter().map(|it| vector(Some(it)));
    Ok(Embedded {
        vectors: complete(vectors.collect::<Result<_, _>>()?, texts)?,
        tokens: reply.get("prompt_eval_count").and_then(Value::as_u64),
    })
}

/// `POST …:batchEmbedContents`. It counts no tokens.
pub(super) async fn gemini(
    link: &Link,
    model: &str,
    texts: &[String],
    made_for: Use,
) -> Result<Embedded, ProviderError> {
    let model = model.strip_prefix("models/").unwrap_or(model);
    let task = match made_for {
        Use::Passage => "RETRIEVAL_DOCUMENT",
        Use::Question => "RETRIEVAL_QUERY",
    };
    let requests = texts.iter().map(
        |text| json!({"model": format!("models/{model}"), "content": {"parts": [{"text": text}]}, "taskType": task}),
    );
    let body = json!({"requests": requests.collect::<Vec<_>>()});
    let call = format!("{model}:batchEmbedContents");
    let reply = link.post(&["v1beta", "models", &call], &[], &body, model).await?.whole().await?;
    let vectors = list(&reply, "embeddings")?.iter().map(|it| vector(it.get("values")));
    Ok(Embedded { vectors: complete(vectors.collect::<Result<_, _>>()?, texts)?, tokens: None })
}

fn list<'a>(reply: &'a Value, field: &str) -> Result<&'a Vec<Value>, ProviderError> {
    let list = reply.get(field).and_then(Value::as_array);
    list.ok_or_else(|| ProviderError::protocol("it is not a list of vectors"))
}

fn vector(value: Option<&Value>) -> Result<Vec<f32>, ProviderError> {
    let numbers = value.and_then(Value::as_array).filter(|it| !it.is_empty());
    let numbers = numbers.ok_or_else(|| ProviderError::protocol("it holds something that is not a vector"))?;
    let number = |it: &Value| it.as_f64().map(|it| it as f32).filter(|it| it.is_finite());
    let vector: Option<Vec<f32>> = numbers.iter().map(number).collect();
    vector.ok_or_else(|| ProviderError::protocol("it holds a vector with something that is not a number"))
}

/// One a text, all of one length.
fn complete(vectors: Vec<Vec<f32>>, texts: &[String]) -> Result<Vec<Vec<f32>>, ProviderError> {
    if vectors.len() != texts.len() {
        let problem = format!("it holds {} vectors for {} texts", vectors.len(), texts.len());
        return Err(ProviderError::protocol(problem));
    }
    match vectors.windows(2).all(|it| it[0].len() == it[1].len()) {
        true => Ok(vectors),
        false => Err(ProviderError::protocol("its vectors are not of one length")),
    }
}
