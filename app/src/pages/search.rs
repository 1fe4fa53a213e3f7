//! Search: a form that is an address, and what it found, in groups or one kind a page at a time.

use crate::components::{PageHead, signed_in};
use crate::icons::{Icon, icon};
use atrium::chat::Author;
use atrium::ids::ProjectId;
use atrium::knowledge::passage_path;
use atrium::paging::{PAGE_SIZE, PAGE_SIZE_MAX, Page, PageRequest};
use atrium::projects::Project;
use atrium::search::{Hit, HitKind, Piece, Shelf};
use atrium_domain::projects;
use atrium_domain::search::{self, Filter, MESSAGES_MAX, Question};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use time::{Date, Duration, Month, PrimitiveDateTime, Time};

/// Hits of a kind while all kinds are shown.
const IN_GROUP: u32 = 5;
/// Characters of a question; nobody types more.
const LENGTH: usize = 200;

/// What the address asks for, as it was typed.
#[derive(Debug, Clone, Default)]
struct Asked {
    search: String,
    kind: String,
    project: String,
    from: String,
    to: String,
    page: u32,
}

impl Asked {
    fn read() -> Self {
        let query = use_query_map();
        let text = |name: &str| -> String {
            query.with_untracked(|it| it.get(name)).unwrap_or_default().chars().take(LENGTH).collect()
        };
        let page = text("page").parse().ok().filter(|it| (1..=100_000).contains(it));
        Self {
            search: text("search"),
            kind: text("kind"),
            project: text("project"),
            from: text("from"),
            to: text("to"),
            page: page.unwrap_or(1),
        }
    }

    /// The days are whole ones, in UTC.
    fn filter(&self) -> Filter {
        Filter {
            kind: HitKind::parse(&self.kind),
            project: self.project.parse::<ProjectId>().ok(),
            from: day(&self.from).and_then(midnight),
            before: day(&self.to).and_then(|it| it.checked_add(Duration::DAY)).and_then(midnight),
        }
    }

    /// The address of the same question for another kind or page.
    fn address(&self, kind: &str, page: u32) -> String {
        let page = if page > 1 { page.to_string() } else { String::new() };
        let fields = [
            ("search", self.search.as_str()),
            ("kind", kind),
            ("project", &self.project),
            ("from", &self.from),
            ("to", &self.to),
            ("page", &page),
        ];
        let filled: Vec<_> = fields
            .iter()
            .filter(|it| !it.1.is_empty())
            .map(|(name, value)| format!("{name}={}", crate::components::url_escape(value)))
            .collect();
        format!("/search?{}", filled.join("&"))
    }
}

/// `2026-01-31`, as a browser's field for days sends it.
fn day(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
}

fn midnight(day: Date) -> Option<i64> {
    let moment = PrimitiveDateTime::new(day, Time::MIDNIGHT).assume_utc();
    i64::try_from(moment.unix_timestamp_nanos() / 1000).ok()
}

fn plural(kind: HitKind) -> &'static str {
    match kind {
        HitKind::Conversation => "Conversations",
        HitKind::Project => "Projects",
        HitKind::Agent => "Agents",
        HitKind::Document => "Documents",
        HitKind::Message => "Messages",
    }
}

#[component]
pub fn Search() -> impl IntoView {
    let asked = Asked::read();
    signed_in("Search", None, async move |visit, viewer| {
        let scope = visit.atrium.store.as_viewer(&viewer);
        let known = projects::page(scope, PageRequest { page: 1, size: PAGE_SIZE_MAX }, None).await?.items;
        let question = Question::new(&asked.search);
        let filter = asked.filter();
        let results = if question.is_empty() {
            nothing_asked(&asked).into_any()
        } else if let Some(kind) = filter.kind {
            let request = PageRequest { page: asked.page, size: PAGE_SIZE };
            one_kind(&asked, kind, request, search::find(scope, &question, filter, request).await?).into_any()
        } else {
            let mut groups = Vec::new();
            for kind in HitKind::ALL {
                let within = Filter { kind: Some(kind), ..filter };
                let request = PageRequest { page: 1, size: IN_GROUP };
                groups.push((kind, search::find(scope, &question, within, request).await?));
            }
            all_kinds(&asked, groups).into_any()
        };
        Ok(view! {
            <PageHead title="Search"/>
            <div class="page">
                {form(&asked, known)}
                {results}
            </div>
        })
    })
}

fn form(asked: &Asked, projects: Vec<Project>) -> impl IntoView + use<> {
    let kinds = HitKind::ALL
        .map(|it| view! { <option value=it.as_str() selected=asked.kind == it.as_str()>{plural(it)}</option> })
        .collect_view();
    let has_projects = !projects.is_empty();
    let projects = projects
        .into_iter()
        .map(|it| {
            let id = it.id.to_string();
            view! { <option value=id.clone() selected=asked.project == id>{it.name}</option> }
        })
        .collect_view();
    view! {
        <form role="search" class="form search-form">
            <div class="search-line">
                <label class="visually-hidden" for="search">"Search"</label>
                <input id="search" name="search" type="search" maxlength=LENGTH.to_string() placeholder="Words in titles, messages and documents" autofocus=asked.search.is_empty() value=asked.search.clone()/>
                <button class="button primary">"Search"</button>
            </div>
            <div class="search-filters">
                <label class="field"><span>"What"</span><select name="kind"><option value="">"Everything"</option>{kinds}</select></label>
                {has_projects.then(|| view! { <label class="field"><span>"Project"</span><select name="project"><option value="">"Any"</option>{projects}</select></label> })}
                <label class="field"><span>"From"</span><input type="date" name="from" value=asked.from.clone()/></label>
                <label class="field"><span>"To"</span><input type="date" name="to" value=asked.to.clone()/></label>
            </div>
        </form>
    }
}

