//! Bringing conversations that one had elsewhere, and what became of them.

use super::tabs;
use crate::components::{ErrorSummary, FieldNote, FormState, PageHead, signed_in};
use crate::forms::Imported;
use crate::icons::{Icon, icon};
use atrium_domain::import::chats::{Fate, IMPORT_MAX, Outcome, Report};
use leptos::prelude::*;

/// Conversations that are named one by one; a page of thousands helps nobody.
const SHOWN: usize = 200;

const HELP: &str = "At most 512 MB. What is here already stays as it is, so the same file may come again.";
const _: () = assert!(IMPORT_MAX == 512 * 1024 * 1024, "the help above names the number");

/// Where each system has its export.
const WAYS: [(&str, &str); 4] = [
    (
        "ChatGPT",
        "Settings, Data controls, Export data. The zip file that arrives by mail, or the conversations.json in it.",
    ),
    ("Open WebUI", "Settings, Data controls or Chats, Export chats."),
    (
        "LibreChat",
        "Share or the menu of a conversation, Export, as JSON. Tick “Export all message branches” to keep alternatives.",
    ),
    ("Atrium", "Account, Export conversations; or one conversation as JSON."),
];

#[component]
pub fn Import() -> impl IntoView {
    let state = FormState::current();
    let report = use_context::<Imported>();
    signed_in("Import conversations", None, async move |_, _| {
        Ok(view! {
            <PageHead title="Import conversations"/>
            <div class="page narrow">
                {tabs("/account")}
                <ErrorSummary state=state.clone()/>
                {report.map(|it| told(&it.0))}
                {form(&state)}
                <section class="section">
                    <h2>"Where to get the file"</h2>
                    <dl class="facts">
                        {WAYS.map(|(name, way)| view! { <dt>{name}</dt><dd>{way}</dd> }).collect_view()}
                    </dl>
                    <p class="help">"Questions and answers come with their alternatives, times and models. What the system or tools said is left out, and so are files: their names stand in the text."</p>
                </section>
            </div>
        })
    })
}

fn form(state: &FormState) -> impl IntoView + use<> {
    let error = state.error("file");
    view! {
        <form method="post" enctype="multipart/form-data" class="form">
            <div class="field">
                <label for="file">"File"</label>
                <input
                    id="file"
                    name="file"
                    type="file"
                    accept=".json,.zip,application/json,application/zip"
                    aria-invalid=error.is_some().then_some("true")
                    aria-describedby="file-help"
                />
                <FieldNote name="file" help=Some(HELP.to_owned()) error/>
            </div>
            <button class="button primary">"Import conversations"</button>
        </form>
    }
}

fn told(report: &Report) -> impl IntoView + use<> {
    let counted = [(report.taken(), "taken"), (report.known(), "here already"), (report.left_out(), "left out")];
    let counted: Vec<_> =
        counted.into_iter().filter(|it| it.0 > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let messages = match report.messages() {
        0 => String::new(),
        1 => " 1 message came along.".to_owned(),
        count => format!(" {count} messages came along."),
    };
    let without = report.messages_left_out();
    let without = if without.is_empty() {
        String::new()
    } else {
        format!(" Left out of them: {}.", reasons(without.into_iter()))
    };
    let noun = if report.conversations.len() == 1 { "conversation" } else { "conversations" };
    let more = report.conversations.len().saturating_sub(SHOWN);
    // What was not taken is what somebody wants to read about.
    let mut shown: Vec<&Outcome> = report.conversations.iter().collect();
    shown.sort_by_key(|it| !matches!(it.fate, Fate::LeftOut(_)));
    view! {
        <div class="notice" role="status">
            {icon(Icon::Check)}
            <p>{format!("{} {noun}: {}.{messages}{without}", report.conversations.len(), counted.join(", "))}</p>
        </div>
        {report.stopped.clone().map(|it| view! {
            <div class="notice error" role="alert">{icon(Icon::Warning)}<p>{it}</p></div>
        })}
        <ul class="rows">{shown.into_iter().take(SHOWN).map(row).collect_view()}</ul>
        {(more > 0).then(|| view! { <p class="muted">{format!("And {more} more.")}</p> })}
    }
}

fn row(outcome: &Outcome) -> impl IntoView + use<> {
    let title = if outcome.title.is_empty() { "Without a title".to_owned() } else { outcome.title.clone() };
    let (tag, href, mut told) = match &outcome.fate {
        Fate::Taken(id) => ("taken", Some(format!("/chat/{id}")), format!("{} messages", outcome.messages)),
        Fate::Known(id) => ("here already", Some(format!("/chat/{id}")), String::new()),
        Fate::LeftOut(reason) => ("left out", None, reason.clone()),
    };
    if !outcome.left_out.is_empty() {
        told = format!("{told}, without {}", reasons(outcome.left_out.clone().into_iter()));
    }
    view! {
        <li class="row">
            <div class="row-text">
                {match href {
                    Some(href) => view! { <a class="row-title" href=href>{title}</a> }.into_any(),
                    None => view! { <span class="row-title">{title}</span> }.into_any(),
                }}
                <span class="tag">{tag}</span>
                <p class="muted small">{outcome.source.map(|it| it.label())}{(!told.is_empty() && outcome.source.is_some()).then_some(" · ")}{told}</p>
            </div>
        </li>
    }
}

/// `3 of a tool, 1 without text`
fn reasons(of: impl Iterator<Item = (&'static str, u64)>) -> String {
    of.map(|(reason, count)| format!("{count} {reason}")).collect::<Vec<_>>().join(", ")
}
