//! Who answers in the room, and how: the agent, and what this conversation has otherwise than it.
//!
//! All of it belongs to the composer's form. Without JavaScript the agent comes with the next message, and Save sends the
//! rest by itself, with what was typed meanwhile.

use super::{browser, toasts};
use crate::functions;
use crate::icons::{Icon, icon};
use atrium::FieldError;
use atrium::catalogue::Provider;
use atrium::chat::{ConversationSettings, SettingsForm};
use atrium::ids::{AgentId, ConversationId};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::{Deserialize, Serialize};

/// An agent to choose for the next message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentChoice {
    pub id: AgentId,
    pub name: String,
    pub description: String,
    pub avatar: String,
    pub provider: Provider,
    pub model: String,
    pub temperature: f64,
}

/// The fields of the settings as the page begins with them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsFields {
    /// As stored, or as typed and refused.
    pub model: String,
    pub temperature: String,
    /// What was wrong.
    pub errors: Vec<FieldError>,
    /// Not every role chooses models.
    pub may_choose_model: bool,
}

/// What the settings are of; signals all.
#[derive(Clone, Copy)]
pub struct Answering {
    pub conversation: RwSignal<Option<ConversationId>>,
    pub agents: StoredValue<Vec<AgentChoice>>,
    pub agent: RwSignal<AgentId>,
    pub settings: RwSignal<ConversationSettings>,
}

impl Answering {
    /// Whoever answers next.
    pub fn chosen(self) -> Option<AgentChoice> {
        let id = self.agent.get();
        self.agents.with_value(|it| it.iter().find(|it| it.id == id).cloned())
    }

    /// The model that answers next.
    pub fn model(self) -> Option<String> {
        let chosen = self.chosen()?;
        Some(self.settings.with(|it| it.model_of(chosen.provider).map(str::to_owned)).unwrap_or(chosen.model))
    }

    /// What counts here and is not the agent's own, in a few words.
    fn otherwise(self) -> Option<String> {
        let provider = self.chosen()?.provider;
        self.settings.with(|it| {
            let parts = [it.model_of(provider).map(str::to_owned), it.temperature.map(|it| it.to_string())];
            let parts: Vec<_> = parts.into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(" · "))
        })
    }
}

