//! Coming in by forms, as without JavaScript, and what the cookie is worth.

use crate::server::{House, PASSWORD, Server};
use serde_json::json;

const CREDENTIALS: [(&str, &str); 2] = [("email", "ada@example.org"), ("password", PASSWORD)];

#[test]
fn the_first_administrator_comes_in_by_the_link() {
    let server = Server::start();
    let token = server.setup.clone().unwrap();
    let link = format!("/setup?token={token}");
    let mut browser = server.browser();
    assert_eq!(browser.get("/setup?token=wrong").status, 410);
    assert_eq!(browser.get("/setup").status, 410);
    let page = browser.get(&link);
    assert_eq!(page.status, 200);
    assert!(page.text().contains(&token) && page.text().contains("Create the first administrator"));
    let person = |password| {
        [("token", token.as_str()), ("name", "Ada <b>"), ("email", "ada@example.org"), ("password", password)]
    };
    let refused = browser.submit("/setup", &person("short"));
    assert_eq!(refused.status, 422);
    let text = refused.text();
    assert!(
        text.contains("at least 10 characters") && text.contains("Ada &lt;b&gt;") && text.contains(&token),
        "{text}"
    );
    assert!(!text.contains("value=\"short\""), "a password is never shown");
    let made = browser.submit("/setup", &person(PASSWORD));
    assert_eq!((made.status, made.location()), (303, "/"));
    assert_eq!(browser.get("/admin/settings").status, 200);
    assert_eq!(server.browser().get(&link).status, 410, "it works once");
    let again = server
        .browser()
        .submit("/setup", &[("token", &token), ("name", "Eve"), ("email", "eve@example.org"), ("password", PASSWORD)]);
    assert!(again.status >= 400 && again.session_cookie().is_none(), "{}", again.status);
    let (house, _) = server.terminate();
    assert_eq!(house.serve().setup, None, "there is somebody now");
}

#[test]
fn signing_in_and_out_by_forms() {
    let server = Server::start();
    let mut ada = server.administrator();
    let out = ada.submit("/sign-out", &[]);
    assert_eq!((out.status, out.location()), (303, "/sign-in"));
    assert_eq!(ada.get("/agents").status, 303);

    let mut browser = server.browser();
    let page = browser.get("/sign-in?next=/agents/new");
    assert_eq!(page.status, 200);
    assert!(page.text().contains("value=\"/agents/new\""), "the way back is in the form");
    let wrong = browser
        .submit("/sign-in", &[("email", "ada@example.org"), ("password", "a wrong password"), ("next", "/agents/new")]);
    assert_eq!(wrong.status, 422);
    let text = wrong.text();
    assert!(
        text.contains("E-mail address or password is wrong.")
            && text.contains("ada@example.org")
            && text.contains("/agents/new")
    );
    assert!(!text.contains("a wrong password"));
    assert_eq!(browser.submit("/sign-in", &[]).status, 422);
    let right = browser.submit("/sign-in", &[CREDENTIALS[0], CREDENTIALS[1], ("next", "/agents/new")]);
    assert_eq!((right.status, right.location()), (303, "/agents/new"));
    let cookie = right.session_cookie().expect("a session begins");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
    assert_eq!(browser.get("/agents/new").status, 200);
    let in_already = browser.get("/sign-in?next=/agents");
    assert_eq!((in_already.status, in_already.location()), (303, "/agents"));
}

#[test]
fn with_a_public_address_over_tls_cookies_are_secure() {
    let server = House::new().env("ATRIUM_PUBLIC_URL", "https://atrium.example").serve();
    let mut browser = server.browser();
    let token = server.setup.clone().unwrap();
    let reply = browser.submit("/setup", &[("token", &token), ("name", "Ada"), CREDENTIALS[0], CREDENTIALS[1]]);
    let cookie = reply.session_cookie().unwrap();
    assert!(cookie.contains("Secure") && cookie.contains("HttpOnly"), "{cookie}");
}

