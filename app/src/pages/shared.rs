//! Conversations shared by a link: the page that anybody may read, and where its owner makes and revokes links.

use super::account::tabs;
use super::entrance::Entrance;
use crate::components::{ErrorSummary, FormState, PageHead, load, moment, pager, set_status, signed_in};
use crate::forms::{Done, Fields, Reveal};
use crate::icons::{Icon, icon};
use crate::visit::Visit;
use atrium::chat::Author;
use atrium::ids::{ConversationId, ShareId};
use atrium::paging::PageRequest;
use atrium::sharing::{Share, Shared, SharedMessage};
use atrium_domain::{Error, Result};
use leptos::prelude::*;
use leptos_meta::{Meta, Title};
use leptos_router::hooks::{use_params_map, use_query_map};

/// Messages of a page.
const PAGE: u32 = 100;

/// `/shared/{token}`: for whoever has the link.
#[component]
pub fn SharedConversation() -> impl IntoView {
    let token = use_params_map().with_untracked(|it| it.get("token").unwrap_or_default());
    let page = use_query_map().with_untracked(|it| it.get("page")).and_then(|it| it.parse().ok());
    let request = PageRequest { page: page.filter(|it| (1..=100_000).contains(it)).unwrap_or(1), size: PAGE };
    stay_unlisted();
    let visit = Visit::current();
    load(async move {
        let opened = match visit {
            Ok(visit) => visit.atrium.sharing.open(&token, request).await,
            Err(error) => Err(error),
        };
        match opened {
            Ok(shared) => reading(shared, request).into_any(),
            Err(error) => nothing(&error).into_any(),
        }
    })
}

/// What a link shows that was revoked, or never was.
fn nothing(error: &Error) -> impl IntoView {
    let failure = error.to_failure();
    if let Some(cause) = error.cause() {
        tracing::error!(status = failure.status, cause, "a shared conversation could not be shown");
    }
    set_status(failure.status);
    let told = match failure.status {
        404 => "This link opens nothing: it was revoked, or is not whole. Ask whoever gave it to you for another one."
            .to_owned(),
        _ => failure.message,
    };
    view! { <Entrance title="Not found"><p class="muted">{told}</p></Entrance> }
}

/// Whoever has a link may pass it on; engines that search shall not.
fn stay_unlisted() {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        let name = axum::http::HeaderName::from_static("x-robots-tag");
        response.insert_header(name, axum::http::HeaderValue::from_static("noindex, nofollow"));
    }
}

fn reading(shared: Shared, request: PageRequest) -> impl IntoView {
    let messages = shared.messages.into_iter().map(message).collect_view();
    view! {
        <Title text=shared.title.clone()/>
        <Meta name="robots" content="noindex, nofollow"/>
        <main class="shared" id="main">
            <header class="shared-head">
                <p class="brand">"Atrium"</p>
                <h1>{shared.title}</h1>
                <p class="muted small">{format!("A conversation shared by a link, as it was on {}. Answers are a model's and may be wrong.", moment(shared.created_at))}</p>
            </header>
            <div class="thread-copy">{messages}</div>
            {pager(request, shared.count, "")}
        </main>
    }
}

fn message(it: SharedMessage) -> AnyView {
    let files = it
        .files
        .into_iter()
        .map(|name| view! { <li class="file">{icon(Icon::Document)}<span class="file-name">{name}</span></li> });
    let files: Vec<_> = files.collect();
    let files =
        (!files.is_empty()).then(|| view! { <ul class="files" aria-label="Files, which are not shared">{files}</ul> });
    match it.author {
        Author::User => view! {
            <article class="message from-user" aria-label="Question">{files}{(!it.text.is_empty()).then(|| view! { <div class="said">{it.text}</div> })}</article>
        }
        .into_any(),
        Author::Assistant => {
            let blocks = it.blocks.into_iter().map(|html| view! { <div class="block" inner_html=html></div> });
            view! { <article class="message from-agent" aria-label="Answer"><div class="answer">{blocks.collect_view()}</div></article> }
                .into_any()
        }
    }
}

