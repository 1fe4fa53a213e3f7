use serde_json::json;

use super::*;
use crate::providers::EndReason;
use fake::Script;

const STREAM: &str = concat!(
    "{\"message\":{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"Hm.\"},\"done\":false}\n",
    "{\"message\":{\"content\":\"Hel\"},\"done\":false}\n",
    "\n",
    "{\"message\":{\"content\":\"lo\"},\"done\":false}\n",
    "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"length\",\"prompt_eval_count\":9,\"eval_count\":2}\n",
);

#[tokio::test]
async fn an_answer_streams_with_thinking_and_usage() {
    let provider = Provider::start([Script::ok(STREAM).header("content-type", "application/x-ndjson")]).await;
    let mut request = question();
    request.temperature = Some(0.5);
    request.max_tokens = Some(7);
    let (events, error) = all(&Protocol::Ollama.with(&provider.url, None, quick()), request).await;
    assert_eq!(error, None);
    assert_eq!(
        events,
        [
            Event::Reasoning("Hm.".into()),
            Event::Text("Hel".into()),
            Event::Text("lo".into()),
            Event::Usage { prompt_tokens: 9, completion_tokens: 2 },
            Event::End(EndReason::Length),
        ]
    );
    let seen = provider.only();
    assert_eq!(seen.uri.to_string(), "/api/chat");
    assert!(seen.headers.get("authorization").is_none());
    assert_eq!(
        seen.body,
        json!({
            "model": "test-model",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}],
            "stream": true,
            "options": {"temperature": 0.5, "num_predict": 7},
        })
    );
}

#[tokio::test]
async fn a_long_dialogue_asks_for_a_larger_window() {
    let provider = Provider::start([Script::ok(STREAM)]).await;
    let mut request = question();
    request.turns[0].text = "word ".repeat(6_000);
    request.max_tokens = Some(1_000);
    assert_eq!(text(&Protocol::Ollama.at(&provider.url), request).await, "Hello");
    // 30,000 bytes are at most 10,000 tokens, and 1,000 for the answer.
    assert_eq!(provider.only().body["options"]["num_ctx"], 16_384);
}

#[tokio::test]
async fn an_unfinished_answer_is_continued_as_it_is() {
    let provider = Provider::start([Script::ok(STREAM)]).await;
    assert_eq!(text(&Protocol::Ollama.at(&provider.url), resumed()).await, "Hello");
    let messages = provider.only().body["messages"].as_array().unwrap().clone();
    assert_eq!(messages.last().unwrap(), &json!({"role": "assistant", "content": "Hello, how"}));
}

#[tokio::test]
async fn a_last_line_without_a_line_break_counts() {
    let provider = Provider::start([Script::ok(STREAM.trim_end())]).await;
    assert_eq!(text(&Protocol::Ollama.at(&provider.url), question()).await, "Hello");
}

#[tokio::test]
async fn an_error_line_ends_the_answer() {
    let body = Protocol::Ollama.piece("Hel") + "{\"error\":\"llama runner process has terminated\"}\n";
    let provider = Provider::start([Script::ok(body)]).await;
    let (events, error) = all(&Protocol::Ollama.at(&provider.url), question()).await;
    assert_eq!(events, [Event::Text("Hel".into())]);
    let error = error.unwrap();
    assert!(error.to_string().contains("llama runner process has terminated"), "{error}");
}

#[tokio::test]
async fn a_model_may_take_longer_to_load_than_others_to_answer() {
    let slow = Script::ok("").then(fake::Step::Pause(Duration::from_millis(300))).then_send(STREAM);
    let provider = Provider::start([slow]).await;
    let limits = Limits { first_byte: Duration::from_millis(50), ..quick() };
    assert_eq!(text(&Protocol::Ollama.with(&provider.url, None, limits), question()).await, "Hello");
}

#[tokio::test]
async fn the_models_are_the_tags() {
    let provider = Provider::start([Script::ok(r#"{"models":[{"name":"qwen3:4b"},{"name":"gemma3:1b"}]}"#)]).await;
    let ids: Vec<_> = Protocol::Ollama.at(&provider.url).models().await.unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(ids, ["gemma3:1b", "qwen3:4b"]);
    assert_eq!(provider.only().uri.to_string(), "/api/tags");
}
