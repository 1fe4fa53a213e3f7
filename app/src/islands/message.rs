//! One message of the thread, and what can be done with it.

use super::live::Live;
use super::rating::{self, Thumbs, Why};
use super::{attaching, browser};
use crate::icons::{Icon, icon};
use atrium::attachments::Attachment;
use atrium::chat::{Author, MessageStatus, MessageView};
use atrium::feedback::Verdict;
use atrium::ids::MessageId;
use atrium::text::{dollars, duration};
use leptos::prelude::*;

/// What a message's buttons ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    Regenerate(MessageId),
    Continue(MessageId),
    Delete(MessageId),
    Show(MessageId),
    Resend(MessageId, String),
}

/// One message. Its buttons are a form's, so that they work without JavaScript too.
#[component]
pub fn Message(live: Live, path: Signal<String>, ask: impl Fn(Ask) + Copy + Send + Sync + 'static) -> impl IntoView {
    let is_editing = RwSignal::new(false);
    let asks_why = RwSignal::new(false);
    let author = live.view.with_untracked(|it| it.author);
    let act = move |event: leptos::ev::SubmitEvent| {
        let Some(action) = submitter(&event) else { return };
        // The star is a form's own affair, as the conversation's is.
        if matches!(action.as_str(), "mark" | "unmark") {
            return;
        }
        event.prevent_default();
        let view = live.view.get_untracked();
        match action.as_str() {
            "regenerate" => ask(Ask::Regenerate(view.id)),
            "continue" => ask(Ask::Continue(view.id)),
            "delete" => ask(Ask::Delete(view.id)),
            "up" => asks_why.set(rating::press(live, Verdict::Up)),
            "down" => asks_why.set(rating::press(live, Verdict::Down)),
            "previous" => drop(view.previous_sibling.map(|it| ask(Ask::Show(it)))),
            "next" => drop(view.next_sibling.map(|it| ask(Ask::Show(it)))),
            _ => {}
        }
    };
    let edited = move |text: Option<String>| {
        is_editing.set(false);
        match text {
            Some(text) => ask(Ask::Resend(live.id, text)),
            None => browser::focus(&format!("#m-{} [aria-label^='Edit']", live.id)),
        }
    };
    let body = match author {
        Author::User => view! {
            {live.view.with_untracked(|it| attaching::sent(&it.attachments, Attachment::path))}
            <Show
                when=move || is_editing.get()
                fallback=move || live.view.with(|it| !it.text.is_empty()).then(|| view! { <div class="said">{move || live.view.with(|it| it.text.clone())}</div> })
            >
                <EditField text=live.view.with_untracked(|it| it.text.clone()) done=edited/>
            </Show>
        }
        .into_any(),
        Author::Assistant => view! { <Answer live/> }.into_any(),
    };
    view! {
        <article class="message" class:from-user=author == Author::User class:from-agent=author == Author::Assistant id=format!("m-{}", live.id) aria-label=if author == Author::User { "You" } else { "Answer" }>
            {body}
            <Show when=move || !live.is_streaming()>
                <form class="message-actions" method="post" action=move || path.get() on:submit=act>
                    <input type="hidden" name="message" value=live.id.to_string()/>
                    {move || siblings(&live.view.get())}
                    <button type="button" class="button icon-only js-only copy" aria-label="Copy" title="Copy" on:click=move |_| browser::copy(&live.view.with_untracked(|it| it.text.clone()))>{icon(Icon::Copy)}</button>
                    {match author {
                        Author::User => view! { <button type="button" class="button icon-only js-only" aria-label="Edit and send again" title="Edit and send again" on:click=move |_| is_editing.set(true)>{icon(Icon::Edit)}</button> }.into_any(),
                        Author::Assistant => view! {
                            <Show when=move || live.view.with(|it| it.can_continue)>
                                <button class="button" name="action" value="continue">{icon(Icon::Continue)}<span>"Continue"</span></button>
                            </Show>
                            <button class="button icon-only" name="action" value="regenerate" aria-label="Answer again" title="Answer again">{icon(Icon::Again)}</button>
                            <Thumbs live/>
                        }.into_any(),
                    }}
                    {star(live, path)}
                    <button class="button icon-only" name="action" value="delete" aria-label="Delete" title="Delete">{icon(Icon::Delete)}</button>
                    {move || figures(&live.view.get()).map(|it| view! { <span class="figures">{it}</span> })}
                </form>
            </Show>
            <Show when=move || asks_why.get()>
                <Why live is_asked=asks_why/>
            </Show>
        </article>
    }
}

