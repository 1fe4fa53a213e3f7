//! Pieces that pages share: the frame around them here, what forms and lists are made of beside it. They exist on the
//! server only.

mod budgets;
mod charts;
mod fields;
mod lists;

pub use budgets::budget_meter;
pub use charts::{figure, figure_with};
pub use fields::{CheckField, ErrorSummary, FieldNote, FormState, TextArea, TextField};
pub use lists::{asked, moment, pager, star, url_escape};

pub use crate::visit::Visit as CurrentVisit;

use crate::forms::{self, sign_in_path};
use crate::icons::{Icon, icon};
use crate::islands::conversations::Conversations;
use crate::islands::palette::Palette;
use crate::islands::toasts::ShowToast;
use crate::pages::admin;
use crate::pages::impersonation::Banner;
use crate::visit::{Toast, Visit};
use atrium::chat::ConversationPage;
use atrium::ids::{ConversationId, UserId};
use atrium::people::{Viewer, initials};
use atrium_domain::{Error, Result};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use leptos::prelude::*;
use leptos_meta::Title;
use std::future::Future;

/// A part of a page that waits for the database. With `SsrMode::Async` the page is sent when all parts are there.
pub fn load<V: IntoView + 'static>(part: impl Future<Output = V> + Send + 'static) -> impl IntoView {
    // Suspense calls its children more than once only in a browser, where these components are not.
    let part = std::sync::Mutex::new(Some(part));
    let take = move || part.lock().ok().and_then(|mut it| it.take());
    view! { <Suspense>{Suspend::new(async move { match take() { Some(part) => Some(part.await), None => None } })}</Suspense> }
}

/// A page for whoever is signed in: rail, content, and the reply's status when it fails.
pub fn signed_in<V, F>(
    title: &'static str,
    current: Option<ConversationId>,
    content: impl FnOnce(Visit, Viewer) -> F + Send + 'static,
) -> AnyView
where
    V: IntoView + 'static,
    F: Future<Output = Result<V>> + Send + 'static,
{
    let visit = match Visit::current() {
        Ok(visit) => visit,
        Err(error) => return failed(&error).into_any(),
    };
    let Ok(viewer) = visit.viewer().cloned() else {
        let path = use_context::<axum::http::request::Parts>().map(|it| it.uri.path().to_owned()).unwrap_or_default();
        redirect(&if path == "/" { "/sign-in".to_owned() } else { sign_in_path(&path) });
        return ().into_any();
    };
    set_status_of_refused();
    load(async move {
        let page = visit.atrium.chat.conversations(&viewer, None, None).await;
        let is_folded = visit.preferences.is_rail_collapsed;
        let now = visit.atrium.ports.now();
        let toast = visit.take_toast().await;
        let banner = viewer.impersonator.is_some().then(|| view! { <Banner viewer=viewer.clone()/> });
        let rail = page.map(|page| rail(&viewer, page, current, now, is_folded));
        match (rail, content(visit, viewer).await) {
            (Ok(rail), Ok(content)) => view! { {(!title.is_empty()).then(|| view! { <Title text=title/> })} <Frame rail=rail banner=banner toast=toast>{content}</Frame> }.into_any(),
            (Ok(rail), Err(error)) => view! { <Frame rail=rail banner=banner toast=toast>{failed(&error)}</Frame> }.into_any(),
            (Err(error), _) => failed(&error).into_any(),
        }
    })
    .into_any()
}

#[component]
fn Frame<R: IntoView + 'static, B: IntoView + 'static>(
    rail: R,
    banner: B,
    toast: Option<Toast>,
    children: Children,
) -> impl IntoView {
    view! {
        <a class="skip" href="#main">"Skip to content"</a>
        {banner}
        <div class="frame">
            <input type="checkbox" id="rail-open" class="rail-toggle" aria-label="Show navigation"/>
            <label class="rail-veil" for="rail-open" aria-hidden="true"></label>
            {rail}
            <main id="main" class="main" tabindex="-1">{children()}</main>
        </div>
        <Palette/>
        {toast.map(|it| view! { <ShowToast text=it.text undo=it.undo/> })}
    }
}

/// Where the rail leads everybody: path, name, picture.
pub const PLACES: &[(&str, &str, Icon)] = &[
    ("/", "Chat", Icon::Chat),
    ("/agents", "Agents", Icon::Agents),
    ("/prompts", "Prompts", Icon::Prompts),
    ("/projects", "Projects", Icon::Projects),
    ("/knowledge", "Knowledge", Icon::Knowledge),
    ("/analytics", "Analytics", Icon::Analytics),
    ("/search", "Search", Icon::Search),
    ("/favourites", "Favourites", Icon::Star),
];

