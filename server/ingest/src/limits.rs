//! How much one file may cost.

use crate::Refusal;
use std::time::{Duration, Instant};

/// What reading one file may take. [`Limits::default`] is what a server ships with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file itself; a larger one is refused.
    pub bytes: u64,
    /// Bytes of text that are kept; what is beyond is left out, with a note.
    pub text: usize,
    /// Pages of a PDF; one with more is refused.
    pub pages: usize,
    /// Bytes that compressed content may unpack to, all together.
    pub unpacked: u64,
    /// Files within an archive-based format.
    pub entries: usize,
    /// Wall-clock time.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 100 * 1024 * 1024,
            text: 32 * 1024 * 1024,
            pages: 10_000,
            unpacked: 512 * 1024 * 1024,
            entries: 20_000,
            time: Duration::from_secs(120),
        }
    }
}

/// The clock that a reader looks at between two steps of its work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    start: Instant,
    time: Duration,
}

impl Watch {
    pub(crate) fn start(limits: &Limits) -> Self {
        Self { start: Instant::now(), time: limits.time }
    }

    /// Whether the time is up, for places that cannot return a refusal.
    pub(crate) fn is_over(&self) -> bool {
        self.start.elapsed() > self.time
    }

    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.is_over() { Err(self.refusal()) } else { Ok(()) }
    }

    pub(crate) fn refusal(&self) -> Refusal {
        Refusal::OutOfTime { seconds: self.time.as_secs() }
    }
}
