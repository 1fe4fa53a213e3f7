//! What OpenAI's clients send and read. The real packages are tried by `make check-api`.

use super::{Program, keys};
use crate::provider::Provider;
use crate::server::{House, Server};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Asked = Arc<Mutex<Vec<Value>>>;

fn with_provider() -> (Server, Asked) {
    let asked = Asked::default();
    let log = asked.clone();
    let provider = Provider::start(move |question| {
        log.lock().unwrap().push(question.clone());
        (vec!["Twice ".to_owned(), "a day.".to_owned()], Duration::from_millis(1))
    });
    (House::new().with(&provider).serve(), asked)
}

#[test]
fn agents_are_the_models() {
    let (server, _) = with_provider();
    let mut ada = Program::register(&server, "ada");
    ada.post("/api/v1/agents", &json!({ "name": "Off", "provider": "local", "model": "m", "is_active": false }), 201);
    ada.post("/api/v1/agents", &json!({ "name": "Sea/dog", "provider": "openai", "model": "m" }), 201);
    let listed = ada.get("/v1/models");
    assert_eq!((&listed["object"], listed["data"].as_array().unwrap().len()), (&json!("list"), 2));
    assert_eq!(keys(&listed["data"][0]), ["created", "id", "object", "owned_by"]);
    assert_eq!(listed["data"][0]["id"], "Assistant");
    assert_eq!(ada.get("/v1/models/Sea%2Fdog")["owned_by"], "openai");
    let missing = ada.expect("GET", "/v1/models/nobody", None, 404);
    assert_eq!(
        (keys(&missing["error"]), &missing["error"]["code"]),
        (vec!["code", "message", "param", "type"], &json!("model_not_found"))
    );
}

#[test]
fn an_answer_comes_whole() {
    let (server, asked) = with_provider();
    let mut ada = Program::register(&server, "ada");
    ada.patch(
        &format!("/api/v1/agents/{}", ada.clone().get("/api/v1/agents/default")["id"].as_str().unwrap()),
        &json!({ "system_prompt": "Be brief.", "max_tokens": 100 }),
        200,
    );
    let question = json!({
        "model": "Assistant", "temperature": 0.1, "max_tokens": 5000, "unknown": 1,
        "messages": [
            { "role": "system", "content": "Speak of the sea." },
            { "role": "user", "content": [{ "type": "text", "text": "How" }, { "type": "text", "text": "often?" }] },
        ],
    });
    let reply = ada.post("/v1/chat/completions", &question, 200);
    assert_eq!(keys(&reply), ["choices", "created", "id", "model", "object", "usage"]);
    assert_eq!(reply["choices"][0]["message"]["content"], "Twice a day.");
    assert_eq!(reply["choices"][0]["finish_reason"], "stop");
    assert_eq!(reply["usage"], json!({ "prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18 }));
    let asked = asked.lock().unwrap().pop().unwrap();
    assert_eq!(
        asked["messages"],
        json!([{ "role": "system", "content": "Be brief.\n\nSpeak of the sea." }, { "role": "user", "content": "How\noften?" }])
    );
    // No more than the agent may say.
    let limit = asked.get("max_tokens").or(asked.get("max_completion_tokens")).unwrap();
    assert_eq!((limit, &asked["temperature"]), (&json!(100), &json!(0.1)));
    assert_eq!(ada.get("/api/v1/conversations")["count"], 0, "the dialogue is the caller's own");
}

#[test]
fn an_answer_comes_in_pieces() {
    let (server, _) = with_provider();
    let mut ada = Program::register(&server, "ada");
    let mut ask = |more: Value| {
        let mut question =
            json!({ "model": "Assistant", "stream": true, "messages": [{ "role": "user", "content": "Hi" }] });
        question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = ada.send("POST", "/v1/chat/completions", Some(&question), &[]);
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/event-stream")));
        let text = reply.text();
        let mut events: Vec<_> = text.lines().filter_map(|it| it.strip_prefix("data: ")).map(str::to_owned).collect();
        assert_eq!(events.pop().as_deref(), Some("[DONE]"));
        events.iter().map(|it| serde_json::from_str(it).unwrap()).collect::<Vec<Value>>()
    };
    let events = ask(json!({}));
    assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
    let text: String = events.iter().filter_map(|it| it["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(text, "Twice a day.");
    assert_eq!(events.last().unwrap()["choices"][0]["finish_reason"], "stop");
    let events = ask(json!({ "stream_options": { "include_usage": true } }));
    assert_eq!(
        (&events.last().unwrap()["choices"], &events.last().unwrap()["usage"]["total_tokens"]),
        (&json!([]), &json!(18))
    );
}

#[test]
fn refusals_have_their_shape() {
    let (server, _) = with_provider();
    let mut ada = Program::register(&server, "ada");
    let user = json!([{ "role": "user", "content": "Hi" }]);
    let mut refused = |body: Value, status: u16| ada.post("/v1/chat/completions", &body, status)["error"].clone();
    assert_eq!(refused(json!({ "model": "nobody", "messages": user }), 404)["code"], "model_not_found");
    for (body, param) in [
        (json!({ "model": "Assistant" }), "messages"),
        (json!({ "model": "Assistant", "messages": [] }), "messages"),
        (json!({ "model": "Assistant", "messages": user, "temperature": 9 }), "temperature"),
        (json!({ "model": "Assistant", "messages": user, "n": 2 }), "n"),
        (json!({ "model": "Assistant", "messages": [{ "role": "pirate", "content": "Hi" }] }), "messages[0].role"),
    ] {
        let error = refused(body, 400);
        assert_eq!((&error["type"], &error["param"]), (&json!("invalid_request_error"), &json!(param)));
    }
    let error = Program::nobody(&server).post("/v1/chat/completions", &json!({}), 401)["error"].clone();
    assert_eq!((&error["type"], &error["code"]), (&json!("authentication_error"), &json!("invalid_api_key")));
}