#[test]
fn a_session_that_was_planted_is_worth_nothing() {
    let server = Server::start();
    let _ada = server.administrator();
    let mut victim = server.browser();
    // Somebody got a session into the browser before it signed in.
    victim.cookies.insert("atrium_session".to_owned(), "AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    victim.submit("/", &[("text", "keeps a draft, and so a session")]);
    let planted = victim.clone();
    let reply = victim.submit("/sign-in", &CREDENTIALS);
    assert_eq!(reply.status, 303);
    assert_ne!(victim.cookies["atrium_session"], planted.cookies["atrium_session"]);
    assert_eq!(victim.get("/agents").status, 200);
    assert_eq!(planted.clone().get("/agents").status, 303, "the id changed with signing in");
    for nonsense in ["", "x", "%00", "null", &"A".repeat(4000)] {
        let mut browser = server.browser();
        browser.cookies.insert("atrium_session".to_owned(), nonsense.to_owned());
        assert_eq!(browser.get("/agents").status, 303, "{nonsense:.10}");
    }
}

#[test]
fn a_session_that_was_ended_stays_ended() {
    let server = Server::start();
    let mut ada = server.administrator();
    let old = ada.clone();
    ada.submit("/sign-out", &[]);
    assert_eq!(old.clone().get("/agents").status, 303, "the old cookie opens nothing");

    let mut here = server.browser();
    let mut there = server.browser();
    here.submit("/sign-in", &CREDENTIALS);
    there.submit("/sign-in", &CREDENTIALS);
    let mut bob = server.person("bob");
    let reply = here.submit("/account/sessions", &[("action", "sign-out-everywhere")]);
    assert_eq!((reply.status, reply.location()), (303, "/sign-in"));
    assert_eq!((here.get("/agents").status, there.get("/agents").status), (303, 303));
    assert_eq!(bob.get("/agents").status, 200, "others stay in");
    let expired = there.call("send_message", &json!({ "text": "in mid-chat" }));
    assert_eq!((expired.status, &expired.json()["code"]), (401, &json!("signed_out")));
}

#[test]
fn sessions_outlive_the_server() {
    let server = Server::start();
    let mut ada = server.administrator();
    assert_eq!(ada.get("/agents").status, 200);
    let server = server.kill().serve();
    let mut again = server.browser();
    again.cookies = ada.cookies;
    assert_eq!(again.get("/agents").status, 200);
}

#[test]
fn nobody_is_sent_elsewhere_after_signing_in() {
    let server = Server::start();
    let ada = server.administrator();
    for next in [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/a\r\nset-cookie: planted=1",
        "/\u{1}x",
        "/\u{7f}x",
        "/größe/世界",
        "",
    ] {
        let encoded: String = next.bytes().map(|it| format!("%{it:02X}")).collect();
        let replies = [
            server.browser().submit("/sign-in", &[CREDENTIALS[0], CREDENTIALS[1], ("next", next)]),
            server.browser().submit("/preferences", &[("theme", "dark"), ("next", next)]),
            ada.clone().get(&format!("/sign-in?next={encoded}")),
        ];
        for (n, reply) in replies.iter().enumerate() {
            assert!(reply.status < 500, "{next:?} ({n}): {}", reply.status);
            assert_eq!(reply.status, 303, "{next:?} ({n})");
            // As browsers do: tabs and line ends are dropped, a backslash is a slash.
            let seen: String =
                reply.location().chars().filter(|it| !"\t\r\n".contains(*it)).collect::<String>().replace('\\', "/");
            assert!(seen.starts_with('/') && !seen.starts_with("//"), "{next:?} ({n}) leads to {seen}");
            assert!(!reply.headers.iter().any(|it| it.1.starts_with("planted")), "{next:?} ({n})");
        }
    }
}

#[test]
fn registration_can_be_closed() {
    let server = Server::start();
    let mut ada = server.administrator();
    let mut bob = server.person("bob");
    assert_eq!((bob.get("/").status, bob.get("/admin/settings").status), (200, 403));
    assert_eq!(bob.submit("/admin/settings", &[("registration_open", "false")]).status, 403);
    let taken =
        server.browser().submit("/register", &[("name", "B"), ("email", "BOB@example.org"), ("password", PASSWORD)]);
    assert_eq!(taken.status, 422);
    assert!(taken.text().contains("There is an account with this address"));
    assert_eq!(ada.submit("/admin/settings", &[("registration_open", "false")]).status, 303);
    assert_eq!(server.browser().get("/register").status, 403);
    let refused =
        server.browser().submit("/register", &[("name", "C"), ("email", "c@example.org"), ("password", PASSWORD)]);
    assert!(refused.status == 403 && refused.session_cookie().is_none());
    assert!(!server.browser().get("/sign-in").text().contains("/register"));
}

#[test]
fn keys_are_never_shown_or_logged() {
    const KEY: &str = "sk-geheim-0123456789";
    let house = House::new().env("ATRIUM_LOG", "debug");
    let server = house.serve();
    let mut ada = server.administrator();
    assert_eq!(ada.submit("/admin/settings", &[("openai_api_key", KEY)]).status, 303);
    let page = ada.get("/admin/settings").text();
    assert!(page.contains("set; type to replace it") && !page.contains(KEY));
    // A refused form shows what was typed, except this.
    let refused = ada.submit("/admin/settings", &[("openai_api_key", KEY), ("ollama_base_url", "nonsense")]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("nonsense"), "what was typed is still there");
    assert!(!refused.text().contains(KEY), "but not the key");
    let path = server.path();
    let (_house, _) = server.terminate();
    assert!(!std::fs::read_to_string(path.join("server.log")).unwrap().contains(KEY));
    for file in std::fs::read_dir(path.join("data")).unwrap().map(|it| it.unwrap().path()).filter(|it| it.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(KEY.len()).any(|it| it == KEY.as_bytes()), "{}", file.display());
    }
}
