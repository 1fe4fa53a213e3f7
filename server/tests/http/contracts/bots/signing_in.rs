//! login, create, refresh, logout, verify-token, me, password, login-as.

use super::{Client, detail, error, field, house, id, keys};
use crate::account::picture;
use crate::server::PASSWORD;
use serde_json::{Value, json};

/// What a JWT says.
fn claims(token: &Value) -> Value {
    let text = token.as_str().unwrap().split('.').nth(1).unwrap();
    let digit = |it: u8| match it {
        b'A'..=b'Z' => it - b'A',
        b'a'..=b'z' => it - b'a' + 26,
        b'0'..=b'9' => it - b'0' + 52,
        b'-' => 62,
        _ => 63,
    };
    let (mut bytes, mut rest, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        rest = rest << 6 | u32::from(digit(letter));
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((rest >> bits & 0xff) as u8);
        }
    }
    serde_json::from_slice(&bytes).unwrap()
}

const ME: [&str; 15] = [
    "id",
    "full_name",
    "email",
    "username",
    "job_title",
    "department",
    "first_name",
    "last_name",
    "role",
    "is_active",
    "active",
    "avatar",
    "joined_at",
    "is_staff",
    "client_id",
];

#[test]
fn login() {
    let mut it = house(&[]);
    it.person("bob");
    let mut nobody = Client::nobody(&it.server);
    for (path, body) in [
        ("/api/login/", json!({ "email": "bob@example.org", "password": PASSWORD })),
        ("/api/login", json!({ "email": " BOB@example.org", "password": PASSWORD })),
        ("/api/login/", json!({ "username": "bob", "password": PASSWORD })),
        ("/api/login/", json!({ "username": "bob@example.org", "password": PASSWORD })),
    ] {
        keys(&nobody.post(path, body, 200), &["access", "refresh"]);
    }
    let form = format!("email=bob%40example.org&password={}", PASSWORD.replace(' ', "+"));
    let reply = nobody.send_as("application/x-www-form-urlencoded", "POST", "/api/login/", form.as_bytes());
    assert_eq!(reply.status, 200, "{}", reply.text());
    let said = claims(&reply.json()["access"]);
    for name in [
        "id",
        "email",
        "username",
        "full_name",
        "first_name",
        "role",
        "is_active",
        "avatar",
        "joined_at",
        "is_staff",
        "is_superuser",
        "job_title",
        "department",
    ] {
        assert!(said.get(name).is_some(), "{name} in {said}");
    }
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 2 * 3600);
    assert_eq!(
        (&said["role"], &said["is_staff"], &said["full_name"]),
        (&json!("USER"), &json!(false), &json!("bob Example"))
    );
    let refresh = claims(&reply.json()["refresh"]);
    assert_eq!(refresh["exp"].as_i64().unwrap() - refresh["iat"].as_i64().unwrap(), 24 * 3600);

    for wrong in [
        json!({ "email": "bob@example.org", "password": "wrong" }),
        json!({ "email": "nobody@example.org", "password": PASSWORD }),
    ] {
        detail(&nobody.post("/api/login/", wrong, 401));
    }
    for missing in [
        json!({}),
        json!({ "email": "bob@example.org" }),
        json!({ "password": "x" }),
        json!({ "email": "", "password": "" }),
    ] {
        field(&nobody.post("/api/login/", missing, 400), "non_field_errors");
    }
    field(&nobody.post("/api/login/", json!([1]), 400), "non_field_errors");
    let broken = nobody.send_as("application/json", "POST", "/api/login/", b"{\"email\":");
    assert_eq!(broken.status, 400);
    detail(&broken.json());
    // Source fault: whoever was switched off came in all the same.
    let (mut eve, eve_id) = it.person("eve");
    let off = it.ada.send("PATCH", &format!("/api/v1/users/{eve_id}"), &json!({ "is_active": false }));
    assert_eq!(off.status, 200, "{}", off.text());
    detail(&nobody.post("/api/login/", json!({ "email": "eve@example.org", "password": PASSWORD }), 401));
    assert_eq!(eve.send("GET", "/api/me/", &Value::Null).status, 401);
}

