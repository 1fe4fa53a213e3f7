use serde_json::json;

use super::*;
use crate::providers::{EndReason, RESUME_PROMPT};
use fake::Script;

const STREAM: &str = concat!(
    ": keep-alive\n\n",
    "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"Hm.\",\"reasoning\":\"Hm.\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\"lo\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}\n\n",
    "data: [DONE]\n\n",
);

#[tokio::test]
async fn an_answer_streams_with_reasoning_and_usage() {
    let provider = Provider::start([Script::ok(STREAM).header("content-type", "text/event-stream")]).await;
    let mut request = question();
    request.temperature = Some(0.5);
    request.max_tokens = Some(7);
    let (events, error) = all(&Protocol::OpenAi.at(&provider.url), request).await;
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
    assert_eq!((seen.method.as_str(), seen.uri.to_string().as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
    assert!(seen.headers["user-agent"].to_str().unwrap().starts_with("atrium/"));
    assert_eq!(
        seen.body,
        json!({
            "model": "test-model",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}],
            "stream": true,
            "stream_options": {"include_usage": true},
            "temperature": 0.5,
            "max_tokens": 7,
        })
    );
}

#[tokio::test]
async fn an_unfinished_answer_is_asked_for_in_words() {
    let provider = Provider::start([Script::ok(STREAM)]).await;
    assert_eq!(text(&Protocol::OpenAi.at(&provider.url), resumed()).await, "Hello");
    let messages = &provider.only().body["messages"];
    assert_eq!(messages[2], json!({"role": "assistant", "content": "Hello, how"}));
    assert_eq!(messages[3], json!({"role": "user", "content": RESUME_PROMPT}));
}

#[tokio::test]
async fn parameters_a_server_refuses_are_left_out_or_renamed() {
    let refuse = |message: &str| Script::status(400, json!({"error": {"message": message}}).to_string());
    let provider = Provider::start([
        refuse("Unrecognized request argument supplied: stream_options"),
        refuse("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."),
        refuse("Unsupported value: 'temperature' does not support 0.5 with this model."),
        Script::ok(STREAM),
    ])
    .await;
    let mut request = question();
    request.temperature = Some(0.5);
    request.max_tokens = Some(7);
    assert_eq!(text(&Protocol::OpenAi.at(&provider.url), request).await, "Hello");
    let last = provider.seen().pop().unwrap().body;
    assert_eq!(last["max_completion_tokens"], 7);
    for gone in ["stream_options", "max_tokens", "temperature"] {
        assert!(last.get(gone).is_none(), "{gone}");
    }
}

#[tokio::test]
async fn validation_errors_of_python_servers_are_understood() {
    let detail = json!({"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]});
    let provider = Provider::start([Script::status(422, detail.to_string()), Script::ok(STREAM)]).await;
    assert_eq!(text(&Protocol::OpenAi.at(&provider.url), question()).await, "Hello");
}

#[tokio::test]
async fn a_refusal_that_names_no_parameter_of_ours_is_final() {
    let provider = Provider::start([Script::status(400, r#"{"error":{"message":"No images, please"}}"#)]).await;
    let error = error(&Protocol::OpenAi.at(&provider.url), question()).await;
    assert_eq!(error.code(), "provider_refused");
    assert!(error.to_string().contains("No images, please"), "{error}");
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_understood() {
    let whole = json!({
        "choices": [{"message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1},
    });
    // Pretty-printed: more lines than one.
    let provider = Provider::start([Script::ok(serde_json::to_vec_pretty(&whole).unwrap())]).await;
    let (events, error) = all(&Protocol::OpenAi.at(&provider.url), question()).await;
    assert_eq!(error, None);
    let usage = Event::Usage { prompt_tokens: 3, completion_tokens: 1 };
    assert_eq!(events, [Event::Text("Hello".into()), usage, Event::End(EndReason::Stop)]);
}

#[tokio::test]
async fn either_sign_of_the_end_is_enough() {
    let piece = Protocol::OpenAi.piece("Hello");
    for end in [
        "data: [DONE]\n\n",
        "data: [DONE]\n",
        "data: [DONE]",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}",
    ] {
        let provider = Provider::start([Script::ok(format!("{piece}{end}"))]).await;
        assert_eq!(text(&Protocol::OpenAi.at(&provider.url), question()).await, "Hello", "{end}");
    }
}

#[tokio::test]
async fn a_relayed_status_inside_the_stream_counts() {
    let body = Protocol::OpenAi.piece("Hel")
        + "data: {\"error\":{\"code\":502,\"message\":\"Upstream gone\"},\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}]}\n\n";
    let provider = Provider::start([Script::ok(body)]).await;
    let (events, error) = all(&Protocol::OpenAi.at(&provider.url), question()).await;
    assert_eq!(events, [Event::Text("Hel".into())]);
    assert_eq!(error.unwrap().code(), "provider_unavailable");
}

#[tokio::test]
async fn the_models_are_listed_by_name() {
    let list = r#"{"object":"list","data":[{"id":"zeta"},{"id":"alpha"},{"id":"alpha"}]}"#;
    let provider = Provider::start([Script::ok(list)]).await;
    // A base URL may be given with the whole path, as people copy it from documentation.
    let client = Client::new(quick()).unwrap();
    let endpoint = Endpoint { base_url: format!("{}/v1/chat/completions/", provider.url), key: None };
    let adapter = Adapter::OpenAi(crate::providers::openai::OpenAi::new(client, endpoint));
    let ids: Vec<_> = adapter.models().await.unwrap().into_iter().map(|it| it.id).collect();
    assert_eq!(ids, ["alpha", "zeta"]);
    let seen = provider.only();
    assert_eq!((seen.method.as_str(), seen.uri.path()), ("GET", "/v1/models"));
    assert!(seen.headers.get("authorization").is_none());
}
