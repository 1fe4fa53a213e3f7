//! Agents and conversations.

use super::{Client, WORDS, claims, has_keys, is_time, is_uuid, text, with_provider};
use crate::server::{PASSWORD, Server};
use serde_json::{Value, json};

const USER: [&str; 7] = ["id", "email", "name", "avatar_url", "is_active", "created_at", "updated_at"];
const AGENT: [&str; 12] = [
    "id",
    "name",
    "description",
    "llm_provider",
    "model",
    "temperature",
    "max_tokens",
    "system_prompt",
    "is_default",
    "is_active",
    "created_at",
    "updated_at",
];
const CONVERSATION: [&str; 7] = ["id", "agent", "title", "messages", "message_count", "created_at", "updated_at"];
const LISTED: [&str; 7] = ["id", "agent", "title", "message_count", "last_message", "created_at", "updated_at"];
pub const MESSAGE: [&str; 7] = ["id", "conversation", "role", "content", "tokens_used", "model", "created_at"];

#[test]
fn registering_signs_in() {
    let server = Server::start();
    let mut nobody = Client::nobody(&server);
    let person = json!({ "email": "test@example.com", "name": "Test User", "password": "8letters" });
    let made = nobody.post("/api/auth/register/", &person, 201);
    assert_eq!((&made["user"]["email"], &made["user"]["name"]), (&person["email"], &person["name"]));
    assert!(is_uuid(&made["user"]["id"]) && made["user"]["is_active"] == true && made["user"]["avatar_url"].is_null());
    let (access, refresh) = (claims(text(&made["access_token"])), claims(text(&made["refresh_token"])));
    assert_eq!((&access["user_id"], &access["email"]), (&made["user"]["id"], &person["email"]));
    assert_eq!((&access["type"], &refresh["type"]), (&json!("access"), &json!("refresh")));
    let lasts = |it: &Value| it["exp"].as_i64().unwrap() - it["iat"].as_i64().unwrap();
    assert_eq!((lasts(&access), lasts(&refresh)), (3600, 7 * 86_400));
    assert!(refresh.get("email").is_none() && refresh["user_id"] == access["user_id"]);

    let again = nobody.post("/api/auth/register/", &person, 400);
    assert_eq!(again, json!({ "email": ["User with this email already exists."] }));
    let short = json!({ "email": "b@example.com", "name": "B", "password": "7letter" });
    let told = nobody.post("/api/auth/register", &short, 400);
    assert_eq!(told, json!({ "password": ["Ensure this field has at least 8 characters."] }));
    let told = nobody.post("/api/auth/register", &json!({ "email": "b@example.com" }), 400);
    let required = json!(["This field is required."]);
    assert_eq!(told, json!({ "name": required, "password": required }));
    let odd = json!({ "email": "nobody", "name": "B", "password": PASSWORD });
    assert_eq!(nobody.post("/api/auth/register", &odd, 400), json!({ "email": ["Enter a valid email address."] }));
}

