//! A whole workspace for a test: a store, two people, and a provider that says what the test wrote for it.

use crate::accounts::{Accounts, Hasher};
use crate::agents::connections::Connections;
use crate::chat::Chat;
use crate::knowledge::Knowledge;
use crate::knowledge::testing::{Meanings, Paragraphs, tools};
use crate::ports::Ports;
use crate::providers::{Client, Limits};
use crate::seal::Seal;
use crate::settings::{Boot, Layers, Settings};
use crate::store::Store;
use crate::store::testing::{TestStore, stores};
use atrium::people::{NewPerson, Viewer};
use atrium_inference::Runner;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::Semaphore;

/// One thing a reply does.
#[derive(Debug, Clone)]
pub enum Step {
    /// A piece of the answer.
    Say(String),
    /// A piece of thinking aloud.
    Think(String),
    /// Waits until the test opens the gate once more.
    Gate,
    Pause(Duration),
    /// Ends the answer with this reason.
    End(&'static str),
    /// Says nothing more, and stays connected.
    Hang,
    /// Breaks the connection.
    Abort,
    /// Refuses with a status; only as the first step.
    Refuse(u16, &'static str),
    /// A whole reply that does not stream; only as the first step.
    Reply(Value),
}

/// `text`, a few bytes at a time, and an orderly end.
pub fn answer(text: &str) -> Vec<Step> {
    pieces(text).into_iter().chain([Step::End("stop")]).collect()
}

/// `text` in pieces of uneven length.
pub fn pieces(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = text;
    for length in [1, 7, 3, 12, 5].into_iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let at = rest.char_indices().nth(length).map_or(rest.len(), |it| it.0);
        steps.push(Step::Say(rest[..at].to_owned()));
        rest = &rest[at..];
    }
    steps
}

/// What the provider offers.
pub const MODELS: [&str; 3] = ["fake-1", "fake-2", "fake-3"];

type Script = Box<dyn Fn(&Value) -> Vec<Step> + Send + Sync>;

struct Book {
    script: Mutex<Script>,
    seen: Mutex<Vec<Value>>,
    gate: Semaphore,
}

/// Speaks OpenAI's protocol on the loopback interface and offers [`MODELS`]; it stops with the test's runtime.
#[derive(Clone)]
pub struct Provider {
    pub url: String,
    book: Arc<Book>,
}

impl Provider {
    pub async fn start() -> Self {
        let script: Script = Box::new(|_| answer("Hello."));
        let book = Arc::new(Book { script: Mutex::new(script), seen: Mutex::default(), gate: Semaphore::new(0) });
        let models = json!({ "data": MODELS.map(|id| json!({ "id": id })) });
        let offer = axum::routing::get(async move || axum::Json(models.clone()));
        let app = axum::Router::new().route("/v1/models", offer).fallback(play).with_state(book.clone());
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, book }
    }

    /// What to reply from now on, made from what is asked.
    pub fn says(&self, script: impl Fn(&Value) -> Vec<Step> + Send + Sync + 'static) {
        *self.book.script.lock().unwrap() = Box::new(script);
    }

    /// The same reply to everything.
    pub fn plays(&self, steps: Vec<Step>) {
        self.says(move |_| steps.clone());
    }

    /// Lets one [`Step::Gate`] pass.
    pub fn open(&self) {
        self.book.gate.add_permits(1);
    }

    /// The bodies of the questions so far.
    pub fn seen(&self) -> Vec<Value> {
        self.book.seen.lock().unwrap().clone()
    }

    /// The messages of the newest question, as role and text.
    pub fn asked(&self) -> Vec<(String, String)> {
        let seen = self.seen();
        let text = |it: &Value, name: &str| it[name].as_str().unwrap_or_default().to_owned();
        let messages = seen.last().expect("something was asked")["messages"].as_array().unwrap().clone();
        messages.iter().map(|it| (text(it, "role"), text(it, "content"))).collect()
    }
}

/// What the person said last.
pub fn last_words(body: &Value) -> String {
    body["messages"]
        .as_array()
        .and_then(|it| it.last())
        .and_then(|it| it["content"].as_str())
        .unwrap_or_default()
        .to_owned()
}

async fn play(State(book): State<Arc<Book>>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let steps = (book.script.lock().unwrap())(&body);
    book.seen.lock().unwrap().push(body);
    if let Some(Step::Refuse(status, message)) = steps.first() {
        return Response::builder()
            .status(*status)
            .header("content-type", "application/json")
            .body(Body::from(*message))
            .unwrap();
    }
    if let Some(Step::Reply(value)) = steps.first() {
        let reply = Response::builder().header("content-type", "application/json");
        return reply.body(Body::from(value.to_string())).unwrap();
    }
    let stream = async_stream::stream! {
        let event = |value: Value| Ok::<_, std::io::Error>(format!("data: {value}\n\n"));
        for step in steps {
            match step {
                Step::Say(text) => yield event(json!({ "choices": [{ "index": 0, "delta": { "content": text } }] })),
                Step::Think(text) => yield event(json!({ "choices": [{ "index": 0, "delta": { "reasoning_content": text } }] })),
                Step::Gate => book.gate.acquire().await.unwrap().forget(),
                Step::Pause(time) => tokio::time::sleep(time).await,
                Step::End(reason) => {
                    yield event(json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] }));
                    yield event(json!({ "choices": [], "usage": { "prompt_tokens": 11, "completion_tokens": 7 } }));
                    yield Ok("data: [DONE]\n\n".to_owned());
                }
                Step::Hang => std::future::pending().await,
                Step::Abort => yield Err(std::io::Error::other("as the script says")),
                Step::Refuse(..) | Step::Reply(_) => {}
            }
        }
    };
    Response::builder().header("content-type", "text/event-stream").body(Body::from_stream(stream)).unwrap()
}

