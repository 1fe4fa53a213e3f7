use serde_json::json;

use super::*;
use crate::providers::{EndReason, RESUME_PROMPT};
use fake::Script;

const STREAM: &str = concat!(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"content\":[],\"usage\":{\"input_tokens\":4,\"cache_read_input_tokens\":5,\"output_tokens\":1}}}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"Hm.\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"signature_delta\",\"signature\":\"xyz\"}}\n\n",
    "event: ping\ndata: {\"type\":\"ping\"}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"Hel\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"lo\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"max_tokens\"},\"usage\":{\"output_tokens\":2}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
);

#[tokio::test]
async fn an_answer_streams_with_thinking_and_usage() {
    let provider = Provider::start([Script::ok(STREAM)]).await;
    let mut request = question();
    request.temperature = Some(1.5);
    let (events, error) = all(&Protocol::Anthropic.at(&provider.url), request).await;
    assert_eq!(error, None);
    assert_eq!(
        events,
        [
            Event::Usage { prompt_tokens: 9, completion_tokens: 1 },
            Event::Reasoning("Hm.".into()),
            Event::Text("Hel".into()),
            Event::Text("lo".into()),
            Event::Usage { prompt_tokens: 9, completion_tokens: 2 },
            Event::End(EndReason::Length),
        ]
    );
    let seen = provider.only();
    assert_eq!(seen.uri.to_string(), "/v1/messages");
    assert_eq!(seen.headers["x-api-key"], KEY);
    assert_eq!(seen.headers["anthropic-version"], "2023-06-01");
    assert_eq!(
        seen.body,
        json!({
            "model": "test-model",
            "system": "Be brief.",
            "messages": [{"role": "user", "content": "Hello?"}],
            "stream": true,
            "max_tokens": 4096,
            "temperature": 1.0,
        })
    );
}

#[tokio::test]
async fn an_unfinished_answer_is_asked_for_in_words() {
    let provider = Provider::start([Script::ok(STREAM)]).await;
    assert_eq!(text(&Protocol::Anthropic.at(&provider.url), resumed()).await, "Hello");
    let messages = &provider.only().body["messages"];
    assert_eq!(messages[1], json!({"role": "assistant", "content": "Hello, how"}));
    assert_eq!(messages[2], json!({"role": "user", "content": RESUME_PROMPT}));
}

#[tokio::test]
async fn a_model_that_takes_no_temperature_is_asked_without() {
    let refusal = r#"{"type":"error","error":{"type":"invalid_request_error","message":"`temperature` is deprecated for this model."}}"#;
    let provider = Provider::start([Script::status(400, refusal), Script::ok(STREAM)]).await;
    let mut request = question();
    request.temperature = Some(0.5);
    assert_eq!(text(&Protocol::Anthropic.at(&provider.url), request).await, "Hello");
    assert!(provider.seen()[1].body.get("temperature").is_none());
}

#[tokio::test]
async fn error_events_end_the_answer() {
    for (kind, code) in [
        ("overloaded_error", "provider_unavailable"),
        ("rate_limit_error", "provider_rate_limited"),
        ("authentication_error", "provider_unauthorised"),
        ("invalid_request_error", "provider_refused"),
    ] {
        let event = json!({"type": "error", "error": {"type": kind, "message": format!("no, {KEY}")}});
        let body = format!("{}event: error\ndata: {event}\n\n", Protocol::Anthropic.piece("Hel"));
        let provider = Provider::start([Script::ok(body)]).await;
        let (events, error) = all(&Protocol::Anthropic.at(&provider.url), question()).await;
        assert_eq!(events, [Event::Text("Hel".into())]);
        let error = error.unwrap();
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains("“no, [key]”"), "{error}");
    }
}

#[tokio::test]
async fn a_gateway_that_does_not_stream_is_understood() {
    let whole = json!({
        "type": "message",
        "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Hello"}],
        "stop_reason": "refusal",
        "usage": {"input_tokens": 3, "output_tokens": 1},
    });
    let provider = Provider::start([Script::ok(whole.to_string())]).await;
    let (events, error) = all(&Protocol::Anthropic.at(&provider.url), question()).await;
    assert_eq!(error, None);
    assert_eq!(events.last(), Some(&Event::End(EndReason::Filtered)));
    assert!(events.contains(&Event::Text("Hello".into())), "{events:?}");
}

#[tokio::test]
async fn the_models_are_listed() {
    let provider =
        Provider::start([Script::ok(r#"{"data":[{"id":"claude-b"},{"id":"claude-a"}],"has_more":false}"#)]).await;
    let adapter = Protocol::Anthropic.at(&format!("{}/v1", provider.url));
    let ids: Vec<_> = adapter.models().await.unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(ids, ["claude-a", "claude-b"]);
    assert_eq!(provider.only().uri.path(), "/v1/models");
}
