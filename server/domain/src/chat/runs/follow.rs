//! Listening to a run from a browser: any number of times, from any position, on any server.

use super::super::Chat;
use super::super::messages::Form;
use super::log::{Kind, Piece};
use crate::error::{Error, Result};
use crate::markdown;
use crate::store::args;
use async_stream::stream;
use atrium::chat::{LiveEvent, MessageStatus};
use atrium::ids::{ConversationId, MessageId, RunId};
use atrium::people::Viewer;
use futures::stream::{BoxStream, StreamExt as _};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// Between two events to one listener: faster than this nobody reads, and every event renders the open paragraph anew.
const PACE: Duration = Duration::from_millis(40);
/// How often the log in the database is looked at when another server writes the run.
const POLL: Duration = Duration::from_millis(300);

#[derive(sqlx::FromRow)]
struct RunRow {
    conversation_id: Uuid,
    message_id: Uuid,
    status: String,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    seq: i64,
    kind: String,
    data: String,
}

/// An event and the position to come back at.
pub type Numbered = (u64, LiveEvent);

impl Chat {
    /// What the run says after position `after`, and its end.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn follow(
        &self,
        viewer: &Viewer,
        id: RunId,
        after: u64,
        form: Form,
    ) -> Result<BoxStream<'static, Numbered>> {
        let row = self.run_of(viewer, id).await?;
        let (chat, viewer) = (self.clone(), viewer.clone());
        let (conversation, message) = (row.conversation_id.into(), row.message_id.into());
        let mut listener = match (row.status.as_str(), self.hub.get(id)) {
            ("running", Some(run)) => {
                let base = run.base.clone();
                let changes = run.listen();
                Some((Source::Here(run, changes), Renderer::new(base, after, form)))
            }
            ("running", None) => {
                let base: Option<(String,)> = self
                    .store
                    .as_viewer(&viewer)
                    .optional("SELECT content FROM messages WHERE id = $1", args![message])
                    .await?;
                Some((Source::Elsewhere(id), Renderer::new(base.unwrap_or_default().0, after, form)))
            }
            _ => None,
        };
        let events = stream! {
            if let Some((source, renderer)) = &mut listener {
                let mut told = None;
                let mut told_at = None;
                loop {
                    let news = match source.hear(&chat, renderer.at).await {
                        Ok(news) => news,
                        Err(error) => {
                            tracing::warn!(cause = error.cause(), "a listener was cut off: {error}");
                            return;
                        }
                    };
                    if news.status != told {
                        told.clone_from(&news.status);
                        if let Some(message) = news.status {
                            yield (renderer.at, LiveEvent::Status { message });
                        }
                    }
                    for event in renderer.take(news.pieces) {
                        told_at = Some(Instant::now());
                        yield (renderer.at, event);
                    }
                    if news.is_over {
                        break;
                    }
                    source.wait(told_at).await;
                }
            }
            match chat.ended(&viewer, conversation, message).await {
                Ok(event) => yield (listener.map_or(after, |(_, renderer)| renderer.at), event),
                Err(error) => tracing::debug!("the message of a finished run is gone: {error}"),
            }
        };
        Ok(events.boxed())
    }

    /// Waits for the end of a run; whether it came in time.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn finished(&self, viewer: &Viewer, id: RunId, patience: Duration) -> Result<bool> {
        let events = self.follow(viewer, id, u64::MAX, Form::Text).await?;
        Ok(tokio::time::timeout(patience, events.for_each(|_| std::future::ready(()))).await.is_ok())
    }

    /// Ends a run, wherever it is written.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn stop(&self, viewer: &Viewer, id: RunId) -> Result<()> {
        self.run_of(viewer, id).await?;
        self.halt(id).await
    }

    /// See [`Chat::stop`], for a run that is known to be the viewer's.
    pub(in crate::chat) async fn halt(&self, id: RunId) -> Result<()> {
        match self.hub.get(id) {
            Some(run) => run.stop.cancel(),
            None => drop(
                self.store
                    .as_system("whoever asks has seen whose run it is")
                    .execute("UPDATE runs SET stop_requested = TRUE WHERE id = $1 AND status = 'running'", args![id])
                    .await?,
            ),
        }
        Ok(())
    }

    async fn run_of(&self, viewer: &Viewer, id: RunId) -> Result<RunRow> {
        self.store
            .as_viewer(viewer)
            .optional(
                "SELECT r.conversation_id, r.message_id, r.status FROM runs r JOIN conversations c ON c.id = r.conversation_id WHERE r.id = $1 AND c.owner_id = $2",
                args![id, viewer.id],
            )
            .await?
            .ok_or(Error::NotFound("run"))
    }

    async fn ended(&self, viewer: &Viewer, conversation: ConversationId, message: MessageId) -> Result<LiveEvent> {
        let (title, mut message) = self.message(viewer, conversation, message).await?;
        // The end says what was stored; a run that another one has followed meanwhile is that one's to tell.
        if message.status != MessageStatus::Streaming {
            message.run = None;
        }
        Ok(LiveEvent::End { message: Box::new(message), title })
    }
}

