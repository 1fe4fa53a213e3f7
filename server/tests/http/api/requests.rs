//! What every endpoint shares: paging, refusals, versions, once-only requests, limits, CORS, the description.

use super::{Program, keys};
use crate::server::{House, Server};
use serde_json::{Value, json};

#[test]
fn lists_are_pages() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    for n in 0..25 {
        ada.post("/api/v1/conversations", &json!({ "title": format!("Talk {n:02}") }), 201);
    }
    let first = ada.get("/api/v1/conversations");
    assert_eq!(keys(&first), ["count", "next", "previous", "results"]);
    assert_eq!((&first["count"], &first["previous"]), (&json!(25), &Value::Null));
    assert_eq!(first["results"].as_array().unwrap().len(), 20);
    let next = first["next"].as_str().unwrap();
    assert_eq!(next, format!("{}/api/v1/conversations?page=2", server.address));
    let second = ada.get(next.strip_prefix(&server.address).unwrap());
    assert_eq!((&second["next"], second["results"].as_array().unwrap().len()), (&Value::Null, 5));
    assert!(second["previous"].as_str().unwrap().ends_with("?page=1"));
    let found = ada.get("/api/v1/conversations/?search=talk%2013&page_size=1");
    assert_eq!((&found["count"], &found["results"][0]["title"]), (&json!(1), &json!("Talk 13")));
    assert_eq!(ada.get("/api/v1/conversations?search=%25")["count"], 0);
    for wrong in ["page=0", "page=x", "page_size=101", "page_size=-1"] {
        let refused = ada.expect("GET", &format!("/api/v1/conversations?{wrong}"), None, 422);
        assert_eq!(refused["fields"][0]["field"], wrong.split('=').next().unwrap());
    }
    assert_eq!(ada.get("/api/v1/conversations?page=1000000")["results"], json!([]));
}

#[test]
fn a_host_that_anybody_can_make_up_is_in_no_link() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    ada.post("/api/v1/conversations", &json!({}), 201);
    ada.post("/api/v1/conversations", &json!({}), 201);
    let reply = ada.send("GET", "/api/v1/conversations?page_size=1", None, &[("host", "evil.example")]);
    assert!(!reply.text().contains("evil.example"), "{}", reply.text());
    let server = House::new().env("ATRIUM_PUBLIC_URL", "http://atrium.example/").serve();
    let mut ada = Program::register(&server, "ada");
    ada.post("/api/v1/conversations", &json!({}), 201);
    ada.post("/api/v1/conversations", &json!({}), 201);
    let next = ada.get("/api/v1/conversations?page_size=1")["next"].clone();
    assert_eq!(next, "http://atrium.example/api/v1/conversations?page_size=1&page=2");
}

#[test]
fn refusals_have_one_shape() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let mut refused = |method: &str, path: &str, body: &str, kind: &str| {
        let authorization = ada.authorization.clone().unwrap();
        let headers = [("authorization", authorization.as_str()), ("content-type", kind)];
        let reply = ada.browser.request(method, path, &headers, body.as_bytes());
        let problem = reply.json();
        assert_eq!(problem["status"], reply.status, "{method} {path}");
        assert!(problem["message"].as_str().is_some_and(|it| !it.is_empty()), "{problem}");
        (reply.status, problem["code"].as_str().unwrap().to_owned())
    };
    let json = "application/json";
    let told = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(refused("POST", "/api/v1/agents", "{", json), told(400, "malformed_json"));
    assert_eq!(
        refused("POST", "/api/v1/agents", "name=x", "application/x-www-form-urlencoded"),
        told(415, "unsupported_media_type")
    );
    assert_eq!(refused("POST", "/api/v1/agents", "{}", json), told(422, "invalid"));
    assert_eq!(refused("GET", "/api/v1/agents/nonsense", "", json), told(404, "not_found"));
    assert_eq!(refused("GET", "/api/v1/agents/00000000-0000-0000-0000-000000000009", "", json), told(404, "not_found"));
    assert_eq!(refused("PUT", "/api/v1/agents", "{}", json), told(405, "method_not_allowed"));
    assert_eq!(refused("GET", "/api/v1/nothing/here", "", json), told(404, "not_found"));
    assert_eq!(refused("GET", "/api/nothing", "", json), told(404, "not_found"));
    let huge = format!("{{\"name\": \"{}\"}}", "x".repeat(5 << 20));
    let reply = ada.browser.request("POST", "/api/v1/agents", &[("content-type", json)], huge.as_bytes());
    assert_eq!((reply.status, &reply.json()["code"]), (413, &serde_json::json!("too_large")));
}

