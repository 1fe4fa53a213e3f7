//! The audit log.

use super::asked::Asked;
use super::list::{Column, Filter, List, Onlooker, show};
use super::{administered, moment};
use crate::visit::Visit;
use atrium::ids::OrganisationId;
use atrium::paging::{Page, PageRequest, Sort};
use atrium::people::Viewer;
use atrium_domain::Result;
use atrium_domain::audit::{self, AuditFilter, Entry};
use leptos::prelude::*;
use time::macros::format_description;

const DAY: i64 = 86_400_000_000;
/// What the log tells of.
const KINDS: [&str; 8] = ["user", "organisation", "project", "agent", "conversation", "setting", "price", "budget"];

/// The list of its lines.
pub struct Listed;

impl List for Listed {
    type Row = Entry;
    const NAME: &'static str = "changes";

    fn columns(onlooker: &Onlooker) -> Vec<Column<Entry>> {
        let text = |label, text: fn(&Entry) -> String| Column::new(label, text);
        let code =
            |of: fn(&Entry) -> &Option<String>| move |it: &Entry| view! { <code>{of(it).clone()}</code> }.into_any();
        [
            Some(text("When", |it| moment(it.created_at)).sorted("when").narrow()),
            Some(text("Who", |it| it.actor.clone()).sorted("who")),
            Some(text("What", |it| format!("{} · {}", it.action, it.subject)).sorted("what")),
            onlooker.organisation(|it: &Entry| it.organisation),
            Some(text("Before", |it| it.before.clone().unwrap_or_default()).shown(code(|it| &it.before))),
            Some(text("After", |it| it.after.clone().unwrap_or_default()).shown(code(|it| &it.after))),
            Some(text("From", |it| it.address.clone())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn filters(onlooker: &Onlooker) -> Vec<Filter> {
        let filters = [
            Filter::choice("kind", "About", KINDS.map(|it| (it, it))),
            Filter::day("from", "From"),
            Filter::day("to", "To"),
        ];
        filters.into_iter().chain(onlooker.organisation_filter()).collect()
    }

    fn organisation(row: &Entry) -> OrganisationId {
        row.organisation
    }

    async fn load(
        visit: &Visit,
        viewer: &Viewer,
        asked: &Asked,
        sort: Option<Sort>,
        page: PageRequest,
    ) -> Result<Page<Entry>> {
        let filter = AuditFilter {
            search: asked.text("search"),
            kind: asked.text("kind"),
            organisation: asked.read("organisation"),
            since: asked.text("from").and_then(midnight),
            until: asked.text("to").and_then(midnight).map(|it| it + DAY),
            sort,
        };
        audit::page(&visit.atrium.store, viewer, page, filter).await
    }
}

/// When a day begins, UTC.
fn midnight(day: &str) -> Option<i64> {
    let day = time::Date::parse(day, format_description!("[year]-[month]-[day]")).ok()?;
    i64::try_from(day.midnight().assume_utc().unix_timestamp_nanos() / 1000).ok()
}

#[component]
pub fn AuditLog() -> impl IntoView {
    let asked = Asked::current();
    administered("Audit log", async move |visit, _| {
        let list = show::<Listed>(&visit, &asked, None).await?;
        Ok(view! { <p class="muted">"Who did what, from where. Times are UTC."</p> {list} })
    })
}
