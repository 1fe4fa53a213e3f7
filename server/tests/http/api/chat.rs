//! The main job over REST: agents, conversations, messages, runs.

use super::{Program, keys};
use crate::provider::{Provider, last_words};
use crate::server::{House, Server};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A server whose agents say this, a word at a time; whoever asks for it with “slowly” waits.
fn with_provider() -> (Server, Provider) {
    let provider = Provider::start(|question| {
        let pause = if last_words(question).contains("slowly") { 100 } else { 1 };
        let words = "Twice a day, by the pull of the Moon; and **twice** a month stronger, with the Sun's help.";
        (words.split_inclusive(' ').map(str::to_owned).collect(), Duration::from_millis(pause))
    });
    let server = House::new().with(&provider).serve();
    (server, provider)
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap_or_else(|| panic!("no id: {value}"))
}

#[test]
fn a_message_is_sent_and_answered() {
    let (server, _provider) = with_provider();
    let mut ada = Program::register(&server, "ada");
    let conversation = ada.post("/api/v1/conversations/", &json!({}), 201);
    assert_eq!(
        keys(&conversation),
        [
            "agent_id",
            "created_at",
            "id",
            "is_favourite",
            "last_message",
            "message_count",
            "model",
            "project_id",
            "temperature",
            "title",
            "updated_at"
        ]
    );
    let messages = format!("/api/v1/conversations/{}/messages", id(&conversation));
    let told = ada.post(&format!("{messages}?wait=true"), &json!({ "content": "How do tides work?" }), 200);
    let (question, answer) = (&told["user_message"], &told["assistant_message"]);
    assert_eq!((&question["role"], &question["content"]), (&json!("user"), &json!("How do tides work?")));
    assert_eq!((&answer["role"], &answer["status"]), (&json!("assistant"), &json!("complete")));
    assert!(!answer["content"].as_str().unwrap().is_empty());
    assert_eq!(answer["parent_id"], question["id"]);
    assert!(answer["cost_usd"].as_str().is_some_and(|it| it.contains('.')));
    let listed = ada.get(&messages);
    assert_eq!((&listed["count"], &listed["results"]), (&json!(2), &json!([question, answer])));
    let summary = ada.get(&format!("/api/v1/conversations/{}", id(&conversation)));
    assert_eq!((&summary["message_count"], &summary["title"]), (&json!(2), &json!("How do tides work?")));
    assert_eq!(summary["last_message"]["role"], "assistant");
    // What one wrote by program is on the page.
    let empty = ada.post(&messages, &json!({ "content": "  " }), 422);
    assert_eq!(empty["fields"][0]["field"], "content");
    let long = ada.post(&messages, &json!({ "content": "x".repeat(300_000) }), 422);
    assert_eq!(long["fields"][0]["field"], "content");
}

#[test]
fn an_answer_is_followed_as_text_from_any_position() {
    let (server, _provider) = with_provider();
    let mut ada = Program::register(&server, "ada");
    let conversation = ada.post("/api/v1/conversations", &json!({}), 201);
    let path = format!("/api/v1/conversations/{}/messages", id(&conversation));
    let sent = ada.post(&path, &json!({ "content": "Tell me slowly" }), 202);
    let events = format!("/api/v1/runs/{}/events", sent["run_id"].as_str().unwrap());
    let authorization = ada.authorization.clone().unwrap();
    let mut follow = |headers: &[(&str, &str)]| {
        let mut heard = Vec::new();
        let mut position = String::new();
        let headers = [&[("authorization", authorization.as_str())], headers].concat();
        let reply = ada.browser.listen(&events, &headers, |line| {
            if let Some(at) = line.strip_prefix("id: ") {
                at.clone_into(&mut position);
            }
            if let Some(data) = line.strip_prefix("data: ") {
                heard.push((position.clone(), serde_json::from_str::<Value>(data).unwrap()));
            }
            heard.last().is_some_and(|it| it.1["type"] == "end")
        });
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/event-stream")));
        heard
    };
    let whole = follow(&[]);
    let text = |heard: &[(String, Value)]| {
        heard.iter().filter(|it| it.1["type"] == "text").map(|it| it.1["text"].as_str().unwrap()).collect::<String>()
    };
    let stored = whole.last().unwrap().1["message"]["content"].as_str().unwrap().to_owned();
    assert_eq!(text(&whole), stored);
    assert!(whole.len() > 5, "it came in pieces");
    let over = follow(&[("last-event-id", "5")]);
    assert_eq!((over.len(), &over[0].1["message"]["content"]), (1, &json!(stored)));
    let run = ada.get(&format!("/api/v1/runs/{}", sent["run_id"].as_str().unwrap()));
    assert_eq!((&run["is_over"], &run["message"]["content"]), (&json!(true), &json!(stored)));
}

