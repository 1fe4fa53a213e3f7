//! One document: what it is about, what it says with a passage marked, its versions.

use super::{refresh, state};
use crate::components::{ErrorSummary, FormState, PageHead, moment, signed_in};
use crate::forms::{Done, Fields};
use crate::icons::{Icon, icon};
use crate::visit::Visit;
use atrium::ids::DocumentId;
use atrium::knowledge::{Document, DocumentState, Version, size};
use atrium_domain::knowledge::{bases, documents};
use atrium_domain::{Error, Result};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use std::ops::Range;

/// Bytes of text that one page shows.
const WINDOW: usize = 200_000;

/// What the address asks for.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    version: Option<i64>,
    /// The first byte of a passage, and the one after its last.
    passage: Option<(usize, usize)>,
    /// Where the part that is shown begins.
    at: Option<usize>,
    is_still: bool,
}

impl Asked {
    fn read() -> Self {
        let query = use_query_map();
        let number = |name: &str| query.with_untracked(|it| it.get(name)).and_then(|it| it.parse::<usize>().ok());
        Self {
            version: number("version").and_then(|it| i64::try_from(it).ok()),
            passage: number("from").zip(number("to")).filter(|it| it.0 < it.1),
            at: number("at"),
            is_still: query.with_untracked(|it| it.get("still").is_some()),
        }
    }
}

#[component]
pub fn OneDocument() -> impl IntoView {
    let id = use_params_map().with_untracked(|it| it.get("id").unwrap_or_default());
    let asked = Asked::read();
    let form = FormState::current();
    signed_in("", None, async move |visit, viewer| {
        let id: DocumentId = id.parse().map_err(|_| Error::NotFound("document"))?;
        let scope = visit.atrium.store.as_viewer(&viewer);
        let document = documents::get(scope, id).await?;
        let base = bases::get(scope, document.base).await?;
        let versions = documents::versions(scope, id).await?;
        let version = asked.version.unwrap_or(document.version);
        if !versions.iter().any(|it| it.number == version) {
            return Err(Error::NotFound("version"));
        }
        let text = match documents::text(scope, id, version).await {
            Ok(text) => Some(text),
            Err(Error::NotFound(_)) => None,
            Err(error) => return Err(error),
        };
        let place = match asked.passage {
            Some((from, _)) => documents::place(scope, id, version, i64::try_from(from).unwrap_or(i64::MAX)).await?,
            None => None,
        };
        let place = place.map(|it| it.told()).filter(|it| !it.is_empty());
        let is_reading = matches!(document.state, DocumentState::Waiting | DocumentState::Reading);
        let has_file = document.commit.is_none();
        let here = format!("/knowledge/documents/{id}");
        let file = format!("{here}/file?version={version}");
        let body = match text {
            Some(text) if text.trim().is_empty() => view! { <p class="muted">"There is no text in it."</p> }.into_any(),
            Some(text) => shown(&text, id, version, asked).into_any(),
            None if is_reading => view! { <p class="muted">"Its text is here as soon as it was read."</p> }.into_any(),
            None => view! { <p class="muted">"This version was not read, so there is no text to show. The file itself can be downloaded."</p> }.into_any(),
        };
        Ok(view! {
            <Title text=document.title.clone()/>
            <PageHead title=document.title.clone()>
                {has_file.then(|| view! { <a class="button" href=file download>{icon(Icon::Download)}<span>"Download"</span></a> })}
            </PageHead>
            <div class="page">
                <ErrorSummary state=form/>
                <p class="muted"><a href=format!("/knowledge/{}", base.id)>{base.name.clone()}</a>" · "{facts(&document)}</p>
                <p>{state(&document)}{(!document.reason.is_empty()).then(|| format!(": {}", document.reason))}</p>
                {source(&document)}
                {refresh(is_reading, asked.is_still, &here)}
                {notes(&document)}
                {about(&document)}
                {(version != document.version).then(|| view! { <p class="notice">{icon(Icon::Warning)}<span>{format!("This is version {version}; the newest is {}. ", document.version)}<a href=here.clone()>"Show it"</a></span></p> })}
                <section class="section" id="text">
                    <h2>"Text"</h2>
                    {place.map(|it| view! { <p class="muted">"Marked: "{it}" "<a href="#passage">"Go there"</a></p> })}
                    {body}
                </section>
                {older(&versions, version, &here, has_file)}
                {base.can_change.then(|| actions(&document))}
            </div>
        })
    })
}

