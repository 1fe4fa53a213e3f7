//! Provider and model of an agent: what the provider really offers, and a button to try it.

use super::browser;
use crate::functions;
use crate::icons::{Icon, icon};
use atrium::agents::AgentForm;
use atrium::catalogue::Provider;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The answer to a trial, or why there is none.
#[derive(Clone, PartialEq)]
enum Trial {
    None,
    Running,
    Answered(String),
    Refused(String),
}

#[island]
pub fn ModelField(provider: String, model: String, error: Option<String>) -> impl IntoView {
    let chosen = RwSignal::new(browser::typed("provider").unwrap_or(provider));
    let model = RwSignal::new(browser::typed("model").unwrap_or(model));
    let offered = RwSignal::new(Vec::<String>::new());
    let problem = RwSignal::new(error);
    let note = RwSignal::new(None::<String>);
    let trial = RwSignal::new(Trial::None);
    // A model that the chosen provider does not offer gives way, but never under somebody's fingers: what was typed since
    // stays, and while the keyboard is in the field it is not touched.
    let may_give_way = StoredValue::new(false);

    let give_way = move || {
        let first = offered.with_untracked(|it| it.first().filter(|_| !it.contains(&model.get_untracked())).cloned());
        if let Some(first) = first.filter(|_| may_give_way.get_value()) {
            model.set(first);
        }
    };
    let ask = move |provider: String| {
        offered.set(Vec::new());
        note.set(Some("Asking the provider what it offers…".to_owned()));
        spawn_local(async move {
            let answer = functions::models(provider.clone()).await;
            if chosen.get_untracked() != provider {
                return;
            }
            match answer {
                Ok(models) if models.is_empty() => {
                    note.set(Some("The provider offers no models yet. Type a name if you know one.".to_owned()));
                    offered.set(models);
                }
                Ok(models) => {
                    note.set(Some(if models.len() == 1 {
                        "1 model offered".to_owned()
                    } else {
                        format!("{} models offered; type to search them", models.len())
                    }));
                    offered.set(models);
                    if !browser::has_focus("model") {
                        give_way();
                    }
                }
                Err(refusal) => {
                    offered.set(Vec::new());
                    note.set(Some(refusal.0.message));
                }
            }
        });
    };
    Effect::new(move || ask(chosen.get()));
    let test = move |_| {
        let Some(form) = read_form() else { return };
        trial.set(Trial::Running);
        spawn_local(async move {
            trial.set(match functions::test_agent(form).await {
                Ok(answer) => Trial::Answered(answer),
                Err(refusal) => {
                    let fields = refusal.0.fields.iter().map(|it| it.message.clone()).collect::<Vec<_>>().join(" ");
                    Trial::Refused(if fields.is_empty() { refusal.0.message } else { fields })
                }
            });
        });
    };
    let options = Provider::ALL.map(
        |it| view! { <option value=it.as_str() selected=move || chosen.get() == it.as_str()>{it.label()}</option> },
    );

    view! {
        <div class="field-pair">
            <div class="field">
                <label for="provider">"Provider"</label>
                <select id="provider" name="provider" on:change:target=move |event| {
                    may_give_way.set_value(true);
                    chosen.set(event.target().value());
                }>{options}</select>
            </div>
            <div class="field">
                <label for="model">"Model"</label>
                <input
                    id="model"
                    name="model"
                    list="models"
                    autocomplete="off"
                    prop:value=model
                    value=model.get_untracked()
                    aria-describedby="model-help"
                    aria-invalid=move || problem.with(Option::is_some).then_some("true")
                    on:input:target=move |event| {
                        problem.set(None);
                        may_give_way.set_value(false);
                        model.set(event.target().value());
                    }
                    on:blur=move |_| give_way()
                />
                <datalist id="models">{move || offered.get().into_iter().map(|it| view! { <option value=it></option> }).collect_view()}</datalist>
            </div>
        </div>
        <div class="model-note" id="model-help" aria-live="polite">
            {move || match (problem.get(), note.get()) {
                (Some(problem), _) => view! { <p class="field-error">{icon(Icon::Warning)}<span>{problem}</span></p> }.into_any(),
                (None, note) => view! { <p class="help">{note}</p> }.into_any(),
            }}
        </div>
        <div class="trial js-only">
            <button type="button" class="button" disabled=move || trial.get() == Trial::Running on:click=test>"Test"</button>
            <div aria-live="polite">
                {move || match trial.get() {
                    Trial::None => ().into_any(),
                    Trial::Running => view! { <p class="muted">"Asking the model to introduce itself…"</p> }.into_any(),
                    Trial::Answered(answer) => view! { <blockquote class="trial-answer">{answer}</blockquote> }.into_any(),
                    Trial::Refused(message) => view! { <p class="field-error">{icon(Icon::Warning)}<span>{message}</span></p> }.into_any(),
                }}
            </div>
        </div>
    }
}

/// The form around this island as it is typed at this moment.
fn read_form() -> Option<AgentForm> {
    use wasm_bindgen::JsCast as _;
    let form = document().get_element_by_id("agent-form")?;
    let value = |name: &str| {
        let field = form.query_selector(&format!("[name={name}]")).ok().flatten()?;
        match field.dyn_ref::<web_sys::HtmlInputElement>() {
            Some(input) => Some(input.value()),
            None => field
                .dyn_ref::<web_sys::HtmlTextAreaElement>()
                .map(web_sys::HtmlTextAreaElement::value)
                .or_else(|| field.dyn_ref::<web_sys::HtmlSelectElement>().map(web_sys::HtmlSelectElement::value)),
        }
    };
    let text = |name: &str| value(name).unwrap_or_default();
    Some(AgentForm {
        name: atrium::text::filled(&text("name")).unwrap_or("Trial").to_owned(),
        provider: text("provider"),
        model: text("model"),
        temperature: text("temperature"),
        max_tokens: text("max_tokens"),
        system_prompt: text("system_prompt"),
        ..AgentForm::default()
    })
}
