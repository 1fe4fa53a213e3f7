//! A question, and what it is about.

use super::sections::section;
use crate::components::{ErrorSummary, FieldNote, FormState, TextField};
use crate::forms::{Done, Fields};
use crate::visit::Visit;
use atrium::ids::ResultId;
use atrium::paging::PAGE_SIZE_MAX;
use atrium_domain::results::{self, Asked, Data, FILE_MAX};
use atrium_domain::{Error, Result};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// What can be asked in these words.
const EXAMPLES: [&str; 5] = [
    "average price by region",
    "revenue over time",
    "top 5 products by revenue",
    "share of orders by channel",
    "tokens by model",
];

/// `/analytics/ask`; with `?result=…` about that chart.
#[component]
pub fn Ask() -> impl IntoView {
    let state = FormState::current();
    let chosen = use_query_map().with_untracked(|it| it.get("result")).unwrap_or_default();
    section("Ask for a chart", "/analytics/ask", async move |visit, viewer| {
        let drawn = results::titles(visit.atrium.store.as_viewer(&viewer), PAGE_SIZE_MAX).await?;
        Ok(form(drawn, &chosen, state))
    })
}

fn form(drawn: Vec<(ResultId, String)>, chosen: &str, state: FormState) -> impl IntoView + use<> {
    let has_drawn = !drawn.is_empty();
    let chosen = state.value("result", chosen);
    let about = state.value("about", if chosen.is_empty() { "file" } else { "result" });
    let choice = |value: &'static str, label: &'static str| {
        view! { <label class="choice"><input type="radio" name="about" value=value checked=about == value/><span>{label}</span></label> }
    };
    let options = drawn.into_iter().map(|(id, title)| {
        let id = id.to_string();
        view! { <option value=id.clone() selected=chosen == id>{title}</option> }
    });
    let options = options.collect_view();
    let file_error = state.error("file");
    let is_wrong = file_error.is_some().then_some("true");
    let told = format!(
        "The first row names the columns. At most {} MB, separated by commas, semicolons or tabs.",
        FILE_MAX / (1024 * 1024)
    );
    // A browser does not send a file again.
    let told = if state.failure().is_some() && about == "file" { format!("Choose it again. {told}") } else { told };
    let examples = EXAMPLES.map(|it| view! { <li>{it}</li> }).collect_view();
    view! {
        <ErrorSummary state=state.clone()/>
        <form method="post" class="form ask" enctype="multipart/form-data">
            <TextField name="question" label="Question" state=state.clone() autocomplete="off" is_focused=true help="In plain English: what, by what. Every figure is computed from the data."/>
            <fieldset class="choices">
                <legend>"About"</legend>
                {choice("file", "A CSV file")}
                {choice("usage", "Your own use of models")}
                {has_drawn.then(|| choice("result", "An earlier chart"))}
            </fieldset>
            <div class="field about-file">
                <label for="file">"CSV file"</label>
                <input id="file" name="file" type="file" accept=".csv,.tsv,.txt,text/csv,text/tab-separated-values" aria-invalid=is_wrong aria-describedby="file-help"/>
                <FieldNote name="file" help=Some(told) error=file_error/>
            </div>
            {has_drawn.then(|| view! {
                <div class="field about-result">
                    <label for="result">"Earlier chart"</label>
                    <select id="result" name="result">{options}</select>
                </div>
            })}
            <div class="form-end"><button class="button primary">"Draw chart"</button></div>
        </form>
        <section class="section">
            <h2>"Questions that are understood"</h2>
            <ul class="examples">{examples}</ul>
            <p class="muted">"Add “in 2026”, “where status is paid” or “since March 2026” to count only some rows. If your default agent has a model of a provider, it may say what to compute; it sees the columns' names and a few of their values."</p>
        </section>
    }
}

/// `POST /analytics/ask`
pub async fn submit(visit: &Visit, fields: &Fields) -> Result<Done> {
    let (atrium, viewer) = (&visit.atrium, visit.viewer()?);
    let data = match fields.text("about") {
        "usage" => Data::Usage,
        "result" => Data::Result(fields.id("result", "result")?),
        "file" => {
            let name = fields.files("file").next().map(|it| it.name.clone());
            Data::File(name.unwrap_or_default(), fields.file("file"))
        }
        _ => return Err(Error::field("about", "Choose what the question is about.")),
    };
    let asked = Asked {
        store: &atrium.store,
        ports: &atrium.ports,
        connections: &atrium.connections,
        viewer,
        question: fields.text("question"),
    };
    let made = results::ask(asked, data).await?;
    Ok(Done::then(format!("/analytics/results/{}", made.id)))
}