/// The agent, and the settings behind a button.
#[component]
pub fn AnsweringFields(
    answering: Answering,
    fields: SettingsFields,
    /// An empty room became a conversation of that title.
    begun: impl Fn(ConversationId, &str) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let SettingsFields { model, temperature, errors, may_choose_model } = fields;
    let is_open = !errors.is_empty();
    let errors = RwSignal::new(errors);
    let model = RwSignal::new(browser::typed("model").unwrap_or(model));
    let temperature = RwSignal::new(browser::typed("temperature").unwrap_or(temperature));
    let offered = RwSignal::new(Vec::<String>::new());
    let panel = NodeRef::<leptos::html::Details>::new();

    let settle = move |form: SettingsForm, is_form: bool| {
        spawn_local(async move {
            match functions::settle(answering.conversation.get_untracked(), form).await {
                Ok(settled) => {
                    if answering.conversation.get_untracked().is_none() {
                        begun(settled.conversation, &settled.title);
                    }
                    if is_form {
                        let provider = untrack(|| answering.chosen()).map(|it| it.provider);
                        let kept = provider.and_then(|it| settled.settings.model_of(it).map(str::to_owned));
                        model.set(kept.unwrap_or_default());
                        temperature.set(settled.settings.temperature.map(|it| it.to_string()).unwrap_or_default());
                        errors.set(Vec::new());
                        if let Some(panel) = panel.get_untracked() {
                            panel.set_open(false);
                        }
                        browser::focus("#composer");
                        toasts::say("Saved for this conversation");
                    }
                    answering.settings.set(settled.settings);
                }
                Err(refusal) if is_form && !refusal.0.fields.is_empty() => errors.set(refusal.0.fields),
                Err(refusal) => toasts::complain(refusal.0.message),
            }
        });
    };
    let save = move |model: String, temperature: String| {
        let agent = Some(answering.agent.get_untracked());
        let model = may_choose_model.then_some(model);
        settle(SettingsForm { agent, model, temperature: Some(temperature) }, true);
    };
    let choose = move |id: AgentId| {
        answering.agent.set(id);
        offered.set(Vec::new());
        if answering.conversation.get_untracked().is_some() {
            settle(SettingsForm { agent: Some(id), ..SettingsForm::default() }, false);
        }
    };
    // What a provider offers is asked when somebody is about to choose.
    let ask = move || {
        let is_open = panel.get_untracked().is_some_and(|it| it.open());
        let provider = untrack(|| answering.chosen()).map(|it| it.provider);
        let Some(provider) = provider.filter(|it| is_open && *it != Provider::N8n) else { return };
        spawn_local(async move {
            if let Ok(models) = functions::models(provider.as_str().to_owned()).await {
                offered.set(models);
            }
        });
    };

    let first = answering.agent.get_untracked();
    let options = answering.agents.with_value(|agents| {
        let option = |it: &AgentChoice| {
            view! { <option value=it.id.to_string() selected=it.id == first>{it.name.clone()}</option> }
        };
        agents.iter().map(option).collect_view()
    });
    let is_workflow = move || answering.chosen().is_some_and(|it| it.provider == Provider::N8n);
    let own_model = move || answering.chosen().map(|it| it.model).unwrap_or_default();
    let own_temperature = move || answering.chosen().map(|it| it.temperature.to_string()).unwrap_or_default();
    view! {
        <label class="agent-picker">
            <span class="visually-hidden">"Agent"</span>
            <select name="agent" form="composer-form" on:change:target=move |event| {
                if let Ok(id) = event.target().value().parse() {
                    choose(id);
                }
            }>{options}</select>
        </label>
        <details class="menu" node_ref=panel open=is_open on:toggle=move |_| ask()>
            <summary class="button tune" title="Settings of this conversation">
                {icon(Icon::Tune)}
                <span class="visually-hidden">"Settings of this conversation"</span>
                {move || answering.otherwise().map(|it| view! { <span class="otherwise">{it}</span> })}
            </summary>
            <div class="menu-panel">
                <p class="help">"For this conversation only. What is empty is as the agent has it."</p>
                {may_choose_model.then(|| view! {
                    <div class="field">
                        <label for="model">"Model"</label>
                        <input
                            id="model"
                            name="model"
                            form="composer-form"
                            list="models"
                            autocomplete="off"
                            placeholder=own_model
                            disabled=is_workflow
                            prop:value=model
                            value=model.get_untracked()
                            aria-describedby="model-help"
                            aria-invalid=move || is_wrong(errors, "model")
                            on:input:target=move |event| model.set(event.target().value())
                        />
                        <datalist id="models">{move || offered.get().into_iter().map(|it| view! { <option value=it></option> }).collect_view()}</datalist>
                        {note(errors, "model")}
                    </div>
                })}
                <div class="field">
                    <label for="temperature">"Temperature"</label>
                    <input
                        id="temperature"
                        name="temperature"
                        form="composer-form"
                        inputmode="decimal"
                        autocomplete="off"
                        placeholder=own_temperature
                        prop:value=temperature
                        value=temperature.get_untracked()
                        aria-describedby="temperature-help"
                        aria-invalid=move || is_wrong(errors, "temperature")
                        on:input:target=move |event| temperature.set(event.target().value())
                    />
                    {note(errors, "temperature")}
                </div>
                <div class="menu-buttons">
                    <button class="button primary" form="composer-form" name="action" value="settle" on:click=move |event| {
                        event.prevent_default();
                        save(model.get_untracked(), temperature.get_untracked());
                    }>"Save"</button>
                    <button class="button" form="composer-form" name="action" value="unsettle" on:click=move |event| {
                        event.prevent_default();
                        save(String::new(), String::new());
                    }>"Reset to the agent's own"</button>
                </div>
            </div>
        </details>
    }
}

fn is_wrong(errors: RwSignal<Vec<FieldError>>, name: &'static str) -> Option<&'static str> {
    errors.with(|it| it.iter().any(|it| it.field == name)).then_some("true")
}

/// Below a field: what is wrong with it.
fn note(errors: RwSignal<Vec<FieldError>>, name: &'static str) -> impl IntoView {
    let told = move || errors.with(|it| it.iter().find(|it| it.field == name).map(|it| it.message.clone()));
    view! {
        <div id=format!("{name}-help") aria-live="polite">
            {move || told().map(|it| view! { <p class="field-error">{icon(Icon::Warning)}<span>{it}</span></p> })}
        </div>
    }
}
