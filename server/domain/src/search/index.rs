//! Keeping the index in step: a message is indexed in the transaction that completes it. Rows of messages that are gone
//! for good go with them; what is only deleted or on another branch is left out when somebody looks.

use super::words::Words;
use crate::error::Result;
use crate::store::{Store, Tx, args};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Messages read at a time when there is something to catch up with.
const BATCH: i64 = 100;

/// For how long a transaction of them goes on: so short that whoever writes meanwhile hardly notices. On SQLite there is one
/// writer.
const HOLD: Duration = Duration::from_millis(10);

#[derive(sqlx::FromRow)]
struct Missing {
    id: Uuid,
    owner_id: Uuid,
    content: String,
}

/// Indexes a message as it stands now, instead of how it stood before.
pub(crate) async fn message(tx: &mut Tx, id: Uuid) -> Result<()> {
    let row: Option<Missing> = tx
        .optional(
            "SELECT m.id, c.owner_id, m.content FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.id = $1",
            args![id],
        )
        .await?;
    match row {
        Some(row) => text(tx, row.id, row.owner_id, &row.content).await,
        None => Ok(()),
    }
}

/// The same for a message whose owner and text are at hand.
pub(crate) async fn text(tx: &mut Tx, id: Uuid, owner_id: Uuid, content: &str) -> Result<()> {
    let words = Words::of(owner_id, content);
    if let Tx::Postgres(_) = tx {
        tx.execute(
            "INSERT INTO message_index (message_id, words) VALUES ($1, CAST($2 AS tsvector))
             ON CONFLICT (message_id) DO UPDATE SET words = excluded.words",
            args![id, words.for_tsvector()],
        )
        .await?;
        return Ok(());
    }
    let (number,): (i64,) = tx
        .one(
            "INSERT INTO message_index (message_id) VALUES ($1)
             ON CONFLICT (message_id) DO UPDATE SET message_id = excluded.message_id RETURNING number",
            args![id],
        )
        .await?;
    tx.execute("INSERT OR REPLACE INTO message_words (rowid, words) VALUES ($1, $2)", args![number, words.for_fts5()])
        .await?;
    Ok(())
}

/// Indexes every message that is not: those of before there was an index, and those that another server of an older
/// Atrium has written. Answers how many there were.
///
/// # Errors
/// When the database does not answer; what was done until then stays done.
pub async fn catch_up(store: &Store) -> Result<usize> {
    let system = store.as_system("the index is everybody's");
    let (mut last, mut count) = (Uuid::nil(), 0);
    loop {
        let missing: Vec<Missing> = system
            .all(
                "SELECT m.id, c.owner_id, m.content FROM messages m JOIN conversations c ON c.id = m.conversation_id
                 WHERE m.id > $1 AND m.status <> 'streaming' AND NOT EXISTS (SELECT 1 FROM message_index i WHERE i.message_id = m.id)
                 ORDER BY m.id LIMIT $2",
                args![last, BATCH],
            )
            .await?;
        let Some(newest) = missing.last() else { break };
        last = newest.id;
        let mut rows = missing.iter();
        while rows.len() > 0 {
            let start = Instant::now();
            let mut tx = system.begin().await?;
            for row in rows.by_ref() {
                // Read again: it may be gone, or another server have been quicker.
                message(&mut tx, row.id).await?;
                count += 1;
                if start.elapsed() >= HOLD {
                    break;
                }
            }
            tx.commit().await?;
            // The other half of the time is other people's.
            tokio::time::sleep(start.elapsed()).await;
        }
    }
    if count > 0 && store.is_shared() {
        // Until PostgreSQL knows how large the index is it reads all messages instead.
        system.execute("ANALYZE message_index", args![]).await?;
    }
    Ok(count)
}
