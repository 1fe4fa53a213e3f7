//! What was used: figures, charts, and a table behind each chart. Everything that is asked for stands in the address.

pub mod ask;
mod charts;
pub mod file;
pub mod models;
pub mod results;
mod sections;

pub(super) use sections::SECTIONS;

use crate::components::{PageHead, budget_meter, figure, figure_with, signed_in};
use crate::pages::admin::asked::Asked;
use crate::pages::admin::csv::File;
use crate::visit::Visit;
use atrium::budgets::{Budget, BudgetSubject};
use atrium::charts::plain;
use atrium::text::{dollars, duration};
use atrium::usage::{Figures, Group, Reach, UsageRow};
use atrium_domain::usage::period::{DAYS, Period};
use atrium_domain::usage::{budgets, report};
use atrium_domain::{Error, Result};
use leptos::prelude::*;

/// What one chooses from.
const SPANS: [i64; 3] = [7, 30, 90];

/// `/analytics`
#[component]
pub fn Analytics() -> impl IntoView {
    signed_in("Analytics", None, async |visit, viewer| {
        let asked = Asked::current();
        let (period, refused) = match period(&asked, visit.atrium.ports.now()) {
            Ok(period) => (period, None),
            Err(error) => (Period::last(DAYS, visit.atrium.ports.now()), Some(error.to_string())),
        };
        let reach = reach(&asked);
        let reaches = report::reaches(&viewer);
        let atrium = &visit.atrium;
        let (total, groups) = report::overview(&atrium.store, &atrium.ports, visit.actor()?, reach, period).await?;
        let rows = |group: Group| groups.get(group.as_str()).cloned().unwrap_or_default();
        let budgets = budgets::own(atrium.store.as_viewer(&viewer), &atrium.ports).await?;
        let content = if total.calls == 0 {
            view! {
                <div class="empty">
                    <p>{format!("No model was asked between {} and {}. What answers use and cost is shown here, by day, agent, model and project.", period.from(), period.to())}</p>
                    <a class="button" href="/">"Start a conversation"</a>
                </div>
            }
            .into_any()
        } else {
            let file = |group: Group| Some(asked.with_all(&[("group", group.as_str()), ("format", "csv")]));
            let days =
                charts::by_day(&rows(Group::Day)).into_iter().map(|it| figure(&it, file(Group::Day))).collect_view();
            let groups = [Group::Model, Group::Agent, Group::Project, Group::User].into_iter().filter_map(|group| {
                let rows = rows(group);
                (!rows.is_empty())
                    .then(|| figure_with(&charts::by_group(group, &rows), table(group, &rows), file(group)))
            });
            let groups = groups.collect_view();
            view! {
                {figures(&total)}
                <section class="section"><h2>"Day by day"</h2><div class="figures">{days}</div></section>
                <section class="section"><h2>"Where it goes"</h2><div class="figures">{groups}</div></section>
            }
            .into_any()
        };
        Ok(view! {
            <PageHead title="Analytics"/>
            {sections::nav("/analytics")}
            <div class="page wide">
                {toolbar(&asked, reach, &reaches, period)}
                {refused.map(|it| view! { <p class="notice error" role="alert">{it}</p> })}
                {(!budgets.is_empty()).then(|| of_budgets(&budgets))}
                {content}
            </div>
        })
    })
}

/// The file that the address asks for.
///
/// # Errors
/// As the page.
pub async fn export(visit: &Visit, asked: &Asked) -> Result<File> {
    let group = match asked.text("group") {
        None => Group::default(),
        Some(name) => Group::parse(name).ok_or(Error::NotFound("table"))?,
    };
    let atrium = &visit.atrium;
    let period = period(asked, atrium.ports.now())?;
    let found = report::report(&atrium.store, &atrium.ports, visit.actor()?, reach(asked), group, period).await?;
    file::usage(group, period, &found.rows)
}

fn period(asked: &Asked, now: i64) -> Result<Period> {
    Period::asked(asked.read("days"), asked.text("from"), asked.text("to"), now)
}

fn reach(asked: &Asked) -> Reach {
    Reach::ALL.into_iter().find(|it| asked.text("scope") == Some(it.as_str())).unwrap_or_default()
}

