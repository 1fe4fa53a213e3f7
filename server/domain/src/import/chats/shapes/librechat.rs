//! LibreChat's exports of one conversation: a list of messages, or with “recursive” a tree whose branches are nested.

use super::super::tree::{Node, OF_SYSTEM, Turn};
use super::values::{Fields, text};
use super::{Members, Told, object};
use atrium::chat::{Author, MessageStatus};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// What a message names that has none before it.
const NOTHING: &str = "00000000-0000-0000-0000-000000000000";

pub(super) fn read(mut members: Members) -> Option<Told> {
    let mut messages = Vec::new();
    for name in ["messagesTree", "messages"] {
        let listed = members.remove(name).and_then(|it| serde_json::from_str::<Vec<Box<RawValue>>>(it.get()).ok());
        messages.extend(listed.unwrap_or_default().into_iter().rev().map(|it| (None, it)));
    }
    let conversation = object(&members)?;
    let model = conversation.field("options").filled("model");
    let mut nodes = Vec::new();
    // A level at a time: a branch may be as deep as the conversation is long.
    while let Some((above, message)) = messages.pop() {
        let Ok(mut message) = serde_json::from_str::<Members>(message.get()) else { continue };
        let children = message.remove("children");
        let Some(message) = object(&message) else { continue };
        let id = message.id("messageId").unwrap_or_else(|| format!("#{}", nodes.len()));
        let parent = above.or_else(|| message.id("parentMessageId")).filter(|it| it != NOTHING);
        let children = children.and_then(|it| serde_json::from_str::<Vec<Box<RawValue>>>(it.get()).ok());
        messages.extend(children.unwrap_or_default().into_iter().rev().map(|it| (Some(id.clone()), it)));
        nodes.push(Node::new(id, parent, turn(&message, model.as_deref())));
    }
    Some(Told {
        nodes,
        id: conversation.id("conversationId"),
        title: conversation.filled("title"),
        created_at: conversation.moment("createdAt"),
        updated_at: conversation.moment("updatedAt"),
        ..Told::default()
    })
}

fn turn(message: &Map<String, Value>, model: Option<&str>) -> Result<Turn, &'static str> {
    let sender = message.text("sender").unwrap_or_default();
    let author = match message.field("isCreatedByUser").as_bool() {
        Some(true) => Author::User,
        _ if sender.eq_ignore_ascii_case("system") => return Err(OF_SYSTEM),
        Some(false) => Author::Assistant,
        None if sender.eq_ignore_ascii_case("user") => Author::User,
        None => Author::Assistant,
    };
    let mut turn = Turn::new(author, message.text("text").unwrap_or_default());
    let (mut said, mut thought) = (Vec::new(), Vec::new());
    for part in message.list("content") {
        match part.text("type").as_deref() {
            Some("think") => thought.extend(worded(part.field("think"))),
            Some("image_file" | "image_url") => said.push("[Picture]".to_owned()),
            Some("tool_call") => {}
            _ => said.extend(worded(part.field("text"))),
        }
    }
    if turn.content.trim().is_empty() {
        turn.content = said.join("\n\n");
    }
    turn.reasoning = thought.join("\n\n");
    for name in message.list("files").iter().filter_map(|it| it.filled("filename")) {
        let gap = if turn.content.is_empty() { "" } else { "\n\n" };
        turn.content.push_str(&format!("{gap}[File: {}]", atrium::text::line(&name)));
    }
    if author == Author::Assistant {
        turn.model = message.filled("model").or_else(|| model.map(str::to_owned));
        turn.status = match (message.is_true("error"), message.is_true("unfinished")) {
            (true, _) => MessageStatus::Failed,
            (false, true) => MessageStatus::Stopped,
            (false, false) => MessageStatus::Complete,
        };
    }
    turn.created_at = message.moment("createdAt");
    turn.updated_at = message.moment("updatedAt");
    Ok(turn)
}

/// A text, or an object that has one.
fn worded(value: &Value) -> Option<String> {
    text(value).or_else(|| value.text("value")).filter(|it| !it.trim().is_empty())
}