#[test]
fn create() {
    let it = house(&[]);
    let mut nobody = Client::nobody(&it.server);
    let body = json!({
        "username": "grace", "email": "Grace@example.org", "first_name": "Grace", "last_name": "Brewster Hopper",
        "password": PASSWORD, "role": "ADMIN", "is_staff": true
    });
    let made = nobody.post("/api/create/", body, 201);
    keys(&made, &["user", "access", "refresh"]);
    keys(&made["user"], &["id", "username", "email", "first_name", "last_name", "client_id"]);
    assert_eq!(
        (&made["user"]["username"], &made["user"]["email"], &made["user"]["first_name"], &made["user"]["last_name"]),
        (&json!("grace"), &json!("grace@example.org"), &json!("Grace"), &json!("Brewster Hopper"))
    );
    let me = Client::with(&it.server, &made["access"]).get("/api/me/");
    assert_eq!((&me["role"], &me["is_staff"]), (&json!("USER"), &json!(false)), "nobody makes themselves more");
    let again = json!({ "username": "other", "email": "grace@example.org", "password": PASSWORD });
    field(&nobody.post("/api/create/", again, 400), "email");
    let taken = json!({ "username": "grace", "email": "g@example.org", "first_name": "G", "password": PASSWORD });
    field(&nobody.post("/api/create", taken, 400), "username");
    field(&nobody.post("/api/create/", json!({ "email": "x@example.org" }), 400), "password");
    field(&nobody.post("/api/create/", json!({ "email": "x@example.org", "password": "short" }), 400), "password");
    field(&nobody.post("/api/create/", json!({ "password": PASSWORD }), 400), "email");
}

#[test]
fn refresh_logout_and_verify() {
    let it = house(&[]);
    let mut nobody = Client::nobody(&it.server);
    let login = json!({ "email": "ada@example.org", "password": PASSWORD });
    let first = nobody.post("/api/login/", login.clone(), 200);
    assert_eq!(nobody.post("/api/verify-token/", json!({ "token": first["access"] }), 200), json!({}));
    let second = nobody.post("/api/refresh/", json!({ "refresh": first["refresh"] }), 200);
    keys(&second, &["access", "refresh"]);
    assert_ne!(first["refresh"], second["refresh"], "rotated");
    assert_eq!(claims(&second["access"])["role"], "ADMIN");
    Client::with(&it.server, &second["access"]).get("/api/me/");
    // The old one is spent, and who brings it back ends the sign-in.
    let reused = nobody.post("/api/refresh/", json!({ "refresh": first["refresh"] }), 400);
    keys(&reused, &["detail", "error"]);
    assert_eq!(reused["detail"], "Invalid refresh token.");
    assert_eq!(
        nobody.post("/api/refresh/", json!({ "refresh": second["refresh"] }), 400)["detail"],
        "Invalid refresh token."
    );
    assert_eq!(nobody.post("/api/refresh", json!({}), 400), json!({ "detail": "Field 'refresh' is required." }));
    let bad = nobody.post("/api/verify-token/", json!({ "token": second["access"] }), 401);
    assert_eq!((&bad["code"], bad["detail"].is_string()), (&json!("token_not_valid"), true));
    field(&nobody.post("/api/verify-token/", json!({}), 400), "token");

    let third = nobody.post("/api/login/", login, 200);
    detail(&nobody.post("/api/logout/", json!({ "refresh": third["refresh"] }), 200));
    error(&nobody.post("/api/logout/", json!({ "refresh": third["refresh"] }), 400));
    let out = Client::with(&it.server, &third["access"]).send("GET", "/api/me/", &Value::Null);
    assert_eq!(out.status, 401, "at once");
    nobody.post("/api/refresh/", json!({ "refresh": third["refresh"] }), 400);
    error(&nobody.post("/api/logout", json!({ "refresh": "x" }), 400));
    error(&nobody.post("/api/logout/", json!({}), 400));
}

