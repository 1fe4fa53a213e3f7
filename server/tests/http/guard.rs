//! What a request must pass before anybody looks at what it wants.

use crate::server::{House, PASSWORD, Server};
use serde_json::json;

#[test]
fn what_comes_from_another_site_changes_nothing() {
    let server = Server::start();
    let mut ada = server.administrator();
    let own = server.address.clone();
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", &own)],
    ] {
        assert_eq!(ada.submit_with("/sign-out", &[], headers).status, 403, "{headers:?}");
        assert_eq!(ada.submit_with("/account", &[("action", "sign-out-everywhere")], headers).status, 403);
        assert_eq!(ada.submit_with("/", &[("text", "x")], headers).status, 403);
        let all = [headers, &[("content-type", "application/json")]].concat();
        assert_eq!(ada.request("POST", "/_fn/conversations", &all, b"{}").status, 403);
        assert_eq!(ada.request("DELETE", "/agents", headers, b"").status, 403);
        assert_eq!(ada.get_with("/agents", headers).status, 200, "reading is no change");
    }
    assert_eq!(ada.get("/").status, 200, "Ada is still signed in");
    assert_eq!(ada.call("conversations", &json!({})).json()["items"], json!([]), "nothing was sent");
    for headers in [
        &[("origin", own.as_str())][..],
        &[("sec-fetch-site", "same-origin"), ("origin", &own)],
        &[("sec-fetch-site", "none")],
        &[],
    ] {
        assert_eq!(ada.submit_with("/preferences", &[("theme", "dark")], headers).status, 303, "{headers:?}");
    }
}

#[test]
fn the_public_address_is_an_origin_of_ours() {
    let server = House::new().env("ATRIUM_PUBLIC_URL", "https://atrium.example/").serve();
    let mut browser = server.browser();
    let theme = [("theme", "dark")];
    assert_eq!(browser.submit_with("/preferences", &theme, &[("origin", "https://atrium.example")]).status, 303);
    assert_eq!(browser.submit_with("/preferences", &theme, &[("origin", "https://atrium.example.evil")]).status, 403);
}

#[test]
fn only_the_hosts_that_are_allowed_are_answered_for() {
    let house = House::new();
    std::fs::write(house.path().join(".env"), "ALLOWED_HOSTS=atrium.example,.team.example\n").unwrap();
    let server = house.serve();
    let mut browser = server.browser();
    for (host, status) in [
        ("atrium.example", 200),
        ("ATRIUM.example:8080", 200),
        ("a.team.example", 200),
        ("team.example", 200),
        ("evil.example", 400),
        ("atrium.example.evil", 400),
        ("notteam.example", 400),
        ("127.0.0.1", 400),
        ("", 400),
    ] {
        for path in ["/sign-in", "/api/v1/agents", "/favicon.svg"] {
            let got = browser.get_with(path, &[("host", host)]).status;
            assert_eq!(got == 400, status == 400, "{host}{path}: {got}");
        }
        for path in ["/api/health", "/api/health/", "/api/health/db/"] {
            assert_eq!(
                browser.get_with(path, &[("host", host)]).status,
                200,
                "a probe comes by any name: {host}{path}"
            );
        }
    }
}

#[test]
fn plain_http_is_sent_to_the_public_address_unless_a_trusted_proxy_had_tls() {
    let env =
        |house: House| house.env("ATRIUM_PUBLIC_URL", "https://atrium.example").env("SECURE_SSL_REDIRECT", "true");
    let server = env(House::new()).serve();
    let mut browser = server.browser();
    let reply = browser.get_with("/agents?a=b", &[("host", "evil.example")]);
    assert_eq!(
        (reply.status, reply.location()),
        (308, "https://atrium.example/agents?a=b"),
        "no link is built from Host"
    );
    let claimed = browser.get_with("/sign-in", &[("x-forwarded-proto", "https")]);
    assert_eq!(claimed.status, 308, "anybody can claim that");
    let server = env(House::new()).env("ATRIUM_TRUSTED_PROXIES", "127.0.0.1").serve();
    assert_eq!(server.browser().get_with("/sign-in", &[("x-forwarded-proto", "https")]).status, 200);
    assert_eq!(server.browser().get("/sign-in").status, 308);
    assert_eq!(server.browser().get("/api/health/db/").status, 200, "a probe is not sent elsewhere");
    let server = env(House::new()).env("ATRIUM_TRUSTED_PROXIES", "10.0.0.1, 127.0.0.0/8").serve();
    assert_eq!(server.browser().get_with("/sign-in", &[("x-forwarded-proto", "https")]).status, 200, "of a network");
}

#[test]
fn guessing_is_limited_whatever_the_guesser_claims() {
    let server = Server::start();
    let mut ada = server.administrator();
    let wrong = [("email", "ada@example.org"), ("password", "a wrong password")];
    let mut eve = server.browser();
    for n in 0..10 {
        assert_eq!(eve.submit_with("/sign-in", &wrong, &[("x-forwarded-for", &format!("10.0.0.{n}"))]).status, 422);
    }
    let reply = eve.submit("/sign-in", &wrong);
    assert_eq!(reply.status, 429);
    assert!(reply.text().contains("Too many attempts"), "{}", reply.text());
    let right = eve.submit("/sign-in", &[("email", "ada@example.org"), ("password", PASSWORD)]);
    assert_eq!(right.status, 429, "even the right one, for now");
    assert_eq!(ada.get("/").status, 200, "who is in stays in");
    for n in 0..39 {
        let email = format!("p{n}@example.org");
        let fields = [("email", email.as_str()), ("password", "a wrong password")];
        eve.submit_with("/sign-in", &fields, &[("x-forwarded-for", &format!("10.1.0.{n}"))]);
    }
    let other = [("email", "somebody@example.org"), ("password", "a wrong password")];
    assert_eq!(eve.submit_with("/sign-in", &other, &[("x-forwarded-for", "10.2.0.1")]).status, 429, "by address");
}
