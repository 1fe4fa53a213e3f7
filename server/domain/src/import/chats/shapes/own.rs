//! Our own: what [`export`](crate::export) writes, with nothing lost.

use super::super::tree::{Node, Turn};
use super::values::{Fields, author, status};
use super::{Members, Told, object};

pub(super) fn read(members: &Members) -> Option<Told> {
    let conversation = object(members)?;
    let nodes = conversation.list("messages").iter().enumerate().map(|(at, it)| {
        let turn = author(&it.text("role").unwrap_or_default()).map(|author| Turn {
            reasoning: it.text("reasoning").unwrap_or_default(),
            status: status(&it.text("status").unwrap_or_default()),
            provider: it.filled("provider"),
            model: it.filled("model"),
            prompt_tokens: it.count("prompt_tokens"),
            completion_tokens: it.count("completion_tokens"),
            tokens_estimated: it.is_true("tokens_estimated"),
            cost_micros: it.count("cost_micros"),
            created_at: it.moment("created_at"),
            updated_at: it.moment("updated_at"),
            ..Turn::new(author, it.text("content").unwrap_or_default())
        });
        // An answer that failed before its first word is a place in the tree, too.
        Node { id: it.id("id").unwrap_or_else(|| format!("#{at}")), parent: it.id("parent_id"), turn }
    });
    Some(Told {
        nodes: nodes.collect(),
        id: conversation.id("id"),
        title: conversation.filled("title"),
        agent: conversation.field("agent").id("id").and_then(|it| it.parse().ok()),
        project: conversation.field("project").id("id").and_then(|it| it.parse().ok()),
        head: conversation.id("head_id"),
        created_at: conversation.moment("created_at"),
        updated_at: conversation.moment("updated_at"),
        joins_answers: false,
    })
}
