//! Health, headers, pages and the files they need.

use crate::server::{House, Server};
use serde_json::json;

const ANY_ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[test]
fn the_health_of_server_and_database_can_be_watched() {
    let server = Server::start();
    let mut browser = server.browser();
    for path in ["/api/health/", "/api/health"] {
        let reply = browser.get_with(path, &[]);
        let body = reply.json();
        assert_eq!((reply.status, &body["status"], &body["service"]), (200, &json!("healthy"), &json!("atrium")));
        assert_eq!(body.as_object().unwrap().len(), 3);
        let timestamp = body["timestamp"].as_str().unwrap();
        assert!(timestamp.starts_with("20") && timestamp.contains('T') && timestamp.ends_with('Z'), "{timestamp}");
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.session_cookie(), None, "whoever watches gets no session");
    }
    for path in ["/api/health/db/", "/api/health/db"] {
        let reply = browser.get_with(path, &[]);
        let body = reply.json();
        assert_eq!((reply.status, &body["status"], &body["db"]), (200, &json!("ok"), &json!("ok")));
        assert!(body["latency_ms"].as_f64().is_some_and(|it| (0.0..3000.0).contains(&it)), "{body}");
    }
    for path in ["/api/nothing", "/api/health/nothing", "/api/"] {
        let reply = browser.get_with(path, &[]);
        assert_eq!(reply.status, 404, "{path}");
    }
    assert_eq!(browser.get_with("/api/nothing", &[]).json()["code"], "not_found");
}

#[test]
fn every_reply_is_protected() {
    let server = Server::start();
    let mut ada = server.administrator();
    for path in ["/", "/sign-in", "/nowhere", "/api/health/", "/api/nothing", "/favicon.svg", "/assets/nothing.js"] {
        let reply = ada.get(path);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{name} of {path}");
        }
        let policy = reply.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(
            policy.starts_with("default-src 'none'") || reply.text().contains("<!DOCTYPE html>"),
            "{path}: {policy}"
        );
        assert!(reply.header("permissions-policy").is_some() && reply.header("x-request-id").is_some(), "{path}");
        assert_eq!(reply.header("strict-transport-security"), None, "nobody asked for it");
    }
    let refused = ada.submit_with("/sign-out", &[], &[("origin", "https://evil.example")]);
    assert_eq!((refused.status, refused.header("x-content-type-options")), (403, Some("nosniff")));
    let own = ada.get_with("/api/health/", &[("x-request-id", "mine")]);
    assert_eq!(own.header("x-request-id"), Some("mine"), "whoever traces requests finds theirs again");
}

#[test]
fn pages_run_only_the_scripts_that_their_reply_names() {
    let server = Server::start();
    let mut ada = server.administrator();
    let mut nonces = Vec::new();
    for path in ["/", "/agents", "/agents/new", "/account", "/account/tokens", "/admin/settings", "/nowhere"] {
        let reply = ada.get(path);
        let policy = reply.header("content-security-policy").unwrap_or_else(|| panic!("{path} has no policy"));
        assert!(policy.starts_with("default-src 'self'"), "{policy}");
        for part in [
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "'wasm-unsafe-eval'",
        ] {
            assert!(policy.contains(part), "{part} in {policy}");
        }
        for part in ["unsafe-inline", "'unsafe-eval'", "http:", "https:", "*"] {
            assert!(!policy.contains(part), "{part} in {policy}");
        }
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let page = reply.text();
        for script in page.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path}: <script{tag}>");
        }
        assert!(!page.contains(" style=\"") && !page.contains(" onclick="), "{path} has inline styles or handlers");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        nonces.push(nonce);
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 7, "every reply has a nonce of its own");
}

#[test]
fn hsts_is_sent_when_asked_for() {
    let server = House::new()
        .env("SECURE_HSTS_SECONDS", "600")
        .env("SECURE_HSTS_INCLUDE_SUBDOMAINS", "true")
        .env("SECURE_HSTS_PRELOAD", "true")
        .serve();
    let reply = server.browser().get("/sign-in");
    assert_eq!(reply.header("strict-transport-security"), Some("max-age=600; includeSubDomains; preload"));
}

