//! The system of projects and bots: written from its contract, as the author of a client would.

mod agents;
mod chat;
mod content;
mod kb;
mod people;
mod places;
mod projects;
mod signing_in;

use crate::client::{Browser, Reply};
use crate::provider::{Provider, last_words};
use crate::server::{House, PASSWORD, Server};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A client with the token that it was given, or without.
#[derive(Debug, Clone)]
struct Client {
    browser: Browser,
    token: Option<String>,
}

impl Client {
    fn nobody(server: &Server) -> Self {
        Self { browser: server.browser(), token: None }
    }

    fn with(server: &Server, token: &Value) -> Self {
        Self { token: token.as_str().map(str::to_owned), ..Self::nobody(server) }
    }

    fn login(server: &Server, email: &str) -> Self {
        let tokens =
            Self::nobody(server).ok("POST", "/api/login/", json!({ "email": email, "password": PASSWORD }), 200);
        Self::with(server, &tokens["access"])
    }

    fn send_as(&mut self, kind: &str, method: &str, path: &str, body: &[u8]) -> Reply {
        let bearer = self.token.as_ref().map(|it| format!("Bearer {it}"));
        let mut headers = vec![("content-type", kind)];
        headers.extend(bearer.as_deref().map(|it| ("authorization", it)));
        self.browser.request(method, path, &headers, body)
    }

    fn send(&mut self, method: &str, path: &str, body: &Value) -> Reply {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.send_as("application/json", method, path, text.as_bytes())
    }

    /// With and without the slash at its end, where sending twice does no harm.
    fn ok(&mut self, method: &str, path: &str, body: Value, status: u16) -> Value {
        let reply = self.send(method, path, &body);
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
        if reply.body.is_empty() {
            return Value::Null;
        }
        assert_eq!(reply.header("content-type"), Some("application/json"), "{method} {path}");
        let read = reply.json();
        if method == "GET" {
            let (bare, query) = path.split_once('?').map_or((path, String::new()), |it| (it.0, format!("?{}", it.1)));
            let again = self.send("GET", &format!("{}{query}", bare.trim_end_matches('/')), &Value::Null);
            assert_eq!((again.status, again.json().is_array()), (status, read.is_array()), "{path} without its slash");
        }
        read
    }

    fn get(&mut self, path: &str) -> Value {
        self.ok("GET", path, Value::Null, 200)
    }

    fn post(&mut self, path: &str, body: Value, status: u16) -> Value {
        self.ok("POST", path, body, status)
    }

    /// A form with parts, of which those with a file's name are files.
    fn upload(&mut self, method: &str, path: &str, parts: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Reply {
        let mut body = Vec::new();
        for (name, value) in parts {
            let head = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(head.bytes());
        }
        if let Some((name, bytes)) = file {
            let head = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"a.jpg\"\r\n\r\n");
            body.extend(head.bytes().chain(bytes.iter().copied()).chain(*b"\r\n"));
        }
        body.extend(b"--edge--\r\n");
        self.send_as("multipart/form-data; boundary=edge", method, path, &body)
    }
}

/// Exactly these keys, whatever their order.
#[track_caller]
fn keys(value: &Value, expected: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
    let mut found: Vec<_> = object.keys().map(String::as_str).collect();
    let mut expected = expected.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{value}");
}

/// `{detail}`, and the status once more where the framework said it.
#[track_caller]
fn detail(value: &Value) {
    assert!(value["detail"].is_string(), "{value}");
    match value["code"].as_u64() {
        Some(_) => keys(value, &["detail", "code"]),
        None => keys(value, &["detail"]),
    }
}

#[track_caller]
fn error(value: &Value) {
    assert!(value["error"].is_string(), "{value}");
    keys(value, &["error"]);
}

/// `{field: [message]}`
#[track_caller]
fn field(value: &Value, name: &str) {
    keys(value, &[name]);
    assert!(value[name][0].is_string(), "{value}");
}

fn id(value: &Value) -> String {
    let id = value["id"].as_str().unwrap_or_else(|| panic!("no id: {value}"));
    assert_eq!(id.len(), 36, "a UUID");
    id.to_owned()
}

