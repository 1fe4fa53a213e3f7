//! The WebSocket, by a client that speaks the protocol: the main job, and everything that can be said wrong.

use super::Program;
use crate::provider::{Provider, last_words};
use crate::server::{House, Server};
use serde_json::{Value, json};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::error::Error;
use tungstenite::http::{HeaderName, HeaderValue};
use tungstenite::{Message, WebSocket};

struct Socket(WebSocket<TcpStream>);

impl Socket {
    /// Opens one, or says with which status it was refused.
    fn open(server: &Server, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let host = server.address.strip_prefix("http://").unwrap();
        let mut request = format!("ws://{host}/api/v1/ws").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::HandshakeError::Failure(Error::Http(reply))) => Err(reply.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    fn of(server: &Server, program: &Program) -> Self {
        Self::open(server, &[("authorization", program.authorization.as_deref().unwrap())]).unwrap()
    }

    fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).unwrap();
    }

    /// The next message, or the code with which it was closed.
    fn hear(&mut self) -> Result<Value, u16> {
        loop {
            match self.0.read() {
                Ok(Message::Text(text)) => return Ok(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(frame)) => return Err(frame.map_or(0, |it| it.code.into())),
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Asks, and waits for the reply; what is told of runs meanwhile goes to `told`.
    fn ask(&mut self, request: &Value, told: &mut Vec<Value>) -> Value {
        self.say(&request.to_string());
        loop {
            let heard = self.hear().unwrap();
            if heard.get("id") == request.get("id") {
                return heard;
            }
            told.push(heard);
        }
    }

    fn code(&mut self, request: &Value) -> Value {
        let reply = self.ask(request, &mut Vec::new());
        assert_eq!(reply["type"], "error", "{reply}");
        reply["error"]["code"].clone()
    }

    /// Until the run ends: its text, and the message as stored.
    fn until_the_end(&mut self, run: &Value, told: Vec<Value>) -> (String, Value) {
        let mut text = String::new();
        let mut told = told.into_iter();
        loop {
            let event = told.next().unwrap_or_else(|| self.hear().unwrap());
            assert_eq!((&event["type"], &event["run"]), (&json!("event"), run), "{event}");
            match event["event"]["type"].as_str().unwrap() {
                "text" => text.push_str(event["event"]["text"].as_str().unwrap()),
                "end" => return (text, event["event"]["message"].clone()),
                _ => {}
            }
        }
    }
}

/// Whoever says so waits between words; the endless never end by themselves.
fn serve() -> (Server, Provider) {
    let provider = Provider::start(|question| {
        let (count, pause) = match last_words(question) {
            it if it.contains("endless") => (100_000, 4),
            it if it.contains("much") => (20_000, 0),
            _ => (40, 5),
        };
        ((0..count).map(|n| format!("{n} größer 世界 ")).collect(), Duration::from_millis(pause))
    });
    let server = House::new().with(&provider).serve();
    (server, provider)
}

fn api_token(program: &mut Program, scopes: &[&str]) -> (String, String) {
    let made = program.post("/api/v1/tokens", &json!({ "name": "socket", "scopes": scopes }), 201);
    (made["id"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned())
}

#[test]
fn the_main_job_over_one_socket() {
    let (server, provider) = serve();
    let ada = Program::register(&server, "ada");
    let mut socket = Socket::of(&server, &ada);
    let mut told = Vec::new();
    assert_eq!(socket.ask(&json!({ "id": "p", "type": "ping" }), &mut told), json!({ "id": "p", "type": "pong" }));
    let sent = socket.ask(&json!({ "id": 1, "type": "send", "content": "Count" }), &mut told);
    assert_eq!(sent["type"], "sent", "{sent}");
    let (text, message) = socket.until_the_end(&sent["run"], told);
    let said: String = provider.sent.lock().unwrap().iter().map(|it| it.1.as_str()).collect();
    assert_eq!(
        (text.as_str(), &message["status"], &message["id"]),
        (said.as_str(), &json!("complete"), &sent["message"])
    );

    // In the same conversation, followed by hand from a position, and stopped.
    let mut told = Vec::new();
    let endless =
        json!({ "id": 2, "type": "send", "conversation": sent["conversation"], "content": "endless", "follow": false });
    let sent = socket.ask(&endless, &mut told);
    std::thread::sleep(Duration::from_millis(300));
    let follow = json!({ "id": 3, "type": "follow", "run": sent["run"], "after": "0 größer ".len() });
    assert_eq!(socket.ask(&follow, &mut told), json!({ "id": 3, "type": "following", "run": sent["run"] }));
    assert!(told.is_empty(), "nobody followed it: {told:?}");
    let first = socket.hear().unwrap();
    assert!(first["event"]["text"].as_str().unwrap().starts_with("世界 1 größer"), "{first}");
    let stopping = socket.ask(&json!({ "id": 4, "type": "stop", "run": sent["run"] }), &mut told);
    assert_eq!(stopping["type"], "stopping");
    let (_, message) = socket.until_the_end(&sent["run"], told);
    assert_eq!(message["status"], "stopped");
    // One that is over tells its end.
    let mut told = Vec::new();
    socket.ask(&json!({ "id": 5, "type": "follow", "run": sent["run"] }), &mut told);
    assert_eq!(socket.until_the_end(&sent["run"], told).1["status"], "stopped");
    let gone = socket.code(&json!({ "id": 6, "type": "unfollow", "run": sent["run"] }));
    assert_eq!(gone, "not_found", "who is over is no longer followed");
}

#[test]
fn what_is_said_wrong_is_answered_and_ends_nothing() {
    let (server, _provider) = serve();
    let ada = Program::register(&server, "ada");
    let mallory = Program::register(&server, "mallory");
    let mut socket = Socket::of(&server, &ada);
    for (text, code) in [
        ("{", "malformed_json"),
        ("[1]", "invalid"),
        (r#"{"id": 1}"#, "invalid"),
        (r#"{"type": "dance"}"#, "unknown_type"),
        (r#"{"type": "send", "content": "  "}"#, "invalid"),
        (r#"{"type": "follow", "run": 7}"#, "invalid"),
        (r#"{"type": "send", "content": "Hi", "conversation": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f"}"#, "not_found"),
        (r#"{"type": "stop", "run": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f"}"#, "not_found"),
    ] {
        socket.say(text);
        let reply = socket.hear().unwrap();
        assert_eq!((&reply["type"], &reply["error"]["code"]), (&json!("error"), &json!(code)), "{text}: {reply}");
    }
    socket.0.send(Message::binary(vec![0, 1])).unwrap();
    assert_eq!(socket.hear().unwrap()["error"]["code"], "malformed_json");
    let sent = socket.ask(&json!({ "id": 1, "type": "send", "content": "endless", "follow": false }), &mut Vec::new());
    // Somebody else's run does not exist, and goes on.
    let mut other = Socket::of(&server, &mallory);
    for kind in ["follow", "stop"] {
        assert_eq!(other.code(&json!({ "id": 2, "type": kind, "run": sent["run"] })), "not_found");
    }
    let into = json!({ "id": 3, "type": "send", "content": "Hi", "conversation": sent["conversation"] });
    assert_eq!(other.code(&into), "not_found");
    let again = json!({ "id": 4, "type": "send", "content": "Hi", "conversation": sent["conversation"] });
    assert_eq!(socket.code(&again), "still_writing");
    assert_eq!(
        socket.ask(&json!({ "id": 5, "type": "stop", "run": sent["run"] }), &mut Vec::new())["type"],
        "stopping"
    );
    // What is too long ends it, and no more than it.
    let _ = socket.0.send(Message::text("x".repeat(3 * 1024 * 1024)));
    assert!(matches!(socket.0.read(), Ok(Message::Close(_)) | Err(_)));
    assert_eq!(other.ask(&json!({ "id": 6, "type": "ping" }), &mut Vec::new())["type"], "pong");
}

#[test]
fn nobody_gets_in_without_showing_who_they_are() {
    let (server, _provider) = serve();
    let mut ada = Program::register(&server, "ada");
    let mallory = Program::register(&server, "mallory");
    assert_eq!(Socket::open(&server, &[("authorization", "Bearer nonsense")]).err(), Some(401));
    let mut socket = Socket::open(&server, &[]).unwrap();
    assert_eq!(socket.code(&json!({ "id": 1, "type": "send", "content": "Hi" })), "not_authenticated");
    assert_eq!(socket.code(&json!({ "id": 2, "type": "auth", "token": "nonsense" })), "token_not_valid");
    let bare = |program: &Program| program.authorization.clone().unwrap().replace("Bearer ", "");
    let auth = |id: u32, token: &str| json!({ "id": id, "type": "auth", "token": token });
    assert_eq!(socket.ask(&auth(3, &bare(&ada)), &mut Vec::new())["type"], "authenticated");
    assert_eq!(socket.code(&auth(4, &bare(&mallory))), "somebody_else");
    assert_eq!(socket.ask(&json!({ "id": 5, "type": "send", "content": "Hi" }), &mut Vec::new())["type"], "sent");
    // A token does what it is for.
    let (_, read) = api_token(&mut ada, &["read"]);
    let mut reader = Socket::open(&server, &[("authorization", &format!("Bearer {read}"))]).unwrap();
    assert_eq!(reader.code(&json!({ "id": 6, "type": "send", "content": "Hi" })), "token_scope");
    // Who says nothing is shown out.
    let mut silent = Socket::open(&server, &[]).unwrap();
    let begun = Instant::now();
    assert_eq!(silent.hear().err(), Some(4401));
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_page_of_another_site_does_not_ride_on_the_cookie() {
    let (server, _provider) = serve();
    let ada = server.person("ada");
    let cookie = format!("atrium_session={}", ada.cookies["atrium_session"]);
    let origin = server.address.clone();
    let mut socket = Socket::open(&server, &[("cookie", &cookie), ("origin", &origin)]).unwrap();
    assert_eq!(socket.ask(&json!({ "id": 1, "type": "send", "content": "Hi" }), &mut Vec::new())["type"], "sent");
    for headers in [
        vec![("cookie", cookie.as_str()), ("origin", "https://evil.example")],
        vec![("cookie", cookie.as_str()), ("origin", "null")],
        vec![("cookie", cookie.as_str()), ("origin", origin.as_str()), ("sec-fetch-site", "cross-site")],
        vec![("origin", "https://evil.example")],
    ] {
        assert_eq!(Socket::open(&server, &headers).err(), Some(403), "{headers:?}");
    }
}

#[test]
fn what_is_revoked_ends_the_socket_and_the_stream() {
    let (server, _provider) = serve();
    let mut ada = Program::register(&server, "ada");
    let (id, token) = api_token(&mut ada, &["read", "chat"]);
    let authorization = format!("Bearer {token}");
    let mut socket = Socket::open(&server, &[("authorization", &authorization)]).unwrap();
    let sent = socket.ask(&json!({ "id": 1, "type": "send", "content": "endless", "follow": false }), &mut Vec::new());
    let events = format!("/api/v1/runs/{}/events", sent["run"].as_str().unwrap());
    let mut browser = ada.browser.clone();
    let streaming = std::thread::spawn(move || {
        let mut last = String::new();
        browser.listen(&events, &[("authorization", &authorization)], |line| {
            if line.starts_with("data: ") {
                line.clone_into(&mut last);
            }
            false
        });
        (last, Instant::now())
    });
    std::thread::sleep(Duration::from_millis(500));
    let begun = Instant::now();
    ada.delete(&format!("/api/v1/tokens/{id}"));
    assert_eq!(socket.hear().err(), Some(4401));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let (last, ended) = streaming.join().unwrap();
    assert!(ended.duration_since(begun) < Duration::from_secs(10) && !last.contains("\"end\""), "{last:.100}");
    let run = ada.get(&format!("/api/v1/runs/{}", sent["run"].as_str().unwrap()));
    assert_eq!(run["is_over"], false, "the run itself goes on");
    // A browser that signs out elsewhere is no longer told either.
    let mut bob = server.person("bob");
    let cookie = format!("atrium_session={}", bob.cookies["atrium_session"]);
    let mut socket = Socket::open(&server, &[("cookie", &cookie), ("origin", &server.address)]).unwrap();
    assert_eq!(bob.submit("/sign-out", &[]).status, 303);
    assert_eq!(socket.hear().err(), Some(4401));
}

#[test]
fn a_slow_reader_misses_nothing_and_holds_nobody_up() {
    let (server, provider) = serve();
    let ada = Program::register(&server, "ada");
    let bob = Program::register(&server, "bob");
    let mut slow = Socket::of(&server, &ada);
    let mut told = Vec::new();
    let sent = slow.ask(&json!({ "id": 1, "type": "send", "content": "much" }), &mut told);
    // Meanwhile somebody else is served as ever.
    let mut quick = Socket::of(&server, &bob);
    let mut heard = Vec::new();
    let begun = Instant::now();
    let other = quick.ask(&json!({ "id": 1, "type": "send", "content": "Count" }), &mut heard);
    assert_eq!(quick.until_the_end(&other["run"], heard).1["status"], "complete");
    assert!(begun.elapsed() < Duration::from_secs(10));
    std::thread::sleep(Duration::from_secs(3));
    let (text, message) = slow.until_the_end(&sent["run"], told);
    let whole: String = (0..20_000).map(|n| format!("{n} größer 世界 ")).collect();
    assert!(text == whole, "{} of {} bytes", text.len(), whole.len());
    assert_eq!(message["status"], "complete");
    assert!(provider.sent.lock().unwrap().len() > 20_000);
}

#[test]
fn too_many_requests_are_refused_and_the_end_of_the_server_is_told() {
    let provider = Provider::start(|_| ((0..100_000).map(|n| format!("{n} ")).collect(), Duration::from_millis(5)));
    let server = House::new().with(&provider).env("ATRIUM_API_REQUESTS_PER_MINUTE", "20").serve();
    let ada = Program::register(&server, "ada");
    let mut socket = Socket::of(&server, &ada);
    let mut told = Vec::new();
    let sent = socket.ask(&json!({ "id": 1, "type": "send", "content": "endless" }), &mut told);
    let codes: Vec<_> = (2..30).map(|id| socket.ask(&json!({ "id": id, "type": "ping" }), &mut told)).collect();
    assert_eq!(codes[0]["type"], "pong");
    let last = codes.last().unwrap();
    assert_eq!(last["error"]["code"], "rate_limited");
    assert!(last["error"]["retry_after"].as_u64().is_some_and(|it| it > 0));
    let ending = std::thread::spawn(move || server.terminate());
    let (_, message) = socket.until_the_end(&sent["run"], told);
    assert_eq!(message["status"], "interrupted");
    assert_eq!(socket.hear().err(), Some(1001));
    assert!(ending.join().unwrap().1.success());
}

#[test]
fn one_person_has_so_many_sockets_and_no_more() {
    let (server, _provider) = serve();
    let (ada, bob) = (Program::register(&server, "ada"), Program::register(&server, "bob"));
    let hers = [("authorization", ada.authorization.as_deref().unwrap())];
    let mut open: Vec<_> = (0..20).map(|_| Socket::open(&server, &hers).unwrap()).collect();
    assert_eq!(Socket::open(&server, &hers).err(), Some(429));
    let token = ada.authorization.as_deref().unwrap().trim_start_matches("Bearer ");
    let mut nobody = Socket::open(&server, &[]).unwrap();
    assert_eq!(nobody.code(&json!({ "id": 1, "type": "auth", "token": token })), "too_many_sockets");
    Socket::of(&server, &bob);
    // One that is closed makes room.
    open.pop().unwrap().0.close(None).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while nobody.ask(&json!({ "id": 2, "type": "auth", "token": token }), &mut Vec::new())["type"] != "authenticated" {
        assert!(Instant::now() < deadline, "the seat is not free again");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(Socket::open(&server, &hers).err(), Some(429));
}