fn rail(
    viewer: &Viewer,
    page: ConversationPage,
    current: Option<ConversationId>,
    now: i64,
    is_folded: bool,
) -> impl IntoView + use<> {
    let path = use_context::<axum::http::request::Parts>().map(|it| it.uri.path().to_owned()).unwrap_or_default();
    let link = |href: &'static str, label: &'static str, picture: Icon| {
        let is_here = if href == "/" {
            path == "/" || path == "/chat" || path.starts_with("/chat/")
        } else {
            path.starts_with(href)
        };
        view! { <a class="rail-link" href=href title=label aria-current=is_here.then_some("page")>{icon(picture)}<span>{label}</span></a> }
    };
    let fold = if is_folded { "Unfold navigation" } else { "Fold navigation" };
    let here = path.clone();
    view! {
        <nav class="rail" aria-label="Atrium">
            <div class="rail-head">
                <a class="brand" href="/">"Atrium"</a>
                <form class="rail-fold" method="post" action="/preferences">
                    <input type="hidden" name="next" value=here/>
                    <button class="button icon-only" name="rail" value=if is_folded { "open" } else { "collapsed" } aria-label=fold title=fold>{icon(Icon::Panel)}</button>
                </form>
                <button type="button" class="button icon-only js-only" data-find="" aria-label="Find anything" title="Find anything (Ctrl K)">{icon(Icon::Command)}</button>
                <a class="button icon-only" href="/" aria-label="New conversation" title="New conversation">{icon(Icon::Plus)}</a>
            </div>
            <div class="rail-links">
                {PLACES.iter().map(|it| link(it.0, it.1, it.2)).collect_view()}
                {admin::may_administer(viewer).then(|| link("/admin", "Administration", Icon::Settings))}
            </div>
            <Conversations page=page current=current now=now/>
            <a class="rail-link rail-all" href="/chats" title="All conversations" aria-current=(path == "/chats").then_some("page")>{icon(Icon::Chat)}<span>"All conversations"</span></a>
            <div class="rail-foot">
                <a class="rail-link person" href="/account" aria-current=path.starts_with("/account").then_some("page")>
                    {portrait(viewer.id, &viewer.name, viewer.avatar.as_deref())}
                    <span class="person-name">{viewer.name.clone()}</span>
                </a>
                <a class="button icon-only" href="/shortcuts" aria-label="Keyboard shortcuts" title="Keyboard shortcuts" aria-current=(path == "/shortcuts").then_some("page")>{icon(Icon::Keyboard)}</a>
                <form method="post" action="/sign-out">
                    <button class="button icon-only" aria-label="Sign out" title="Sign out">{icon(Icon::SignOut)}</button>
                </form>
            </div>
        </nav>
    }
}

/// Somebody's picture, else their initials. Their name stands beside it, so that it need not be read aloud.
pub fn portrait(person: UserId, name: &str, avatar: Option<&str>) -> AnyView {
    match avatar {
        Some(hash) => {
            let path = format!("/avatars/{person}/{hash}");
            view! { <img class="initials" src=path alt="" width="256" height="256" loading="lazy"/> }.into_any()
        }
        None => view! { <span class="initials" aria-hidden="true">{initials(name)}</span> }.into_any(),
    }
}

/// The bar on top of a page: on a phone it also opens the rail.
#[component]
pub fn PageHead(#[prop(into)] title: String, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    view! {
        <header class="page-head">
            <label class="button icon-only rail-button" for="rail-open" title="Show navigation">{icon(Icon::Menu)}</label>
            <h1>{title}</h1>
            <div class="page-actions">{children.map(|it| it())}</div>
        </header>
    }
}

/// What cannot be shown, and the status that goes with it.
pub fn failed(error: &Error) -> impl IntoView + use<> {
    let failure = error.to_failure();
    if let Some(cause) = error.cause() {
        tracing::error!(status = failure.status, cause, "a page failed");
    }
    set_status(failure.status);
    let title = if failure.status == 404 { "Not found" } else { "That did not work" };
    view! {
        <Title text=title/>
        <PageHead title=title/>
        <div class="page">
            <div class="empty">
                <p>{failure.message}</p>
                <a class="button" href="/">"Go to your chats"</a>
            </div>
        </div>
    }
}

/// Sends the browser to another page of ours.
pub fn redirect(path: &str) {
    if let (Some(response), Ok(location)) = (use_context::<leptos_axum::ResponseOptions>(), HeaderValue::from_str(path))
    {
        response.insert_header(LOCATION, location);
        response.set_status(StatusCode::SEE_OTHER);
    }
}

/// Sets the reply's status.
pub fn set_status(status: u16) {
    if let (Some(response), Ok(status)) = (use_context::<leptos_axum::ResponseOptions>(), StatusCode::from_u16(status))
    {
        response.set_status(status);
    }
}

/// A refused form's page has the refusal's status.
pub fn set_status_of_refused() {
    if let Some(refused) = forms::refused() {
        set_status(refused.failure.status);
    }
}
