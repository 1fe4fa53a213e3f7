//! Prompts: over REST with versions, and on pages without JavaScript up to the message that is sent.

use crate::api::Program;
use crate::provider::Provider;
use crate::server::{House, Server};
use serde_json::json;
use std::time::Duration;

#[test]
fn programs_keep_and_fill_in_prompts() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let new = json!({ "name": "Letter", "shortcut": "/Letter", "text": "On {{topic}}, {{tone|friendly|formal}}." });
    let made = ada.post("/api/v1/prompts", &new, 201);
    let path = format!("/api/v1/prompts/{}", made["id"].as_str().unwrap());
    assert_eq!((&made["shortcut"], &made["shared_with"]), (&json!("letter"), &json!("nobody")));
    assert_eq!(
        made["variables"][1],
        json!({ "name": "tone", "default": "friendly", "choices": ["friendly", "formal"] })
    );
    let same = json!({ "name": "LETTER", "text": "x" });
    assert_eq!(ada.post("/api/v1/prompts", &same, 422)["fields"][0]["field"], "name");
    assert_eq!(ada.get("/api/v1/prompts?search=LETT")["count"], 1);

    let reply = ada.send("GET", &path, None, &[]);
    let tag = reply.header("etag").unwrap().to_owned();
    let change = json!({ "text": "On {{topic}}." });
    let changed = ada.send("PATCH", &path, Some(&change), &[("if-match", &tag)]);
    assert_eq!(
        (changed.status, &changed.json()["variables"]),
        (200, &json!([{ "name": "topic", "default": null, "choices": [] }]))
    );
    let again = ada.send("PATCH", &path, Some(&change), &[("if-match", &tag)]);
    assert_eq!(again.status, 412, "{}", again.text());

    let render = format!("{path}/render");
    assert_eq!(ada.post(&render, &json!({ "values": { "topic": "{{tides}}" } }), 200)["text"], "On {{tides}}.");
    assert_eq!(ada.post(&render, &json!({}), 422)["fields"][0]["field"], "values.topic");
    assert_eq!(
        ada.post(&render, &json!({ "values": { "topic": "x", "more": "y" } }), 422)["fields"][0]["field"],
        "values.more"
    );
    assert_eq!(ada.send("POST", &render, Some(&json!({ "values": { "topic": 7 } })), &[]).status, 422);

    let all = json!({ "shared_with": "organisation" });
    assert_eq!(ada.send("PATCH", &path, Some(&all), &[]).status, 403);
    assert_eq!(ada.send("PATCH", &path, Some(&json!({ "shared_with": "project" })), &[]).status, 422);
    assert_eq!(ada.send("DELETE", &path, None, &[]).status, 204);
    assert_eq!(ada.send("GET", &path, None, &[]).status, 404);
    ada.post(&format!("{path}/restore"), &json!({}), 200);
    assert_eq!(ada.send("GET", &path, None, &[]).status, 200);
}

#[test]
fn a_prompt_is_filled_in_and_sent_without_javascript() {
    let provider = Provider::start(|_| (vec!["Twice a day.".to_owned()], Duration::from_millis(1)));
    let server = House::new().with(&provider).serve();
    let mut ada = server.administrator();
    assert!(ada.get("/prompts").text().contains("What you ask again and again"));
    let refused = ada.submit("/prompts/new", &[("name", ""), ("text", "Kept <b>"), ("shared_with", "nobody")]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("Give the prompt a name.") && refused.text().contains("Kept &lt;b&gt;"));
    let text = "\nExplain {{topic}} {{length|briefly|at length}}.";
    let made = ada
        .submit("/prompts/new", &[("name", "Explain"), ("text", text), ("shared_with", "nobody"), ("shortcut", "ex")]);
    assert_eq!(made.status, 303, "{}", made.text());
    let list = ada.get("/prompts?search=ex").text();
    assert!(list.contains("Explain") && list.contains("/ex"), "{list}");
    let at = list.find("/use\"").unwrap();
    let using = list[..at].rsplit('"').next().unwrap().to_owned() + "/use";
    let form = ada.get(&using).text();
    assert!(form.contains("name=\"values.topic\"") && form.contains("<select") && form.contains("at length"), "{form}");
    let refused = ada.submit(&using, &[("values.topic", " "), ("values.length", "at length")]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("Topic: fill this in."), "{}", refused.text());
    // As long as a message may be, and as it was typed.
    let topic = format!("tides & </textarea>\n{}", "x".repeat(200_000));
    let started = ada.submit(&using, &[("values.topic", &topic), ("values.length", "at length")]);
    assert_eq!((started.status, started.location()), (303, "/"), "{}", started.text());
    let composer = ada.get("/").text();
    assert!(composer.contains("Explain tides &amp; &lt;/textarea&gt;\nxxx") && composer.contains("xxx at length."));
    assert!(!ada.get("/").text().contains("Explain tides"), "once");
    let path = using.trim_end_matches("/use").to_owned();
    let id = path.rsplit('/').next().unwrap().to_owned();
    assert_eq!(ada.submit("/prompts", &[("action", "delete"), ("id", &id)]).status, 303);
    assert_eq!(ada.get(&path).status, 404);
    assert_eq!(ada.submit("/prompts", &[("action", "restore"), ("id", &id)]).status, 303);
    assert_eq!(ada.get(&path).status, 200);
}
