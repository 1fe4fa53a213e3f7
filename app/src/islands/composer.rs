//! Where people write: Enter sends, Shift+Enter breaks the line; the keys that work everywhere are heard by the palette. A draft survives a reload and an expired session.

use super::attaching::{Chips, Waiting};
use super::browser;
use crate::icons::{Icon, icon};
use atrium::text::escape_html;
use leptos::prelude::*;

#[component]
pub fn Composer(
    /// Where the form goes without JavaScript.
    path: Signal<String>,
    /// The name under which this browser keeps the draft.
    draft_key: Signal<String>,
    draft: String,
    /// The run that could be stopped.
    running: Signal<Option<String>>,
    #[prop(into)] error: RwSignal<Option<(String, bool)>>,
    send: impl Fn(String) + Copy + Send + Sync + 'static,
    stop: impl Fn() + Copy + Send + Sync + 'static,
    text: RwSignal<String>,
    chips: Chips,
) -> impl IntoView {
    let chosen = NodeRef::<leptos::html::Input>::new();
    // Those that are chosen, and those that were before the WASM was there.
    let take_chosen = move || {
        if let Some(field) = chosen.get_untracked() {
            if let Some(files) = field.files().filter(|it| it.length() > 0) {
                chips.add(&files);
            }
            field.set_value("");
        }
    };
    Effect::new(move || {
        chosen.track();
        take_chosen();
    });
    let field = NodeRef::<leptos::html::Textarea>::new();
    Effect::new(move |first: Option<()>| {
        let key = draft_key.get();
        if first.is_none()
            && let Some(kept) = browser::remembered(&key).filter(|_| text.with_untracked(String::is_empty))
        {
            text.set(kept);
        }
    });
    let submit = move || {
        let typed = text.get_untracked();
        if running.get_untracked().is_some() {
            return;
        }
        if let Some(told) = chips.obstacle() {
            error.set(Some((told, false)));
        } else if !typed.trim().is_empty() || chips.has_some() {
            send(typed);
        }
    };
    let keyed = move |event: leptos::ev::KeyboardEvent| match event.key().as_str() {
        // An input method uses Enter to take a word.
        "Enter" if !event.shift_key() && !event.is_composing() => {
            event.prevent_default();
            submit();
        }
        _ => {}
    };
    view! {
        <form
            id="composer-form"
            class="composer"
            method="post"
            enctype="multipart/form-data"
            action=move || path.get()
            on:dragover=move |event| event.prevent_default()
            on:drop=move |event: leptos::ev::DragEvent| {
                event.prevent_default();
                if let Some(files) = event.data_transfer().and_then(|it| it.files()) {
                    chips.add(&files);
                }
            }
            on:submit=move |event| {
                event.prevent_default();
                if running.get_untracked().is_some() { stop() } else { submit() }
            }
        >
            {move || error.get().map(|(message, needs_sign_in)| view! {
                <p class="outcome error" role="alert">
                    {icon(Icon::Warning)}
                    <span>{message} {needs_sign_in.then(|| view! { " " <a href=move || format!("/sign-in?next={}", path.get())>"Sign in"</a> })}</span>
                </p>
            })}
            {move || running.get().map(|run| view! { <input type="hidden" name="run" value=run/> })}
            <div class="composer-box">
                <Waiting chips/>
                <label class="button icon-only attach" title="Attach files">
                    {icon(Icon::Attach)}
                    <input node_ref=chosen id="attach" type="file" name="file" multiple=true aria-label="Attach files" on:change=move |_| take_chosen()/>
                </label>
                <textarea
                    node_ref=field
                    id="composer"
                    name="text"
                    rows="1"
                    aria-label="Message"
                    placeholder="Ask anything"
                    autofocus=true
                    prop:value=move || text.get()
                    on:input:target=move |event| {
                        let typed = event.target().value();
                        browser::remember(&draft_key.get_untracked(), &typed);
                        text.set(typed);
                    }
                    on:keydown=keyed
                    on:paste=move |event: leptos::ev::ClipboardEvent| {
                        if let Some(files) = event.clipboard_data().and_then(|it| it.files()).filter(|it| it.length() > 0) {
                            event.prevent_default();
                            chips.add(&files);
                        }
                    }
                    inner_html=format!("\n{}", escape_html(&draft))
                ></textarea>
                <Show
                    when=move || running.get().is_some()
                    fallback=move || view! { <button class="button primary icon-only send" name="action" value="send" aria-label="Send" title="Send (Enter)">{icon(Icon::Send)}</button> }
                >
                    <button class="button icon-only send" name="action" value="stop" aria-label="Stop" title="Stop (Esc)">{icon(Icon::Stop)}</button>
                </Show>
            </div>
        </form>
    }
}
