//! Clients of other systems, as their authors would test them: against the page of their contracts, not against our code.
//! Keys are compared exactly: a client that is strict must not fail on what it does not know.

mod agents;
mod bots;
mod gemini;
mod guide;
mod platform;
mod socket;

use crate::client::{Browser, Reply};
use crate::provider::{Provider, last_words};
use crate::server::{House, PASSWORD, Server};
use serde_json::{Value, json};
use std::time::Duration;

const WORDS: &str = "Twice a day, by the pull of the **Moon**.";

/// A server whose agents say [`WORDS`]; whoever asks for it with “slowly” waits between them.
fn with_provider() -> (Server, Provider) {
    let provider = provider();
    let server = House::new().with(&provider).serve();
    (server, provider)
}

fn provider() -> Provider {
    Provider::start(|question| {
        let pause = if last_words(question).contains("slowly") { 200 } else { 1 };
        (WORDS.split_inclusive(' ').map(str::to_owned).collect(), Duration::from_millis(pause))
    })
}

/// A program that calls the API.
#[derive(Clone)]
struct Client {
    browser: Browser,
    authorization: Option<String>,
}

impl Client {
    fn nobody(server: &Server) -> Self {
        Self { browser: server.browser(), authorization: None }
    }

    /// Somebody new, signed in.
    fn register(server: &Server, name: &str) -> Self {
        let mut client = Self::nobody(server);
        let person = json!({ "email": format!("{name}@example.org"), "name": name, "password": PASSWORD });
        let reply = client.post("/api/auth/register/", &person, 201);
        client.with("Bearer", text(&reply["access_token"]))
    }

    fn with(&self, scheme: &str, token: &str) -> Self {
        Self { browser: self.browser.clone(), authorization: Some(format!("{scheme} {token}")) }
    }

    fn send(&mut self, method: &str, path: &str, body: Option<(&str, &str)>) -> Reply {
        let authorization = self.authorization.clone();
        let mut headers = Vec::new();
        if let Some(authorization) = &authorization {
            headers.push(("authorization", authorization.as_str()));
        }
        if let Some((kind, _)) = body {
            headers.push(("content-type", kind));
        }
        self.browser.request(method, path, &headers, body.map_or(&b""[..], |it| it.1.as_bytes()))
    }

    /// JSON both ways.
    fn expect(&mut self, method: &str, path: &str, body: Option<&Value>, status: u16) -> Value {
        let text = body.map(Value::to_string);
        let reply = self.send(method, path, text.as_deref().map(|it| ("application/json", it)));
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
        if reply.body.is_empty() {
            return Value::Null;
        }
        assert_eq!(reply.header("content-type"), Some("application/json"), "{method} {path}");
        reply.json()
    }

    fn get(&mut self, path: &str, status: u16) -> Value {
        self.expect("GET", path, None, status)
    }

    fn post(&mut self, path: &str, body: &Value, status: u16) -> Value {
        self.expect("POST", path, Some(body), status)
    }

    fn patch(&mut self, path: &str, body: &Value, status: u16) -> Value {
        self.expect("PATCH", path, Some(body), status)
    }

    /// A form.
    fn form(&mut self, path: &str, body: &str, status: u16) -> Value {
        let reply = self.send("POST", path, Some(("application/x-www-form-urlencoded", body)));
        assert_eq!(reply.status, status, "POST {path}: {}", reply.text());
        reply.json()
    }

    /// Each path is there with and without a slash at its end, and sends nobody elsewhere.
    fn finds(&mut self, paths: &[(&str, &str)]) {
        for (method, path) in paths {
            let bare = path.trim_end_matches('/');
            for path in [bare.to_owned(), format!("{bare}/")] {
                let body = (*method != "GET").then_some(("application/json", "{}"));
                let reply = self.send(method, &path, body);
                let told = reply.text();
                let is_there =
                    !(300..400).contains(&reply.status) && reply.status != 405 && !told.contains("no such endpoint");
                assert!(is_there, "{method} {path}: {} {told}", reply.status);
            }
        }
    }
}

/// The text that a value must be.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// Compares the keys of an object with `names`, in any order.
fn has_keys(value: &Value, names: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
    let (mut keys, mut names): (Vec<_>, _) = (object.keys().map(String::as_str).collect(), names.to_vec());
    keys.sort_unstable();
    names.sort_unstable();
    assert_eq!(keys, names);
}

fn is_uuid(value: &Value) -> bool {
    let text = text(value);
    text.len() == 36 && text.bytes().filter(|it| *it == b'-').count() == 4
}

fn is_time(value: &Value) -> bool {
    let text = text(value);
    text.len() >= 20 && &text[10..11] == "T" && text.ends_with('Z')
}

/// What a JWT says.
fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in part.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'-' => 62,
            _ => 63,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    serde_json::from_slice(&bytes).unwrap()
}
