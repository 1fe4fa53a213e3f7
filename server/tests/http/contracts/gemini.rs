//! The anonymous chat.

use super::{Client, WORDS, has_keys, is_time, is_uuid, provider, text, with_provider};
use crate::server::{House, Server};
use serde_json::{Value, json};

const SAID: [&str; 5] = ["response", "timestamp", "session_key", "message_id", "success"];
const STATS: [&str; 6] =
    ["total_messages", "user_messages", "ai_messages", "total_characters", "session_duration", "last_activity"];

fn is_clock(value: &Value) -> bool {
    let text = text(value);
    text.len() == 5 && &text[2..3] == ":"
}

#[test]
fn whoever_has_the_key_goes_on() {
    let (server, _provider) = with_provider();
    let mut guest = Client::nobody(&server);
    let empty = guest.get("/api/chat/", 200);
    has_keys(&empty, &["messages", "session_key"]);
    assert_eq!((&empty["messages"], is_uuid(&empty["session_key"])), (&json!([]), true));
    assert_ne!(guest.get("/api/chat/", 200)["session_key"], empty["session_key"], "a new one each time");
    assert_eq!(guest.get("/api/chat/?session_key=unknown", 200), json!({ "messages": [], "session_key": "unknown" }));

    let first = guest.post("/api/chat/", &json!({ "message": "Hello, how are you?" }), 200);
    has_keys(&first, &SAID);
    assert_eq!((&first["response"], &first["success"]), (&json!(WORDS), &json!(true)), "text, never HTML");
    assert!(is_clock(&first["timestamp"]) && is_uuid(&first["session_key"]));
    let number = first["message_id"].as_u64().unwrap();
    assert!(number > 0 && number < 1 << 53);
    let key = text(&first["session_key"]).to_owned();
    let second = guest.post("/api/chat/", &json!({ "message": "And then?", "session_key": key }), 200);
    assert_eq!(second["session_key"], key.as_str());
    assert!(second["message_id"].as_u64().unwrap() > number);
    let read = guest.get(&format!("/api/chat/?session_key={key}"), 200);
    has_keys(&read, &["messages", "session_key"]);
    let said: Vec<_> =
        read["messages"].as_array().unwrap().iter().map(|it| (text(&it["text"]), &it["is_user"])).collect();
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(said, [("Hello, how are you?", &yes), (WORDS, &no), ("And then?", &yes), (WORDS, &no)]);
    has_keys(&read["messages"][0], &["text", "is_user", "timestamp"]);
    assert!(is_clock(&read["messages"][0]["timestamp"]));
    // A key that was handed out, or made up, begins a session of its own.
    for key in [text(&empty["session_key"]), "mine"] {
        let told = guest.post("/api/chat/", &json!({ "message": "Hi", "session_key": key }), 200);
        assert_eq!(told["session_key"], key);
        assert_eq!(guest.get(&format!("/api/chat/?session_key={key}"), 200)["messages"].as_array().unwrap().len(), 2);
    }
    let none = guest.post("/api/chat/", &json!({ "message": "Hi", "session_key": null }), 200);
    assert!(is_uuid(&none["session_key"]));

    let stats = guest.get(&format!("/api/chat/stats/{key}/"), 200);
    has_keys(&stats, &STATS);
    assert_eq!(
        (&stats["total_messages"], &stats["user_messages"], &stats["ai_messages"]),
        (&json!(4), &json!(2), &json!(2))
    );
    let characters = "Hello, how are you?And then?".len() + 2 * WORDS.len();
    assert_eq!(stats["total_characters"], characters);
    assert!(stats["session_duration"].is_f64() && is_time(&stats["last_activity"]));
    assert_eq!(guest.get("/api/chat/stats/unknown/", 404), json!({ "error": "Session not found" }));
}

