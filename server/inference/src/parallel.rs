//! Work for all cores.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many pieces to cut work into: so many that a core that is needed elsewhere holds up the others but little.
pub(crate) const PIECES: usize = 16;

/// Does `work` with every piece, each on the next free core, and returns when all is done.
pub(crate) fn each<T: Send>(pieces: impl Iterator<Item = T>, work: impl Fn(T) + Sync) {
    let pieces: Vec<_> = pieces.map(|piece| Mutex::new(Some(piece))).collect();
    let next = AtomicUsize::new(0);
    let run = |_| {
        while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
            // Nobody else has this piece; the lock only says so to the compiler.
            if let Some(piece) = piece.lock().ok().and_then(|mut piece| piece.take()) {
                work(piece);
            }
        }
    };
    // Candle's pool waits awake for its next task for a while: a token is hundreds of tasks of some 50 microseconds.
    candle_core::utils::barrier_pool().execute(run);
}