#[test]
fn signing_in_and_out() {
    let server = Server::start();
    let mut admin = server.administrator();
    Client::register(&server, "grace");
    let mut nobody = Client::nobody(&server);
    let login = |email: &str, password: &str| json!({ "email": email, "password": password });
    let told = nobody.post("/api/auth/login/", &login("grace@example.org", PASSWORD), 200);
    let mut grace = nobody.with("Bearer", text(&told["access_token"]));
    assert_eq!(grace.get("/api/users/me/", 200)["email"], "grace@example.org");
    for missing in [json!({}), login("grace@example.org", ""), json!({ "password": PASSWORD })] {
        assert_eq!(nobody.post("/api/auth/login/", &missing, 400)["error"], "Email and password are required");
    }
    for wrong in [login("grace@example.org", "wrong"), login("stranger@example.org", PASSWORD)] {
        let told = nobody.post("/api/auth/login/", &wrong, 401);
        assert_eq!(told["error"], "Invalid credentials");
        has_keys(&told, &["error", "detail", "message", "code"]);
    }
    // Refresh tokens stay as they are, until somebody ends them.
    let refresh = json!({ "refresh_token": told["refresh_token"] });
    for _ in 0..2 {
        let next = nobody.post("/api/auth/refresh/", &refresh, 200);
        assert_eq!(nobody.with("Bearer", text(&next["access_token"])).get("/api/users/me", 200)["name"], "grace");
    }
    assert_eq!(nobody.post("/api/auth/refresh/", &json!({}), 400)["error"], "Refresh token is required");
    for bad in [json!({ "refresh_token": "rubbish" }), json!({ "refresh_token": told["access_token"] })] {
        assert_eq!(nobody.post("/api/auth/refresh/", &bad, 401)["error"], "Invalid or expired refresh token");
    }
    assert_eq!(grace.expect("POST", "/api/auth/logout/", None, 200)["message"], "Successfully logged out");
    grace.get("/api/users/me/", 401);
    nobody.post("/api/auth/refresh/", &refresh, 401);
    nobody.post("/api/auth/logout/", &json!({}), 401);
    // An account that was switched off.
    let id = text(&told["user"]["id"]).to_owned();
    let off = admin.request(
        "PATCH",
        &format!("/api/v1/users/{id}"),
        &[("content-type", "application/json")],
        br#"{"is_active": false}"#,
    );
    assert_eq!(off.status, 200, "{}", off.text());
    let told = nobody.post("/api/auth/login/", &login("grace@example.org", PASSWORD), 401);
    assert_eq!(told["error"], "User account is disabled");
}

#[test]
fn nobody_is_refused_in_these_words() {
    let server = Server::start();
    let mut nobody = Client::nobody(&server);
    for path in ["/api/users/me/", "/api/agents/", "/api/agents/default/", "/api/conversations/", "/api/messages/"] {
        let told = nobody.get(path, 401);
        assert_eq!(told, json!({ "detail": "Authentication credentials were not provided." }));
        for authorization in ["Bearer rubbish", "Bearer ", "Basic eA=="] {
            let mut bad = Client { authorization: Some(authorization.to_owned()), ..nobody.clone() };
            assert_eq!(bad.get(path, 401), json!({ "detail": "Invalid or expired token" }));
        }
    }
    let reply = nobody.send("GET", "/api/agents/", None);
    assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    let mut ada = Client::register(&server, "ada");
    let told = ada.expect("DELETE", "/api/messages/", None, 405);
    assert_eq!(told, json!({ "detail": "Method \"DELETE\" not allowed." }));
    let broken = ada.send("POST", "/api/agents/", Some(("application/json", "{")));
    assert_eq!(broken.status, 400);
    has_keys(&broken.json(), &["detail"]);
}

#[test]
fn people_change_only_themselves() {
    let server = Server::start();
    let (mut ada, mut bob) = (Client::register(&server, "ada"), Client::register(&server, "bob"));
    let (me, him) = (ada.get("/api/users/me/", 200), bob.get("/api/users/me", 200));
    has_keys(&me, &USER);
    assert!(is_uuid(&me["id"]) && is_time(&me["created_at"]) && is_time(&me["updated_at"]));
    let change = json!({ "name": "Ada King", "email": "eve@example.org", "is_active": false, "role": "admin" });
    for path in ["/api/users/me/".to_owned(), format!("/api/users/{}/", text(&me["id"]))] {
        let changed = ada.patch(&path, &change, 200);
        has_keys(&changed, &USER);
        assert_eq!((&changed["name"], &changed["email"]), (&json!("Ada King"), &json!("ada@example.org")));
        assert_eq!(changed["is_active"], true, "nobody switches themselves off");
    }
    assert_eq!(ada.patch("/api/users/me/", &json!({ "name": " " }), 400), json!({ "name": ["Enter your name."] }));
    has_keys(&ada.patch(&format!("/api/users/{}/", text(&him["id"])), &change, 404), &["detail"]);
    assert_eq!(bob.get("/api/users/me", 200)["name"], "bob");
    let picture = image::RgbImage::from_pixel(300, 200, image::Rgb([9, 90, 200]));
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Png).unwrap();
    let mut body = b"--edge\r\ncontent-disposition: form-data; name=\"avatar\"; filename=\"a.png\"\r\n\r\n".to_vec();
    body.extend(file.into_inner());
    body.extend(b"\r\n--edge--\r\n");
    let authorization = ada.authorization.clone().unwrap();
    let headers = [("authorization", &*authorization), ("content-type", "multipart/form-data; boundary=edge")];
    let set = ada.browser.request("POST", "/api/users/me/avatar/", &headers, &body);
    assert_eq!(set.status, 200, "{}", set.text());
    let url = text(&set.json()["avatar_url"]).to_owned();
    let path = url.strip_prefix(&server.address).unwrap_or_else(|| panic!("not absolute: {url}"));
    assert_eq!(Client::nobody(&server).send("GET", path, None).header("content-type"), Some("image/png"));
    assert_eq!(ada.post("/api/users/me/avatar/", &json!({}), 400), json!({ "avatar": ["This field is required."] }));
}