#[component]
fn Answer(live: Live) -> impl IntoView {
    let is_waiting = move || live.is_streaming() && live.blocks.with(Vec::is_empty) && live.tail.with(String::is_empty);
    view! {
        <Show when=move || !live.reasoning.with(String::is_empty)>
            <details class="reasoning"><summary>"Reasoning"</summary><p>{move || live.reasoning.get()}</p></details>
        </Show>
        <div class="answer" class:streaming=move || live.is_streaming() aria-busy=move || live.is_streaming().to_string()>
            <For each=move || live.blocks.get().into_iter().enumerate() key=|(index, html)| (*index, html.clone()) let((_, html))>
                <div class="block" inner_html=html></div>
            </For>
            <div class="block tail" inner_html=move || live.tail.get()></div>
            <Show when=is_waiting>
                <p class="waiting" role="status">{move || live.status.get().unwrap_or_else(|| "Thinking".to_owned())}</p>
            </Show>
        </div>
        <div class="visually-hidden" aria-live="polite" aria-relevant="additions">
            <For each=move || live.spoken.get().into_iter().enumerate() key=|(index, _)| *index let((_, text))>
                <p>{text}</p>
            </For>
        </div>
        {move || outcome(&live.view.get())}
        {move || live.view.with(|it| it.notes.clone()).into_iter().map(|note| view! { <p class="note">{note}</p> }).collect_view()}
    }
}

/// What there is to say about an answer that did not end by itself.
fn outcome(view: &MessageView) -> Option<AnyView> {
    let text = match view.status {
        MessageStatus::Failed => view.error.clone().unwrap_or_else(|| "The answer failed.".to_owned()),
        MessageStatus::Interrupted => {
            "Interrupted: the server went away while this was written. What had arrived is kept.".to_owned()
        }
        MessageStatus::Stopped => "Stopped.".to_owned(),
        MessageStatus::Complete | MessageStatus::Streaming => return None,
    };
    let is_error = view.status == MessageStatus::Failed;
    Some(view! { <p class="outcome" class:error=is_error role=is_error.then_some("alert")>{icon(if is_error { Icon::Warning } else { Icon::Stop })}<span>{text}</span></p> }.into_any())
}

/// Marks the message, or takes the mark away.
fn star(live: Live, path: Signal<String>) -> impl IntoView {
    let is_marked = move || live.view.with(|it| it.is_favourite);
    let label = move || if is_marked() { "Remove message from favourites" } else { "Add message to favourites" };
    view! {
        <input type="hidden" name="kind" value="message"/>
        <input type="hidden" name="id" value=live.id.to_string()/>
        <input type="hidden" name="next" value=move || format!("{}#m-{}", path.get(), live.id)/>
        <span class="star" class:marked=is_marked>
            <button class="button icon-only" formaction="/favourites" name="action" value=move || if is_marked() { "unmark" } else { "mark" } aria-label=label title=label>{icon(Icon::Star)}</button>
        </span>
    }
}

/// `‹ 2/3 ›` where there are alternatives.
fn siblings(view: &MessageView) -> Option<impl IntoView + use<>> {
    let (position, of) = view.position;
    let target = |name: &'static str, id: Option<MessageId>| {
        id.map(|id| view! { <input type="hidden" name=name value=id.to_string()/> })
    };
    (of > 1).then(|| {
        view! {
            {target("alternative-before", view.previous_sibling)}
            {target("alternative-after", view.next_sibling)}
            <span class="siblings">
                <button class="button icon-only" name="action" value="previous" aria-label="Alternative before" disabled=view.previous_sibling.is_none()>{icon(Icon::Previous)}</button>
                <span>{format!("{position}/{of}")}</span>
                <button class="button icon-only" name="action" value="next" aria-label="Next alternative" disabled=view.next_sibling.is_none()>{icon(Icon::Next)}</button>
            </span>
        }
    })
}

/// Model, tokens, time and cost in one muted line.
fn figures(view: &MessageView) -> Option<String> {
    if view.author == Author::User || view.status == MessageStatus::Streaming {
        return None;
    }
    let tokens = view
        .completion_tokens
        .filter(|it| *it > 0)
        .map(|it| format!("{}{it} tokens", if view.tokens_estimated { "about " } else { "" }));
    let cost = view.cost.filter(|it| *it > 0).map(dollars);
    let parts: Vec<String> =
        [view.model.clone(), tokens, view.latency.map(duration), cost].into_iter().flatten().collect();
    Some(parts.join(" · "))
}

#[component]
fn EditField(text: String, done: impl Fn(Option<String>) + Copy + Send + Sync + 'static) -> impl IntoView {
    let typed = RwSignal::new(text.clone());
    let field = NodeRef::<leptos::html::Textarea>::new();
    Effect::new(move || {
        if let Some(field) = field.get() {
            let _ = field.focus();
        }
    });
    view! {
        <div class="edit">
            <textarea
                node_ref=field
                aria-label="Your message"
                rows="4"
                prop:value=text
                on:input:target=move |event| typed.set(event.target().value())
                on:keydown=move |event| {
                    if event.key() == "Escape" {
                        event.prevent_default();
                        done(None);
                    } else if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
                        event.prevent_default();
                        done(Some(typed.get_untracked()));
                    }
                }
            ></textarea>
            <div class="edit-actions">
                <button type="button" class="button" on:click=move |_| done(None)>"Cancel"</button>
                <button type="button" class="button primary" on:click=move |_| done(Some(typed.get_untracked()))>"Send"</button>
            </div>
        </div>
    }
}

/// The value of the button that sent a form.
fn submitter(event: &leptos::ev::SubmitEvent) -> Option<String> {
    event.submitter()?.get_attribute("value")
}
