//! Knowledge: bases, what is in one, a document with a passage marked, finding passages, and what an answer stands on.

pub mod base;
pub mod bases;
pub mod choice;
pub mod document;
pub mod find;
pub mod repositories;
pub mod repository;
pub mod sources;

use atrium::knowledge::{Document, DocumentState, Rank, grouped};
use atrium_domain::knowledge::Brought;
use leptos::prelude::*;
use leptos_meta::Meta;

/// How far a document is, in words.
fn state(document: &Document) -> String {
    match document.state {
        DocumentState::Waiting => "waits to be read".to_owned(),
        DocumentState::Reading => "being read".to_owned(),
        DocumentState::Searchable if document.embedded_count == 0 => "found by word".to_owned(),
        DocumentState::Searchable => format!(
            "found by word; {} of {} pieces by meaning as well",
            grouped(document.embedded_count),
            grouped(document.piece_count)
        ),
        DocumentState::Ready if document.piece_count == 0 => "read; there are no words in it".to_owned(),
        DocumentState::Ready => "found by word and meaning".to_owned(),
        DocumentState::Failed => "could not be read".to_owned(),
    }
}

/// What became of what was fetched.
fn fetched(brought: &Brought) -> String {
    match brought {
        Brought::New(it) => format!("{} was fetched", it.name),
        Brought::Version(it) => format!("{} was fetched: it is version {} now", it.name, it.version),
        Brought::Known(it) => format!("{} is here already, as it is there", it.name),
    }
}

/// A page that comes again by itself, and the way out of that: whoever reads or chooses files wants it to stay.
fn refresh(is_at_work: bool, is_still: bool, here: &str) -> AnyView {
    match (is_at_work, is_still) {
        (false, _) => ().into_any(),
        (true, true) => {
            let href = here.to_owned();
            view! { <p class="muted small">"This page stays as it is. "<a href=href>"Refresh"</a></p> }.into_any()
        }
        (true, false) => {
            let href = format!("{here}?still=on");
            view! {
                <Meta http_equiv="refresh" content="5"/>
                <p class="muted small" role="status">"Work is going on; this page refreshes by itself. "<a href=href>"Hold it"</a></p>
            }
            .into_any()
        }
    }
}

/// What a side thinks of a passage: `2. · 0.713`.
fn opinion(rank: Option<Rank>) -> String {
    rank.map_or_else(|| "–".to_owned(), |it| format!("{}. · {:.3}", it.rank, it.score))
}
