//! Sending what is in the outbox: taken up by one server at a time, tried again with growing pauses.

use super::smtp::{Parcel, Refusal, Server};
use super::{Kind, Outbox};
use crate::error::Result;
use crate::ports::{Micros, SECOND};
use crate::store::args;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often a message is tried: over an hour or so.
const TRIES: i64 = 8;
/// Between the first two tries; then twice as long each time.
const PAUSE: Micros = 30 * SECOND;
/// After which a server that took a message up is believed to be gone. Well above [`super::PATIENCE`].
const LEASE: Micros = 300 * SECOND;
/// How often to look for messages of other servers, and for those whose pause is over.
const LOOK: Duration = Duration::from_secs(10);

/// One of the few places where the two databases differ: on PostgreSQL several servers look for something to send, and
/// each passes over what another has just taken. On SQLite there is one server, and one writer at a time.
const CLAIM_ALONE: &str = "UPDATE outbox SET attempts = attempts + 1, next_attempt_at = $2
     WHERE id = (SELECT id FROM outbox WHERE state = 'queued' AND deleted_at IS NULL AND next_attempt_at <= $1 ORDER BY next_attempt_at, id LIMIT 1)
     RETURNING id, kind, recipient, subject, body, attempts";
const CLAIM_SHARED: &str = "UPDATE outbox SET attempts = attempts + 1, next_attempt_at = $2
     WHERE id = (SELECT id FROM outbox WHERE state = 'queued' AND deleted_at IS NULL AND next_attempt_at <= $1 ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING id, kind, recipient, subject, body, attempts";

/// A message that this server is sending.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Claimed {
    pub(super) id: Uuid,
    kind: String,
    recipient: String,
    subject: String,
    body: String,
    pub(super) attempts: i64,
}

impl Outbox {
    /// Sends what is due, until `stop`; a message under way is brought to its end.
    pub async fn work(self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tick.tick() => {}
                () = self.wake.notified() => {}
            }
            if let Err(error) = self.deliver(&stop).await {
                tracing::warn!(cause = error.cause(), "mail could not be looked after: {error}");
            }
        }
    }

    /// Sends everything that is due.
    pub(crate) async fn deliver(&self, stop: &CancellationToken) -> Result<()> {
        if self.is_idle().await? {
            return Ok(());
        }
        self.give_up_expired().await?;
        if !self.has_server() {
            return self.keep_all().await;
        }
        let server = Server::of(&self.settings, self.patience);
        while !stop.is_cancelled()
            && let Some(mail) = self.claim().await?
        {
            let outcome = match (&server, self.settings.seal().open(&mail.body)) {
                (Err(told), _) => Err(Refusal::Passing(told.clone())),
                (_, None) => Err(Refusal::Final("Its text cannot be opened with this SECRET_KEY.".to_owned())),
                (Ok(server), Some(text)) => {
                    let parcel = Parcel { id: mail.id, to: &mail.recipient, subject: &mail.subject, text };
                    server.send(parcel).await
                }
            };
            self.settle(&mail, outcome).await?;
        }
        Ok(())
    }

    /// Whether there is nothing to look after: the usual case, which a read finds out without a write.
    async fn is_idle(&self) -> Result<bool> {
        let first: Option<(Uuid,)> = self
            .store
            .as_system("sends everybody's mail")
            .optional(
                "SELECT id FROM outbox WHERE state = 'queued' AND deleted_at IS NULL OR body <> '' AND expires_at <= $1 LIMIT 1",
                args![self.ports.now()],
            )
            .await?;
        Ok(first.is_none())
    }

    /// Takes a message up. Whoever else looks finds it again only when this server must have gone away.
    pub(super) async fn claim(&self) -> Result<Option<Claimed>> {
        let now = self.ports.now();
        let sql = if self.store.is_shared() { CLAIM_SHARED } else { CLAIM_ALONE };
        let mut tx = self.store.as_system("sends everybody's mail").begin().await?;
        let claimed = tx.optional(sql, args![now, now + LEASE]).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    /// Notes what became of it, unless another server has taken it up since, or somebody deleted it.
    pub(super) async fn settle(&self, mail: &Claimed, outcome: std::result::Result<(), Refusal>) -> Result<()> {
        let now = self.ports.now();
        let system = self.store.as_system("sends everybody's mail");
        let (state, told, next) = match outcome {
            Ok(()) => {
                // A link to somebody's account has reached them: nobody else needs it any more.
                let is_spent = Kind::parse(&mail.kind) == Kind::Password;
                system
                    .execute(
                        "UPDATE outbox SET state = 'sent', sent_at = $3, last_error = '', body = CASE WHEN $4 THEN '' ELSE body END
                         WHERE id = $1 AND attempts = $2 AND state = 'queued'",
                        args![mail.id, mail.attempts, now, is_spent],
                    )
                    .await?;
                return Ok(());
            }
            Err(Refusal::Passing(told)) if mail.attempts < TRIES => ("queued", told, now + pause(mail.attempts)),
            Err(Refusal::Passing(told) | Refusal::Final(told)) => ("failed", told, now),
        };
        tracing::warn!(mail = %mail.id, attempt = mail.attempts, state, "mail was not taken: {told}");
        system
            .execute(
                "UPDATE outbox SET state = $3, last_error = $4, next_attempt_at = $5 WHERE id = $1 AND attempts = $2 AND state = 'queued'",
                args![mail.id, mail.attempts, state, told, next],
            )
            .await?;
        Ok(())
    }

    /// What links to nothing any more is neither sent nor shown.
    async fn give_up_expired(&self) -> Result<()> {
        self.store
            .as_system("sends everybody's mail")
            .execute(
                "UPDATE outbox SET body = '', last_error = CASE WHEN state = 'sent' THEN '' ELSE 'The link in it has expired.' END,
                    state = CASE WHEN state = 'sent' THEN 'sent' ELSE 'failed' END
                 WHERE expires_at <= $1 AND body <> ''",
                args![self.ports.now()],
            )
            .await?;
        Ok(())
    }

    /// The mail server was taken out of the settings.
    async fn keep_all(&self) -> Result<()> {
        self.store
            .as_system("sends everybody's mail")
            .execute("UPDATE outbox SET state = 'kept' WHERE state = 'queued'", args![])
            .await?;
        Ok(())
    }
}

fn pause(attempts: i64) -> Micros {
    PAUSE << (attempts - 1).clamp(0, TRIES)
}
