//! The chat: a thread that grows, and the place to write.

use super::answering::{AgentChoice, Answering, AnsweringFields, SettingsFields};
use super::attaching::{self, Chips};
use super::composer::Composer;
use super::live::{Live, announce};
use super::menu::Menu;
use super::message::{Ask, Message};
use super::starters::Starters;
use super::{browser, toasts};
use crate::functions::{self, Grown, Refusal};
use crate::icons::{Icon, icon};
use atrium::chat::{ConversationSettings, MESSAGE_MAX, MessageView, Thread, UNTITLED};
use atrium::ids::{AgentId, ConversationId};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::cell::Cell;
use std::future::Future;
use wasm_bindgen::JsCast as _;

thread_local! {
    /// The room on this page, for the list of conversations.
    static ROOM: Cell<Option<State>> = const { Cell::new(None) };
}

/// The conversation that is shown has another title.
pub fn retitle(title: &str) {
    if let Some(room) = ROOM.get() {
        room.title.set(title.to_owned());
        document().set_title(&format!("{title} · Atrium"));
    }
}

/// The conversation that is shown was deleted: the room is empty for a new one.
pub fn leave() {
    if let Some(room) = ROOM.get() {
        room.messages.set(Vec::new());
        room.has_older.set(false);
        room.conversation.set(None);
        retitle(UNTITLED);
        browser::show_path("/");
    }
}

/// What the room is made of; signals all, so it is copied freely.
#[derive(Clone, Copy)]
struct State {
    conversation: RwSignal<Option<ConversationId>>,
    title: RwSignal<String>,
    messages: RwSignal<Vec<Live>>,
    has_older: RwSignal<bool>,
    agent: RwSignal<AgentId>,
    text: RwSignal<String>,
    chips: Chips,
    error: RwSignal<Option<(String, bool)>>,
    /// The reader is at the end and stays there while the answer grows.
    follows: RwSignal<bool>,
    scroller: NodeRef<leptos::html::Div>,
}

impl State {
    fn running(self) -> Option<atrium::ids::RunId> {
        self.messages.with(|it| it.iter().find_map(|live| live.view.with(|view| view.run.map(|run| run.id))))
    }

    fn path(self) -> String {
        self.conversation.get().map_or_else(|| "/".to_owned(), |it| format!("/chat/{it}"))
    }

    fn draft_key(self) -> String {
        self.conversation.get().map_or_else(|| "draft:new".to_owned(), |it| format!("draft:{it}"))
    }

