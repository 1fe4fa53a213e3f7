//! Prompts: the list, the form that makes and changes them, and the one that fills them in and begins a conversation.

use crate::components::{
    ErrorSummary, FieldNote, FormState, PageHead, TextArea, TextField, asked, pager, signed_in, url_escape,
};
use crate::forms::{Done, Fields};
use crate::icons::{Icon, icon};
use crate::islands::toasts::Undo;
use crate::visit::Visit;
use atrium::ids::{ProjectId, PromptId};
use atrium::paging::{PAGE_SIZE_MAX, PageRequest};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use atrium::projects::{Project, ProjectRole};
use atrium::prompts::{Prompt, PromptForm, SharedWith, Variable, variables};
use atrium::text::escape_html;
use atrium_domain::{Error, Result, projects, prompts};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use std::collections::BTreeMap;

const TEXT_HELP: &str = "{{topic}} is asked for when the prompt is used, {{tone|friendly}} has a default, {{tone|friendly|formal}} is chosen from a list.";

#[component]
pub fn PromptList() -> impl IntoView {
    let (request, search) = asked();
    signed_in("Prompts", None, async move |visit, viewer| {
        let scope = visit.atrium.store.as_viewer(&viewer);
        let found = prompts::page(scope, request, atrium::text::filled(&search)).await?;
        let may_make = viewer.may(Permission::MakePrompts);
        let kept = if search.is_empty() { String::new() } else { format!("search={}", url_escape(&search)) };
        let pages = pager(request, found.count, &kept);
        let is_empty = found.count == 0;
        let searchable = (!is_empty || !search.is_empty()).then(|| search_form(&search));
        Ok(view! {
            <PageHead title="Prompts">{may_make.then(|| view! { <a class="button primary" href="/prompts/new">"New prompt"</a> })}</PageHead>
            <div class="page">
                {searchable}
                {if !is_empty {
                    view! { <ul class="rows">{found.items.into_iter().map(row).collect_view()}</ul> }.into_any()
                } else if search.is_empty() {
                    view! { <p class="muted">"What you ask again and again can stand here, with variables for what changes. Use fills them in and puts the text into a new conversation."</p> }.into_any()
                } else {
                    view! { <p class="muted" role="status">{format!("No prompt has “{search}” in its name, shortcut or description. ")}<a href="/prompts">"Show all"</a></p> }.into_any()
                }}
                {pages}
            </div>
        })
    })
}

fn search_form(search: &str) -> impl IntoView + use<> {
    view! {
        <form class="inline-form" role="search">
            <label class="visually-hidden" for="search">"Search prompts"</label>
            <input id="search" name="search" type="search" placeholder="Name, shortcut or description" value=search.to_owned()/>
            <button class="button">"Search"</button>
        </form>
    }
}

fn row(prompt: Prompt) -> impl IntoView {
    let (href, using) = (format!("/prompts/{}", prompt.id), format!("/prompts/{}/use", prompt.id));
    let (delete, label) = (format!("Delete {}", prompt.name), format!("Use {}", prompt.name));
    let place = place(&prompt);
    let told =
        if prompt.description.is_empty() { atrium::text::shorten(&prompt.text, 140) } else { prompt.description };
    view! {
        <li class="row">
            <span class="avatar">{icon(Icon::Prompts)}</span>
            <div class="row-text">
                <a class="row-title" href=href>{prompt.name}</a>
                {(!prompt.shortcut.is_empty()).then(|| view! { <span class="tag">{format!("/{}", prompt.shortcut)}</span> })}
                {place.map(|it| view! { <span class="tag">{it}</span> })}
                <p class="muted">{told}</p>
                {(!prompt.is_own).then(|| view! { <p class="muted small">{format!("by {}", prompt.owner_name)}</p> })}
            </div>
            <div class="row-actions">
                <a class="button" href=using aria-label=label>"Use"</a>
                {prompt.can_change.then(|| view! {
                    <form method="post" action="/prompts">
                        <input type="hidden" name="id" value=prompt.id.to_string()/>
                        <button class="button icon-only" name="action" value="delete" aria-label=delete title="Delete">{icon(Icon::Delete)}</button>
                    </form>
                })}
            </div>
        </li>
    }
}

/// Who else sees it.
fn place(prompt: &Prompt) -> Option<String> {
    match prompt.shared_with {
        SharedWith::Nobody => None,
        // Of a project that is deleted, or that one has left.
        SharedWith::Project => Some(prompt.project_name.clone().unwrap_or_else(|| "a project".to_owned())),
        SharedWith::Organisation => Some("organisation".to_owned()),
    }
}

#[component]
pub fn NewPrompt() -> impl IntoView {
    let state = FormState::current();
    signed_in("New prompt", None, async move |visit, viewer| {
        let places = places(&visit, &viewer).await?;
        let may_share = viewer.may(Permission::SharePrompts);
        Ok(view! {
            <PageHead title="New prompt"/>
            <PromptFields form=PromptForm::default() version=None state places may_share button="Create prompt"/>
        })
    })
}

