//! Files of every shape, as their systems write them, taken in and found again; and files that nobody should have written.

use super::{CONVERSATION_MAX, Fate, Report, Source, import};
use crate::chat::{Form, Target};
use crate::export;
use crate::search;
use crate::testing::{World, answer, worlds};
use atrium::chat::{LiveEvent, MessageView};
use atrium::ids::ConversationId;
use atrium::paging::PageRequest;
use atrium::people::Viewer;
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;

async fn bring_bytes(world: &World, viewer: &Viewer, bytes: &[u8]) -> crate::Result<Report> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    import(&world.store, &world.ports, viewer, file.path()).await
}

async fn bring(world: &World, json: &Value) -> Report {
    bring_bytes(world, &world.ada, json.to_string().as_bytes()).await.unwrap()
}

fn taken(report: &Report) -> Vec<ConversationId> {
    let id = |fate: &Fate| match fate {
        Fate::Taken(id) => Some(*id),
        _ => None,
    };
    report.conversations.iter().filter_map(|it| id(&it.fate)).collect()
}

/// The branch that is shown.
async fn shown(world: &World, id: ConversationId) -> Vec<MessageView> {
    world.chat.messages(&world.ada, id, PageRequest { page: 1, size: 100 }).await.unwrap().items
}

fn texts(messages: &[MessageView]) -> Vec<&str> {
    messages.iter().map(|it| it.text.as_str()).collect()
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn chatgpt_node(id: &str, parent: Option<&str>, role: &str, content: Value, at: f64, more: Value) -> Value {
    let mut message = json!({
        "id": id, "author": { "role": role, "name": null, "metadata": {} }, "create_time": at, "update_time": null, "content": content,
        "status": "finished_successfully", "end_turn": null, "weight": 1.0, "metadata": {}, "recipient": "all"
    });
    message.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    json!({ "id": id, "message": message, "parent": parent, "children": [] })
}

fn said(text: &str) -> Value {
    json!({ "content_type": "text", "parts": [text] })
}

/// As ChatGPT writes one: a root, hidden instructions, an answer with a tool in it, an edited question, a picture.
fn chatgpt(id: &str) -> Value {
    let mut mapping = serde_json::Map::new();
    mapping.insert("root".to_owned(), json!({ "id": "root", "message": null, "parent": null, "children": ["sys"] }));
    let hidden = json!({ "metadata": { "is_visually_hidden_from_conversation": true } });
    let to_tool = json!({ "recipient": "python", "metadata": { "model_slug": "gpt-4o" } });
    let by_model = json!({ "metadata": { "model_slug": "gpt-4o" } });
    let picture = json!({ "content_type": "multimodal_text", "parts": [{ "content_type": "image_asset_pointer", "asset_pointer": "file-service://x" }, "And this?"] });
    let attached =
        json!({ "metadata": { "attachments": [{ "id": "x", "name": "quay.png", "mime_type": "image/png" }] } });
    for (id, parent, role, content, at, more) in [
        ("sys", "root", "system", said(""), 1_700_000_000.0, hidden),
        ("u1", "sys", "user", said("How high is the tide at Brest?"), 1_700_000_001.0, Value::Null),
        (
            "think",
            "u1",
            "assistant",
            json!({ "content_type": "thoughts", "thoughts": [{ "summary": "Tides", "content": "Look it up." }] }),
            1_700_000_002.0,
            Value::Null,
        ),
        (
            "call",
            "think",
            "assistant",
            json!({ "content_type": "code", "language": "python", "text": "tide()" }),
            1_700_000_003.0,
            to_tool,
        ),
        (
            "tool",
            "call",
            "tool",
            json!({ "content_type": "execution_output", "text": "7.5" }),
            1_700_000_004.0,
            Value::Null,
        ),
        (
            "a1",
            "tool",
            "assistant",
            said("About 7.5 m \u{e200}cite\u{e202}turn0search0\u{e201}at springs."),
            1_700_000_005.5,
            by_model.clone(),
        ),
        ("u2", "a1", "user", picture, 1_700_000_006.0, attached),
        ("a2", "u2", "assistant", said("A quay."), 1_700_000_007.0, by_model.clone()),
        ("a2b", "u2", "assistant", said("A harbour wall."), 1_700_000_008.0, by_model),
    ] {
        mapping.insert(id.to_owned(), chatgpt_node(id, Some(parent), role, content, at, more));
    }
    json!({
        "title": "Tides at Brest", "create_time": 1_700_000_000.25, "update_time": 1_700_000_009.5, "mapping": mapping,
        "moderation_results": [], "current_node": "a2", "conversation_id": id, "id": id, "is_archived": false, "default_model_slug": "auto"
    })
}

#[tokio::test]
async fn chatgpt_comes_along_with_its_branches_and_without_its_tools() {
    for world in worlds().await {
        let report = bring(&world, &json!([chatgpt("c1")])).await;
        let [id] = taken(&report)[..] else { panic!("{report:?}") };
        let outcome = &report.conversations[0];
        assert_eq!((outcome.source, outcome.messages), (Some(Source::ChatGpt), 5));
        assert_eq!(outcome.left_out, BTreeMap::from([("of the system", 1), ("of a tool", 2)]));
        let branch = shown(&world, id).await;
        assert_eq!(
            texts(&branch),
            ["How high is the tide at Brest?", "About 7.5 m at springs.", "And this?\n\n[File: quay.png]", "A quay."]
        );
        assert_eq!((branch[1].reasoning.as_str(), branch[1].model.as_deref()), ("Look it up.", Some("gpt-4o")));
        assert_eq!(branch[1].created_at, 1_700_000_002_000_000);
        assert_eq!(branch[3].position, (1, 2), "the other answer is beside it");
        let summary = world.chat.summary(&world.ada, id).await.unwrap();
        assert_eq!(summary.title, "Tides at Brest");
        assert_eq!((summary.created_at, summary.updated_at), (1_700_000_000_250_000, 1_700_000_009_500_000));
        // Found by its words, by its owner alone.
        let find = async |viewer: &Viewer| {
            let (question, filter) = (search::Question::new("springs"), search::Filter::default());
            search::find(world.store.as_viewer(viewer), &question, filter, PageRequest::default()).await.unwrap().count
        };
        assert_eq!((find(&world.ada).await, find(&world.bob).await), (1, 0));
        // And it goes on like any other.
        world.provider.says(|_| answer("Yes."));
        let sent = world.chat.send(&world.ada, Target::End(id), None, "Is it old?").await.unwrap();
        let mut events = world.chat.follow(&world.ada, sent.run, 0, Form::Text).await.unwrap();
        while !matches!(events.next().await, Some((_, LiveEvent::End { .. })) | None) {}
        assert_eq!(shown(&world, id).await.len(), 6);
    }
}

#[tokio::test]
async fn the_same_file_brings_nothing_twice() {
    for world in worlds().await {
        let file = json!([chatgpt("c1"), chatgpt("c2"), { "mapping": { "u": chatgpt_node("u", None, "user", said("No id"), 1.7e9, Value::Null) } }]);
        let first = bring(&world, &file).await;
        assert_eq!((first.taken(), first.known()), (3, 0));
        let again = bring(&world, &file).await;
        assert_eq!((again.taken(), again.known()), (0, 3));
        assert_eq!(again.conversations[0].fate, Fate::Known(taken(&first)[0]));
        // Somebody else's are others.
        let theirs = bring_bytes(&world, &world.bob, file.to_string().as_bytes()).await.unwrap();
        assert_eq!(theirs.taken(), 3);
        // Whoever deleted one and brings it again wants it back.
        world.chat.delete(&world.ada, taken(&first)[1]).await.unwrap();
        let back = bring(&world, &file).await;
        assert_eq!((back.taken(), back.known()), (1, 2));
        assert_eq!(bring(&world, &file).await.known(), 3);
        // At the same moment, too.
        let file = json!([chatgpt("c7")]).to_string();
        let (one, two) = tokio::join!(
            bring_bytes(&world, &world.ada, file.as_bytes()),
            bring_bytes(&world, &world.ada, file.as_bytes())
        );
        assert_eq!(one.unwrap().taken() + two.unwrap().taken(), 1);
    }
}

#[tokio::test]
async fn a_zip_file_is_opened() {
    for world in worlds().await {
        let one = json!([chatgpt("c1")]).to_string();
        let two = json!([chatgpt("c2")]).to_string();
        let zip = zipped(&[
            ("chat.html", b"<html>"),
            ("user.json", b"{}"),
            ("export/conversations-001.json", two.as_bytes()),
            ("export/conversations-000.json", one.as_bytes()),
        ]);
        let report = bring_bytes(&world, &world.ada, &zip).await.unwrap();
        assert_eq!(report.taken(), 2);
        for (files, told) in [
            (&[("user.json", &b"{}"[..]), ("more.json", &b"[]"[..])][..], "no conversations.json"),
            (&[("conversations.json", &b"[{\"mapping\":"[..])], "breaks off"),
        ] {
            let error = bring_bytes(&world, &world.ada, &zipped(files)).await.unwrap_err();
            assert!(error.to_string().contains(told), "{error}");
        }
        let error = bring_bytes(&world, &world.ada, &zip[..zip.len() / 2]).await.unwrap_err();
        assert!(error.to_string().contains("damaged"), "{error}");
    }
}

#[tokio::test]
async fn open_webui_comes_along() {
    let reasoning = "<details type=\"reasoning\" done=\"true\" duration=\"3\">\n<summary>Thought for 3 seconds</summary>\n&gt; 15 &lt; 17\n&gt; so 255\n</details>\n255 <details>kept</details>";
    let file = json!([
        {
            "id": "w1", "user_id": "u", "title": "Sums", "created_at": 1_700_000_000, "updated_at": 1_700_000_020, "archived": false,
            "chat": { "title": "Sums", "models": ["a", "b"], "timestamp": 1_700_000_000_000_i64, "history": { "currentId": "m2", "messages": {
                "m1": { "id": "m1", "parentId": null, "childrenIds": ["m2", "m3"], "role": "user", "content": "15 * 17?", "timestamp": 1_700_000_001, "files": [{ "type": "file", "name": "sums.pdf" }] },
                "m2": { "id": "m2", "parentId": "m1", "childrenIds": [], "role": "assistant", "content": reasoning, "model": "deepseek-r1", "timestamp": 1_700_000_010, "done": true },
                "m3": { "id": "m3", "parentId": "m1", "childrenIds": [], "role": "assistant", "content": "It is", "model": "llama3.1:latest", "timestamp": 1_700_000_011, "done": false }
            } } }
        },
        { "id": "w2", "chat": { "title": "Of old", "messages": [{ "role": "user", "content": "Hi" }, { "role": "assistant", "content": "Hello." }] } }
    ]);
    for world in worlds().await {
        let report = bring(&world, &file).await;
        let [sums, old] = taken(&report)[..] else { panic!("{report:?}") };
        assert_eq!(report.conversations[0].source, Some(Source::OpenWebUi));
        let branch = shown(&world, sums).await;
        assert_eq!(texts(&branch), ["15 * 17?\n\n[File: sums.pdf]", "255 <details>kept</details>"]);
        assert_eq!(
            (branch[1].reasoning.as_str(), branch[1].model.as_deref()),
            ("15 < 17\nso 255", Some("deepseek-r1"))
        );
        assert_eq!(branch[1].position, (1, 2));
        assert_eq!(texts(&shown(&world, old).await), ["Hi", "Hello."]);
    }
}

fn libre(id: &str, parent: &str, is_user: bool, text: &str) -> Value {
    json!({
        "messageId": id, "parentMessageId": parent, "conversationId": "l1", "isCreatedByUser": is_user, "sender": if is_user { "User" } else { "GPT-4" },
        "text": text, "model": if is_user { Value::Null } else { json!("gpt-4o") }, "createdAt": "2024-05-28T18:08:55.014Z", "unfinished": false, "error": false
    })
}

#[tokio::test]
async fn librechat_comes_along_flat_and_nested_as_deep_as_people_talk() {
    let none = "00000000-0000-0000-0000-000000000000";
    let flat = json!({
        "conversationId": "l1", "endpoint": "openAI", "title": "Stories", "branches": true, "recursive": false, "options": { "model": "gpt-4o" },
        "messages": [libre("1", none, true, "A story"), libre("2", "1", false, "Once"), libre("3", "1", false, "Twice"), libre("4", none, true, "A longer story")]
    });
    // 150 turns, each within the one before.
    let mut tree = json!([]);
    for n in (0..150).rev() {
        let mut message = libre(&format!("n{n}"), "x", n % 2 == 0, &format!("Turn {n}"));
        message["children"] = tree;
        if n == 149 {
            message["text"] = json!("");
            message["content"] =
                json!([{ "type": "think", "think": "Hm." }, { "type": "text", "text": { "value": "Turn 149" } }]);
        }
        tree = json!([message]);
    }
    let deep = json!({ "conversationId": "l2", "title": "Deep", "recursive": true, "messagesTree": tree });
    for world in worlds().await {
        let report = bring(&world, &flat).await;
        assert_eq!((report.conversations[0].source, report.messages()), (Some(Source::LibreChat), 4));
        let report = bring(&world, &deep).await;
        let [id] = taken(&report)[..] else { panic!("{report:?}") };
        assert_eq!(report.messages(), 150);
        let page = PageRequest { page: 2, size: 100 };
        let last = world.chat.messages(&world.ada, id, page).await.unwrap().items.pop().unwrap();
        assert_eq!((last.text.as_str(), last.reasoning.as_str()), ("Turn 149", "Hm."));
    }
}

/// Without what is only good for one database: ids become their place in the file.
fn without_ids(export: &str) -> Value {
    let mut all: Value = serde_json::from_str(export).unwrap();
    all["exported_at"] = Value::Null;
    let mut conversations = all["conversations"].as_array().unwrap().clone();
    conversations.sort_by_key(|it| it["title"].to_string());
    for it in &mut conversations {
        let messages = it["messages"].as_array().unwrap().clone();
        let place = |id: &Value| json!(messages.iter().position(|it| &it["id"] == id));
        let (head, ids) =
            (place(&it["head_id"]), messages.iter().map(|it| place(&it["parent_id"])).collect::<Vec<_>>());
        it["id"] = Value::Null;
        it["head_id"] = head;
        for (message, parent) in it["messages"].as_array_mut().unwrap().iter_mut().zip(ids) {
            message["id"] = Value::Null;
            message["parent_id"] = parent;
        }
    }
    all["conversations"] = conversations.into();
    all
}

#[tokio::test]
async fn our_own_export_comes_back_as_it_was() {
    for world in worlds().await {
        let say = async |target, text: &str| {
            world.provider.says(|_| answer("**Bold** 🦀"));
            let sent = world.chat.send(&world.ada, target, None, text).await.unwrap();
            let mut events = world.chat.follow(&world.ada, sent.run, 0, Form::Text).await.unwrap();
            while !matches!(events.next().await, Some((_, LiveEvent::End { .. })) | None) {}
            sent
        };
        let sent = say(Target::New, "One </script>").await;
        say(Target::End(sent.conversation), "Two").await;
        let again = world.chat.regenerate(&world.ada, sent.conversation, sent.answer, None).await.unwrap();
        let mut events = world.chat.follow(&world.ada, again.run, 0, Form::Text).await.unwrap();
        while !matches!(events.next().await, Some((_, LiveEvent::End { .. })) | None) {}
        let other = say(Target::New, "Another").await;
        let export = async || {
            let pieces = export::conversations(world.store.clone(), world.ada.clone(), world.ports.now());
            pieces.try_collect::<Vec<_>>().await.unwrap().concat()
        };
        let before = export().await;
        // Still here: nothing to do.
        assert_eq!(bring_bytes(&world, &world.ada, before.as_bytes()).await.unwrap().known(), 2);
        for id in [sent.conversation, other.conversation] {
            world.chat.delete(&world.ada, id).await.unwrap();
        }
        let report = bring_bytes(&world, &world.ada, before.as_bytes()).await.unwrap();
        assert_eq!((report.taken(), report.messages()), (2, 7));
        assert_eq!(without_ids(&export().await), without_ids(&before));
        // One by itself; its agent is nobody's but Ada's.
        let id = taken(&report)[0];
        let one = export::conversation(&world.store, &world.chat, &world.ada, id, export::Format::Json).await.unwrap();
        let one = one.pieces.try_collect::<Vec<_>>().await.unwrap().concat();
        let report = bring_bytes(&world, &world.bob, one.as_bytes()).await.unwrap();
        assert_eq!((report.taken(), report.conversations[0].source), (1, Some(Source::Atrium)));
        let id = taken(&report)[0];
        assert_eq!(world.chat.summary(&world.bob, id).await.unwrap().agent, None);
    }
}

#[tokio::test]
async fn a_bad_conversation_leaves_the_others_alone() {
    let turn = |id: &str, parent: Value, text: Value| json!({ "id": id, "parent": parent, "message": { "author": { "role": "user" }, "content": { "parts": text } } });
    let odd = json!({
        "title": 7, "create_time": "1700000000", "update_time": { "at": 1 }, "current_node": ["x"], "id": 99,
        "mapping": {
            "a": turn("a", json!("b"), json!(["nul \u{0} byte"])),
            "b": turn("b", json!("a"), json!([null, 5, ["x"], { "content_type": "odd_thing" }])),
            "c": turn("c", json!("gone"), json!("no list")),
            "d": { "message": "text" }, "e": null, "f": 3,
            "g": turn("g", json!(7), json!([])),
            "h": { "id": "h", "message": { "author": null, "content": null, "create_time": "soon" }, "parent": "a" }
        }
    });
    let deep = format!("{}{}", "[".repeat(1_500), "]".repeat(1_500));
    let large = format!("{{\"mapping\":{{}},\"title\":\"{}\"}}", "x".repeat(CONVERSATION_MAX));
    let file = format!(
        "[{odd}, 7, null, \"text\", {{}}, {{\"mapping\":{{}}}}, {{\"mapping\":[]}}, {deep}, {large}, {{\"mapping\" 5}}, {{\"title\":\"\\ud83d\",\"mapping\":{{\"u\":{}}}}}, {}]",
        turn("u", Value::Null, json!(["half"])),
        chatgpt("last")
    );
    for world in worlds().await {
        let report = bring_bytes(&world, &world.ada, file.as_bytes()).await.unwrap();
        let fates: Vec<bool> = report.conversations.iter().map(|it| matches!(it.fate, Fate::Taken(_))).collect();
        let expected = [true, false, false, false, false, false, false, false, false, false, true, true];
        assert_eq!(fates, expected, "{report:?}");
        assert_eq!(report.stopped, None);
        let ids = taken(&report);
        let summary = world.chat.summary(&world.ada, ids[0]).await.unwrap();
        assert_eq!((summary.title.as_str(), summary.created_at), ("7", 1_700_000_000_000_000));
        let whole =
            export::conversation(&world.store, &world.chat, &world.ada, ids[0], export::Format::Json).await.unwrap();
        let whole = whole.pieces.try_collect::<Vec<_>>().await.unwrap().concat();
        assert!(whole.contains("nul  byte") && whole.contains("[odd thing]"), "{whole}");
        assert_eq!(report.conversations[10].title, "\u{fffd}");
        // What came before the break stays.
        let broken = format!("[{},{{\"mapping\":", chatgpt("whole"));
        let report = bring_bytes(&world, &world.ada, broken.as_bytes()).await.unwrap();
        assert_eq!(report.taken(), 1);
        assert!(report.stopped.unwrap().contains("breaks off"));
        for (nothing, told) in [
            (&b""[..], "not well-formed"),
            (b"\0\0\0", "not well-formed"),
            (b"hello", "not well-formed"),
            (b"[]", "no conversations"),
            (b"{}", "no conversations"),
            (b"[1,2,3]", "no conversations"),
            (b"{\"users\":[]}", "no conversations"),
            (b"PK\x03\x04", "damaged"),
            (b"\xff\xfe[", "not well-formed"),
        ] {
            let error = bring_bytes(&world, &world.ada, nothing).await.unwrap_err();
            assert_eq!(error.to_failure().status, 422);
            assert!(error.to_string().contains(told), "{error}");
        }
    }
}
