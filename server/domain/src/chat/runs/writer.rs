//! From the log to the database: batches while a run goes on, one fold when it ends.

use super::super::Chat;
use super::log::{Kind, LiveRun};
use super::news::tell_news;
use super::{FLUSH, LEASE, RENEW};
use crate::error::Result;
use crate::knowledge::Knowledge;
use crate::search;
use crate::store::args;
use crate::usage::{self, Call};
use atrium::chat::MessageStatus;
use atrium::knowledge::Claim;
use backon::{ExponentialBuilder, Retryable as _};
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How often a server that does not hear the others looks which of its runs are to stop.
const LOOK: Duration = Duration::from_millis(500);

/// How a run ended, to be stored with its message.
#[derive(Debug, Clone)]
pub(crate) struct Fold {
    pub status: MessageStatus,
    pub end_reason: Option<&'static str>,
    pub dropped_turns: i64,
    pub error: Option<(String, String)>,
    pub call: Call,
    /// What its sentences stand on, when there was something to stand on.
    pub claims: Option<Vec<Claim>>,
}

impl Chat {
    /// Flushes until the process ends.
    pub(crate) async fn write_forever(self) {
        let mut tick = tokio::time::interval(FLUSH);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut renewed = Instant::now();
        loop {
            tick.tick().await;
            if self.hub.is_empty() {
                continue;
            }
            if let Err(error) = self.flush().await {
                // Nothing is lost: what was not written stays in the log and goes with the next batch.
                tracing::warn!(cause = error.cause(), "answers could not be saved for now: {error}");
            }
            // Whoever does not hear that a run is to stop has to look.
            let is_deaf = self.store.is_shared() && !self.hub.bells.is_listening();
            if renewed.elapsed() >= if is_deaf { LOOK } else { RENEW } {
                renewed = Instant::now();
                if let Err(error) = self.renew().await {
                    tracing::warn!(cause = error.cause(), "leases could not be renewed: {error}");
                }
            }
        }
    }

    /// Everything new of every run, in one transaction.
    async fn flush(&self) -> Result<()> {
        let _writing = self.hub.writing.lock().await;
        let news: Vec<_> = self
            .hub
            .all()
            .into_iter()
            .map(|run| (run.unflushed(), run))
            .filter(|((pieces, _), _)| !pieces.is_empty())
            .collect();
        if news.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.as_system("runs write on behalf of whoever asked").begin().await?;
        for ((pieces, _), run) in &news {
            for piece in pieces {
                let seq = i64::try_from(piece.seq).unwrap_or(i64::MAX);
                tx.execute(
                    // A batch whose commit was not confirmed is written again, and may have grown meanwhile.
                    "INSERT INTO run_events (run_id, seq, kind, data) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (run_id, seq) DO UPDATE SET data = excluded.data",
                    args![run.id, seq, piece.kind.as_str(), &piece.data],
                )
                .await?;
            }
        }
        tell_news(&mut tx, &news.iter().map(|it| it.1.id).collect::<Vec<_>>()).await?;
        tx.commit().await?;
        for ((_, upto), run) in news {
            run.set_flushed(upto);
        }
        Ok(())
    }

    /// Says that this server is alive, and hears which of its runs were stopped from another one.
    async fn renew(&self) -> Result<()> {
        let system = self.store.as_system("leases belong to the server");
        system
            .execute(
                "UPDATE runs SET lease_until = $2 WHERE owner_id = $1 AND status = 'running'",
                args![self.hub.server, self.ports.now() + LEASE],
            )
            .await?;
        if self.store.is_shared() {
            let stopped: Vec<(Uuid,)> = system
                .all(
                    "SELECT id FROM runs WHERE owner_id = $1 AND status = 'running' AND stop_requested",
                    args![self.hub.server],
                )
                .await?;
            for (id,) in stopped {
                if let Some(run) = self.hub.get(id.into()) {
                    run.stop.cancel();
                }
            }
        }
        Ok(())
    }

    /// Stores the end of a run. While the database is away it tries again: the text exists nowhere else.
    pub(super) async fn fold(&self, run: &Arc<LiveRun>, fold: &Fold) {
        let patient = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(50))
            .with_max_delay(Duration::from_secs(5))
            .with_max_times(60);
        let stored = (|| self.fold_once(run, fold)).retry(patient).notify(|error, _| tracing::warn!(cause = error.cause(), run = %run.id, "an answer could not be stored yet: {error}")).await;
        if let Err(error) = stored {
            tracing::error!(cause = error.cause(), run = %run.id, "an answer could not be stored: {error}");
        }
    }

    async fn fold_once(&self, run: &LiveRun, fold: &Fold) -> Result<()> {
        let _writing = self.hub.writing.lock().await;
        let now = self.ports.now();
        let mut tx = self.store.as_system("runs write on behalf of whoever asked").begin().await?;
        let still_ours = tx
            .execute(
                "UPDATE runs SET status = $2, finished_at = $3 WHERE id = $1 AND owner_id = $4 AND status = 'running'",
                args![run.id, fold.status.as_str(), now, self.hub.server],
            )
            .await?;
        // Another server may have taken this one for dead and folded what it found; its word stands.
        if still_ours == 1 {
            let call = &fold.call;
            let tokens = call.tokens;
            let (code, message) = fold.error.clone().unzip();
            tx.execute(
                "UPDATE messages SET content = content || $2, reasoning = reasoning || $3, status = $4, end_reason = $5, dropped_turns = $6, error_code = $7, error_message = $8,
                    prompt_tokens = $9, completion_tokens = COALESCE(completion_tokens, 0) + $10, tokens_estimated = $11, cost_micros = COALESCE(cost_micros, 0) + $12,
                    latency_micros = COALESCE(latency_micros, 0) + $13, updated_at = $14
                 WHERE id = $1",
                args![
                    run.message,
                    run.said(Kind::Text),
                    run.said(Kind::Reasoning),
                    fold.status.as_str(),
                    fold.end_reason,
                    fold.dropped_turns,
                    code,
                    message,
                    tokens.map(|it| it.0),
                    tokens.map_or(0, |it| it.1),
                    call.is_estimate,
                    call.cost(),
                    usage::micros(call.latency),
                    now
                ],
            )
            .await?;
            if let Some(claims) = &fold.claims {
                Knowledge::note_claims(&mut tx, run.message, claims).await?;
            }
            tx.execute("DELETE FROM run_events WHERE run_id = $1", args![run.id]).await?;
            usage::insert(&mut tx, &self.ports, call).await?;
            search::index::message(&mut tx, run.message.0).await?;
            tell_news(&mut tx, &[run.id]).await?;
        }
        tx.commit().await?;
        if still_ours == 1 {
            fold.call.note(&self.ports);
        }
        Ok(())
    }
}
