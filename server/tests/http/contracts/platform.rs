//! The agent platform, but for its repositories.

mod analytics;
mod documents;
mod kinds;

use super::{Client, WORDS, has_keys, is_time, is_uuid, text, with_provider};
use crate::server::{PASSWORD, Server};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const USER: [&str; 9] = ["id", "email", "name", "org", "role", "created_at", "last_login", "is_active", "is_staff"];
const SESSION: [&str; 7] = ["id", "user", "agent_type", "started_at", "ended_at", "title", "messages"];
const MESSAGE: [&str; 5] = ["id", "session", "role", "content", "created_at"];

#[test]
fn signing_in() {
    let server = Server::start();
    server.administrator();
    let mut nobody = Client::nobody(&server);
    let login = json!({ "email": "ada@example.org", "password": PASSWORD });
    let told = nobody.post("/api/auth/login/", &login, 200);
    assert_eq!(told["token"], told["access"]);
    for (scheme, name) in [("Bearer", "access"), ("Token", "token")] {
        let mut ada = nobody.with(scheme, text(&told[name]));
        let me = ada.get("/api/auth/me/", 200);
        has_keys(&me, &USER);
        has_keys(&me["org"], &["id", "name"]);
        assert!(is_uuid(&me["id"]) && is_time(&me["created_at"]) && is_time(&me["last_login"]));
        assert_eq!((&me["role"], &me["is_staff"], &me["is_active"]), (&json!("admin"), &json!(true), &json!(true)));
        for (key, value) in me.as_object().unwrap() {
            assert_eq!(&told["user"][key], value, "{key}");
        }
    }
    let told = nobody.post("/api/auth/login/", &json!({ "email": "ada@example.org" }), 400);
    assert_eq!(told["detail"], "Email and password are required");
    // Nobody becomes somebody by signing in.
    for _ in 0..2 {
        let stranger = json!({ "email": "stranger@example.org", "password": PASSWORD });
        let told = nobody.post("/api/auth/login/", &stranger, 401);
        assert_eq!(told["detail"], "Invalid credentials. Please check your email and password.");
    }
    has_keys(&nobody.get("/api/auth/me/", 401), &["detail"]);
}

#[test]
fn a_token_is_renewed_and_ended() {
    let server = Server::start();
    let mut ada = Client::register(&server, "ada");
    let mut nobody = Client::nobody(&server);
    let pair = nobody.post("/api/auth/login/", &json!({ "email": "ada@example.org", "password": PASSWORD }), 200);
    let refresh = json!({ "refresh": pair["refresh"] });
    let told = nobody.post("/api/auth/token/refresh/", &refresh, 200);
    has_keys(&told, &["access", "refresh"]);
    nobody.with("Token", text(&told["access"])).get("/api/auth/me/", 200);
    let told = nobody.post("/api/auth/token/refresh/", &json!({ "refresh": "rubbish" }), 401);
    has_keys(&told, &["detail", "code"]);
    assert_eq!(told["code"], "token_not_valid");
    assert_eq!(
        nobody.post("/api/auth/token/refresh/", &json!({}), 400),
        json!({ "refresh": ["This field is required."] })
    );
    assert_eq!(ada.expect("POST", "/api/auth/logout/", None, 200)["detail"], "Successfully logged out.");
    ada.get("/api/auth/me/", 401);
    assert_eq!(
        nobody.with("Bearer", text(&pair["access"])).get("/api/auth/me/", 200)["name"],
        "ada",
        "another sign-in"
    );
}

#[test]
fn nobody_raises_themselves() {
    let server = Server::start();
    let mut ada = Client::register(&server, "ada");
    let change = json!({ "name": "Ada King", "role": "admin", "is_staff": true, "org": { "id": 1 } });
    let changed = ada.patch("/api/auth/profile/", &change, 200);
    assert_eq!((&changed["name"], &changed["role"]), (&json!("Ada King"), &json!("analyst")));
    let me = ada.get("/api/auth/me/", 200);
    assert_eq!((&me["role"], &me["is_staff"]), (&json!("analyst"), &json!(false)));
    assert_eq!(ada.patch("/api/auth/profile/", &json!({ "name": "" }), 400)["name"], json!(["Enter your name."]));
}

