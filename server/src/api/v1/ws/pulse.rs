//! Whether the other side of a socket is still there.

use std::time::Duration;
use tokio::time::{Instant, Interval, interval_at};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// Send a ping: whoever is there answers it.
    Ping,
    /// Nothing was heard for too long.
    Gone,
}

/// Counts the time since something was heard.
pub struct Pulse {
    ping: Interval,
    idle: Duration,
    heard_at: Instant,
}

impl Pulse {
    /// Pings every `ping`; after `idle` without a sign, the next time it would, it gives up.
    pub fn new(ping: Duration, idle: Duration) -> Self {
        let now = Instant::now();
        Self { ping: interval_at(now + ping, ping), idle, heard_at: now }
    }

    /// A sign, of whatever kind.
    pub fn heard(&mut self) {
        self.heard_at = Instant::now();
    }

    /// When it is time for something, what.
    pub async fn beat(&mut self) -> Beat {
        self.ping.tick().await;
        if self.heard_at.elapsed() > self.idle { Beat::Gone } else { Beat::Ping }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_gives_no_sign_is_gone() {
        let begun = Instant::now();
        let mut pulse = Pulse::new(Duration::from_millis(40), Duration::from_millis(100));
        let mut beats = Vec::new();
        while beats.last() != Some(&Beat::Gone) {
            beats.push(pulse.beat().await);
        }
        assert_eq!(beats.first(), Some(&Beat::Ping), "asked before it is given up");
        assert!(begun.elapsed() > Duration::from_millis(100), "not before its time");
    }

    #[tokio::test]
    async fn any_sign_keeps_a_socket_open() {
        let mut pulse = Pulse::new(Duration::from_millis(20), Duration::from_secs(5));
        pulse.heard_at -= Duration::from_secs(4);
        for _ in 0..3 {
            assert_eq!(pulse.beat().await, Beat::Ping);
        }
        pulse.heard_at -= Duration::from_secs(5);
        pulse.heard();
        assert_eq!(pulse.beat().await, Beat::Ping, "it counts from the last one");
        pulse.heard_at -= Duration::from_secs(6);
        assert_eq!(pulse.beat().await, Beat::Gone);
    }
}