fn toolbar(asked: &Asked, reach: Reach, reaches: &[Reach], period: Period) -> impl IntoView + use<> {
    let is_span = asked.text("from").is_none() && asked.text("to").is_none();
    let spans = SPANS.map(|days| {
        let is_here = is_span && period.length() == days;
        let query = if reach == Reach::Own { String::new() } else { format!("&scope={}", reach.as_str()) };
        let href = format!("{}?days={days}{query}", asked.path);
        view! { <li><a href=href aria-current=is_here.then_some("true")>{format!("{days} days")}</a></li> }
    });
    let scope = (reaches.len() > 1).then(|| {
        let options = reaches.iter().map(|it| {
            view! { <option value=it.as_str() selected=*it == reach>{it.label()}</option> }
        });
        let options = options.collect_view();
        view! { <div class="filter"><label for="scope">"Whose"</label><select id="scope" name="scope">{options}</select></div> }
    });
    view! {
        <form class="filters" role="search" aria-label="Choose the time">
            <nav class="spans" aria-label="The last days"><ul>{spans.collect_view()}</ul></nav>
            {scope}
            <div class="filter"><label for="from">"From"</label><input id="from" name="from" type="date" value=period.from()/></div>
            <div class="filter"><label for="to">"To (UTC)"</label><input id="to" name="to" type="date" value=period.to()/></div>
            <button class="button">"Show"</button>
        </form>
    }
}

/// What may still be spent.
fn of_budgets(budgets: &[Budget]) -> impl IntoView + use<> {
    let rows = budgets.iter().map(|it| {
        let whose = match it.subject {
            BudgetSubject::User => "Yours".to_owned(),
            BudgetSubject::Project | BudgetSubject::Organisation => it.name.clone(),
        };
        view! { <li><span class="whose">{format!("{whose}, a {}", it.period.as_str())}</span>{budget_meter(it)}</li> }
    });
    let rows = rows.collect_view();
    view! { <section class="section"><h2>"Budgets"</h2><ul class="budgets">{rows}</ul></section> }
}

/// A few figures on top.
fn figures(total: &Figures) -> impl IntoView + use<> {
    let figure = |name: &'static str, value: String, more: String| {
        view! { <div class="stat"><dt>{name}</dt><dd>{value}</dd>{(!more.is_empty()).then(|| view! { <dd class="more">{more}</dd> })}</div> }
    };
    let time = |micros: Option<i64>| micros.map_or_else(|| "–".to_owned(), duration);
    let share = if total.errors == 0 { "none failed".to_owned() } else { format!("{} failed", whole(total.errors)) };
    view! {
        <dl class="stats">
            {figure("Cost", dollars(total.cost), String::new())}
            {figure("Calls", whole(total.calls), share)}
            {figure("Tokens", whole(total.tokens()), format!("{} read, {} written", whole(total.prompt_tokens), whole(total.completion_tokens)))}
            {figure("Time to answer", time(total.latency), format!("95 of 100 within {}", time(total.latency_p95)))}
            {figure("Time to first word", time(total.first_token), String::new())}
        </dl>
    }
}

#[allow(clippy::cast_precision_loss)]
fn whole(number: i64) -> String {
    plain(number as f64)
}

/// Everything that is known of a group.
fn table(group: Group, rows: &[UsageRow]) -> impl IntoView + use<> {
    let time = |micros: Option<i64>| micros.map_or_else(|| "–".to_owned(), duration);
    let rows = rows.iter().map(|UsageRow { name, figures: it, .. }| {
        view! {
            <tr>
                <th scope="row">{name.clone()}</th>
                <td class="number">{whole(it.calls)}</td>
                <td class="number">{whole(it.errors)}</td>
                <td class="number">{whole(it.prompt_tokens)}</td>
                <td class="number">{whole(it.completion_tokens)}</td>
                <td class="number">{dollars(it.cost)}</td>
                <td class="number">{time(it.latency)}</td>
                <td class="number">{time(it.latency_p95)}</td>
                <td class="number">{time(it.first_token)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let heads = ["Calls", "Errors", "Tokens read", "Written", "Cost", "Median time", "95 of 100 within", "First word"]
        .map(|it| view! { <th scope="col" class="number">{it}</th> })
        .collect_view();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=format!("By {}", group.label().to_lowercase())>
            <table class="table">
                <thead><tr><th scope="col">{group.label()}</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
