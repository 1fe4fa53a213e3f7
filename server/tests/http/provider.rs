//! A provider on the loopback interface that speaks OpenAI's protocol, a word at a time.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What to say to a question, and how long to wait after each word.
type Script = dyn Fn(&Value) -> (Vec<String>, Duration) + Send + Sync;

/// What it offers.
const MODELS: [&str; 3] = ["fake-1", "fake-2", "fake-3"];

/// Words sent, and when.
pub type Sent = Arc<Mutex<Vec<(Instant, String)>>>;

/// Ends with the test's process.
pub struct Provider {
    pub url: String,
    pub sent: Sent,
}

impl Provider {
    pub fn start(script: impl Fn(&Value) -> (Vec<String>, Duration) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let sent = Sent::default();
        let (script, log): (Arc<Script>, Sent) = (Arc::new(script), sent.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (script, log) = (script.clone(), log.clone());
                std::thread::spawn(move || answer(stream, &*script, &log));
            }
        });
        Self { url, sent }
    }
}

/// What the person said last.
pub fn last_words(question: &Value) -> &str {
    question["messages"].as_array().and_then(|it| it.last()).and_then(|it| it["content"].as_str()).unwrap_or_default()
}

fn answer(mut stream: TcpStream, script: &Script, log: &Sent) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut asked = String::new();
    reader.read_line(&mut asked).ok()?;
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
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    if asked.starts_with("GET /v1/models ") {
        let models = json!({ "data": MODELS.map(|id| json!({ "id": id })) }).to_string();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
        return write!(stream, "{head}content-length: {}\r\n\r\n{models}", models.len()).ok();
    }
    let (words, pause) = script(&serde_json::from_slice(&body).unwrap_or_default());
    stream.set_nodelay(true).ok()?;
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n").ok()?;
    let mut event = |value: Value| stream.write_all(format!("data: {value}\n\n").as_bytes()).ok();
    for word in words {
        event(json!({ "choices": [{ "index": 0, "delta": { "content": &word } }] }))?;
        log.lock().unwrap().push((Instant::now(), word));
        std::thread::sleep(pause);
    }
    event(json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] }))?;
    event(json!({ "choices": [], "usage": { "prompt_tokens": 11, "completion_tokens": 7 } }))?;
    stream.write_all(b"data: [DONE]\n\n").ok()
}