#[component]
pub fn OnePrompt() -> impl IntoView {
    let id = use_params_map().with_untracked(|it| it.get("id").unwrap_or_default());
    let state = FormState::current();
    signed_in("", None, async move |visit, viewer| {
        let id: PromptId = id.parse().map_err(|_| Error::NotFound("prompt"))?;
        let prompt = prompts::get(visit.atrium.store.as_viewer(&viewer), id).await?;
        let places = places(&visit, &viewer).await?;
        let may_share = viewer.may(Permission::SharePrompts) || prompt.shared_with == SharedWith::Organisation;
        let using = format!("/prompts/{id}/use");
        let form = PromptForm::from(&prompt);
        Ok(view! {
            <Title text=prompt.name.clone()/>
            <PageHead title=prompt.name.clone()><a class="button" href=using>"Use"</a></PageHead>
            {if prompt.can_change {
                view! { <PromptFields form version=Some(prompt.updated_at) state places may_share button="Save prompt"/> }.into_any()
            } else {
                view! {
                    <div class="page narrow">
                        {(!prompt.description.is_empty()).then(|| view! { <p>{prompt.description.clone()}</p> })}
                        <p class="muted">{format!("By {}. Only they and those who manage it change it.", prompt.owner_name)}</p>
                        <pre class="prompt-text" tabindex="0">{prompt.text.clone()}</pre>
                    </div>
                }.into_any()
            }}
        })
    })
}

/// The projects that one may share with.
async fn places(visit: &Visit, viewer: &Viewer) -> Result<Vec<Project>> {
    let everything = PageRequest { page: 1, size: PAGE_SIZE_MAX };
    let mut places = projects::page(visit.atrium.store.as_viewer(viewer), everything, None).await?.items;
    places.retain(|it| it.can_manage || it.role.is_some_and(|it| it != ProjectRole::Guest));
    Ok(places)
}

#[component]
fn PromptFields(
    form: PromptForm,
    version: Option<i64>,
    state: FormState,
    places: Vec<Project>,
    may_share: bool,
    button: &'static str,
) -> impl IntoView {
    let stored = match form.shared_with {
        SharedWith::Project => form.project.map(|it| it.to_string()).unwrap_or_default(),
        it => it.as_str().to_owned(),
    };
    let chosen = state.value("shared_with", &stored);
    let error = state.error("project_id").or_else(|| state.error("shared_with"));
    let option = |value: String, label: String| {
        let is_chosen = value == chosen;
        view! { <option value=value selected=is_chosen>{label}</option> }
    };
    let projects = places.into_iter().map(|it| option(it.id.to_string(), it.name)).collect_view();
    view! {
        <div class="page narrow">
            <ErrorSummary state=state.clone()/>
            <form method="post" class="form">
                {version.map(|it| view! { <input type="hidden" name="version" value=it.to_string()/> })}
                <TextField name="name" label="Name" value=form.name state=state.clone()/>
                <TextArea name="text" label="Text" value=form.text rows=10 help=TEXT_HELP state=state.clone()/>
                <TextField name="description" label="What it is good for" value=form.description state=state.clone()/>
                <TextField name="shortcut" label="Shortcut" value=form.shortcut help="One word to find it by." autocomplete="off" state/>
                <div class="field">
                    <label for="project_id">"Who may use it"</label>
                    <select id="project_id" name="shared_with" aria-invalid=error.is_some().then_some("true") aria-describedby="project_id-help">
                        {option(SharedWith::Nobody.as_str().to_owned(), "Only me".to_owned())}
                        {may_share.then(|| option(SharedWith::Organisation.as_str().to_owned(), "Everybody in the organisation".to_owned()))}
                        {projects}
                    </select>
                    <FieldNote name="project_id" help=Some("A project's prompts are used by everybody in it.".to_owned()) error/>
                </div>
                <div class="form-end">
                    <a class="button" href="/prompts">"Cancel"</a>
                    <button class="button primary">{button}</button>
                </div>
            </form>
        </div>
    }
}

#[component]
pub fn UsePrompt() -> impl IntoView {
    let id = use_params_map().with_untracked(|it| it.get("id").unwrap_or_default());
    let state = FormState::current();
    signed_in("", None, async move |visit, viewer| {
        let id: PromptId = id.parse().map_err(|_| Error::NotFound("prompt"))?;
        let prompt = prompts::get(visit.atrium.store.as_viewer(&viewer), id).await?;
        let asked = variables(&prompt.text);
        let href = format!("/prompts/{id}");
        let told = if asked.is_empty() {
            "It has no variables. Its text comes into a new conversation, where you can still change it before you send it."
        } else {
            "Filled in, it comes into a new conversation, where you can still change it before you send it."
        };
        let fields = asked.into_iter().map(|it| field(it, &state)).collect_view();
        Ok(view! {
            <Title text=prompt.name.clone()/>
            <PageHead title=prompt.name.clone()><a class="button" href=href>{if prompt.can_change { "Edit" } else { "Text" }}</a></PageHead>
            <div class="page narrow">
                <ErrorSummary state=state.clone()/>
                {(!prompt.description.is_empty()).then(|| view! { <p>{prompt.description.clone()}</p> })}
                <form method="post" class="form">
                    {fields}
                    <p class="help">{told}</p>
                    <div class="form-end">
                        <a class="button" href="/prompts">"Cancel"</a>
                        <button class="button primary">"Start conversation"</button>
                    </div>
                </form>
                <section class="section">
                    <h2>"Text"</h2>
                    <pre class="prompt-text" tabindex="0">{prompt.text.clone()}</pre>
                </section>
            </div>
        })
    })
}

