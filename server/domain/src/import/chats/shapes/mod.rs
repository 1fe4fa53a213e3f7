//! What each system writes. A conversation is recognised by what is in it, whatever the file is called.
//!
//! Nothing is demanded but what makes a conversation of it: a number may be text, a time may be missing, and what is of
//! another type than it should be is as good as not there.

mod chatgpt;
mod librechat;
mod open_webui;
mod own;
mod values;

use super::elements::Element;
use super::tree::{Conversation, Node, Plan, plant};
use super::{DEPTH_MAX, MESSAGES_MAX, Outcome, Source, file};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;
use values::{Fields as _, mended, text};

/// The longest id that is kept as it is.
const ID_MAX: usize = 200;

/// The members of an object, not yet read: what is nested without end is read a level at a time.
type Members = BTreeMap<String, Box<RawValue>>;

/// A conversation as its system tells it.
#[derive(Debug, Default)]
struct Told {
    id: Option<String>,
    title: Option<String>,
    agent: Option<Uuid>,
    project: Option<Uuid>,
    head: Option<String>,
    /// Microseconds since 1970.
    created_at: Option<i64>,
    updated_at: Option<i64>,
    nodes: Vec<Node>,
    joins_answers: bool,
}

/// Reads one conversation, or says why it is left out.
pub(super) fn read(element: Element, now: i64) -> Result<Conversation, Outcome> {
    let unknown = |reason: String| Outcome::left_out(None, String::new(), reason);
    let json = match element {
        Element::Json(json) => json,
        Element::TooLarge => return Err(unknown(file::too_large())),
        Element::TooDeep => return Err(unknown(format!("It is nested deeper than {DEPTH_MAX} levels."))),
    };
    let json = mended(&json);
    let Ok(mut members) = serde_json::from_slice::<Members>(&json) else {
        return Err(unknown("It is no conversation, or not well-formed.".to_owned()));
    };
    // One conversation of ours, by itself.
    if let Some(inner) = members.get("conversation").and_then(|it| serde_json::from_str::<Members>(it.get()).ok()) {
        members = inner;
    }
    let Some(source) = recognise(&members) else {
        return Err(unknown("It is no conversation of a system that Atrium knows.".to_owned()));
    };
    let title = members.get("title").and_then(|it| serde_json::from_str::<Value>(it.get()).ok());
    let title = title.as_ref().and_then(text).unwrap_or_default();
    let left_out = |reason: String| Outcome::left_out(Some(source), shown(&title), reason);
    let told = match source {
        Source::ChatGpt => chatgpt::read(&members),
        Source::OpenWebUi => open_webui::read(&members),
        Source::LibreChat => librechat::read(members),
        Source::Atrium => own::read(&members),
    };
    let told = told.ok_or_else(|| left_out("It is not well-formed, or nested too deeply.".to_owned()))?;
    if told.nodes.len() > MESSAGES_MAX {
        return Err(left_out(format!("It has more than {MESSAGES_MAX} messages.")));
    }
    let times = told.nodes.iter().filter_map(|it| it.turn.as_ref().ok()?.created_at);
    let began = told.created_at.or(times.min()).unwrap_or(now);
    let plan = Plan { head: told.head.as_deref(), began, now, joins_answers: told.joins_answers };
    let tree = plant(told.nodes, plan);
    // One of ours may have been made to be filled later.
    if tree.messages.is_empty() && source != Source::Atrium {
        return Err(left_out("Nothing was said in it.".to_owned()));
    }
    Ok(Conversation {
        source,
        external_id: told.id.filter(|it| it.len() <= ID_MAX).unwrap_or_else(|| digest(&json)),
        title: told.title.unwrap_or_default(),
        agent: told.agent,
        project: told.project,
        created_at: told.created_at,
        updated_at: told.updated_at,
        tree,
    })
}

/// The system whose conversations have these members.
fn recognise(members: &Members) -> Option<Source> {
    let has = |name: &str| members.contains_key(name);
    let begins = |name: &str, with: char| members.get(name).is_some_and(|it| it.get().starts_with(with));
    if begins("mapping", '{') {
        Some(Source::ChatGpt)
    } else if begins("chat", '{') || begins("history", '{') {
        Some(Source::OpenWebUi)
    } else if has("conversationId") && (begins("messages", '[') || begins("messagesTree", '[')) {
        Some(Source::LibreChat)
    } else if has("head_id") && begins("messages", '[') {
        Some(Source::Atrium)
    } else {
        None
    }
}

/// A title as reports show it.
fn shown(title: &str) -> String {
    atrium::text::shorten(&atrium::text::line(title), atrium::chat::TITLE_MAX)
}

/// What a conversation is called that has no id: the same again when it is the same again.
fn digest(json: &[u8]) -> String {
    Sha256::digest(json).iter().map(|it| format!("{it:02x}")).collect()
}

/// Reads members, as far as they are not nested deeper than anything that people say.
fn object(members: &Members) -> Option<Map<String, Value>> {
    members.iter().map(|(name, it)| Some((name.clone(), serde_json::from_str(it.get()).ok()?))).collect()
}

/// Which messages stand in a list that names none before them: each before the next.
fn in_a_row(messages: &[Value]) -> Vec<(String, Option<String>, &Map<String, Value>)> {
    let mut before = None;
    let mut row = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let Some(message) = message.as_object() else { continue };
        let id = message.id("id").unwrap_or_else(|| format!("#{at}"));
        let parent = message.id("parentId").or_else(|| before.clone());
        row.push((id.clone(), parent, message));
        before = Some(id);
    }
    row
}
