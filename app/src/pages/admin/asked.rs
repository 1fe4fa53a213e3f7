//! What the address of a list asks for.

use super::list::Column;
use atrium::paging::{PAGE_SIZE, PageRequest, Sort};
use axum::http::Uri;
use leptos::prelude::use_context;

/// Longer things in an address are not meant for us.
const ASKED_MAX: usize = 200;

/// What an address asks for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Of the page.
    pub path: String,
    pairs: Vec<(String, String)>,
}

impl Asked {
    /// Of the page at work.
    #[must_use]
    pub fn current() -> Self {
        use_context::<axum::http::request::Parts>().map(|it| Self::of(&it.uri)).unwrap_or_default()
    }

    /// What was left empty is not asked for.
    #[must_use]
    pub fn of(uri: &Uri) -> Self {
        let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .map(|(name, value)| (name.into_owned(), value.trim().chars().take(ASKED_MAX).collect::<String>()))
            .filter(|it| !it.1.is_empty());
        Self { path: uri.path().to_owned(), pairs: pairs.collect() }
    }

    /// What is asked under that name.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }

    /// The same, read; what cannot be read is not asked for.
    #[must_use]
    pub fn read<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    /// By which column.
    #[must_use]
    pub fn sort<T>(&self, columns: &[Column<T>]) -> Option<Sort> {
        Sort::parse(self.text("sort")?, columns.iter().filter_map(|it| it.sort))
    }

    /// Which page of it.
    #[must_use]
    pub fn page(&self) -> PageRequest {
        let page = self.read("page").filter(|it| (1..=100_000).contains(it));
        PageRequest { page: page.unwrap_or(1), size: PAGE_SIZE }
    }

    /// The same address with one thing changed; another order or filter begins at the first page again.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> String {
        let kept = self.pairs.iter().filter(|it| it.0 != name && it.0 != "page" && it.0 != "format");
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(kept).append_pair(name, value);
        format!("{}?{}", self.path, query.finish())
    }

    /// The same address with several things changed.
    #[must_use]
    pub fn with_all(&self, changed: &[(&str, &str)]) -> String {
        let kept = self.pairs.iter().filter(|it| changed.iter().all(|(name, _)| it.0 != *name));
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(kept).extend_pairs(changed);
        format!("{}?{}", self.path, query.finish())
    }

    /// Where a form of the list leads back to.
    #[must_use]
    pub fn here(&self) -> String {
        let page = self.text("page").unwrap_or("1");
        self.with("page", page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_what_is_not_changed() {
        let uri: Uri = "/admin/people?search=a%20b&role=&page=3&sort=-name&format=csv".parse().unwrap();
        let asked = Asked::of(&uri);
        assert_eq!((asked.text("search"), asked.text("role"), asked.page().page), (Some("a b"), None, 3));
        assert_eq!(asked.with("sort", "name"), "/admin/people?search=a+b&sort=name", "from the first page, as a page");
        assert_eq!(asked.with("page", "4"), "/admin/people?search=a+b&sort=-name&page=4");
        let columns = [Column::new("Name", |(): &()| String::new()).sorted("name")];
        assert_eq!(asked.sort(&columns), Some(Sort { column: "name", is_descending: true }));
        assert_eq!(Asked::of(&"/x?sort=password_hash".parse().unwrap()).sort(&columns), None);
    }
}
