//! All conversations, with their stars; everything that has a star; and the form behind every star.

use crate::components::{PageHead, moment, pager, signed_in, star, url_escape};
use crate::forms::{Done, Fields, local_path};
use crate::icons::{Icon, icon};
use crate::visit::Visit;
use atrium::favourites::{Favourite, FavouriteKind};
use atrium::paging::{PAGE_SIZE, PageRequest};
use atrium_domain::chat::{ConversationFilter, ConversationSummary};
use atrium_domain::{Error, Result, favourites};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use uuid::Uuid;

fn asked_page() -> PageRequest {
    let page = use_query_map().with_untracked(|it| it.get("page")).and_then(|it| it.parse().ok());
    PageRequest { page: page.filter(|it| (1..=100_000).contains(it)).unwrap_or(1), size: PAGE_SIZE }
}

#[component]
pub fn ConversationList() -> impl IntoView {
    let request = asked_page();
    let query = use_query_map();
    let search: String = query.with_untracked(|it| it.get("search")).unwrap_or_default().chars().take(200).collect();
    let only_favourites = query.with_untracked(|it| it.get("favourites")).is_some();
    signed_in("Conversations", None, async move |visit, viewer| {
        let filter = ConversationFilter { search: Some(&search), favourites: only_favourites, ..Default::default() };
        let page = visit.atrium.chat.summaries(&viewer, request, filter).await?;
        let mut kept = Vec::new();
        if !search.is_empty() {
            kept.push(format!("search={}", url_escape(&search)));
        }
        if only_favourites {
            kept.push("favourites=on".to_owned());
        }
        let kept = kept.join("&");
        let here = format!("/chats?page={}&{kept}", request.page);
        let count = page.count;
        let rows = page.items.into_iter().map(|it| conversation(it, &here)).collect_view();
        let empty = match (only_favourites, search.is_empty()) {
            (true, _) => "No conversation has a star here. Give one a star, and it is found again at once.",
            (_, false) => "No title has these letters. Search looks into messages too.",
            _ => "Your conversations will be listed here. Begin one with New conversation.",
        };
        Ok(view! {
            <PageHead title="Conversations"><a class="button" href="/account/export" download="">"Export all"</a></PageHead>
            <div class="page">
                <form class="inline-form" role="search">
                    <label class="visually-hidden" for="search">"Search titles"</label>
                    <input id="search" name="search" type="search" placeholder="Part of the title" value=search.clone()/>
                    <label class="choice"><input type="checkbox" name="favourites" value="on" checked=only_favourites/><span>"Favourites only"</span></label>
                    <button class="button">"Show"</button>
                </form>
                {if count == 0 {
                    view! { <p class="muted">{empty}</p> }.into_any()
                } else {
                    view! { <ul class="rows">{rows}</ul> }.into_any()
                }}
                {pager(request, count, &kept)}
            </div>
        })
    })
}

fn conversation(it: ConversationSummary, here: &str) -> impl IntoView + use<> {
    let said = it.last_message.as_ref().map(|it| atrium::text::shorten(&it.content, 100));
    let mark = star(FavouriteKind::Conversation, it.id.0, it.is_favourite, &it.title, here);
    let when = moment(it.updated_at);
    view! {
        <li class="row">
            <span class="avatar">{icon(Icon::Chat)}</span>
            <div class="row-text">
                <a class="row-title" href=format!("/chat/{}", it.id)>{it.title}</a>
                <p class="muted">{said}</p>
                <p class="muted small">{when}</p>
            </div>
            <div class="row-actions">{mark}</div>
        </li>
    }
}

#[component]
pub fn Favourites() -> impl IntoView {
    let request = asked_page();
    signed_in("Favourites", None, async move |visit, viewer| {
        let page = favourites::page(visit.atrium.store.as_viewer(&viewer), request, None).await?;
        let count = page.count;
        let rows = page.items.into_iter().map(favourite).collect_view();
        Ok(view! {
            <PageHead title="Favourites"/>
            <div class="page">
                {if count == 0 {
                    view! { <p class="muted">"Conversations, agents and projects that you give a star are listed here."</p> }.into_any()
                } else {
                    view! { <ul class="rows">{rows}</ul> }.into_any()
                }}
                {pager(request, count, "")}
            </div>
        })
    })
}

fn favourite(it: Favourite) -> impl IntoView {
    let conversation = it.conversation.map(|it| it.to_string()).unwrap_or_default();
    let (href, picture) = match it.kind {
        FavouriteKind::Conversation => (format!("/chat/{}", it.id), Icon::Chat),
        FavouriteKind::Message => (format!("/chat/{conversation}#m-{}", it.id), Icon::Chat),
        FavouriteKind::Agent => (format!("/?agent={}", it.id), Icon::Agents),
        FavouriteKind::Project => (format!("/projects/{}", it.id), Icon::Projects),
    };
    let text = atrium::text::shorten(&it.text, 140);
    let mark = star(it.kind, it.id, true, &text, "/favourites");
    view! {
        <li class="row">
            <span class="avatar">{icon(picture)}</span>
            <div class="row-text">
                <a class="row-title" href=href>{text}</a>
                <p class="muted small">{it.kind.as_str()}</p>
            </div>
            <div class="row-actions">{mark}</div>
        </li>
    }
}

/// `POST /favourites`: what a star does, wherever it stands.
pub async fn submit(visit: &Visit, fields: &Fields) -> Result<Done> {
    let atrium = &visit.atrium;
    let scope = atrium.store.as_viewer(visit.viewer()?);
    let kind = FavouriteKind::parse(fields.text("kind")).ok_or(Error::NotFound("favourite"))?;
    let id: Uuid = fields.id("id", "favourite")?;
    match fields.text("action") {
        "mark" => drop(favourites::mark(scope, &atrium.ports, &atrium.chat, kind, id).await?),
        // Taken away in another tab, it is as it should be.
        "unmark" => match favourites::unmark(scope, kind, id).await {
            Ok(()) | Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        },
        _ => return Err(Error::NotFound("action")),
    }
    Ok(Done::then(local_path(fields.text("next")).to_owned()))
}
