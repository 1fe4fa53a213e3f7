//! The one list convention: `{count, next, previous, results}`, 20 a page, at most 100.

use super::error::ApiResult;
use crate::web::App;
use atrium::paging::{PAGE_SIZE, PAGE_SIZE_MAX, Page, PageRequest, Sort};
use atrium_domain::Error;
use axum::http::Uri;
use axum::http::header::HOST;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use utoipa::{IntoParams, ToSchema};

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listing<T> {
    /// Items of the whole list.
    pub count: i64,
    /// The address of the next page.
    pub next: Option<String>,
    /// The address of the page before.
    pub previous: Option<String>,
    /// The items of this page.
    pub results: Vec<T>,
}

/// Which page of a list, and what to look for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// From 1.
    #[param(minimum = 1, maximum = 1_000_000, required = false)]
    page: Option<u32>,
    /// Items of a page.
    #[param(minimum = 1, maximum = 100, required = false)]
    page_size: Option<u32>,
    /// Only what contains this.
    #[param(max_length = 200, required = false)]
    pub search: Option<String>,
}

/// In which order.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SortQuery {
    /// The name of what to sort by, with a minus before it for the largest first. The operation says which there are.
    #[param(max_length = 40, required = false, example = "-name")]
    sort: Option<String>,
}

impl SortQuery {
    /// Checked.
    ///
    /// # Errors
    /// With what there is to sort by.
    pub fn sort(&self, columns: &'static [&'static str]) -> ApiResult<Option<Sort>> {
        let Some(asked) = self.sort.as_deref() else { return Ok(None) };
        let sort = Sort::parse(asked, columns.iter().copied());
        let known = || Error::field("sort", format!("Sort by one of {}, with or without a minus.", columns.join(", ")));
        Ok(Some(sort.ok_or_else(known)?))
    }
}

impl ListQuery {
    /// Of a list that is not searched.
    pub fn of(page: Option<u32>, page_size: Option<u32>) -> Self {
        Self { page, page_size, search: None }
    }

    /// Checked.
    ///
    /// # Errors
    /// With what to change.
    pub fn page(&self) -> ApiResult<PageRequest> {
        let page = self.page.unwrap_or(1);
        let size = self.page_size.unwrap_or(PAGE_SIZE);
        if !(1..=1_000_000).contains(&page) {
            return Err(Error::field("page", "Pages are counted from 1 to 1000000.").into());
        }
        if !(1..=PAGE_SIZE_MAX).contains(&size) {
            return Err(Error::field("page_size", format!("Use 1 to {PAGE_SIZE_MAX}.")).into());
        }
        if self.search.as_deref().is_some_and(|it| it.chars().count() > 200) {
            return Err(Error::field("search", "Use at most 200 characters.").into());
        }
        Ok(PageRequest { page, size })
    }
}

/// Where this server is reached, as links in replies say it. They go back to whoever asked and to nobody else; still, a
/// host that anybody can have made up is not repeated.
pub fn base_url(app: &App, parts: &Parts) -> String {
    let boot = app.atrium.settings.boot();
    if let Some(public) = boot.filled("public_url") {
        return public.trim_end_matches('/').to_owned();
    }
    let host = parts.headers.get(HOST).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let has_port = |it: &(&str, &str)| !it.1.is_empty() && it.1.bytes().all(|it| it.is_ascii_digit());
    let name = host.rsplit_once(':').filter(has_port).map_or(host, |it| it.0).trim_matches(['[', ']']);
    let is_machine = name == "localhost" || name.parse::<IpAddr>().is_ok();
    let is_named = boot.list("allowed_hosts").any(|it| it == name);
    if is_machine || is_named { format!("http://{host}") } else { format!("http://{}", boot.text("listen")) }
}

/// A page with its links.
pub fn listing<T>(app: &App, parts: &Parts, request: PageRequest, page: Page<T>) -> Listing<T> {
    let link = |number: u32| Some(format!("{}{}", base_url(app, parts), with_page(&parts.uri, number)));
    let has_next = request.offset() + request.limit() < page.count;
    Listing {
        count: page.count,
        next: if has_next { link(request.page + 1) } else { None },
        previous: if request.page > 1 { link(request.page - 1) } else { None },
        results: page.items,
    }
}

fn with_page(uri: &Uri, number: u32) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if name != "page" {
            query.append_pair(&name, &value);
        }
    }
    query.append_pair("page", &number.to_string());
    format!("{}?{}", uri.path(), query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_the_rest_of_the_query() {
        let uri: Uri = "/api/v1/agents?search=a%20b&page=2&page_size=5".parse().unwrap();
        assert_eq!(with_page(&uri, 3), "/api/v1/agents?search=a+b&page_size=5&page=3");
    }
}
