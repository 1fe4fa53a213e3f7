//! What is kept in memory of the vectors: one index a base and model, read when somebody first searches it, brought up to
//! date by what was added since, and dropped when nobody has searched it for a while.

use crate::error::Result;
use crate::store::{Store, args};
use atrium::ids::BaseId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// After which an index that nobody searched is dropped.
const IDLE: Duration = Duration::from_secs(900);
/// Vectors read from the database at a time.
const STEP: i64 = 5_000;

/// As stored.
pub(super) fn to_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|it| it.to_le_bytes()).collect()
}

fn from_bytes(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|it| f32::from_le_bytes([it[0], it[1], it[2], it[3]])).collect()
}

#[derive(Debug, Default)]
struct Loaded {
    vectors: Vec<(i64, Vec<f32>)>,
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

    /// The pieces of a base that mean most nearly what the question means, best first, with their cosine.
    pub(super) async fn find(
        &self,
        store: &Store,
        base: BaseId,
        encoder: &str,
        question: &[f32],
        count: usize,
    ) -> Result<Vec<(i64, f64)>> {
        let slot = self.slot(base, encoder);
        self.refresh(store, base, encoder, &slot).await?;
        let loaded = slot.read().await;
        let mut scored: Vec<(i64, f64)> = loaded
            .vectors
            .iter()
            .map(|(piece, vector)| (*piece, f64::from(vector.iter().zip(question).map(|(a, b)| a * b).sum::<f32>())))
            .collect();
        scored.sort_by(|a, b| b.1.total_cmp(&a.1));
        scored.truncate(count);
        Ok(scored)
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
            loaded.vectors.extend(rows.iter().filter(|it| keep(it)).map(|it| (it.piece, from_bytes(&it.vector))));
            loaded.revision = if is_last { last } else { last - 1 };
            if is_last {
                break;
            }
        }
        loaded.revision = loaded.revision.max(standing.revision);
        Ok(())
    }
}
