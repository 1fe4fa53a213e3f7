//! Invitations and forgotten passwords over the wire, with and without a mail server.

use crate::client::Browser;
use crate::server::{House, PASSWORD, Server};
use serde_json::json;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const NEW: &str = "a few unusual words";

/// Takes one message after another.
fn post_office() -> (u16, Receiver<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, messages) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut write = stream.try_clone().unwrap();
            let mut message: Option<String> = None;
            let _ = write.write_all(b"220 post.example\r\n");
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let reply = match &mut message {
                    Some(_) if line == "." => {
                        // Long lines and equals signs as they are read.
                        let _ = sender.send(message.take().unwrap().replace("=\n", "").replace("=3D", "="));
                        "250 taken"
                    }
                    Some(text) => {
                        text.push_str(&line);
                        text.push('\n');
                        continue;
                    }
                    None if line == "DATA" => {
                        message = Some(String::new());
                        "354 go on"
                    }
                    None => "250 fine",
                };
                let _ = write.write_all(format!("{reply}\r\n").as_bytes());
            }
        }
    });
    (port, messages)
}

/// The path of the link in a text.
fn link(text: &str, path: &str) -> String {
    let at = text.find(&format!("{path}?token=")).unwrap_or_else(|| panic!("no link in {text}"));
    text[at..].split(|it: char| it.is_whitespace() || it == '<').next().unwrap().to_owned()
}

fn token(link: &str) -> &str {
    link.split_once("token=").unwrap().1
}

/// Opens the newest mail that the outbox shows.
fn newest_mail(browser: &mut Browser) -> String {
    let list = browser.get("/admin/outbox").text();
    let at = list.find("/admin/outbox/").unwrap_or_else(|| panic!("no mail in {list}"));
    let path = list[at..].split('"').next().unwrap().to_owned();
    browser.get(&path).text()
}

fn forget(server: &Server, email: &str) -> (u16, String) {
    let mut browser = server.browser();
    let reply = browser.submit("/forgot-password", &[("email", email)]);
    let page = browser.get(reply.location());
    assert!(page.status == 200 && page.text().contains("If there is an account with this address"));
    (reply.status, reply.location().to_owned())
}

#[test]
fn a_forgotten_password_is_replaced_by_the_link_in_a_mail() {
    let (port, messages) = post_office();
    let server = House::new()
        .env("EMAIL_HOST", "127.0.0.1")
        .env("EMAIL_PORT", &port.to_string())
        .env("EMAIL_USE_TLS", "False")
        .env("ATRIUM_PUBLIC_URL", "http://atrium.example")
        .serve();
    let mut ada = server.administrator();
    assert!(server.browser().get("/sign-in").text().contains("href=\"/forgot-password\""));
    let known = forget(&server, "ada@example.org");
    assert_eq!(known.0, 303);
    assert_eq!(known, forget(&server, "nobody@example.org"), "nobody learns who has an account");
    let message = messages.recv_timeout(Duration::from_secs(20)).expect("the mail arrives");
    assert!(message.contains("To: ada@example.org") && message.contains("http://atrium.example/reset-password?token="));
    let link = link(&message, "/reset-password");

    let mut browser = server.browser();
    assert_eq!(browser.get("/reset-password?token=wrong").status, 410);
    assert!(browser.get(&link).text().contains(token(&link)));
    let refused = browser.submit("/reset-password", &[("token", token(&link)), ("new_password", "short")]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains(token(&link)) && !refused.text().contains("value=\"short\""));
    let reply = browser.submit("/reset-password", &[("token", token(&link)), ("new_password", NEW)]);
    assert_eq!(reply.status, 303, "{}", reply.text());
    assert!(browser.get(reply.location()).text().contains("Your password is changed"));
    assert_eq!(ada.get("/agents").status, 303, "who was in is out");
    assert_eq!(browser.get(&link).status, 410, "it works once");
    let again = browser.submit("/reset-password", &[("token", token(&link)), ("new_password", NEW)]);
    assert!(again.status >= 400, "{}", again.status);
    let sign_in = |password| [("email", "ada@example.org"), ("password", password)];
    assert_eq!(browser.submit("/sign-in", &sign_in(PASSWORD)).status, 422);
    assert_eq!(browser.submit("/sign-in", &sign_in(NEW)).status, 303);
    assert!(browser.get("/admin/audit-log").text().contains("user.reset_password"));
}