#[test]
fn whoever_is_not_signed_in_is_sent_to_sign_in_and_back() {
    let server = Server::start();
    let _ada = server.administrator();
    let (chat, agent) = (format!("/chat/{ANY_ID}"), format!("/agents/{ANY_ID}"));
    for path in ["/chat", &chat, "/agents", "/agents/new", &agent, "/account", "/admin/settings"] {
        let reply = server.browser().get(path);
        assert_eq!((reply.status, reply.location()), (303, format!("/sign-in?next={path}").as_str()), "{path}");
        assert!(!reply.text().contains("rail"), "nothing of the page is in the reply");
    }
    let root = server.browser().get("/");
    assert_eq!((root.status, root.location()), (303, "/sign-in"));
    for path in ["/", "/chat", &chat, "/agents", "/agents/new", &agent, "/account", "/admin/settings"] {
        let reply = server.browser().submit(path, &[("text", "x"), ("action", "send"), ("id", ANY_ID)]);
        assert_eq!(reply.status, 303, "POST {path}");
        assert!(reply.location().starts_with("/sign-in"), "POST {path}: {}", reply.location());
    }
    let events = server.browser().get_with(&format!("/runs/{ANY_ID}/events"), &[]);
    assert_eq!((events.status, &events.json()["code"]), (401, &json!("signed_out")));
    for (name, arguments) in [
        ("conversations", json!({})),
        ("messages", json!({ "conversation": ANY_ID })),
        ("send_message", json!({ "text": "x" })),
        ("stop", json!({ "run": ANY_ID })),
        ("rename", json!({ "conversation": ANY_ID, "title": "x" })),
        ("delete", json!({ "conversation": ANY_ID })),
        ("models", json!({ "provider": "local" })),
    ] {
        let reply = server.browser().call(name, &arguments);
        assert_eq!((reply.status, &reply.json()["code"]), (401, &json!("signed_out")), "{name}");
    }
}

#[test]
fn what_is_not_there_is_a_page_that_says_so() {
    let server = Server::start();
    let mut ada = server.administrator();
    let (chat, agent) = (format!("/chat/{ANY_ID}"), format!("/agents/{ANY_ID}"));
    for path in [
        "/nowhere",
        "/nowhere/at/all",
        "/chat/not-an-id",
        &chat,
        "/agents/not-an-id",
        &agent,
        "/%00",
        "/%ff",
        "/..%2f..%2fetc/passwd",
    ] {
        let reply = ada.get(path);
        assert_eq!(reply.status, 404, "{path}");
        assert!(reply.text().contains("Not found"), "{path}: {}", reply.text());
    }
    assert!(ada.get("/nowhere").text().contains("rail-links"), "whoever is in finds the way back");
    let nobody = server.browser().get("/nowhere");
    assert_eq!((nobody.status, nobody.text().contains("rail-links")), (404, false));
    let events = ada.get_with(&format!("/runs/{ANY_ID}/events"), &[]);
    assert_eq!((events.status, &events.json()["code"]), (404, &json!("not_found")));
    assert!((400..500).contains(&ada.get_with("/runs/nonsense/events", &[]).status));
    assert!((400..500).contains(&ada.get_with(&format!("/runs/{ANY_ID}/events?after=-1"), &[]).status));
    assert_eq!(ada.call("nothing", &json!({})).status, 400);
    assert!(
        (400..500).contains(&ada.call("messages", &json!({ "conversation": "nonsense" })).status),
        "arguments that make no sense"
    );
    assert!(
        (400..500)
            .contains(&ada.request("POST", "/_fn/messages", &[("content-type", "application/json")], b"{").status)
    );
    for (method, path) in [("DELETE", "/agents"), ("PUT", "/"), ("PATCH", "/chat")] {
        let status = ada.request(method, path, &[], b"").status;
        assert!((400..500).contains(&status), "{method} {path}: {status}");
    }
}

#[test]
fn a_body_that_is_too_large_is_refused_as_such() {
    let server = Server::start();
    let mut ada = server.administrator();
    let form = "application/x-www-form-urlencoded";
    let big = vec![b'x'; 5 << 20];
    for (path, kind) in [("/sign-in", form), ("/", form), ("/_fn/send_message", "application/json"), ("/nowhere", form)]
    {
        let announced = ada.request_unfinished(path, kind, Some(5 << 20), &big[..1000]);
        assert_eq!(announced.status, 413, "announced, at {path}");
    }
    for (path, kind) in [("/sign-in", form), ("/", form), ("/_fn/send_message", "application/json")] {
        let sent = ada.request_unfinished(path, kind, None, &big);
        assert_eq!(sent.status, 413, "in chunks, at {path}");
    }
    assert_eq!(ada.get("/").status, 200);
}