#[test]
fn roles_are_said_in_this_surfaces_words() {
    let server = Server::start();
    let mut admin = server.administrator();
    let mut bob = Client::register(&server, "bob");
    let id = text(&bob.get("/api/auth/me/", 200)["id"]).to_owned();
    for (ours, theirs) in [
        ("manager", "engineer"),
        ("engineer", "engineer"),
        ("analyst", "analyst"),
        ("user", "analyst"),
        ("guest", "guest"),
        ("admin", "admin"),
    ] {
        let body = json!({ "role": ours }).to_string();
        let path = format!("/api/v1/users/{id}");
        let reply = admin.request("PATCH", &path, &[("content-type", "application/json")], body.as_bytes());
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(bob.get("/api/auth/me/", 200)["role"], theirs, "{ours}");
    }
}

#[test]
fn sessions_are_begun_greeted_and_ended() {
    let (server, _provider) = with_provider();
    let mut ada = Client::register(&server, "ada");
    let me = ada.get("/api/auth/me/", 200);
    for kind in ["code", "rag", "analytics", "auto"] {
        let made = ada.post("/api/chat/sessions/", &json!({ "agent_type": kind, "title": kind }), 201);
        has_keys(&made, &SESSION);
        assert_eq!((&made["agent_type"], &made["title"], &made["user"]), (&json!(kind), &json!(kind), &me["id"]));
        assert!(is_uuid(&made["id"]) && is_time(&made["started_at"]) && made["ended_at"].is_null());
        let greeting = &made["messages"][0];
        has_keys(greeting, &MESSAGE);
        assert_eq!((&greeting["role"], &greeting["session"]), (&json!("system"), &made["id"]));
        assert_eq!(
            text(&greeting["content"]),
            format!("Welcome to your new {kind} session. How can I help you today?")
        );
        let path = format!("/api/chat/sessions/{}/", text(&made["id"]));
        assert_eq!(ada.get(&path, 200), made);
        assert_eq!(ada.get(&format!("{path}messages/"), 200), made["messages"]);
    }
    assert_eq!(ada.post("/api/chat/sessions/", &json!({}), 400), json!({ "agent_type": ["This field is required."] }));
    has_keys(&ada.post("/api/chat/sessions/", &json!({ "agent_type": "skynet" }), 400), &["agent_type"]);
    let long = json!({ "agent_type": "code", "title": "x".repeat(61) });
    has_keys(&ada.post("/api/chat/sessions/", &long, 400), &["title"]);
    let list = ada.get("/api/chat/sessions/", 200);
    let kinds: Vec<_> = list.as_array().unwrap().iter().map(|it| text(&it["agent_type"])).collect();
    assert_eq!(kinds, ["auto", "analytics", "rag", "code"], "a plain array, the newest first");
    has_keys(&list[0], &SESSION);

    let path = format!("/api/chat/sessions/{}/", text(&list[0]["id"]));
    let ended = ada.patch(&path, &json!({ "ended_at": "2026-01-31T12:00:00.000Z" }), 200);
    has_keys(&ended, &SESSION);
    assert_eq!(ended["ended_at"], "2026-01-31T12:00:00.000000Z");
    let changed = ada.patch(&path, &json!({ "agent_type": "code", "title": "Other" }), 200);
    assert_eq!((&changed["agent_type"], &changed["title"]), (&json!("code"), &json!("Other")));
    assert_eq!(changed["ended_at"], "2026-01-31T12:00:00.000000Z", "what is left out stays");
    assert!(ada.patch(&path, &json!({ "ended_at": null }), 200)["ended_at"].is_null());
    has_keys(&ada.patch(&path, &json!({ "ended_at": "soon" }), 400), &["ended_at"]);
    has_keys(&ada.patch(&path, &json!({ "agent_type": "x" }), 400), &["agent_type"]);
    let mut bob = Client::register(&server, "bob");
    let said = json!({ "content": "hi" });
    for (method, path, body) in [
        ("GET", path.clone(), None),
        ("PATCH", path.clone(), Some(&said)),
        ("GET", format!("{path}messages/"), None),
        ("POST", format!("{path}messages/"), Some(&said)),
        ("GET", "/api/chat/sessions/7/".to_owned(), None),
    ] {
        has_keys(&bob.expect(method, &path, body, 404), &["detail"]);
    }
    assert_eq!(bob.get("/api/chat/sessions/", 200), json!([]));
    has_keys(&Client::nobody(&server).get("/api/chat/sessions/", 401), &["detail"]);
}

