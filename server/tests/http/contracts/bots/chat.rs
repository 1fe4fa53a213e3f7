//! chat-session, answers through webhooks, chat-favorites, search.

use super::{Client, Workflows, detail, field, house, id, keys};
use serde_json::{Value, json};

const SESSION: [&str; 5] = ["session_key", "user", "agent", "data", "created_at"];
const NOBODY: &str = "00000000-0000-0000-0000-000000000009";

/// Says back what was said, in the form that its path names.
fn workflows() -> Workflows {
    Workflows::start(|path, turn| {
        let said = format!("You said {}", turn["message"].as_str().unwrap_or_default());
        match path {
            "/webhook/lines" => {
                let line = |it: Value| format!("{it}\n");
                let (first, rest) = said.split_at(4);
                let item = |text: &str| line(json!({ "type": "item", "content": text }));
                (200, line(json!({ "type": "begin" })) + &item(first) + &item(rest) + &line(json!({ "type": "end" })))
            }
            "/webhook/broken" => (404, json!({ "message": "The webhook is not registered." }).to_string()),
            _ => (200, json!([{ "output": said }]).to_string()),
        }
    })
}

#[test]
fn sessions() {
    let workflows = workflows();
    let mut it = house(&[("N8N_BASE_URL", &workflows.url), ("N8N_API_KEY", "n8n-secret")]);
    let bot = id(&it.ada.post("/api/bots/", json!({ "name": "Echo", "url_n8n": "webhook/echo" }), 201));
    let (mut bob, _) = it.person("bob");
    let me = it.ada.get("/api/me/")["id"].clone();
    let open = json!({ "session_key": "tab-1", "agent_id": bot, "first_message": "Hello" });
    let made = it.ada.post("/api/chat-session/", open.clone(), 201);
    keys(&made, &SESSION);
    assert_eq!((&made["session_key"], &made["user"], &made["agent"]), (&json!("tab-1"), &me, &json!(bot)));
    assert!(made["data"].is_object());

    // The turn was posted to the webhook, and its reply stored as the answer.
    let (path, key, asked) = workflows.last();
    assert_eq!((path.as_str(), key.as_str()), ("/webhook/echo", "Bearer n8n-secret"));
    assert_eq!(
        (&asked["session_id"], &asked["message"], &asked["history"]),
        (&json!("tab-1"), &json!("Hello"), &json!([]))
    );
    assert_eq!(asked["user"]["email"], "ada@example.org");
    let messages = made["data"]["messages"].as_array().unwrap();
    assert_eq!((&messages[0]["message"], &messages[1]["message"]), (&json!("Hello"), &json!("You said Hello")));
    assert_eq!((&messages[0]["author"], &messages[1]["author"]), (&json!("human"), &json!("ai")));
    // It is a conversation like any other.
    let conversations = it.ada.get("/api/v1/conversations");
    assert_eq!((&conversations["count"], &conversations["results"][0]["title"]), (&json!(1), &json!("Hello")));

    let refused = it.ada.post("/api/chat-session", open, 400);
    assert_eq!(refused, json!({ "status": "error", "details": "Session already exists" }));
    field(&it.ada.post("/api/chat-session/", json!({ "session_key": "x" }), 400), "agent_id");
    detail(&it.ada.post("/api/chat-session/", json!({ "session_key": "x", "agent_id": NOBODY }), 404));
    detail(&bob.post("/api/chat-session/", json!({ "session_key": "x", "agent_id": bot }), 404));
    assert_eq!(it.ada.get("/api/chat-session/tab-1/")["data"]["messages"][1]["message"], "You said Hello");
    // Source fault: somebody else's session was readable.
    for (method, path) in [
        ("GET", "/api/chat-session/tab-1/"),
        ("PATCH", "/api/chat-session/tab-1/"),
        ("DELETE", "/api/chat-session/tab-1/"),
    ] {
        detail(&bob.ok(method, path, Value::Null, 404));
    }
    detail(&it.ada.ok("GET", &format!("/api/chat-session/{NOBODY}/"), Value::Null, 404));
    let kept =
        it.ada.ok("PATCH", "/api/chat-session/tab-1/", json!({ "data": { "draft": "…" }, "title": "Tides" }), 200);
    keys(&kept, &SESSION);
    assert_eq!((&kept["data"]["draft"], &kept["data"]["title"]), (&json!("…"), &json!("Tides")));
    field(&it.ada.ok("PATCH", "/api/chat-session/tab-1/", json!({ "data": [1] }), 400), "data");
    let more = it.ada.ok("PATCH", "/api/chat-session/tab-1", json!({ "message": "More" }), 200);
    assert_eq!(more["data"]["messages"][3]["message"], "You said More");
    assert_eq!(workflows.last().2["history"].as_array().unwrap().len(), 2);

    for number in 0..6 {
        it.ada.post("/api/chat-session/", json!({ "session_key": format!("s{number}"), "agent_id": bot }), 201);
    }
    let listed = it.ada.ok("GET", "/api/chat-session/", Value::Null, 201);
    let found: Vec<_> = listed.as_array().unwrap().iter().map(|it| it["session_key"].as_str().unwrap()).collect();
    assert_eq!(found, ["s5", "s4", "s3", "s2", "s1", "s0"], "the newest six");
    keys(&listed[0], &SESSION);
    assert_eq!(bob.ok("GET", "/api/chat-session/", Value::Null, 201), json!([]));
    let shown = it.ada.get("/api/bots/?search=Echo")["results"][0]["chat_sessions"].clone();
    keys(&shown[0], &["id", "session_key", "agent_id", "user_id", "data", "created_at"]);

    keys(&it.ada.ok("DELETE", "/api/chat-session/s0/", Value::Null, 200), &["detail"]);
    let named = |key: &str| json!({ "session_key": key, "agent_id": bot });
    keys(&it.ada.ok("DELETE", "/api/chat-session/delete/", named("s1"), 200), &["detail"]);
    keys(&it.ada.ok("DELETE", "/api/chat-session/", named("s2"), 200), &["detail"]);
    detail(&it.ada.ok("DELETE", "/api/chat-session/", named("s2"), 404));
    detail(&it.ada.ok("DELETE", "/api/chat-session/", json!({ "session_key": "s3", "agent_id": NOBODY }), 404));
    field(&it.ada.ok("DELETE", "/api/chat-session/delete/", json!({}), 400), "session_key");
    it.ada.post("/api/chat-session/", named("s2"), 201);
}