#[test]
fn without_a_token_and_with_a_bad_one() {
    let it = house(&[]);
    let mut nobody = Client::nobody(&it.server);
    let mut wrong = Client::with(&it.server, &json!("a.b.c"));
    for (method, path) in [
        ("GET", "/api/me/"),
        ("PATCH", "/api/me/update/"),
        ("GET", "/api/users/"),
        ("POST", "/api/users/"),
        ("GET", "/api/roles/"),
        ("POST", "/api/invite/"),
        ("GET", "/api/clients/"),
        ("GET", "/api/projects/"),
        ("POST", "/api/projects/"),
        ("GET", "/api/bots/"),
        ("POST", "/api/bots/"),
        ("GET", "/api/expertise-areas/"),
        ("GET", "/api/chat-session/"),
        ("POST", "/api/chat-session/"),
        ("GET", "/api/chat-favorites/"),
        ("GET", "/api/boards/"),
        ("PUT", "/api/boards/"),
        ("POST", "/api/translate/"),
        ("POST", "/api/search/"),
        ("GET", "/api/search/"),
        ("POST", "/api/translate/lookup/"),
        ("GET", "/api/i18n/translate/"),
        ("POST", "/api/login-as/00000000-0000-0000-0000-000000000000/"),
    ] {
        let reply = nobody.send(method, path, &Value::Null);
        assert_eq!(reply.status, 401, "{method} {path}: {}", reply.text());
        keys(&reply.json(), &["detail"]);
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        let reply = wrong.send(method, path, &Value::Null);
        assert_eq!(reply.status, 401, "{method} {path}: {}", reply.text());
        keys(&reply.json(), &["detail", "code", "messages"]);
        assert_eq!(reply.json()["code"], "token_not_valid");
        keys(&reply.json()["messages"][0], &["token_class", "token_type", "message"]);
    }
}

#[test]
fn oneself() {
    let it = house(&[]);
    let (mut bob, _) = it.person("bob");
    let me = bob.get("/api/me/");
    keys(&me, &ME);
    assert_eq!((&me["full_name"], &me["role"], &me["avatar"]), (&json!("bob Example"), &json!("USER"), &Value::Null));
    assert_eq!((&me["is_active"], &me["active"], &me["is_staff"]), (&json!(true), &json!(true), &json!(false)));
    let change = json!({ "first_name": "Robert", "job_title": "Pilot", "department": "Harbour", "role": "ADMIN", "is_staff": true, "client_id": "x" });
    let changed = bob.ok("PATCH", "/api/me/update/", change, 200);
    keys(&changed, &ME);
    assert_eq!(
        (&changed["full_name"], &changed["job_title"], &changed["role"]),
        (&json!("Robert Example"), &json!("Pilot"), &json!("USER"))
    );
    assert_eq!(bob.ok("PATCH", "/api/me/update", json!({ "full_name": "Bob King" }), 200)["last_name"], "King");
    field(&bob.ok("PATCH", "/api/me/update/", json!({ "username": "a b" }), 400), "username");
    field(&bob.ok("PATCH", "/api/me/update/", json!({ "email": "other@example.org" }), 400), "email");
    let reply = bob.upload("PATCH", "/api/me/update/", &[("first_name", "Bob")], Some(("avatar", &picture(300, 200))));
    assert_eq!((reply.status, reply.json()["first_name"].clone()), (200, json!("Bob")), "{}", reply.text());
    assert!(reply.json()["avatar"].as_str().unwrap().starts_with("http"));
    let refused = bob.upload("PATCH", "/api/me/update/", &[], Some(("avatar", b"no picture")));
    assert_eq!(refused.status, 400, "{}", refused.text());

    let new = "a few unusual words";
    field(
        &bob.ok("PATCH", "/api/me/update/", json!({ "password": new, "password_confirm": "else" }), 400),
        "password_confirm",
    );
    field(&bob.ok("PATCH", "/api/me/update/", json!({ "password": "x", "password_confirm": "x" }), 400), "password");
    let mut elsewhere = Client::login(&it.server, "bob@example.org");
    bob.ok("PATCH", "/api/me/update/", json!({ "password": new, "password_confirm": new }), 200);
    bob.get("/api/me/");
    assert_eq!(elsewhere.send("GET", "/api/me/", &Value::Null).status, 401, "the other sign-ins end");
    Client::nobody(&it.server).post("/api/login/", json!({ "email": "bob@example.org", "password": new }), 200);
}

