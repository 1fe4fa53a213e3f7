//! The bases that somebody sees, and the form that makes one.

use crate::components::{ErrorSummary, FormState, PageHead, TextArea, TextField, asked, pager, signed_in, url_escape};
use crate::forms::{Done, Fields};
use crate::icons::{Icon, icon};
use crate::visit::Visit;
use atrium::ids::ProjectId;
use atrium::knowledge::{Base, BaseForm};
use atrium::paging::{PAGE_SIZE_MAX, PageRequest};
use atrium::permissions::Permission;
use atrium::projects::{Project, ProjectRole};
use atrium_domain::knowledge::bases::{self, BaseFilter};
use atrium_domain::{Error, Result, projects};
use leptos::prelude::*;

#[component]
pub fn BaseList() -> impl IntoView {
    let state = FormState::current();
    let (request, search) = asked();
    signed_in("Knowledge", None, async move |visit, viewer| {
        let scope = visit.atrium.store.as_viewer(&viewer);
        let filter = BaseFilter { search: atrium::text::filled(&search), project: None };
        let found = bases::page(scope, filter, request).await?;
        let everything = PageRequest { page: 1, size: PAGE_SIZE_MAX };
        let mut places = projects::page(scope, everything, None).await?.items;
        places.retain(|it| it.can_manage || it.role.is_some_and(|it| it != ProjectRole::Guest));
        let may_own = viewer.may(Permission::MakeKnowledge);
        let has_any = found.count > 0;
        let kept = if search.is_empty() { String::new() } else { format!("search={}", url_escape(&search)) };
        let pages = pager(request, found.count, &kept);
        Ok(view! {
            <PageHead title="Knowledge">
                {has_any.then(|| view! { <a class="button" href="/knowledge/search">{icon(Icon::Search)}<span>"Search"</span></a> })}
            </PageHead>
            <div class="page">
                {if has_any {
                    view! { <ul class="rows">{found.items.into_iter().map(row).collect_view()}</ul> }.into_any()
                } else if search.is_empty() {
                    view! { <p class="muted">"A knowledge base holds documents that agents answer from, with each sentence traced to its source. Make one below, put files into it, and tick it in an agent's form."</p> }.into_any()
                } else {
                    view! { <p class="muted" role="status">{format!("No knowledge base is called “{search}”. ")}<a href="/knowledge">"Show all"</a></p> }.into_any()
                }}
                {pages}
                {(may_own || !places.is_empty()).then(|| create_form(places, may_own, state))}
            </div>
        })
    })
}

/// A base in a list.
pub fn row(base: Base) -> impl IntoView {
    let href = format!("/knowledge/{}", base.id);
    let told = base.told();
    view! {
        <li class="row">
            <span class="avatar">{icon(Icon::Knowledge)}</span>
            <div class="row-text">
                <a class="row-title" href=href>{base.name}</a>
                {base.project_name.map(|it| view! { <span class="tag">{it}</span> })}
                {(!base.description.is_empty()).then(|| view! { <p class="muted">{atrium::text::shorten(&base.description, 140)}</p> })}
                <p class="muted small">{told}</p>
            </div>
        </li>
    }
}

fn create_form(places: Vec<Project>, may_own: bool, state: FormState) -> impl IntoView {
    let chosen = state.value("project", "");
    let options = places
        .into_iter()
        .map(|it| {
            let id = it.id.to_string();
            view! { <option value=id.clone() selected=chosen == id>{it.name}</option> }
        })
        .collect_view();
    view! {
        <section class="section">
            <h2>"New knowledge base"</h2>
            <ErrorSummary state=state.clone()/>
            <form method="post" class="form">
                <TextField name="name" label="Name" state=state.clone()/>
                <TextArea name="description" label="What is in it" state rows=2/>
                <div class="field">
                    <label for="project">"Whose it is"</label>
                    <select id="project" name="project">
                        {may_own.then(|| view! { <option value="">"Mine alone"</option> })}
                        {options}
                    </select>
                    <p class="help">"A project's knowledge is seen by everybody in it and changed by its members."</p>
                </div>
                <div class="form-end"><button class="button primary">"Create knowledge base"</button></div>
            </form>
        </section>
    }
}

/// What is typed into a base's form.
pub fn form(fields: &Fields) -> BaseForm {
    BaseForm { name: fields.text("name").to_owned(), description: fields.text("description").to_owned() }
}

/// `POST /knowledge`
pub async fn create(visit: &Visit, fields: &Fields) -> Result<Done> {
    let project = fields.filled("project").map(str::parse::<ProjectId>).transpose();
    let project = project.map_err(|_| Error::NotFound("project"))?;
    let (atrium, actor) = (&visit.atrium, visit.actor()?);
    let made = bases::create(&atrium.store, &atrium.ports, actor, project, &form(fields)).await?;
    visit.toast(format!("{} created", made.name), None).await?;
    Ok(Done::then(format!("/knowledge/{}", made.id)))
}
