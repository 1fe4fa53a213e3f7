//! What leaves: whole, in order, safe to open, and only one's own.

use super::{Format, Pieces, conversation, conversations};
use crate::chat::{Form, Sent, Target};
use crate::testing::{World, answer, worlds};
use atrium::chat::LiveEvent;
use atrium::ids::ConversationId;
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

async fn say(world: &World, target: Target, text: &str, reply: &'static str) -> Sent {
    world.provider.says(move |_| answer(reply));
    let sent = world.chat.send(&world.ada, target, None, text).await.unwrap();
    let mut events = world.chat.follow(&world.ada, sent.run, 0, Form::Text).await.unwrap();
    while let Some((_, event)) = events.next().await {
        if matches!(event, LiveEvent::End { .. }) {
            break;
        }
    }
    sent
}

async fn text(pieces: Pieces) -> String {
    pieces.try_collect::<Vec<_>>().await.unwrap().concat()
}

async fn exported(world: &World, id: ConversationId, format: Format) -> String {
    text(conversation(&world.store, &world.chat, &world.ada, id, format).await.unwrap().pieces).await
}

#[tokio::test]
async fn json_is_the_whole_tree() {
    for world in worlds().await {
        let sent = say(&world, Target::New, "One 🦀 </script>", "Two").await;
        let id = sent.conversation;
        let again = world.chat.regenerate(&world.ada, id, sent.answer, None).await.unwrap();
        let mut events = world.chat.follow(&world.ada, again.run, 0, Form::Text).await.unwrap();
        while !matches!(events.next().await, Some((_, LiveEvent::End { .. })) | None) {}
        let whole: Value = serde_json::from_str(&exported(&world, id, Format::Json).await).unwrap();
        assert_eq!((&whole["format"], &whole["version"]), (&"atrium.conversation".into(), &1.into()));
        let told = &whole["conversation"];
        assert_eq!((&told["id"], &told["head_id"]), (&id.to_string().into(), &again.answer.to_string().into()));
        assert_eq!(told["agent"]["name"], "Assistant");
        let messages = told["messages"].as_array().unwrap();
        let contents: Vec<_> = messages.iter().map(|it| it["content"].as_str().unwrap()).collect();
        assert_eq!(contents, ["One 🦀 </script>", "Two", "Two"]);
        assert!(messages[1..].iter().all(|it| it["parent_id"] == messages[0]["id"]), "alternatives");
        world.chat.delete_message(&world.ada, id, sent.answer).await.unwrap();
        let whole: Value = serde_json::from_str(&exported(&world, id, Format::Json).await).unwrap();
        assert_eq!(whole["conversation"]["messages"].as_array().unwrap().len(), 2, "what was deleted stays behind");
    }
}

#[tokio::test]
async fn documents_are_the_visible_branch_and_nothing_in_them_runs() {
    for world in worlds().await {
        let sent =
            say(&world, Target::New, "What is\n<script>alert(1)</script>?", "**Bold** <img src=x onerror=alert(2)>")
                .await;
        let id = sent.conversation;
        world.chat.rename(&world.ada, id, "*A* <b>title</b>").await.unwrap();
        let markdown = exported(&world, id, Format::Markdown).await;
        assert!(markdown.starts_with("# \\*A\\* \\<b\\>title\\</b\\>\n"), "{markdown}");
        assert!(
            markdown.contains("## You\n\nWhat is\n<script>alert(1)</script>?\n\n## Answer (fake-1)\n\n**Bold**"),
            "{markdown}"
        );
        let html = exported(&world, id, Format::Html).await;
        assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>\n"));
        assert!(html.contains("<title>*A* &lt;b&gt;title&lt;/b&gt;</title>"), "{html}");
        assert!(
            html.contains("&lt;script&gt;alert(1)&lt;/script&gt;?") && html.contains("<strong>Bold</strong>"),
            "{html}"
        );
        for active in ["<script", "<img", "<link", "<iframe", "@import", "url("] {
            assert!(!html.contains(active), "{active} in {html}");
        }
        let outcome = conversation(&world.store, &world.chat, &world.bob, id, Format::Html).await;
        assert_eq!(outcome.unwrap_err().to_failure().code, "not_found");
    }
}

#[tokio::test]
async fn everything_of_ones_own_leaves_in_one_file_and_nothing_else() {
    for world in worlds().await {
        let empty = text(conversations(world.store.clone(), world.bob.clone(), world.ports.now())).await;
        let empty: Value = serde_json::from_str(&empty).unwrap();
        assert_eq!(empty["conversations"], Value::Array(Vec::new()));
        let mut last = None;
        for n in 0..4 {
            last = Some(say(&world, Target::New, &format!("Number {n}"), "Yes").await.conversation);
        }
        // Longer than what is read at a time.
        let id = last.unwrap();
        for n in 0..30 {
            say(&world, Target::End(id), &format!("More {n}"), "Yes").await;
        }
        let deleted = say(&world, Target::New, "Deleted", "Yes").await.conversation;
        world.chat.delete(&world.ada, deleted).await.unwrap();
        let all = text(conversations(world.store.clone(), world.ada.clone(), world.ports.now())).await;
        let all: Value = serde_json::from_str(&all).unwrap();
        let titles: Vec<_> =
            all["conversations"].as_array().unwrap().iter().map(|it| it["title"].as_str().unwrap()).collect();
        assert_eq!(titles, ["Number 0", "Number 1", "Number 2", "Number 3"]);
        let messages = all["conversations"][3]["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 62);
        let mut known = Vec::new();
        for message in messages {
            assert!(message["parent_id"].is_null() || known.contains(&&message["parent_id"]), "each after its parent");
            known.push(&message["id"]);
        }
        let markdown = exported(&world, id, Format::Markdown).await;
        assert_eq!(markdown.matches("\n## ").count(), 62);
        let theirs = text(conversations(world.store.clone(), world.bob.clone(), world.ports.now())).await;
        assert!(!theirs.contains("Number"));
    }
}
