//! ChatGPT's `conversations.json`: nodes under their ids in `mapping`, the newest shown in `current_node`.
//!
//! An answer may be several nodes: what the model thought, what it asked tools, what these said, and what it said itself.
//! What remains of them without the tools is one answer.

use super::super::tree::{Node, OF_SYSTEM, OF_TOOL, PLACE, Turn};
use super::values::{Fields, author, text};
use super::{Members, Told, object};
use atrium::chat::{Author, MessageStatus};
use serde_json::Value;
use std::collections::HashMap;

pub(super) fn read(members: &Members) -> Option<Told> {
    let conversation = object(members)?;
    let mapping = conversation.field("mapping").as_object()?;
    // Where a node does not name its parent, its parent may name it.
    let mut parents: HashMap<String, &String> = HashMap::new();
    for (id, node) in mapping {
        for child in node.list("children").iter().filter_map(text) {
            parents.entry(child).or_insert(id);
        }
    }
    let model = conversation.filled("default_model_slug").filter(|it| it != "auto");
    let node = |(id, node): (&String, &Value)| {
        let parent = node.id("parent").or_else(|| parents.get(id).map(|it| (*it).clone()));
        let turn = match node.field("message") {
            // The root has none.
            Value::Null => return Node { id: id.clone(), parent, turn: Err(PLACE) },
            message => turn(message, model.as_deref()),
        };
        Node::new(id.clone(), parent, turn)
    };
    Some(Told {
        nodes: mapping.iter().map(node).collect(),
        id: conversation.id("conversation_id").or_else(|| conversation.id("id")),
        title: conversation.filled("title"),
        head: conversation.id("current_node"),
        created_at: conversation.moment("create_time"),
        updated_at: conversation.moment("update_time"),
        joins_answers: true,
        ..Told::default()
    })
}

fn turn(message: &Value, model: Option<&str>) -> Result<Turn, &'static str> {
    let author = author(&message.field("author").text("role").unwrap_or_default())?;
    let (content, metadata) = (message.field("content"), message.field("metadata"));
    let kind = content.text("content_type").unwrap_or_default();
    if metadata.is_true("is_visually_hidden_from_conversation") || kind.ends_with("editable_context") {
        return Err(OF_SYSTEM);
    }
    // Said to a tool, not to the person.
    if author == Author::Assistant && message.id("recipient").is_some_and(|it| it != "all") {
        return Err(OF_TOOL);
    }
    let mut turn = Turn::new(author, String::new());
    match kind.as_str() {
        "thoughts" => {
            let thoughts =
                content.list("thoughts").iter().filter_map(|it| it.filled("content").or(it.filled("summary")));
            turn.reasoning = thoughts.collect::<Vec<_>>().join("\n\n");
        }
        // How long it thought.
        "reasoning_recap" => return Err(OF_SYSTEM),
        "code" => {
            let language = content.text("language").filter(|it| it != "unknown").unwrap_or_default();
            turn.content = content.filled("text").map(|it| format!("```{language}\n{it}\n```")).unwrap_or_default();
        }
        _ => turn.content = words(content, metadata),
    }
    if author == Author::Assistant {
        turn.model = metadata.filled("model_slug").or_else(|| model.map(str::to_owned));
    }
    if message.text("status").is_some_and(|it| it == "in_progress") {
        turn.status = MessageStatus::Interrupted;
    }
    turn.created_at = message.moment("create_time");
    turn.updated_at = message.moment("update_time");
    Ok(turn)
}

/// What was said, with a word for what is no text.
fn words(content: &Value, metadata: &Value) -> String {
    let files: Vec<String> = metadata.list("attachments").iter().filter_map(|it| it.filled("name")).collect();
    let part = |part: &Value| match part {
        Value::String(it) => Some(without_marks(it)),
        Value::Object(_) => {
            let kind = part.text("content_type").unwrap_or_default();
            match kind.as_str() {
                _ if part.filled("text").is_some() => part.filled("text"),
                "image_asset_pointer" if files.is_empty() => Some("[Picture]".to_owned()),
                "image_asset_pointer" => None,
                it if it.contains("audio") || it.contains("video") => Some("[Recording]".to_owned()),
                "" => None,
                other => Some(format!("[{}]", other.replace('_', " "))),
            }
        }
        _ => None,
    };
    let mut said: Vec<String> =
        content.list("parts").iter().filter_map(part).filter(|it| !it.trim().is_empty()).collect();
    if said.is_empty() {
        said.extend(content.filled("text").or_else(|| content.filled("result")));
    }
    said.extend(files.iter().map(|it| format!("[File: {}]", atrium::text::line(it))));
    said.join("\n\n")
}

/// Without the marks that ChatGPT's own page makes links and pictures of: they stand between two characters that no text has.
fn without_marks(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, marked)) = rest.split_once('\u{e200}') {
        kept.push_str(before);
        rest = marked.split_once('\u{e201}').map_or("", |it| it.1);
    }
    kept.push_str(rest);
    kept
}
