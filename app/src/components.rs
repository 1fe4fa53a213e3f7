//! Pieces that pages share. They exist on the server only.

pub use crate::visit::Visit as CurrentVisit;

use crate::forms::{self, Refused, sign_in_path};
use crate::icons::{Icon, icon};
use crate::islands::conversations::Conversations;
use crate::islands::toasts::ShowToast;
use crate::pages::admin;
use crate::pages::impersonation::Banner;
use crate::visit::{Toast, Visit};
use atrium::Failure;
use atrium::chat::ConversationPage;
use atrium::favourites::FavouriteKind;
use atrium::ids::{ConversationId, UserId};
use atrium::paging::{PAGE_SIZE, PageRequest};
use atrium::people::{Viewer, initials};
use atrium::text::escape_html;
use atrium_domain::{Error, Result};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use std::future::Future;
use uuid::Uuid;

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
        let avatar = visit.atrium.accounts.own_avatar(&viewer).await;
        let banner = viewer.impersonator.is_some().then(|| view! { <Banner viewer=viewer.clone()/> });
        let rail = page.and_then(|page| Ok(rail(&viewer, avatar?, page, current, now, is_folded)));
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
        {toast.map(|it| view! { <ShowToast text=it.text undo=it.undo/> })}
    }
}

fn rail(
    viewer: &Viewer,
    avatar: Option<String>,
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
                <a class="button icon-only" href="/" aria-label="New conversation" title="New conversation">{icon(Icon::Plus)}</a>
            </div>
            <div class="rail-links">
                {link("/", "Chat", Icon::Chat)}
                {link("/agents", "Agents", Icon::Agents)}
                {link("/projects", "Projects", Icon::Projects)}
                {link("/search", "Search", Icon::Search)}
                {link("/favourites", "Favourites", Icon::Star)}
                {admin::may_administer(viewer).then(|| link("/admin", "Administration", Icon::Settings))}
            </div>
            <Conversations page=page current=current now=now/>
            <a class="rail-link rail-all" href="/chats" title="All conversations" aria-current=(path == "/chats").then_some("page")>{icon(Icon::Chat)}<span>"All conversations"</span></a>
            <div class="rail-foot">
                <a class="rail-link person" href="/account" aria-current=path.starts_with("/account").then_some("page")>
                    {portrait(viewer.id, &viewer.name, avatar.as_deref())}
                    <span class="person-name">{viewer.name.clone()}</span>
                </a>
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
    text.bytes().fold(String::new(), |mut all, it| {
        if it.is_ascii_alphanumeric() {
            all.push(char::from(it));
        } else {
            all.push_str(&format!("%{it:02X}"));
        }
        all
    })
}

/// A moment as a page shows it: the day and the minute, UTC.
pub fn moment(micros: i64) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]");
    let moment = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok();
    moment.and_then(|it| it.format(format).ok()).unwrap_or_default()
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

/// What was typed into a form and what is wrong with it.
#[derive(Debug, Clone, Default)]
pub struct FormState {
    refused: Option<Refused>,
}

impl FormState {
    /// Of the form at work.
    #[must_use]
    pub fn current() -> Self {
        Self { refused: forms::refused() }
    }

    /// What was typed, else what is stored.
    #[must_use]
    pub fn value(&self, name: &str, stored: &str) -> String {
        match &self.refused {
            Some(refused) if refused.fields.has(name) => refused.fields.text(name).to_owned(),
            _ => stored.to_owned(),
        }
    }

