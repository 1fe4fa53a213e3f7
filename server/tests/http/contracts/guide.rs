//! The standard guide: its clients send no slash, show `message`, else `detail`, and read `code`.

use super::{Client, has_keys, is_time, is_uuid, text};
use crate::server::Server;
use serde_json::{Value, json};

const SIGNED_IN: [&str; 9] =
    ["token", "access", "access_token", "refresh", "refresh_token", "expires_in", "user_id", "email", "user"];
const USER: [&str; 12] = [
    "id",
    "email",
    "username",
    "name",
    "org",
    "role",
    "created_at",
    "updated_at",
    "last_login",
    "is_active",
    "is_staff",
    "avatar_url",
];
const WORDS: [&str; 4] = ["error", "detail", "message", "code"];

fn register(client: &mut Client) -> Value {
    let person = json!({ "username": "testuser", "email": "test@example.com", "password": "testpass123" });
    client.post("/api/auth/register", &person, 201)
}

#[test]
fn signing_in_by_user_name_or_address() {
    let server = Server::start();
    let mut nobody = Client::nobody(&server);
    let made = register(&mut nobody);
    has_keys(&made, &SIGNED_IN);
    for name in [
        json!({ "username": "testuser", "password": "testpass123" }),
        json!({ "username": "test@example.com", "password": "testpass123" }),
        json!({ "email": "test@example.com", "password": "testpass123" }),
    ] {
        let told = nobody.post("/api/auth/login", &name, 200);
        has_keys(&told, &SIGNED_IN);
        has_keys(&told["user"], &USER);
        assert_eq!((&told["user_id"], &told["email"]), (&told["user"]["id"], &json!("test@example.com")));
        assert_eq!((&told["token"], &told["expires_in"]), (&told["access_token"], &json!(3600)));
        assert_eq!((&told["user"]["username"], &told["user"]["is_staff"]), (&json!("testuser"), &json!(false)));
        for scheme in ["Token", "Bearer", "token"] {
            nobody.with(scheme, text(&told["token"])).get("/api/auth/user", 200);
        }
    }
    // A form does as well.
    nobody.form("/api/auth/login", "username=testuser&password=testpass123", 200);
    let told = nobody.post("/api/auth/login", &json!({ "username": "testuser", "password": "wrong" }), 401);
    has_keys(&told, &WORDS);
    assert_eq!(told["code"], "invalid_credentials");
    has_keys(&nobody.post("/api/auth/login", &json!({ "username": "testuser" }), 400), &WORDS);
    has_keys(&nobody.get("/api/auth/user", 401), &WORDS);
    has_keys(&nobody.with("Token", "rubbish").get("/api/auth/profile", 401), &WORDS);
    let again = json!({ "username": "testuser", "email": "other@example.com", "password": "testpass123" });
    let told = nobody.post("/api/auth/register", &again, 400);
    assert_eq!(told["username"], json!(["A user with that username already exists."]));
    assert_eq!(told["message"], "A user with that username already exists.");
    has_keys(&told, &[&["username"], &WORDS[..]].concat());
}

#[test]
fn a_token_is_renewed_and_ended() {
    let server = Server::start();
    let mut nobody = Client::nobody(&server);
    let refresh = json!({ "refresh_token": register(&mut nobody)["refresh_token"] });
    for _ in 0..2 {
        let told = nobody.post("/api/auth/refresh", &refresh, 200);
        has_keys(&told, &["access_token", "access", "expires_in"]);
        nobody.with("Bearer", text(&told["access_token"])).get("/api/auth/user", 200);
    }
    let by_the_other_name = json!({ "refresh": refresh["refresh_token"] });
    nobody.post("/api/auth/refresh", &by_the_other_name, 200);
    // Who has the refresh token may end it, though the access token is gone.
    let told = nobody.post("/api/auth/logout", &refresh, 200);
    has_keys(&told, &["detail", "message"]);
    has_keys(&nobody.post("/api/auth/refresh", &refresh, 401), &WORDS);
    // One of v1 rotates, and its owner gets the next.
    let login = json!({ "email": "test@example.com", "password": "testpass123" });
    let pair = nobody.post("/api/v1/auth/login", &login, 200);
    let told = nobody.post("/api/auth/refresh", &json!({ "refresh_token": pair["refresh"] }), 200);
    assert!(told["refresh_token"].is_string() && told["refresh_token"] != pair["refresh"]);
}

