//! The palette, by which everything is a few letters away, and the keys that are heard on every page.
//!
//! Two dialogs that are empty until somebody opens them; what the palette offers, the server says then.

use super::{browser, toasts};
use crate::functions;
use crate::shortcuts::{Action, Pressed, SHORTCUTS};
use leptos::html::{Dialog, Input};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use wasm_bindgen::JsCast as _;

/// Something that the palette offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// As one looks for it.
    pub label: String,
    /// What is said there, of a message.
    pub detail: String,
    /// What it is, in a word.
    pub kind: String,
    pub to: To,
}

/// Where an entry leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum To {
    Page(String),
    Action(Action),
}

/// How long nothing is typed before it is asked for.
const PAUSE: Duration = Duration::from_millis(120);

/// In this browser: keys alone do nothing.
const ONLY_COMBINED: &str = "keys:only-combined";

const COMPOSER: &str = "#composer";
const STOP: &str = ".composer [value=stop]";
const COPY: &str = ".from-agent .copy";
const SIGN_OUT: &str = ".rail-foot form button";
const CONVERSATIONS: &str = ".conversation > a";

/// Whether it makes sense on this page at this moment.
fn is_possible(to: &To) -> bool {
    match to {
        To::Action(Action::Stop) => browser::last(STOP).is_some(),
        To::Action(Action::Copy) => browser::last(COPY).is_some(),
        _ => true,
    }
}

/// Opens the conversation that stands so many places further down the list.
fn step(by: i32) {
    let links = browser::all(CONVERSATIONS);
    let here = links.iter().position(|it| it.has_attribute("aria-current"));
    let at = match (here, by) {
        (Some(at), _) => usize::try_from(i32::try_from(at).unwrap_or_default() + by).ok(),
        (None, 1) => Some(0),
        (None, _) => None,
    };
    if let Some(link) = at.and_then(|at| links.get(at)) {
        link.click();
    }
}

#[derive(Clone, Copy)]
struct State {
    palette: NodeRef<Dialog>,
    sheet: NodeRef<Dialog>,
    field: NodeRef<Input>,
    typed: RwSignal<String>,
    /// What was found, and for what.
    found: RwSignal<Option<(String, Vec<Entry>)>>,
    chosen: RwSignal<usize>,
    /// Enter was pressed before the answer came.
    is_hasty: StoredValue<bool>,
    shows_sheet: RwSignal<bool>,
}

impl State {
    fn is_open(self) -> bool {
        [self.palette, self.sheet].iter().any(|it| it.get_untracked().is_some_and(|it| it.open()))
    }

    fn open(self) {
        let Some(dialog) = self.palette.get_untracked().filter(|it| !it.open()) else { return };
        self.typed.set(String::new());
        if let Some(field) = self.field.get_untracked() {
            field.set_value("");
        }
        self.ask(String::new());
        let _ = dialog.show_modal();
    }

    fn close(self) {
        if let Some(dialog) = self.palette.get_untracked() {
            dialog.close();
        }
    }

    fn type_in(self, text: String) {
        self.typed.set(text.clone());
        self.is_hasty.set_value(false);
        set_timeout(
            move || {
                if self.typed.with_untracked(|it| *it == text) {
                    self.ask(text);
                }
            },
            PAUSE,
        );
    }

    fn ask(self, text: String) {
        spawn_local(async move {
            let answer = functions::find(text.clone()).await;
            // An answer to what is no longer asked is stale, whenever it comes.
            if self.typed.with_untracked(|it| *it != text) {
                return;
            }
            match answer {
                Ok(entries) => {
                    let entries: Vec<_> = entries.into_iter().filter(|it| is_possible(&it.to)).collect();
                    self.chosen.set(0);
                    self.found.set(Some((text, entries)));
                    if self.is_hasty.get_value() {
                        self.is_hasty.set_value(false);
                        request_animation_frame(move || self.enter());
                    }
                }
                Err(refusal) => toasts::complain(refusal.0.message),
            }
        });
    }

