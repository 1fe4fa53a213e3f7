//! Areas of expertise: the list of them, and the forms that make and change them.

use super::administered;
use crate::components::{ErrorSummary, FormState, TextArea, TextField};
use crate::forms::{Done, Fields};
use crate::islands::toasts::Undo;
use crate::visit::Visit;
use atrium::expertise::{ExpertiseArea, ExpertiseAreaForm};
use atrium::ids::ExpertiseAreaId;
use atrium::paging::{PAGE_SIZE_MAX, PageRequest};
use atrium_domain::{Error, Result, expertise};
use leptos::prelude::*;

/// Where they are kept.
const PATH: &str = "/admin/expertise";

#[component]
pub fn ExpertiseAreas() -> impl IntoView {
    let state = FormState::current();
    administered("Areas of expertise", async move |visit, viewer| {
        let request = PageRequest { page: 1, size: PAGE_SIZE_MAX };
        let page = expertise::page(visit.atrium.store.as_viewer(&viewer), request, None).await?;
        let more = page.count - i64::try_from(page.items.len()).unwrap_or_default();
        let is_empty = page.items.is_empty();
        let rows = page.items.into_iter().map(row).collect_view();
        Ok(view! {
                <ErrorSummary state=state.clone()/>
                {if is_empty {
                    view! { <p class="muted">"An area says what agents are good at: contracts, tides, onboarding. Make the first one below; owners of agents then choose among them."</p> }.into_any()
                } else {
                    view! { <ul class="rows">{rows}</ul> }.into_any()
                }}
                {(more > 0).then(|| view! { <p class="muted">{format!("{more} more; the API lists all of them.")}</p> })}
                <section class="section">
                    <h2>"New area"</h2>
                    <form method="post" class="form">
                        <TextField name="name" label="Name" state=state.clone()/>
                        <TextArea name="description" label="What belongs to it" state rows=2/>
                        <div class="form-end"><button class="button primary" name="action" value="create">"Create area"</button></div>
                    </form>
                </section>
        })
    })
}

fn row(area: ExpertiseArea) -> impl IntoView {
    let agents = if area.agent_count == 1 { "1 agent".to_owned() } else { format!("{} agents", area.agent_count) };
    let id = area.id.to_string();
    let (name_label, about_label) = (format!("Name of {}", area.name), format!("What belongs to {}", area.name));
    view! {
        <li class="row area">
            <form method="post" class="inline-form">
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="version" value=area.updated_at.to_string()/>
                <input name="name" aria-label=name_label value=area.name maxlength="120"/>
                <input name="description" aria-label=about_label value=area.description maxlength="1000" placeholder="What belongs to it"/>
                <span class="muted small">{agents}</span>
                <button class="button" name="action" value="save">"Save"</button>
                <button class="button" name="action" value="delete">"Delete"</button>
            </form>
        </li>
    }
}

/// `POST /admin/expertise`
pub async fn submit(visit: &Visit, fields: &Fields) -> Result<Done> {
    let (atrium, actor) = (&visit.atrium, visit.actor()?);
    let (store, ports) = (&atrium.store, &atrium.ports);
    let form =
        ExpertiseAreaForm { name: fields.text("name").to_owned(), description: fields.text("description").to_owned() };
    let id = || fields.id::<ExpertiseAreaId>("id", "area of expertise");
    match fields.text("action") {
        "create" => {
            let made = expertise::create(store, ports, actor, &form).await?;
            visit.toast(format!("{} created", made.name), None).await?;
        }
        "save" => {
            let version = fields.text("version").parse().ok();
            let saved = expertise::change(store, ports, actor, id()?, &form, version).await?;
            visit.toast(format!("{} saved", saved.name), None).await?;
        }
        "delete" => {
            let id = id()?;
            expertise::delete(store, ports, actor, id).await?;
            let fields = vec![("action".to_owned(), "restore".to_owned()), ("id".to_owned(), id.to_string())];
            visit.toast("Area deleted", Some(Undo { path: PATH.to_owned(), fields })).await?;
        }
        "restore" => {
            let back = expertise::restore(store, ports, actor, id()?).await?;
            visit.toast(format!("{} restored", back.name), None).await?;
        }
        _ => return Err(Error::NotFound("action")),
    }
    Ok(Done::then(PATH))
}
