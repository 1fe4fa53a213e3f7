//! How often something may be tried: fixed windows in the database, so that every server on it counts together.

use crate::error::{Error, Result};
use crate::ports::{Micros, Ports, SECOND};
use crate::store::{Store, args};
use std::net::{IpAddr, Ipv6Addr};

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

/// What an address is counted as. A household or server has a whole /64 of IPv6, and as many addresses in it as it likes.
#[must_use]
pub fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|it| it.to_canonical()) {
        Ok(IpAddr::V6(it)) => format!("{}/64", Ipv6Addr::from_bits(it.to_bits() & !u128::from(u64::MAX))),
        Ok(it) => it.to_string(),
        Err(_) => address.to_owned(),
    }
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

/// Takes one hit back: what went well is no attempt. What others tried in the same bucket stays counted.
///
/// # Errors
/// When the database does not answer.
pub async fn take_back(store: &Store, bucket: &str) -> Result<()> {
    store
        .as_system("limits belong to nobody")
        .execute("UPDATE rate_limits SET hits = hits - 1 WHERE bucket = $1 AND hits > 0", args![bucket])
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

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn addresses_of_one_network_count_together() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2:ffff::1"), network("2001:db8:1:2::"));
        assert_ne!(network("2001:db8:1:3::1"), network("2001:db8:1:2::1"));
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7", "IPv4, as a socket for both has it");
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("unknown"), "unknown");
    }
}