#[test]
fn a_forgotten_password() {
    let it = house(&[]);
    it.person("bob");
    let mut nobody = Client::nobody(&it.server);
    // Source fault: strangers were told which addresses there are.
    let known = nobody.post("/api/password/forgot/", json!({ "email": "bob@example.org" }), 200);
    keys(&known, &["detail"]);
    for other in ["nobody@example.org", "nonsense", ""] {
        assert_eq!(nobody.post("/api/password/forgot", json!({ "email": other }), 200), known);
    }
    let token = it.token_for("/reset-password");
    let new = json!({ "new_password": "a few unusual words" });
    let reset = |email: &str, token: &str| format!("/api/password/reset/?email={email}&token={token}");
    error(&nobody.post(&reset("ada%40example.org", &token), new.clone(), 400));
    error(&nobody.post(&reset("bob%40example.org", "0000"), new.clone(), 400));
    error(&nobody.post(&reset("bob%40example.org", &token), json!({}), 400));
    error(&nobody.post(&reset("bob%40example.org", &token), json!({ "new_password": "short" }), 400));
    error(&nobody.post("/api/password/reset/", new.clone(), 400));
    keys(&nobody.post(&reset("bob%40example.org", &token), new.clone(), 200), &["detail"]);
    error(&nobody.post(&reset("bob%40example.org", &token), new, 400));
    let login = json!({ "email": "bob@example.org", "password": "a few unusual words" });
    nobody.post("/api/login/", login, 200);
}

#[test]
fn signing_in_as_somebody() {
    let mut it = house(&[]);
    let (mut carol, carol_id) = it.administrator("carol");
    let (mut bob, bob_id) = it.person("bob");
    for method in ["POST", "GET"] {
        let tokens = it.ada.ok(method, &format!("/api/login-as/{bob_id}/"), Value::Null, 200);
        keys(&tokens, &["access", "refresh"]);
        let mut as_bob = Client::with(&it.server, &tokens["access"]);
        assert_eq!(id(&as_bob.get("/api/me/")), bob_id);
        let new = json!({ "password": "a few unusual words", "password_confirm": "a few unusual words" });
        detail(&as_bob.ok("PATCH", "/api/me/update/", new, 403));
        let again = Client::nobody(&it.server).post("/api/refresh/", json!({ "refresh": tokens["refresh"] }), 200);
        // Who is signed in as Bob sees what Bob sees.
        detail(&Client::with(&it.server, &again["access"]).post(
            &format!("/api/login-as/{carol_id}/"),
            Value::Null,
            403,
        ));
    }
    let log = it.ada.get("/api/v1/audit-log?search=user.sign_in_as");
    assert!(log["count"].as_u64().unwrap() >= 2, "{log}");
    detail(&carol.post(&format!("/api/login-as/{bob_id}/"), Value::Null, 403));
    detail(&bob.post(&format!("/api/login-as/{carol_id}/"), Value::Null, 403));
    detail(&it.ada.post("/api/login-as/00000000-0000-0000-0000-000000000009/", Value::Null, 404));
    // A page that a superuser is lured to does not make tokens by their cookie.
    let mut browser = it.server.browser();
    browser.submit("/sign-in", &[("email", "ada@example.org"), ("password", PASSWORD)]);
    assert_eq!(browser.get_with(&format!("/api/login-as/{bob_id}/"), &[]).status, 403);
}
