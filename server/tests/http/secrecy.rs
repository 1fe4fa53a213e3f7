//! What is never logged, at any level: each kind of secret is marked, comes by where it usually does, and is looked for in
//! everything that the server said.

use crate::api::Program;
use crate::chat::{answer, begin};
use crate::client::Browser;
use crate::provider::{Provider, last_words};
use crate::server::{House, Server};
use serde_json::json;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

const PASSWORD: &str = "geheimpasswort am Hafen";
const WRONG: &str = "falschpasswort am Hafen";
const NEW: &str = "neupasswort am Hafen";
const KEY: &str = "sk-geheimschluessel-0123456789";
const METRICS: &str = "metrikgeheimnis0123456789abcdef0";
const SMTP: &str = "postgeheimnis0123456789";

/// Refuses every question, and says something about it.
fn failing_provider() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || refuse(stream));
        }
    });
    url
}

fn refuse(mut stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? <= 2 {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    // As OpenAI does it: a part of the key, hidden.
    let body =
        json!({ "error": { "message": format!("Incorrect API key provided: {KEY}."), "code": "invalid_api_key" } });
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).ok()
}

/// Opens the newest mail that the outbox shows, once there is one with this in its text; the path of its link.
fn mailed(ada: &mut Browser, path: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let list = ada.get("/admin/outbox").text();
        let mails = list.split("href=\"/admin/outbox/").skip(1).map(|it| it.split('"').next().unwrap());
        for id in mails.map(str::to_owned).collect::<Vec<_>>() {
            let text = ada.get(&format!("/admin/outbox/{id}")).text();
            if let Some(at) = text.find(&format!("{path}?token=")) {
                return text[at..].split(|it: char| it.is_whitespace() || it == '<').next().unwrap().to_owned();
            }
        }
        assert!(Instant::now() < deadline, "no mail has {path}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn token(link: &str) -> String {
    link.split_once("token=").unwrap().1.to_owned()
}

/// What the server logged from its start to its end.
fn logged(server: Server) -> String {
    let path = server.path().join("server.log");
    let (_house, status) = server.terminate();
    assert!(status.success());
    std::fs::read_to_string(path).unwrap()
}

fn register(server: &Server, name: &str) -> Browser {
    let mut browser = server.browser();
    let email = format!("{name}@example.org");
    let reply = browser.submit("/register", &[("name", name), ("email", &email), ("password", PASSWORD)]);
    assert_eq!(reply.status, 303, "{}", reply.text());
    browser
}

#[test]
fn nothing_secret_is_logged_at_the_most_talkative_level() {
    let provider = Provider::start(|question| {
        let repeated = format!("antwortgeheimnis {}", last_words(question).len());
        (repeated.split_inclusive(' ').map(str::to_owned).collect(), Duration::from_millis(2))
    });
    let server = House::new()
        .with(&provider)
        .env("ATRIUM_LOG", "trace")
        .env("ATRIUM_METRICS_TOKEN", METRICS)
        .env("OPENAI_API_KEY", KEY)
        .env("ATRIUM_SMTP_PASSWORD", SMTP)
        .serve();
    let mut secrets: Vec<String> = [PASSWORD, WRONG, NEW, KEY, METRICS, SMTP].map(str::to_owned).into();
    let mut ada = server.browser();
    let setup = server.setup.clone().unwrap();
    assert_eq!(ada.get(&format!("/setup?token={setup}")).status, 200);
    let first = [("token", setup.as_str()), ("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    assert_eq!(ada.submit("/setup", &first).status, 303);
    secrets.push(setup);
    let mut bob = register(&server, "bob");
    assert_eq!(server.browser().submit("/sign-in", &[("email", "bob@example.org"), ("password", WRONG)]).status, 422);
    assert_eq!(bob.submit("/sign-in", &[("email", "bob@example.org"), ("password", PASSWORD)]).status, 303);

    // Talking, searching, files.
    let id = begin(&mut bob, "fragegeheimnis: wann ist Ebbe?");
    answer(&mut bob, &id);
    bob.get("/search?q=suchgeheimnis&secret=abfragegeheimnis");
    let sent =
        bob.submit_files("/", &[("text", "Was steht darin?")], &[("a.md", b"# Anlagegeheimnis\n\nEbbe um neun.")]);
    assert_eq!(sent.status, 303, "{}", sent.text());
    answer(&mut bob, sent.location().strip_prefix("/chat/").unwrap());
    let shared = bob.submit(&format!("/chat/{id}/share"), &[("action", "share")]).text();
    let link = shared.split("/shared/").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(server.browser().get(&format!("/shared/{link}?page=1")).status, 200);
    secrets.push(link);

    // Programs.
    let made = [("action", "create"), ("name", "report"), ("scopes", "chat"), ("expires_in_days", "30")];
    let made = bob.submit("/account/tokens", &made).text();
    let api_token = format!("atr_{}", made.split("<code>atr_").nth(1).unwrap().split('<').next().unwrap());
    let mut program = Program::register(&server, "eve");
    program.authorization = Some(format!("Bearer {api_token}"));
    let question = json!({ "model": "Assistant", "messages": [{ "role": "user", "content": "programmgeheimnis?" }] });
    program.post("/v1/chat/completions", &question, 200);
    let mut nobody = Program::nobody(&server);
    let signed_in =
        nobody.post("/api/v1/auth/login", &json!({ "email": "bob@example.org", "password": PASSWORD }), 200);
    secrets.extend([&signed_in["access"], &signed_in["refresh"]].map(|it| it.as_str().unwrap().to_owned()));
    let mut program = nobody.with(&signed_in["access"]);
    let base = program.post("/api/v1/knowledge", &json!({ "name": "Gezeiten" }), 201);
    let path = format!("/api/v1/knowledge/{}/documents", base["id"].as_str().unwrap());
    let brought = program.send_form(&path, &[], &[("t.md", b"# Ebbe\n\nDokumentgeheimnis im Watt.")]).json();
    program.read_up(brought[0]["document"]["id"].as_str().unwrap());
    assert_eq!(server.browser().get_with("/metrics", &[("authorization", &format!("Bearer {METRICS}"))]).status, 200);
    secrets.push(api_token);

    // Links in mails.
    let invite = [("action", "invite"), ("email", "ann@example.org"), ("role", "user")];
    assert_eq!(ada.submit("/admin/invitations", &invite).status, 303);
    let invitation = mailed(&mut ada, "/invitation");
    assert_eq!(server.browser().get(&invitation).status, 200);
    let joined = [("token", &*token(&invitation)), ("name", "Ann"), ("password", PASSWORD)];
    assert_eq!(server.browser().submit("/invitation", &joined).status, 303);
    assert_eq!(server.browser().submit("/forgot-password", &[("email", "bob@example.org")]).status, 303);
    let reset = mailed(&mut ada, "/reset-password");
    assert_eq!(server.browser().get(&reset).status, 200);
    let chosen = [("token", &*token(&reset)), ("new_password", NEW)];
    assert_eq!(server.browser().submit("/reset-password", &chosen).status, 303);
    secrets.extend([token(&invitation), token(&reset)]);
    secrets.extend([&ada, &bob].into_iter().flat_map(|it| it.cookies.get("atrium_session").cloned()));

    secrets.extend(
        [
            "fragegeheimnis",
            "antwortgeheimnis",
            "suchgeheimnis",
            "abfragegeheimnis",
            "Anlagegeheimnis",
            "programmgeheimnis",
            "Dokumentgeheimnis",
        ]
        .map(str::to_owned),
    );
    let log = logged(server);
    assert!(log.contains("\"level\":\"DEBUG\"") && log.contains("\"target\":\"sqlx"), "it is a talkative level");
    let told: Vec<_> = log.lines().filter(|line| secrets.iter().any(|it| line.contains(it))).take(20).collect();
    assert!(told.is_empty(), "{told:#?}");
    let id = log.lines().find(|it| it.contains("\"path\":\"/shared/…\"")).expect("requests are logged");
    let line: serde_json::Value = serde_json::from_str(id).unwrap();
    assert!(!line["span"]["id"].as_str().unwrap().is_empty(), "with the id that the reply has: {line}");
}

#[test]
fn a_provider_that_fails_does_not_bring_its_key_into_the_log() {
    let url = failing_provider();
    let server = House::new()
        .env("OPENAI_BASE_URL", &url)
        .env("OPENAI_API_KEY", KEY)
        .env("DEFAULT_LLM_PROVIDER", "openai")
        .env("DEFAULT_MODEL", "fake-1")
        .env("ATRIUM_LOG", "trace")
        .serve();
    let mut ada = server.administrator();
    let id = begin(&mut ada, "fragegeheimnis?");
    assert_eq!(answer(&mut ada, &id)["status"], "failed");
    let log = logged(server);
    for secret in [KEY, "fragegeheimnis"] {
        assert!(!log.contains(secret), "{secret}: {:#?}", log.lines().find(|it| it.contains(secret)));
    }
}

#[test]
fn an_id_that_is_none_is_not_written_into_the_log() {
    let server = House::new().env("ATRIUM_LOG", "debug").serve();
    let kept = server.browser().get_with("/sign-in", &[("x-request-id", "edge-7:abc.1")]);
    assert_eq!(kept.header("x-request-id"), Some("edge-7:abc.1"));
    for junk in ["a b", "<script>", &"x".repeat(129), "caf\u{e9}"] {
        let reply = server.browser().get_with("/sign-in", &[("x-request-id", junk)]);
        assert_eq!(reply.header("x-request-id").map(str::len), Some(36), "ours instead of {junk}");
    }
    let log = logged(server);
    assert!(log.contains("edge-7:abc.1") && !log.contains("<script>"), "{log}");
}