#[test]
fn a_client_that_works_by_cookie_is_signed_in_by_one() {
    let server = Server::start();
    register(&mut Client::nobody(&server));
    let login = r#"{ "username": "testuser", "password": "testpass123" }"#;
    let json = ("content-type", "application/json");
    let mut browser = server.browser();
    let without = browser.request("POST", "/api/auth/login", &[json], login.as_bytes());
    assert!(without.status == 200 && browser.cookies.is_empty(), "who does not ask for a cookie gets none");
    browser.request("GET", "/api/csrf/", &[], b"");
    let token = browser.cookies["csrftoken"].clone();
    let told = browser.request("POST", "/api/auth/login", &[json, ("x-csrftoken", &token)], login.as_bytes());
    assert_eq!(told.status, 200);
    has_keys(&told.json(), &SIGNED_IN);
    let cookie = told.session_cookie().expect("a session's cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert_eq!(browser.cookies["csrftoken"], token, "the one that it has stays");
    let headers = [json, ("x-csrftoken", token.as_str())];
    let changed = browser.request("PATCH", "/api/auth/profile", &headers, br#"{"name": "Ada"}"#);
    assert_eq!((changed.status, &changed.json()["name"]), (200, &json!("Ada")));
    assert_eq!(browser.request("POST", "/api/auth/logout", &headers, b"{}").status, 200);
    assert_eq!(browser.request("GET", "/api/auth/user", &[], b"").status, 401);
    // Both at once: signing out by the token ends the session too.
    let told = browser.request("POST", "/api/auth/login", &headers, login.as_bytes());
    let bearer = format!("Bearer {}", text(&told.json()["token"]));
    let both = [json, ("authorization", bearer.as_str())];
    assert_eq!(browser.request("POST", "/api/auth/logout", &both, b"{}").status, 200);
    assert_eq!(browser.request("GET", "/api/auth/user", &[], b"").status, 401);
}

#[test]
fn a_profile_is_read_and_changed() {
    let server = Server::start();
    let mut nobody = Client::nobody(&server);
    let made = register(&mut nobody);
    let mut ada = nobody.with("Token", text(&made["token"]));
    for path in ["/api/auth/user", "/api/auth/profile"] {
        let user = ada.get(path, 200);
        has_keys(&user, &USER);
        assert!(is_uuid(&user["id"]) && is_time(&user["created_at"]) && user["username"] == "testuser");
    }
    let change =
        json!({ "name": "Ada", "username": "ada", "is_staff": true, "role": "admin", "email": "root@example.com" });
    let changed = ada.patch("/api/auth/profile", &change, 200);
    assert_eq!(
        (&changed["name"], &changed["username"], &changed["role"]),
        (&json!("Ada"), &json!("ada"), &json!("analyst"))
    );
    assert_eq!((&changed["is_staff"], &changed["email"]), (&json!(false), &json!("test@example.com")));
    let told = ada.patch("/api/auth/profile", &json!({ "username": "a b" }), 400);
    has_keys(&told, &[&["username"], &WORDS[..]].concat());
    // The browser's cookie does, with or without the header that its client sends along.
    let mut browser = server.person("grace");
    let reply = browser.request("GET", "/api/auth/user", &[("x-csrftoken", "anything")], b"");
    assert_eq!((reply.status, &reply.json()["name"]), (200, &json!("grace")));
    let json = [("content-type", "application/json"), ("x-csrftoken", "anything")];
    assert_eq!(browser.request("PATCH", "/api/auth/profile", &json, br#"{"name": "Grace"}"#).status, 200);
    let foreign = [json[0], ("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    assert_eq!(browser.request("PATCH", "/api/auth/profile", &foreign, br#"{"name": "Eve"}"#).status, 403);
}

#[test]
fn passwords_are_changed_and_forgotten() {
    let server = Server::start();
    let mut nobody = Client::nobody(&server);
    let made = register(&mut nobody);
    let mut ada = nobody.with("Token", text(&made["token"]));
    let wrong = json!({ "current_password": "not this", "new_password": "a few unusual words" });
    let told = ada.post("/api/auth/change-password", &wrong, 400);
    has_keys(&told, &[&["current_password"], &WORDS[..]].concat());
    has_keys(&ada.post("/api/auth/change-password", &json!({}), 400), &[&["current_password"], &WORDS[..]].concat());
    has_keys(&nobody.post("/api/auth/change-password", &wrong, 401), &WORDS);
    let right = json!({ "current_password": "testpass123", "new_password": "a few unusual words" });
    has_keys(&ada.post("/api/auth/change-password", &right, 200), &["message", "detail"]);
    ada.get("/api/auth/user", 401);
    nobody.post("/api/auth/login", &json!({ "username": "testuser", "password": "a few unusual words" }), 200);

    let of = |email: &str| json!({ "email": email });
    let known = nobody.post("/api/auth/forgot-password", &of("test@example.com"), 200);
    has_keys(&known, &["message", "detail"]);
    assert_eq!(
        nobody.post("/api/auth/forgot-password", &of("nobody@example.com"), 200),
        known,
        "nobody learns who is here"
    );
    has_keys(&nobody.post("/api/auth/forgot-password", &json!({}), 400), &[&["email"], &WORDS[..]].concat());
    let reset = json!({ "token": "rubbish", "new_password": "other unusual words" });
    let told = nobody.post("/api/auth/reset-password", &reset, 400);
    has_keys(&told, &WORDS);
    assert_eq!(told["code"], "link_not_valid");
}

#[test]
fn a_person_is_read_by_those_who_may() {
    let server = Server::start();
    let mut admin = server.administrator();
    let mut ada = Client::register(&server, "ada2");
    let mut bob = Client::register(&server, "bob");
    let id = text(&ada.get("/api/auth/user", 200)["id"]).to_owned();
    let path = format!("/api/users/{id}");
    let user = ada.get(&path, 200);
    has_keys(&user, &["id", "email", "name", "is_active", "is_staff", "created_at", "updated_at"]);
    has_keys(&bob.get(&path, 404), &WORDS);
    assert_eq!(admin.request("GET", &path, &[], b"").json(), user);
    Client::nobody(&server).get(&path, 401);
}

#[test]
fn every_path_is_there_with_and_without_its_slash() {
    let server = Server::start();
    let mut nobody = Client::nobody(&server);
    nobody.finds(&[
        ("POST", "/api/auth/login"),
        ("POST", "/api/auth/register"),
        ("GET", "/api/auth/user"),
        ("GET", "/api/auth/profile"),
        ("PATCH", "/api/auth/profile"),
        ("POST", "/api/auth/change-password"),
        ("POST", "/api/auth/forgot-password"),
        ("POST", "/api/auth/reset-password"),
        ("POST", "/api/auth/refresh"),
        ("GET", "/api/users/0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f"),
    ]);
}
