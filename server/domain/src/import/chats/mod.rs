//! Conversations that people had elsewhere: exports of ChatGPT, Open WebUI and LibreChat, and Atrium's own.
//!
//! A file is read from disk a conversation at a time ([`elements`]), each is recognised by what is in it ([`shapes`]),
//! becomes a tree in the order of time ([`tree`]) and is written in a transaction of its own ([`write`]). So a bad one
//! leaves the others alone, a large file costs the memory of its largest conversation, and whoever runs the same file
//! again finds the rest taken: the database holds what each is called where it comes from.

mod elements;
mod file;
mod shapes;
#[cfg(test)]
mod tests;
mod tree;
mod write;

use crate::error::{Error, Result};
use crate::knowledge::Knowledge;
use crate::knowledge::files::{Arrived, Incoming};
use crate::ports::Ports;
use crate::store::Store;
use atrium::ids::ConversationId;
use atrium::people::Viewer;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// The largest file that is taken over the network, in bytes.
pub const IMPORT_MAX: u64 = 512 * 1024 * 1024;
/// How much of a zip file is unpacked, in bytes.
const UNPACKED_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// The largest conversation, in bytes of JSON.
const CONVERSATION_MAX: usize = 16 * 1024 * 1024;
/// Conversations of one file. What comes after them is for another run, which finds these here already.
const CONVERSATIONS_MAX: usize = 20_000;
/// Messages of one conversation.
const MESSAGES_MAX: usize = 20_000;
/// Brackets within brackets. LibreChat's trees have two for each message, and each level of them is read once more.
const DEPTH_MAX: usize = 1_000;
/// Imports that one server does at the same time.
const TOGETHER: usize = 2;

/// Which system wrote a conversation down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// ChatGPT's `conversations.json`.
    ChatGpt,
    /// Open WebUI's chats.
    OpenWebUi,
    /// A conversation of LibreChat.
    LibreChat,
    /// Another Atrium, or this one.
    Atrium,
}

impl Source {
    /// As stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChatGpt => "chatgpt",
            Self::OpenWebUi => "open-webui",
            Self::LibreChat => "librechat",
            Self::Atrium => "atrium",
        }
    }

    /// As people call it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::ChatGpt => "ChatGPT",
            Self::OpenWebUi => "Open WebUI",
            Self::LibreChat => "LibreChat",
            Self::Atrium => "Atrium",
        }
    }
}

/// What became of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is here now.
    Taken(ConversationId),
    /// It was here before.
    Known(ConversationId),
    /// It is not, for this reason.
    LeftOut(String),
}

/// One conversation of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Who wrote it, where that can be told.
    pub source: Option<Source>,
    /// What it is called; empty where that cannot be told.
    pub title: String,
    /// What became of it.
    pub fate: Fate,
    /// Messages that were taken.
    pub messages: u64,
    /// Messages that were not, by the reason.
    pub left_out: BTreeMap<&'static str, u64>,
}

impl Outcome {
    fn left_out(source: Option<Source>, title: String, reason: impl Into<String>) -> Self {
        Self { source, title, fate: Fate::LeftOut(reason.into()), messages: 0, left_out: BTreeMap::new() }
    }
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order of the file.
    pub conversations: Vec<Outcome>,
    /// Why the file was not read to its end, if it was not.
    pub stopped: Option<String>,
}

impl Report {
    /// Conversations taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.conversations.iter().filter(|it| matches!(it.fate, Fate::Taken(_))).count()
    }

    /// Conversations that were here before.
    #[must_use]
    pub fn known(&self) -> usize {
        self.conversations.iter().filter(|it| matches!(it.fate, Fate::Known(_))).count()
    }

    /// Conversations left out.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.conversations.len() - self.taken() - self.known()
    }

    /// Messages taken.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.conversations.iter().map(|it| it.messages).sum()
    }

    /// Messages left out of conversations that were taken, by the reason.
    #[must_use]
    pub fn messages_left_out(&self) -> BTreeMap<&'static str, u64> {
        let mut all = BTreeMap::new();
        for (reason, count) in self.conversations.iter().flat_map(|it| &it.left_out) {
            *all.entry(*reason).or_default() += count;
        }
        all
    }
}

