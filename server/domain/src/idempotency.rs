//! What a request with an `Idempotency-Key` led to, for the same request again.

use crate::error::{Error, Result};
use crate::ports::{DAY, Ports, SECOND};
use crate::store::{Store, args};
use atrium::people::Viewer;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// How long a key is remembered.
const LIFETIME: i64 = DAY;
/// A request that is under way for so long went down with its server.
const LOST: i64 = 300 * SECOND;
/// Bytes of a reply that is kept; of a longer one the key is given back.
const REPLY_MAX: usize = 256 * 1024;
/// Keys of one person in a day: they are for what must not be done twice, not for everything.
const MOST: i64 = 2_000;

/// A reply that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// JSON, or nothing.
    pub body: String,
}

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// A request that is new: do it, then [`Keys::finish`].
    Now,
    /// One that was done.
    Done(Reply),
}

/// The keys in the database.
#[derive(Debug, Clone)]
pub struct Keys {
    store: Store,
    ports: Ports,
    /// Requests are kept as a digest that nobody can make without it: a body may hold what is guessed easily.
    secret: [u8; 32],
}

#[derive(sqlx::FromRow)]
struct Row {
    request_hash: Vec<u8>,
    status: Option<i64>,
    body: Option<String>,
}

impl Keys {
    /// Over `store`, with a secret of the server's.
    #[must_use]
    pub fn new(store: Store, ports: Ports, secret: [u8; 32]) -> Self {
        Self { store, ports, secret }
    }

    fn digest(&self, asked: &[u8]) -> Result<Vec<u8>> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.secret).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(mac.chain_update(asked).finalize().into_bytes().to_vec())
    }

    /// Takes the key for `asked`, the whole request.
    ///
    /// # Errors
    /// When the key stood for another request, or the same one is still under way.
    pub async fn begin(&self, viewer: &Viewer, key: &str, asked: &[u8]) -> Result<Begun> {
        let hash = self.digest(asked)?;
        let (scope, now) = (self.store.as_viewer(viewer), self.ports.now());
        let count: Option<(i64,)> =
            scope.optional("SELECT COUNT(*) FROM idempotency_keys WHERE user_id = $1", args![viewer.id]).await?;
        if count.is_some_and(|it| it.0 >= MOST) {
            return Err(Error::RateLimited {
                message: format!("At most {MOST} idempotency keys are kept for one person in a day."),
                retry_after: 3600,
            });
        }
        let taken = scope
            .execute(
                "INSERT INTO idempotency_keys (user_id, idempotency_key, request_hash, created_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (user_id, idempotency_key) DO UPDATE SET request_hash = excluded.request_hash, created_at = excluded.created_at
                 WHERE idempotency_keys.status IS NULL AND idempotency_keys.created_at < $5",
                args![viewer.id, key, hash.clone(), now, now - LOST],
            )
            .await?;
        if taken == 1 {
            return Ok(Begun::Now);
        }
        let row: Option<Row> = scope
            .optional(
                "SELECT request_hash, status, body FROM idempotency_keys WHERE user_id = $1 AND idempotency_key = $2",
                args![viewer.id, key],
            )
            .await?;
        match row {
            Some(row) if row.request_hash != hash => Err(Error::Conflict {
                code: "idempotency_key_reused",
                message: "This Idempotency-Key was used for another request. Use a new one.".to_owned(),
            }),
            Some(Row { status: Some(status), body, .. }) => {
                Ok(Begun::Done(Reply { status: u16::try_from(status).unwrap_or(200), body: body.unwrap_or_default() }))
            }
            _ => Err(Error::Conflict {
                code: "request_in_progress",
                message: "The same request is still being worked on. Ask again in a moment.".to_owned(),
            }),
        }
    }

    /// Keeps what the request led to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn finish(&self, viewer: &Viewer, key: &str, reply: &Reply) -> Result<()> {
        if reply.body.len() > REPLY_MAX {
            return self.forget(viewer, key).await;
        }
        self.store
            .as_viewer(viewer)
            .execute(
                "UPDATE idempotency_keys SET status = $3, body = $4 WHERE user_id = $1 AND idempotency_key = $2",
                args![viewer.id, key, i64::from(reply.status), &reply.body],
            )
            .await?;
        Ok(())
    }

    /// Gives the key back: the request failed, and may be tried again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget(&self, viewer: &Viewer, key: &str) -> Result<()> {
        self.store
            .as_viewer(viewer)
            .execute("DELETE FROM idempotency_keys WHERE user_id = $1 AND idempotency_key = $2", args![viewer.id, key])
            .await?;
        Ok(())
    }

    /// Forgets old keys.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep(&self) -> Result<()> {
        self.store
            .as_system("housekeeping")
            .execute("DELETE FROM idempotency_keys WHERE created_at < $1", args![self.ports.now() - LIFETIME])
            .await?;
        Ok(())
    }
}