#[test]
fn agents_are_made_changed_and_deleted() {
    let (server, _provider) = with_provider();
    let mut ada = Client::register(&server, "ada");
    let first = ada.get("/api/agents/default/", 200);
    has_keys(&first, &AGENT);
    assert_eq!(first, ada.get("/api/agents/default", 200), "it is made once");
    assert!(first["is_default"] == true && first["temperature"].is_f64() && first["max_tokens"].is_i64());
    let new = json!({
        "name": "Editor", "description": "Edits", "llm_provider": "ollama", "model": "llama2", "temperature": 0.4, "max_tokens": 512,
        "system_prompt": "Be brief.", "is_default": true,
    });
    let made = ada.post("/api/agents/", &new, 201);
    has_keys(&made, &AGENT);
    for (name, value) in new.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    assert!(is_uuid(&made["id"]) && made["is_active"] == true && is_time(&made["created_at"]));
    let path = format!("/api/agents/{}/", text(&made["id"]));
    assert_eq!(ada.get(&path, 200), made);
    assert_eq!(
        ada.get(&format!("/api/agents/{}/", text(&first["id"])), 200)["is_default"],
        false,
        "there is one default"
    );
    let clash = ada.post("/api/agents/", &new, 400);
    has_keys(&clash, &["name"]);
    assert!(clash["name"].is_array());
    assert_eq!(ada.post("/api/agents/", &json!({}), 400), json!({ "name": ["This field is required."] }));
    has_keys(
        &ada.post("/api/agents/", &json!({ "name": "X", "llm_provider": "skynet", "model": "t" }), 400),
        &["llm_provider"],
    );
    has_keys(&ada.patch(&path, &json!({ "temperature": 3 }), 400), &["temperature"]);
    has_keys(&ada.patch(&path, &json!({ "max_tokens": "many" }), 400), &["max_tokens"]);
    let simple = ada.post("/api/agents/", &json!({ "name": "Simple" }), 201);
    assert_eq!((&simple["llm_provider"], &simple["model"]), (&json!("openai"), &json!("fake-1")));
    let changed = ada.patch(&path, &json!({ "temperature": 1.5, "is_active": true }), 200);
    assert_eq!((&changed["temperature"], &changed["name"]), (&json!(1.5), &json!("Editor")));
    let list = ada.get("/api/agents/", 200);
    has_keys(&list, &["count", "next", "previous", "results"]);
    assert_eq!((&list["count"], list["results"].as_array().unwrap().len()), (&json!(3), 3));
    let mut bob = Client::register(&server, "bob");
    for (method, body) in [("GET", None), ("PATCH", Some(json!({ "name": "Mine" }))), ("DELETE", None)] {
        has_keys(&bob.expect(method, &path, body.as_ref(), 404), &["detail"]);
    }
    assert_eq!(ada.expect("DELETE", &path, None, 204), Value::Null);
    ada.get(&path, 404);
}

