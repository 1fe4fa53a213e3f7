//! Pages as Django REST framework counts them: `?page=`, and `?page_size=` where the dialect knows it.

use super::refusal::{Refusal, Reply};
use crate::api::paging::{Listing, listing};
use crate::web::App;
use atrium::paging::{PAGE_SIZE_MAX, Page, PageRequest};
use axum::Json;
use axum::http::StatusCode;
use axum::http::request::Parts;

fn asked(parts: &Parts, name: &str) -> Option<String> {
    form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
        .find(|it| it.0 == name)
        .map(|it| it.1.into_owned())
}

/// What the query says, or nothing where it is empty.
pub fn query(parts: &Parts, name: &str) -> Option<String> {
    asked(parts, name).filter(|it| !it.trim().is_empty())
}

fn no_such_page() -> Refusal {
    Refusal::detail(StatusCode::NOT_FOUND, "Invalid page.")
}

/// Which page is asked for; `size` items of it unless `page_size` says otherwise. A size that is no number counts for
/// nothing, as there.
pub fn page(parts: &Parts, size: u32) -> Reply<PageRequest> {
    let page = match asked(parts, "page") {
        None => 1,
        Some(text) => text.parse().ok().filter(|it| (1..=1_000_000).contains(it)).ok_or_else(no_such_page)?,
    };
    let size = asked(parts, "page_size").and_then(|it| it.parse().ok()).filter(|it| *it > 0).unwrap_or(size);
    Ok(PageRequest { page, size: size.min(PAGE_SIZE_MAX) })
}

/// The page, with absolute links to those before and after. One behind the last is none.
pub fn paged<T>(app: &App, parts: &Parts, request: PageRequest, page: Page<T>) -> Reply<Json<Listing<T>>> {
    if request.page > 1 && request.offset() >= page.count {
        return Err(no_such_page());
    }
    Ok(Json(listing(app, parts, request, page)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(query: &str) -> Parts {
        axum::http::Request::builder().uri(format!("/api/agents?{query}")).body(()).unwrap().into_parts().0
    }

    #[test]
    fn pages_are_asked_for_as_there() {
        let of = |query: &str| page(&parts(query), 20).map(|it| (it.page, it.size)).ok();
        assert_eq!(of(""), Some((1, 20)));
        assert_eq!(of("page=3&page_size=7"), Some((3, 7)));
        assert_eq!(of("page_size=1000"), Some((1, 100)));
        assert_eq!(of("page_size=none"), Some((1, 20)));
        for none in ["page=0", "page=x", "page=", "page=-1"] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
