//! Listening to a run from a browser: any number of times, from any position, on any server.

use super::super::Chat;
use super::super::messages::Form;
use super::log::{Kind, Piece};
use super::news::tell_stop;
use crate::error::{Error, Result};
use crate::markdown;
use crate::store::args;
use async_stream::stream;
use atrium::chat::{LiveEvent, MessageStatus, MessageView};
use atrium::ids::{ConversationId, MessageId, RunId};
use atrium::people::Viewer;
use futures::stream::{BoxStream, StreamExt as _};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// Between two events to one listener: faster than this nobody reads, and every event renders the open paragraph anew.
const PACE: Duration = Duration::from_millis(40);
/// How often the log in the database is looked at when another server writes the run, and is not heard.
const POLL: Duration = Duration::from_millis(300);
/// How often it is looked at all the same when that server is heard: what was told may have been lost.
const DOUBT: Duration = Duration::from_secs(3);

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
                Some((Source::Here(run, changes), Renderer::new(base, 0, after, form)))
            }
            ("running", None) => {
                // Before anything is read, so that nothing that is said afterwards is missed.
                let bell = self.hub.bells.of(id);
                let base: Option<(String, String)> = self
                    .store
                    .as_viewer(&viewer)
                    .optional("SELECT content, reasoning FROM messages WHERE id = $1", args![message])
                    .await?;
                let (base, thought) = base.unwrap_or_default();
                Some((Source::Elsewhere(id, bell), Renderer::new(base, thought.len(), after, form)))
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
                        yield event;
                    }
                    if news.is_over {
                        break;
                    }
                    source.wait(&chat, told_at).await;
                }
            }
            match chat.ended(&viewer, conversation, message).await {
                Ok(event) => {
                    // The last words of another server's run went into the message without passing through the log.
                    if let (Some((Source::Elsewhere(..), renderer)), LiveEvent::End { message, .. }) = (&mut listener, &event) {
                        for event in renderer.rest(message) {
                            yield event;
                        }
                    }
                    yield (listener.map_or(after, |(_, renderer)| renderer.at), event);
                }
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
            None => {
                let mut tx = self.store.as_system("whoever asks has seen whose run it is").begin().await?;
                tx.execute("UPDATE runs SET stop_requested = TRUE WHERE id = $1 AND status = 'running'", args![id])
                    .await?;
                tell_stop(&mut tx, id).await?;
                tx.commit().await?;
            }
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
    Elsewhere(RunId, tokio::sync::watch::Receiver<()>),
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
            Self::Elsewhere(id, bell) => {
                bell.mark_unchanged();
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

    async fn wait(&mut self, chat: &Chat, told_at: Option<Instant>) {
        match self {
            // When the run is gone the next look says so.
            Self::Here(_, changes) => {
                let _ = changes.changed().await;
                // The first word goes out at once; those that follow closely go together.
                if let Some(told_at) = told_at {
                    tokio::time::sleep_until(told_at + PACE).await;
                }
            }
            Self::Elsewhere(_, bell) => {
                let patience = if chat.hub.bells.is_listening() { DOUBT } else { POLL };
                let _ = tokio::time::timeout(patience, bell.changed()).await;
            }
        }
    }
}

/// Turns pieces into what changes on the page. What lies before the position at which the listener came is rendered
/// too, silently: the blocks that they have already are the same ones.
struct Renderer {
    markdown: markdown::Stream,
    /// Bytes of the message's text and reasoning, as far as they were said.
    text: usize,
    reasoning: usize,
    at: u64,
    known: u64,
    is_told: bool,
    form: Form,
}

impl Renderer {
    fn new(base: String, reasoning: usize, after: u64, form: Form) -> Self {
        let mut markdown = markdown::Stream::new();
        markdown.push(&base);
        Self { markdown, text: base.len(), reasoning, at: 0, known: after, is_told: false, form }
    }

    /// Every event with the position after it, so that whoever is cut off between two misses neither.
    fn take(&mut self, pieces: Vec<Piece>) -> Vec<Numbered> {
        let mut events: Vec<Numbered> = Vec::new();
        let mut grew = false;
        for piece in pieces {
            // From the database pieces come whole; what is known of them is cut away here.
            let skip = usize::try_from(self.at.saturating_sub(piece.seq)).unwrap_or(usize::MAX);
            let Some(data) = piece.data.get(skip..).filter(|it| !it.is_empty()) else { continue };
            self.at += data.len() as u64;
            match piece.kind {
                Kind::Text => self.text += data.len(),
                Kind::Reasoning => self.reasoning += data.len(),
            }
            let begin = self.at - data.len() as u64;
            let known = usize::try_from(self.known.saturating_sub(begin)).unwrap_or(usize::MAX);
            let (old, new) = data.split_at_checked(known).unwrap_or((data, ""));
            if piece.kind == Kind::Text && !old.is_empty() && self.form == Form::Html {
                self.markdown.push(old);
            }
            match piece.kind {
                _ if new.is_empty() => {}
                Kind::Text if self.form == Form::Text => {
                    say(&mut events, self.at, LiveEvent::Text { text: new.to_owned() });
                }
                Kind::Text => {
                    self.settle();
                    self.markdown.push(new);
                    grew = true;
                }
                Kind::Reasoning => {
                    if std::mem::take(&mut grew) {
                        events.push((begin, self.delta()));
                    }
                    say(&mut events, self.at, LiveEvent::Reasoning { text: new.to_owned() });
                }
            }
        }
        if grew {
            events.push((self.at, self.delta()));
        }
        events
    }

    fn delta(&mut self) -> LiveEvent {
        let update = self.markdown.update();
        LiveEvent::Delta { first: update.first, blocks: update.blocks, tail: update.tail }
    }

    /// What the stored message says beyond what was heard.
    fn rest(&mut self, message: &MessageView) -> Vec<Numbered> {
        // Another run is at it already.
        if message.status == MessageStatus::Streaming {
            return Vec::new();
        }
        let mut seq = self.at;
        let mut pieces = Vec::new();
        let untold = [(Kind::Reasoning, &message.reasoning, self.reasoning), (Kind::Text, &message.text, self.text)];
        for (kind, whole, heard) in untold {
            let data = whole.get(heard..).unwrap_or_default().to_owned();
            seq += data.len() as u64;
            pieces.push(Piece { seq: seq - data.len() as u64, kind, data });
        }
        self.take(pieces)
    }

    /// Forgets the blocks that the listener has.
    fn settle(&mut self) {
        if !self.is_told {
            self.is_told = true;
            self.markdown.update();
        }
    }
}

/// Adds to what was said last, if it is of the same kind: many small pieces go as one.
fn say(events: &mut Vec<Numbered>, at: u64, event: LiveEvent) {
    match (events.last_mut(), event) {
        (Some((seq, LiveEvent::Text { text })), LiveEvent::Text { text: more })
        | (Some((seq, LiveEvent::Reasoning { text })), LiveEvent::Reasoning { text: more }) => {
            text.push_str(&more);
            *seq = at;
        }
        (_, event) => events.push((at, event)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_says_where_it_ends_and_not_where_its_batch_does() {
        let mut seq = 0;
        let mut piece = |kind, data: &str| {
            seq += data.len() as u64;
            Piece { seq: seq - data.len() as u64, kind, data: data.to_owned() }
        };
        let pieces = vec![
            piece(Kind::Reasoning, "Hm"),
            piece(Kind::Reasoning, "m."),
            piece(Kind::Text, "Yes"),
            piece(Kind::Text, ", so."),
            piece(Kind::Reasoning, "Wait"),
            piece(Kind::Text, "!"),
        ];
        let text = |text: &str| LiveEvent::Text { text: text.to_owned() };
        let thought = |text: &str| LiveEvent::Reasoning { text: text.to_owned() };
        let mut renderer = Renderer::new(String::new(), 0, 0, Form::Text);
        let told = [(4, thought("Hmm.")), (12, text("Yes, so.")), (16, thought("Wait")), (17, text("!"))];
        assert_eq!(renderer.take(pieces.clone()), told);
        let mut renderer = Renderer::new(String::new(), 0, 6, Form::Text);
        assert_eq!(renderer.take(pieces.clone()), [(12, text("s, so.")), told[2].clone(), told[3].clone()]);
        let mut renderer = Renderer::new(String::new(), 0, 0, Form::Html);
        let positions: Vec<u64> = renderer.take(pieces).into_iter().map(|it| it.0).collect();
        assert_eq!(positions, [4, 12, 16, 17], "on pages what was written before is told before");
    }
}
