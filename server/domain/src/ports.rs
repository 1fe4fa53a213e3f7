//! Time, randomness and ids: passed in, so that tests are exact. `clippy.toml` bans the globals elsewhere. And whom to tell what
//! happens, to be counted.

use crate::metrics::Metrics;
use rand::RngCore as _;
use std::sync::Arc;
use uuid::Uuid;

/// Microseconds since 1970, UTC.
pub type Micros = i64;

/// Microseconds in a second.
pub const SECOND: Micros = 1_000_000;
/// Microseconds in a day.
pub const DAY: Micros = 86_400 * SECOND;

/// Where the time and the dice come from, and what is counted.
#[derive(Clone)]
pub struct Ports {
    clock: Arc<dyn Fn() -> Micros + Send + Sync>,
    metrics: Metrics,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ports")
    }
}

impl Ports {
    /// The machine's own.
    #[must_use]
    pub fn system() -> Self {
        Self {
            clock: Arc::new(|| {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
            }),
            metrics: Metrics::default(),
        }
    }

    /// A clock that a test moves.
    #[must_use]
    pub fn with_clock(clock: impl Fn() -> Micros + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), metrics: Metrics::default() }
    }

    /// What is counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Micros {
        (self.clock)()
    }

    /// An id that sorts by the time it was made, so that indexes grow at one end.
    #[must_use]
    pub fn id<T: From<Uuid>>(&self) -> T {
        let ms = u64::try_from(self.now() / 1000).unwrap_or_default();
        let mut random = [0; 10];
        rand::rng().fill_bytes(&mut random);
        uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid().into()
    }

    /// 32 bytes that nobody can guess.
    #[must_use]
    pub fn secret(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        bytes
    }
}
