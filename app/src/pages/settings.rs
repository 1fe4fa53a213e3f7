//! Settings of the server, for its administrators: what is in force and where it comes from.

use crate::components::{ErrorSummary, FieldNote, FormState};
use crate::forms::{Done, Fields};
use crate::pages::admin::administered;
use crate::visit::Visit;
use atrium::settings::{SettingView, Source};
use atrium_domain::Result;
use leptos::prelude::*;

#[component]
pub fn SettingsPage() -> impl IntoView {
    let state = FormState::current();
    administered("Settings", async move |visit, viewer| {
        let settings = visit.atrium.settings.list(&viewer)?;
        let fields = settings.into_iter().map(|it| field(it, &state)).collect_view();
        Ok(view! {
            <p class="muted">"A value set here comes before the environment, .env and atrium.toml. Keys are stored encrypted and never shown again."</p>
            <ErrorSummary state=state/>
            <form method="post" class="form">
                {fields}
                <div class="form-end"><button class="button primary">"Save settings"</button></div>
            </form>
        })
    })
}

fn field(setting: SettingView, state: &FormState) -> impl IntoView + use<> {
    let SettingView { key, label, help, value, is_secret, is_flag, source } = setting;
    let is_set_here = source == Source::Database;
    // What was typed comes back in a refused form, but never a key.
    let shown = if is_secret { String::new() } else { state.value(&key, &value) };
    let error = state.error(&key);
    let reset = format!("reset:{key}");
    let note = format!("{key}-help");
    let placeholder = match (is_secret, source) {
        (true, Source::BuiltIn) => "not set".to_owned(),
        (true, _) => "set; type to replace it".to_owned(),
        _ => String::new(),
    };
    let input = if is_flag {
        let is_on = shown == "true" || shown == "on" || shown == "1";
        view! {
            <select id=key.clone() name=key.clone() aria-describedby=note.clone()>
                <option value="true" selected=is_on>"Yes"</option>
                <option value="false" selected=!is_on>"No"</option>
            </select>
        }
        .into_any()
    } else {
        let kind = if is_secret { "password" } else { "text" };
        view! { <input id=key.clone() name=key.clone() type=kind value=shown placeholder=placeholder autocomplete="off" aria-describedby=note.clone() aria-invalid=error.is_some().then_some("true")/> }.into_any()
    };
    view! {
        <div class="field">
            <div class="field-head">
                <label for=key.clone()>{label}</label>
                <span class="source">{source.label()}</span>
            </div>
            {input}
            <FieldNote name=key help=Some(help) error/>
            {is_set_here.then(|| view! { <label class="reset"><input type="checkbox" name=reset value="on"/><span>"Forget this value and use what environment and files say"</span></label> })}
        </div>
    }
}

/// `POST /admin/settings`: only what differs from what is in force is stored.
pub async fn submit(visit: &Visit, fields: &Fields) -> Result<Done> {
    let actor = visit.actor()?;
    let mut changes = Vec::new();
    for setting in visit.atrium.settings.list(actor.viewer)? {
        let typed = fields.text(&setting.key);
        if fields.has(&format!("reset:{}", setting.key)) {
            changes.push((setting.key, None));
        } else if fields.has(&setting.key) && typed != setting.value && !(setting.is_secret && typed.is_empty()) {
            changes.push((setting.key, Some(typed.to_owned())));
        }
    }
    let atrium = &visit.atrium;
    atrium.settings.change(&atrium.store, &atrium.ports, actor, changes).await?;
    visit.toast("Settings saved", None).await?;
    Ok(Done::then("/admin/settings"))
}
