//! One's own account by forms: what one says of oneself, password, picture, sessions, tokens.

use crate::client::Reply;
use crate::server::{PASSWORD, Server};
use std::io::Cursor;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
const CREDENTIALS: [(&str, &str); 2] = [("email", "ada@example.org"), ("password", PASSWORD)];

/// A picture's file, of that size.
pub fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let stripes = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([(x % 256) as u8, (y % 256) as u8, 90]));
    stripes.write_to(&mut file, image::ImageFormat::Jpeg).unwrap();
    file.into_inner()
}

/// What stands between two texts of a page.
fn between(reply: &Reply, before: &str, after: &str) -> String {
    let text = reply.text();
    let found = text.split(before).nth(1).and_then(|it| it.split(after).next());
    found.unwrap_or_else(|| panic!("no {before} in {text}")).to_owned()
}

#[test]
fn what_one_says_of_oneself() {
    let server = Server::start();
    let mut ada = server.administrator();
    let _bob = server.person("bob");
    let page = ada.get("/account");
    let version = between(&page, "name=\"version\" value=\"", "\"");
    let form = |name, username| {
        [
            ("action", "save-profile"),
            ("version", version.as_str()),
            ("name", name),
            ("username", username),
            ("job_title", "Analyst"),
            ("department", "Engines & <b>"),
        ]
    };
    for (name, username, told) in [
        (" ", "ada", "Enter your name."),
        ("Ada", "bob@example.org", "Use 2 to 60 letters"),
        ("Ada", "a b", "Use 2 to 60 letters"),
    ] {
        let refused = ada.submit("/account", &form(name, username));
        assert_eq!(refused.status, 422, "{told}");
        let text = refused.text();
        assert!(text.contains(told) && text.contains("aria-invalid=\"true\""), "{told}");
        assert!(text.contains("Engines &amp; &lt;b&gt;"), "what was typed is still there");
    }
    let saved = ada.submit("/account", &form("Ada King", "Countess"));
    assert_eq!((saved.status, saved.location()), (303, "/account"));
    let text = ada.get("/account").text();
    assert!(text.contains("value=\"countess\"") && text.contains("value=\"Analyst\""), "{text}");
    assert_eq!(between(&ada.get("/agents"), "class=\"person-name\">", "<"), "Ada King");
    let stale = ada.submit("/account", &form("Ada Other", "countess"));
    assert_eq!(stale.status, 409);
    assert!(stale.text().contains("changed elsewhere since you read it"));
    assert_eq!(ada.submit("/account", &[("action", "nonsense")]).status, 404);
}

#[test]
fn another_password_ends_all_other_sessions() {
    const NEW: &str = "a few unusual words";
    let server = Server::start();
    let mut here = server.administrator();
    let mut there = server.browser();
    there.submit("/sign-in", &CREDENTIALS);
    let change = |current, new| [("action", "change-password"), ("current_password", current), ("new_password", new)];
    for (current, new, told) in [
        ("not the password", NEW, "This is not your current password."),
        (PASSWORD, "short", "Use at least 10 characters."),
    ] {
        let refused = here.submit("/account", &change(current, new));
        assert_eq!(refused.status, 422, "{told}");
        let text = refused.text();
        assert!(
            text.contains(told) && !text.contains(current) && !text.contains(&format!("value=\"{new}\"")),
            "{told}"
        );
    }
    assert_eq!((here.get("/agents").status, there.get("/agents").status), (200, 200), "nothing happened yet");

    let old = here.clone();
    let changed = here.submit("/account", &change(PASSWORD, NEW));
    assert_eq!((changed.status, changed.location()), (303, "/account"));
    let page = here.get("/account");
    assert_eq!(page.status, 200, "this browser goes on");
    assert!(page.text().contains("all your other sessions have ended"));
    assert_eq!(there.get("/agents").status, 303);
    assert_eq!(old.clone().get("/agents").status, 303, "this one has another cookie");
    assert_eq!(server.browser().submit("/sign-in", &CREDENTIALS).status, 422);
    assert_eq!(server.browser().submit("/sign-in", &[CREDENTIALS[0], ("password", NEW)]).status, 303);
}

