//! The inspector of an answer: what was looked for, what each side found, what the model got to read, and why not the rest.

use super::opinion;
use crate::components::{PageHead, signed_in};
use crate::icons::{Icon, icon};
use atrium::ids::{ConversationId, MessageId};
use atrium::knowledge::{Candidate, Citation, ClaimKind, Report, Sources, grouped};
use atrium_domain::Error;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

#[component]
pub fn AnswerSources() -> impl IntoView {
    let params = use_params_map();
    let text = |name: &str| params.with_untracked(|it| it.get(name).unwrap_or_default());
    let (conversation, message) = (text("id").parse::<ConversationId>(), text("message").parse::<MessageId>());
    signed_in("", conversation.clone().ok(), async move |visit, viewer| {
        let conversation = conversation.map_err(|_| Error::NotFound("conversation"))?;
        let message = message.map_err(|_| Error::NotFound("message"))?;
        if visit.atrium.chat.conversation_of(&viewer, message).await? != conversation {
            return Err(Error::NotFound("message"));
        }
        let scope = visit.atrium.store.as_viewer(&viewer);
        let sources = visit.atrium.knowledge.sources(scope, message).await?;
        let back = format!("/chat/{conversation}#m-{message}");
        let body = match sources {
            None => view! { <p class="muted">"This answer was given without looking anything up: its agent had no knowledge then."</p> }.into_any(),
            Some(sources) => inspected(sources).into_any(),
        };
        Ok(view! {
            <Title text="Sources"/>
            <PageHead title="How the sources were found"><a class="button" href=back>"Back to the answer"</a></PageHead>
            <div class="page">{body}</div>
        })
    })
}

fn inspected(sources: Sources) -> impl IntoView {
    let Sources { citations, claims, report, .. } = sources;
    let count = |kind| claims.iter().filter(|it| it.kind == kind).count();
    let misquoted = claims.iter().filter(|it| it.is_misquoted).count();
    let judged = format!(
        "Sentences that stand in a source: {}, in none: {}, that claim nothing: {}; that quote words of no source: {misquoted}.",
        count(ClaimKind::Supported),
        count(ClaimKind::Unsupported),
        count(ClaimKind::Neutral)
    );
    view! {
        <section class="section">
            <h2>"Looked for"</h2>
            <blockquote class="asked">{report.question.clone()}</blockquote>
            {searched(&report)}
        </section>
        <section class="section">
            <h2>"The answer"</h2>
            <p>{judged}</p>
        </section>
        {found(&report.found, &citations)}
        {read(citations)}
    }
}

fn searched(report: &Report) -> impl IntoView + use<> {
    let unread = match report.unread {
        0 => String::new(),
        1 => " 1 document was still being read.".to_owned(),
        n => format!(" {} documents were still being read.", grouped(n)),
    };
    let told = format!(
        "{} pieces could be found by word, {} of them by meaning as well.{unread} It took {} ms.",
        grouped(report.searched),
        grouped(report.embedded),
        grouped(report.took_ms)
    );
    let notes = report
        .notes
        .iter()
        .map(|it| view! { <p class="reason">{icon(Icon::Warning)}<span>{it.clone()}</span></p> })
        .collect_view();
    view! { <p class="muted">{told}</p> {notes} }
}

/// Why the model did not get something, for people.
fn why(left_out: &str) -> &'static str {
    match left_out {
        "threshold" => "left out: too far from the question",
        "room" => "left out: no room in the model's window",
        "duplicate" => "left out: says what another one says",
        "count" => "left out: there were enough better ones",
        _ => "left out",
    }
}

fn found(candidates: &[Candidate], citations: &[Citation]) -> AnyView {
    if candidates.is_empty() {
        return view! { <section class="section"><h2>"Found"</h2><p class="muted">"Neither side found anything; the model was told so."</p></section> }.into_any();
    }
    let rows = candidates
        .iter()
        .enumerate()
        .map(|(index, it)| {
            let became = match (it.number, it.left_out.as_deref()) {
                (Some(number), _) => format!("given to the model as [{number}]"),
                (None, Some(reason)) => why(reason).to_owned(),
                (None, None) => "left out".to_owned(),
            };
            let source = citations.iter().find(|source| Some(source.number) == it.number);
            let is_used = source.is_some_and(|it| it.is_used);
            // Of what was left out nobody noted the version.
            let newest = || format!("/knowledge/documents/{}?from={}&to={}#passage", it.document, it.place.start, it.place.end);
            let href = source.map_or_else(newest, Citation::path);
            view! {
                <tr>
                    <td>{index + 1}</td>
                    <th scope="row"><a href=href>{it.title.clone()}</a><br/><span class="muted small">{it.place.told()}</span></th>
                    <td class="nowrap">{opinion(it.by_words)}</td>
                    <td class="nowrap">{opinion(it.by_meaning)}</td>
                    <td>{format!("{:.4}", it.score)}</td>
                    <td>{became}{is_used.then_some(", and the answer stands on it")}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="section">
            <h2>"Found"</h2>
            <div class="table-scroll" tabindex="0" role="region" aria-label="What was found">
                <table class="table figures-table">
                    <thead><tr><th scope="col">"#"</th><th scope="col">"Passage"</th><th scope="col">"By word: rank · BM25"</th><th scope="col">"By meaning: rank · cosine"</th><th scope="col">"Both: score"</th><th scope="col">"What became of it"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// What went into the prompt, as it went.
fn read(citations: Vec<Citation>) -> AnyView {
    if citations.is_empty() {
        return ().into_any();
    }
    let rows = citations
        .into_iter()
        .map(|it| {
            let (path, place) = (it.path(), it.told());
            view! {
                <li value=it.number.to_string()>
                    <details>
                        <summary>{it.title}" "<span class="muted small">{place}</span>{(!it.is_used).then(|| view! { " "<span class="tag">"not used"</span> })}</summary>
                        <p><a href=path>"Open the document there"</a></p>
                        <div class="document-text">{it.text}</div>
                    </details>
                </li>
            }
        })
        .collect_view();
    view! { <section class="section"><h2>"What the model got to read"</h2><ol class="read">{rows}</ol></section> }
        .into_any()
}