fn facts(document: &Document) -> String {
    let facts = [
        document.name.clone(),
        document.kind.clone(),
        size(document.size),
        format!("version {}", document.version),
        moment(document.updated_at),
        document.created_by_name.clone(),
    ];
    facts.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// Where it was fetched from.
fn source(document: &Document) -> AnyView {
    if document.source != "url" {
        return ().into_any();
    }
    let (href, shown) = (document.source_url.clone(), document.source_url.clone());
    view! { <p id="url" class="muted">"Fetched from "<a href=href rel="noreferrer nofollow">{shown}</a></p> }.into_any()
}

fn notes(document: &Document) -> AnyView {
    if document.notes.is_empty() {
        return ().into_any();
    }
    let notes = document.notes.iter().map(|it| view! { <li>{it.clone()}</li> }).collect_view();
    view! { <div class="notice">{icon(Icon::Warning)}<ul>{notes}</ul></div> }.into_any()
}

/// Summary and key points, and who says so.
fn about(document: &Document) -> AnyView {
    if document.summary.is_empty() && document.key_points.is_empty() {
        return ().into_any();
    }
    let by = match document.summary_by.as_str() {
        "" | "extract" => "Sentences of the document itself.".to_owned(),
        model => format!("Written by {model}; the text below is what counts."),
    };
    let points = document.key_points.iter().map(|it| view! { <li>{it.clone()}</li> }).collect_view();
    view! {
        <section class="section about">
            <h2>"In short"</h2>
            <p>{document.summary.clone()}</p>
            <ul>{points}</ul>
            <p class="muted small">{by}</p>
        </section>
    }
    .into_any()
}

/// The part of a text of `length` bytes that is shown: around a passage, or from a byte on.
fn window(text: &str, asked: Asked) -> Range<usize> {
    let start = match (asked.at, asked.passage) {
        (Some(at), _) => at,
        (None, Some((from, _))) if text.len() > WINDOW => from.saturating_sub(WINDOW / 2),
        (None, _) => 0,
    };
    let start = text.floor_char_boundary(start.min(text.len().saturating_sub(1)));
    start..text.floor_char_boundary(start.saturating_add(WINDOW).min(text.len()))
}

/// The text in three: before the passage, the passage, after it.
fn cut(text: &str, part: &Range<usize>, passage: Option<(usize, usize)>) -> (String, String, String) {
    let (from, to) = passage.unwrap_or((part.end, part.end));
    let clamp = |at: usize| text.floor_char_boundary(at.clamp(part.start, part.end));
    let (from, to) = (clamp(from), clamp(to));
    (text[part.start..from].to_owned(), text[from..to].to_owned(), text[to..part.end].to_owned())
}

fn shown(text: &str, id: DocumentId, version: i64, asked: Asked) -> impl IntoView + use<> {
    let part = window(text, asked);
    let (before, passage, after) = cut(text, &part, asked.passage);
    let link = |at: usize| {
        let kept = asked.passage.map(|(from, to)| format!("&from={from}&to={to}")).unwrap_or_default();
        format!("/knowledge/documents/{id}?version={version}&at={at}{kept}#text")
    };
    let earlier = (part.start > 0).then(|| link(part.start.saturating_sub(WINDOW)));
    let later = (part.end < text.len()).then(|| link(part.end));
    let is_part = earlier.is_some() || later.is_some();
    let told = format!(
        "Shown: {} to {} of {}",
        size(i64::try_from(part.start).unwrap_or(i64::MAX)),
        size(i64::try_from(part.end).unwrap_or(i64::MAX)),
        size(i64::try_from(text.len()).unwrap_or(i64::MAX))
    );
    let ways = move || {
        view! {
            <nav class="pager" aria-label="Parts of the text">
                {earlier.clone().map(|it| view! { <a class="button" href=it rel="prev">"The part before"</a> })}
                {later.clone().map(|it| view! { <a class="button" href=it rel="next">"The part after"</a> })}
            </nav>
        }
    };
    let (above, below) = if is_part { (Some(ways()), Some(ways())) } else { (None, None) };
    view! {
        {is_part.then(|| view! { <p class="muted small">{told}</p> })}
        {above}
        <div class="document-text" tabindex="0" role="region" aria-label="Text of the document">
            {before}
            {(!passage.is_empty()).then(|| view! { <mark id="passage">{passage}</mark> })}
            {after}
        </div>
        {below}
    }
}

fn older(versions: &[Version], shown: i64, here: &str, has_file: bool) -> AnyView {
    if versions.len() < 2 {
        return ().into_any();
    }
    let rows = versions
        .iter()
        .map(|it| {
            let number = it.number;
            let (page, file) = (format!("{here}?version={number}"), format!("{here}/file?version={number}"));
            let told = format!("{} · {} · {}", it.name, size(it.size), moment(it.created_at));
            view! {
                <li class="row">
                    <div class="row-text">
                        <a class="row-title" href=page aria-current=(number == shown).then_some("true")>{format!("Version {number}")}</a>
                        {(number == shown).then(|| view! { <span class="tag">"shown"</span> })}
                        <p class="muted small">{told}</p>
                    </div>
                    {has_file.then(|| view! { <div class="row-actions"><a class="button" href=file download>"Download"</a></div> })}
                </li>
            }
        })
        .collect_view();
    view! { <section class="section"><h2>"Versions"</h2><ul class="rows">{rows}</ul></section> }.into_any()
}

fn actions(document: &Document) -> impl IntoView + use<> {
    let is_of_repository = document.repository.is_some();
    let has_address = document.source == "url";
    view! {
        <section class="section">
            <h2>"Change"</h2>
            <form method="post" class="button-row">
                {has_address.then(|| view! { <button class="button" name="action" value="fetch">{icon(Icon::Download)}<span>"Fetch again"</span></button> })}
                <button class="button" name="action" value="read-again">{icon(Icon::Again)}<span>"Read again"</span></button>
                {(!is_of_repository).then(|| view! { <button class="button danger" name="action" value="delete">"Delete document"</button> })}
            </form>
            <p class="help">{if is_of_repository {
                "It is a file of a git repository: it goes when it is deleted there."
            } else {
                "Deleting takes out every version of it, for good; answers that stand on it lose this source."
            }}</p>
        </section>
    }
}

/// `POST /knowledge/documents/{id}`: what the buttons of its page do.
pub async fn submit(visit: &Visit, id: DocumentId, fields: &Fields) -> Result<Done> {
    let actor = visit.actor()?;
    let knowledge = &visit.atrium.knowledge;
    match fields.text("action") {
        "read-again" => {
            knowledge.read_again(actor.viewer, id).await?;
            visit.toast("It is read again", None).await?;
            Ok(Done::then(format!("/knowledge/documents/{id}")))
        }
        "fetch" => {
            let brought = knowledge.fetch_again(actor, id).await?;
            visit.toast(super::fetched(&brought), None).await?;
            Ok(Done::then(format!("/knowledge/documents/{id}")))
        }
        "delete" => {
            let document = documents::get(visit.atrium.store.as_viewer(actor.viewer), id).await?;
            knowledge.delete_document(actor, id).await?;
            visit.toast(format!("{} deleted", document.title), None).await?;
            Ok(Done::then(format!("/knowledge/{}", document.base)))
        }
        _ => Err(Error::NotFound("action")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_shown_around_its_passage_and_in_parts() {
        let text = "ä".repeat(WINDOW);
        let around = window(&text, Asked { passage: Some((300_001, 300_010)), ..Asked::default() });
        assert_eq!((around.start, around.len()), (200_000, WINDOW));
        assert_eq!(window(&text, Asked { at: Some(usize::MAX), ..Asked::default() }).end, text.len());
        assert_eq!(window("", Asked { at: Some(7), ..Asked::default() }), 0..0);
        assert_eq!(window("short", Asked { passage: Some((1, 2)), ..Asked::default() }), 0..5);
    }

    #[test]
    fn a_passage_that_is_not_there_marks_nothing() {
        let text = "One two three";
        let cut = |passage| cut(text, &(0..text.len()), passage);
        assert_eq!(cut(Some((4, 7))), ("One ".to_owned(), "two".to_owned(), " three".to_owned()));
        assert_eq!(cut(Some((400, 700))).1, "");
        assert_eq!(cut(None), (text.to_owned(), String::new(), String::new()));
    }
}
