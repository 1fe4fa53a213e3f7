//! Charts that were drawn: the list, and one of them with its table.

use super::sections::{nav, section};
use crate::components::{PageHead, asked, figure, moment, pager, signed_in, url_escape};
use crate::forms::{Done, Fields};
use crate::icons::{Icon, icon};
use crate::islands::toasts::Undo;
use crate::pages::admin::csv::{File, harmless};
use crate::visit::Visit;
use atrium::ids::ResultId;
use atrium_domain::results::{self, AnalyticsResult};
use atrium_domain::{Error, Result};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

/// Where they are.
const PATH: &str = "/analytics/results";

#[component]
pub fn ResultList() -> impl IntoView {
    let (request, search) = asked();
    section("Results", PATH, async move |visit, viewer| {
        let scope = visit.atrium.store.as_viewer(&viewer);
        let found = results::page(scope, request, atrium::text::filled(&search)).await?;
        let kept = if search.is_empty() { String::new() } else { format!("search={}", url_escape(&search)) };
        let (count, is_searched) = (found.count, !search.is_empty());
        let rows = found.items.into_iter().map(row).collect_view();
        Ok(view! {
            {(count > 0 || is_searched).then(|| view! {
                <form class="inline-form" role="search">
                    <label class="visually-hidden" for="search">"Search results"</label>
                    <input id="search" name="search" type="search" placeholder="Part of the title or question" value=search/>
                    <button class="button">"Show"</button>
                </form>
            })}
            {match (count, is_searched) {
                (0, false) => view! {
                    <div class="empty">
                        <p>"Charts that you ask for are kept here, each with its figures and what was asked."</p>
                        <a class="button primary" href="/analytics/ask">"Ask for a chart"</a>
                    </div>
                }.into_any(),
                (0, true) => view! { <p class="muted" role="status">"No title and no question has these letters. "<a href=PATH>"Show all"</a></p> }.into_any(),
                _ => view! { <ul class="rows">{rows}</ul> }.into_any(),
            }}
            {pager(request, count, &kept)}
        })
    })
}

fn row(it: AnalyticsResult) -> impl IntoView {
    let delete = format!("Delete {}", it.title);
    let source = source(&it);
    view! {
        <li class="row">
            <span class="avatar">{icon(Icon::Document)}</span>
            <div class="row-text">
                <a class="row-title" href=format!("{PATH}/{}", it.id)>{it.title}</a>
                <span class="tag">{it.chart.kind.as_str()}</span>
                <p class="muted">{format!("“{}”", it.question)}</p>
                <p class="muted small">{format!("{source} · {}", moment(it.created_at))}</p>
            </div>
            <div class="row-actions">
                <form method="post">
                    <input type="hidden" name="id" value=it.id.to_string()/>
                    <button class="button icon-only" name="action" value="delete" aria-label=delete title="Delete">{icon(Icon::Delete)}</button>
                </form>
            </div>
        </li>
    }
}

/// What a question was about.
fn source(it: &AnalyticsResult) -> String {
    let source = &it.meta["source"];
    let name = source["name"].as_str().unwrap_or_default();
    match (source["kind"].as_str(), name) {
        (Some("usage"), _) => "Your own use of models".to_owned(),
        (Some("result"), name) => format!("The chart “{name}”"),
        (_, "") => "A CSV file".to_owned(),
        (_, name) => name.to_owned(),
    }
}

#[component]
pub fn OneResult() -> impl IntoView {
    let id = use_params_map().with_untracked(|it| it.get("id").unwrap_or_default());
    signed_in("", None, async move |visit, viewer| {
        let id: ResultId = id.parse().map_err(|_| Error::NotFound("result"))?;
        let it = results::get(visit.atrium.store.as_viewer(&viewer), id).await?;
        let file = format!("{PATH}/{id}?format=csv");
        let drawn = figure(&it.chart, Some(file.clone()));
        let read_by = match it.meta["read_by"].as_str() {
            Some("model") => "A model said what to compute; the figures are computed from the data.",
            _ => "Read by rules; the figures are computed from the data.",
        };
        Ok(view! {
            <Title text=it.title.clone()/>
            <PageHead title="Result">
                <a class="button" href=file download="">{icon(Icon::Download)}<span>"CSV"</span></a>
                <form method="post" action=PATH>
                    <input type="hidden" name="id" value=id.to_string()/>
                    <button class="button icon-only" name="action" value="delete" aria-label="Delete" title="Delete">{icon(Icon::Delete)}</button>
                </form>
            </PageHead>
            {nav(PATH)}
            <div class="page wide">
                {drawn}
                <section class="section">
                    <h2>"What was asked"</h2>
                    <dl class="facts">
                        <dt>"Question"</dt><dd>{it.question.clone()}</dd>
                        <dt>"About"</dt><dd>{source(&it)}</dd>
                        <dt>"Asked"</dt><dd>{format!("{} UTC", moment(it.created_at))}</dd>
                        <dt>"Understood"</dt><dd>{read_by}</dd>
                    </dl>
                    <p><a class="button" href=format!("/analytics/ask?result={id}")>"Ask about this chart"</a></p>
                </section>
            </div>
        })
    })
}

/// `POST /analytics/results`: what the rows' buttons do.
pub async fn submit(visit: &Visit, fields: &Fields) -> Result<Done> {
    let scope = visit.atrium.store.as_viewer(visit.viewer()?);
    let id: ResultId = fields.id("id", "result")?;
    match fields.text("action") {
        "delete" => {
            results::delete(scope, &visit.atrium.ports, id).await?;
            let fields = vec![("action".to_owned(), "restore".to_owned()), ("id".to_owned(), id.to_string())];
            visit.toast("Result deleted", Some(Undo { path: PATH.to_owned(), fields })).await?;
        }
        "restore" => {
            results::restore(scope, id).await?;
            visit.toast("Result restored", None).await?;
        }
        _ => return Err(Error::NotFound("action")),
    }
    Ok(Done::then(PATH))
}

/// The table behind a chart as a file, for `/analytics/results/{id}?format=csv`.
///
/// # Errors
/// As the page.
pub async fn file(visit: &Visit, id: &str) -> Result<File> {
    let id: ResultId = id.parse().map_err(|_| Error::NotFound("result"))?;
    let it = results::get(visit.atrium.store.as_viewer(visit.viewer()?), id).await?;
    let fault = |error: ::csv::Error| Error::Internal(format!("csv: {error}"));
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    let heads = std::iter::once(&it.chart.label).chain(it.chart.series.iter().map(|it| &it.name));
    writer.write_record(heads.map(|it| harmless(it.clone()))).map_err(fault)?;
    for (at, category) in it.chart.categories.iter().enumerate() {
        let value = |series: usize| it.chart.value(series, at).map(|it| it.to_string()).unwrap_or_default();
        let cells = std::iter::once(harmless(category.clone())).chain((0..it.chart.series.len()).map(value));
        writer.write_record(cells).map_err(fault)?;
    }
    let content = writer.into_inner().map_err(|error| Error::Internal(format!("csv: {error}")))?;
    Ok(File { name: format!("result-{id}.csv"), content })
}