#[test]
fn a_picture_is_shown_where_the_initials_were() {
    let server = Server::start();
    let mut ada = server.administrator();
    let mut bob = server.person("bob");
    let save = [("action", "save-picture")];
    assert!(!ada.get("/account").text().contains("/avatars/"));
    for (file, told) in [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".to_vec(), "Choose a PNG, JPEG or WebP file."),
        (Vec::new(), "Choose a picture first."),
        (picture(64, 64)[..200].to_vec(), "The file is damaged"),
        (vec![0; 2 * 1024 * 1024 + 1], "larger than 2 MB"),
        (vec![0; 12 * 1024 * 1024], "larger than 2 MB"),
        (picture(6001, 1), "too many pixels"),
    ] {
        let refused = ada.upload("/account", &save, "picture", &file);
        assert_eq!(refused.status, 422, "{told}");
        assert!(refused.text().contains(told), "{told}: {}", refused.text());
    }
    let saved = ada.upload("/account", &save, "picture", &picture(300, 200));
    assert_eq!((saved.status, saved.location()), (303, "/account"));
    let path = format!("/avatars/{}", between(&ada.get("/agents"), "src=\"/avatars/", "\""));
    let mut nobody = server.browser();
    for browser in [&mut ada, &mut bob, &mut nobody] {
        let reply = browser.get(&path);
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("image/png")));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("cross-origin-resource-policy"), Some("cross-origin"), "an <img> of another origin");
        assert_eq!(reply.header("cache-control"), Some("private, max-age=31536000, immutable"));
        let shown = image::load_from_memory(&reply.body).unwrap();
        assert_eq!((shown.width(), shown.height()), (256, 256));
    }
    assert!(ada.get("/admin/people").text().contains(&path));
    let (person, _) = path.rsplit_once('/').unwrap();
    for wrong in [format!("{person}/00"), "/avatars/ada/00".to_owned()] {
        assert_eq!(nobody.get(&wrong).status, 404, "{wrong}");
    }

    let another = ada.upload("/account", &save, "picture", &picture(200, 300));
    assert_eq!(another.status, 303);
    assert_eq!(ada.get(&path).status, 404, "another picture has another address");
    assert_eq!(ada.submit("/account", &[("action", "remove-picture")]).status, 303);
    let text = ada.get("/agents").text();
    assert!(!text.contains("/avatars/") && text.contains("class=\"initials\""));
}

#[test]
fn a_form_of_several_parts_may_be_broken() {
    let server = Server::start();
    let mut ada = server.administrator();
    for (kind, body) in [
        ("multipart/form-data", &b"--edge\r\n"[..]),
        ("multipart/form-data; boundary=edge", b"--edge\r\ncontent-disposition: form-data; name=\"picture\""),
        ("multipart/form-data; boundary=edge", b"nothing"),
        ("text/plain", b"action=save-picture"),
    ] {
        let reply = ada.request("POST", "/account", &[("content-type", kind), ("accept", "text/html")], body);
        assert!((400..500).contains(&reply.status), "{kind}: {}", reply.status);
    }
    let reply = ada.upload("/account", &[("action", "save-picture")], "picture", &vec![0; 17 * 1024 * 1024]);
    assert_eq!(reply.status, 413);
}