#[test]
fn whoever_comes_back_gets_exactly_the_rest() {
    let (server, _provider) = with_provider();
    let mut ada = Program::register(&server, "ada");
    let conversation = ada.post("/api/v1/conversations", &json!({}), 201);
    let path = format!("/api/v1/conversations/{}/messages", id(&conversation));
    let sent = ada.post(&path, &json!({ "content": "Tell me slowly" }), 202);
    let events = format!("/api/v1/runs/{}/events", sent["run_id"].as_str().unwrap());
    let authorization = ada.authorization.clone().unwrap();
    let (mut position, mut text, mut stored) = ("0".to_owned(), String::new(), None);
    let mut connections = 0;
    // Hangs up after each piece.
    while stored.is_none() {
        connections += 1;
        let headers = [("authorization", authorization.as_str()), ("last-event-id", &position.clone())];
        let mut has_heard = false;
        ada.browser.listen(&events, &headers, |line| {
            if let Some(at) = line.strip_prefix("id: ") {
                at.clone_into(&mut position);
            }
            let Some(data) = line.strip_prefix("data: ") else { return has_heard && line.is_empty() };
            let event: Value = serde_json::from_str(data).unwrap();
            match event["type"].as_str().unwrap() {
                "text" => text.push_str(event["text"].as_str().unwrap()),
                "end" => stored = Some(event["message"]["content"].as_str().unwrap().to_owned()),
                _ => return false,
            }
            has_heard = true;
            stored.is_some()
        });
    }
    assert!(connections > 5, "it came in pieces");
    assert_eq!(Some(text), stored);
}

