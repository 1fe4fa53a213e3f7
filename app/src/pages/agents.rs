//! Agents: the list, and the form that makes and changes them.

use crate::components::{CheckField, ErrorSummary, FormState, PageHead, TextArea, TextField, moment, signed_in, star};
use crate::forms::{Done, Fields};
use crate::icons::{Icon, icon};
use crate::islands::model_field::ModelField;
use crate::islands::toasts::Undo;
use crate::pages::knowledge::choice::{self, Choice};
use crate::visit::Visit;
use atrium::agents::{AVATARS, Agent, AgentForm, PRESETS};
use atrium::catalogue::{LOCAL_MODEL, Provider};
use atrium::expertise::ExpertiseArea;
use atrium::favourites::FavouriteKind;
use atrium::feedback::Verdict;
use atrium::ids::{AgentId, ExpertiseAreaId};
use atrium::paging::{PAGE_SIZE_MAX, PageRequest};
use atrium::people::Viewer;
use atrium_domain::feedback::{self, Opinions};
use atrium_domain::{Error, Result, agents, expertise, favourites};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use std::collections::HashSet;
use uuid::Uuid;

#[component]
pub fn AgentList() -> impl IntoView {
    signed_in("Agents", None, async |visit, viewer| {
        let atrium = &visit.atrium;
        let scope = atrium.store.as_viewer(&viewer);
        let agents = agents::list_from_the_first_visit(scope, &atrium.ports, &atrium.connections).await?;
        let marked = favourites::ids(scope, FavouriteKind::Agent).await?;
        let rows = agents.into_iter().map(|it| row(&marked, it)).collect_view();
        let presets = PRESETS.iter().map(|it| {
            view! {
                <li><a class="preset" href=format!("/agents/new?preset={}", it.key)>{icon(Icon::avatar(it.avatar))}<span><strong>{it.name}</strong><span class="muted">{it.description}</span></span></a></li>
            }
        });
        Ok(view! {
            <PageHead title="Agents"><a class="button primary" href="/agents/new">"New agent"</a></PageHead>
            <div class="page">
                <ul class="rows">{rows}</ul>
                <section class="section">
                    <h2>"Start from a personality"</h2>
                    <ul class="presets">{presets.collect_view()}</ul>
                </section>
            </div>
        })
    })
}

fn row(marked: &HashSet<Uuid>, agent: Agent) -> impl IntoView + use<> {
    let mark = star(FavouriteKind::Agent, agent.id.0, marked.contains(&agent.id.0), &agent.name, "/agents");
    let href = format!("/agents/{}", agent.id);
    let chat = format!("/?agent={}", agent.id);
    let delete = format!("Delete {}", agent.name);
    view! {
        <li class="row">
            <span class="avatar">{icon(Icon::avatar(&agent.avatar))}</span>
            <div class="row-text">
                <a class="row-title" href=href>{agent.name}</a>
                {agent.is_default.then(|| view! { <span class="tag">"default"</span> })}
                {(!agent.is_active).then(|| view! { <span class="tag">"switched off"</span> })}
                <p class="muted">{agent.description}</p>
                <p class="muted small">{format!("{} · {}", agent.provider.label(), agent.model)}</p>
            </div>
            <div class="row-actions">
                {mark}
                {agent.is_active.then(|| view! { <a class="button" href=chat>"Chat"</a> })}
                <form method="post" action="/agents">
                    <input type="hidden" name="id" value=agent.id.to_string()/>
                    <button class="button icon-only" name="action" value="delete" aria-label=delete title="Delete">{icon(Icon::Delete)}</button>
                </form>
            </div>
        </li>
    }
}

#[component]
pub fn NewAgent() -> impl IntoView {
    let preset = use_query_map().with_untracked(|it| it.get("preset").unwrap_or_default());
    let state = FormState::current();
    signed_in("New agent", None, async move |visit, viewer| {
        let areas = areas(&visit, &viewer).await?;
        let knowledge = Choice::load(&visit, &viewer, None).await?;
        let preset = PRESETS.iter().find(|it| it.key == preset);
        let form = AgentForm {
            name: preset.map_or("", |it| it.name).to_owned(),
            description: preset.map_or("", |it| it.description).to_owned(),
            avatar: preset.map_or(AVATARS[0], |it| it.avatar).to_owned(),
            provider: Provider::Local.as_str().to_owned(),
            model: LOCAL_MODEL.to_owned(),
            temperature: preset.map_or(0.7, |it| it.temperature).to_string(),
            max_tokens: "1024".to_owned(),
            system_prompt: preset.map_or("", |it| it.system_prompt).to_owned(),
            is_default: None,
            is_active: Some("on".to_owned()),
            version: None,
        };
        Ok(view! {
            <PageHead title="New agent"/>
            <AgentFields form state areas area=None knowledge button="Create agent"/>
        })
    })
}

