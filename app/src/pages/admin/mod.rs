//! Administration: one layout with its own navigation, and a file a section. Lists share one mechanism, [`list`].

pub mod agents;
pub(crate) mod asked;
pub mod audit;
pub mod budgets;
pub mod conversations;
pub mod csv;
pub mod expertise;
pub(crate) mod list;
pub mod organisations;
pub mod outbox;
pub mod people;
pub mod providers;
pub mod roles;

use crate::components::{PageHead, moment, redirect, signed_in};
use crate::visit::Visit;
use atrium::people::Viewer;
use atrium::permissions::Permission;
use atrium_domain::{Error, Result};
use leptos::prelude::*;
use std::future::Future;

/// Whether a section is for them.
type May = fn(&Viewer) -> bool;

/// Every section: its path, its name, and who may see it. A line here is all that a new one needs to be found.
const SECTIONS: &[(&str, &str, May)] = &[
    ("/admin/people", "People", |it| it.may(Permission::SeePeople)),
    ("/admin/invitations", "Invitations", |it| it.may(Permission::ManagePeople)),
    ("/admin/outbox", "Outbox", |it| it.may(Permission::ManageOrganisation)),
    ("/admin/organisations", "Organisations", |it| it.may(Permission::ManageOrganisation)),
    ("/admin/roles", "Roles", |it| it.may(Permission::SeePeople)),
    ("/admin/expertise", "Expertise", |it| it.may(Permission::ManageExpertise)),
    ("/admin/agents", "Agents", |it| it.may(Permission::ManageAgents)),
    ("/admin/conversations", "Conversations", |it| it.may(Permission::InspectConversations)),
    ("/admin/budgets", "Budgets", |it| it.may(Permission::ManageBudgets)),
    ("/admin/providers", "Providers", Viewer::can_administer_server),
    ("/admin/settings", "Settings", Viewer::can_administer_server),
    ("/admin/audit-log", "Audit log", |it| it.may(Permission::ManageOrganisation)),
];

pub(super) fn sections(viewer: &Viewer) -> impl Iterator<Item = (&'static str, &'static str)> {
    SECTIONS.iter().filter(|it| it.2(viewer)).map(|it| (it.0, it.1))
}

/// Whether there is anything here for them.
#[must_use]
pub fn may_administer(viewer: &Viewer) -> bool {
    sections(viewer).next().is_some()
}

/// The section that a path is in, if they may see it: for pages and files alike.
fn section(viewer: &Viewer, path: &str) -> Result<&'static str> {
    let found = sections(viewer)
        .map(|it| it.0)
        .find(|it| path.strip_prefix(it).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    found.ok_or(Error::Forbidden("Your role does not administer this. Ask an administrator."))
}

/// A page of the administration, for whoever may see the section that it is in.
pub fn administered<V, F>(title: &'static str, content: impl FnOnce(Visit, Viewer) -> F + Send + 'static) -> AnyView
where
    V: IntoView + 'static,
    F: Future<Output = Result<V>> + Send + 'static,
{
    let path = use_context::<axum::http::request::Parts>().map(|it| it.uri.path().to_owned()).unwrap_or_default();
    signed_in(title, None, async move |visit, viewer| {
        let here = section(&viewer, &path)?;
        let links = sections(&viewer).map(|(href, label)| {
            let is_here = href == here;
            view! { <li><a href=href aria-current=is_here.then_some("page")>{label}</a></li> }
        });
        let links = links.collect_view();
        let content = content(visit, viewer).await?;
        Ok(view! {
            <PageHead title=title/>
            <nav class="sections" aria-label="Administration"><ul>{links}</ul></nav>
            <div class="page wide">{content}</div>
        })
    })
}

/// `/admin` is its first section.
#[component]
pub fn Administration() -> impl IntoView {
    signed_in("Administration", None, async |_, viewer| {
        let (first, _) =
            sections(&viewer).next().ok_or(Error::Forbidden("Your role administers nothing. Ask an administrator."))?;
        redirect(first);
        Ok(())
    })
}