#[test]
fn webhooks_reply_in_lines_and_with_errors() {
    let workflows = workflows();
    // Whoever rules the server may have a bot on a private address; the key is the configured server's.
    let mut it = house(&[("N8N_API_KEY", "n8n-secret")]);
    let mut say = |name: &str| {
        let bot = json!({ "name": name, "url_n8n": format!("{}/webhook/{name}", workflows.url) });
        let bot = id(&it.ada.post("/api/bots/", bot, 201));
        let open = json!({ "session_key": name, "agent_id": bot, "first_message": "Hello" });
        it.ada.post("/api/chat-session/", open, 201)["data"]["messages"][1].clone()
    };
    let lines = say("lines");
    assert_eq!((&lines["message"], &lines["status"]), (&json!("You said Hello"), &json!("complete")));
    assert_eq!(workflows.last().1, "");
    let broken = say("broken");
    assert_eq!((&broken["message"], &broken["status"]), (&json!(""), &json!("failed")));
    assert!(broken["error"].as_str().unwrap().contains("not registered"), "{broken}");
    // An administrator who does not rule the server calls no private addresses through it.
    let (mut carol, _) = it.administrator("carol");
    let inside = json!({ "name": "inside", "url_n8n": format!("{}/webhook/echo", workflows.url) });
    let inside = id(&carol.post("/api/bots/", inside, 201));
    let asked = workflows.seen.lock().unwrap().len();
    let open = json!({ "session_key": "x", "agent_id": inside, "first_message": "Hello" });
    let refused = carol.post("/api/chat-session/", open, 201)["data"]["messages"][1].clone();
    assert_eq!(refused["status"], "failed");
    assert_eq!(workflows.seen.lock().unwrap().len(), asked);
}

