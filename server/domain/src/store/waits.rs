//! How long whoever queries waits for a connection, and how many connections there are.

use crate::metrics::Histograms;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use std::time::Instant;

/// Which pool.
#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct PoolLabels {
    /// `read` and `write`, or `all` where one serves both.
    pub pool: &'static str,
}

/// Of each side, in seconds.
#[derive(Debug)]
pub(super) struct Waits {
    pub(super) all: Histograms<PoolLabels>,
    pub(super) read: Histogram,
    pub(super) write: Histogram,
}

impl Waits {
    /// For pools of these names.
    pub(super) fn new(read: &'static str, write: &'static str) -> Self {
        let seconds = || Histogram::new([0.0001, 0.001, 0.01, 0.1, 1.0, 10.0]);
        let all: Histograms<PoolLabels> = Family::new_with_constructor(seconds);
        let of = |pool| all.get_or_create(&PoolLabels { pool }).clone();
        let (read, write) = (of(read), of(write));
        Self { all, read, write }
    }
}

/// Notes how long `acquired` took.
pub(super) async fn timed<T>(waits: &Histogram, acquired: impl Future<Output = T>) -> T {
    let asked = Instant::now();
    let connection = acquired.await;
    waits.observe(asked.elapsed().as_secs_f64());
    connection
}

/// One pool, as operators see it.
#[derive(Debug, Clone)]
pub struct PoolView {
    /// As in [`PoolLabels`].
    pub name: &'static str,
    /// Connections that somebody has.
    pub busy: u32,
    /// Connections that nobody has.
    pub idle: u32,
}

impl PoolView {
    pub(super) fn new(name: &'static str, size: u32, idle: usize) -> Self {
        let idle = u32::try_from(idle).unwrap_or(u32::MAX);
        Self { name, busy: size.saturating_sub(idle), idle }
    }
}
