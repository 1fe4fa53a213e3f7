//! What is kept in memory of the vectors: one index a base and model, read when somebody first searches it, brought up to
//! date by what was added since, and dropped when nobody has searched it for a while.

use crate::error::{Error, Result};
use crate::store::{Store, args};
use atrium::ids::BaseId;
use atrium_retrieval::vectors::{Index, candidates_for, decode};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// After which an index that nobody searched is dropped.
const IDLE: Duration = Duration::from_secs(900);
/// Vectors read from the database at a time.
const STEP: i64 = 5_000;

#[derive(Debug, Default)]
struct Loaded {
    /// None before the first vector says how many dimensions there are.
    index: Option<Index<i64>>,
    revision: i64,
    removals: i64,
}

type Slot = Arc<tokio::sync::RwLock<Loaded>>;

/// The indexes that are in memory.
#[derive(Debug, Default)]
pub(super) struct Vectors {
    slots: Mutex<HashMap<(BaseId, String), (Slot, Instant)>>,
}

#[derive(sqlx::FromRow)]
struct Standing {
    revision: i64,
    removals: i64,
}

#[derive(sqlx::FromRow)]
struct Stored {
    piece: i64,
    revision: i64,
    vector: Vec<u8>,
}

impl Vectors {
    /// A base that is gone takes its index along.
    pub(super) fn forget(&self, base: BaseId) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).retain(|(it, _), _| *it != base);
    }

    /// Drops what nobody has searched for a while.
    pub(super) fn sweep(&self) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, (_, used)| used.elapsed() < IDLE);
    }

    fn slot(&self, base: BaseId, encoder: &str) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let (slot, used) = slots.entry((base, encoder.to_owned())).or_insert_with(|| (Slot::default(), Instant::now()));
        *used = Instant::now();
        slot.clone()
    }

    /// The pieces of a base that may mean most nearly what the question means: enough of them to have the nearest `count`
    /// among them, once they are compared by their whole vectors.
    pub(super) async fn candidates(
        &self,
        store: &Store,
        base: BaseId,
        encoder: &str,
        question: &Arc<[f32]>,
        count: usize,
    ) -> Result<Vec<(i64, f32)>> {
        let slot = self.slot(base, encoder);
        self.refresh(store, base, encoder, &slot).await?;
        let question = question.clone();
        // A million vectors keep both cores busy for a while.
        let near = tokio::task::spawn_blocking(move || {
            let loaded = slot.blocking_read();
            let Some(index) = &loaded.index else { return Ok(Vec::new()) };
            index.candidates(&question, candidates_for(count), |_| true)
        });
        let near = near.await.map_err(|error| Error::Internal(error.to_string()))?;
        let near = near.map_err(|error| Error::Internal(format!("vectors of {base}: {error}")))?;
        Ok(near.into_iter().map(|it| (it.id, it.score)).collect())
    }

    async fn refresh(&self, store: &Store, base: BaseId, encoder: &str, slot: &Slot) -> Result<()> {
        let system = store.as_system("whoever searches has been asked whether they may");
        let standing: Option<Standing> =
            system.optional("SELECT revision, removals FROM knowledge_bases WHERE id = $1", args![base]).await?;
        let Some(standing) = standing else { return Ok(()) };
        let is_current = |it: &Loaded| it.revision == standing.revision && it.removals == standing.removals;
        if is_current(&*slot.read().await) {
            return Ok(());
        }
        let mut loaded = slot.write().await;
        if is_current(&loaded) {
            return Ok(());
        }
        if loaded.removals != standing.removals {
            *loaded = Loaded { removals: standing.removals, ..Loaded::default() };
        }
        loop {
            let rows: Vec<Stored> = system
                .all(
                    "SELECT piece, revision, vector FROM embeddings WHERE base_id = $1 AND encoder = $2 AND revision > $3 ORDER BY revision LIMIT $4",
                    args![base, encoder, loaded.revision, STEP],
                )
                .await?;
            let Some(last) = rows.last().map(|it| it.revision) else { break };
            // A revision is read as a whole or not at all, unless it alone is more than one step.
            let is_last = rows.len() < usize::try_from(STEP).unwrap_or(usize::MAX);
            let keep = |it: &Stored| is_last || it.revision < last;
            for it in rows.iter().filter(|it| keep(it)) {
                let Some(vector) = decode(&it.vector) else { continue };
                let index = loaded.index.get_or_insert_with(|| Index::new(vector.len()));
                if let Err(error) = index.insert(it.piece, &vector) {
                    tracing::warn!(piece = it.piece, %base, "a vector is not searched: {error}");
                }
            }
            loaded.revision = if is_last { last } else { last - 1 };
            if is_last {
                break;
            }
        }
        loaded.revision = loaded.revision.max(standing.revision);
        Ok(())
    }
}
