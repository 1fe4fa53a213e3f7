//! One fetch and what it may cost: bytes, time, and the caller's wish to stop.

use std::cell::{Cell, RefCell};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::http::Fetcher;
use crate::refusal::clip;
use crate::{Limits, Refusal};

/// How often somebody who waits looks whether they still should.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// The most that is read before the pack begins, in bytes: a server's abilities and the branches asked for.
const PREFACE: u64 = 16_000_000;

/// How far a fetch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The server is asked for its branches.
    Asking,
    /// Objects arrive: how many bytes so far. Nobody knows how many there will be.
    Receiving(u64),
    /// Everything arrived and is unpacked and checked.
    Checking,
}

/// What a fetch runs under.
#[derive(Clone)]
pub struct Terms<'a> {
    /// How requests leave.
    pub fetcher: Arc<dyn Fetcher>,
    /// What it may cost.
    pub limits: Limits,
    /// Told now and then, on the thread that called.
    pub progress: &'a dyn Fn(Progress),
    /// Stops the fetch, soon, when it becomes true.
    pub interrupt: &'a AtomicBool,
}

/// Counts what one fetch takes and remembers why it had to end. gitoxide carries errors as text; the reason we had is
/// kept here and asked for when it gives up.
pub(crate) struct Watch<'a> {
    pub(crate) terms: &'a Terms<'a>,
    /// Set by [`Watch::during`] when time is up or the caller says stop; gitoxide looks at it between objects.
    pub(crate) stop: &'a AtomicBool,
    deadline: Instant,
    bytes: Cell<u64>,
    /// Whether what arrives now is the pack.
    pack: Cell<bool>,
    refusal: RefCell<Option<Refusal>>,
}

impl<'a> Watch<'a> {
    /// Run `work` under `terms`, which hold even while it computes: another thread looks at the clock.
    pub(crate) fn during<T>(
        terms: &Terms<'_>,
        work: impl FnOnce(&Watch<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let deadline = Instant::now() + terms.limits.time;
        let (stop, interrupt) = (AtomicBool::new(false), terms.interrupt);
        std::thread::scope(|scope| {
            let (done, ended) = std::sync::mpsc::channel::<()>();
            let stop = &stop;
            scope.spawn(move || {
                while let Err(std::sync::mpsc::RecvTimeoutError::Timeout) = ended.recv_timeout(TICK) {
                    if interrupt.load(Ordering::Relaxed) || Instant::now() >= deadline {
                        stop.store(true, Ordering::Relaxed);
                        return;
                    }
                }
            });
            let watch = Watch {
                terms,
                stop,
                deadline,
                bytes: Cell::new(0),
                pack: Cell::new(false),
                refusal: RefCell::default(),
            };
            let result = work(&watch);
            drop(done);
            result
        })
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.terms.limits
    }

    /// Whether to go on.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.terms.interrupt.load(Ordering::Relaxed) {
            return Err(Refusal::Interrupted);
        }
        if Instant::now() >= self.deadline {
            return Err(Refusal::Timeout { after: self.limits().time });
        }
        Ok(())
    }

    /// From now on what arrives goes to disk, and may be as much as the caller allows.
    pub(crate) fn expect_pack(&self) {
        self.pack.set(true);
    }

    /// `bytes` more arrived.
    pub(crate) fn received(&self, bytes: usize) -> Result<(), Refusal> {
        let limit = self.limits().pack_bytes;
        let total = self.bytes.get().saturating_add(bytes as u64);
        self.bytes.set(total);
        if total > limit {
            return Err(Refusal::PackTooLarge { limit });
        }
        if total > PREFACE && !self.pack.get() {
            return Err(Refusal::Protocol("its list of branches does not end".to_owned()));
        }
        (self.terms.progress)(Progress::Receiving(total));
        Ok(())
    }

    /// The first reason counts: what comes after it is only its consequence.
    pub(crate) fn refuse(&self, refusal: Refusal) -> io::Error {
        let error = io::Error::other(refusal.to_string());
        self.refusal.borrow_mut().get_or_insert(refusal);
        error
    }

    /// Why gitoxide gave up.
    pub(crate) fn explain(&self, error: &gix_error::Error) -> Refusal {
        if let Some(refusal) = self.refusal.borrow_mut().take() {
            return refusal;
        }
        if let Err(refusal) = self.check() {
            return refusal;
        }
        tracing::debug!(?error, "a fetch failed");
        if matches!(error.dominant_class(), Some(gix_error::Class::ResourceExhaustion(_))) {
            return Refusal::ObjectTooLarge { limit: self.limits().object_bytes };
        }
        let cause = std::iter::successors(Some(error as &dyn std::error::Error), |it| it.source()).last();
        Refusal::Protocol(clip(&cause.map(ToString::to_string).unwrap_or_default()))
    }
}
