//! What the kinds of the agent platform's sessions answer from.

use super::super::{Client, text};
use super::documents::send;
use crate::provider::{Provider, last_words};
use crate::server::House;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const RULES: &str = "The cats of this house sleep indoors during the whole night.";
const SALES: &str = "Month,Region,Revenue\n2026-01,North,100\n2026-02,North,150\n2026-02,South,50\n";
const QUESTION: &str = "Where do the cats of this house sleep?";

fn answer(client: &mut Client, kind: &str, question: &str) -> (String, Value) {
    let session = client.post("/api/chat/sessions/", &json!({ "agent_type": kind }), 201);
    let messages = format!("/api/chat/sessions/{}/messages/", text(&session["id"]));
    let answer = client.post(&messages, &json!({ "content": question }), 201);
    (text(&answer["content"]).to_owned(), session["id"].clone())
}

#[test]
fn sessions_answer_from_what_they_are_for() {
    let provider = Provider::start(|asked| {
        let said = if last_words(asked).contains("sleep indoors") { "From a source." } else { "By itself." };
        (vec![said.to_owned()], Duration::ZERO)
    });
    let server = House::new().with(&provider).serve();
    let mut ada = Client::register(&server, "ada");
    assert_eq!(answer(&mut ada, "rag", QUESTION).0, "By itself.", "there is nothing to look through");
    assert_eq!(answer(&mut ada, "auto", QUESTION).0, "By itself.");

    assert_eq!(send(&mut ada, &[("doc_type", "policy")], Some(("rules.txt", RULES))).status, 201);
    assert_eq!(send(&mut ada, &[("doc_type", "product")], Some(("sales.csv", SALES))).status, 201);
    let deadline = Instant::now() + Duration::from_secs(60);
    while ada.get("/api/v1/knowledge/search?q=cats", 200)["passages"].as_array().unwrap().is_empty() {
        assert!(Instant::now() < deadline, "it is never read");
        std::thread::sleep(Duration::from_millis(50));
    }

    assert_eq!(answer(&mut ada, "rag", QUESTION).0, "From a source.");
    assert_eq!(answer(&mut ada, "code", QUESTION).0, "By itself.", "documents are no repositories");
    let (picked, session) = answer(&mut ada, "auto", QUESTION);
    assert_eq!(picked, "*Answered by the rag agent, from documents.*\n\nFrom a source.");
    assert_eq!(answer(&mut ada, "auto", "Good morning!").0, "By itself.", "nothing fits");
    let (drawn, _) = answer(&mut ada, "auto", "Chart the revenue by region");
    assert!(drawn.starts_with("*Answered by the analytics agent, from stored data.*\n\n"), "{drawn}");
    assert!(drawn.contains("| North | 250 |"), "{drawn}");

    // It is the same world: what was picked is a source of the answer there, and the line that says so no claim.
    let told = ada.get(&format!("/api/v1/conversations/{}/messages", text(&session)), 200);
    let id = told["results"].as_array().unwrap().iter().find(|it| it["role"] == "assistant").unwrap()["id"].clone();
    let sources = ada.get(&format!("/api/v1/messages/{}/sources", text(&id)), 200);
    assert!(sources.to_string().contains("rules.txt"), "{sources}");
    assert!(!sources.to_string().contains("rag agent"), "{sources}");

    // Nobody else's.
    assert_eq!(answer(&mut Client::register(&server, "eve"), "rag", QUESTION).0, "By itself.");
}

#[test]
fn another_title_is_another_document() {
    let server = House::new().serve();
    let mut ada = Client::register(&server, "ada");
    let mut bring = |title: &str, kind: &str, words: &str| {
        let reply = send(&mut ada, &[("doc_type", kind), ("title", title)], Some(("report.txt", words)));
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json()
    };
    let budget = bring("Budget", "policy", "Money for the year.");
    let rules = bring("Harbour rules", "product", "No swimming.");
    assert_ne!(budget["id"], rules["id"]);
    assert_eq!((&rules["title"], &rules["version"]), (&json!("Harbour rules"), &json!(1)));
    let again = bring("Harbour rules", "product", "No swimming, and no fishing.");
    assert_eq!((&again["id"], &again["version"]), (&rules["id"], &json!(2)), "the same title is a new version");
    let same = bring("Budget", "product", "Money for the year.");
    assert_eq!(
        (&same["id"], &same["doc_type"]),
        (&budget["id"], &json!("policy")),
        "the very same file changes nothing"
    );
    assert_eq!(ada.get("/api/knowledge/documents/", 200).as_array().unwrap().len(), 2);
}