/// A page, and what stands on it.
#[track_caller]
fn page(value: &Value) -> Vec<Value> {
    keys(value, &["count", "next", "previous", "results"]);
    assert!(value["count"].is_u64(), "{value}");
    value["results"].as_array().unwrap().clone()
}

/// A server with Ada, who rules it, and a provider that translates into `… (de)` and says yes to all else.
struct Town {
    server: Server,
    ada: Client,
    _provider: Provider,
}

fn house(env: &[(&str, &str)]) -> Town {
    let provider = Provider::start(|question| {
        let asked = last_words(question);
        let said = match serde_json::from_str::<Vec<String>>(asked) {
            Ok(texts) => json!(texts.iter().map(|it| format!("{it} (de)")).collect::<Vec<_>>()).to_string(),
            Err(_) => format!("{asked} (de)"),
        };
        (vec![said], Duration::ZERO)
    });
    let house = env.iter().fold(House::new().with(&provider), |house, (name, value)| house.env(name, value));
    let server = house.serve();
    server.administrator();
    let ada = Client::login(&server, "ada@example.org");
    Town { server, ada, _provider: provider }
}

impl Town {
    /// Somebody of Ada's organisation, who signed up by themselves.
    fn person(&self, name: &str) -> (Client, String) {
        let body = json!({
            "username": name, "email": format!("{name}@example.org"), "first_name": name, "last_name": "Example",
            "password": PASSWORD
        });
        let made = Client::nobody(&self.server).post("/api/create/", body, 201);
        (Client::with(&self.server, &made["access"]), id(&made["user"]))
    }

    /// An administrator of Ada's organisation, who rules nothing else.
    fn administrator(&mut self, name: &str) -> (Client, String) {
        let (client, person) = self.person(name);
        self.ada.post(&format!("/api/users/{person}/roles/add/"), json!({ "role": "ADMINISTRATOR" }), 200);
        (client, person)
    }

    /// The newest mail, as the page of administration shows it.
    fn newest_mail(&self) -> String {
        let mut browser = self.server.browser();
        let form = [("email", "ada@example.org"), ("password", PASSWORD)];
        assert_eq!(browser.submit("/sign-in", &form).status, 303);
        let list = browser.get("/admin/outbox").text();
        let at = list.find("/admin/outbox/").unwrap_or_else(|| panic!("no mail in {list}"));
        browser.get(list[at..].split('"').next().unwrap()).text()
    }

    /// The token of the newest link by mail, once there is one for `path`.
    fn token_for(&self, path: &str) -> String {
        let link = format!("{path}?token=");
        for _ in 0..200 {
            if let Some((_, rest)) = self.newest_mail().split_once(&link) {
                return rest.chars().take_while(char::is_ascii_alphanumeric).collect();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("no mail with {path}");
    }
}

/// A server of workflows that says what a script makes of each turn.
struct Workflows {
    url: String,
    /// Path, `Authorization` and body of what was posted.
    seen: Arc<Mutex<Vec<(String, String, Value)>>>,
}

impl Workflows {
    fn start(reply: impl Fn(&str, &Value) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<(String, String, Value)>>> = Arc::default();
        let log = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut path, mut key, mut length) = (String::new(), String::new(), 0);
                let mut line = String::new();
                while reader.read_line(&mut line).unwrap_or_default() > 2 {
                    if let Some(rest) = line.strip_prefix("POST ") {
                        path = rest.split(' ').next().unwrap_or_default().to_owned();
                    }
                    if let Some((name, value)) = line.split_once(": ") {
                        match name.to_ascii_lowercase().as_str() {
                            "content-length" => length = value.trim().parse().unwrap_or_default(),
                            "authorization" => value.trim().clone_into(&mut key),
                            _ => {}
                        }
                    }
                    line.clear();
                }
                let mut body = vec![0; length];
                if reader.read_exact(&mut body).is_err() {
                    continue;
                }
                let body: Value = serde_json::from_slice(&body).unwrap_or_default();
                let (status, said) = reply(&path, &body);
                log.lock().unwrap().push((path, key, body));
                let head = format!(
                    "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    said.len()
                );
                let mut stream = stream;
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(said.as_bytes()));
            }
        });
        Self { url, seen }
    }

    fn last(&self) -> (String, String, Value) {
        self.seen.lock().unwrap().last().cloned().expect("a workflow was asked")
    }
}