#[test]
fn a_change_does_not_go_over_somebody_elses() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let agent = json!({ "name": "Editor", "provider": "openai", "model": "gpt-4o-mini", "temperature": 0.4 });
    let made = ada.send("POST", "/api/v1/agents", Some(&agent), &[]);
    assert_eq!(made.status, 201, "{}", made.text());
    let (tag, path) =
        (made.header("etag").unwrap().to_owned(), format!("/api/v1/agents/{}", made.json()["id"].as_str().unwrap()));
    let mut change = |tag: &str, body: Value| {
        let reply = ada.send("PATCH", &path, Some(&body), &[("if-match", tag)]);
        (reply.status, reply.header("etag").unwrap_or_default().to_owned(), reply.json())
    };
    let (status, newer, changed) = change(&tag, json!({ "temperature": 0.9 }));
    assert_eq!((status, &changed["temperature"], &changed["name"]), (200, &json!(0.9), &json!("Editor")));
    assert_eq!(change(&tag, json!({ "name": "Mine" })).0, 412);
    assert_eq!(change("\"nonsense\"", json!({ "name": "Mine" })).0, 412);
    assert_eq!(change(&newer, json!({ "name": "Theirs" })).0, 200);
    assert_eq!(change("*", json!({ "is_default": true })).2["is_default"], true);
    assert_eq!(change("*", json!({ "temperature": 3 })).2["fields"][0]["field"], "temperature");
    assert_eq!(change("*", json!({ "provider": "nobody" })).2["fields"][0]["field"], "provider");
    let defaults =
        ada.get("/api/v1/agents")["results"].as_array().unwrap().iter().filter(|it| it["is_default"] == true).count();
    assert_eq!(defaults, 1);
    let clash = ada.post("/api/v1/agents", &json!({ "name": "Theirs", "provider": "local", "model": "m" }), 422);
    assert_eq!(clash["fields"][0]["field"], "name");
    ada.delete(&path);
    ada.expect("GET", &path, None, 404);
    assert_eq!(ada.post(&format!("{path}/restore"), &json!({}), 200)["name"], "Theirs");
}

#[test]
fn a_request_with_a_key_is_done_once() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let mut bob = Program::register(&server, "bob");
    let key = [("idempotency-key", "abc")];
    let first = ada.send("POST", "/api/v1/conversations", Some(&json!({ "title": "Once" })), &key);
    let again = ada.send("POST", "/api/v1/conversations", Some(&json!({ "title": "Once" })), &key);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json(), again.json());
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), (None, Some("true")));
    assert_eq!(ada.get("/api/v1/conversations")["count"], 1);
    let other = ada.send("POST", "/api/v1/conversations", Some(&json!({ "title": "Other" })), &key);
    assert_eq!((other.status, &other.json()["code"]), (409, &json!("idempotency_key_reused")));
    // Keys are each person's own, and a refusal is a reply like any other.
    let theirs = bob.send("POST", "/api/v1/conversations", Some(&json!({ "title": "Once" })), &key);
    assert_ne!(theirs.json()["id"], first.json()["id"]);
    let key = [("idempotency-key", "def")];
    let refused = ada.send("POST", "/api/v1/conversations", Some(&json!({ "title": "" })), &key);
    let again = ada.send("POST", "/api/v1/conversations", Some(&json!({ "title": "" })), &key);
    assert_eq!((refused.status, again.status), (422, 422));
    assert_eq!(ada.send("POST", "/api/v1/conversations", Some(&json!({})), &[("idempotency-key", "")]).status, 422);
}

#[test]
fn of_many_with_the_same_key_one_is_done() {
    let server = Server::start();
    let ada = Program::register(&server, "ada");
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let mut ada = ada.clone();
            std::thread::spawn(move || {
                let body = json!({ "title": "Once" });
                ada.send("POST", "/api/v1/conversations", Some(&body), &[("idempotency-key", "same")]).status
            })
        })
        .collect();
    for it in tries {
        assert!(matches!(it.join().unwrap(), 201 | 409));
    }
    assert_eq!(ada.clone().get("/api/v1/conversations")["count"], 1);
}

#[test]
fn too_many_requests_are_told_when_to_come_back() {
    let server = House::new().env("ATRIUM_API_REQUESTS_PER_MINUTE", "5").serve();
    let mut ada = Program::register(&server, "ada");
    let mut bob = Program::register(&server, "bob");
    for left in (0..5).rev() {
        let reply = ada.send("GET", "/api/v1/users/me", None, &[]);
        assert_eq!((reply.status, reply.header("ratelimit-limit")), (200, Some("5")));
        assert_eq!(reply.header("ratelimit-remaining"), Some(left.to_string().as_str()));
    }
    let reply = ada.send("GET", "/api/v1/users/me", None, &[]);
    assert_eq!((reply.status, &reply.json()["code"]), (429, &json!("rate_limited")));
    let wait: u32 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(bob.send("GET", "/api/v1/users/me", None, &[]).status, 200, "each has their own");
}