    /// Everything that was sent under a name that several fields have.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<String> {
        self.refused.as_ref().map(|it| it.fields.all(name).map(str::to_owned).collect()).unwrap_or_default()
    }

    /// Whether a box is ticked.
    #[must_use]
    pub fn ticked(&self, name: &str, stored: bool) -> bool {
        self.refused.as_ref().map_or(stored, |it| it.fields.has(name))
    }

    /// Whether one of several boxes of a name is ticked.
    #[must_use]
    pub fn chosen(&self, name: &str, value: &str) -> bool {
        self.refused.as_ref().is_some_and(|it| it.fields.all(name).any(|chosen| chosen == value))
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn error(&self, name: &str) -> Option<String> {
        self.refused.as_ref().and_then(|it| it.failure.field(name)).map(str::to_owned)
    }

    /// Everything that is wrong.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        self.refused.as_ref().map(|it| it.failure.clone())
    }
}

/// On top of a refused form: every error, with a way to its field.
#[component]
pub fn ErrorSummary(state: FormState) -> impl IntoView {
    state.failure().map(|failure| {
        let items = failure.fields.iter().map(|it| (format!("#{}", it.field), it.message.clone())).collect::<Vec<_>>();
        view! {
            <div class="notice error" role="alert" tabindex="-1" id="errors">
                {icon(Icon::Warning)}
                <div>
                    {if items.is_empty() {
                        view! { <p>{failure.message}</p> }.into_any()
                    } else {
                        view! { <ul>{items.into_iter().map(|(href, message)| view! { <li><a href=href>{message}</a></li> }).collect_view()}</ul> }.into_any()
                    }}
                </div>
            </div>
        }
    })
}

/// A line of text with its label above, help below and error at hand.
#[component]
pub fn TextField(
    name: &'static str,
    label: &'static str,
    state: FormState,
    #[prop(optional, into)] value: String,
    #[prop(optional)] help: Option<&'static str>,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional)] inputmode: Option<&'static str>,
    #[prop(optional)] is_focused: bool,
) -> impl IntoView {
    let error = state.error(name);
    let shown = if kind == "password" { String::new() } else { state.value(name, &value) };
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                id=name
                name=name
                type=kind
                value=shown
                autocomplete=autocomplete
                inputmode=inputmode
                autofocus=is_focused
                aria-invalid=error.is_some().then_some("true")
                aria-describedby=format!("{name}-help")
            />
            <FieldNote name help=help.map(str::to_owned) error/>
        </div>
    }
}

/// Several lines of text.
#[component]
pub fn TextArea(
    name: &'static str,
    label: &'static str,
    state: FormState,
    #[prop(optional, into)] value: String,
    #[prop(optional)] help: Option<&'static str>,
    #[prop(default = 6)] rows: u8,
) -> impl IntoView {
    let error = state.error(name);
    view! {
        <div class="field">
            <label for=name>{label}</label>
            // A line break after the tag is not part of the value; without one the first of the value's own would be lost.
            <textarea
                id=name
                name=name
                rows=rows
                aria-invalid=error.is_some().then_some("true")
                aria-describedby=format!("{name}-help")
                inner_html=format!("\n{}", escape_html(&state.value(name, &value)))
            ></textarea>
            <FieldNote name help=help.map(str::to_owned) error/>
        </div>
    }
}

/// A box to tick.
#[component]
pub fn CheckField(
    name: &'static str,
    label: &'static str,
    state: FormState,
    is_ticked: bool,
    #[prop(optional)] help: Option<&'static str>,
) -> impl IntoView {
    let error = state.error(name);
    view! {
        <div class="field check">
            <label><input id=name name=name type="checkbox" value="on" checked=state.ticked(name, is_ticked) aria-describedby=format!("{name}-help")/><span>{label}</span></label>
            <FieldNote name help=help.map(str::to_owned) error/>
        </div>
    }
}

/// Below a field: what is wrong, else what it is for.
#[component]
pub fn FieldNote(
    #[prop(into)] name: String,
    #[prop(into)] help: Option<String>,
    error: Option<String>,
) -> impl IntoView {
    let id = format!("{name}-help");
    match error {
        Some(message) => {
            view! { <p id=id class="field-error">{icon(Icon::Warning)}<span>{message}</span></p> }.into_any()
        }
        None => view! { <p id=id class="help">{help}</p> }.into_any(),
    }
}
