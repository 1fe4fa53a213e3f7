//! What a run has said so far, in memory, and who is told when it says more.
//!
//! A position (`seq`) in the log is the number of bytes said before it, text and reasoning together. It is what
//! browsers send back as `Last-Event-ID`: whoever comes back at a position gets exactly what follows it.

use atrium::ids::{ConversationId, MessageId, RunId, UserId};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The answer itself.
    Text,
    /// Thinking aloud.
    Reasoning,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Reasoning => "reasoning",
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        if text == "reasoning" { Self::Reasoning } else { Self::Text }
    }
}

/// A piece of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Where it begins.
    pub seq: u64,
    /// What it is.
    pub kind: Kind,
    /// What it says.
    pub data: String,
}

impl Piece {
    /// Where the next one begins.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.seq + self.data.len() as u64
    }
}

#[derive(Debug, Default)]
struct Log {
    pieces: Vec<Piece>,
    end: u64,
    /// How many of `pieces` are in the database.
    flushed: usize,
    status: Option<String>,
    is_over: bool,
}

/// A run that this server writes.
#[derive(Debug)]
pub struct LiveRun {
    /// Which.
    pub id: RunId,
    /// Whose.
    pub user: UserId,
    /// Where.
    pub conversation: ConversationId,
    /// The answer that it writes.
    pub message: MessageId,
    /// What the answer said before this run: not empty when it goes on with one.
    pub base: String,
    /// Ends it.
    pub stop: CancellationToken,
    log: Mutex<Log>,
    changed: watch::Sender<()>,
}

/// What a listener has not heard yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// In order.
    pub pieces: Vec<Piece>,
    /// The position after them.
    pub end: u64,
    /// What is going on, before there is text.
    pub status: Option<String>,
    /// Nothing will follow, and the message is stored.
    pub is_over: bool,
}

impl LiveRun {
    pub(crate) fn new(id: RunId, user: UserId, conversation: ConversationId, message: MessageId, base: String) -> Self {
        Self {
            id,
            user,
            conversation,
            message,
            base,
            stop: CancellationToken::new(),
            log: Mutex::default(),
            changed: watch::Sender::new(()),
        }
    }

    /// A lock that was poisoned by a panicking listener still guards a log that is whole: pieces are only appended.
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn append(&self, kind: Kind, data: String) {
        // The database keeps no NUL, and positions must mean the same here and there.
        let data = if data.contains('\0') { data.replace('\0', "") } else { data };
        if data.is_empty() {
            return;
        }
        {
            let mut log = self.log();
            let seq = log.end;
            log.end += data.len() as u64;
            log.status = None;
            log.pieces.push(Piece { seq, kind, data });
        }
        self.changed.send_replace(());
    }

    pub(super) fn set_status(&self, status: String) {
        self.log().status = Some(status);
        self.changed.send_replace(());
    }

    pub(super) fn finish(&self) {
        self.log().is_over = true;
        self.changed.send_replace(());
    }

    /// Tells when there is something new.
    #[must_use]
    pub fn listen(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// What was said from `after` on. A position inside a piece gets the rest of the piece.
    #[must_use]
    pub fn since(&self, after: u64) -> News {
        let log = self.log();
        let first = log.pieces.partition_point(|it| it.end() <= after);
        let pieces = log.pieces[first..].iter().filter_map(|it| cut(it, after)).collect();
        News { pieces, end: log.end, status: log.status.clone(), is_over: log.is_over }
    }

    /// All that was said of `kind`.
    #[must_use]
    pub fn said(&self, kind: Kind) -> String {
        self.log().pieces.iter().filter(|it| it.kind == kind).map(|it| it.data.as_str()).collect()
    }

    /// Length of all that was said.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.log().end
    }

    /// What is not in the database yet, neighbours of a kind joined, and how far it goes.
    pub(super) fn unflushed(&self) -> (Vec<Piece>, usize) {
        let log = self.log();
        let mut joined: Vec<Piece> = Vec::new();
        for piece in &log.pieces[log.flushed..] {
            match joined.last_mut() {
                Some(last) if last.kind == piece.kind => last.data.push_str(&piece.data),
                _ => joined.push(piece.clone()),
            }
        }
        (joined, log.pieces.len())
    }

    pub(super) fn set_flushed(&self, upto: usize) {
        self.log().flushed = upto;
    }
}

/// `piece` from `after` on; `None` when it lies before, or when `after` is no place between characters, which no honest
/// listener has.
fn cut(piece: &Piece, after: u64) -> Option<Piece> {
    let skip = usize::try_from(after.saturating_sub(piece.seq)).ok()?;
    let data = piece.data.get(skip..)?;
    Some(Piece { seq: piece.seq + skip as u64, kind: piece.kind, data: data.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn run() -> LiveRun {
        LiveRun::new(Uuid::nil().into(), Uuid::nil().into(), Uuid::nil().into(), Uuid::nil().into(), String::new())
    }

    #[test]
    fn whoever_comes_back_gets_exactly_what_follows() {
        let run = run();
        for piece in ["Hé", "llo ", "wörld"] {
            run.append(Kind::Text, piece.to_owned());
        }
        let whole = "Héllo wörld";
        for (at, _) in whole.char_indices() {
            let rest: String = run.since(at as u64).pieces.iter().map(|it| it.data.as_str()).collect();
            assert_eq!(rest, whole[at..], "from {at}");
        }
        assert_eq!(run.since(whole.len() as u64).pieces, []);
        assert_eq!(run.since(9999).pieces, []);
    }

    #[test]
    fn what_is_flushed_once_is_not_flushed_again() {
        let run = run();
        run.append(Kind::Reasoning, "hm".into());
        run.append(Kind::Text, "a".into());
        run.append(Kind::Text, "b".into());
        let (pieces, upto) = run.unflushed();
        assert_eq!(
            pieces,
            [
                Piece { seq: 0, kind: Kind::Reasoning, data: "hm".into() },
                Piece { seq: 2, kind: Kind::Text, data: "ab".into() }
            ]
        );
        run.append(Kind::Text, "c".into());
        run.set_flushed(upto);
        assert_eq!(run.unflushed().0, [Piece { seq: 4, kind: Kind::Text, data: "c".into() }]);
    }

    #[test]
    fn a_status_lasts_until_there_is_text() {
        let run = run();
        run.set_status("Loading".into());
        assert_eq!(run.since(0).status.as_deref(), Some("Loading"));
        run.append(Kind::Text, "a".into());
        assert_eq!(run.since(0).status, None);
    }
}
