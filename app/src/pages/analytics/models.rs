//! Versions of models: the list, and one of them with what was measured of it.

use super::sections::{nav, section};
use crate::components::{
    ErrorSummary, FieldNote, FormState, PageHead, TextArea, TextField, asked, moment, pager, signed_in, url_escape,
};
use crate::forms::{Done, Fields};
use crate::visit::Visit;
use atrium::ids::ArtifactId;
use atrium::paging::{PAGE_SIZE_MAX, PageRequest};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use atrium_domain::artifacts::{self, Artifact, ArtifactFilter, ArtifactForm, Stage};
use atrium_domain::{Error, Result};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use serde_json::{Map, Value};

/// Where they are.
const PATH: &str = "/analytics/models";

#[component]
pub fn ModelList() -> impl IntoView {
    let state = FormState::current();
    let (request, search) = asked();
    section("Models", PATH, async move |visit, viewer| {
        let filter = ArtifactFilter { search: atrium::text::filled(&search), ..ArtifactFilter::default() };
        let found = artifacts::page(visit.atrium.store.as_viewer(&viewer), request, filter).await?;
        let kept = if search.is_empty() { String::new() } else { format!("search={}", url_escape(&search)) };
        let (count, is_searched) = (found.count, !search.is_empty());
        let list = versions(&found.items);
        Ok(view! {
            {(count > 0 || is_searched).then(|| view! {
                <form class="inline-form" role="search">
                    <label class="visually-hidden" for="search">"Search models"</label>
                    <input id="search" name="search" type="search" placeholder="Part of the name" value=search/>
                    <button class="button">"Show"</button>
                </form>
            })}
            {match (count, is_searched) {
                (0, false) => view! { <p class="muted">"Versions of models that were trained elsewhere are recorded here, by hand or over the API: where they lie, what was measured of them, and which one is in production."</p> }.into_any(),
                (0, true) => view! { <p class="muted" role="status">"No model's name has these letters. "<a href=PATH>"Show all"</a></p> }.into_any(),
                _ => list.into_any(),
            }}
            {pager(request, count, &kept)}
            {viewer.may(Permission::ManageModels).then(|| new_version(state))}
        })
    })
}

