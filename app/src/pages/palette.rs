//! What the palette offers: pages that this person may see, what can be done anywhere, and what is found by its words.

use super::search::document_path;
use super::{account, admin, analytics};
use crate::components::PLACES;
use crate::islands::palette::{Entry, To};
use crate::shortcuts::{Action, SHORTCUTS};
use atrium::paging::PageRequest;
use atrium::people::Viewer;
use atrium::search::{Hit, HitKind, Piece};
use atrium_domain::search::{self, Filter, Question};
use atrium_domain::{Atrium, Result};

/// Hits of a kind: whoever wants more asks more precisely, or on the page for it.
const OF_A_KIND: u32 = 5;
/// Conversations that are offered before anything is typed.
const RECENT: usize = 5;
/// Characters of a question; nobody types more.
const LENGTH: usize = 200;

/// What the palette offers for `typed`, best first; before anything is typed, where one was lately.
///
/// # Errors
/// When the database does not answer.
pub async fn find(atrium: &Atrium, viewer: &Viewer, typed: &str) -> Result<Vec<Entry>> {
    let typed: String = typed.chars().take(LENGTH).collect();
    let words: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
    let is_met = |entry: &Entry| {
        let text = format!("{} {}", entry.label, entry.kind).to_lowercase();
        words.iter().all(|it| text.contains(it))
    };
    let mut entries: Vec<Entry> = actions().chain(pages(viewer)).filter(is_met).collect();
    if words.is_empty() {
        let recent = atrium.chat.conversations(viewer, None, None).await?.items;
        let known = recent.into_iter().take(RECENT);
        let known = known.map(|it| entry(it.title, "Conversation", To::Page(format!("/chat/{}", it.id))));
        return Ok(known.chain(entries).collect());
    }
    let question = Question::new(&typed);
    let scope = atrium.store.as_viewer(viewer);
    for kind in HitKind::ALL {
        let filter = Filter { kind: Some(kind), ..Filter::default() };
        let request = PageRequest { page: 1, size: OF_A_KIND };
        entries.extend(search::find(scope, &question, filter, request).await?.items.into_iter().map(found));
    }
    Ok(entries)
}

fn entry(label: impl Into<String>, kind: &str, to: To) -> Entry {
    Entry { label: label.into(), detail: String::new(), kind: kind.to_owned(), to }
}

/// What can be done anywhere. The palette does not offer itself, nor what only keys are for.
fn actions() -> impl Iterator<Item = Entry> {
    let is_offered = |it: &Action| !matches!(it, Action::Find | Action::Older | Action::Newer);
    let of_keys = SHORTCUTS.iter().filter_map(move |it| Some((it.what, it.action.filter(is_offered)?)));
    let of_keys = of_keys.map(|(what, action)| entry(what, "Action", To::Action(action)));
    of_keys.chain([entry("Sign out", "Action", To::Action(Action::SignOut))])
}

/// The navigation, and what stands below it.
fn pages(viewer: &Viewer) -> impl Iterator<Item = Entry> {
    let page = |label: String, href: &str| entry(label, "Page", To::Page(href.to_owned()));
    let below = |part: &'static str, all: Vec<(&'static str, &'static str)>| {
        all.into_iter().map(move |(href, label)| page(format!("{part}: {label}"), href))
    };
    let places = PLACES.iter().map(move |it| page(it.1.to_owned(), it.0));
    let more = [("/chats", "All conversations"), ("/agents/new", "New agent"), ("/shortcuts", "Keyboard shortcuts")];
    places
        .chain(more.into_iter().map(move |(href, label)| page(label.to_owned(), href)))
        .chain(below("Analytics", analytics::SECTIONS[1..].to_vec()))
        .chain(below("Account", account::TABS.to_vec()))
        .chain(below("Administration", admin::sections(viewer).collect()))
}

fn text(pieces: Vec<Piece>) -> String {
    pieces.into_iter().map(|it| it.text).collect()
}

fn found(hit: Hit) -> Entry {
    let (kind, path) = match hit.kind {
        HitKind::Conversation => ("Conversation", format!("/chat/{}", hit.id)),
        HitKind::Project => ("Project", format!("/projects/{}", hit.id)),
        HitKind::Agent => ("Agent", format!("/?agent={}", hit.id)),
        HitKind::Document => ("Document", document_path(&hit)),
        HitKind::Message => {
            let conversation = hit.conversation.map(|it| it.to_string()).unwrap_or_default();
            ("Message", format!("/chat/{conversation}#m-{}", hit.id))
        }
    };
    Entry { detail: text(hit.snippet), ..entry(text(hit.title), kind, To::Page(path)) }
}
