//! Providers and what their models cost.

use super::administered;
use super::asked::Asked;
use crate::components::{ErrorSummary, FieldNote, FormState, TextField};
use crate::forms::{Done, Fields};
use crate::islands::toasts::Undo;
use crate::visit::Visit;
use atrium::catalogue::{MODELS, Price, PriceForm, Provider, plain_dollars};
use atrium::settings::{SettingView, Source};
use atrium_domain::{Error, Result};
use leptos::prelude::*;

const PATH: &str = "/admin/providers";

#[component]
pub fn Providers() -> impl IntoView {
    let state = FormState::current();
    let asked = Asked::current();
    administered("Providers", async move |visit, viewer| {
        let settings = visit.atrium.settings.list(&viewer)?;
        let connections = &visit.atrium.connections;
        let asks = asked.text("ask").and_then(Provider::parse);
        // Nobody is asked by merely opening this page.
        let answer = match asks {
            Some(provider) => Some((provider, connections.models(&viewer, provider).await)),
            None => None,
        };
        // Fixed at start, so that it is not among those that can be changed.
        let workflows = visit.atrium.settings.text("n8n_base_url");
        let rows = Provider::ALL.map(|provider| {
            let state = match connections.adapter(provider) {
                Err(_) => "lacks a key",
                Ok(_) if provider == Provider::N8n && workflows.is_empty() => "no server; agents name whole addresses",
                Ok(_) => "ready",
            };
            let answer = answer.as_ref().filter(|it| it.0 == provider).map(|it| told(&it.1));
            provider_row(provider, &settings, (state, &workflows), answer)
        });
        let prices = connections.prices().list(&viewer)?;
        Ok(view! {
            <section class="section">
                <p class="muted">"Keys and addresses are on the " <a href="/admin/settings">"settings page"</a> "."</p>
                <div class="table-scroll" tabindex="0" role="region" aria-label="Providers">
                    <table class="table">
                        <thead><tr><th scope="col">"Provider"</th><th scope="col">"State"</th><th scope="col">"Address"</th><th scope="col">"Key"</th><th scope="col">"Reached"</th></tr></thead>
                        <tbody>{rows.collect_view()}</tbody>
                    </table>
                </div>
            </section>
            <section class="section measured" id="prices">
                <h2>"Set a price"</h2>
                <ErrorSummary state=state.clone()/>
                {price_form(&state)}
            </section>
            <section class="section">
                <h2>"Prices"</h2>
                <p class="muted">"Dollars for a million tokens. A model costs what the longest name says that its own begins with; a price set here counts from the next call on. What runs on one's own machine is free unless a price is set."</p>
                {price_table(&prices)}
            </section>
        })
    })
}