fn versions(items: &[Artifact]) -> impl IntoView + use<> {
    let rows = items.iter().map(|it| {
        view! {
            <tr>
                <th scope="row"><a href=format!("{PATH}/{}", it.id)>{it.name.clone()}</a></th>
                <td class="nowrap">{it.version.clone()}</td>
                <td>{stage(it.stage)}</td>
                <td class="nowrap">{measured(it)}</td>
                <td class="nowrap">{moment(it.created_at)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="Versions of models">
            <table class="table">
                <thead><tr><th scope="col">"Model"</th><th scope="col">"Version"</th><th scope="col">"Stage"</th><th scope="col">"Measured"</th><th scope="col">"Recorded (UTC)"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn stage(stage: Stage) -> impl IntoView {
    view! { <span class="tag" class:mark=stage == Stage::Production>{stage.as_str()}</span> }
}

/// The first of what was measured, in a line.
fn measured(it: &Artifact) -> String {
    let metrics = it.metrics.iter().flatten().take(3);
    metrics.map(|(name, value)| format!("{name} {}", plain(value))).collect::<Vec<_>>().join(" · ")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn new_version(state: FormState) -> impl IntoView {
    let chosen = state.value("stage", Stage::default().as_str());
    let options =
        Stage::ALL.map(|it| view! { <option value=it.as_str() selected=chosen == it.as_str()>{it.as_str()}</option> });
    let stage_error = state.error("stage");
    view! {
        <section class="section">
            <h2>"Record a version"</h2>
            <ErrorSummary state=state.clone()/>
            <form method="post" class="form">
                <div class="field-pair">
                    <TextField name="name" label="Model" state=state.clone() autocomplete="off"/>
                    <TextField name="version" label="Version" state=state.clone() autocomplete="off"/>
                </div>
                <TextField name="storage_key" label="Where it lies" state=state.clone() autocomplete="off" help="A key or an address, like s3://models/churn/2.1.0"/>
                <div class="field">
                    <label for="stage">"Stage"</label>
                    <select id="stage" name="stage" aria-describedby="stage-help">{options.collect_view()}</select>
                    <FieldNote name="stage" help=Some("One version of each model is in production; the one that was there is archived.".to_owned()) error=stage_error/>
                </div>
                <TextArea name="metrics" label="What was measured" state rows=3 help="JSON, like {\"auc\": 0.91}; may be empty"/>
                <div class="form-end"><button class="button primary">"Record version"</button></div>
            </form>
        </section>
    }
}

/// `POST /analytics/models`
pub async fn create(visit: &Visit, fields: &Fields) -> Result<Done> {
    let metrics = fields.filled("metrics").map(serde_json::from_str::<Map<String, Value>>).transpose();
    let form = ArtifactForm {
        name: fields.text("name").to_owned(),
        version: fields.text("version").to_owned(),
        stage: Stage::parse(fields.text("stage")).ok_or_else(|| Error::field("stage", "Choose a stage."))?,
        storage_key: fields.text("storage_key").to_owned(),
        metrics: metrics.map_err(|error| Error::field("metrics", format!("Write a JSON object: {error}.")))?,
    };
    let made = artifacts::create(&visit.atrium.store, &visit.atrium.ports, visit.actor()?, &form).await?;
    visit.toast(format!("{} {} recorded", made.name, made.version), None).await?;
    Ok(Done::then(format!("{PATH}/{}", made.id)))
}

#[component]
pub fn OneModel() -> impl IntoView {
    let id = use_params_map().with_untracked(|it| it.get("id").unwrap_or_default());
    let state = FormState::current();
    signed_in("", None, async move |visit, viewer| {
        let id: ArtifactId = id.parse().map_err(|_| Error::NotFound("model"))?;
        let scope = visit.atrium.store.as_viewer(&viewer);
        let it = artifacts::get(scope, id).await?;
        let everything = PageRequest { page: 1, size: PAGE_SIZE_MAX };
        let filter = ArtifactFilter { name: Some(&it.name), ..ArtifactFilter::default() };
        let mut others = artifacts::page(scope, everything, filter).await?.items;
        others.retain(|other| other.id != id);
        let title = format!("{} {}", it.name, it.version);
        let actions = actions(&it, &viewer);
        Ok(view! {
            <Title text=title.clone()/>
            <PageHead title=title>{actions}</PageHead>
            {nav(PATH)}
            <div class="page wide">
                <ErrorSummary state=state/>
                {facts(&it)}
                {it.metrics.as_ref().map(metrics)}
                {(!others.is_empty()).then(|| view! { <section class="section"><h2>"Other versions"</h2>{versions(&others)}</section> })}
            </div>
        })
    })
}

fn facts(it: &Artifact) -> impl IntoView + use<> {
    let creator = it.creator.clone().unwrap_or_else(|| "Somebody who has no account any more".to_owned());
    view! {
        <dl class="facts">
            <dt>"Stage"</dt><dd>{stage(it.stage)}</dd>
            <dt>"Where it lies"</dt><dd><code>{it.storage_key.clone()}</code></dd>
            <dt>"Recorded by"</dt><dd>{creator}</dd>
            <dt>"Recorded"</dt><dd>{format!("{} UTC", moment(it.created_at))}</dd>
            <dt>"Changed"</dt><dd>{format!("{} UTC", moment(it.updated_at))}</dd>
        </dl>
    }
}

fn metrics(all: &Map<String, Value>) -> impl IntoView + use<> {
    let rows = all.iter().map(|(name, value)| {
        let (name, value) = (name.clone(), plain(value));
        view! { <tr><th scope="row">{name}</th><td class="number">{value}</td></tr> }
    });
    let rows = rows.collect_view();
    view! {
        <section class="section">
            <h2>"What was measured"</h2>
            <div class="table-scroll" tabindex="0" role="region" aria-label="What was measured">
                <table class="table"><tbody>{rows}</tbody></table>
            </div>
        </section>
    }
}

/// The stages that the version is not in.
fn actions(it: &Artifact, viewer: &Viewer) -> impl IntoView + use<> {
    let (now, version) = (it.stage, it.updated_at.to_string());
    viewer.may(Permission::ManageModels).then(|| {
        let button = |stage: Stage| {
            let label = match stage {
                Stage::Staging => "Back to staging",
                Stage::Production => "Put into production",
                Stage::Archived => "Archive",
            };
            view! { <button class="button" class:primary=stage == Stage::Production name="stage" value=stage.as_str()>{label}</button> }
        };
        let buttons = [Stage::Archived, Stage::Staging, Stage::Production].into_iter().filter(|it| *it != now).map(button);
        view! {
            <form method="post" class="stages">
                <input type="hidden" name="version" value=version/>
                {buttons.collect_view()}
            </form>
        }
    })
}

/// `POST /analytics/models/{id}`: another stage.
pub async fn submit(visit: &Visit, id: ArtifactId, fields: &Fields) -> Result<Done> {
    let stage = Stage::parse(fields.text("stage")).ok_or(Error::NotFound("action"))?;
    let seen = fields.text("version").parse().ok();
    let it = artifacts::set_stage(&visit.atrium.store, &visit.atrium.ports, visit.actor()?, id, stage, seen).await?;
    let said = match stage {
        Stage::Staging => "is in staging",
        Stage::Production => "is in production",
        Stage::Archived => "is archived",
    };
    visit.toast(format!("{} {} {said}", it.name, it.version), None).await?;
    Ok(Done::then(format!("{PATH}/{id}")))
}
