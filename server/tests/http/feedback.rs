//! What people think of answers, over the wire.

use crate::api::Program;
use crate::chat::{answer, begin, thread};
use crate::provider::Provider;
use crate::server::House;
use serde_json::json;
use std::time::Duration;

#[test]
fn without_javascript_a_thumb_leads_to_a_page_that_asks_why() {
    let provider = Provider::start(|_| (vec!["By the Moon.".to_owned()], Duration::from_millis(1)));
    let server = House::new().with(&provider).serve();
    let mut ada = server.person("ada");
    let id = begin(&mut ada, "How do tides work?");
    let message = answer(&mut ada, &id)["id"].as_str().unwrap().to_owned();
    let chat = format!("/chat/{id}");
    let pressed = ada.submit(&chat, &[("message", &message), ("action", "down")]);
    assert_eq!((pressed.status, pressed.location()), (303, format!("{chat}/feedback/{message}").as_str()));
    let page = ada.get(pressed.location()).text();
    assert!(page.contains("did not help"), "{page}");
    let path = pressed.location().to_owned();
    assert_eq!(server.person("mallory").get(&path).status, 404);
    let saved = ada.submit(&path, &[("verdict", "down"), ("reason", "It is the Sun."), ("action", "save")]);
    assert_eq!(saved.status, 303, "{}", saved.text());
    let said = |browser: &mut crate::client::Browser| thread(browser, &id)["messages"][1]["feedback"].clone();
    assert_eq!(said(&mut ada), json!({ "verdict": "down", "reason": "It is the Sun." }));
    assert_eq!(ada.submit(&path, &[("reason", "x"), ("action", "save")]).status, 422);
    assert!(ada.get(&path).text().contains("It is the Sun."));
    ada.submit(&chat, &[("message", &message), ("action", "down")]);
    assert_eq!(said(&mut ada), json!(null), "pressed again it is taken back");
}

#[test]
fn by_rest_it_is_said_with_the_message() {
    let provider = Provider::start(|_| (vec!["By the Moon.".to_owned()], Duration::from_millis(1)));
    let server = House::new().with(&provider).serve();
    let mut ada = Program::register(&server, "ada");
    let conversation = ada.post("/api/v1/conversations", &json!({}), 201);
    let path = format!("/api/v1/conversations/{}/messages?wait=true", conversation["id"].as_str().unwrap());
    let told = ada.post(&path, &json!({ "content": "How do tides work?" }), 200);
    let one = |name: &str| format!("/api/v1/messages/{}", told[name]["id"].as_str().unwrap());
    let answer = one("assistant_message");
    assert_eq!(ada.get(&answer)["feedback"], json!(null));
    let said = json!({ "verdict": "up", "reason": "Short." });
    assert_eq!(ada.expect("PUT", &format!("{answer}/feedback"), Some(&said), 200), said);
    assert_eq!(ada.get(&answer)["feedback"], said);
    let question = format!("{}/feedback", one("user_message"));
    assert_eq!(ada.expect("PUT", &question, Some(&said), 409)["code"], "no_answer");
    ada.expect("PUT", &format!("{answer}/feedback"), Some(&json!({ "verdict": "sideways" })), 422);
    ada.expect("DELETE", &format!("{answer}/feedback"), None, 204);
    assert_eq!(ada.get(&answer)["feedback"], json!(null));
}
