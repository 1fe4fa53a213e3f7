//! The best few of many.

/// The best so far, by score, as places.
pub(crate) struct Best {
    count: usize,
    threshold: f32,
    found: Vec<(f32, usize)>,
}

impl Best {
    pub(crate) fn new(count: usize) -> Self {
        let threshold = if count == 0 { f32::INFINITY } else { f32::NEG_INFINITY };
        Self { count, threshold, found: Vec::new() }
    }

    /// What one has to be better than to matter.
    pub(crate) fn threshold(&self) -> f32 {
        self.threshold
    }

    pub(crate) fn push(&mut self, estimate: f32, place: usize) {
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

    pub(crate) fn into_sorted(mut self) -> Vec<(f32, usize)> {
        self.cut();
        self.found.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        self.found
    }
}
