//! Organisations: superusers make them and see all; administrators keep what is said of their own.

use super::asked::Asked;
use super::list::{Column, Filter, List, Onlooker, show};
use super::{administered, moment};
use crate::components::{ErrorSummary, FormState, TextArea, TextField};
use crate::forms::{Done, Fields};
use crate::visit::Visit;
use atrium::ids::OrganisationId;
use atrium::organisations::{Organisation, OrganisationForm};
use atrium::paging::{Page, PageRequest, Sort};
use atrium::people::Viewer;
use atrium_domain::{Error, Result, audit, organisations};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

const PATH: &str = "/admin/organisations";

/// The list of organisations.
pub struct Listed;

impl List for Listed {
    type Row = Organisation;
    const NAME: &'static str = "organisations";

    fn columns(_: &Onlooker) -> Vec<Column<Organisation>> {
        let text = |label, text: fn(&Organisation) -> String| Column::new(label, text);
        vec![
            text("Name", |it| it.details.name.clone())
                .sorted("name")
                .head()
                .shown(|it| view! { <a href=format!("{PATH}/{}", it.id)>{it.details.name.clone()}</a> }.into_any()),
            text("Contact", |it| it.details.contact_name.clone()),
            text("E-mail address", |it| it.details.contact_email.clone()),
            text("Phone", |it| it.details.contact_phone.clone()),
            text("Address", |it| it.details.address.clone()).of_file(),
            text("People", |it| it.people.to_string()).sorted("people").shown(|it| {
                view! { <a href=format!("/admin/people?organisation={}", it.id)>{it.people}</a> }.into_any()
            }),
            text("Projects", |it| it.projects.to_string()).sorted("projects"),
            text("Made", |it| moment(it.created_at)).sorted("made").narrow(),
        ]
    }

    fn filters(_: &Onlooker) -> Vec<Filter> {
        Vec::new()
    }

    fn organisation(row: &Organisation) -> OrganisationId {
        row.id
    }

    async fn load(
        visit: &Visit,
        viewer: &Viewer,
        asked: &Asked,
        sort: Option<Sort>,
        page: PageRequest,
    ) -> Result<Page<Organisation>> {
        organisations::page(visit.atrium.store.as_viewer(viewer), page, asked.text("search"), sort).await
    }
}

#[component]
pub fn Organisations() -> impl IntoView {
    let state = FormState::current();
    let asked = Asked::current();
    administered("Organisations", async move |visit, viewer| {
        let list = show::<Listed>(&visit, &asked, None).await?;
        Ok(view! {
            {list}
            {viewer.is_superuser.then(|| view! {
                <section class="section measured">
                    <h2>"New organisation"</h2>
                    <ErrorSummary state=state.clone()/>
                    {details(OrganisationForm::default(), None, state, "Create organisation")}
                </section>
            })}
        })
    })
}

#[component]
pub fn EditOrganisation() -> impl IntoView {
    let id = use_params_map().with_untracked(|it| it.get("id").unwrap_or_default());
    let state = FormState::current();
    administered("Organisation", async move |visit, viewer| {
        let id: OrganisationId = id.parse().map_err(|_| Error::NotFound("organisation"))?;
        let atrium = &visit.atrium;
        let found = organisations::get(atrium.store.as_viewer(&viewer), id).await?;
        audit::note_look(&atrium.store, &atrium.ports, visit.actor()?, &found.details.name, [id]).await?;
        let Organisation { details: form, people, projects, created_at, updated_at, .. } = found;
        Ok(view! {
            <Title text=form.name.clone()/>
            <dl class="facts">
                <dt>"People"</dt><dd><a href=format!("/admin/people?organisation={id}")>{people}</a></dd>
                <dt>"Projects"</dt><dd>{projects}</dd>
                <dt>"Made"</dt><dd>{moment(created_at)}</dd>
            </dl>
            <section class="section measured">
                <h2>{form.name.clone()}</h2>
                <ErrorSummary state=state.clone()/>
                {details(form, Some(updated_at), state, "Save organisation")}
            </section>
        })
    })
}

fn details(form: OrganisationForm, version: Option<i64>, state: FormState, button: &'static str) -> AnyView {
    view! {
        <form method="post" class="form">
            {version.map(|it| view! { <input type="hidden" name="version" value=it.to_string()/> })}
            <TextField name="name" label="Name" value=form.name state=state.clone()/>
            <TextField name="contact_name" label="Contact" value=form.contact_name state=state.clone() help="Whom to talk to."/>
            <div class="field-pair">
                <TextField name="contact_email" label="E-mail address" kind="email" value=form.contact_email state=state.clone()/>
                <TextField name="contact_phone" label="Phone" kind="tel" value=form.contact_phone state=state.clone()/>
            </div>
            <TextArea name="address" label="Address" value=form.address state rows=3/>
            <div class="form-end"><button class="button primary">{button}</button></div>
        </form>
    }
    .into_any()
}

/// `POST /admin/organisations`
pub async fn create(visit: &Visit, fields: &Fields) -> Result<Done> {
    let atrium = &visit.atrium;
    let made = organisations::create(&atrium.store, &atrium.ports, visit.actor()?, &fields.read()?).await?;
    visit.toast(format!("{} created", made.details.name), None).await?;
    Ok(Done::then(PATH))
}

/// `POST /admin/organisations/{id}`
pub async fn change(visit: &Visit, id: OrganisationId, fields: &Fields) -> Result<Done> {
    let (atrium, actor) = (&visit.atrium, visit.actor()?);
    let version = fields.text("version").parse().ok();
    let changed = organisations::change(&atrium.store, &atrium.ports, actor, id, &fields.read()?, version).await?;
    visit.toast(format!("{} saved", changed.details.name), None).await?;
    Ok(Done::then(format!("{PATH}/{id}")))
}