    /// Does something on the server; refusals stay at the composer, where they can be read.
    fn attempt<T: 'static>(
        self,
        call: impl Future<Output = Result<T, Refusal>> + 'static,
        done: impl FnOnce(T) + 'static,
    ) {
        spawn_local(async move {
            match call.await {
                Ok(value) => {
                    self.error.set(None);
                    done(value);
                }
                Err(refusal) => {
                    self.error.set(Some((refusal.0.message.clone(), refusal.0.needs_sign_in())));
                    if !refusal.0.needs_sign_in() {
                        toasts::complain(refusal.0.message);
                    }
                }
            }
        });
    }

    fn send(self, text: String, instead_of: Option<atrium::ids::MessageId>) {
        if text.len() > MESSAGE_MAX {
            let (size, max) = (text.len() / 1024, MESSAGE_MAX / 1024);
            self.error.set(Some((
                format!("The message has {size} kB, at most {max} kB are taken. Shorten it or split it."),
                false,
            )));
            return;
        }
        let key = untrack(|| self.draft_key());
        // What is edited keeps its files.
        let chips = instead_of.is_none().then(|| self.chips.take());
        let call = functions::send_message(
            self.conversation.get_untracked(),
            instead_of,
            Some(self.agent.get_untracked()),
            text.clone(),
            chips.as_deref().map(attaching::ids),
        );
        if instead_of.is_none() {
            self.text.set(String::new());
        }
        spawn_local(async move {
            match call.await {
                Ok(grown) => {
                    browser::remember(&key, "");
                    self.error.set(None);
                    self.follows.set(true);
                    self.grow(grown);
                }
                Err(refusal) => {
                    self.chips.put_back(chips.unwrap_or_default());
                    // What was typed comes back, unless something else is being typed already.
                    if instead_of.is_none() && self.text.with_untracked(String::is_empty) {
                        browser::remember(&key, &text);
                        self.text.set(text);
                    }
                    self.error.set(Some((refusal.0.message.clone(), refusal.0.needs_sign_in())));
                }
            }
        });
    }

    /// The room shows this conversation, which may have been begun a moment ago.
    fn turn_into(self, id: ConversationId, title: &str) {
        if self.conversation.get_untracked() != Some(id) {
            self.conversation.set(Some(id));
            browser::show_path(&format!("/chat/{id}"));
        }
        retitle(title);
        announce(id, title);
    }

    /// What is typed moves along from an empty room to the conversation that it became.
    fn begin(self, id: ConversationId, title: &str) {
        browser::remember(&untrack(|| self.draft_key()), "");
        self.turn_into(id, title);
        browser::remember(&untrack(|| self.draft_key()), &self.text.get_untracked());
    }

    /// Each new message goes after its parent; what stood there is on another branch now.
    fn grow(self, grown: Grown) {
        self.turn_into(grown.conversation, &grown.title);
        for view in grown.messages {
            // An answer that failed before this reply was written has no run left that would tell.
            if let (None, Some(error)) = (&view.run, &view.error) {
                toasts::complain(error.clone());
            }
            let known = self.messages.with_untracked(|it| it.iter().copied().find(|live| live.id == view.id));
            match known {
                Some(live) => live.take(view),
                None => self.messages.update(|messages| {
                    let keep = match view.parent_id {
                        Some(parent) => {
                            messages.iter().position(|it| it.id == parent).map_or(messages.len(), |at| at + 1)
                        }
                        None => 0,
                    };
                    messages.truncate(keep);
                    messages.push(Live::new(view));
                }),
            }
        }
        self.listen();
    }

    /// Shows another branch; messages that are on both stay as they are.
    fn show(self, thread: Thread) {
        self.has_older.set(thread.has_older);
        let known = self.messages.get_untracked();
        let lives = thread.messages.into_iter().map(|view| match known.iter().find(|it| it.id == view.id) {
            Some(live) => {
                live.take(view);
                *live
            }
            None => Live::new(view),
        });
        self.messages.set(lives.collect());
        self.listen();
    }

    fn prepend(self, thread: Thread) {
        // Whoever reads stays where they read: as far from the end as before.
        let place = self.scroller.get_untracked().map(|it| (it.scroll_height() - it.scroll_top(), it));
        self.has_older.set(thread.has_older);
        self.messages.update(|messages| {
            messages.splice(0..0, thread.messages.into_iter().map(Live::new));
        });
        if let Some((below, scroller)) = place {
            request_animation_frame(move || scroller.set_scroll_top(scroller.scroll_height() - below));
        }
    }

    fn listen(self) {
        for live in self.messages.get_untracked() {
            live.attach(
                move || self.stay_at_end(),
                move |title| {
                    retitle(title);
                    self.stay_at_end();
                },
            );
        }
        self.stay_at_end();
    }

    fn stay_at_end(self) {
        if self.follows.get_untracked() {
            request_animation_frame(move || {
                if let Some(scroller) = self.scroller.get_untracked() {
                    scroller.set_scroll_top(scroller.scroll_height());
                }
            });
        }
    }

    fn stop(self) {
        if let Some(run) = untrack(|| self.running()) {
            self.attempt(functions::stop(run), |()| {});
        }
    }

    fn ask(self, what: Ask) {
        let Some(id) = self.conversation.get_untracked() else { return };
        let agent = Some(self.agent.get_untracked());
        match what {
            Ask::Regenerate(message) => {
                self.attempt(functions::regenerate(id, message, agent), move |grown| self.grow(grown))
            }
            Ask::Continue(message) => self.attempt(functions::resume(id, message), move |grown| self.grow(grown)),
            Ask::Show(message) => self.attempt(functions::select_branch(id, message), move |thread| self.show(thread)),
            Ask::Resend(message, text) => self.send(text, Some(message)),
            Ask::Delete(message) => self.attempt(functions::delete_message(id, message), move |thread| {
                self.show(thread);
                // The button that was pressed is gone.
                browser::focus(".thread");
                toasts::offer_undo("Message deleted", move || {
                    self.attempt(functions::restore_message(id, message), move |thread| self.show(thread))
                });
            }),
        }
    }
}

