//! The waiting line, and what those who stand in it are told.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{OwnedPermit, Receiver, Sender, channel};

use super::{Load, Update, worker};
use crate::{InferenceError, Prompt};

/// How many updates wait for a reader before pieces of text are joined.
const UPDATES: usize = 64;

/// Requests, the thread that answers them, and how it gets its model.
pub(super) struct Queue {
    pub(super) load: Load,
    pub(super) idle: Duration,
    line: Mutex<Line>,
    /// Rung when a request comes or no more will.
    bell: Condvar,
    loaded: AtomicBool,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<Request>,
    /// A request is being answered.
    busy: bool,
    /// There is a worker thread.
    manned: bool,
    /// The last handle is gone: nobody will ask again.
    closed: bool,
}

/// A prompt and the line to its asker.
pub(super) struct Request {
    pub(super) prompt: Prompt,
    pub(super) asker: Asker,
}

/// Sends updates without ever waiting for a reader.
///
/// Room for the last text and for the end is set aside from the start; text that finds no other room is kept and goes
/// out with the next.
pub(super) struct Asker {
    updates: Sender<Update>,
    last: Option<OwnedPermit<Update>>,
    end: Option<OwnedPermit<Update>>,
    unsent: String,
    /// The place in the line last told.
    ahead: Option<usize>,
}

/// What the worker finds in the line.
pub(super) enum Next {
    /// A request.
    Request(Request),
    /// Nothing for as long as a model may idle.
    Idle,
    /// Nothing, and nothing will come.
    Closed,
}

impl Asker {
    fn new() -> (Self, Receiver<Update>) {
        let (updates, receiver) = channel(UPDATES);
        let last = updates.clone().try_reserve_owned().ok();
        let end = updates.clone().try_reserve_owned().ok();
        (Self { updates, last, end, unsent: String::new(), ahead: None }, receiver)
    }

    /// Nobody listens any more.
    pub(super) fn is_gone(&self) -> bool {
        self.updates.is_closed()
    }

    /// Sends an update that can be missed.
    pub(super) fn tell(&self, update: Update) {
        // Full: a reader so far behind has no use for it. Closed: noticed by `is_gone`.
        let _ = self.updates.try_send(update);
    }

    fn tell_place(&mut self, ahead: usize) {
        if self.ahead != Some(ahead) {
            self.ahead = Some(ahead);
            self.tell(Update::Queued { ahead });
        }
    }

    /// Sends text, at the latest with the end.
    pub(super) fn text(&mut self, piece: &str) {
        self.unsent.push_str(piece);
        let text = std::mem::take(&mut self.unsent);
        if let Err(TrySendError::Full(Update::Text(text))) = self.updates.try_send(Update::Text(text)) {
            self.unsent = text;
        }
    }

    /// Sends what text is left, and the end.
    pub(super) fn end(mut self, update: Update) {
        if let Some(last) = self.last.take()
            && !self.unsent.is_empty()
        {
            last.send(Update::Text(std::mem::take(&mut self.unsent)));
        }
        if let Some(end) = self.end.take() {
            end.send(update);
        }
    }
}

impl Line {
    /// Lets go of those who no longer wait and tells the others where they stand.
    fn tidy(&mut self) {
        self.waiting.retain(|request| !request.asker.is_gone());
        let busy = usize::from(self.busy);
        for (place, request) in self.waiting.iter_mut().enumerate() {
            request.asker.tell_place(place + busy);
        }
    }
}

impl Queue {
    pub(super) fn new(idle: Duration, load: Load) -> Self {
        Self { load, idle, line: Mutex::default(), bell: Condvar::new(), loaded: AtomicBool::new(false) }
    }

    /// Nothing that panics runs under the lock, so a poisoned one still guards a sound line.
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who waits still, and who is being answered.
    pub(super) fn len(&self) -> usize {
        let line = self.line();
        line.waiting.iter().filter(|it| !it.asker.is_gone()).count() + usize::from(line.busy)
    }

    pub(super) fn is_loaded(&self) -> bool {
        self.loaded.load(Ordering::Relaxed)
    }

    pub(super) fn set_loaded(&self, loaded: bool) {
        self.loaded.store(loaded, Ordering::Relaxed);
    }

    /// No more requests will come.
    pub(super) fn close(&self) {
        self.line().closed = true;
        self.bell.notify_all();
    }

    /// See [`Line::tidy`]; the worker calls it while it answers.
    pub(super) fn tidy(&self) {
        self.line().tidy();
    }

    /// The next request whose asker still listens, waited for as long as a model may idle.
    pub(super) fn next(&self) -> Next {
        let mut line = self.line();
        line.busy = false;
        loop {
            line.tidy();
            if let Some(mut request) = line.waiting.pop_front() {
                line.busy = true;
                request.asker.tell_place(0);
                line.tidy();
                return Next::Request(request);
            }
            if line.closed {
                return Next::Closed;
            }
            let (woken, timeout) = self
                .bell
                .wait_timeout_while(line, self.idle, |line| line.waiting.is_empty() && !line.closed)
                .unwrap_or_else(PoisonError::into_inner);
            line = woken;
            if timeout.timed_out() {
                return Next::Idle;
            }
        }
    }

    /// Whether the worker may go: not if someone asked while it was packing up.
    pub(super) fn leave(&self) -> bool {
        let mut line = self.line();
        line.manned = !line.waiting.is_empty();
        !line.manned
    }
}

/// Puts a prompt at the end of the line and sees to it that somebody works it off.
pub(super) fn ask(queue: &Arc<Queue>, prompt: Prompt) -> Receiver<Update> {
    let (asker, receiver) = Asker::new();
    let mut line = queue.line();
    line.waiting.push_back(Request { prompt, asker });
    line.tidy();
    if line.manned {
        queue.bell.notify_one();
        return receiver;
    }
    line.manned = true;
    let worker = Arc::clone(queue);
    let spawned = std::thread::Builder::new().name("atrium-model".into()).spawn(move || worker::work(&worker));
    if let Err(error) = spawned {
        line.manned = false;
        for request in line.waiting.drain(..) {
            request.asker.end(Update::Failed(InferenceError::Thread(error.to_string())));
        }
    }
    receiver
}