#[test]
fn what_cannot_be_said_is_refused() {
    let (server, _provider) = with_provider();
    let mut guest = Client::nobody(&server);
    for message in [json!(""), json!("   "), json!("x".repeat(5001)), Value::Null] {
        let told = guest.post("/api/chat/", &json!({ "message": message }), 400);
        has_keys(&told, &["message", "error"]);
        assert!(told["message"].is_array() && told["error"].is_string());
    }
    has_keys(&guest.post("/api/chat/", &json!({}), 400), &["message", "error"]);
    guest.post("/api/chat/", &json!({ "message": "ä".repeat(5000) }), 200);
    let long = json!({ "message": "Hi", "session_key": "k".repeat(41) });
    has_keys(&guest.post("/api/chat/", &long, 400), &["session_key", "error"]);
    for message in [json!({}), json!({ "message": " " })] {
        assert_eq!(guest.post("/api/talk/", &message, 400), json!({ "error": "No message provided" }));
    }
    assert_eq!(guest.form("/api/talk/", "message=", 400), json!({ "error": "No message provided" }));
}

#[test]
fn the_old_paths_take_json_and_forms() {
    let (server, _provider) = with_provider();
    let mut guest = Client::nobody(&server);
    let told = guest.form("/api/talk/", "message=How+are+you%3F&session_key=old", 200);
    has_keys(&told, &SAID);
    assert_eq!((&told["response"], &told["session_key"]), (&json!(WORDS), &json!("old")));
    has_keys(&guest.post("/api/talk/", &json!({ "message": "Hi", "session_key": "old" }), 200), &SAID);
    let read = guest.get("/api/talk/?session_key=old", 200);
    assert_eq!(read, guest.get("/api/chat/?session_key=old", 200));
    assert_eq!(read["messages"][0]["text"], "How are you?");
    let cleared = guest.post("/api/new_chat/", &json!({}), 200);
    has_keys(&cleared, &["status", "message", "session_key"]);
    assert_eq!((&cleared["status"], &cleared["message"]), (&json!("success"), &json!("Chat history cleared.")));
    assert!(is_uuid(&cleared["session_key"]));
}

#[test]
fn a_model_that_fails_is_told() {
    let server = House::new().env("ATRIUM_GUEST_PROVIDER", "anthropic").env("ATRIUM_GUEST_MODEL", "claude-x").serve();
    let mut guest = Client::nobody(&server);
    for (path, status) in [("/api/chat/", 500), ("/api/talk/", 200)] {
        let told = guest.post(path, &json!({ "message": "Hi" }), status);
        has_keys(&told, &[&SAID[..], &["error"]].concat());
        assert_eq!((&told["success"], &told["message_id"]), (&json!(false), &Value::Null));
        let response = text(&told["response"]);
        assert!(
            response.starts_with("Error: ") && response.ends_with(" - Could not get response from AI."),
            "{response}"
        );
    }
}

