//! Every code against one question, on as many cores as it pays for.

use std::sync::LazyLock;

use super::{Probe, SEGMENT, Segment};
use crate::best::Best;

/// A thread of its own has to look at so many segments to be worth starting: about two milliseconds' work.
const SHARE: usize = 32;

/// Asked once: the answer is read from files.
static CORES: LazyLock<usize> = LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));

/// Estimates and places of the `count` best among the first `len` places that `keep` wants, best first.
pub(super) fn best(
    segments: &[Segment],
    len: usize,
    probe: &Probe,
    count: usize,
    keep: impl Fn(usize) -> bool + Sync,
) -> Vec<(f32, usize)> {
    let threads = segments.len().div_ceil(SHARE).clamp(1, *CORES);
    let share = segments.len().div_ceil(threads).max(1);
    let scan = |part: usize, segments: &[Segment]| {
        let mut best = Best::new(count);
        let mut estimates = [0.0; SEGMENT];
        for (at, segment) in segments.iter().enumerate() {
            let start = (part * share + at) * SEGMENT;
            let filled = SEGMENT.min(len - start);
            probe.estimate(&segment.blocks, &segment.factors[..filled], &mut estimates[..filled]);
            for (at, &estimate) in estimates[..filled].iter().enumerate() {
                if estimate > best.threshold() && keep(start + at) {
                    best.push(estimate, start + at);
                }
            }
        }
        best
    };
    let mut parts = segments.chunks(share).enumerate();
    let Some((_, first)) = parts.next() else { return Vec::new() };
    std::thread::scope(|scope| {
        let scan = &scan;
        let others: Vec<_> = parts.map(|(part, segments)| scope.spawn(move || scan(part, segments))).collect();
        let mut best = scan(0, first);
        for other in others {
            match other.join() {
                Ok(other) => other.into_sorted().into_iter().for_each(|(estimate, place)| best.push(estimate, place)),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        best.into_sorted()
    })
}
