//! Runs that another server on the same database writes: which of them said more or ended, and which of ours are to stop.
//!
//! What is told are ids alone; whoever follows reads the database. A server that hears nothing, because the connection is
//! lost, looks by itself, only less often.

use super::super::Chat;
use crate::store::Tx;
use atrium::ids::RunId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

/// Runs said more, or ended.
const NEWS: &str = "atrium_run_news";
/// Runs are to stop.
const STOPS: &str = "atrium_run_stops";
/// Ids that fit into what PostgreSQL lets one say at once, 8,000 bytes.
const IDS: usize = 200;
/// Before listening is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// The bells of those who follow other servers' runs from here: one a run, however many follow.
#[derive(Debug, Default)]
pub(super) struct Bells {
    bells: Mutex<HashMap<RunId, watch::Sender<()>>>,
    is_listening: AtomicBool,
}

impl Bells {
    fn bells(&self) -> MutexGuard<'_, HashMap<RunId, watch::Sender<()>>> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rings when there is something new of the run.
    pub(super) fn of(&self, run: RunId) -> watch::Receiver<()> {
        let mut bells = self.bells();
        bells.retain(|_, it| it.receiver_count() > 0);
        bells.entry(run).or_default().subscribe()
    }

    fn ring(&self, run: RunId) {
        if let Some(bell) = self.bells().get(&run) {
            bell.send_replace(());
        }
    }

    fn ring_all(&self) {
        for bell in self.bells().values() {
            bell.send_replace(());
        }
    }

    /// Whether other servers are heard at the moment.
    pub(super) fn is_listening(&self) -> bool {
        self.is_listening.load(Ordering::SeqCst)
    }
}

fn ids(text: &str) -> impl Iterator<Item = RunId> {
    text.split(' ').filter_map(|it| Uuid::try_parse(it).ok()).map(Into::into)
}

/// Tells the other servers, with the transaction, that these runs said more or ended: few words, however many runs.
pub(super) async fn tell_news(tx: &mut Tx, runs: &[RunId]) -> Result<(), sqlx::Error> {
    for some in runs.chunks(IDS) {
        let text = some.iter().map(|it| it.0.simple().to_string()).collect::<Vec<_>>().join(" ");
        tx.tell(NEWS, text).await?;
    }
    Ok(())
}

/// Tells whichever server writes the run that it is to stop.
pub(super) async fn tell_stop(tx: &mut Tx, run: RunId) -> Result<(), sqlx::Error> {
    tx.tell(STOPS, run.0.simple().to_string()).await
}

impl Chat {
    /// Listens to the other servers until the database is closed.
    pub(crate) async fn hear_others(self) {
        loop {
            match self.hear_until_lost().await {
                Ok(()) | Err(sqlx::Error::PoolClosed) => return,
                Err(error) => {
                    tracing::warn!(cause = %error, "other servers are not heard for now; their runs are looked at instead");
                }
            }
            self.hub.bells.is_listening.store(false, Ordering::SeqCst);
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn hear_until_lost(&self) -> Result<(), sqlx::Error> {
        let Some(mut listener) = self.store.listen(&[NEWS, STOPS]).await? else { return Ok(()) };
        self.hub.bells.is_listening.store(true, Ordering::SeqCst);
        // What was told while nobody listened.
        self.hub.bells.ring_all();
        loop {
            match listener.next().await? {
                Some(told) if told.channel == STOPS => {
                    for run in ids(&told.text).filter_map(|it| self.hub.get(it)) {
                        run.stop.cancel();
                    }
                }
                Some(told) => ids(&told.text).for_each(|it| self.hub.bells.ring(it)),
                None => self.hub.bells.ring_all(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bell_rings_for_those_who_follow_that_run() {
        let bells = Bells::default();
        let [one, other] = [1, 2].map(|it| RunId(Uuid::from_u128(it)));
        let (mut first, mut second, elsewhere) = (bells.of(one), bells.of(one), bells.of(other));
        bells.ring(one);
        assert!(first.has_changed().unwrap() && second.has_changed().unwrap() && !elsewhere.has_changed().unwrap());
        first.mark_unchanged();
        second.mark_unchanged();
        bells.ring_all();
        assert!(first.has_changed().unwrap() && elsewhere.has_changed().unwrap());
        drop((first, second, elsewhere));
        let _again = bells.of(other);
        assert_eq!(bells.bells().len(), 1, "whom nobody follows is forgotten");
    }

    #[test]
    fn ids_are_read_as_they_are_told() {
        let runs = [RunId(Uuid::from_u128(7)), RunId(Uuid::from_u128(8))];
        let text = runs.map(|it| it.0.simple().to_string()).join(" ");
        assert_eq!(ids(&text).collect::<Vec<_>>(), runs);
        assert_eq!(ids("nonsense from somewhere else").count(), 0);
        const { assert!(IDS * 33 < 8000) };
    }
}
