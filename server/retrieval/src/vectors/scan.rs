//! Every code against one question, on as many cores as it pays for.

use std::sync::LazyLock;

use super::{Probe, SEGMENT, Segment};

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
                if estimate > best.threshold && keep(start + at) {
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
                Ok(other) => other.found.into_iter().for_each(|(estimate, place)| best.push(estimate, place)),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        best.into_sorted()
    })
}

/// The best so far, and what one has to be better than to matter.
struct Best {
    count: usize,
    threshold: f32,
    found: Vec<(f32, usize)>,
}

impl Best {
    fn new(count: usize) -> Self {
        let threshold = if count == 0 { f32::INFINITY } else { f32::NEG_INFINITY };
        Self { count, threshold, found: Vec::new() }
    }

    fn push(&mut self, estimate: f32, place: usize) {
        self.found.push((estimate, place));
        // Twice as many as needed, so that it is rarely cut.
        if self.found.len() >= self.count.saturating_mul(2) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.found.len() > self.count && self.count > 0 {
            let (_, last, _) = self.found.select_nth_unstable_by(self.count - 1, |a, b| b.0.total_cmp(&a.0));
            self.threshold = last.0;
        }
        self.found.truncate(self.count);
    }

    fn into_sorted(mut self) -> Vec<(f32, usize)> {
        self.cut();
        self.found.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        self.found
    }
}
