//! Finding passages: a form that is an address, hits in place, and how each side ranked them.

use super::opinion;
use crate::components::{PageHead, signed_in};
use crate::icons::{Icon, icon};
use atrium::ids::BaseId;
use atrium::knowledge::{Base, Passage, Place, grouped, passage_path};
use atrium::paging::{PAGE_SIZE_MAX, PageRequest};
use atrium_domain::knowledge::bases::{self, BaseFilter};
use atrium_domain::knowledge::{Found, Wanted, documents, snippet};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Characters of a question that an address holds.
const LENGTH: usize = 1_000;
/// Passages of a page; whoever needs more asks more precisely.
const PASSAGES: usize = 20;

/// What the address asks for, as it was typed.
#[derive(Debug, Clone, Default)]
struct Asked {
    question: String,
    base: String,
    kind: String,
    language: String,
    inspects: bool,
}

impl Asked {
    fn read() -> Self {
        let query = use_query_map();
        let text = |name: &str| -> String {
            query.with_untracked(|it| it.get(name)).unwrap_or_default().chars().take(LENGTH).collect()
        };
        Self {
            question: text("q"),
            base: text("base"),
            kind: text("kind"),
            language: text("language"),
            inspects: !text("inspect").is_empty(),
        }
    }
}

#[component]
pub fn Search() -> impl IntoView {
    let asked = Asked::read();
    signed_in("Search in knowledge", None, async move |visit, viewer| {
        let scope = visit.atrium.store.as_viewer(&viewer);
        let request = PageRequest { page: 1, size: PAGE_SIZE_MAX };
        let known = bases::page(scope, BaseFilter::default(), request).await?.items;
        let sorts = documents::sorts(scope).await?;
        let base = asked.base.parse::<BaseId>().ok();
        let results = if asked.question.trim().is_empty() {
            view! { <p class="muted">"Ask a question or type words: they are looked for in the documents that you can see, by word and by meaning."</p> }.into_any()
        } else {
            let wanted = Wanted {
                question: &asked.question,
                bases: base.as_slice(),
                kind: atrium::text::filled(&asked.kind),
                language: atrium::text::filled(&asked.language),
                count: PASSAGES,
                ..Wanted::default()
            };
            let found = visit.atrium.knowledge.find(scope, wanted).await?;
            view! { {searched(&found)} {results(&asked, found.passages)} }.into_any()
        };
        Ok(view! {
            <PageHead title="Search in knowledge"><a class="button" href="/knowledge">"All knowledge"</a></PageHead>
            <div class="page">
                {form(&asked, known, sorts)}
                {results}
            </div>
        })
    })
}

fn form(asked: &Asked, known: Vec<Base>, (kinds, languages): (Vec<String>, Vec<String>)) -> impl IntoView + use<> {
    let bases = known
        .into_iter()
        .map(|it| {
            let id = it.id.to_string();
            view! { <option value=id.clone() selected=asked.base == id>{it.name}</option> }
        })
        .collect_view();
    let options = |all: Vec<String>, chosen: &str| {
        all.into_iter()
            .map(|it| view! { <option value=it.clone() selected=chosen == it>{it.clone()}</option> })
            .collect_view()
    };
    let kinds = options(kinds, &asked.kind);
    let languages = options(languages, &asked.language);
    view! {
        <form role="search" class="form search-form">
            <div class="search-line">
                <label class="visually-hidden" for="q">"Question"</label>
                <input id="q" name="q" type="search" maxlength=LENGTH.to_string() placeholder="A question, or words" autofocus=asked.question.is_empty() value=asked.question.clone()/>
                <button class="button primary">"Search"</button>
            </div>
            <div class="search-filters">
                <label class="field"><span>"Knowledge base"</span><select name="base"><option value="">"All"</option>{bases}</select></label>
                <label class="field"><span>"Kind"</span><select name="kind"><option value="">"Any"</option>{kinds}</select></label>
                <label class="field"><span>"Language"</span><select name="language"><option value="">"Any"</option>{languages}</select></label>
            </div>
            <label class="check"><input type="checkbox" name="inspect" value="on" checked=asked.inspects/><span>"Inspect: show how each side ranked what was found"</span></label>
        </form>
    }
}

/// How much could be found, and why a side found nothing.
fn searched(found: &Found) -> impl IntoView + use<> {
    let unread = match found.unread {
        0 => String::new(),
        1 => " 1 document is still being read.".to_owned(),
        n => format!(" {} documents are still being read.", grouped(n)),
    };
    let (searched, embedded) = (grouped(found.searched), grouped(found.embedded));
    let told = format!("{searched} pieces searched by word, {embedded} of them by meaning as well.{unread}");
    let notes = found
        .notes
        .iter()
        .map(|it| view! { <p class="reason">{icon(Icon::Warning)}<span>{it.clone()}</span></p> })
        .collect_view();
    view! { <p class="muted small">{told}</p> {notes} }
}

fn results(asked: &Asked, passages: Vec<Passage>) -> AnyView {
    if passages.is_empty() {
        return view! { <div class="empty" role="status"><p>"Nothing was found. Try other words, or take a filter away."</p></div> }.into_any();
    }
    let table = asked.inspects.then(|| inspected(&passages));
    let rows = passages.into_iter().map(|it| row(asked, it)).collect_view();
    view! {
        {table}
        <section class="section">
            <h2>"Passages"</h2>
            <ol class="rows passages">{rows}</ol>
        </section>
    }
    .into_any()
}

/// Where a passage stands, in words.
fn told(place: &Place, name: &str, commit: Option<&str>) -> String {
    match commit {
        Some(commit) => {
            format!("{name}:{}-{} @ {}", place.first_line, place.last_line, commit.get(..7).unwrap_or(commit))
        }
        None => place.told(),
    }
}

fn row(asked: &Asked, passage: Passage) -> impl IntoView + use<> {
    let href = passage_path(passage.document, passage.version, passage.place.start, passage.place.end);
    let place = told(&passage.place, &passage.name, passage.commit.as_deref());
    let pieces = snippet(&asked.question, &asked.language, &passage.text);
    let pieces = pieces
        .into_iter()
        .map(|it| if it.is_hit { view! { <mark>{it.text}</mark> }.into_any() } else { it.text.into_any() })
        .collect_view();
    view! {
        <li class="row">
            <div class="row-text">
                <a class="row-title" href=href>{passage.title}</a>
                <p class="snippet">{pieces}</p>
                <p class="muted small">{place}</p>
            </div>
        </li>
    }
}

fn inspected(passages: &[Passage]) -> impl IntoView + use<> {
    let rows = passages
        .iter()
        .enumerate()
        .map(|(index, it)| {
            let href = passage_path(it.document, it.version, it.place.start, it.place.end);
            let place = told(&it.place, &it.name, it.commit.as_deref());
            view! {
                <tr>
                    <td>{index + 1}</td>
                    <th scope="row"><a href=href>{it.title.clone()}</a><br/><span class="muted small">{place}</span></th>
                    <td class="nowrap">{opinion(it.by_words)}</td>
                    <td class="nowrap">{opinion(it.by_meaning)}</td>
                    <td>{format!("{:.4}", it.score)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="section">
            <h2>"Inspect"</h2>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Ranks and scores">
                <table class="table figures-table">
                    <thead><tr><th scope="col">"#"</th><th scope="col">"Passage"</th><th scope="col">"By word: rank · BM25"</th><th scope="col">"By meaning: rank · cosine"</th><th scope="col">"Both: score"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}
