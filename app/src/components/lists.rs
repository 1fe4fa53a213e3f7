//! What lists share: which page is asked for, ways to the others, moments, stars.

use crate::icons::{Icon, icon};
use atrium::favourites::FavouriteKind;
use atrium::paging::{PAGE_SIZE, PageRequest};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

/// A star to give or to take away: a form of one button, which comes back to `next`.
pub fn star(kind: FavouriteKind, id: Uuid, is_marked: bool, name: &str, next: &str) -> impl IntoView + use<> {
    let (action, label) = if is_marked {
        ("unmark", format!("Remove {name} from favourites"))
    } else {
        ("mark", format!("Add {name} to favourites"))
    };
    view! {
        <form method="post" action="/favourites" class="star" class:marked=is_marked>
            <input type="hidden" name="kind" value=kind.as_str()/>
            <input type="hidden" name="id" value=id.to_string()/>
            <input type="hidden" name="next" value=next.to_owned()/>
            <button class="button icon-only" name="action" value=action aria-label=label.clone() title=label>{icon(Icon::Star)}</button>
        </form>
    }
}

/// The page that the address asks for, and what to look for.
pub fn asked() -> (PageRequest, String) {
    let query = use_query_map();
    let page = query.with_untracked(|it| it.get("page")).and_then(|it| it.parse().ok());
    let search = query.with_untracked(|it| it.get("search")).unwrap_or_default();
    let page = page.filter(|it| (1..=100_000).contains(it)).unwrap_or(1);
    (PageRequest { page, size: PAGE_SIZE }, search.chars().take(200).collect())
}

/// Ways to the pages before and after; `kept` is what else stands in the address.
pub fn pager(request: PageRequest, count: i64, kept: &str) -> impl IntoView + use<> {
    let link = |page: u32| if kept.is_empty() { format!("?page={page}") } else { format!("?page={page}&{kept}") };
    let before = (request.page > 1).then(|| link(request.page - 1));
    let after = (request.offset() + request.limit() < count).then(|| link(request.page + 1));
    (before.is_some() || after.is_some()).then(|| {
        view! {
            <nav class="pager" aria-label="Pages">
                {before.map(|it| view! { <a class="button" href=it rel="prev">"Newer"</a> })}
                {after.map(|it| view! { <a class="button" href=it rel="next">"Older"</a> })}
            </nav>
        }
    })
}

/// `text` as a part of an address.
pub fn url_escape(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A moment as a page shows it: the day and the minute, UTC.
pub fn moment(micros: i64) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]");
    let moment = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok();
    moment.and_then(|it| it.format(format).ok()).unwrap_or_default()
}