#[test]
fn a_message_is_answered() {
    let (server, _provider) = with_provider();
    let mut ada = Client::register(&server, "ada");
    let made = ada.post("/api/chat/sessions/", &json!({ "agent_type": "auto" }), 201);
    let path = format!("/api/chat/sessions/{}/messages/", text(&made["id"]));
    let answer = ada.post(&path, &json!({ "content": "How do tides work?" }), 201);
    has_keys(&answer, &MESSAGE);
    assert_eq!((&answer["role"], &answer["content"]), (&json!("assistant"), &json!(WORDS)));
    assert_eq!(answer["session"], made["id"]);
    let all = ada.get(&path, 200);
    let roles: Vec<_> = all.as_array().unwrap().iter().map(|it| text(&it["role"])).collect();
    assert_eq!((roles, &all[2]), (vec!["system", "user", "assistant"], &answer));
    assert_eq!(ada.post(&path, &json!({}), 400), json!({ "content": ["This field is required."] }));
    assert_eq!(
        ada.post(&path, &json!({ "content": " " }), 400),
        json!({ "content": ["This field may not be blank."] })
    );
    // The same conversation, elsewhere; and one that was begun elsewhere, here.
    let v1 = ada.get(&format!("/api/v1/conversations/{}", text(&made["id"])), 200);
    assert_eq!((&v1["title"], &v1["message_count"]), (&json!("How do tides work?"), &json!(2)));
    let other = ada.post("/api/v1/conversations", &json!({ "title": "x".repeat(100) }), 201);
    let seen = ada.get(&format!("/api/chat/sessions/{}/", text(&other["id"])), 200);
    assert_eq!((&seen["agent_type"], &seen["messages"]), (&json!("auto"), &json!([])));
    assert_eq!(text(&seen["title"]).len(), 60);
    let path = format!("/api/chat/sessions/{}/", text(&other["id"]));
    assert_eq!(
        ada.patch(&path, &json!({ "agent_type": "rag" }), 200)["messages"],
        json!([]),
        "nobody greets afterwards"
    );
}

#[test]
fn an_answer_goes_on_when_its_client_goes_away() {
    let (server, _provider) = with_provider();
    let mut ada = Client::register(&server, "ada");
    let made = ada.post("/api/chat/sessions/", &json!({ "agent_type": "auto" }), 201);
    let path = format!("/api/chat/sessions/{}/messages/", text(&made["id"]));
    let host = server.address.trim_start_matches("http://");
    let body = json!({ "content": "slowly" }).to_string();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        ada.authorization.as_ref().unwrap(),
        body.len()
    );
    std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let count = |all: &Value| all.as_array().unwrap().len();
    while count(&ada.get(&path, 200)) < 3 {
        assert!(Instant::now() < deadline, "it was not taken");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(stream);
    while ada.get(&path, 200)[2]["content"] != WORDS {
        assert!(Instant::now() < deadline, "the answer ended with its client");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_model_that_fails_is_told() {
    let server =
        crate::server::House::new().env("DEFAULT_LLM_PROVIDER", "anthropic").env("DEFAULT_MODEL", "claude-x").serve();
    let mut ada = Client::register(&server, "ada");
    let made = ada.post("/api/chat/sessions/", &json!({ "agent_type": "auto" }), 201);
    let path = format!("/api/chat/sessions/{}/messages/", text(&made["id"]));
    let told = ada.post(&path, &json!({ "content": "Hello" }), 502);
    has_keys(&told, &["detail"]);
    assert!(text(&told["detail"]).contains("no key"), "{told}");
}

#[test]
fn every_path_is_there_with_and_without_its_slash() {
    let server = Server::start();
    let mut ada = Client::register(&server, "ada");
    let session = "/api/chat/sessions/0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f";
    let messages = format!("{session}/messages");
    ada.finds(&[
        ("POST", "/api/auth/login"),
        ("GET", "/api/auth/me"),
        ("PATCH", "/api/auth/profile"),
        ("POST", "/api/auth/token/refresh"),
        ("GET", "/api/chat/sessions"),
        ("POST", "/api/chat/sessions"),
        ("GET", session),
        ("PATCH", session),
        ("GET", &messages),
        ("POST", &messages),
        ("POST", "/api/auth/logout"),
    ]);
}