#[test]
fn other_sites_call_if_they_are_named() {
    let server =
        House::new().env("CORS_ALLOWED_ORIGINS", "https://app.example").env("CORS_ALLOW_CREDENTIALS", "true").serve();
    let mut ada = Program::register(&server, "ada");
    let mut ask = |origin: &str| {
        let preflight = [("origin", origin), ("access-control-request-method", "POST")];
        ada.browser.request("OPTIONS", "/api/v1/conversations", &preflight, b"")
    };
    let named = ask("https://app.example");
    assert_eq!(named.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(named.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(ask("https://evil.example").header("access-control-allow-origin"), None);
    let from = [("origin", "https://app.example"), ("sec-fetch-site", "cross-site")];
    let reply = ada.send("POST", "/api/v1/conversations", Some(&json!({})), &from);
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (201, Some("https://app.example")));
    // A cookie from a site that nobody named is worth nothing; pages are never called from elsewhere.
    let mut browser = server.person("bob");
    let json = ("content-type", "application/json");
    let evil = [json, ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    assert_eq!(browser.request("POST", "/api/v1/conversations", &evil, b"{}").status, 403);
    assert_eq!(browser.request("POST", "/api/v1/conversations", &[json], b"{}").status, 201);
    assert_eq!(browser.submit_with("/account", &[], &from).status, 403);
}

/// Every operation has what an integrator looks for, and the committed description is the one that the code makes.
#[test]
fn the_description_is_complete_and_up_to_date() {
    let server = Server::start();
    let api = Program::nobody(&server).get("/api/schema/");
    assert_eq!(api["openapi"], "3.1.0");
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|it| !it.is_empty()), "{name} says what it does");
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name} has a name of its own");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|it| it.starts_with('2')), "{name} can succeed");
            assert!(responses.contains_key("401") && responses.contains_key("429"), "{name} names its refusals");
        }
    }
    for (name, schema) in api["components"]["schemas"].as_object().unwrap() {
        let is_sent = name.starts_with("New") || name.ends_with("Change") || name == "Login" || name == "Problem";
        assert!(
            !is_sent || schema.get("example").is_some() || schema.get("examples").is_some(),
            "{name} has an example"
        );
    }
    let text = api.to_string();
    for named in text.split("\"$ref\":\"#").skip(1).map(|it| it.split('"').next().unwrap()) {
        assert!(api.pointer(named).is_some(), "{named} is named, and not there");
    }
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
    let committed: Value = serde_json::from_slice(&std::fs::read(committed).unwrap()).unwrap();
    assert!(committed == api, "docs/openapi.json is out of date: target/debug/atrium openapi > docs/openapi.json");
    for page in ["/api/schema/swagger/", "/api/schema/redoc/", "/swagger/", "/redoc"] {
        let reply = server.browser().get(page);
        assert_eq!(reply.status, 200, "{page}");
        assert!(!reply.text().contains("://"), "{page} loads nothing from elsewhere");
    }
}

/// What a token may not do it does not get by a reply that was kept for somebody who may; and no secret is kept at all.
#[test]
fn kept_replies_give_nothing_away() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let made = ada.post("/api/v1/tokens", &json!({ "name": "reader", "scopes": ["read"] }), 201);
    let mut reader = ada.with(&made["token"]);
    let key = [("idempotency-key", "1")];
    let secret = ada.send("POST", "/api/v1/tokens", Some(&json!({ "name": "all", "scopes": ["write"] })), &key);
    assert_eq!(secret.status, 201);
    let asked = reader.send("POST", "/api/v1/tokens", Some(&json!({ "name": "all", "scopes": ["write"] })), &key);
    assert_eq!(asked.status, 403, "{}", asked.text());
    let first = ada.send("POST", "/api/v1/conversations", Some(&json!({ "title": "Once" })), &key);
    assert_eq!(first.status, 201);
    let asked = reader.send("POST", "/api/v1/conversations", Some(&json!({ "title": "Once" })), &key);
    assert_eq!(asked.json()["code"], "idempotency_key_reused");
    let text = secret.json()["token"].as_str().unwrap().to_owned();
    for file in ["data/atrium.db", "data/atrium.db-wal"] {
        let bytes = std::fs::read(server.path().join(file)).unwrap_or_default();
        assert!(!bytes.windows(text.len()).any(|it| it == text.as_bytes()), "{file}");
    }
}
