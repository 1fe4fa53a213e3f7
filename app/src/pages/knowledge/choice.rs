//! The part of an agent's form that says what it answers from.

use crate::components::{FieldNote, FormState};
use crate::forms::Fields;
use crate::visit::Visit;
use atrium::ids::{AgentId, BaseId};
use atrium::knowledge::Base;
use atrium::paging::{PAGE_SIZE_MAX, PageRequest};
use atrium::people::Viewer;
use atrium_domain::knowledge::bases::{self, BaseFilter};
use atrium_domain::{Error, Result};
use leptos::prelude::*;

/// The bases to choose from, and those that an agent has.
#[derive(Debug, Clone)]
pub struct Choice {
    known: Vec<Base>,
    chosen: Vec<BaseId>,
}

impl Choice {
    /// For an agent, or for a new one.
    ///
    /// # Errors
    /// When the agent is not the viewer's.
    pub async fn load(visit: &Visit, viewer: &Viewer, agent: Option<AgentId>) -> Result<Self> {
        let scope = visit.atrium.store.as_viewer(viewer);
        let request = PageRequest { page: 1, size: PAGE_SIZE_MAX };
        let known = bases::page(scope, BaseFilter::default(), request).await?.items;
        let chosen = match agent {
            Some(agent) => bases::of_agent(scope, agent).await?,
            None => Vec::new(),
        };
        Ok(Self { known, chosen })
    }

    /// A box for each base.
    pub fn field(self, state: &FormState) -> AnyView {
        if self.known.is_empty() {
            return view! {
                <div class="field">
                    <span class="label">"Knowledge"</span>
                    <p class="help">"There is none yet. "<a href="/knowledge">"Make a knowledge base"</a>", put documents into it, and this agent can answer from them."</p>
                </div>
            }
            .into_any();
        }
        let is_refused = state.failure().is_some();
        let boxes = self
            .known
            .into_iter()
            .map(|it| {
                let id = it.id.to_string();
                let is_ticked = if is_refused { state.chosen("knowledge", &id) } else { self.chosen.contains(&it.id) };
                let told = match &it.project_name {
                    Some(project) => format!("{project} · {}", it.told()),
                    None => it.told(),
                };
                view! {
                    <label class="check">
                        <input type="checkbox" name="knowledge" value=id checked=is_ticked/>
                        <span>{it.name}" "<span class="muted small">{told}</span></span>
                    </label>
                }
            })
            .collect_view();
        view! {
            <fieldset class="field" id="knowledge">
                <legend>"Knowledge"</legend>
                <input type="hidden" name="knowledge_shown" value="on"/>
                {boxes}
                <FieldNote name="knowledge" help="It answers from what is ticked, and says of each sentence which source it stands on.".to_owned() error=state.error("knowledge")/>
            </fieldset>
        }
        .into_any()
    }
}

/// The bases that were ticked. A form without the boxes says nothing of them.
pub async fn save(visit: &Visit, agent: AgentId, fields: &Fields) -> Result<()> {
    if !fields.has("knowledge_shown") {
        return Ok(());
    }
    let chosen: Vec<BaseId> = fields
        .all("knowledge")
        .map(|it| it.parse().map_err(|_| Error::field("knowledge", "There is no such knowledge base.")))
        .collect::<Result<_>>()?;
    bases::set_of_agent(visit.atrium.store.as_viewer(visit.viewer()?), agent, &chosen).await
}