#[test]
fn conversations_are_titled_listed_and_deleted() {
    let (server, _provider) = with_provider();
    let mut ada = Client::register(&server, "ada");
    let agent = ada.get("/api/agents/default/", 200)["id"].clone();
    let made = ada.post("/api/conversations/", &json!({ "agent": agent }), 201);
    has_keys(&made, &CONVERSATION);
    assert_eq!((&made["title"], &made["agent"], &made["messages"]), (&json!("New Conversation"), &agent, &json!([])));
    assert_eq!(ada.post("/api/conversations/", &json!({}), 400), json!({ "agent": ["This field is required."] }));
    let stranger = json!({ "agent": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f" });
    has_keys(&ada.post("/api/conversations/", &stranger, 400), &["agent"]);
    let path = format!("/api/conversations/{}/", text(&made["id"]));
    let long = "How do the tides of the North Sea work, and why are they late?";
    let sent = ada.post(&format!("{path}send_message/"), &json!({ "content": long }), 200);
    has_keys(&sent, &["user_message", "assistant_message", "success"]);
    assert_eq!(sent["success"], true);
    for (message, role, content) in
        [(&sent["user_message"], "user", long), (&sent["assistant_message"], "assistant", WORDS)]
    {
        has_keys(message, &MESSAGE);
        assert_eq!((&message["role"], &message["content"]), (&json!(role), &json!(content)));
        assert_eq!((&message["conversation"], is_time(&message["created_at"])), (&made["id"], true));
    }
    assert!(sent["user_message"]["tokens_used"].is_null());
    assert_eq!(sent["assistant_message"]["tokens_used"], 18);
    assert_eq!(sent["assistant_message"]["model"], "fake-1");
    let whole = ada.get(&path, 200);
    assert_eq!(whole["title"], "How do the tides of the North Sea work, and why ar...");
    assert_eq!(whole["messages"], json!([sent["user_message"], sent["assistant_message"]]));
    assert_eq!(whole["message_count"], 2);
    let listed = &ada.get("/api/conversations/", 200)["results"][0];
    has_keys(listed, &LISTED);
    has_keys(&listed["last_message"], &["role", "content", "created_at"]);
    assert_eq!(listed["last_message"]["content"], WORDS);
    // It is the one that everybody else sees.
    let v1 = ada.get(&format!("/api/v1/conversations/{}", text(&made["id"])), 200);
    assert_eq!((&v1["title"], &v1["message_count"]), (&whole["title"], &json!(2)));
    let renamed = ada.patch(&path, &json!({ "title": "Tides" }), 200);
    has_keys(&renamed, &CONVERSATION);
    assert_eq!(renamed["title"], "Tides");
    ada.post(&format!("{path}send_message"), &json!({ "content": "And why?" }), 200);
    assert_eq!(ada.get(&path, 200)["title"], "Tides", "a title that somebody gave stays");
    for nothing in [json!({}), json!({ "content": "" }), json!({ "content": "  " })] {
        assert_eq!(ada.post(&format!("{path}send_message/"), &nothing, 400), json!({ "error": "Content is required" }));
    }
    let json = ada.send("GET", &format!("{path}export/"), None);
    assert_eq!((json.status, json.header("content-type")), (200, Some("application/json")));
    let markdown = ada.send("GET", &format!("{path}export/?format=markdown"), None);
    assert!(markdown.text().contains(WORDS), "{}", markdown.text());
    ada.get(&format!("{path}export/?format=docx"), 400);
    let mut bob = Client::register(&server, "bob");
    let said = json!({ "content": "hi" });
    for (method, path, body) in [
        ("GET", path.clone(), None),
        ("PATCH", path.clone(), Some(&said)),
        ("DELETE", path.clone(), None),
        ("POST", format!("{path}send_message/"), Some(&said)),
        ("GET", format!("{path}export/"), None),
        ("GET", "/api/conversations/17/".to_owned(), None),
    ] {
        has_keys(&bob.expect(method, &path, body, 404), &["detail"]);
    }
    assert_eq!(ada.expect("DELETE", &path, None, 204), Value::Null);
    ada.get(&path, 404);
}

#[test]
fn a_model_that_fails_is_told_with_what_was_said() {
    let (server, _provider) = with_provider();
    let mut ada = Client::register(&server, "ada");
    // There is no key for it.
    let agent =
        ada.post("/api/agents/", &json!({ "name": "C", "llm_provider": "anthropic", "model": "claude-x" }), 201);
    let made = ada.post("/api/conversations/", &json!({ "agent": agent["id"] }), 201);
    let path = format!("/api/conversations/{}/send_message/", text(&made["id"]));
    let told = ada.post(&path, &json!({ "content": "Hello" }), 500);
    has_keys(&told, &["user_message", "assistant_message", "success", "error"]);
    assert_eq!((&told["success"], &told["user_message"]["content"]), (&json!(false), &json!("Hello")));
    assert!(text(&told["error"]).contains("no key"), "{told}");
}

#[test]
fn lists_come_in_pages_of_twenty() {
    let (server, _provider) = with_provider();
    let mut ada = Client::register(&server, "ada");
    let agent = ada.get("/api/agents/default/", 200)["id"].clone();
    for n in 0..21 {
        ada.post("/api/conversations/", &json!({ "agent": agent, "title": format!("No. {n}") }), 201);
    }
    let first = ada.get("/api/conversations/", 200);
    has_keys(&first, &["count", "next", "previous", "results"]);
    let titles = |page: &Value| -> Vec<String> {
        page["results"].as_array().unwrap().iter().map(|it| text(&it["title"]).to_owned()).collect()
    };
    assert_eq!((&first["count"], &first["previous"], titles(&first).len()), (&json!(21), &Value::Null, 20));
    assert_eq!(titles(&first)[0], "No. 20", "the newest first");
    let next = text(&first["next"]).strip_prefix(&server.address).expect("absolute").to_owned();
    let second = ada.get(&next, 200);
    assert_eq!((titles(&second), &second["next"]), (vec!["No. 0".to_owned()], &Value::Null));
    assert!(text(&second["previous"]).starts_with(&server.address));
    assert_eq!(ada.get("/api/conversations/?page=3", 404), json!({ "detail": "Invalid page." }));
    assert_eq!(ada.get("/api/conversations/?page=x", 404), json!({ "detail": "Invalid page." }));
}

#[test]
fn messages_are_read_oldest_first() {
    let (server, _provider) = with_provider();
    let mut ada = Client::register(&server, "ada");
    let agent = ada.get("/api/agents/default/", 200)["id"].clone();
    let mut sent = Vec::new();
    for title in ["a", "b"] {
        let made = ada.post("/api/conversations/", &json!({ "agent": agent, "title": title }), 201);
        let path = format!("/api/conversations/{}/send_message/", text(&made["id"]));
        let told = ada.post(&path, &json!({ "content": title }), 200);
        sent.extend([told["user_message"].clone(), told["assistant_message"].clone()]);
    }
    let list = ada.get("/api/messages/", 200);
    assert_eq!((&list["count"], &list["results"]), (&json!(4), &json!(sent)));
    has_keys(&list["results"][0], &MESSAGE);
    let path = format!("/api/messages/{}/", text(&sent[1]["id"]));
    assert_eq!(ada.get(&path, 200), sent[1]);
    for method in ["POST", "PUT", "PATCH"] {
        ada.expect(method, &path, Some(&json!({ "content": "x" })), 405);
    }
    let mut bob = Client::register(&server, "bob");
    has_keys(&bob.get(&path, 404), &["detail"]);
    assert_eq!(bob.get("/api/messages/", 200)["count"], 0);
}

#[test]
fn every_path_is_there_with_and_without_its_slash() {
    let server = Server::start();
    let mut ada = Client::register(&server, "ada");
    let id = "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f";
    let [agent, conversation] = ["agents", "conversations"].map(|it| format!("/api/{it}/{id}"));
    let (send, message) = (format!("{conversation}/send_message"), format!("/api/messages/{id}"));
    let user = format!("/api/users/{id}");
    ada.finds(&[
        ("POST", "/api/auth/register"),
        ("POST", "/api/auth/login"),
        ("POST", "/api/auth/refresh"),
        ("GET", "/api/users/me"),
        ("PATCH", "/api/users/me"),
        ("PATCH", &user),
        ("GET", "/api/agents"),
        ("POST", "/api/agents"),
        ("GET", "/api/agents/default"),
        ("GET", &agent),
        ("PATCH", &agent),
        ("PUT", &agent),
        ("DELETE", &agent),
        ("GET", "/api/conversations"),
        ("POST", "/api/conversations"),
        ("GET", &conversation),
        ("PATCH", &conversation),
        ("DELETE", &conversation),
        ("POST", &send),
        ("GET", "/api/messages"),
        ("GET", &message),
        ("POST", "/api/auth/logout"),
    ]);
}
