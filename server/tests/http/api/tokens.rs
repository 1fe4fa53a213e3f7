//! Signing in, staying in, and being thrown out.

use super::{Program, keys};
use crate::server::{House, PASSWORD, Server};
use serde_json::{Value, json};

#[test]
fn a_sign_in_gives_tokens_that_are_refreshed_in_turn() {
    let server = Server::start();
    let mut nobody = Program::nobody(&server);
    Program::register(&server, "ada");
    let login = json!({ "email": "ADA@example.org ", "password": PASSWORD });
    let first = nobody.post("/api/v1/auth/login/", &login, 200);
    assert_eq!(keys(&first), ["access", "expires_in", "refresh", "token_type", "user"]);
    assert_eq!((&first["token_type"], &first["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(first["user"]["email"], "ada@example.org");
    let mut ada = nobody.with(&first["access"]);
    assert_eq!(ada.get("/api/v1/users/me")["id"], first["user"]["id"]);
    // The same by the other header form that clients send.
    ada.authorization = ada.authorization.map(|it| it.replace("Bearer", "Token"));
    ada.get("/api/v1/users/me/");

    let second = nobody.post("/api/v1/auth/refresh", &json!({ "refresh": first["refresh"] }), 200);
    assert_ne!(first["refresh"], second["refresh"]);
    nobody.with(&second["access"]).get("/api/v1/users/me");
    // A refresh token is not one to call with, nor the other way about.
    let refused = nobody.with(&second["refresh"]).expect("GET", "/api/v1/users/me", None, 401);
    assert_eq!(refused["code"], "token_not_valid");
    nobody.post("/api/v1/auth/refresh", &json!({ "refresh": second["access"] }), 401);

    // The first one once more: somebody has stolen it, and nobody goes on with any of them.
    nobody.post("/api/v1/auth/refresh", &json!({ "refresh": first["refresh"] }), 401);
    for token in [&first, &second] {
        nobody.with(&token["access"]).expect("GET", "/api/v1/users/me", None, 401);
        nobody.post("/api/v1/auth/refresh", &json!({ "refresh": token["refresh"] }), 401);
    }
}

#[test]
fn wrong_sign_ins_say_no_more_than_that() {
    let server = Server::start();
    let mut nobody = Program::nobody(&server);
    Program::register(&server, "ada");
    let mut attempt = |email: &str, password: &str| {
        nobody.post("/api/v1/auth/login", &json!({ "email": email, "password": password }), 401)
    };
    let wrong = attempt("ada@example.org", "not it");
    assert_eq!(wrong["code"], "invalid_credentials");
    assert_eq!(wrong, attempt("nobody@example.org", "not it"));
    let missing = nobody.post("/api/v1/auth/login", &json!({ "email": "ada@example.org" }), 422);
    assert_eq!(missing["fields"], json!([{ "field": "password", "message": "This field is required." }]));
    for _ in 0..9 {
        nobody.post("/api/v1/auth/login", &json!({ "email": "ada@example.org", "password": "no" }), 401);
    }
    let reply = nobody.send(
        "POST",
        "/api/v1/auth/login",
        Some(&json!({ "email": "ada@example.org", "password": PASSWORD })),
        &[],
    );
    assert_eq!(reply.status, 429, "{}", reply.text());
    assert!(reply.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
}

#[test]
fn signing_out_ends_tokens_at_once() {
    let server = Server::start();
    let mut nobody = Program::nobody(&server);
    Program::register(&server, "ada");
    let mut sign_in =
        || nobody.post("/api/v1/auth/login", &json!({ "username": "ada@example.org", "password": PASSWORD }), 200);
    let tokens: Vec<Value> = (0..4).map(|_| sign_in()).collect();
    let mut programs: Vec<_> = tokens.iter().map(|it| nobody.with(&it["access"])).collect();
    programs[0].post("/api/v1/auth/logout", &json!({}), 204);
    programs[0].expect("GET", "/api/v1/users/me", None, 401);
    // By the refresh token alone, without being signed in.
    nobody.post("/api/v1/auth/logout", &json!({ "refresh": tokens[1]["refresh"] }), 204);
    programs[1].expect("GET", "/api/v1/users/me", None, 401);
    programs[2].get("/api/v1/users/me");
    let change = json!({ "current_password": PASSWORD, "new_password": "another good password" });
    programs[2].post("/api/v1/users/me/password", &change, 204);
    programs[2].expect("GET", "/api/v1/users/me", None, 401);
    programs[3].expect("GET", "/api/v1/users/me", None, 401);
    nobody.post("/api/v1/auth/login", &json!({ "email": "ada@example.org", "password": PASSWORD }), 401);
    nobody.post("/api/v1/auth/login", &json!({ "email": "ada@example.org", "password": "another good password" }), 200);
}

#[test]
fn a_superuser_signs_in_as_somebody_else() {
    let server = Server::start();
    let mut root = Program { browser: server.administrator(), authorization: None };
    let mut bob = Program::register(&server, "bob");
    let id = bob.get("/api/v1/users/me")["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/users/{id}/sign-in-as");
    bob.expect("POST", &path, Some(&json!({})), 403);
    let token = root.post("/api/v1/tokens", &json!({ "name": "t", "scopes": ["read", "write"] }), 201);
    let mut bot = Program { browser: server.browser(), authorization: None }.with(&token["token"]);
    assert_eq!(bot.expect("POST", &path, Some(&json!({})), 403)["code"], "token_scope", "people, not their programs");

    let tokens = root.post(&path, &json!({}), 200);
    assert_eq!(tokens["user"]["id"], id.as_str());
    let nobody = Program::nobody(&server);
    let mut as_bob = nobody.with(&tokens["access"]);
    assert_eq!(as_bob.get("/api/v1/users/me")["email"], "bob@example.org");
    let change = json!({ "current_password": PASSWORD, "new_password": "another good password" });
    as_bob.expect("POST", "/api/v1/users/me/password", Some(&change), 403);
    let next = nobody.clone().post("/api/v1/auth/refresh", &json!({ "refresh": tokens["refresh"] }), 200);
    nobody.clone().post("/api/v1/auth/logout", &json!({ "refresh": next["refresh"] }), 204);
    nobody.with(&next["access"]).expect("GET", "/api/v1/users/me", None, 401);
    let log = root.get("/api/v1/audit-log?search=bob@example.org");
    let told = log["results"].as_array().unwrap().iter().map(|it| it["action"].as_str().unwrap());
    let told: Vec<_> = told.filter(|it| it.starts_with("user.sign_")).collect();
    assert_eq!(told, ["user.sign_back", "user.sign_in_as"]);

    // It ends with whoever is behind it.
    let tokens = root.post(&path, &json!({}), 200);
    root.post("/api/v1/auth/logout-everywhere", &json!({}), 204);
    nobody.with(&tokens["access"]).expect("GET", "/api/v1/users/me", None, 401);
    bob.get("/api/v1/users/me");
}

#[test]
fn tokens_survive_a_restart_but_not_another_secret() {
    let server = House::new().env("JWT_SECRET_KEY", "one").serve();
    let ada = Program::register(&server, "ada");
    let server = server.kill().serve();
    let mut ada = Program { browser: server.browser(), ..ada };
    ada.get("/api/v1/users/me");
    let server = server.kill().env("JWT_SECRET_KEY", "two").serve();
    Program { browser: server.browser(), ..ada }.expect("GET", "/api/v1/users/me", None, 401);
}

#[test]
fn an_api_token_does_what_it_is_for() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let made = ada.post("/api/v1/tokens", &json!({ "name": " report ", "scopes": ["read"] }), 201);
    assert_eq!((&made["name"], &made["scopes"]), (&json!("report"), &json!(["read"])));
    let text = made["token"].as_str().unwrap();
    assert!(text.starts_with("atr_") && text.ends_with(made["hint"].as_str().unwrap()));
    let database = std::fs::read(server.path().join("data/atrium.db")).unwrap();
    let journal = std::fs::read(server.path().join("data/atrium.db-wal")).unwrap_or_default();
    for file in [database, journal] {
        assert!(!file.windows(text.len()).any(|it| it == text.as_bytes()), "only the digest is stored");
    }
    let mut report = ada.with(&made["token"]);
    report.get("/api/v1/conversations");
    for (method, path, body) in [
        ("POST", "/api/v1/conversations", json!({})),
        ("POST", "/api/v1/agents", json!({ "name": "x", "provider": "local", "model": "m" })),
        ("POST", "/api/v1/tokens", json!({ "name": "more", "scopes": ["write"] })),
        ("POST", "/api/v1/users/me/password", json!({ "current_password": PASSWORD, "new_password": "x".repeat(12) })),
        ("POST", "/api/v1/auth/logout-everywhere", json!({})),
    ] {
        let refused = report.expect(method, path, Some(&body), 403);
        assert_eq!(refused["code"], "token_scope", "{method} {path}");
    }
    report.expect("GET", "/api/v1/tokens", None, 403);
    let chat = ada.post("/api/v1/tokens", &json!({ "name": "bot", "scopes": ["read", "chat"] }), 201);
    let mut bot = ada.with(&chat["token"]);
    bot.post("/api/v1/conversations", &json!({}), 201);
    bot.post("/api/v1/agents", &json!({ "name": "x", "provider": "local", "model": "m" }), 403);

    let listed = ada.get("/api/v1/tokens");
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["bot", "report"]);
    assert!(listed[1]["last_used_at"].is_string() && listed[1].get("token").is_none());
    ada.delete(&format!("/api/v1/tokens/{}", made["id"].as_str().unwrap()));
    report.expect("GET", "/api/v1/conversations", None, 401);
    // Signing out everywhere is about people; programs go on.
    ada.post("/api/v1/auth/logout-everywhere", &json!({}), 204);
    ada.expect("GET", "/api/v1/users/me", None, 401);
    bot.get("/api/v1/conversations");
}

#[test]
fn a_profile_is_changed_by_whoever_saw_it() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    Program::register(&server, "bob");
    let reply = ada.send("GET", "/api/v1/users/me", None, &[]);
    let tag = reply.header("etag").unwrap().to_owned();
    let change = json!({ "name": "Ada King", "username": "Countess", "role": "admin", "is_superuser": true });
    let changed = ada.send("PATCH", "/api/v1/users/me", Some(&change), &[("if-match", &tag)]);
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!((&changed.json()["name"], &changed.json()["username"]), (&json!("Ada King"), &json!("countess")));
    assert_eq!((&changed.json()["role"], &changed.json()["is_superuser"]), (&json!("user"), &json!(false)));
    let stale = ada.send("PATCH", "/api/v1/users/me", Some(&json!({ "name": "Other" })), &[("if-match", &tag)]);
    assert_eq!((stale.status, &stale.json()["code"]), (412, &json!("precondition_failed")));
    assert_eq!(ada.get("/api/v1/users/me")["name"], "Ada King");
    // Nobody takes somebody else's address for a name.
    let taken = ada.patch("/api/v1/users/me", &json!({ "username": "bob@example.org" }), 422);
    assert_eq!(taken["fields"][0]["field"], "username");
    let login = json!({ "username": "COUNTESS", "password": PASSWORD });
    Program::nobody(&server).post("/api/v1/auth/login", &login, 200);
}
