//! A conversation's star, its links and its exports: plain forms and links, which work without JavaScript.

use crate::icons::{Icon, icon};
use atrium::ids::ConversationId;
use leptos::prelude::*;

/// What can be done with the whole conversation: plain forms and links.
#[component]
pub fn Menu(id: ConversationId, is_favourite: bool) -> impl IntoView {
    let here = format!("/chat/{id}");
    let (action, label) =
        if is_favourite { ("unmark", "Remove from favourites") } else { ("mark", "Add to favourites") };
    let export = |format: &str| format!("/chat/{id}/export?format={format}");
    view! {
        <form method="post" action="/favourites" class="star" class:marked=is_favourite>
            <input type="hidden" name="kind" value="conversation"/>
            <input type="hidden" name="id" value=id.to_string()/>
            <input type="hidden" name="next" value=here/>
            <button class="button icon-only" name="action" value=action aria-label=label title=label>{icon(Icon::Star)}</button>
        </form>
        <details class="menu">
            <summary class="button icon-only" aria-label="Share and export" title="Share and export">{icon(Icon::Download)}</summary>
            <ul class="menu-items">
                <li><a href=format!("/chat/{id}/share")>"Share by a link"</a></li>
                <li><a href=export("html") target="_blank">"Page to print"</a></li>
                <li><a href=export("markdown") download="">"Markdown"</a></li>
                <li><a href=export("json") download="">"JSON, with alternatives"</a></li>
            </ul>
        </details>
    }
}
