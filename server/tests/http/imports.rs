//! Conversations of other systems: over REST, on the page, and from the command line.

use crate::api::Program;
use crate::server::{House, Server};
use serde_json::{Value, json};

fn chats() -> Value {
    let turn = |id: &str, parent: Value, role: &str, text: &str| json!({ "id": id, "parentId": parent, "role": role, "content": text, "timestamp": 1_700_000_000 });
    json!([{
        "id": "w1", "title": "Tides <b>", "created_at": 1_700_000_000,
        "chat": { "history": { "currentId": "2", "messages": {
            "1": turn("1", Value::Null, "user", "How high?"), "2": turn("2", json!("1"), "assistant", "Seven metres."), "3": turn("3", json!("2"), "system", "x")
        } } }
    }, { "chat": {} }])
}

#[test]
fn programs_bring_conversations() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let path = "/api/v1/imports/conversations";
    let file = chats().to_string();
    let reply = ada.send_form(path, &[], &[("chats.json", file.as_bytes())]);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let told = reply.json();
    assert_eq!((&told["taken"], &told["left_out"], &told["messages"]), (&json!(1), &json!(1), &json!(2)));
    assert_eq!(told["conversations"][0]["messages_left_out"], json!({ "of the system": 1 }));
    assert_eq!(
        (&told["conversations"][1]["outcome"], &told["conversations"][1]["source"]),
        (&json!("left_out"), &json!("open-webui"))
    );
    let id = told["conversations"][0]["conversation_id"].as_str().unwrap();
    let messages = ada.get(&format!("/api/v1/conversations/{id}/messages"));
    assert_eq!(messages["results"][1]["content"], "Seven metres.");
    assert_eq!(ada.get("/api/v1/search?q=metres")["count"], 1);
    let again = ada.send_form(path, &[], &[("chats.json", file.as_bytes())]).json();
    assert_eq!((&again["taken"], &again["known"]), (&json!(0), &json!(1)));
    for (files, status) in [
        (&[("x.json", &b"nonsense"[..])][..], 422),
        (&[("x.json", &b""[..])], 422),
        (&[("x.json", &b"[]"[..]), ("y.json", &b"[]"[..])], 422),
        (&[], 422),
    ] {
        let reply = ada.send_form(path, &[], files);
        assert_eq!(reply.status, status, "{}", reply.text());
        assert_eq!(reply.json()["fields"][0]["field"], "file");
    }
    assert_eq!(ada.send("POST", path, Some(&json!([])), &[]).status, 415);
}

#[test]
fn the_page_says_what_became_of_each() {
    let server = Server::start();
    let mut ada = server.administrator();
    assert!(ada.get("/account").text().contains("href=\"/account/import\""));
    assert!(ada.get("/account/import").text().contains("multipart/form-data"));
    let mut send = |content: &str| ada.submit_files("/account/import", &[], &[("chats.json", content.as_bytes())]);
    let reply = send(&chats().to_string());
    let page = reply.text();
    assert_eq!(reply.status, 200, "{page}");
    assert!(
        page.contains(
            "2 conversations: 1 taken, 1 left out. 2 messages came along. Left out of them: 1 of the system."
        ),
        "{page}"
    );
    assert!(page.contains("Tides &lt;b&gt;") && page.contains("Nothing was said in it."), "{page}");
    assert!(send(&chats().to_string()).text().contains("1 here already"));
    let refused = send("nonsense");
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("not well-formed JSON"), "{}", refused.text());
    let reply = server.browser().submit_files("/account/import", &[], &[("chats.json", b"[]")]);
    assert_eq!(reply.status, 303);
}

#[test]
fn the_command_line_brings_them_for_somebody() {
    let house = House::new();
    let made = house.run(
        &["createsuperuser", "--data", "data", "--email", "root@example.org", "--name", "Root", "--password-stdin"],
        "correct horse battery\n",
    );
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::write(house.path().join("chats.json"), chats().to_string()).unwrap();
    let run = |user: &[&str]| {
        let mut args = vec!["import", "--data", "data", "chats", "chats.json"];
        args.extend(user);
        let output = house.run(&args, "");
        let told = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&told).into_owned())
    };
    let (is_done, told) = run(&["--user", "Root@Example.org"]);
    assert!(
        is_done && told.contains("1 conversations taken with 2 messages") && told.contains("1 of the system"),
        "{told}"
    );
    assert!(run(&["--user", "root@example.org"]).1.contains("1 here already"));
    let (is_done, told) = run(&["--user", "nobody@example.org"]);
    assert!(!is_done && told.contains("nobody here has the address"), "{told}");
    let (is_done, told) = run(&[]);
    assert!(!is_done && told.contains("--user"), "{told}");
}
