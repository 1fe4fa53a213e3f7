//! Lists that are too long for one reply.

use serde::{Deserialize, Serialize};

/// Items of a page unless somebody asks for another number.
pub const PAGE_SIZE: u32 = 20;
/// Items of a page, at most.
pub const PAGE_SIZE_MAX: u32 = 100;

/// Which part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// From 1.
    pub page: u32,
    /// Items of a page, 1 to [`PAGE_SIZE_MAX`].
    pub size: u32,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { page: 1, size: PAGE_SIZE }
    }
}

impl PageRequest {
    /// Items before the page.
    #[must_use]
    pub fn offset(self) -> i64 {
        i64::from(self.page.saturating_sub(1)) * i64::from(self.size)
    }

    /// Items of the page.
    #[must_use]
    pub fn limit(self) -> i64 {
        i64::from(self.size)
    }
}

/// A part of a list, and how long the whole is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// Items of the whole list.
    pub count: i64,
    /// Those of the page.
    pub items: Vec<T>,
}

impl<T> Page<T> {
    /// The same page of something else.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { count: self.count, items: self.items.into_iter().map(change).collect() }
    }
}
