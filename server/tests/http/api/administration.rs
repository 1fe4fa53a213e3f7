//! What administrators do over the API of what is other people's.

use super::Program;
use crate::provider::Provider;
use crate::server::{House, PASSWORD, Server};
use serde_json::{Value, json};
use std::time::Duration;

fn serve() -> (Server, Provider, Program) {
    let provider = Provider::start(|_| (vec!["By the Moon's *pull*.".to_owned()], Duration::from_millis(1)));
    let server = House::new().with(&provider).serve();
    let made = server.house().run(
        &["createsuperuser", "--data", "data", "--email", "root@example.org", "--name", "Root", "--password-stdin"],
        &format!("{PASSWORD}\n"),
    );
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut nobody = Program::nobody(&server);
    let tokens = nobody.post("/api/v1/auth/login", &json!({ "email": "root@example.org", "password": PASSWORD }), 200);
    let root = nobody.with(&tokens["access"]);
    (server, provider, root)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

#[test]
fn what_was_said_is_read_for_a_reason_alone() {
    let (server, _provider, mut root) = serve();
    let mut ada = Program::register(&server, "ada");
    let conversation = ada.post("/api/v1/conversations", &json!({}), 201);
    let id = text(&conversation, "id");
    let messages = format!("/api/v1/conversations/{id}/messages?wait=true");
    ada.post(&messages, &json!({ "content": "Why are there tides?" }), 200);

    let listed = root.get("/api/v1/admin/conversations?search=ada");
    assert_eq!((&listed["count"], &listed["results"][0]["message_count"]), (&json!(1), &json!(2)));
    assert!(!listed.to_string().contains("tides"), "titles are content: {listed}");
    assert_eq!(root.get("/api/v1/admin/conversations?search=tides")["count"], 0, "and are not searched");
    assert_eq!(&root.get(&format!("/api/v1/admin/conversations/{id}")), &listed["results"][0]);

    let looks = format!("/api/v1/admin/conversations/{id}/looks");
    let refused = root.post(&looks, &json!({ "reason": "because" }), 422);
    assert_eq!(refused["fields"][0]["field"], "reason");
    let read = |look: &str| format!("/api/v1/admin/conversations/{id}/messages?look_id={look}");
    root.expect("GET", &read("00000000-0000-0000-0000-000000000000"), None, 404);
    let look = root.post(&looks, &json!({ "reason": "Ada asked for help with it" }), 201);
    let said = root.get(&read(text(&look, "look_id")));
    assert_eq!((&said["title"], &said["has_older"]), (&json!("Why are there tides?"), &json!(false)));
    assert_eq!(said["messages"][1]["content"], "By the Moon's *pull*.", "as it was written");
    let log = root.get("/api/v1/audit-log?subject_kind=conversation");
    assert_eq!(
        (&log["results"][0]["action"], &log["results"][0]["after"]["reason"]),
        (&json!("conversation.read"), &json!("Ada asked for help with it"))
    );
    ada.expect("GET", &read(text(&look, "look_id")), None, 403);
}

#[test]
fn an_agent_that_is_switched_off_takes_no_messages() {
    let (server, _provider, mut root) = serve();
    let mut ada = Program::register(&server, "ada");
    let agent = ada.get("/api/v1/agents/default");
    let listed = root.get("/api/v1/admin/agents?search=ada&is_active=true&sort=-name");
    assert_eq!(
        (&listed["results"][0]["id"], &listed["results"][0]["owner_email"]),
        (&agent["id"], &json!("ada@example.org"))
    );
    assert!(listed["results"][0].get("system_prompt").is_none(), "what it is told is its owner's");
    let switch = format!("/api/v1/admin/agents/{}/switch", text(&agent, "id"));
    root.post(&switch, &json!({ "is_active": false }), 204);
    assert_eq!(ada.get(&format!("/api/v1/agents/{}", text(&agent, "id")))["is_active"], false);
    assert_eq!(root.get("/api/v1/admin/agents?is_active=false")["count"], 1);
    root.post(&switch, &json!({}), 422);
}

#[test]
fn mail_that_waits_is_read_and_deleted() {
    let (_server, _provider, mut root) = serve();
    root.post("/api/v1/invitations", &json!({ "email": "grace@example.org", "role": "user" }), 201);
    let mail = root.get("/api/v1/admin/outbox?search=grace")["results"][0].clone();
    assert_eq!((&mail["kind"], &mail["state"], &mail["sent_at"]), (&json!("invitation"), &json!("kept"), &Value::Null));
    let path = format!("/api/v1/admin/outbox/{}", text(&mail, "id"));
    let letter = root.get(&path);
    assert!(text(&letter, "text").contains("/invitation?token="), "{letter}");
    assert_eq!((&letter["is_withheld"], &letter["subject"]), (&json!(false), &mail["subject"]));
    assert_eq!(root.post(&format!("{path}/send"), &json!({}), 409)["code"], "no_mail_server");
    root.delete(&path);
    root.expect("GET", &path, None, 404);
    assert_eq!(root.get("/api/v1/audit-log?subject_kind=mail")["results"][0]["action"], "mail.delete");
}

#[test]
fn prices_are_set_and_forgotten() {
    let (_server, _provider, mut root) = serve();
    let prices = "/api/v1/admin/prices";
    assert_eq!(root.get(prices), json!([]));
    let price =
        json!({ "provider": "openai", "model": "house-model", "prompt_price": "1.25", "completion_price": "10" });
    let set = root.expect("PUT", prices, Some(&price), 200);
    assert_eq!((&set["prompt_price"], &set["completion_price"]), (&json!("1.25"), &json!("10.00")));
    assert_eq!(root.get(prices), json!([set]));
    let wrong = json!({ "provider": "openai", "model": "m", "prompt_price": "1,25", "completion_price": "-1" });
    let refused = root.expect("PUT", prices, Some(&wrong), 422);
    let fields: Vec<_> = refused["fields"].as_array().unwrap().iter().map(|it| it["field"].clone()).collect();
    assert_eq!(fields, ["prompt_price", "completion_price"]);
    let which = format!("{prices}?provider=openai&model=house-model");
    assert_eq!(root.expect("DELETE", &which, None, 200), set);
    root.expect("DELETE", &which, None, 404);
}