#[test]
fn favourites() {
    let workflows = workflows();
    let mut it = house(&[("N8N_BASE_URL", &workflows.url)]);
    let (mut bob, _) = it.person("bob");
    let bot = id(&it.ada.post("/api/bots/", json!({ "name": "Echo", "url_n8n": "webhook/echo" }), 201));
    let open = json!({ "session_key": "tab-1", "agent_id": bot, "first_message": "Hello" });
    let session = it.ada.post("/api/chat-session/", open, 201);
    let message = session["data"]["messages"][1]["message_id"].as_str().unwrap().to_owned();
    let mark = json!({ "session_key": "tab-1", "agent_id": bot, "message_id": message, "text": "You said Hello" });
    let made = it.ada.post("/api/chat-favorites/", mark.clone(), 201);
    keys(&made, &["agent", "session", "text", "message_id", "agent_name"]);
    let expected = json!({ "agent": bot, "session": "tab-1", "text": "You said Hello", "message_id": message, "agent_name": "Echo" });
    assert_eq!(made, expected);
    assert_eq!(it.ada.post("/api/chat-favorites", mark.clone(), 200), expected);
    assert_eq!(it.ada.get("/api/chat-favorites/"), json!([expected]));
    assert_eq!(it.ada.get(&format!("/api/chat-favorites/?agent_id={bot}&session_key=tab-1")), json!([expected]));
    assert_eq!(it.ada.get(&format!("/api/chat-favorites/?agent_id={NOBODY}")), json!([]));
    assert_eq!(it.ada.get("/api/chat-favorites/?session_key=other"), json!([]));
    field(&it.ada.ok("GET", "/api/chat-favorites/?agent_id=x", Value::Null, 400), "agent_id");
    assert_eq!(bob.get("/api/chat-favorites/"), json!([]));
    assert_eq!(it.ada.get("/api/v1/favourites?kind=message")["count"], 1, "a favourite like any other");
    detail(&bob.post("/api/chat-favorites/", mark, 404));
    field(&it.ada.post("/api/chat-favorites/", json!({ "session_key": "tab-1", "agent_id": bot }), 400), "message_id");
    let unknown = json!({ "session_key": "tab-1", "agent_id": bot, "message_id": NOBODY });
    detail(&it.ada.post("/api/chat-favorites/", unknown, 404));
    let path = format!("/api/chat-favorites/{message}/");
    detail(&bob.ok("DELETE", &path, Value::Null, 404));
    let gone = it.ada.ok("DELETE", &path, Value::Null, 200);
    assert_eq!(gone, json!({ "status": "success", "details": "Favorite deleted!" }));
    detail(&it.ada.ok("DELETE", &path, Value::Null, 404));
}

#[test]
fn search() {
    let workflows = workflows();
    let mut it = house(&[("N8N_BASE_URL", &workflows.url)]);
    let (mut bob, _) = it.person("bob");
    let bot = id(&it.ada.post("/api/bots/", json!({ "name": "Echo", "url_n8n": "webhook/echo" }), 201));
    let open = json!({ "session_key": "tab-1", "agent_id": bot, "first_message": "When is high tide?" });
    it.ada.post("/api/chat-session/", open, 201);
    let find = |client: &mut Client, query: &str| {
        let found = client.post("/api/search/", json!({ "query": query }), 201);
        keys(&found, &["status", "results"]);
        assert_eq!(found["status"], "success");
        let results = found["results"].as_array().unwrap().clone();
        results.iter().for_each(|it| keys(it, &["session_id", "message", "author", "agent_id"]));
        results
    };
    let found = find(&mut it.ada, "tide");
    assert_eq!(found.len(), 2, "the question and the answer, once each: {found:?}");
    let said: Vec<_> = found.iter().filter(|it| it["author"] == "ai").collect();
    assert_eq!(said.len(), 1, "{found:?}");
    assert_eq!((&said[0]["session_id"], &said[0]["agent_id"]), (&json!("tab-1"), &json!(bot)));
    assert!(said[0]["message"].as_str().unwrap().contains("You said When is high tide?"));
    assert!(found.iter().any(|it| it["author"] == "human" && it["message"] == "When is high tide?"));
    assert_eq!(find(&mut it.ada, "nowhere"), [Value::Null; 0]);
    assert_eq!(find(&mut bob, "tide"), [Value::Null; 0], "it is not Bob's");
    // What has no session to be opened is not found here.
    it.ada.post("/api/projects/", json!({ "name": "Lighthouse" }), 201);
    assert_eq!(find(&mut it.ada, "lighthouse"), [Value::Null; 0]);
    let got = it.ada.get("/api/search/?query=tide");
    assert_eq!((&got["status"], got["results"].as_array().unwrap().len()), (&json!("success"), found.len()));
    field(&it.ada.post("/api/search", json!({}), 400), "query");
    field(&it.ada.ok("GET", "/api/search/", Value::Null, 400), "query");
}