enum Source {
    Here(std::sync::Arc<super::log::LiveRun>, tokio::sync::watch::Receiver<()>),
    Elsewhere(RunId),
}

struct Heard {
    pieces: Vec<Piece>,
    status: Option<String>,
    is_over: bool,
}

impl Source {
    async fn hear(&mut self, chat: &Chat, after: u64) -> Result<Heard> {
        match self {
            Self::Here(run, changes) => {
                changes.mark_unchanged();
                let news = run.since(after);
                Ok(Heard { pieces: news.pieces, status: news.status, is_over: news.is_over })
            }
            Self::Elsewhere(id) => {
                let system = chat.store.as_system("the run was checked to be the viewer's");
                let status: Option<(String,)> =
                    system.optional("SELECT status FROM runs WHERE id = $1", args![*id]).await?;
                let at = i64::try_from(after).unwrap_or(i64::MAX);
                let rows: Vec<EventRow> = system.all("SELECT seq, kind, data FROM run_events WHERE run_id = $1 AND seq + LENGTH(data) * 4 > $2 ORDER BY seq", args![*id, at]).await?;
                let pieces = rows.into_iter().map(|it| Piece {
                    seq: u64::try_from(it.seq).unwrap_or_default(),
                    kind: Kind::parse(&it.kind),
                    data: it.data,
                });
                Ok(Heard { pieces: pieces.collect(), status: None, is_over: status.is_none_or(|it| it.0 != "running") })
            }
        }
    }

    async fn wait(&mut self, told_at: Option<Instant>) {
        match self {
            // When the run is gone the next look says so.
            Self::Here(_, changes) => {
                let _ = changes.changed().await;
                // The first word goes out at once; those that follow closely go together.
                if let Some(told_at) = told_at {
                    tokio::time::sleep_until(told_at + PACE).await;
                }
            }
            Self::Elsewhere(_) => tokio::time::sleep(POLL).await,
        }
    }
}

/// Turns pieces into what changes on the page. What lies before the position at which the listener came is rendered
/// too, silently: the blocks that they have already are the same ones.
struct Renderer {
    markdown: markdown::Stream,
    at: u64,
    known: u64,
    is_told: bool,
    form: Form,
}

impl Renderer {
    fn new(base: String, after: u64, form: Form) -> Self {
        let mut markdown = markdown::Stream::new();
        markdown.push(&base);
        Self { markdown, at: 0, known: after, is_told: false, form }
    }

    fn take(&mut self, pieces: Vec<Piece>) -> Vec<LiveEvent> {
        let mut events = Vec::new();
        let mut grew = false;
        for piece in pieces {
            // From the database pieces come whole; what is known of them is cut away here.
            let skip = usize::try_from(self.at.saturating_sub(piece.seq)).unwrap_or(usize::MAX);
            let Some(data) = piece.data.get(skip..).filter(|it| !it.is_empty()) else { continue };
            self.at += data.len() as u64;
            let begin = self.at - data.len() as u64;
            let known = usize::try_from(self.known.saturating_sub(begin)).unwrap_or(usize::MAX);
            let (old, new) = data.split_at_checked(known).unwrap_or((data, ""));
            if piece.kind == Kind::Text && !old.is_empty() && self.form == Form::Html {
                self.markdown.push(old);
            }
            match piece.kind {
                _ if new.is_empty() => {}
                Kind::Text if self.form == Form::Text => events.push(LiveEvent::Text { text: new.to_owned() }),
                Kind::Text => {
                    self.settle();
                    self.markdown.push(new);
                    grew = true;
                }
                Kind::Reasoning => events.push(LiveEvent::Reasoning { text: new.to_owned() }),
            }
        }
        if grew {
            let update = self.markdown.update();
            events.push(LiveEvent::Delta { first: update.first, blocks: update.blocks, tail: update.tail });
        }
        events
    }

    /// Forgets the blocks that the listener has.
    fn settle(&mut self) {
        if !self.is_told {
            self.is_told = true;
            self.markdown.update();
        }
    }
}