#[test]
fn a_message_that_is_too_long_comes_back_to_be_shortened() {
    let server = Server::start();
    let mut ada = server.administrator();
    let long = "ä<b>".repeat(250_000);
    let reply = ada.submit("/", &[("text", &long)]);
    assert_eq!(reply.status, 422);
    let page = reply.text();
    assert!(page.contains("The message has 1220 kB, at most 256 kB are taken."), "it says by how much");
    assert!(page.contains(&"ä&lt;b&gt;".repeat(250_000)), "what was typed is still there, and not markup");
    assert_eq!(ada.submit("/", &[("text", "  ")]).status, 422);
    let called = ada.call("send_message", &json!({ "text": long }));
    assert_eq!((called.status, &called.json()["fields"][0]["field"]), (422, &json!("text")));
}

#[test]
fn files_have_names_that_are_good_for_ever() {
    let server = Server::start();
    let mut browser = server.browser();
    let page = browser.get("/sign-in").text();
    let style =
        page.split("href=\"").find(|it| it.starts_with("/assets/") && it.split('"').next().unwrap().ends_with(".css"));
    let style = style.expect("the page has its styles: run `make front` first").split('"').next().unwrap().to_owned();
    let name = style.trim_start_matches("/assets/");
    assert!(
        name.split(['.', '-']).any(|it| it.len() >= 8 && it.bytes().all(|it| it.is_ascii_hexdigit())),
        "{name} has a hash"
    );
    let plain = browser.get_with(&style, &[]);
    assert_eq!((plain.status, plain.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), (None, Some("accept-encoding")));
    assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(plain.session_cookie(), None);
    for (accepted, encoding) in [
        ("br", Some("br")),
        ("gzip", Some("gzip")),
        ("gzip, deflate, br, zstd", Some("br")),
        ("gzip;q=1.0, br;q=0.5", Some("br")),
        ("br;q=0, gzip", Some("gzip")),
        ("gzip, br;q=0", Some("gzip")),
        ("identity", None),
    ] {
        let reply = browser.get_with(&style, &[("accept-encoding", accepted)]);
        assert_eq!((reply.status, reply.header("content-encoding")), (200, encoding), "{accepted}");
        assert!(
            encoding.is_none() || reply.body.len() < plain.body.len() / 2,
            "{accepted}: {} bytes",
            reply.body.len()
        );
        let etag = reply.header("etag").unwrap().to_owned();
        let again = browser.get_with(&style, &[("accept-encoding", accepted), ("if-none-match", &etag)]);
        assert_eq!((again.status, again.body.len()), (304, 0), "{accepted}");
    }
    for path in [
        "/assets/manifest.json",
        "/assets/nothing.css",
        "/assets/..%2fCargo.toml",
        "/assets/",
        "/assets/%2e%2e/secret.key",
    ] {
        assert_eq!(browser.get_with(path, &[]).status, 404, "{path}");
    }
    for (path, kind) in [
        ("/favicon.svg", "image/svg+xml"),
        ("/robots.txt", "text/plain; charset=utf-8"),
        ("/service-worker.js", "text/javascript; charset=utf-8"),
        ("/apple-touch-icon.png", "image/png"),
    ] {
        let reply = browser.get_with(path, &[]);
        assert_eq!((reply.status, reply.header("content-type")), (200, Some(kind)));
        assert!(!reply.header("cache-control").unwrap().contains("immutable"), "{path} has no hash");
    }
    let page = browser.get_with("/sign-in", &[("accept", "text/html"), ("accept-encoding", "gzip")]);
    assert_eq!(page.header("content-encoding"), Some("gzip"));
}

#[test]
fn a_refused_registration_leads_to_the_field_that_is_wrong() {
    let server = Server::start();
    let focused = |fields: &[(&str, &str)]| {
        let page = server.browser().submit("/register", fields).text();
        let tags = page.split("<input").skip(1).map(|it| it.split('>').next().unwrap().to_owned());
        let mut focused: Vec<_> = tags.filter(|it| it.contains("autofocus")).collect();
        assert_eq!(focused.len(), 1, "{focused:?}");
        focused.pop().unwrap().split("id=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let (name, email) = (("name", "Ada"), ("email", "ada@example.org"));
    assert_eq!(focused(&[name, email, ("password", "short")]), "password");
    assert_eq!(focused(&[name, ("email", "nonsense"), ("password", "short")]), "email");
    assert_eq!(focused(&[("name", ""), email, ("password", "short")]), "name");
}
