//! A provider that says what the test wrote for it, and remembers what it was asked.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use serde_json::Value;

/// One thing a reply does.
pub enum Step {
    Send(Vec<u8>),
    Pause(Duration),
    /// Say nothing more, and stay connected.
    Hang,
    /// Break the connection in the middle of the reply.
    Abort,
}

/// One reply.
pub struct Script {
    status: u16,
    headers: Vec<(&'static str, String)>,
    steps: Vec<Step>,
}

impl Script {
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: Vec::new(), steps: vec![Step::Send(body.into())] }
    }

    pub fn status(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, ..Self::ok(body) }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn html(self) -> Self {
        self.header("content-type", "text/html; charset=utf-8")
    }

    pub fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    pub fn then_send(self, bytes: impl Into<Vec<u8>>) -> Self {
        // Chunks sent back to back may arrive as one.
        self.then(Step::Pause(Duration::from_millis(20))).then(Step::Send(bytes.into()))
    }
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Value,
}

#[derive(Clone, Default)]
struct Book {
    scripts: Arc<Mutex<VecDeque<Script>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// Replies that ended or were given up.
    over: Arc<tokio::sync::Notify>,
}

/// The server; it stops with the test's runtime.
pub struct Provider {
    pub url: String,
    book: Book,
}

impl Provider {
    /// Replies with the scripts in order, then with 599.
    pub async fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        let book = Book::default();
        book.scripts.lock().unwrap().extend(scripts);
        let app = axum::Router::new().fallback(play).with_state(book.clone());
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, book }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.book.seen.lock().unwrap().clone()
    }

    /// The only request.
    pub fn only(&self) -> Seen {
        let mut seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }

    /// Until a reply has ended or its connection was closed.
    pub async fn over(&self) {
        self.book.over.notified().await;
    }
}

async fn play(State(book): State<Book>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    book.seen.lock().unwrap().push(Seen { method, uri, headers, body });
    let script = book.scripts.lock().unwrap().pop_front();
    let script = script.unwrap_or_else(|| Script::status(599, "the script is over"));
    let mut response = Response::builder().status(StatusCode::from_u16(script.status).unwrap());
    for (name, value) in script.headers {
        response = response.header(name, value);
    }
    let over = Over(book.over.clone());
    let steps = async_stream::stream! {
        let _over = over;
        for step in script.steps {
            match step {
                Step::Send(bytes) if bytes.is_empty() => {}
                Step::Send(bytes) => yield Ok::<_, std::io::Error>(bytes),
                Step::Pause(time) => tokio::time::sleep(time).await,
                Step::Hang => std::future::pending().await,
                Step::Abort => yield Err(std::io::Error::other("as the script says")),
            }
        }
    };
    response.body(Body::from_stream(steps)).unwrap()
}

struct Over(Arc<tokio::sync::Notify>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}