#[component]
pub fn EditAgent() -> impl IntoView {
    let id = use_params_map().with_untracked(|it| it.get("id").unwrap_or_default());
    let state = FormState::current();
    signed_in("Agent", None, async move |visit, viewer| {
        let id: AgentId = id.parse().map_err(|_| Error::NotFound("agent"))?;
        let scope = visit.atrium.store.as_viewer(&viewer);
        let agent = agents::get(scope, id).await?;
        let area = expertise::of_agent(scope, id).await?.map(|it| it.id);
        let areas = areas(&visit, &viewer).await?;
        let knowledge = Choice::load(&visit, &viewer, Some(id)).await?;
        Ok(view! {
            <PageHead title=agent.name.clone()/>
            <AgentFields form=AgentForm::from(&agent) state areas area knowledge button="Save agent"/>
            {thoughts(feedback::of_agent(scope, id).await?)}
        })
    })
}

/// What people think of its answers. Reasons are those of conversations that one may read.
fn thoughts(opinions: Opinions) -> impl IntoView {
    let Opinions { up, down, said } = opinions;
    let nothing = (up + down == 0).then(|| view! { <p class="muted">"Nobody has judged an answer yet."</p> });
    let counts = (up + down > 0).then(|| {
        view! { <p>{format!("{up} × helped, {down} × did not help, in everybody's conversations.")}</p> }
    });
    let items = said
        .into_iter()
        .map(|it| {
            let verdict = match it.feedback.verdict {
                Verdict::Up => "Helped",
                Verdict::Down => "Did not help",
            };
            let path = format!("/chat/{}#m-{}", it.conversation, it.message);
            view! {
                <li>
                    <p>{format!("{verdict}: {}", it.feedback.reason)}</p>
                    <p class="muted small"><a href=path>{it.title}</a>{format!(" · {}", moment(it.given_at))}</p>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="section page narrow" aria-labelledby="opinions">
            <h2 id="opinions">"What people think of its answers"</h2>
            {nothing} {counts}
            <ul>{items}</ul>
            <p class="muted small">"Reasons stand here from your own conversations alone: what others write of theirs stays with them."</p>
        </section>
    }
}

/// The areas to choose from.
async fn areas(visit: &Visit, viewer: &Viewer) -> Result<Vec<ExpertiseArea>> {
    let request = PageRequest { page: 1, size: PAGE_SIZE_MAX };
    Ok(expertise::page(visit.atrium.store.as_viewer(viewer), request, None).await?.items)
}

/// Where an organisation has named none, there is nothing to choose.
fn area_field(areas: Vec<ExpertiseArea>, chosen: &str) -> Option<impl IntoView + use<>> {
    let options = areas
        .iter()
        .map(|it| {
            let id = it.id.to_string();
            view! { <option value=id.clone() selected=id == chosen>{it.name.clone()}</option> }
        })
        .collect_view();
    (!areas.is_empty()).then(|| {
        view! {
            <div class="field">
                <label for="expertise_area">"Area of expertise"</label>
                <select id="expertise_area" name="expertise_area"><option value="">"None"</option>{options}</select>
            </div>
        }
    })
}

#[component]
fn AgentFields(
    form: AgentForm,
    state: FormState,
    areas: Vec<ExpertiseArea>,
    area: Option<ExpertiseAreaId>,
    knowledge: Choice,
    button: &'static str,
) -> impl IntoView {
    let area = state.value("expertise_area", &area.map(|it| it.to_string()).unwrap_or_default());
    let avatar = state.value("avatar", &form.avatar);
    let avatars = AVATARS.iter().map(|name| {
        view! {
            <label class="avatar-choice" title=*name>
                <input type="radio" name="avatar" value=*name checked=avatar == **name aria-label=*name/>
                {icon(Icon::avatar(name))}
            </label>
        }
    });
    let model_error = state.error("model").or_else(|| state.error("provider"));
    view! {
        <div class="page narrow">
            <ErrorSummary state=state.clone()/>
            <form method="post" class="form" id="agent-form">
                {form.version.map(|it| view! { <input type="hidden" name="version" value=it.to_string()/> })}
                <TextField name="name" label="Name" value=form.name state=state.clone()/>
                <TextField name="description" label="Description" value=form.description state=state.clone() help="One line for whoever chooses an agent."/>
                {area_field(areas, &area)}
                <fieldset class="field avatars"><legend>"Picture"</legend>{avatars.collect_view()}</fieldset>
                <ModelField provider=state.value("provider", &form.provider) model=state.value("model", &form.model) error=model_error/>
                <TextArea name="system_prompt" label="Instructions" value=form.system_prompt state=state.clone() rows=8 help="What the agent is told before every conversation."/>
                {knowledge.field(&state)}
                <div class="field-pair">
                    <TextField name="temperature" label="Temperature" value=form.temperature state=state.clone() inputmode="decimal" help="0 is strict, 2 is wild."/>
                    <TextField name="max_tokens" label="Longest answer" value=form.max_tokens state=state.clone() inputmode="numeric" help="In tokens."/>
                </div>
                <CheckField name="is_active" label="Active" is_ticked=form.is_active.is_some() state=state.clone() help="Inactive agents keep their conversations but take no new messages."/>
                <CheckField name="is_default" label="Default" is_ticked=form.is_default.is_some() state help="New conversations start with this agent."/>
                <div class="form-end">
                    <a class="button" href="/agents">"Cancel"</a>
                    <button class="button primary">{button}</button>
                </div>
            </form>
        </div>
    }
}

/// Numbers in a posted form are text.
fn read(fields: &Fields) -> Result<(AgentForm, Option<i64>)> {
    let text = |name: &str| fields.text(name).to_owned();
    let mark = |name: &str| fields.has(name).then(|| "on".to_owned());
    let form = AgentForm {
        name: text("name"),
        description: text("description"),
        avatar: text("avatar"),
        provider: text("provider"),
        model: text("model"),
        temperature: text("temperature"),
        max_tokens: text("max_tokens"),
        system_prompt: text("system_prompt"),
        is_default: mark("is_default"),
        is_active: mark("is_active"),
        version: fields.text("version").parse().ok(),
    };
    let version = form.version;
    Ok((form, version))
}

/// The area that was chosen. A form without the field says nothing of it.
async fn set_area(visit: &Visit, agent: AgentId, fields: &Fields) -> Result<()> {
    if fields.has("expertise_area") {
        let area = fields.filled("expertise_area").map(str::parse).transpose();
        let area = area.map_err(|_| Error::NotFound("area of expertise"))?;
        expertise::assign(visit.atrium.store.as_viewer(visit.viewer()?), agent, area).await?;
    }
    Ok(())
}

/// `POST /agents/new`
pub async fn create(visit: &Visit, fields: &Fields) -> Result<Done> {
    let viewer = visit.viewer()?;
    let draft = read(fields)?.0.check().map_err(Error::Invalid)?;
    let scope = visit.atrium.store.as_viewer(viewer);
    let agent = agents::create(scope, &visit.atrium.ports, &draft).await?;
    set_area(visit, agent.id, fields).await?;
    choice::save(visit, agent.id, fields).await?;
    visit.toast(format!("{} created", agent.name), None).await?;
    Ok(Done::then("/agents"))
}

/// `POST /agents/{id}`
pub async fn update(visit: &Visit, id: AgentId, fields: &Fields) -> Result<Done> {
    let viewer = visit.viewer()?;
    let (form, version) = read(fields)?;
    let draft = form.check().map_err(Error::Invalid)?;
    let agent = agents::update(visit.atrium.store.as_viewer(viewer), &visit.atrium.ports, id, &draft, version).await?;
    set_area(visit, id, fields).await?;
    choice::save(visit, id, fields).await?;
    visit.toast(format!("{} saved", agent.name), None).await?;
    Ok(Done::then("/agents"))
}

/// `POST /agents`: what the rows' buttons do.
pub async fn submit_list(visit: &Visit, fields: &Fields) -> Result<Done> {
    let viewer = visit.viewer()?;
    let scope = visit.atrium.store.as_viewer(viewer);
    let id: AgentId = fields.id("id", "agent")?;
    match fields.text("action") {
        "delete" => {
            agents::delete(scope, &visit.atrium.ports, id).await?;
            let fields = vec![("action".to_owned(), "restore".to_owned()), ("id".to_owned(), id.to_string())];
            visit.toast("Agent deleted", Some(Undo { path: "/agents".to_owned(), fields })).await?;
        }
        "restore" => {
            agents::restore(scope, id).await?;
            visit.toast("Agent restored", None).await?;
        }
        _ => return Err(Error::NotFound("action")),
    }
    Ok(Done::then("/agents"))
}