#[island]
pub fn Room(
    thread: Option<Thread>,
    agents: Vec<AgentChoice>,
    agent: AgentId,
    fields: SettingsFields,
    draft: String,
    error: Option<String>,
) -> impl IntoView {
    let settings = thread.as_ref().map_or_else(ConversationSettings::default, |it| it.settings.clone());
    let is_favourite = thread.as_ref().is_some_and(|it| it.is_favourite);
    let (conversation, title, messages, has_older) = match thread {
        Some(it) => (Some(it.id), it.title, it.messages, it.has_older),
        None => (None, UNTITLED.to_owned(), Vec::<MessageView>::new(), false),
    };
    let state = State {
        conversation: RwSignal::new(conversation),
        title: RwSignal::new(title),
        messages: RwSignal::new(messages.into_iter().map(Live::new).collect()),
        has_older: RwSignal::new(has_older),
        agent: RwSignal::new(agent),
        text: RwSignal::new(browser::typed("composer").unwrap_or_else(|| draft.clone())),
        chips: Chips::default(),
        error: RwSignal::new(error.map(|it| (it, false))),
        follows: RwSignal::new(true),
        scroller: NodeRef::new(),
    };
    if cfg!(feature = "hydrate") {
        ROOM.set(Some(state));
        // A conversation that was begun here has an address of its own, but not a page that Back could return to.
        let handle = window_event_listener(leptos::ev::popstate, |_| drop(window().location().reload()));
        on_cleanup(move || handle.remove());
    }
    Effect::new(move || state.listen());

    let path = Signal::derive(move || state.path());
    let running = Signal::derive(move || state.running().map(|it| it.to_string()));
    let is_empty = move || state.messages.with(Vec::is_empty);
    let older = move |_| {
        let (Some(id), Some(first)) =
            (state.conversation.get_untracked(), state.messages.with_untracked(|it| it.first().map(|it| it.id)))
        else {
            return;
        };
        state.follows.set(false);
        state.attempt(functions::messages(id, Some(first)), move |thread| state.prepend(thread));
    };
    let answering = Answering {
        conversation: state.conversation,
        agents: StoredValue::new(agents),
        agent: state.agent,
        settings: RwSignal::new(settings),
    };
    let ask = move |what| state.ask(what);

    view! {
        <header class="page-head">
            <label class="button icon-only rail-button" for="rail-open" title="Show navigation">{icon(Icon::Menu)}</label>
            <h1 class="room-title">{move || state.title.get()}</h1>
            <div class="page-actions">
                <AnsweringFields answering fields begun=move |id, title| state.begin(id, title)/>
                {move || state.conversation.get().map(|id| view! { <Menu id is_favourite/> })}
            </div>
        </header>
        <h2 class="visually-hidden">"Messages"</h2>
        <div
            class="thread"
            tabindex="-1"
            node_ref=state.scroller
            on:scroll=move |_| {
                if let Some(scroller) = state.scroller.get_untracked() {
                    state.follows.set(browser::is_at_end(&scroller));
                }
            }
            on:click=copy_code
        >
            <div class="column">
                <Show when=move || state.has_older.get()>
                    <button type="button" class="button js-only" on:click=older>"Show older messages"</button>
                </Show>
                <Show when=is_empty>
                    <div class="welcome">
                        {move || answering.chosen().map(|it| view! {
                            <span class="avatar large">{icon(Icon::avatar(&it.avatar))}</span>
                            <h2>{it.name}</h2>
                            <p class="muted">{it.description}</p>
                            <p class="muted small">{answering.model()}</p>
                        })}
                        <Starters pick=move |text: &'static str| {
                            state.text.set(text.to_owned());
                            browser::focus("#composer");
                        }/>
                    </div>
                </Show>
                <For each=move || state.messages.get() key=|it| it.id let(live)>
                    <Message live path ask/>
                </For>
            </div>
        </div>
        <div class="dock">
            <Show when=move || !state.follows.get()>
                <button type="button" class="button icon-only to-end js-only" aria-label="Go to the end" title="Go to the end" on:click=move |_| {
                    state.follows.set(true);
                    state.stay_at_end();
                }>{icon(Icon::Down)}</button>
            </Show>
            <Composer
                path
                draft_key=Signal::derive(move || state.draft_key())
                draft
                running
                error=state.error
                send=move |text| state.send(text, None)
                stop=move || state.stop()
                text=state.text
                chips=state.chips
            />
        </div>
    }
}

/// Code blocks come as HTML from the server; their Copy buttons are heard here.
fn copy_code(event: leptos::ev::MouseEvent) {
    let Some(target) = event.target().and_then(|it| it.dyn_into::<web_sys::Element>().ok()) else { return };
    let Some(button) = target.closest("[data-copy]").ok().flatten() else { return };
    let code = button
        .closest("figure")
        .ok()
        .flatten()
        .and_then(|it| it.query_selector("code").ok().flatten())
        .and_then(|it| it.text_content());
    if let Some(code) = code {
        browser::copy(&code);
        toasts::say("Copied");
    }
}