fn provider_row(
    provider: Provider,
    settings: &[SettingView],
    (state, workflows): (&'static str, &str),
    answer: Option<String>,
) -> AnyView {
    let setting = |what: &str| settings.iter().find(|it| it.key == format!("{}_{what}", provider.as_str()));
    let address = match provider {
        Provider::N8n => workflows.to_owned(),
        _ => setting("base_url").map(|it| it.value.clone()).unwrap_or_default(),
    };
    let key = match setting("api_key") {
        None => "not needed",
        Some(it) if it.source != Source::BuiltIn => it.source.label(),
        Some(_) if provider.needs_key() => "missing",
        Some(_) => "none",
    };
    let label = format!("Ask {} now", provider.label());
    view! {
        <tr>
            <th scope="row">{provider.label()}</th>
            <td>{state}</td>
            <td>{address}</td>
            <td>{key}</td>
            <td>
                <form class="inline-form"><button class="button" name="ask" value=provider.as_str() aria-label=label>"Ask now"</button></form>
                {answer.map(|it| view! { <p role="status">{it}</p> })}
            </td>
        </tr>
    }
    .into_any()
}

fn told(answer: &Result<Vec<String>>) -> String {
    match answer {
        Ok(models) if models.is_empty() => "It answers, and offers no models.".to_owned(),
        Ok(models) if models.len() == 1 => "It answers, and offers 1 model.".to_owned(),
        Ok(models) => format!("It answers, and offers {} models.", models.len()),
        Err(error) => error.to_string(),
    }
}

fn price_form(state: &FormState) -> AnyView {
    let chosen = state.value("provider", Provider::OpenAi.as_str());
    let options = Provider::ALL
        .map(|it| view! { <option value=it.as_str() selected=it.as_str() == chosen>{it.label()}</option> })
        .collect_view();
    view! {
        <form method="post" class="form">
            <div class="field-pair">
                <div class="field">
                    <label for="provider">"Provider"</label>
                    <select id="provider" name="provider" aria-describedby="provider-help">{options}</select>
                    <FieldNote name="provider" help=None error=state.error("provider")/>
                </div>
                <TextField name="model" label="Model" state=state.clone() help="Its id, or what the ids of several begin with."/>
            </div>
            <div class="field-pair">
                <TextField name="prompt_price" label="Prompt" state=state.clone() inputmode="decimal" help="Dollars for a million tokens."/>
                <TextField name="completion_price" label="Answer" state=state.clone() inputmode="decimal" help="Dollars for a million tokens."/>
            </div>
            <div class="form-end"><button class="button primary" name="action" value="set">"Set price"</button></div>
        </form>
    }
    .into_any()
}

fn price_table(own: &[Price]) -> AnyView {
    let own = own.iter().map(|it| {
        let label = format!("Forget the price of {}", it.model);
        let forget = view! {
            <form method="post" class="inline-form">
                <input type="hidden" name="provider" value=it.provider.as_str()/>
                <input type="hidden" name="model" value=it.model.clone()/>
                <button class="button" name="action" value="forget" aria-label=label>"Forget"</button>
            </form>
        };
        price_row(it.model.clone(), it.provider.label(), it.prompt_price, it.completion_price, forget.into_any())
    });
    let known = MODELS.iter().map(|(model, facts)| {
        price_row((*model).to_owned(), "", facts.prompt_price, facts.completion_price, "Atrium's table".into_any())
    });
    let rows = own.chain(known).collect_view();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="Prices">
            <table class="table">
                <thead><tr><th scope="col">"Models that begin with"</th><th scope="col">"Provider"</th><th scope="col">"Prompt"</th><th scope="col">"Answer"</th><th scope="col">"Set by"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn price_row(model: String, provider: &'static str, prompt: i64, completion: i64, by: AnyView) -> AnyView {
    let (prompt, completion) = (format!("${}", plain_dollars(prompt)), format!("${}", plain_dollars(completion)));
    view! { <tr><th scope="row">{model}</th><td>{provider}</td><td>{prompt}</td><td>{completion}</td><td>{by}</td></tr> }
        .into_any()
}

/// `POST /admin/providers`: what its buttons do to prices.
pub async fn submit(visit: &Visit, fields: &Fields) -> Result<Done> {
    let (atrium, actor) = (&visit.atrium, visit.actor()?);
    let prices = atrium.connections.prices();
    match fields.text("action") {
        "set" => {
            let price = fields.read::<PriceForm>()?.check().map_err(Error::Invalid)?;
            prices.set(&atrium.store, &atrium.ports, actor, &price).await?;
            visit.toast(format!("The price of {} is set", price.model), None).await?;
        }
        "forget" => {
            let provider = Provider::parse(fields.text("provider")).ok_or(Error::NotFound("price"))?;
            let was = prices.forget(&atrium.store, &atrium.ports, actor, provider, fields.text("model")).await?;
            let fields = [
                ("action", "set".to_owned()),
                ("provider", was.provider.as_str().to_owned()),
                ("model", was.model.clone()),
                ("prompt_price", plain_dollars(was.prompt_price)),
                ("completion_price", plain_dollars(was.completion_price)),
            ];
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let undo = Undo { path: PATH.to_owned(), fields };
            visit.toast(format!("The price of {} is forgotten", was.model), Some(undo)).await?;
        }
        _ => return Err(Error::NotFound("action")),
    }
    Ok(Done::then(PATH))
}
