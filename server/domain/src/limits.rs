//! How often something may be tried: fixed windows in the database, so that every server on it counts together.

use crate::error::{Error, Result};
use crate::ports::{Micros, Ports, SECOND};
use crate::store::{Store, args};

/// So many hits in so long.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Hits that are let through.
    pub hits: i64,
    /// The window's length.
    pub window: Micros,
}

#[derive(sqlx::FromRow)]
struct Count {
    window_start: i64,
    hits: i64,
}

/// Counts one hit in `bucket`.
///
/// # Errors
/// [`Error::RateLimited`] when it was one too many; it counts all the same.
pub async fn hit(store: &Store, ports: &Ports, bucket: &str, limit: Limit) -> Result<()> {
    let now = ports.now();
    let mut tx = store.as_system("limits belong to nobody").begin().await?;
    let count: Count = tx
        .one(
            "INSERT INTO rate_limits (bucket, window_start, hits) VALUES ($1, $2, 1)
             ON CONFLICT (bucket) DO UPDATE SET
                hits = CASE WHEN rate_limits.window_start <= $3 THEN 1 ELSE rate_limits.hits + 1 END,
                window_start = CASE WHEN rate_limits.window_start <= $3 THEN $2 ELSE rate_limits.window_start END
             RETURNING window_start, hits",
            args![bucket, now, now - limit.window],
        )
        .await?;
    tx.commit().await?;
    if count.hits <= limit.hits {
        return Ok(());
    }
    let wait = (count.window_start + limit.window - now).max(SECOND) / SECOND;
    let retry_after = u64::try_from(wait).unwrap_or(1);
    let minutes = retry_after.div_ceil(60);
    let message = if minutes <= 1 {
        "Too many attempts. Try again in a minute.".to_owned()
    } else {
        format!("Too many attempts. Try again in {minutes} minutes.")
    };
    Err(Error::RateLimited { message, retry_after })
}

/// Forgets what was counted in `bucket`: a success wipes the slate.
///
/// # Errors
/// When the database does not answer.
pub async fn clear(store: &Store, bucket: &str) -> Result<()> {
    store
        .as_system("limits belong to nobody")
        .execute("DELETE FROM rate_limits WHERE bucket = $1", args![bucket])
        .await?;
    Ok(())
}

/// Throws away windows that are over.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(store: &Store, before: Micros) -> Result<()> {
    store.as_system("housekeeping").execute("DELETE FROM rate_limits WHERE window_start < $1", args![before]).await?;
    Ok(())
}