/// A field for a variable: a list where there is something to choose from.
fn field(variable: Variable, state: &FormState) -> impl IntoView + use<> {
    let name = format!("values.{}", variable.name);
    let error = state.error(&name);
    let value = state.value(&name, variable.default.as_deref().unwrap_or_default());
    let described = format!("{name}-help");
    let help: Option<String> = None;
    let invalid = error.is_some().then_some("true");
    let control = if variable.choices.is_empty() {
        let inner = format!("\n{}", escape_html(&value));
        view! { <textarea id=name.clone() name=name.clone() rows="2" aria-invalid=invalid aria-describedby=described inner_html=inner></textarea> }.into_any()
    } else {
        let option = |it: &String| view! { <option value=it.clone() selected=*it == value>{it.clone()}</option> };
        let options = variable.choices.iter().map(option).collect_view();
        view! { <select id=name.clone() name=name.clone() aria-invalid=invalid aria-describedby=described>{options}</select> }.into_any()
    };
    view! {
        <div class="field">
            <label for=name.clone()>{variable.label()}</label>
            {control}
            <FieldNote name help error/>
        </div>
    }
}

/// Who may use it is one list: nobody, the organisation, or a project by its id.
fn read(fields: &Fields) -> Result<PromptForm> {
    let text = |name: &str| fields.text(name).to_owned();
    let place = fields.filled("shared_with").unwrap_or_else(|| SharedWith::Nobody.as_str());
    let (shared_with, project) = match SharedWith::parse(place) {
        Some(it) => (it, None),
        None => {
            let project: ProjectId =
                place.parse().map_err(|_| Error::field("project_id", "There is no such project."))?;
            (SharedWith::Project, Some(project))
        }
    };
    Ok(PromptForm {
        name: text("name"),
        shortcut: text("shortcut"),
        description: text("description"),
        text: text("text"),
        shared_with,
        project,
    })
}

/// `POST /prompts/new`
pub async fn create(visit: &Visit, fields: &Fields) -> Result<Done> {
    let atrium = &visit.atrium;
    let prompt = prompts::create(&atrium.store, &atrium.ports, visit.actor()?, &read(fields)?).await?;
    visit.toast(format!("{} created", prompt.name), None).await?;
    Ok(Done::then("/prompts"))
}

/// `POST /prompts/{id}`
pub async fn update(visit: &Visit, id: PromptId, fields: &Fields) -> Result<Done> {
    let (atrium, version) = (&visit.atrium, fields.text("version").parse().ok());
    let prompt = prompts::change(&atrium.store, &atrium.ports, visit.actor()?, id, &read(fields)?, version).await?;
    visit.toast(format!("{} saved", prompt.name), None).await?;
    Ok(Done::then("/prompts"))
}

/// `POST /prompts/{id}/use`: the composer of a new conversation has the text, as it has one that somebody could not send.
pub async fn start(visit: &Visit, id: PromptId, fields: &Fields) -> Result<Done> {
    let scope = visit.atrium.store.as_viewer(visit.viewer()?);
    let prompt = prompts::get(scope, id).await?;
    let typed = |name: &str| fields.text(&format!("values.{name}")).replace("\r\n", "\n");
    let values: BTreeMap<_, _> =
        variables(&prompt.text).into_iter().map(|it| (it.name.clone(), typed(&it.name))).collect();
    let text = prompts::render(scope, id, &values).await?;
    visit.keep_draft(&text).await?;
    Ok(Done::then("/"))
}

/// `POST /prompts`: what the rows' buttons do.
pub async fn submit_list(visit: &Visit, fields: &Fields) -> Result<Done> {
    let (atrium, actor) = (&visit.atrium, visit.actor()?);
    let id: PromptId = fields.id("id", "prompt")?;
    match fields.text("action") {
        "delete" => {
            prompts::delete(&atrium.store, &atrium.ports, actor, id).await?;
            let fields = vec![("action".to_owned(), "restore".to_owned()), ("id".to_owned(), id.to_string())];
            visit.toast("Prompt deleted", Some(Undo { path: "/prompts".to_owned(), fields })).await?;
        }
        "restore" => {
            prompts::restore(&atrium.store, &atrium.ports, actor, id).await?;
            visit.toast("Prompt restored", None).await?;
        }
        _ => return Err(Error::NotFound("action")),
    }
    Ok(Done::then("/prompts"))
}