    /// What is chosen happens; if the answer is not there yet, as soon as it is.
    fn enter(self) {
        let is_answered =
            self.found.with_untracked(|it| it.as_ref().map(|it| &it.0) == Some(&self.typed.get_untracked()));
        if is_answered {
            if let Some(entry) = browser::last(&format!("#found-{}", self.chosen.get_untracked())) {
                entry.click();
            }
        } else {
            self.is_hasty.set_value(true);
        }
    }

    fn walk(self, by: i32) {
        let count = self.found.with_untracked(|it| it.as_ref().map_or(0, |it| it.1.len()));
        let Ok(count) = i32::try_from(count) else { return };
        if count > 0 {
            let at = i32::try_from(self.chosen.get_untracked()).unwrap_or_default();
            let next = (at + by).rem_euclid(count);
            self.chosen.set(usize::try_from(next).unwrap_or_default());
            browser::reveal(&format!("#found-{next}"));
        }
    }

    fn run(self, action: Action) {
        self.close();
        match action {
            Action::Find => self.open(),
            Action::Shortcuts => {
                self.shows_sheet.set(true);
                if let Some(dialog) = self.sheet.get_untracked() {
                    let _ = dialog.show_modal();
                }
            }
            Action::New => browser::go("/"),
            Action::Search => browser::go("/search"),
            Action::Write if browser::last(COMPOSER).is_some() => browser::focus(COMPOSER),
            Action::Write => browser::go("/"),
            Action::Older => step(1),
            Action::Newer => step(-1),
            Action::Copy => {
                if let Some(button) = browser::last(COPY) {
                    button.click();
                    toasts::say("Answer copied");
                }
            }
            Action::Stop => browser::last(STOP).iter().for_each(web_sys::HtmlElement::click),
            Action::SignOut => browser::last(SIGN_OUT).iter().for_each(web_sys::HtmlElement::click),
        }
    }

    fn hear(self, event: &leptos::ev::KeyboardEvent) {
        if event.default_prevented() || event.is_composing() || self.is_open() {
            return;
        }
        let (key, code) = (event.key(), event.code());
        let pressed = Pressed {
            key: &key,
            code: &code,
            ctrl: event.ctrl_key(),
            meta: event.meta_key(),
            alt: event.alt_key(),
            shift: event.shift_key(),
            is_typing: browser::is_typing(),
            is_mac: browser::is_mac(),
            only_combined: browser::remembered(ONLY_COMBINED).is_some(),
        };
        if let Some(action) = pressed.action().filter(|it| is_possible(&To::Action(*it))) {
            event.prevent_default();
            self.run(action);
        }
    }
}

