//! One's own picture and sessions over REST.

use super::{Program, keys};
use crate::account::picture;
use crate::server::{PASSWORD, Server};
use serde_json::{Value, json};

#[test]
fn a_picture_is_set_read_and_removed() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let mut bob = Program::register(&server, "bob");
    let me = ada.get("/api/v1/users/me");
    assert_eq!(me["avatar_url"], Value::Null);
    let own = "/api/v1/users/me/avatar";
    let path = format!("/api/v1/users/{}/avatar", me["id"].as_str().unwrap());
    bob.expect("GET", &path, None, 404);
    for (file, told) in [(&b"GIF89a"[..], "PNG, JPEG or WebP"), (&[], "Choose a picture first")] {
        let refused = ada.put_file(own, file);
        assert_eq!((refused.status, &refused.json()["fields"][0]["field"]), (422, &json!("picture")));
        assert!(refused.text().contains(told), "{}", refused.text());
    }
    assert_eq!(ada.put_file(own, &vec![0; 5 * 1024 * 1024]).status, 413);

    assert_eq!(ada.put_file(own, &picture(40, 60)).status, 204);
    let url = ada.get("/api/v1/users/me")["avatar_url"].as_str().unwrap().to_owned();
    assert!(url.starts_with(&path), "{url}");
    let reply = bob.send("GET", &url, None, &[]);
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("image/png")));
    assert_eq!(image::load_from_memory(&reply.body).unwrap().width(), 256);
    let tag = reply.header("etag").unwrap();
    assert!(url.ends_with(tag.trim_matches('"')));
    assert_eq!(bob.send("GET", &path, None, &[("if-none-match", tag)]).status, 304);

    ada.delete(own);
    ada.delete(own);
    bob.expect("GET", &path, None, 404);
}

#[test]
fn sessions_are_listed_and_ended() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let mut mallory = Program::register(&server, "mallory");
    let login = json!({ "email": "ada@example.org", "password": PASSWORD });
    let agent = [("user-agent", "nightly/1.0")];
    let second = ada.send("POST", "/api/v1/auth/login", Some(&login), &agent).json();
    let mut browser = server.browser();
    browser.submit("/sign-in", &[("email", "ada@example.org"), ("password", PASSWORD)]);

    let all = ada.get("/api/v1/sessions");
    assert_eq!(
        keys(&all[0]),
        ["address", "created_at", "expires_at", "id", "is_current", "kind", "last_used_at", "user_agent"]
    );
    let told = |all: &Value| -> Vec<(String, bool)> {
        let one = |it: &Value| (it["kind"].as_str().unwrap().to_owned(), it["is_current"] == true);
        all.as_array().unwrap().iter().map(one).collect()
    };
    let program = || "program".to_owned();
    assert_eq!(told(&all), [(program(), true), ("browser".to_owned(), false), (program(), false)]);
    assert_eq!((&all[2]["user_agent"], &all[2]["address"]), (&json!("nightly/1.0"), &json!("127.0.0.1")));
    // By the cookie it is the browser that asks.
    let mut by_cookie = Program { browser, authorization: None };
    assert_eq!(told(&by_cookie.get("/api/v1/sessions"))[0], ("browser".to_owned(), true));

    let path = format!("/api/v1/sessions/{}", all[2]["id"].as_str().unwrap());
    mallory.expect("DELETE", &path, None, 404);
    ada.with(&second["access"]).get("/api/v1/users/me");
    ada.delete(&path);
    ada.expect("DELETE", &path, None, 404);
    ada.with(&second["access"]).expect("GET", "/api/v1/users/me", None, 401);

    by_cookie.delete("/api/v1/sessions");
    assert_eq!(by_cookie.get("/api/v1/sessions").as_array().unwrap().len(), 1);
    ada.expect("GET", "/api/v1/users/me", None, 401);
    mallory.get("/api/v1/users/me");
}
