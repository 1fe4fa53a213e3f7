use serde_json::json;

use super::*;
use crate::providers::{EndReason, RESUME_PROMPT};
use fake::Script;

const STREAM: &str = concat!(
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hm.\",\"thought\":true}]}}],\"usageMetadata\":{\"promptTokenCount\":9}}\r\n\r\n",
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hel\"},{\"text\":\"lo\"}]}}]}\r\n\r\n",
    "data: {\"candidates\":[{\"finishReason\":\"MAX_TOKENS\"}],\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":2,\"thoughtsTokenCount\":1}}\r\n\r\n",
);

#[tokio::test]
async fn an_answer_streams_with_thoughts_and_usage() {
    let provider = Provider::start([Script::ok(STREAM)]).await;
    let mut request = question();
    request.temperature = Some(0.5);
    request.max_tokens = Some(7);
    let (events, error) = all(&Protocol::Gemini.at(&provider.url), request).await;
    assert_eq!(error, None);
    assert_eq!(
        events,
        [
            Event::Reasoning("Hm.".into()),
            Event::Usage { prompt_tokens: 9, completion_tokens: 0 },
            Event::Text("Hel".into()),
            Event::Text("lo".into()),
            Event::Usage { prompt_tokens: 9, completion_tokens: 3 },
            Event::End(EndReason::Length),
        ]
    );
    let seen = provider.only();
    assert_eq!(seen.uri.to_string(), "/v1beta/models/test-model:streamGenerateContent?alt=sse");
    assert_eq!(seen.headers["x-goog-api-key"], KEY);
    assert_eq!(
        seen.body,
        json!({
            "contents": [{"role": "user", "parts": [{"text": "Hello?"}]}],
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "generationConfig": {"temperature": 0.5, "maxOutputTokens": 7},
        })
    );
}

#[tokio::test]
async fn an_unfinished_answer_is_asked_for_in_words() {
    let provider = Provider::start([Script::ok(STREAM)]).await;
    assert_eq!(text(&Protocol::Gemini.at(&provider.url), resumed()).await, "Hello");
    let contents = &provider.only().body["contents"];
    assert_eq!(contents[1], json!({"role": "model", "parts": [{"text": "Hello, how"}]}));
    assert_eq!(contents[2], json!({"role": "user", "parts": [{"text": RESUME_PROMPT}]}));
}

#[tokio::test]
async fn what_the_filter_withholds_is_said() {
    for body in [
        "data: {\"candidates\":[{\"content\":{},\"finishReason\":\"SAFETY\"}]}\n\n",
        "data: {\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"}}\n\n",
    ] {
        let provider = Provider::start([Script::ok(body)]).await;
        let (events, error) = all(&Protocol::Gemini.at(&provider.url), question()).await;
        assert_eq!((events, error), (vec![Event::End(EndReason::Filtered)], None), "{body}");
    }
}

#[tokio::test]
async fn a_gateway_that_sends_an_array_is_understood() {
    let array = json!([
        {"candidates": [{"content": {"parts": [{"text": "Hel"}]}}]},
        {"candidates": [{"content": {"parts": [{"text": "lo"}]}, "finishReason": "STOP"}]},
    ]);
    let provider = Provider::start([Script::ok(array.to_string())]).await;
    assert_eq!(text(&Protocol::Gemini.at(&provider.url), question()).await, "Hello");
}

#[tokio::test]
async fn a_bad_key_is_told_from_a_bad_request() {
    let body = r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]"#;
    let provider = Provider::start([Script::status(400, body)]).await;
    assert_eq!(error(&Protocol::Gemini.at(&provider.url), question()).await.code(), "provider_unauthorised");
}

#[tokio::test]
async fn the_models_are_those_that_chat() {
    let list = json!({"models": [
        {"name": "models/gemini-pro", "supportedGenerationMethods": ["generateContent", "countTokens"]},
        {"name": "models/embedder", "supportedGenerationMethods": ["embedContent"]},
    ]});
    let provider = Provider::start([Script::ok(list.to_string()), Script::ok(STREAM)]).await;
    // With or without the version at its end.
    let adapter = Protocol::Gemini.at(&format!("{}/v1beta/", provider.url));
    let ids: Vec<_> = adapter.models().await.unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(ids, ["gemini-pro"]);
    assert_eq!(provider.only().uri.path(), "/v1beta/models");

    // A name cannot leave its place in the path.
    let mut request = question();
    request.model = "models/../../x?y".to_owned();
    text(&adapter, request).await;
    assert_eq!(provider.seen()[1].uri.path(), "/v1beta/models/..%2F..%2Fx%3Fy:streamGenerateContent");
}