#[test]
fn who_is_invited_comes_in_although_registration_is_closed() {
    let server = Server::start();
    let mut ada = server.administrator();
    ada.submit("/admin/settings", &[("registration_open", "false")]);
    let page = ada.get("/admin/invitations");
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Nobody has been invited yet"));
    let invite = |browser: &mut Browser, emails: &str, role: &str| {
        browser.submit("/admin/invitations", &[("action", "invite"), ("email", emails), ("role", role)])
    };
    let refused = invite(&mut ada, "ann@example.org, ada@example.org", "admin");
    assert_eq!(refused.status, 422);
    let text = refused.text();
    assert!(text.contains("has an account in this organisation already") && text.contains("ann@example.org, ada@"));
    assert_eq!(invite(&mut ada, "ann@example.org", "admin").status, 303);
    assert!(ada.get("/admin/invitations").text().contains("ann@example.org"));
    let link = link(&newest_mail(&mut ada), "/invitation");
    assert!(ada.get(&link).text().contains("You are signed in"));

    let mut ann = server.browser();
    let page = ann.get(&link);
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Join Default organisation") && page.text().contains("ann@example.org"));
    let fields = |email| [("token", token(&link)), ("name", "Ann"), ("email", email), ("password", PASSWORD)];
    let reply = ann.submit("/invitation", &fields("eve@example.org"));
    assert_eq!((reply.status, reply.location()), (303, "/"), "{}", reply.text());
    assert!(ann.get("/account").text().contains("ann@example.org"), "the address is the invitation's");
    assert_eq!(server.browser().get(&link).status, 410, "it works once");
    assert_eq!(ann.get("/admin/people").status, 200, "she came as an administrator");

    // Ann may pass invitations on, but not what would make her Ada.
    forget(&server, "ada@example.org");
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while !ann.get("/admin/outbox").text().contains("Choose a new password") {
        assert!(std::time::Instant::now() < deadline, "the mail was not written");
        std::thread::sleep(Duration::from_millis(20));
    }
    let mail = newest_mail(&mut ann);
    assert!(mail.contains("only superusers may read it") && !mail.contains("token="), "{mail}");
    assert!(newest_mail(&mut ada).contains("/reset-password?token="));

    assert_eq!(invite(&mut ann, "bob@example.org", "user").status, 303);
    let bobs = self::link(&newest_mail(&mut ann), "/invitation");
    let mut bob = server.browser();
    bob.submit("/invitation", &[("token", token(&bobs)), ("name", "Bob"), ("password", PASSWORD)]);
    for path in ["/admin/invitations", "/admin/outbox"] {
        assert_eq!(bob.get(path).status, 403, "{path}");
        assert_eq!(server.browser().get(path).status, 303, "{path}");
    }
    assert_eq!(invite(&mut bob, "x@example.org", "user").status, 403);
}

#[test]
fn programs_invite_and_accept() {
    let server = Server::start();
    let mut ada = server.administrator();
    let headers = [("content-type", "application/json")];
    let send = |browser: &mut Browser, method: &str, path: &str, body: serde_json::Value| {
        browser.request(method, path, &headers, body.to_string().as_bytes())
    };
    let made =
        send(&mut ada, "POST", "/api/v1/invitations/", json!({ "email": "Grace@example.org", "role": "analyst" }));
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!((&made.json()["state"], &made.json()["email"]), (&json!("pending"), &json!("grace@example.org")));
    assert!(!made.text().contains("token"), "the link is in the mail alone");
    let listed = ada.get("/api/v1/invitations").json();
    assert_eq!((&listed["count"], &listed["results"][0]), (&json!(1), &made.json()));

    let link = link(&newest_mail(&mut ada), "/invitation");
    let acceptance = json!({ "token": token(&link), "name": "Grace", "password": PASSWORD });
    let mut nobody = server.browser();
    let tokens = send(&mut nobody, "POST", "/api/v1/invitations/accept", acceptance.clone());
    assert_eq!((tokens.status, &tokens.json()["user"]["role"]), (201, &json!("analyst")), "{}", tokens.text());
    let again = send(&mut nobody, "POST", "/api/v1/invitations/accept", acceptance);
    assert_eq!((again.status, &again.json()["code"]), (409, &json!("link_not_valid")));
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let late = send(&mut ada, "DELETE", &format!("/api/v1/invitations/{id}"), json!({}));
    assert_eq!((late.status, &late.json()["code"]), (409, &json!("invitation_accepted")));

    for email in ["grace@example.org", "nobody@example.org"] {
        let reply = send(&mut nobody, "POST", "/api/v1/auth/password/forgot", json!({ "email": email }));
        assert_eq!((reply.status, reply.body.len()), (202, 0));
    }
    let reset = json!({ "token": "0".repeat(64), "new_password": NEW });
    let refused = send(&mut nobody, "POST", "/api/v1/auth/password/reset/", reset);
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("link_not_valid")));
}