#[test]
fn alternatives_stand_beside_each_other() {
    let (server, _provider) = with_provider();
    let mut ada = Program::register(&server, "ada");
    let conversation = ada.post("/api/v1/conversations", &json!({ "title": "Tree" }), 201);
    let messages = format!("/api/v1/conversations/{}/messages", id(&conversation));
    let first = ada.post(&format!("{messages}?wait=true"), &json!({ "content": "one" }), 200);
    let (question, answer) = (id(&first["user_message"]).to_owned(), id(&first["assistant_message"]).to_owned());
    let again = ada.post(&format!("/api/v1/messages/{answer}/regenerate?wait=true"), &json!({}), 200);
    assert_eq!(
        (&again["assistant_message"]["alternative"], &again["assistant_message"]["alternatives"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(again["assistant_message"]["previous_alternative_id"], answer.as_str());
    let edited = ada.post(&format!("/api/v1/messages/{question}/edit?wait=true"), &json!({ "content": "two" }), 200);
    assert_eq!(edited["user_message"]["alternatives"], 2);
    let contents = |listed: &Value| -> Vec<String> {
        listed["results"].as_array().unwrap().iter().map(|it| it["content"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(contents(&ada.get(&messages))[0], "two");
    ada.post(&format!("/api/v1/messages/{answer}/select"), &json!({}), 200);
    let shown = ada.get(&messages);
    assert_eq!((contents(&shown)[0].as_str(), &shown["results"][1]["id"]), ("one", &json!(answer)));
    assert_eq!(ada.get(&format!("/api/v1/messages/{question}"))["content"], "one");
    ada.delete(&format!("/api/v1/messages/{answer}"));
    ada.expect("GET", &format!("/api/v1/messages/{answer}"), None, 404);
    ada.post(&format!("/api/v1/messages/{answer}/restore"), &json!({}), 200);
    let refused = ada.post(&format!("/api/v1/messages/{answer}/continue"), &json!({}), 409);
    assert_eq!(refused["code"], "answer_complete");
}

#[test]
fn long_conversations_are_read_in_parts() {
    let (server, _provider) = with_provider();
    let mut ada = Program::register(&server, "ada");
    let conversation = ada.post("/api/v1/conversations", &json!({}), 201);
    let messages = format!("/api/v1/conversations/{}/messages", id(&conversation));
    for n in 0..4 {
        ada.post(&format!("{messages}?wait=true"), &json!({ "content": format!("q{n}") }), 200);
    }
    let all: Vec<Value> = ada.get(&messages)["results"].as_array().unwrap().clone();
    assert_eq!(all.len(), 8);
    for size in [1, 3, 8] {
        let mut read = Vec::new();
        for page in 1..=8_usize.div_ceil(size) {
            let listed = ada.get(&format!("{messages}?page={page}&page_size={size}"));
            assert_eq!((&listed["count"], listed["next"].is_null()), (&json!(8), page == 8_usize.div_ceil(size)));
            read.extend(listed["results"].as_array().unwrap().clone());
        }
        assert_eq!(read, all);
    }
    let before = ada.get(&format!("{messages}?before={}&page_size=2", id(&all[5])));
    assert_eq!(before["results"], json!([all[3], all[4]]));
}

#[test]
fn a_run_is_stopped() {
    let (server, _provider) = with_provider();
    let mut ada = Program::register(&server, "ada");
    let conversation = ada.post("/api/v1/conversations", &json!({}), 201);
    let messages = format!("/api/v1/conversations/{}/messages", id(&conversation));
    let sent = ada.post(&messages, &json!({ "content": "Tell me slowly" }), 202);
    let busy = ada.post(&messages, &json!({ "content": "me too" }), 409);
    assert_eq!(busy["code"], "still_writing");
    let run = sent["run_id"].as_str().unwrap();
    ada.post(&format!("/api/v1/runs/{run}/stop"), &json!({}), 204);
    let deadline = Instant::now() + Duration::from_secs(20);
    while ada.get(&format!("/api/v1/runs/{run}"))["is_over"] != true {
        assert!(Instant::now() < deadline, "it does not stop");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(ada.get(&format!("/api/v1/runs/{run}"))["message"]["status"], "stopped");
}

#[test]
fn a_conversation_has_a_model_and_a_temperature_of_its_own() {
    let (server, _provider) = with_provider();
    let mut ada = Program::register(&server, "ada");
    let conversation = ada.post("/api/v1/conversations", &json!({ "model": "fake-2" }), 201);
    assert_eq!((&conversation["model"], &conversation["temperature"]), (&json!("fake-2"), &Value::Null));
    let path = format!("/api/v1/conversations/{}", id(&conversation));
    let messages = format!("{path}/messages?wait=true");
    let told = ada.post(&messages, &json!({ "content": "How do tides work?" }), 200);
    assert_eq!(told["assistant_message"]["model"], "fake-2");

    let changed = ada.patch(&path, &json!({ "model": "fake-3", "temperature": 0.25 }), 200);
    assert_eq!((&changed["model"], &changed["temperature"]), (&json!("fake-3"), &json!(0.25)));
    let again = ada.post(&messages, &json!({ "content": "And why?" }), 200);
    assert_eq!(again["assistant_message"]["model"], "fake-3");

    for (wrong, field) in [
        (json!({ "model": "fake-9" }), "model"),
        (json!({ "model": "" }), "model"),
        (json!({ "temperature": 2.5 }), "temperature"),
        (json!({ "temperature": "warm" }), "temperature"),
    ] {
        let refused = ada.patch(&path, &wrong, 422);
        assert_eq!(refused["fields"][0]["field"], field, "{refused}");
        ada.post("/api/v1/conversations", &wrong, 422);
    }
    let refused = ada.patch(&path, &json!({ "model": "fake-9" }), 422);
    let told = refused["fields"][0]["message"].as_str().unwrap();
    assert!(told.contains("fake-9") && told.contains("fake-1, fake-2, fake-3"), "{told}");

    let own = ada.patch(&path, &json!({ "model": null, "temperature": null }), 200);
    assert_eq!((&own["model"], &own["temperature"]), (&Value::Null, &Value::Null));
    let told = ada.post(&messages, &json!({ "content": "Once more?" }), 200);
    assert_eq!(told["assistant_message"]["model"], "fake-1");
}

#[test]
fn settings_that_were_changed_meanwhile_are_not_overwritten() {
    let (server, _provider) = with_provider();
    let mut ada = Program::register(&server, "ada");
    let conversation = ada.post("/api/v1/conversations", &json!({}), 201);
    let path = format!("/api/v1/conversations/{}", id(&conversation));
    let mut patch = |version: &str| {
        let reply = ada.send("PATCH", &path, Some(&json!({ "temperature": 1 })), &[("if-match", version)]);
        (reply.status, reply.header("etag").map(str::to_owned))
    };
    let (status, version) = patch("*");
    assert_eq!(status, 200);
    let version = version.unwrap();
    assert_eq!(patch(&version).0, 200);
    assert_eq!(patch(&version).0, 412);
}