fn nothing_asked(asked: &Asked) -> impl IntoView + use<> {
    let said = if asked.search.trim().is_empty() {
        "Type a word or two: they are looked for in your conversations, in your projects, in the agents you can talk to and in the documents you can read."
    } else {
        "There is no letter or digit in what you typed. Type a word to look for."
    };
    view! { <p class="muted">{said}</p> }
}

fn nothing_found() -> impl IntoView {
    view! {
        <div class="empty" role="status">
            <p>"Nothing was found. Every word must be met: try fewer, or only their beginnings."</p>
        </div>
    }
}

fn counted(kind: HitKind, count: i64) -> String {
    let more = if kind == HitKind::Message && count >= MESSAGES_MAX { " or more" } else { "" };
    format!("{count}{more} found")
}

fn all_kinds(asked: &Asked, groups: Vec<(HitKind, Page<Hit>)>) -> impl IntoView + use<> {
    let groups: Vec<_> = groups
        .into_iter()
        .filter(|it| it.1.count > 0)
        .map(|(kind, page)| {
            let more = (page.count > i64::from(IN_GROUP)).then(|| {
                let all = format!("All {}", plural(kind).to_lowercase());
                view! { <p><a href=asked.address(kind.as_str(), 1)>{all}</a></p> }
            });
            let told = counted(kind, page.count);
            view! {
                <section class="section">
                    <h2>{plural(kind)} " " <span class="muted small">{told}</span></h2>
                    <ul class="rows">{page.items.into_iter().map(row).collect_view()}</ul>
                    {more}
                </section>
            }
        })
        .collect();
    if groups.is_empty() { nothing_found().into_any() } else { groups.into_any() }
}

fn one_kind(asked: &Asked, kind: HitKind, request: PageRequest, page: Page<Hit>) -> impl IntoView + use<> {
    if page.count == 0 {
        return nothing_found().into_any();
    }
    let link = |page: u32| asked.address(kind.as_str(), page);
    let before = (request.page > 1).then(|| link(request.page - 1));
    let after = (request.offset() + request.limit() < page.count).then(|| link(request.page + 1));
    view! {
        <section class="section">
            <h2>{plural(kind)} " " <span class="muted small">{counted(kind, page.count)}</span></h2>
            <ul class="rows">{page.items.into_iter().map(row).collect_view()}</ul>
        </section>
        <nav class="pager" aria-label="Pages">
            {before.map(|it| view! { <a class="button" href=it rel="prev">"Before"</a> })}
            {after.map(|it| view! { <a class="button" href=it rel="next">"More"</a> })}
        </nav>
    }
    .into_any()
}

/// Text, and what was looked for marked in it.
fn marked(pieces: Vec<Piece>) -> impl IntoView {
    pieces
        .into_iter()
        .map(|it| if it.is_hit { view! { <mark>{it.text}</mark> }.into_any() } else { it.text.into_any() })
        .collect_view()
}

/// The document's page, with the passage marked if there is one.
pub(super) fn document_path(hit: &Hit) -> String {
    match hit.shelf.as_ref().and_then(|it| it.passage.as_ref()) {
        Some((version, place)) => passage_path(hit.id.into(), *version, place.start, place.end),
        None => format!("/knowledge/documents/{}", hit.id),
    }
}

/// In which base, in which file, and where in it.
fn stands(shelf: &Shelf) -> Vec<String> {
    let place = shelf.passage.as_ref().map(|it| it.1.told()).unwrap_or_default();
    [shelf.base_name.clone(), shelf.name.clone(), place].into_iter().filter(|it| !it.is_empty()).collect()
}

fn row(hit: Hit) -> impl IntoView {
    let (href, picture) = match hit.kind {
        HitKind::Conversation => (format!("/chat/{}", hit.id), Icon::Chat),
        HitKind::Project => (format!("/projects/{}", hit.id), Icon::Projects),
        HitKind::Agent => (format!("/?agent={}", hit.id), Icon::Agents),
        HitKind::Document => (document_path(&hit), Icon::Document),
        HitKind::Message => {
            let conversation = hit.conversation.map(|it| it.to_string()).unwrap_or_default();
            (format!("/chat/{conversation}#m-{}", hit.id), Icon::Chat)
        }
    };
    let who = hit.author.map(|it| if it == Author::User { "You" } else { "Answer" });
    let facts: Vec<String> = who
        .map(str::to_owned)
        .into_iter()
        .chain(hit.shelf.as_ref().into_iter().flat_map(stands))
        .chain([crate::components::moment(hit.at)])
        .collect();
    view! {
        <li class="row">
            <span class="avatar">{icon(picture)}</span>
            <div class="row-text">
                <a class="row-title" href=href>{marked(hit.title)}</a>
                {(!hit.snippet.is_empty()).then(|| view! { <p class="snippet">{marked(hit.snippet)}</p> })}
                <p class="muted small">{facts.join(" · ")}</p>
            </div>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_whole_and_nonsense_is_none() {
        assert_eq!(day("1970-01-02").and_then(midnight), Some(86_400_000_000));
        for wrong in ["", "1970", "1970-13-01", "1970-02-30", "x-y-z", "1970-01-01-01"] {
            assert_eq!(day(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_address_of_a_page_keeps_the_question() {
        let asked = Asked { search: "a&b=ü".to_owned(), from: "2026-01-31".to_owned(), ..Asked::default() };
        assert_eq!(
            asked.address("message", 2),
            "/search?search=a%26b%3D%C3%BC&kind=message&from=2026%2D01%2D31&page=2"
        );
    }
}
