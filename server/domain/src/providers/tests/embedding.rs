use serde_json::json;

use super::*;
use crate::providers::{Embedded, Use};
use fake::Script;

fn texts() -> Vec<String> {
    vec!["The tide".to_owned(), "A cat".to_owned()]
}

#[tokio::test]
async fn three_protocols_make_vectors() {
    for (protocol, model, path, asked, reply, tokens) in [
        (
            Protocol::OpenAi,
            "text-embedding-3-small",
            "/v1/embeddings",
            json!({"model": "text-embedding-3-small", "input": ["The tide", "A cat"], "encoding_format": "float"}),
            // In no order.
            r#"{"data":[{"index":1,"embedding":[0.0,2.0]},{"index":0,"embedding":[1.0,0.5]}],"usage":{"prompt_tokens":4}}"#,
            Some(4),
        ),
        (
            Protocol::Ollama,
            "nomic-embed-text",
            "/api/embed",
            json!({"model": "nomic-embed-text", "input": ["The tide", "A cat"], "truncate": true}),
            r#"{"embeddings":[[1.0,0.5],[0.0,2.0]],"prompt_eval_count":6}"#,
            Some(6),
        ),
        (
            Protocol::Gemini,
            "gemini-embedding-001",
            "/v1beta/models/gemini-embedding-001:batchEmbedContents",
            json!({"requests": [
                {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": "The tide"}]}, "taskType": "RETRIEVAL_QUERY"},
                {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": "A cat"}]}, "taskType": "RETRIEVAL_QUERY"},
            ]}),
            r#"{"embeddings":[{"values":[1.0,0.5]},{"values":[0.0,2.0]}]}"#,
            None,
        ),
    ] {
        let provider = Provider::start([Script::ok(reply)]).await;
        let embedded = protocol.at(&provider.url).embed(model, &texts(), Use::Question).await.unwrap();
        assert_eq!(embedded, Embedded { vectors: vec![vec![1.0, 0.5], vec![0.0, 2.0]], tokens }, "{protocol:?}");
        let seen = provider.only();
        assert_eq!((seen.uri.to_string().as_str(), seen.body), (path, asked), "{protocol:?}");
    }
}

#[tokio::test]
async fn what_are_no_vectors_is_said() {
    for (reply, part) in [
        ("{}", "not a list"),
        (r#"{"data":[{"index":0,"embedding":[1.0]}]}"#, "1 vectors for 2 texts"),
        (r#"{"data":[{"index":0,"embedding":[1.0]},{"index":1,"embedding":[1.0,2.0]}]}"#, "not of one length"),
        (r#"{"data":[{"index":0,"embedding":[]},{"index":1,"embedding":[1.0]}]}"#, "not a vector"),
        (r#"{"data":[{"index":0,"embedding":["x"]},{"index":1,"embedding":[1.0]}]}"#, "not a number"),
    ] {
        let provider = Provider::start([Script::ok(reply)]).await;
        let failed = Protocol::OpenAi.at(&provider.url).embed("m", &texts(), Use::Passage).await.unwrap_err();
        assert!(failed.to_string().contains(part), "{reply}: {failed}");
    }
    let failed = Protocol::Anthropic.at("http://127.0.0.1:1").embed("m", &texts(), Use::Passage).await.unwrap_err();
    assert!(failed.to_string().contains("makes no vectors"), "{failed}");
}
