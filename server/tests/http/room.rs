//! The settings of a conversation, as a form without JavaScript; what the palette offers, and the page of shortcuts.

use crate::chat::{answer, begin, thread};
use crate::client::{Browser, Reply};
use crate::provider::Provider;
use crate::server::{House, Server};
use serde_json::{Value, json};
use std::time::Duration;

fn with_provider() -> (Server, Provider) {
    let provider = Provider::start(|_| (vec!["By the pull of the Moon.".to_owned()], Duration::from_millis(1)));
    (House::new().with(&provider).serve(), provider)
}

/// The form in the conversation's head.
fn settle(browser: &mut Browser, path: &str, model: &str, temperature: &str) -> Reply {
    let typed = [("model", model), ("temperature", temperature), ("text", "half a <thought>"), ("action", "settle")];
    browser.submit(path, &typed)
}

#[test]
fn settings_are_a_form_that_keeps_what_was_typed() {
    let (server, _provider) = with_provider();
    let mut ada = server.administrator();
    let id = begin(&mut ada, "Tides?");
    assert_eq!(answer(&mut ada, &id)["model"], "fake-1");
    let path = format!("/chat/{id}");
    let taken = settle(&mut ada, &path, "fake-2", "0,5");
    assert_eq!((taken.status, taken.location()), (303, path.as_str()));
    let page = ada.get(&path).text();
    assert!(page.contains("fake-2 · 0.5") && page.contains("Saved for this conversation"), "it is shown");
    assert!(page.contains("half a &lt;thought&gt;"), "what was typed is in the composer again");
    assert_eq!(thread(&mut ada, &id)["settings"], json!({ "model": ["openai", "fake-2"], "temperature": 0.5 }));
    ada.submit(&path, &[("text", "And why?"), ("model", "ignored until it is saved")]);
    assert_eq!(answer(&mut ada, &id)["model"], "fake-2");

    for (model, temperature, told) in [
        ("fake-9", "1", "does not offer “fake-9”. It offers fake-1, fake-2, fake-3."),
        ("", "3", "Enter a number from 0 to 2."),
    ] {
        let refused = settle(&mut ada, &path, model, temperature);
        let page = refused.text();
        assert!(refused.status == 422 && page.contains(told), "{page}");
        assert!(page.contains("half a &lt;thought&gt;") && page.contains("<details open class=\"menu\""), "{page}");
    }
    let reset = ada.submit(&path, &[("model", "fake-3"), ("temperature", "1"), ("action", "unsettle")]);
    assert_eq!(reset.status, 303);
    assert_eq!(thread(&mut ada, &id)["settings"], json!({ "model": null, "temperature": null }));

    let begun = settle(&mut ada, "/", "fake-3", "");
    let room = begun.location().strip_prefix("/chat/").unwrap().to_owned();
    ada.submit(&format!("/chat/{room}"), &[("text", "Who answers?")]);
    assert_eq!(answer(&mut ada, &room)["model"], "fake-3");

    let mut bob = server.person("bob");
    assert_eq!(settle(&mut bob, &path, "fake-2", "").status, 404, "it is not Bob's");
    assert_eq!(thread(&mut ada, &id)["settings"]["model"], Value::Null);
}

/// The labels of what the palette offers, with what each is.
fn offered(browser: &mut Browser, typed: &str) -> Vec<(String, String)> {
    let reply = browser.call("find", &json!({ "search": typed }));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let word = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
    reply.json().as_array().unwrap().iter().map(|it| (word(it, "label"), word(it, "kind"))).collect()
}

#[test]
fn the_palette_offers_what_this_person_may_see() {
    let (server, _provider) = with_provider();
    let mut ada = server.administrator();
    let mut bob = server.person("bob");
    let id = begin(&mut ada, "Why do ptarmigans turn white?");
    answer(&mut ada, &id);
    let has = |all: &[(String, String)], label: &str, kind: &str| all.iter().any(|it| it.0 == label && it.1 == kind);

    let all = offered(&mut ada, "");
    assert_eq!(all[0], ("Why do ptarmigans turn white?".to_owned(), "Conversation".to_owned()), "where one was lately");
    for page in ["Agents", "Analytics: Models", "Account: API tokens", "Administration: Audit log", "New agent"] {
        assert!(has(&all, page, "Page"), "{page} is missing: {all:?}");
    }
    assert!(has(&all, "Sign out", "Action"));
    assert!(!offered(&mut bob, "").iter().any(|it| it.0.starts_with("Administration") || it.1 == "Conversation"));

    let found = offered(&mut ada, "ptarmi WHITE");
    assert!(found.iter().all(|it| it.1 == "Conversation" || it.1 == "Message") && found.len() == 2, "{found:?}");
    assert_eq!(offered(&mut bob, "ptarmigans"), [], "it is not Bob's");
    assert_eq!(offered(&mut ada, "AUDIT adm")[0].0, "Administration: Audit log");
    assert_eq!(offered(&mut ada, "…"), []);
    let reply = server.browser().call("find", &json!({ "search": "a" }));
    assert_eq!(reply.status, 401);

    // Every page that is offered is one.
    let entries = ada.call("find", &json!({ "search": "" })).json();
    for path in entries.as_array().unwrap().iter().filter_map(|it| it["to"]["Page"].as_str()) {
        let status = ada.get(path).status;
        assert_eq!(status, 200, "{path}");
    }
    let page = ada.get("/shortcuts").text();
    assert!(page.contains("<kbd>Esc<") && page.contains("Copy the last answer"));
}