#[test]
fn sessions_are_recognised_and_ended() {
    let server = Server::start();
    let mut here = server.administrator();
    let mut there = server.browser();
    there.submit_with("/sign-in", &CREDENTIALS, &[("user-agent", FIREFOX)]);
    let mut bob = server.person("bob");
    let page = here.get("/account/sessions");
    let text = page.text();
    assert!(text.contains("Firefox on Linux") && text.contains("127.0.0.1") && text.contains(FIREFOX), "{text}");
    assert_eq!(text.matches("this browser").count(), 1);
    assert!(!there.cookies.values().any(|it| text.contains(it.as_str())), "nothing to come in with");

    let id = between(&page, "name=\"session\" value=\"", "\"");
    let end = [("action", "end"), ("session", id.as_str())];
    assert_eq!(bob.submit("/account/sessions", &end).status, 404, "somebody else's");
    assert_eq!(there.get("/agents").status, 200);
    assert_eq!(here.submit("/account/sessions", &end).status, 303);
    assert_eq!((here.get("/agents").status, there.get("/agents").status), (200, 303));
    assert_eq!(here.submit("/account/sessions", &end).status, 404, "it is over");
    assert_eq!(here.submit("/account/sessions", &[("action", "end"), ("session", "x")]).status, 404);

    there.submit("/sign-in", &CREDENTIALS);
    assert_eq!(here.submit("/account/sessions", &[("action", "end-others")]).status, 303);
    assert!(here.get("/account/sessions").text().contains("One other session ended"));
    assert_eq!((there.get("/agents").status, bob.get("/agents").status), (303, 200));
}

#[test]
fn a_token_is_shown_once() {
    let server = crate::server::House::new().env("ATRIUM_LOG", "debug").serve();
    let mut ada = server.administrator();
    let mut bob = server.person("bob");
    let create = |name, scope| [("action", "create"), ("name", name), ("scopes", scope), ("expires_in_days", "30")];
    for (form, told) in [
        (create("", "chat"), "Give the token a name"),
        (create("report", "everything"), "Choose at least one of"),
        ([("action", "create"), ("name", "report"), ("scopes", "chat"), ("expires_in_days", "soon")], "how long"),
    ] {
        let refused = ada.submit("/account/tokens", &form);
        assert_eq!(refused.status, 422, "{told}");
        assert!(refused.text().contains(told), "{told}");
    }
    let kept = ada.submit("/account/tokens", &create("", "chat")).text();
    let chat = kept.split("id=\"scope-chat\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(chat.contains("checked"), "what was chosen is still there: {chat}");

    let made = ada.submit("/account/tokens", &create("nightly <report>", "read"));
    assert_eq!((made.status, made.header("cache-control")), (200, Some("no-store")));
    let token = format!("atr_{}", between(&made, "<code>atr_", "<"));
    assert_eq!(token.len(), 4 + 64);
    assert!(!made.headers.iter().any(|it| it.1.contains(&token[4..])), "{:?}", made.headers);
    let bearer = format!("Bearer {token}");
    let with = [("authorization", bearer.as_str())];
    assert_eq!(server.browser().get_with("/api/v1/users/me", &with).status, 200);
    for path in ["/account/tokens", "/account", "/"] {
        assert!(!ada.get(path).text().contains(&token), "{path}");
    }
    let page = ada.get("/account/tokens");
    let text = page.text();
    assert!(text.contains("nightly &lt;report&gt;") && text.contains(&format!("atr_…{}", &token[64..])), "{text}");
    assert!(text.contains("last used 20") && text.contains("until 20"), "{text}");

    let id = between(&page, "name=\"token\" value=\"", "\"");
    let delete = [("action", "delete"), ("token", id.as_str())];
    assert_eq!(bob.submit("/account/tokens", &delete).status, 404, "somebody else's");
    assert_eq!(ada.submit("/account/tokens", &delete).status, 303);
    assert_eq!(server.browser().get_with("/api/v1/users/me", &with).status, 401);
    assert_eq!(ada.submit("/account/tokens", &delete).status, 404);

    let path = server.path();
    let (_house, _) = server.terminate();
    assert!(!std::fs::read_to_string(path.join("server.log")).unwrap().contains(&token));
    for file in std::fs::read_dir(path.join("data")).unwrap().map(|it| it.unwrap().path()).filter(|it| it.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(token.len()).any(|it| it == token.as_bytes()), "{}", file.display());
    }
}