/// What the reading thread hands over.
enum Read {
    /// To be written.
    Found(Box<tree::Conversation>),
    /// Not to be.
    LeftOut(Outcome),
    /// There is more, but it cannot be read.
    Stopped(String),
}

/// Takes conversations along. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Imports {
    store: Store,
    ports: Ports,
    knowledge: Knowledge,
    turn: Arc<Semaphore>,
}

impl Imports {
    /// Into that store; files that arrive wait where those of documents do.
    #[must_use]
    pub fn new(store: Store, ports: Ports, knowledge: Knowledge) -> Self {
        Self { store, ports, knowledge, turn: Arc::new(Semaphore::new(TOGETHER)) }
    }

    /// A file that is to arrive.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn receive(&self) -> Result<Incoming> {
        Ok(self.knowledge.receive_for_later().await?.up_to(IMPORT_MAX))
    }

    /// Takes what a file holds into the viewer's conversations. It goes on when nobody waits for it any more: half of a file
    /// is worth less than all of it.
    ///
    /// # Errors
    /// When it holds no conversations, or the database does not answer.
    pub async fn bring(&self, viewer: &Viewer, arrived: Arrived) -> Result<Report> {
        let (this, viewer) = (self.clone(), viewer.clone());
        let work = async move {
            let _turn = this.turn.acquire().await.map_err(|error| Error::Internal(format!("import: {error}")))?;
            import(&this.store, &this.ports, &viewer, arrived.path()).await
        };
        tokio::spawn(work).await.map_err(|error| Error::Internal(format!("import: {error}")))?
    }
}

/// The same for a file on this machine.
///
/// # Errors
/// As [`Imports::bring`].
pub async fn import(store: &Store, ports: &Ports, viewer: &Viewer, path: &Path) -> Result<Report> {
    let (to, mut from) = mpsc::channel(2);
    let (path, now) = (path.to_owned(), ports.now());
    let reading = tokio::task::spawn_blocking(move || read(&path, now, &to));
    let writer = write::Writer::new(store, ports, viewer);
    let mut report = Report::default();
    while let Some(it) = from.recv().await {
        match it {
            Read::Found(found) => report.conversations.push(writer.write(*found).await?),
            Read::LeftOut(outcome) => report.conversations.push(outcome),
            Read::Stopped(reason) => report.stopped = Some(reason),
        }
    }
    reading.await.map_err(|error| Error::Internal(format!("import: {error}")))?;
    if report.conversations.iter().any(|it| it.source.is_some()) {
        return Ok(report);
    }
    let reason = match report.stopped {
        Some(reason) if report.conversations.is_empty() => reason,
        _ => "There are no conversations in this file that Atrium knows how to read. It takes exports of ChatGPT, Open WebUI, LibreChat and Atrium.".to_owned(),
    };
    Err(Error::field("file", reason))
}

/// Reads a few conversations ahead of the writer, whose failure ends it.
fn read(path: &Path, now: i64, to: &mpsc::Sender<Read>) {
    let mut count = 0;
    let outcome = file::each(path, &mut |element| {
        count += 1;
        if count > CONVERSATIONS_MAX {
            let told = format!(
                "The file has more than {CONVERSATIONS_MAX} conversations; those after them were left out. Split the file to bring them."
            );
            drop(to.blocking_send(Read::Stopped(told)));
            return true;
        }
        let read = match shapes::read(element, now) {
            Ok(found) => Read::Found(Box::new(found)),
            Err(outcome) => Read::LeftOut(outcome),
        };
        to.blocking_send(read).is_err()
    });
    if let Err(reason) = outcome {
        drop(to.blocking_send(Read::Stopped(reason)));
    }
}
