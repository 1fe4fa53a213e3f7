//! Line numbers of ranges that come in order.

use std::ops::Range;

/// Counts on from where it last was.
pub(super) struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: u32,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text: text.as_bytes(), at: 0, line: 1 }
    }

    /// First and last line of a range that begins no earlier than the last one did.
    pub(super) fn of(&mut self, range: &Range<usize>) -> (u32, u32) {
        self.line += self.breaks(self.at..range.start);
        self.at = range.start;
        (self.line, self.line + self.breaks(range.clone()))
    }

    fn breaks(&self, range: Range<usize>) -> u32 {
        let part = self.text.get(range).unwrap_or_default();
        u32::try_from(memchr::memchr_iter(b'\n', part).count()).unwrap_or(u32::MAX)
    }
}