#[island]
pub fn Palette() -> impl IntoView {
    let state = State {
        palette: NodeRef::new(),
        sheet: NodeRef::new(),
        field: NodeRef::new(),
        typed: RwSignal::new(String::new()),
        found: RwSignal::new(None),
        chosen: RwSignal::new(0),
        is_hasty: StoredValue::new(false),
        shows_sheet: RwSignal::new(false),
    };
    if cfg!(feature = "hydrate") {
        let keys = window_event_listener(leptos::ev::keydown, move |event| state.hear(&event));
        // The button that opens it stands in the rail, which is no island.
        let clicks = window_event_listener(leptos::ev::click, move |event| {
            let target = event.target().and_then(|it| it.dyn_into::<web_sys::Element>().ok());
            if target.is_some_and(|it| it.closest("[data-find]").ok().flatten().is_some()) {
                state.open();
            }
        });
        on_cleanup(move || {
            keys.remove();
            clicks.remove();
        });
    }
    let keyed = move |event: leptos::ev::KeyboardEvent| {
        match event.key().as_str() {
            _ if event.is_composing() => return,
            "ArrowDown" => state.walk(1),
            "ArrowUp" => state.walk(-1),
            "Enter" => state.enter(),
            _ => return,
        }
        event.prevent_default();
    };
    let count = move || state.found.with(|it| it.as_ref().map(|it| it.1.len()));
    let told = move || match count() {
        None => "Looking…".to_owned(),
        Some(0) => "Nothing was found. Every word must be met: try fewer, or only their beginnings.".to_owned(),
        Some(1) => "1 found".to_owned(),
        Some(count) => format!("{count} found"),
    };
    view! {
        <dialog class="palette" node_ref=state.palette aria-label="Find anything" on:click=close_beside on:close=move |_| state.found.set(None)>
            <input
                node_ref=state.field
                type="search"
                role="combobox"
                aria-label="Find pages, actions, conversations and messages"
                aria-expanded=move || (count().unwrap_or_default() > 0).to_string()
                aria-controls="found"
                aria-autocomplete="list"
                aria-activedescendant=move || (count().unwrap_or_default() > 0).then(|| format!("found-{}", state.chosen.get()))
                placeholder="Find anything"
                maxlength="200"
                autocomplete="off"
                spellcheck="false"
                on:input:target=move |event| state.type_in(event.target().value())
                on:keydown=keyed
            />
            <div id="found" role="listbox" aria-label="Found">
                {move || state.found.get().map(|(_, entries)| entries.into_iter().enumerate().map(|(at, entry)| option(state, at, entry)).collect_view())}
            </div>
            <p class="palette-told" class:visually-hidden=move || count() != Some(0) role="status">{told}</p>
        </dialog>
        <dialog class="sheet" node_ref=state.sheet aria-labelledby="sheet-title" on:click=close_beside on:close=move |_| state.shows_sheet.set(false)>
            <div class="sheet-body">
                <form method="dialog" class="sheet-head">
                    <h2 id="sheet-title">"Keyboard shortcuts"</h2>
                    <button class="button">"Close"</button>
                </form>
                <Show when=move || state.shows_sheet.get()><Keys/><Switch/></Show>
            </div>
        </dialog>
    }
}

/// A dialog's own ground is what is around it.
fn close_beside(event: leptos::ev::MouseEvent) {
    if let Some(dialog) = event.target().and_then(|it| it.dyn_into::<web_sys::HtmlDialogElement>().ok()) {
        dialog.close();
    }
}

fn option(state: State, at: usize, entry: Entry) -> AnyView {
    let id = format!("found-{at}");
    let is_chosen = move || (state.chosen.get() == at).to_string();
    let words = view! {
        <span class="palette-label">{entry.label}</span>
        <span class="palette-kind">{entry.kind}</span>
        {(!entry.detail.is_empty()).then(|| view! { <span class="palette-detail">{entry.detail}</span> })}
    };
    match entry.to {
        To::Page(href) => view! { <a id=id role="option" tabindex="-1" aria-selected=is_chosen href=href on:click=move |_| state.close()>{words}</a> }.into_any(),
        To::Action(action) => view! { <button id=id type="button" role="option" tabindex="-1" aria-selected=is_chosen on:click=move |_| state.run(action)>{words}</button> }.into_any(),
    }
}

/// Who speaks to a computer, or hits keys by accident, has no use for keys alone.
#[component]
fn Switch() -> impl IntoView {
    let is_off = browser::remembered(ONLY_COMBINED).is_some();
    view! {
        <label class="sheet-switch">
            <input type="checkbox" checked=is_off on:change:target=move |event| browser::remember(ONLY_COMBINED, if event.target().checked() { "on" } else { "" })/>
            <span>"In this browser, keys alone (? and /) do nothing"</span>
        </label>
    }
}

/// The table, as people read it.
#[component]
pub fn Keys() -> impl IntoView {
    let row = |keys: Vec<&'static str>, what: &'static str| {
        let keys = keys.into_iter().map(|it| view! { <kbd>{it}</kbd> }).collect_view();
        view! { <div><dt>{keys}</dt><dd>{what}</dd></div> }
    };
    view! {
        <dl class="keys">{SHORTCUTS.iter().map(|it| row(it.press.keys(), it.what)).collect_view()}</dl>
        <p class="muted small">"On a Mac, Ctrl is ⌘ and Alt is ⌥."</p>
    }
}
