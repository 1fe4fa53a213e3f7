//! Fields of forms, with what was typed and what is wrong with it.

use crate::forms::{self, Refused};
use crate::icons::{Icon, icon};
use atrium::Failure;
use atrium::text::escape_html;
use leptos::prelude::*;

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

    /// The first of `names` that is wrong, in the order of the form.
    #[must_use]
    pub fn first_wrong(&self, names: &[&'static str]) -> Option<&'static str> {
        names.iter().copied().find(|it| self.error(it).is_some())
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
