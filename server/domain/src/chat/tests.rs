//! Conversations and runs on both databases, against a provider that says what the test wrote; the rest by subject.

mod access;
mod branches;
mod conversations;
mod inspection;
mod keyed;
mod listening;
mod recovery;
mod runs;
mod sending;
mod sessions;
mod settings;
mod titles;
mod window;

use super::{Chat, Form, Sent, Target};
use crate::error::Error;
use crate::markdown;
use crate::store::args;
use crate::testing::{World, answer, last_words};
use atrium::chat::{LiveEvent, MessageView, Thread};
use atrium::ids::{ConversationId, RunId};
use atrium::people::Viewer;
use futures::StreamExt as _;
use std::time::Duration;

/// Everything that Markdown does to blocks, and characters of every length.
const DOCUMENT: &str = "# Über *alles*\n\nA paragraph with `code`, **strong 🦀** and\na second line.\n\n- one\n- two\n  1. deep\n\n```rust\nfn main() {\n    println!(\"世界\");\n}\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quoted\n\nThe <script>alert(1)</script> end — fin.";

/// What a browser that follows a run has on its page.
#[derive(Debug, Clone, Default, PartialEq)]
struct Page {
    blocks: Vec<String>,
    tail: String,
    reasoning: String,
}

impl Page {
    /// The page of whoever has seen `text` and goes on listening.
    fn with(text: &str) -> Self {
        let mut stream = markdown::Stream::new();
        stream.push(text);
        let update = stream.update();
        Self { blocks: update.blocks, tail: update.tail, reasoning: String::new() }
    }
}

struct Heard {
    page: Page,
    message: MessageView,
    title: String,
    /// The position that came with the end.
    end: u64,
    deltas: usize,
}

/// Somebody who listens, from the moment at which this is made.
struct Listener {
    events: futures::stream::BoxStream<'static, (u64, LiveEvent)>,
    page: Page,
    end: u64,
    deltas: usize,
}

impl Listener {
    /// From `after` on, with what `page` shows.
    async fn attach(chat: &Chat, viewer: &Viewer, run: RunId, after: u64, page: Page) -> Self {
        let events = chat.follow(viewer, run, after, Form::Html).await.unwrap();
        Self { events, page, end: 0, deltas: 0 }
    }

    /// The next event; the message and the title when it is the last. No block may come twice or be left out.
    async fn next(&mut self) -> Option<(MessageView, String)> {
        let event = tokio::time::timeout(Duration::from_secs(60), self.events.next()).await;
        let (seq, event) = event.expect("something is heard").expect("the stream ends with an end");
        assert!(seq >= self.end, "positions only grow");
        self.end = seq;
        match event {
            LiveEvent::Status { .. } => {}
            LiveEvent::Text { .. } => panic!("a page asks for HTML"),
            LiveEvent::Reasoning { text } => self.page.reasoning.push_str(&text),
            LiveEvent::Delta { first, blocks, tail } => {
                assert_eq!(first, self.page.blocks.len(), "blocks follow each other");
                self.page.blocks.extend(blocks);
                self.page.tail = tail;
                self.deltas += 1;
            }
            LiveEvent::End { message, title } => return Some((*message, title)),
        }
        None
    }

    /// Until the page shows this.
    async fn see(mut self, page: &Page) -> Self {
        while self.page != *page {
            assert!(self.next().await.is_none(), "it ends too early, with {:?}", self.page);
        }
        self
    }

    async fn finish(mut self) -> Heard {
        loop {
            if let Some((message, title)) = self.next().await {
                let Self { page, end, deltas, .. } = self;
                return Heard { page, message, title, end, deltas };
            }
        }
    }
}

/// Listens from `after` to the end.
async fn hear(chat: &Chat, viewer: &Viewer, run: RunId, after: u64, page: Page) -> Heard {
    Listener::attach(chat, viewer, run, after, page).await.finish().await
}

async fn ended(chat: &Chat, viewer: &Viewer, sent: Sent) -> MessageView {
    hear(chat, viewer, sent.run, 0, Page::default()).await.message
}

/// Sends and waits for the answer.
async fn exchange(world: &World, target: Target, text: &str) -> (Sent, MessageView) {
    let sent = world.chat.send(&world.ada, target, None, text).await.unwrap();
    let message = ended(&world.chat, &world.ada, sent).await;
    (sent, message)
}

async fn thread(world: &World, id: ConversationId) -> Thread {
    world.chat.thread(&world.ada, id, None).await.unwrap()
}

fn texts(thread: &Thread) -> Vec<&str> {
    thread.messages.iter().map(|it| it.text.as_str()).collect()
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    outcome.unwrap_err().to_failure().code
}

async fn number_of(world: &World, sql: &'static str) -> i64 {
    let (count,): (i64,) = world.store.as_system("test").optional(sql, args![]).await.unwrap().unwrap();
    count
}

/// How much of a run the database has.
async fn saved(world: &World, run: RunId) -> String {
    let rows: Vec<(String,)> = world
        .store
        .as_system("test")
        .all("SELECT data FROM run_events WHERE run_id = $1 ORDER BY seq", args![run])
        .await
        .unwrap();
    rows.into_iter().map(|it| it.0).collect()
}

/// Echoes the question, so that every answer can be told from every other.
fn echo(world: &World) {
    world.provider.says(|body| answer(&format!("You said: {}", last_words(body))));
}