/// A workspace.
pub struct World {
    pub store: Store,
    pub ports: Ports,
    pub settings: Settings,
    pub connections: Arc<Connections>,
    pub knowledge: Knowledge,
    /// How many files were read, and the encoder, to be sent away.
    pub reader: Arc<Paragraphs>,
    pub encoder: Arc<Meanings>,
    pub chat: Chat,
    pub provider: Provider,
    pub ada: Viewer,
    pub bob: Viewer,
    pub folder: Arc<TempDir>,
    _keep: TestStore,
}

/// One on each database, with default agents of the scripted provider.
pub async fn worlds() -> Vec<World> {
    worlds_with(&[]).await
}

/// The same, with more in the environment.
pub async fn worlds_with(more: &[(&str, &str)]) -> Vec<World> {
    let mut all = Vec::new();
    for it in stores().await {
        let provider = Provider::start().await;
        let mut env: BTreeMap<String, String> = [
            ("OPENAI_BASE_URL", provider.url.as_str()),
            ("DEFAULT_LLM_PROVIDER", "openai"),
            ("DEFAULT_MODEL", "fake-1"),
        ]
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
        env.retain(|_, value| !value.is_empty());
        let settings = Settings::new(settings_from(env), Seal::new("test"));
        let connections = Arc::new(connections(&settings));
        let accounts = Accounts::new(it.store.clone(), it.ports.clone(), Hasher::weak().unwrap());
        let ada = accounts.create_superuser(&person("ada")).await.unwrap();
        let bob = accounts.register(&person("bob"), "test").await.unwrap();
        let (folder, knowledge, reader, encoder) = knowledge(&it.store, &it.ports, &connections);
        let chat = Chat::start(it.store.clone(), it.ports.clone(), connections.clone(), knowledge.clone());
        let chat = chat.await.unwrap();
        all.push(World {
            store: it.store.clone(),
            ports: it.ports.clone(),
            settings,
            connections,
            knowledge,
            reader,
            encoder,
            chat,
            provider,
            ada,
            bob,
            folder,
            _keep: it,
        });
    }
    all
}

/// Settings that stand in the environment.
pub fn settings_from(env: BTreeMap<String, String>) -> Boot {
    Boot::resolve(&Layers { file: None, dot_env: BTreeMap::new(), env, options: BTreeMap::new() }).unwrap()
}

/// Ways to the providers that do not wait long before they try again.
pub fn connections(settings: &Settings) -> Connections {
    let limits = Limits { tries: 2, pause: Duration::from_millis(10), ..Limits::default() };
    Connections::new(
        Client::new(limits).unwrap(),
        Runner::new("/nonexistent/model.gguf".into(), Duration::from_secs(60)),
        settings.clone(),
    )
}

/// Knowledge on that store, with files in a folder of its own.
pub fn knowledge(
    store: &Store,
    ports: &Ports,
    connections: &Arc<Connections>,
) -> (Arc<TempDir>, Knowledge, Arc<Paragraphs>, Arc<Meanings>) {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let (tools, reader, encoder) = tools(folder.path());
    (folder, Knowledge::new(store.clone(), ports.clone(), connections.clone(), tools), reader, encoder)
}

fn person(name: &str) -> NewPerson {
    NewPerson {
        name: name.to_owned(),
        email: format!("{name}@example.org"),
        username: None,
        password: "correct horse battery".to_owned(),
    }
}

impl World {
    /// Somebody else of the same organisation.
    pub async fn person(&self, name: &str) -> Viewer {
        let accounts = Accounts::new(self.store.clone(), self.ports.clone(), Hasher::weak().unwrap());
        accounts.register(&person(name), "test").await.unwrap()
    }

    /// Another server on the same database, by its own clock.
    pub async fn server_at(&self, ports: Ports) -> Chat {
        let chat = Chat::start(self.store.clone(), ports, self.connections.clone(), self.knowledge.clone());
        chat.await.unwrap()
    }

    /// Another server on the same database.
    pub async fn second_server(&self) -> Chat {
        self.server_at(self.ports.clone()).await
    }
}

/// Waits for something that must come true, and says what did not.
pub async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !is_so().await {
        assert!(tokio::time::Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
