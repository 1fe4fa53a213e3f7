//! The rail's list of conversations: search, more of them, rename, delete and undo.

use super::{browser, toasts};
use crate::functions;
use crate::icons::{Icon, icon};
use atrium::chat::{ConversationItem, ConversationPage};
use atrium::ids::ConversationId;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::cell::Cell;
use std::time::Duration;

/// The list, for other islands: a conversation that was begun or got its title shows at once.
#[derive(Clone, Copy)]
struct List {
    items: RwSignal<Vec<ConversationItem>>,
    current: RwSignal<Option<ConversationId>>,
}

thread_local! {
    static LIST: Cell<Option<List>> = const { Cell::new(None) };
}

/// Puts a conversation on top of the list and marks it as the one that is shown.
pub fn note(id: ConversationId, title: &str) {
    let Some(list) = LIST.get() else { return };
    list.current.set(Some(id));
    list.items.update(|items| {
        let known = items.iter().position(|it| it.id == id).map(|at| items.remove(at));
        let newest = items.first().map_or(0, |it| it.updated_at).max(known.map_or(0, |it| it.updated_at));
        let updated_at = newest.max(browser::now());
        items.insert(0, ConversationItem { id, title: title.to_owned(), updated_at });
    });
}

const HOUR: i64 = 3_600_000_000;

/// How long ago, in spans that mean the same in every time zone.
fn age(updated_at: i64, now: i64) -> &'static str {
    match (now - updated_at) / HOUR {
        ..24 => "Last 24 hours",
        24..168 => "Last 7 days",
        168..720 => "Last 30 days",
        _ => "Older",
    }
}

/// The items, the first of each age with its heading.
fn grouped(items: Vec<ConversationItem>, now: i64) -> Vec<(Option<&'static str>, ConversationItem)> {
    let mut above = "";
    let heading = |it: &ConversationItem| {
        let age = age(it.updated_at, now);
        let is_new = age != above;
        above = age;
        is_new.then_some(age)
    };
    let headings: Vec<_> = items.iter().map(heading).collect();
    headings.into_iter().zip(items).collect()
}