/// `/chat/{id}/share`: links to one conversation.
#[component]
pub fn ShareConversation() -> impl IntoView {
    let id = use_params_map().with_untracked(|it| it.get("id").unwrap_or_default()).parse::<ConversationId>();
    let state = FormState::current();
    let made = use_context::<Reveal>();
    signed_in("Share", id.clone().ok(), async move |visit, viewer| {
        let id = id.map_err(|_| Error::NotFound("conversation"))?;
        let sharing = &visit.atrium.sharing;
        let title = visit.atrium.chat.summary(&viewer, id).await?.title;
        let links = sharing.list(&viewer, Some(id)).await?;
        let is_allowed = sharing.is_allowed();
        let back = format!("/chat/{id}");
        Ok(view! {
            <PageHead title="Share"><a class="button" href=back>"Back to the conversation"</a></PageHead>
            <div class="page narrow">
                <ErrorSummary state/>
                {made.map(|it| view! {
                    <div class="notice" role="status">
                        {icon(Icon::Check)}
                        <div class="account-secret">
                            <p>"Copy the link now: it is shown this once, and kept nowhere."</p>
                            <code>{it.0}</code>
                        </div>
                    </div>
                })}
                <p>"Whoever has a link reads "<strong>{title}</strong>" as it is at this moment, without signing in: the branch that you see, without names, files or reasoning. What is said later is not in it. A link ends as soon as you revoke it."</p>
                {if is_allowed {
                    view! { <form method="post"><button class="button primary" name="action" value="share">"Create link"</button></form> }.into_any()
                } else {
                    view! { <p class="notice">"Sharing by link is switched off on this server. Links from before rest until it is switched on again."</p> }.into_any()
                }}
                {list(links, false)}
            </div>
        })
    })
}

/// `/account/shares`: all links of one's own.
#[component]
pub fn Shares() -> impl IntoView {
    let state = FormState::current();
    signed_in("Shared links", None, async move |visit, viewer| {
        let links = visit.atrium.sharing.list(&viewer, None).await?;
        let is_empty = links.is_empty();
        Ok(view! {
            <PageHead title="Shared links"/>
            <div class="page narrow">
                {tabs("/account/shares")}
                <ErrorSummary state/>
                {is_empty.then(|| view! { <p class="muted">"No conversation of yours is shared. Open one, and choose Share in its menu."</p> })}
                {list(links, true)}
            </div>
        })
    })
}

fn list(links: Vec<Share>, has_titles: bool) -> impl IntoView {
    let row = |it: Share| {
        let made = format!("Link of {}", moment(it.created_at));
        let label = format!("Revoke the {}", made.to_lowercase());
        let title = has_titles
            .then(|| view! { <a class="row-title" href=format!("/chat/{}/share", it.conversation)>{it.title}</a> });
        view! {
            <li class="row">
                <span class="avatar">{icon(Icon::Link)}</span>
                <div class="row-text">{title}<p class="muted">{made}</p></div>
                <div class="row-actions">
                    <form method="post">
                        <input type="hidden" name="share" value=it.id.to_string()/>
                        <button class="button" name="action" value="revoke" aria-label=label>"Revoke"</button>
                    </form>
                </div>
            </li>
        }
    };
    (!links.is_empty()).then(|| view! { <ul class="rows">{links.into_iter().map(row).collect_view()}</ul> })
}

/// `POST /chat/{id}/share`
pub async fn submit(visit: &Visit, id: ConversationId, fields: &Fields) -> Result<Done> {
    match fields.text("action") {
        "share" => {
            let (_, token) = visit.atrium.sharing.share(visit.actor()?, id).await?;
            Ok(Done::reveal(format!("{}/shared/{token}", visit.atrium.settings.base_url())))
        }
        "revoke" => revoke(visit, fields, format!("/chat/{id}/share")).await,
        _ => Err(Error::NotFound("action")),
    }
}

/// `POST /account/shares`
pub async fn submit_list(visit: &Visit, fields: &Fields) -> Result<Done> {
    match fields.text("action") {
        "revoke" => revoke(visit, fields, "/account/shares".to_owned()).await,
        _ => Err(Error::NotFound("action")),
    }
}

async fn revoke(visit: &Visit, fields: &Fields, next: String) -> Result<Done> {
    visit.atrium.sharing.revoke(visit.actor()?, fields.id::<ShareId>("share", "link")?).await?;
    visit.toast("Link revoked; it opens nothing any more", None).await?;
    Ok(Done::then(next))
}
