//! Everybody's agents: whose they are and of which model, never what they are told.

use super::asked::Asked;
use super::list::{Column, Filter, List, Onlooker, show};
use super::{administered, moment};
use crate::components::{ErrorSummary, FormState};
use crate::forms::{Done, Fields, local_path};
use crate::islands::toasts::Undo;
use crate::visit::Visit;
use atrium::catalogue::Provider;
use atrium::ids::{AgentId, OrganisationId};
use atrium::paging::{Page, PageRequest, Sort};
use atrium::people::Viewer;
use atrium_domain::agents::administration::{self, AgentFilter, AgentOverview};
use atrium_domain::{Error, Result};
use leptos::prelude::*;

const PATH: &str = "/admin/agents";

/// The list of agents.
pub struct Listed;

impl List for Listed {
    type Row = AgentOverview;
    const NAME: &'static str = "agents";

    fn columns(onlooker: &Onlooker) -> Vec<Column<AgentOverview>> {
        let text = |label, text: fn(&AgentOverview) -> String| Column::new(label, text);
        let here = onlooker.here.clone();
        let provider = |it: &AgentOverview| Provider::parse(&it.provider).map_or("", Provider::label).to_owned();
        [
            Some(text("Name", |it| it.name.clone()).sorted("name").head()),
            Some(text("Owner", |it| format!("{} ({})", it.owner, it.owner_email)).sorted("owner")),
            onlooker.organisation(|it: &AgentOverview| it.organisation_id.into()),
            Some(text("Provider", provider).sorted("provider")),
            Some(text("Model", |it| it.model.clone()).sorted("model")),
            Some(text("Helped", |it| it.thumbs_up.to_string())),
            Some(text("Did not help", |it| it.thumbs_down.to_string())),
            Some(text("Made", |it| moment(it.created_at)).sorted("made").narrow()),
            Some(
                text("Active", |it| if it.is_active { "yes" } else { "no" }.to_owned())
                    .shown(move |it| switch(it, &here)),
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn filters(onlooker: &Onlooker) -> Vec<Filter> {
        let filters = [
            Filter::choice("provider", "Provider", Provider::ALL.map(|it| (it.as_str(), it.label()))),
            Filter::choice("active", "Active", [("true", "On"), ("false", "Switched off")]),
        ];
        filters.into_iter().chain(onlooker.organisation_filter()).collect()
    }

    fn organisation(row: &AgentOverview) -> OrganisationId {
        row.organisation_id.into()
    }

    async fn load(
        visit: &Visit,
        viewer: &Viewer,
        asked: &Asked,
        sort: Option<Sort>,
        page: PageRequest,
    ) -> Result<Page<AgentOverview>> {
        let filter = AgentFilter {
            search: asked.text("search"),
            provider: asked.text("provider").and_then(Provider::parse),
            is_active: asked.read("active"),
            organisation: asked.read("organisation"),
            sort,
        };
        administration::page(visit.atrium.store.as_viewer(viewer), page, filter).await
    }
}

fn switch(it: &AgentOverview, here: &str) -> AnyView {
    let (action, label) = if it.is_active { ("switch-off", "Switch off") } else { ("switch-on", "Switch on") };
    let name = format!("{label} {} of {}", it.name, it.owner);
    view! {
        <form method="post" class="inline-form">
            <input type="hidden" name="agent" value=it.id.to_string()/>
            <input type="hidden" name="next" value=here.to_owned()/>
            <button class="button" name="action" value=action aria-label=name>{label}</button>
            {(!it.is_active).then(|| view! { <span class="tag">"switched off"</span> })}
        </form>
    }
    .into_any()
}

#[component]
pub fn Agents() -> impl IntoView {
    let state = FormState::current();
    let asked = Asked::current();
    administered("Agents", async move |visit, _| {
        let list = show::<Listed>(&visit, &asked, None).await?;
        Ok(view! {
            <ErrorSummary state=state/>
            <p class="muted">"An agent that is switched off keeps its conversations but takes no new messages. What it is told is its owner's."</p>
            {list}
        })
    })
}

/// `POST /admin/agents`
pub async fn submit(visit: &Visit, fields: &Fields) -> Result<Done> {
    let atrium = &visit.atrium;
    let id: AgentId = fields.id("agent", "agent")?;
    let (is_active, said, back) = match fields.text("action") {
        "switch-off" => (false, "off", "switch-on"),
        "switch-on" => (true, "on", "switch-off"),
        _ => return Err(Error::NotFound("action")),
    };
    let name = administration::switch(&atrium.store, &atrium.ports, visit.actor()?, id, is_active).await?;
    let undo = vec![("action".to_owned(), back.to_owned()), ("agent".to_owned(), id.to_string())];
    visit.toast(format!("{name} is switched {said}"), Some(Undo { path: PATH.to_owned(), fields: undo })).await?;
    Ok(Done::then(fields.filled("next").map_or(PATH, local_path)))
}
