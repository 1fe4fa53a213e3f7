//! Open WebUI's chats: messages under their ids in `chat.history.messages`, the newest shown in `currentId`. Chats of its
//! first versions are plain lists in `chat.messages`.

use super::super::tree::{Node, Turn};
use super::values::{Fields, author, text};
use super::{Members, Told, in_a_row, object};
use atrium::chat::{Author, MessageStatus};
use serde_json::{Map, Value};

pub(super) fn read(members: &Members) -> Option<Told> {
    let whole = object(members)?;
    // One that was copied out of its row has no row around it.
    let chat = whole.field("chat").as_object().unwrap_or(&whole);
    let history = chat.field("history");
    let nodes: Vec<Node> = match history.field("messages") {
        Value::Object(messages) if !messages.is_empty() => {
            messages.iter().filter_map(|(id, it)| Some(node(id.clone(), it.id("parentId"), it.as_object()?))).collect()
        }
        _ => in_a_row(chat.list("messages")).into_iter().map(|(id, parent, it)| node(id, parent, it)).collect(),
    };
    Some(Told {
        nodes,
        id: whole.id("id").or_else(|| chat.id("id")),
        title: whole.filled("title").or_else(|| chat.filled("title")),
        head: history.id("currentId"),
        created_at: whole.moment("created_at").or_else(|| chat.moment("timestamp")),
        updated_at: whole.moment("updated_at"),
        ..Told::default()
    })
}

fn node(id: String, parent: Option<String>, message: &Map<String, Value>) -> Node {
    let turn = author(&message.text("role").unwrap_or_default()).map(|author| {
        let (mut said, reasoning) = match (author, message.field("content")) {
            (Author::Assistant, Value::String(it)) => folded_out(it),
            (_, Value::Array(parts)) => (parts_of(parts), String::new()),
            (_, it) => (text(it).unwrap_or_default(), String::new()),
        };
        for file in message.list("files") {
            let name = file.filled("name").or_else(|| file.field("file").filled("filename"));
            let told = match name {
                Some(name) => format!("[File: {}]", atrium::text::line(&name)),
                None if file.text("type").is_some_and(|it| it == "image") => "[Picture]".to_owned(),
                None => continue,
            };
            if !said.is_empty() {
                said.push_str("\n\n");
            }
            said.push_str(&told);
        }
        let is_unfinished = author == Author::Assistant && message.field("done").as_bool() == Some(false);
        let created_at = message.moment("timestamp");
        Turn {
            reasoning,
            status: if is_unfinished { MessageStatus::Interrupted } else { MessageStatus::Complete },
            model: (author == Author::Assistant).then(|| message.filled("model")).flatten(),
            created_at,
            ..Turn::new(author, said)
        }
    });
    Node::new(id, parent, turn)
}

fn parts_of(parts: &[Value]) -> String {
    let part = |it: &Value| match it.text("type").as_deref() {
        Some("image_url" | "image") => Some("[Picture]".to_owned()),
        _ => it.filled("text").or_else(|| it.as_str().map(str::to_owned)),
    };
    parts.iter().filter_map(part).collect::<Vec<_>>().join("\n\n")
}

/// An answer without what Open WebUI folds away in it, `<details type="…">`: what the model thought, which is told apart,
/// and what tools did, which is not taken. Others are the model's own.
fn folded_out(content: &str) -> (String, String) {
    let (mut said, mut thought) = (String::new(), Vec::new());
    let mut rest = content;
    while let Some(at) = rest.find("<details type=\"") {
        let (before, folded) = rest.split_at(at);
        let kind = folded["<details type=\"".len()..].split('"').next().unwrap_or_default();
        let is_reasoning = kind == "reasoning";
        let is_folded = is_reasoning || matches!(kind, "tool_calls" | "code_interpreter");
        let (Some(end), true) = (folded.find("</details>"), is_folded) else {
            said.push_str(before);
            said.push_str("<details");
            rest = &folded["<details".len()..];
            continue;
        };
        said.push_str(before);
        if is_reasoning {
            let inner = folded[..end].split_once('>').map_or("", |it| it.1);
            let inner = inner.split_once("</summary>").map_or(inner, |it| it.1);
            let lines = inner.trim().lines().map(|it| it.strip_prefix("&gt; ").or(it.strip_prefix("> ")).unwrap_or(it));
            thought.push(unescaped(&lines.collect::<Vec<_>>().join("\n")));
        }
        rest = &folded[end + "</details>".len()..];
    }
    said.push_str(rest);
    (said.trim().to_owned(), thought.join("\n\n"))
}

fn unescaped(html: &str) -> String {
    html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#x27;", "'").replace("&amp;", "&")
}