#[test]
fn sessions_are_renewed_listed_and_put_away() {
    let (server, _provider) = with_provider();
    let mut guest = Client::nobody(&server);
    assert_eq!(guest.get("/api/chat/history/", 200), json!({ "sessions": [], "user_id": null }));
    let reply = guest.send("POST", "/api/chat/", Some(("application/json", r#"{"message": "Hello there"}"#)));
    let cookie = reply.header("set-cookie").expect("a visitor is known again").to_owned();
    assert!(cookie.starts_with("atrium_visitor=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    let key = text(&reply.json()["session_key"]).to_owned();
    let new = guest.post("/api/chat/new/", &json!({ "session_key": key }), 200);
    assert_eq!((&new["status"], &new["message"]), (&json!("success"), &json!("New chat started")));
    has_keys(&new, &["status", "message", "session_key"]);
    assert!(is_uuid(&new["session_key"]) && new["session_key"] != key.as_str());
    let read = guest.get(&format!("/api/chat/?session_key={key}"), 200);
    assert_eq!(read["messages"].as_array().unwrap().len(), 2, "the old one is not deleted");

    let history = guest.get("/api/chat/history/", 200);
    has_keys(&history, &["sessions", "user_id"]);
    let sessions = history["sessions"].as_array().unwrap();
    let keys: Vec<_> = sessions.iter().map(|it| text(&it["session_key"])).collect();
    assert_eq!(keys, [text(&new["session_key"]), &key]);
    has_keys(&sessions[1], &["session_key", "title", "created_at", "updated_at", "is_archived", "message_count"]);
    assert_eq!((&sessions[1]["title"], &sessions[1]["message_count"]), (&json!("Hello there"), &json!(2)));
    // Nobody else's: another cookie sees nothing of it.
    let mut other = Client::nobody(&server);
    other.post("/api/chat/", &json!({ "message": "Mine" }), 200);
    let theirs = other.get("/api/chat/history/", 200);
    assert_eq!(theirs["sessions"].as_array().unwrap().len(), 1);
    assert_ne!(theirs["user_id"], history["user_id"]);

    let path = format!("/api/chat/archive/{key}/");
    for (action, is_archived) in [("archive", true), ("unarchive", false)] {
        let told = guest.post(&path, &json!({ "action": action }), 200);
        has_keys(&told, &["status", "message"]);
        let listed = guest.get("/api/chat/history/", 200);
        assert_eq!(listed["sessions"][1]["is_archived"], is_archived);
    }
    has_keys(&guest.post(&path, &json!({ "action": "burn" }), 400), &["error"]);
    has_keys(&guest.post("/api/chat/archive/unknown/", &json!({ "action": "archive" }), 404), &["error"]);
}

#[test]
fn guests_are_limited_and_can_be_shut_out() {
    let provider = provider();
    let server = House::new().with(&provider).env("ATRIUM_GUEST_MESSAGES_PER_HOUR", "2").serve();
    let mut guest = Client::nobody(&server);
    let message = json!({ "message": "Hi" });
    for _ in 0..2 {
        guest.post("/api/chat/", &message, 200);
    }
    let reply = guest.send("POST", "/api/chat/", Some(("application/json", &message.to_string())));
    assert_eq!((reply.status, reply.header("retry-after").is_some()), (429, true));
    has_keys(&reply.json(), &["error"]);
    let server = House::new().with(&provider).env("ATRIUM_GUEST_CHAT", "false").serve();
    let mut guest = Client::nobody(&server);
    has_keys(&guest.get("/api/chat/", 403), &["error"]);
    has_keys(&guest.post("/api/chat/", &message, 403), &["error"]);
    has_keys(&guest.post("/api/chat/new/", &json!({}), 403), &["error"]);
}

#[test]
fn what_guests_say_is_nobody_elses() {
    let (server, _provider) = with_provider();
    let mut ada = Client::register(&server, "ada");
    ada.post("/api/chat/", &json!({ "message": "As nobody" }), 200);
    assert_eq!(
        ada.get("/api/conversations/", 200)["count"],
        0,
        "an anonymous chat is not a person's, whoever is signed in"
    );
    let mut nobody = Client::nobody(&server);
    nobody.post("/api/auth/login/", &json!({ "email": "guests (no account)", "password": "" }), 400);
    nobody.post("/api/auth/login/", &json!({ "email": "guests (no account)", "password": "x" }), 401);
}

#[test]
fn health_and_the_cookie() {
    let server = Server::start();
    let mut guest = Client::nobody(&server);
    let health = guest.get("/api/health/", 200);
    has_keys(&health, &["status", "service", "timestamp"]);
    assert!(health["status"] == "healthy" && is_time(&health["timestamp"]));
    let reply = guest.send("GET", "/api/csrf/", None);
    assert_eq!(reply.json(), json!({ "message": "CSRF cookie set" }));
    let cookie = reply.header("set-cookie").unwrap();
    assert!(cookie.starts_with("csrftoken=") && !cookie.contains("HttpOnly"), "{cookie}");
    guest.finds(&[
        ("GET", "/api/chat"),
        ("POST", "/api/chat"),
        ("POST", "/api/chat/new"),
        ("GET", "/api/chat/stats/k"),
        ("GET", "/api/talk"),
        ("POST", "/api/talk"),
        ("POST", "/api/new_chat"),
        ("GET", "/api/health"),
        ("GET", "/api/csrf"),
        ("GET", "/api/chat/history"),
        ("POST", "/api/chat/archive/k"),
    ]);
}
