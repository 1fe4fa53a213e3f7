//! Files that come with messages, over the wire: by form without JavaScript, and by REST.

use crate::account::picture;
use crate::api::Program;
use crate::chat::{answer, thread};
use crate::provider::{Provider, last_words};
use crate::server::{House, Server};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A server whose agents say how long the question was, and the questions as the provider got them.
fn attentive(model: &str) -> (Server, Provider, Arc<Mutex<Vec<Value>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    let provider = Provider::start(move |question| {
        log.lock().unwrap().push(question.clone());
        (vec![format!("{} bytes.", last_words(question).len())], Duration::from_millis(1))
    });
    let server = House::new().with(&provider).env("DEFAULT_MODEL", model).serve();
    (server, provider, asked)
}

#[test]
fn without_javascript_files_come_with_the_form() {
    let (server, _provider, asked) = attentive("fake-1");
    let (mut root, mut ada) = (server.administrator(), server.person("eve"));
    let page = ada.get("/").text();
    assert!(page.contains("enctype=\"multipart/form-data\"") && page.contains("type=\"file\""), "{page}");
    let files: [(&str, &[u8]); 2] = [("tides.md", b"# Tides\n\nHigh water at nine."), ("", b"")];
    let sent = ada.submit_files("/", &[("text", "When is high water?")], &files);
    assert_eq!(sent.status, 303, "{}", sent.text());
    let id = sent.location().strip_prefix("/chat/").unwrap().to_owned();
    answer(&mut ada, &id);
    let said = asked.lock().unwrap()[0]["messages"].as_array().unwrap().last().unwrap()["content"].to_string();
    assert!(said.contains("High water at nine.") && said.contains("tides.md"), "{said}");
    let attached = &thread(&mut ada, &id)["messages"][0]["attachments"][0];
    assert_eq!((&attached["name"], &attached["kind"]), (&json!("tides.md"), &json!("markdown")));
    let path = format!("/attachments/{}", attached["id"].as_str().unwrap());
    assert!(ada.get(&format!("/chat/{id}")).text().contains(&path));
    let file = ada.get(&path);
    assert_eq!((file.status, &file.body[..]), (200, files[0].1));
    assert_eq!(file.header("content-type"), Some("application/octet-stream"));
    assert!(file.header("content-disposition").unwrap().starts_with("attachment; filename=\"tides.md\""));
    assert_eq!(server.person("mallory").get(&path).status, 404, "for nobody else");
    assert_eq!(server.browser().get(&path).status, 303, "nor for whoever is not signed in");
    // Whoever reads with a reason reads this as well.
    let reason = root.submit(&format!("/admin/conversations/{id}"), &[("reason", "to find the invoice")]);
    let opened = root.get(reason.location()).text();
    let look = reason.location().split_once("look=").unwrap().1.to_owned();
    assert!(opened.contains("tides.md"), "{opened}");
    assert_eq!(root.get(&path).status, 404);
    assert_eq!(root.get(&format!("{path}?conversation={id}&look={look}")).body, files[0].1);
}

#[test]
fn a_file_that_cannot_be_read_brings_the_form_back() {
    let (server, _provider, asked) = attentive("fake-1");
    let mut ada = server.person("ada");
    let refused = ada.submit_files("/", &[("text", "What is in it?")], &[("a.docx", b"PK\x03\x04 nonsense")]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("a.docx cannot be read") && refused.text().contains("What is in it?"));
    assert_eq!(asked.lock().unwrap().len(), 0);
}

#[test]
fn files_of_a_form_that_comes_back_are_not_lost() {
    let (server, _provider, asked) = attentive("fake-1");
    let mut ada = server.person("ada");
    let files: [(&str, &[u8]); 2] =
        [("tides.md", b"# Tides\n\nHigh water at nine."), ("a.docx", b"PK\x03\x04 nonsense")];
    let refused = ada.submit_files("/", &[("text", "When?")], &files);
    assert_eq!(refused.status, 422);
    let page = refused.text();
    assert!(page.contains("a.docx cannot be read") && page.contains("tides.md"), "{page}");
    let kept = |page: &str| -> Vec<String> {
        let boxes = page.split("<input").skip(1).filter(|it| it.contains("name=\"attachment\""));
        boxes.map(|it| it.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()).collect()
    };
    let ids = kept(&page);
    assert_eq!(ids.len(), 1, "the one that could be read: {page}");
    assert!(page.contains("form=\"composer-form\""));
    // Nobody else's.
    let mut eve = server.person("eve");
    let others = eve.submit_files("/", &[("attachment", &ids[0]), ("text", "")], &[]);
    assert_eq!((others.status, kept(&others.text()).len()), (422, 0), "{}", others.text());
    let sent = ada.submit_files("/", &[("attachment", &ids[0]), ("text", "When?")], &[]);
    assert_eq!(sent.status, 303, "{}", sent.text());
    let id = sent.location().strip_prefix("/chat/").unwrap().to_owned();
    answer(&mut ada, &id);
    assert!(asked.lock().unwrap()[0].to_string().contains("High water at nine."));
}

#[test]
fn by_rest_a_file_is_brought_and_sent() {
    let (server, _provider, asked) = attentive("gpt-4o");
    let mut ada = Program::register(&server, "ada");
    let file = picture(8, 8);
    let held = ada.attach("boat.jpg", &file, 201);
    assert_eq!(
        (&held["kind"], &held["media_type"], &held["size"]),
        (&json!("picture"), &json!("image/jpeg"), &json!(file.len()))
    );
    let conversation = ada.post("/api/v1/conversations", &json!({}), 201);
    let path = format!("/api/v1/conversations/{}/messages?wait=true", conversation["id"].as_str().unwrap());
    let told = ada.post(&path, &json!({ "content": "", "attachments": [held["id"]] }), 200);
    assert_eq!(told["user_message"]["attachments"], json!([held]));
    let turn = asked.lock().unwrap()[0]["messages"].as_array().unwrap().last().unwrap()["content"].clone();
    assert!(turn[0]["image_url"]["url"].as_str().unwrap().starts_with("data:image/jpeg;base64,"), "{turn}");
    let one = format!("/api/v1/attachments/{}", held["id"].as_str().unwrap());
    assert_eq!(ada.get(&one), held);
    let sent = ada.expect("DELETE", &one, None, 409);
    assert_eq!(sent["code"], "attachment_sent");
    let got = ada.send("GET", &format!("{one}/file"), None, &[]);
    assert_eq!((got.header("content-type"), got.body == file), (Some("image/jpeg"), true));
    let refused = ada.attach("nothing.txt", b" ", 422);
    assert_eq!(refused["fields"][0]["field"], "file");
    let large = ada.attach("large.txt", &vec![b'x'; 11 << 20], 422);
    assert!(large["message"].as_str().unwrap().contains("more than 10 MB"), "{large}");
    let huge = ada.send_form("/api/v1/attachments", &[], &[("huge.txt", &vec![b'x'; 16 << 20])]);
    assert_eq!(huge.status, 413);
    let none =
        ada.post(&path, &json!({ "content": "Hi", "attachments": ["0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f"] }), 422);
    assert_eq!(none["fields"][0]["field"], "attachments");
}

#[test]
fn a_model_that_cannot_see_says_so() {
    let (server, _provider, asked) = attentive("gpt-3.5-turbo");
    let mut ada = server.person("ada");
    let refused = ada.submit_files("/", &[("text", "What is it?")], &[("boat.jpg", &picture(8, 8))]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("cannot see pictures"), "{}", refused.text());
    assert_eq!(asked.lock().unwrap().len(), 0);
}
