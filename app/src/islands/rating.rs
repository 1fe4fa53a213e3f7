//! Thumbs below an answer, and why. Without JavaScript a thumb leads to a page that asks for the reason.

use super::live::Live;
use super::toasts;
use crate::functions;
use crate::icons::{Icon, icon};
use atrium::feedback::{Feedback, REASON_MAX, Verdict};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Shows it at once, and what was there before if the server refuses.
fn say(live: Live, feedback: Option<Feedback>) {
    let before = live.view.with_untracked(|it| it.feedback.clone());
    live.view.update(|it| it.feedback.clone_from(&feedback));
    spawn_local(async move {
        if let Err(refusal) = functions::rate(live.id, feedback).await {
            live.view.update(|it| it.feedback = before);
            toasts::complain(refusal.0.message);
        }
    });
}

/// A thumb was pressed; pressed again it takes the verdict back. Answers whether there is something to ask about.
pub fn press(live: Live, verdict: Verdict) -> bool {
    let before = live.view.with_untracked(|it| it.feedback.clone());
    let is_new = before.is_none_or(|it| it.verdict != verdict);
    say(live, is_new.then(|| Feedback { verdict, reason: String::new() }));
    is_new
}

/// The buttons, in a message's form.
#[component]
pub fn Thumbs(live: Live) -> impl IntoView {
    let thumb = move |verdict: Verdict, label: &'static str, picture: Icon| {
        let is_pressed = move || live.view.with(|it| it.feedback.as_ref().is_some_and(|it| it.verdict == verdict));
        view! {
            <button class="button icon-only thumb" name="action" value=verdict.as_str() aria-label=label title=label aria-pressed=move || is_pressed().to_string()>{icon(picture)}</button>
        }
    };
    view! { {thumb(Verdict::Up, "Good answer", Icon::ThumbUp)} {thumb(Verdict::Down, "Bad answer", Icon::ThumbDown)} }
}

/// Asks why, below the answer.
#[component]
pub fn Why(live: Live, is_asked: RwSignal<bool>) -> impl IntoView {
    let field = NodeRef::<leptos::html::Textarea>::new();
    let verdict = live.view.with_untracked(|it| it.feedback.as_ref().map_or(Verdict::Down, |it| it.verdict));
    let label = match verdict {
        Verdict::Up => "What was good about it? (optional)",
        Verdict::Down => "What was wrong with it? (optional)",
    };
    let id = format!("why-{}", live.id);
    Effect::new(move || {
        if let Some(field) = field.get() {
            let _ = field.focus();
        }
    });
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let reason = field.get_untracked().map(|it| it.value()).unwrap_or_default();
        if !reason.trim().is_empty() {
            say(live, Some(Feedback { verdict, reason }));
            toasts::say("Thank you");
        }
        is_asked.set(false);
    };
    view! {
        <form class="why" on:submit=save>
            <label for=id.clone()>{label}</label>
            <textarea node_ref=field id=id rows="2" maxlength=REASON_MAX.to_string() on:keydown=move |event| {
                if event.key() == "Escape" {
                    event.prevent_default();
                    is_asked.set(false);
                }
            }></textarea>
            <div class="edit-actions">
                <button type="button" class="button" on:click=move |_| is_asked.set(false)>"Close"</button>
                <button class="button primary">"Send reason"</button>
            </div>
        </form>
    }
}
