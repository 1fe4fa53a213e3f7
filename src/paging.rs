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
    /// The whole list, for a file.
    pub const WHOLE: Self = Self { page: 1, size: u32::MAX };

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

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By which of the list's columns; a word that is none of them sorts as the list does by itself.
    pub column: &'static str,
    /// The largest first.
    pub is_descending: bool,
}

impl Sort {
    /// Of an address: the column, with a minus before it for the largest first.
    #[must_use]
    pub fn parse(text: &str, columns: impl IntoIterator<Item = &'static str>) -> Option<Self> {
        let (name, is_descending) = text.strip_prefix('-').map_or((text, false), |it| (it, true));
        let column = columns.into_iter().find(|it| *it == name)?;
        Some(Self { column, is_descending })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_by_columns_that_they_have() {
        const COLUMNS: [&str; 2] = ["name", "joined"];
        assert_eq!(Sort::parse("joined", COLUMNS), Some(Sort { column: "joined", is_descending: false }));
        assert_eq!(Sort::parse("-name", COLUMNS), Some(Sort { column: "name", is_descending: true }));
        for text in ["", "-", "--name", "password_hash", "name; DROP TABLE users"] {
            assert_eq!(Sort::parse(text, COLUMNS), None, "{text}");
        }
    }
}
