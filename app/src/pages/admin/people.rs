//! People and their roles: each by themselves, or several at once.

use super::asked::Asked;
use super::list::{Bulk, Choice, Column, Filter, List, Onlooker, show};
use super::{administered, moment};
use crate::components::{ErrorSummary, FormState, portrait};
use crate::forms::{Done, Fields, local_path};
use crate::islands::toasts::Undo;
use crate::visit::Visit;
use atrium::ids::{OrganisationId, UserId};
use atrium::paging::{Page, PageRequest, Sort};
use atrium::people::{Profile, Role, Viewer};
use atrium::permissions::Permission;
use atrium_domain::accounts::PeopleFilter;
use atrium_domain::accounts::administration::{PeopleChange, PersonChange};
use atrium_domain::{Error, Result};
use leptos::prelude::*;

const PATH: &str = "/admin/people";
/// The form that boxes belong to.
const BULK: &str = "several";

/// The list of people.
pub struct Listed;

impl List for Listed {
    type Row = Profile;
    const NAME: &'static str = "people";

    fn columns(onlooker: &Onlooker) -> Vec<Column<Profile>> {
        let (viewer, here) = (onlooker.viewer.clone(), onlooker.here.clone());
        let text = |label, text: fn(&Profile) -> String| Column::new(label, text);
        [
            Some(text("Name", |it| it.name.clone()).sorted("name").head().shown(name)),
            Some(text("Address", |it| it.email.clone()).sorted("email").shown(|it| breaking(it.email.clone()))),
            onlooker.organisation(|it: &Profile| it.organisation),
            Some(
                text("Joined", |it| moment(it.created_at)).sorted("joined").shown(|it| stacked(moment(it.created_at))),
            ),
            Some(text("Last sign-in", last_sign_in).sorted("last_sign_in").shown(|it| stacked(last_sign_in(it)))),
            Some(
                text("Role", |it| it.role.as_str().to_owned()).sorted("role").shown(move |it| role(it, &viewer, &here)),
            ),
            Some(text("Active", |it| if it.is_active { "yes" } else { "no" }.to_owned()).of_file()),
            Some(text("Superuser", |it| if it.is_superuser { "yes" } else { "no" }.to_owned()).of_file()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn filters(onlooker: &Onlooker) -> Vec<Filter> {
        let roles = Role::ALL.map(|it| (it.as_str(), it.as_str()));
        let filters = [
            Filter::choice("role", "Role", roles),
            Filter::choice("active", "Account", [("true", "On"), ("false", "Switched off")]),
        ];
        filters.into_iter().chain(onlooker.organisation_filter()).collect()
    }

    fn organisation(row: &Profile) -> OrganisationId {
        row.organisation
    }

    async fn load(
        visit: &Visit,
        viewer: &Viewer,
        asked: &Asked,
        sort: Option<Sort>,
        page: PageRequest,
    ) -> Result<Page<Profile>> {
        if !viewer.may(Permission::SeePeople) {
            return Err(Error::Forbidden("Only administrators and managers see everybody."));
        }
        let filter = PeopleFilter {
            search: asked.text("search"),
            role: asked.text("role").and_then(Role::parse),
            is_active: asked.read("active"),
            organisation: asked.read("organisation"),
            sort,
            ..PeopleFilter::default()
        };
        visit.atrium.accounts.people(viewer, page, filter).await
    }
}

#[component]
pub fn People() -> impl IntoView {
    let state = FormState::current();
    let asked = Asked::current();
    administered("People", async move |visit, viewer| {
        let can_change = viewer.may(Permission::ManagePeople);
        let chosen = state.all("chosen");
        let bulk = can_change.then(|| Bulk { form: BULK, choice: choice(&viewer), chosen, controls: several(&asked) });
        let list = show::<Listed>(&visit, &asked, bulk).await?;
        Ok(view! {
            <ErrorSummary state=state/>
            {list}
        })
    })
}

/// Nobody changes themselves, and only superusers change superusers.
fn may_change(viewer: &Viewer, it: &Profile) -> bool {
    viewer.may(Permission::ManagePeople) && it.id != viewer.id && (viewer.is_superuser || !it.is_superuser)
}

fn choice(viewer: &Viewer) -> Choice<Profile> {
    let viewer = viewer.clone();
    Box::new(move |it| may_change(&viewer, it).then(|| (it.id.to_string(), it.name.clone())))
}

fn several(asked: &Asked) -> AnyView {
    view! {
        <form method="post" id=BULK class="inline-form several">
            <input type="hidden" name="next" value=asked.here()/>
            <span>"Everybody ticked:"</span>
            <select name="role" aria-label="Role for everybody ticked">{roles(Role::User)}</select>
            <button class="button" name="action" value="role">"Give this role"</button>
            <button class="button" name="action" value="switch-off">"Switch off"</button>
            <button class="button" name="action" value="switch-on">"Switch on"</button>
        </form>
    }
    .into_any()
}

fn roles(chosen: Role) -> AnyView {
    let option = |it: Role| view! { <option value=it.as_str() selected=it == chosen>{it.as_str()}</option> };
    Role::ALL.map(option).collect_view().into_any()
}

fn name(it: &Profile) -> AnyView {
    let name = it.name.clone();
    let picture = portrait(it.id, &it.name, it.avatar.as_deref());
    view! {
        <span class="person-cell">{picture}<span>{name}</span></span>
        {it.is_superuser.then(|| view! { " " <span class="tag">"superuser"</span> })}
        {(!it.is_active).then(|| view! { " " <span class="tag">"switched off"</span> })}
    }
    .into_any()
}

fn last_sign_in(it: &Profile) -> String {
    it.last_login_at.map_or_else(|| "never".to_owned(), moment)
}

/// The hour below its day, where there is no room beside it.
fn stacked(moment: String) -> AnyView {
    let part = |it: &str| view! { <span class="nowrap">{it.to_owned()}</span> " " };
    moment.split(' ').map(part).collect_view().into_any()
}

/// An address is one long word: it gives way to what one can do.
fn breaking(address: String) -> AnyView {
    view! { <span class="breaks">{address}</span> }.into_any()
}

fn role(it: &Profile, viewer: &Viewer, here: &str) -> AnyView {
    if !may_change(viewer, it) {
        return it.role.as_str().into_any();
    }
    let label = format!("Role of {}", it.name);
    let can_be = viewer.is_superuser && !it.is_superuser && it.is_active;
    let (switch, switch_label) = if it.is_active { ("switch-off", "Switch off") } else { ("switch-on", "Switch on") };
    view! {
        <form method="post" class="inline-form">
            <input type="hidden" name="chosen" value=it.id.to_string()/>
            <input type="hidden" name="next" value=here.to_owned()/>
            <input type="hidden" name="version" value=it.updated_at.to_string()/>
            <select name="role" aria-label=label>{roles(it.role)}</select>
            <button class="button" name="action" value="role">"Save"</button>
            <button class="button" name="action" value=switch>{switch_label}</button>
            {can_be.then(|| view! { <button class="button" name="action" value="sign-in-as">"Sign in as"</button> })}
        </form>
    }
    .into_any()
}

/// `POST /admin/people`
pub async fn submit(visit: &Visit, fields: &Fields) -> Result<Done> {
    let (accounts, actor) = (&visit.atrium.accounts, visit.actor()?);
    let next = fields.filled("next").map_or(PATH, local_path);
    let people: Vec<UserId> = fields.all("chosen").filter_map(|it| it.parse().ok()).collect();
    let change = match fields.text("action") {
        "sign-in-as" => {
            let person = accounts.impersonate(actor, fields.id("chosen", "user")?).await?;
            visit.sign_in(&person).await?;
            return Ok(Done::then("/"));
        }
        "role" => {
            let role = Role::parse(fields.text("role")).ok_or_else(|| Error::field("role", "Choose a role."))?;
            PersonChange { role: Some(role), ..PersonChange::default() }
        }
        "switch-off" => PersonChange { is_active: Some(false), ..PersonChange::default() },
        "switch-on" => PersonChange { is_active: Some(true), ..PersonChange::default() },
        _ => return Err(Error::NotFound("action")),
    };
    if let ([one], Ok(version)) = (people.as_slice(), fields.text("version").parse()) {
        let changed = accounts.change_person(actor, *one, change, Some(version)).await?;
        visit.toast(format!("{} saved", changed.name), None).await?;
        return Ok(Done::then(next));
    }
    if people.is_empty() {
        return Err(Error::field("chosen", "Tick whom you mean first."));
    }
    let outcome = accounts.change_people(actor, &people, change).await?;
    let said = told(&outcome);
    if !outcome.refused.is_empty() {
        return Err(Error::Conflict { code: "partly_done", message: said });
    }
    visit.toast(said, undo(&outcome, change)).await?;
    Ok(Done::then(next))
}

/// For how many it worked, for whom it did not, and why.
fn told(outcome: &PeopleChange) -> String {
    let people = |n: usize| if n == 1 { "1 person".to_owned() } else { format!("{n} people") };
    let mut said = format!("Changed {}.", people(outcome.changed.len()));
    if outcome.unchanged > 0 {
        said += &format!(" {} had nothing to change.", people(outcome.unchanged));
    }
    for (who, why) in &outcome.refused {
        said += &format!(" Not {who}: {why}");
    }
    said
}

/// Back to what all of them were, if all of them were the same.
fn undo(outcome: &PeopleChange, change: PersonChange) -> Option<Undo> {
    let first = outcome.changed.first()?;
    let before = match change {
        PersonChange { role: Some(_), .. } => outcome
            .changed
            .iter()
            .all(|it| it.role == first.role)
            .then(|| vec![("action", "role"), ("role", first.role.as_str())])?,
        PersonChange { is_active: Some(true), .. } => vec![("action", "switch-off")],
        _ => vec![("action", "switch-on")],
    };
    let before = before.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let people = outcome.changed.iter().map(|it| ("chosen".to_owned(), it.id.to_string()));
    Some(Undo { path: PATH.to_owned(), fields: before.chain(people).collect() })
}
