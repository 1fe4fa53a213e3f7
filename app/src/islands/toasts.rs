//! Short messages at the edge of the page, some with a way to undo what they tell of.

use crate::icons::{Icon, icon};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// A form that undoes something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    pub path: String,
    pub fields: Vec<(String, String)>,
}

#[derive(Clone)]
struct Toast {
    id: u32,
    text: String,
    is_error: bool,
    undo: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// Islands are separate trees: what one of them wants to say reaches the toaster by this signal.
#[derive(Clone, Copy)]
struct Toasts {
    shown: RwSignal<Vec<Toast>>,
}

thread_local! {
    static TOASTS: std::cell::Cell<Option<Toasts>> = const { std::cell::Cell::new(None) };
}

const SHOWN_FOR: Duration = Duration::from_secs(8);

/// Says that something happened.
pub fn say(text: impl Into<String>) {
    push(text.into(), false, None);
}

/// Says that something went wrong.
pub fn complain(text: impl Into<String>) {
    push(text.into(), true, None);
}

/// Says that something happened, and offers to undo it.
pub fn offer_undo(text: impl Into<String>, undo: impl Fn() + Send + Sync + 'static) {
    push(text.into(), false, Some(Arc::new(undo)));
}

fn push(text: String, is_error: bool, undo: Option<Arc<dyn Fn() + Send + Sync>>) {
    let Some(toasts) = TOASTS.get() else { return };
    let id = toasts.shown.with_untracked(|it| it.last().map_or(0, |last| last.id + 1));
    toasts.shown.update(|it| it.push(Toast { id, text, is_error, undo }));
    set_timeout(move || dismiss(id), SHOWN_FOR);
}

fn dismiss(id: u32) {
    if let Some(toasts) = TOASTS.get() {
        toasts.shown.update(|it| it.retain(|toast| toast.id != id));
    }
}

#[island]
pub fn Toaster() -> impl IntoView {
    let shown = RwSignal::new(Vec::<Toast>::new());
    if cfg!(feature = "hydrate") {
        TOASTS.set(Some(Toasts { shown }));
    }
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || shown.get() key=|it| it.id let(toast)>
                {
                    let Toast { id, text, is_error, undo } = toast;
                    view! {
                        <div class="toast" class:error=is_error>
                            <span>{text}</span>
                            {undo.map(|undo| view! { <button type="button" class="button" on:click=move |_| { undo(); dismiss(id); }>"Undo"</button> })}
                            <button type="button" class="button icon-only" aria-label="Dismiss" on:click=move |_| dismiss(id)>{icon(Icon::Close)}</button>
                        </div>
                    }
                }
            </For>
        </div>
    }
}

/// What a form that was just taken has to say. It shows without JavaScript too, as a note on the page.
#[island]
pub fn ShowToast(text: String, undo: Option<Undo>) -> impl IntoView {
    let is_shown = RwSignal::new(true);
    Effect::new(move || set_timeout(move || is_shown.set(false), SHOWN_FOR));
    view! {
        <div class="toasts flash" class:gone=move || !is_shown.get()>
            <div class="toast" role="status">
                <span>{text}</span>
                {undo.map(|undo| {
                    let fields = undo.fields.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
                    view! { <form method="post" action=undo.path>{fields}<button class="button">"Undo"</button></form> }
                })}
            </div>
        </div>
    }
}