#[island]
pub fn Conversations(
    page: ConversationPage,
    current: Option<ConversationId>,
    /// The server's clock, by which ages are told.
    now: i64,
) -> impl IntoView {
    let items = RwSignal::new(page.items);
    let next = RwSignal::new(page.next);
    let search = RwSignal::new(String::new());
    let current = RwSignal::new(current);
    let renaming = RwSignal::new(None::<ConversationId>);
    if cfg!(feature = "hydrate") {
        LIST.set(Some(List { items, current }));
    }

    let fetch = move |cursor: Option<String>| {
        let wanted = search.get_untracked();
        spawn_local(async move {
            let is_first = cursor.is_none();
            match functions::conversations(cursor, Some(wanted.clone())).await {
                // An answer to what is no longer searched for is stale.
                Ok(_) if search.get_untracked() != wanted => {}
                Ok(page) => {
                    next.set(page.next);
                    items.update(|items| {
                        if is_first {
                            items.clear();
                        }
                        let new: Vec<_> =
                            page.items.into_iter().filter(|it| !items.iter().any(|known| known.id == it.id)).collect();
                        items.extend(new);
                    });
                }
                Err(refusal) => toasts::complain(refusal.0.message),
            }
        });
    };
    let typed = move |value: String| {
        search.set(value.clone());
        set_timeout(
            move || {
                if search.get_untracked() == value {
                    fetch(None);
                }
            },
            Duration::from_millis(180),
        );
    };
    let remove = move |item: ConversationItem| {
        spawn_local(async move {
            if let Err(refusal) = functions::delete(item.id).await {
                toasts::complain(refusal.0.message);
                return;
            }
            let at = items.with_untracked(|it| it.iter().position(|known| known.id == item.id)).unwrap_or_default();
            items.update(|it| it.retain(|known| known.id != item.id));
            let was_shown = current.get_untracked() == Some(item.id);
            let back = item.clone();
            toasts::offer_undo(format!("“{}” deleted", atrium::text::shorten(&item.title, 40)), move || {
                let back = back.clone();
                spawn_local(async move {
                    match functions::restore(back.id).await {
                        Ok(()) => items.update(|it| it.insert(at.min(it.len()), back)),
                        Err(refusal) => toasts::complain(refusal.0.message),
                    }
                });
            });
            if was_shown {
                super::room::leave();
            }
        });
    };
    let rename = move |id: ConversationId, title: String| {
        renaming.set(None);
        spawn_local(async move {
            match functions::rename(id, title).await {
                Ok(title) => {
                    if current.get_untracked() == Some(id) {
                        super::room::retitle(&title);
                    }
                    items.update(|items| {
                        items.iter_mut().filter(|it| it.id == id).for_each(|it| it.title.clone_from(&title))
                    });
                }
                Err(refusal) => toasts::complain(refusal.0.message),
            }
        });
    };

    view! {
        <div class="conversations">
            <label class="search js-only">
                {icon(Icon::Search)}
                <span class="visually-hidden">"Search titles"</span>
                <input type="search" placeholder="Search titles" autocomplete="off" on:input:target=move |event| typed(event.target().value())/>
            </label>
            <ul class="conversation-list">
                <For each=move || grouped(items.get(), now) key=|(heading, it)| (*heading, it.id, it.title.clone()) let((heading, item))>
                    {
                        let id = item.id;
                        let title = item.title.clone();
                        let old_title = item.title.clone();
                        let href = format!("/chat/{id}");
                        let done = move |title: Option<String>| match title {
                            Some(title) => rename(id, title),
                            None => renaming.set(None),
                        };
                        view! {
                            {heading.map(|it| view! { <li class="conversation-age">{it}</li> })}
                            <li class="conversation" class:current=move || current.get() == Some(id)>
                                <Show
                                    when=move || renaming.get() == Some(id)
                                    fallback=move || {
                                        let item = item.clone();
                                        view! {
                                            <a href=href.clone() title=title.clone() aria-current=move || (current.get() == Some(id)).then_some("page")>{title.clone()}</a>
                                            <span class="conversation-actions js-only">
                                                <button type="button" class="button icon-only" aria-label="Rename" title="Rename" on:click=move |_| renaming.set(Some(id))>{icon(Icon::Edit)}</button>
                                                <button type="button" class="button icon-only" aria-label="Delete" title="Delete" on:click=move |_| remove(item.clone())>{icon(Icon::Delete)}</button>
                                            </span>
                                        }
                                    }
                                >
                                    <RenameField title=old_title.clone() done/>
                                </Show>
                            </li>
                        }
                    }
                </For>
            </ul>
            <Show when=move || items.with(Vec::is_empty)>
                <p class="muted small">{move || if search.with(String::is_empty) { "Your conversations will be listed here." } else { "No title has these letters." }}</p>
            </Show>
            <Show when=move || next.with(Option::is_some)>
                <button type="button" class="button wide js-only" on:click=move |_| fetch(next.get_untracked())>"Show older"</button>
            </Show>
        </div>
    }
}

#[component]
fn RenameField(title: String, done: impl Fn(Option<String>) + Copy + Send + 'static) -> impl IntoView {
    let field = NodeRef::<leptos::html::Input>::new();
    let is_done = StoredValue::new(false);
    let finish = move |title: Option<String>| {
        // Enter takes the field away, which also takes the focus from it.
        if is_done.try_get_value() == Some(false) {
            is_done.set_value(true);
            done(title);
        }
    };
    Effect::new(move || {
        if let Some(field) = field.get() {
            let _ = field.focus();
            field.select();
        }
    });
    view! {
        <input
            node_ref=field
            class="rename"
            aria-label="New title"
            value=title
            maxlength="120"
            on:keydown:target=move |event| match event.key().as_str() {
                "Enter" => finish(Some(event.target().value())),
                "Escape" => finish(None),
                _ => {}
            }
            on:blur:target=move |event| finish(Some(event.target().value()))
        />
    }
}
