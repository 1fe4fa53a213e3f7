//! Conversations and runs, on both databases, against a provider that says what the test wrote for it.

use super::{Chat, Sent, Target};
use crate::error::Error;
use crate::markdown;
use crate::ports::Ports;
use crate::providers::RESUME_PROMPT;
use crate::store::args;
use crate::testing::{Step, World, answer, last_words, pieces, until, worlds};
use atrium::chat::{Author, LiveEvent, MESSAGE_MAX, MessageStatus, MessageView, TITLE_MAX, Thread};
use atrium::ids::{ConversationId, MessageId, RunId};
use atrium::people::Viewer;
use futures::StreamExt as _;
use std::time::Duration;
use uuid::Uuid;

/// Everything that Markdown does to blocks, and characters of every length.
const DOCUMENT: &str = "# Über *alles*\n\nA paragraph with `code`, **strong 🦀** and\na second line.\n\n- one\n- two\n  1. deep\n\n```rust\nfn main() {\n    println!(\"世界\");\n}\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quoted\n\nThe <script>alert(1)</script> end — fin.";

/// What a browser that follows a run has on its page.
#[derive(Debug, Clone, Default, PartialEq)]
struct Page {
    blocks: Vec<String>,
    tail: String,
    reasoning: String,
}

impl Page {
    /// The page of whoever has seen `text` and goes on listening.
    fn with(text: &str) -> Self {
        let mut stream = markdown::Stream::new();
        stream.push(text);
        let update = stream.update();
        Self { blocks: update.blocks, tail: update.tail, reasoning: String::new() }
    }
}

struct Heard {
    page: Page,
    message: MessageView,
    title: String,
    /// The position that came with the end.
    end: u64,
    deltas: usize,
}

/// Somebody who listens, from the moment at which this is made.
struct Listener {
    events: futures::stream::BoxStream<'static, (u64, LiveEvent)>,
    page: Page,
    end: u64,
    deltas: usize,
}

impl Listener {
    /// From `after` on, with what `page` shows.
    async fn attach(chat: &Chat, viewer: &Viewer, run: RunId, after: u64, page: Page) -> Self {
        let events = chat.follow(viewer, run, after).await.unwrap();
        Self { events, page, end: 0, deltas: 0 }
    }

    /// The next event; the message and the title when it is the last. No block may come twice or be left out.
    async fn next(&mut self) -> Option<(MessageView, String)> {
        let event = tokio::time::timeout(Duration::from_secs(60), self.events.next()).await;
        let (seq, event) = event.expect("something is heard").expect("the stream ends with an end");
        assert!(seq >= self.end, "positions only grow");
        self.end = seq;
        match event {
            LiveEvent::Status { .. } => {}
            LiveEvent::Reasoning { text } => self.page.reasoning.push_str(&text),
            LiveEvent::Delta { first, blocks, tail } => {
                assert_eq!(first, self.page.blocks.len(), "blocks follow each other");
                self.page.blocks.extend(blocks);
                self.page.tail = tail;
                self.deltas += 1;
            }
            LiveEvent::End { message, title } => return Some((*message, title)),
        }
        None
    }

    /// Until the page shows this.
    async fn see(mut self, page: &Page) -> Self {
        while self.page != *page {
            assert!(self.next().await.is_none(), "it ends too early, with {:?}", self.page);
        }
        self
    }

    async fn finish(mut self) -> Heard {
        loop {
            if let Some((message, title)) = self.next().await {
                let Self { page, end, deltas, .. } = self;
                return Heard { page, message, title, end, deltas };
            }
        }
    }
}

/// Listens from `after` to the end.
async fn hear(chat: &Chat, viewer: &Viewer, run: RunId, after: u64, page: Page) -> Heard {
    Listener::attach(chat, viewer, run, after, page).await.finish().await
}

async fn ended(chat: &Chat, viewer: &Viewer, sent: Sent) -> MessageView {
    hear(chat, viewer, sent.run, 0, Page::default()).await.message
}

/// Sends and waits for the answer.
async fn exchange(world: &World, target: Target, text: &str) -> (Sent, MessageView) {
    let sent = world.chat.send(&world.ada, target, None, text).await.unwrap();
    let message = ended(&world.chat, &world.ada, sent).await;
    (sent, message)
}

async fn thread(world: &World, id: ConversationId) -> Thread {
    world.chat.thread(&world.ada, id, None).await.unwrap()
}

fn texts(thread: &Thread) -> Vec<&str> {
    thread.messages.iter().map(|it| it.text.as_str()).collect()
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    outcome.unwrap_err().to_failure().code
}

async fn number_of(world: &World, sql: &'static str) -> i64 {
    let (count,): (i64,) = world.store.as_system("test").optional(sql, args![]).await.unwrap().unwrap();
    count
}

/// How much of a run the database has.
async fn saved(world: &World, run: RunId) -> String {
    let rows: Vec<(String,)> = world
        .store
        .as_system("test")
        .all("SELECT data FROM run_events WHERE run_id = $1 ORDER BY seq", args![run])
        .await
        .unwrap();
    rows.into_iter().map(|it| it.0).collect()
}

/// Echoes the question, so that every answer can be told from every other.
fn echo(world: &World) {
    world.provider.says(|body| answer(&format!("You said: {}", last_words(body))));
}

#[tokio::test]
async fn an_answer_is_stored_as_the_provider_sent_it() {
    for world in worlds().await {
        let text = format!("{DOCUMENT}\r\n\ttabs  and trailing spaces  \n\n");
        world.provider.plays(answer(&text));
        let sent = world.chat.send(&world.ada, Target::New, None, "  What is it? \n").await.unwrap();
        let during = thread(&world, sent.conversation).await;
        assert_eq!((during.messages.len(), during.messages[0].text.as_str()), (2, "  What is it?"));
        let message = ended(&world.chat, &world.ada, sent).await;
        assert_eq!(message.text, text);
        let after = thread(&world, sent.conversation).await;
        let [question, stored] = &after.messages[..] else { panic!("{after:?}") };
        assert_eq!(stored, &message, "a reload shows what the stream ended with");
        assert_eq!(
            (question.author, question.status, &question.rendered.blocks),
            (Author::User, MessageStatus::Complete, &Vec::new())
        );
        assert_eq!(
            (stored.author, stored.status, stored.run, stored.parent_id),
            (Author::Assistant, MessageStatus::Complete, None, Some(question.id))
        );
        assert_eq!(
            (stored.prompt_tokens, stored.completion_tokens, stored.tokens_estimated, stored.can_continue),
            (Some(11), Some(7), false, false)
        );
        assert!(stored.latency.is_some_and(|it| it > 0) && stored.model.as_deref() == Some("fake-1"));
        assert!(!stored.rendered.blocks.concat().contains("<script>"));
        assert_eq!(number_of(&world, "SELECT COUNT(*) FROM run_events").await, 0, "the log was folded");
        assert_eq!(number_of(&world, "SELECT COUNT(*) FROM llm_calls WHERE outcome = 'complete' AND prompt_tokens = 11 AND purpose = 'answer'").await, 1);
        assert_eq!(
            number_of(&world, "SELECT COUNT(*) FROM runs WHERE status = 'complete' AND finished_at IS NOT NULL").await,
            1
        );
        let asked = world.provider.asked();
        assert_eq!(asked.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), ["system", "user"]);
        assert_eq!(asked[1].1, "  What is it?");
    }
}

#[tokio::test]
async fn a_conversation_goes_on_with_all_that_was_said() {
    for world in worlds().await {
        echo(&world);
        let (sent, _) = exchange(&world, Target::New, "one").await;
        let (_, second) = exchange(&world, Target::End(sent.conversation), "two").await;
        assert_eq!(second.text, "You said: two");
        let asked: Vec<_> = world.provider.asked().into_iter().skip(1).collect();
        let turn = |role: &str, text: &str| (role.to_owned(), text.to_owned());
        assert_eq!(asked, [turn("user", "one"), turn("assistant", "You said: one"), turn("user", "two")]);
        assert_eq!(texts(&thread(&world, sent.conversation).await), ["one", "You said: one", "two", "You said: two"]);
        let (title, newest) = world.chat.newest_exchange(&world.ada, Sent { answer: second.id, ..sent }).await.unwrap();
        assert_eq!((title.as_str(), newest.len(), newest[0].text.as_str()), ("one", 2, "two"));
    }
}

#[tokio::test]
async fn the_title_comes_from_the_first_message_and_a_persons_choice_stays() {
    for world in worlds().await {
        let (sent, _) = exchange(&world, Target::New, "# What is **Rust** <b>good</b> for?").await;
        let id = sent.conversation;
        let title = thread(&world, id).await.title;
        assert!(title.starts_with("What is Rust"), "{title}");
        assert_eq!(hear(&world.chat, &world.ada, sent.run, 0, Page::default()).await.title, title);
        exchange(&world, Target::End(id), "Something else altogether").await;
        assert_eq!(thread(&world, id).await.title, title, "only the first one makes it");
        assert_eq!(world.chat.rename(&world.ada, id, "  My \n <script> title ").await.unwrap(), "My <script> title");
        exchange(&world, Target::End(id), "And more").await;
        assert_eq!(thread(&world, id).await.title, "My <script> title");
        for wrong in ["", "  \n ", &"x".repeat(TITLE_MAX + 1)] {
            assert_eq!(code(world.chat.rename(&world.ada, id, wrong).await), "invalid");
        }
        world.chat.rename(&world.ada, id, &"ü".repeat(TITLE_MAX)).await.unwrap();
        assert!(world.chat.rename(&world.ada, id, "nul\0nul").await.is_ok());
        let long = exchange(&world, Target::New, &"many words and ".repeat(50)).await.0;
        assert!(thread(&world, long.conversation).await.title.chars().count() <= 61);
        for odd in ["```\ncode\n```", "![](x)", "<!-- -->", "---"] {
            let odd = exchange(&world, Target::New, odd).await.0;
            assert!(!thread(&world, odd.conversation).await.title.trim().is_empty(), "every conversation has a name");
        }
    }
}

#[tokio::test]
async fn messages_that_cannot_be_taken_leave_nothing_behind() {
    for world in worlds().await {
        for wrong in
            [String::new(), " \n\t ".to_owned(), "\0".to_owned(), "x".repeat(MESSAGE_MAX + 1), "x".repeat(1 << 20)]
        {
            let outcome = world.chat.send(&world.ada, Target::New, None, &wrong).await;
            assert_eq!(code(outcome), "invalid", "{} bytes", wrong.len());
        }
        assert_eq!(number_of(&world, "SELECT COUNT(*) FROM conversations").await, 0);
        assert_eq!(number_of(&world, "SELECT COUNT(*) FROM messages").await, 0);
        let longest = "ü".repeat(MESSAGE_MAX / 2);
        let (sent, answer) = exchange(&world, Target::New, &longest).await;
        assert_eq!(answer.status, MessageStatus::Complete);
        assert_eq!(thread(&world, sent.conversation).await.messages[0].text, longest);
        let (sent, _) = exchange(&world, Target::New, "a\0b").await;
        assert_eq!(thread(&world, sent.conversation).await.messages[0].text, "ab");
    }
}

#[tokio::test]
async fn an_edited_message_stands_beside_the_old_one() {
    for world in worlds().await {
        echo(&world);
        let id = exchange(&world, Target::New, "one").await.0.conversation;
        exchange(&world, Target::End(id), "two").await;
        let before = thread(&world, id).await;
        let old = before.messages[2].id;
        exchange(&world, Target::InsteadOf(id, old), "zwei").await;
        let after = thread(&world, id).await;
        assert_eq!(texts(&after), ["one", "You said: one", "zwei", "You said: zwei"]);
        let edited = &after.messages[2];
        assert_eq!((edited.position, edited.previous_sibling, edited.next_sibling), ((2, 2), Some(old), None));
        assert_eq!(after.messages[3].position, (1, 1));
        assert!(
            !world.provider.asked().iter().any(|it| it.1.contains("two")),
            "the other branch is not part of the prompt"
        );
        world.chat.select_branch(&world.ada, id, old).await.unwrap();
        let back = thread(&world, id).await;
        assert_eq!(texts(&back), ["one", "You said: one", "two", "You said: two"]);
        assert_eq!((back.messages[2].position, back.messages[2].next_sibling), ((1, 2), Some(edited.id)));
        // The very first message can be edited as well.
        let first = back.messages[0].id;
        exchange(&world, Target::InsteadOf(id, first), "eins").await;
        let other = thread(&world, id).await;
        assert_eq!((texts(&other), other.messages[0].position), (vec!["eins", "You said: eins"], (2, 2)));
        exchange(&world, Target::End(id), "drei").await;
        assert_eq!(texts(&thread(&world, id).await), ["eins", "You said: eins", "drei", "You said: drei"]);
        // An answer is nothing that a person edits.
        let an_answer = other.messages[1].id;
        assert_eq!(code(world.chat.send(&world.ada, Target::InsteadOf(id, an_answer), None, "x").await), "not_found");
    }
}

#[tokio::test]
async fn another_answer_is_two_of_two() {
    for world in worlds().await {
        world.provider.plays(answer("first"));
        let (sent, first) = exchange(&world, Target::New, "question").await;
        world.provider.plays(answer("second"));
        let again = world.chat.regenerate(&world.ada, sent.conversation, sent.answer, None).await.unwrap();
        assert_ne!(again.answer, sent.answer);
        let second = ended(&world.chat, &world.ada, again).await;
        assert_eq!(
            (second.text.as_str(), second.position, second.previous_sibling),
            ("second", (2, 2), Some(first.id))
        );
        assert_eq!(texts(&thread(&world, sent.conversation).await), ["question", "second"]);
        assert_eq!(world.provider.asked().len(), 2, "the first answer is not part of the prompt");
        world.chat.select_branch(&world.ada, sent.conversation, first.id).await.unwrap();
        let back = thread(&world, sent.conversation).await;
        assert_eq!(
            (back.messages[1].text.as_str(), back.messages[1].position, back.messages[1].next_sibling),
            ("first", (1, 2), Some(second.id))
        );
        let question = back.messages[0].id;
        assert_eq!(code(world.chat.regenerate(&world.ada, sent.conversation, question, None).await), "not_found");
    }
}

#[tokio::test]
async fn what_is_deleted_comes_back() {
    for world in worlds().await {
        echo(&world);
        let id = exchange(&world, Target::New, "one").await.0.conversation;
        let (two, _) = exchange(&world, Target::End(id), "two").await;
        let all = thread(&world, id).await;
        let question = all.messages[2].id;
        world.chat.delete_message(&world.ada, id, question).await.unwrap();
        assert_eq!(texts(&thread(&world, id).await), ["one", "You said: one"], "with what follows it");
        assert_eq!(code(world.chat.delete_message(&world.ada, id, question).await), "not_found");
        assert_eq!(code(world.chat.regenerate(&world.ada, id, question, None).await), "not_found");
        world.chat.restore_message(&world.ada, id, question).await.unwrap();
        assert_eq!(thread(&world, id).await, all);
        // Of two alternatives the other one is shown.
        let again = world.chat.regenerate(&world.ada, id, two.answer, None).await.unwrap();
        ended(&world.chat, &world.ada, again).await;
        world.chat.delete_message(&world.ada, id, again.answer).await.unwrap();
        let left = thread(&world, id).await;
        assert_eq!((left.messages[3].id, left.messages[3].position), (two.answer, (1, 1)));
        // All of it gone, the conversation can be begun anew.
        world.chat.delete_message(&world.ada, id, all.messages[0].id).await.unwrap();
        assert_eq!(texts(&thread(&world, id).await), [""; 0]);
        exchange(&world, Target::End(id), "fresh").await;
        assert_eq!(texts(&thread(&world, id).await), ["fresh", "You said: fresh"]);
    }
}

#[tokio::test]
async fn a_deleted_conversation_comes_back_and_is_purged_in_the_end() {
    for world in worlds().await {
        let (sent, _) = exchange(&world, Target::New, "one").await;
        let id = sent.conversation;
        world.chat.delete(&world.ada, id).await.unwrap();
        assert_eq!(code(world.chat.thread(&world.ada, id, None).await), "not_found");
        assert_eq!(code(world.chat.delete(&world.ada, id).await), "not_found");
        assert_eq!(code(world.chat.rename(&world.ada, id, "x").await), "not_found");
        assert_eq!(world.chat.conversations(&world.ada, None, None).await.unwrap().items, []);
        world.chat.purge(world.ports.now() - 1_000_000_000).await.unwrap();
        world.chat.restore(&world.ada, id).await.unwrap();
        assert_eq!(texts(&thread(&world, id).await), ["one", "Hello."]);
        world.chat.delete_message(&world.ada, id, sent.answer).await.unwrap();
        world.chat.purge(world.ports.now() + 1).await.unwrap();
        assert_eq!(number_of(&world, "SELECT COUNT(*) FROM messages").await, 1, "a message deleted long ago");
        assert_eq!(code(world.chat.restore_message(&world.ada, id, sent.answer).await), "not_found");
        world.chat.delete(&world.ada, id).await.unwrap();
        world.chat.purge(world.ports.now() + 1).await.unwrap();
        for table in
            ["SELECT COUNT(*) FROM conversations", "SELECT COUNT(*) FROM messages", "SELECT COUNT(*) FROM runs"]
        {
            assert_eq!(number_of(&world, table).await, 0, "{table}");
        }
        assert_eq!(code(world.chat.restore(&world.ada, id).await), "not_found");
        assert_eq!(number_of(&world, "SELECT COUNT(*) FROM llm_calls").await, 1, "what it cost is kept");
    }
}

#[tokio::test]
async fn stop_keeps_what_had_arrived() {
    for world in worlds().await {
        world.provider.plays(vec![Step::Say("Half an ".into()), Step::Say("answer".into()), Step::Hang]);
        let sent = world.chat.send(&world.ada, Target::New, None, "question").await.unwrap();
        until("the text arrives", || async { saved(&world, sent.run).await == "Half an answer" }).await;
        assert_eq!(
            code(world.chat.send(&world.ada, Target::End(sent.conversation), None, "more").await),
            "still_writing"
        );
        assert_eq!(
            code(world.chat.regenerate(&world.ada, sent.conversation, sent.answer, None).await),
            "still_writing"
        );
        assert_eq!(code(world.chat.resume(&world.ada, sent.conversation, sent.answer).await), "still_writing");
        world.chat.stop(&world.ada, sent.run).await.unwrap();
        let message = ended(&world.chat, &world.ada, sent).await;
        assert_eq!(
            (message.status, message.text.as_str(), message.can_continue),
            (MessageStatus::Stopped, "Half an answer", true)
        );
        assert_eq!(world.chat.writing(), 0);
        assert_eq!(
            number_of(&world, "SELECT COUNT(*) FROM llm_calls WHERE outcome = 'stopped' AND tokens_estimated").await,
            1
        );
        world.chat.stop(&world.ada, sent.run).await.expect("to stop what is over does no harm");
        // Continue puts the rest after it.
        world.provider.says(|body| if last_words(body) == RESUME_PROMPT { answer(", whole.") } else { answer("?") });
        let resumed = world.chat.resume(&world.ada, sent.conversation, sent.answer).await.unwrap();
        assert_eq!(resumed.answer, sent.answer);
        let message = ended(&world.chat, &world.ada, resumed).await;
        assert_eq!((message.status, message.text.as_str()), (MessageStatus::Complete, "Half an answer, whole."));
        assert_eq!(code(world.chat.resume(&world.ada, sent.conversation, sent.answer).await), "answer_complete");
        // Stopped before the first word there is nothing to go on with: the question is asked again.
        world.provider.plays(vec![Step::Hang]);
        let silent = world.chat.send(&world.ada, Target::End(sent.conversation), None, "again").await.unwrap();
        until("the question arrives", || async { world.provider.asked().last().unwrap().1 == "again" }).await;
        world.chat.stop(&world.ada, silent.run).await.unwrap();
        assert_eq!(ended(&world.chat, &world.ada, silent).await.status, MessageStatus::Stopped);
        world.provider.plays(answer("Here."));
        let resumed = world.chat.resume(&world.ada, sent.conversation, silent.answer).await.unwrap();
        assert_eq!(ended(&world.chat, &world.ada, resumed).await.text, "Here.");
        assert_eq!(world.provider.asked().last().unwrap().1, "again");
    }
}

#[tokio::test]
async fn deleting_what_is_being_written_ends_its_run() {
    for world in worlds().await {
        world.provider.plays(vec![Step::Say("word".into()), Step::Hang]);
        let sent = world.chat.send(&world.ada, Target::New, None, "question").await.unwrap();
        until("it is being written", || async { world.chat.writing() == 1 }).await;
        world.chat.delete_message(&world.ada, sent.conversation, sent.answer).await.unwrap();
        until("the run of a deleted answer ends", || async { world.chat.writing() == 0 }).await;
        let sent = world.chat.send(&world.ada, Target::End(sent.conversation), None, "more").await.unwrap();
        let question = thread(&world, sent.conversation).await.messages.iter().rev().nth(1).unwrap().id;
        world.chat.delete_message(&world.ada, sent.conversation, question).await.unwrap();
        until("so does that of an answer to a deleted question", || async { world.chat.writing() == 0 }).await;
        let sent = world.chat.send(&world.ada, Target::New, None, "more").await.unwrap();
        world.chat.delete(&world.ada, sent.conversation).await.unwrap();
        until("so do those of a deleted conversation", || async { world.chat.writing() == 0 }).await;
        if world.store.is_shared() {
            let second = world.second_server().await;
            let sent = world.chat.send(&world.ada, Target::New, None, "more").await.unwrap();
            second.delete_message(&world.ada, sent.conversation, sent.answer).await.unwrap();
            until("from another server as well", || async { world.chat.writing() == 0 }).await;
            let sent = world.chat.send(&world.ada, Target::New, None, "more").await.unwrap();
            second.delete(&world.ada, sent.conversation).await.unwrap();
            until("with the conversation, too", || async { world.chat.writing() == 0 }).await;
        }
    }
}

#[tokio::test]
async fn whoever_comes_back_gets_exactly_the_rest() {
    for world in worlds().await {
        let cut = DOCUMENT.find("println").unwrap();
        let (head, rest) = DOCUMENT.split_at(cut);
        let mut steps = pieces(head);
        steps.push(Step::Gate);
        steps.extend(answer(rest));
        world.provider.plays(steps);
        let sent = world.chat.send(&world.ada, Target::New, None, "question").await.unwrap();
        until("the first half arrives", || async { saved(&world, sent.run).await == head }).await;
        let shown = thread(&world, sent.conversation).await;
        let half = &shown.messages[1];
        assert_eq!((half.text.as_str(), half.run.map(|it| (it.id, it.seq))), (head, Some((sent.run, cut as u64))));
        assert_eq!(
            (&half.rendered.blocks, &half.rendered.tail),
            (&Page::with(head).blocks, &Page::with(head).tail),
            "a reload shows what a listener has"
        );

        let positions: Vec<usize> = head.char_indices().map(|it| it.0).chain([cut]).collect();
        let mut listeners = Vec::new();
        for at in positions {
            let page = Page::with(&DOCUMENT[..at]);
            let listener = Listener::attach(&world.chat, &world.ada, sent.run, at as u64, page).await;
            listeners.push((at, tokio::spawn(listener.finish())));
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
        world.provider.open();
        for (at, listener) in listeners {
            let heard = listener.await.unwrap();
            assert_eq!(heard.page, Page::with(DOCUMENT), "from {at}");
            assert_eq!((heard.message.text.as_str(), heard.end), (DOCUMENT, DOCUMENT.len() as u64), "from {at}");
            assert!(heard.deltas > 0);
            assert_eq!(
                heard.message.rendered.blocks[..heard.page.blocks.len()],
                heard.page.blocks[..],
                "what was shown stays"
            );
        }
        // When it is over, the whole is told at once, wherever one was.
        for at in [0, cut as u64, DOCUMENT.len() as u64, 1 << 40] {
            let heard = hear(&world.chat, &world.ada, sent.run, at, Page::default()).await;
            assert_eq!((heard.deltas, heard.message.text.as_str()), (0, DOCUMENT));
        }
    }
}

#[tokio::test]
async fn thinking_aloud_is_heard_once_and_kept_apart() {
    const THOUGHT: &str = "Hm, größer… as thöughts go";
    for world in worlds().await {
        let think = |text: &str| Step::Think(text.to_owned());
        world.provider.plays(vec![
            think(&THOUGHT[..8]),
            think(&THOUGHT[8..]),
            Step::Gate,
            Step::Say("Yes".into()),
            Step::Gate,
            Step::Say(", so.".into()),
            Step::End("stop"),
        ]);
        let sent = world.chat.send(&world.ada, Target::New, None, "question").await.unwrap();
        until("the thought arrives", || async { saved(&world, sent.run).await == THOUGHT }).await;
        world.provider.open();
        until("the first word arrives", || async { saved(&world, sent.run).await == format!("{THOUGHT}Yes") }).await;
        let mut listeners = Vec::new();
        for (at, _) in THOUGHT.char_indices() {
            let page = Page { reasoning: THOUGHT[..at].to_owned(), ..Page::default() };
            let listener = Listener::attach(&world.chat, &world.ada, sent.run, at as u64, page).await;
            listeners.push((at, tokio::spawn(listener.finish())));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.provider.open();
        for (at, listener) in listeners {
            let heard = listener.await.unwrap();
            assert_eq!(heard.page.reasoning, THOUGHT, "from {at}");
            assert_eq!(
                (heard.page.tail.as_str(), heard.message.text.as_str(), heard.message.reasoning.as_str()),
                (Page::with("Yes, so.").tail.as_str(), "Yes, so.", THOUGHT)
            );
        }
        assert_eq!(thread(&world, sent.conversation).await.messages[1].reasoning, THOUGHT);
    }
}

#[tokio::test]
async fn a_listener_of_a_resumed_answer_goes_on_from_what_it_has() {
    for world in worlds().await {
        let (head, rest) = DOCUMENT.split_at(DOCUMENT.find("second line").unwrap());
        world.provider.plays(pieces(head).into_iter().chain([Step::Hang]).collect());
        let sent = world.chat.send(&world.ada, Target::New, None, "question").await.unwrap();
        until("the first half arrives", || async { saved(&world, sent.run).await == head }).await;
        world.chat.stop(&world.ada, sent.run).await.unwrap();
        ended(&world.chat, &world.ada, sent).await;
        world.provider.plays([Step::Gate].into_iter().chain(answer(rest)).collect());
        let resumed = world.chat.resume(&world.ada, sent.conversation, sent.answer).await.unwrap();
        let shown = thread(&world, sent.conversation).await.messages.pop().unwrap();
        assert_eq!(
            (shown.text.as_str(), shown.run.map(|it| (it.id, it.seq)), &shown.rendered.blocks),
            (head, Some((resumed.run, 0)), &Page::with(head).blocks)
        );
        let listener = Listener::attach(&world.chat, &world.ada, resumed.run, 0, Page::with(head)).await;
        let listener = tokio::spawn(listener.finish());
        world.provider.open();
        let heard = listener.await.unwrap();
        assert_eq!((heard.page, heard.message.text.as_str()), (Page::with(DOCUMENT), DOCUMENT));
    }
}

#[tokio::test]
async fn what_went_wrong_stays_at_the_message() {
    for world in worlds().await {
        let refused = r#"{"error":{"message":"The model `fake-1` is on strike"}}"#;
        for (steps, text, part) in [
            (vec![Step::Refuse(400, refused)], "", "on strike"),
            (vec![Step::Refuse(401, "{}")], "", "key"),
            (vec![Step::Refuse(500, "<html>Internal")], "", ""),
            (vec![Step::Say("Half".into()), Step::Pause(Duration::from_millis(50)), Step::Abort], "Half", ""),
            (vec![Step::Say("No end".into())], "No end", ""),
            (Vec::new(), "", ""),
        ] {
            let label = format!("{steps:?}");
            world.provider.plays(steps);
            let (sent, message) = exchange(&world, Target::New, "question").await;
            assert_eq!(
                (message.status, message.text.as_str(), message.can_continue),
                (MessageStatus::Failed, text, true),
                "{label}"
            );
            let error = message.error.unwrap_or_default();
            assert!(error.len() > 10 && error.contains(part) && !error.contains("<html"), "{label}: {error}");
            assert_eq!(thread(&world, sent.conversation).await.messages[1].error.as_deref(), Some(error.as_str()));
            // The composer stays usable.
            world.provider.plays(answer("Fine."));
            let (_, next) = exchange(&world, Target::End(sent.conversation), "and now?").await;
            assert_eq!((next.status, next.error), (MessageStatus::Complete, None));
            let resumed = world.chat.resume(&world.ada, sent.conversation, sent.answer).await.unwrap();
            let resumed = ended(&world.chat, &world.ada, resumed).await;
            assert_eq!(
                (resumed.status, resumed.error, resumed.text),
                (MessageStatus::Complete, None, format!("{text}Fine."))
            );
        }
        assert_eq!(number_of(&world, "SELECT COUNT(*) FROM llm_calls WHERE outcome = 'failed'").await, 6);
    }
}

#[tokio::test]
async fn an_answer_cut_by_its_limit_says_so_and_goes_on() {
    for world in worlds().await {
        world.provider.plays(vec![Step::Say("So far".into()), Step::End("length")]);
        let (sent, message) = exchange(&world, Target::New, "question").await;
        assert_eq!((message.status, message.can_continue, message.notes.len()), (MessageStatus::Complete, true, 1));
        world.provider.plays(answer(" so good"));
        let resumed = world.chat.resume(&world.ada, sent.conversation, sent.answer).await.unwrap();
        let message = ended(&world.chat, &world.ada, resumed).await;
        assert_eq!(
            (message.text.as_str(), message.notes.len(), message.completion_tokens),
            ("So far so good", 0, Some(14))
        );
    }
}

/// PostgreSQL takes no NUL in a text: one answer that has one must neither be lost nor hold up the others.
#[tokio::test]
async fn a_nul_from_a_provider_does_no_harm() {
    for world in worlds().await {
        world.provider.says(|body| {
            if last_words(body) == "odd" {
                vec![Step::Think("h\0m".into()), Step::Say("a\0b".into()), Step::Gate, Step::End("stop")]
            } else {
                answer("Fine.")
            }
        });
        let odd = world.chat.send(&world.ada, Target::New, None, "odd").await.unwrap();
        until("the odd answer is saved on its way", || async { saved(&world, odd.run).await.contains('b') }).await;
        assert_eq!(exchange(&world, Target::New, "even").await.1.text, "Fine.");
        let during = thread(&world, odd.conversation).await.messages[1].clone();
        world.provider.open();
        let message = ended(&world.chat, &world.ada, odd).await;
        assert_eq!(message.status, MessageStatus::Complete);
        assert!(
            message.text.starts_with('a') && message.text.ends_with('b') && !message.text.contains('\0'),
            "{:?}",
            message.text
        );
        assert_eq!(during.text, message.text);
        assert_eq!(
            during.run.unwrap().seq as usize,
            message.text.len() + message.reasoning.len(),
            "positions count what is stored"
        );
    }
}

/// A commit can succeed although its confirmation is lost; the batch is written once more, then.
#[tokio::test]
async fn a_batch_that_is_written_twice_is_there_once() {
    for world in worlds().await {
        world.provider.plays(vec![
            Step::Gate,
            Step::Say("Half an ".into()),
            Step::Gate,
            Step::Say("answer".into()),
            Step::Gate,
            Step::End("stop"),
        ]);
        let sent = world.chat.send(&world.ada, Target::New, None, "question").await.unwrap();
        let insert = "INSERT INTO run_events (run_id, seq, kind, data) VALUES ($1, 0, 'text', 'Half')";
        world.store.as_system("test").execute(insert, args![sent.run]).await.unwrap();
        world.provider.open();
        until("the batch is saved", || async { saved(&world, sent.run).await == "Half an " }).await;
        world.provider.open();
        until("and the next one", || async { saved(&world, sent.run).await == "Half an answer" }).await;
        world.provider.open();
        assert_eq!(ended(&world.chat, &world.ada, sent).await.text, "Half an answer");
    }
}

#[tokio::test]
async fn what_a_server_that_went_away_had_said_is_kept() {
    for world in worlds().await {
        world.provider.plays(vec![
            Step::Think("Hm.".into()),
            Step::Say("Half an ".into()),
            Step::Say("änswer".into()),
            Step::Gate,
            Step::Say(" too late".into()),
            Step::End("stop"),
        ]);
        let sent = world.chat.send(&world.ada, Target::New, None, "question").await.unwrap();
        until("the text is saved", || async { saved(&world, sent.run).await == "Hm.Half an änswer" }).await;
        let second = world.second_server().await;
        let status = async || second.thread(&world.ada, sent.conversation, None).await.unwrap().messages[1].status;
        let heir = if world.store.is_shared() {
            assert_eq!(status().await, MessageStatus::Streaming, "its lease says that it may be alive");
            second.recover().await.unwrap();
            assert_eq!(status().await, MessageStatus::Streaming);
            // Half a minute later nobody has renewed it.
            let ports = Ports::with_clock(|| Ports::system().now() + 30_000_000);
            Chat::start(world.store.clone(), ports, world.connections.clone()).await.unwrap()
        } else {
            second.clone()
        };
        let message = heir.thread(&world.ada, sent.conversation, None).await.unwrap().messages.pop().unwrap();
        assert_eq!(
            (message.status, message.text.as_str(), message.reasoning.as_str(), message.run, message.can_continue),
            (MessageStatus::Interrupted, "Half an änswer", "Hm.", None, true)
        );
        assert_eq!(hear(&heir, &world.ada, sent.run, 3, Page::default()).await.message, message);
        heir.recover().await.unwrap();
        // Should the one that was taken for dead still speak, the word of its heir stands.
        world.provider.open();
        until("the first server is done", || async { world.chat.writing() == 0 }).await;
        assert_eq!(thread(&world, sent.conversation).await.messages[1], message);
        world.provider.says(|body| if last_words(body) == RESUME_PROMPT { answer(", whole.") } else { answer("?") });
        let resumed = heir.resume(&world.ada, sent.conversation, sent.answer).await.unwrap();
        let message = ended(&heir, &world.ada, resumed).await;
        assert_eq!((message.status, message.text.as_str()), (MessageStatus::Complete, "Half an änswer, whole."));
        assert_eq!(world.provider.asked().iter().rev().nth(1).unwrap().1, "Half an änswer");
    }
}

#[tokio::test]
async fn a_server_that_ends_in_good_order_keeps_what_had_arrived() {
    for world in worlds().await {
        world.provider.plays(vec![Step::Say("Half".into()), Step::Hang]);
        let sent = world.chat.send(&world.ada, Target::New, None, "question").await.unwrap();
        until("the text arrives", || async { thread(&world, sent.conversation).await.messages[1].text == "Half" })
            .await;
        world.chat.close().await;
        let message = thread(&world, sent.conversation).await.messages.pop().unwrap();
        assert_eq!((message.status, message.text.as_str(), message.run), (MessageStatus::Interrupted, "Half", None));
    }
}

#[tokio::test]
async fn on_a_shared_database_any_server_follows_and_stops() {
    for world in worlds().await.into_iter().filter(|it| it.store.is_shared()) {
        let second = world.second_server().await;
        let (head, rest) = DOCUMENT.split_at(DOCUMENT.find("println").unwrap());
        let steps = [Step::Think("Hm, größer…".into())]
            .into_iter()
            .chain(pieces(head))
            .chain([Step::Gate])
            .chain(pieces(rest))
            .chain([Step::Hang]);
        world.provider.plays(steps.collect());
        let sent = world.chat.send(&world.ada, Target::New, None, "question").await.unwrap();
        until("the first half arrives", || async { saved(&world, sent.run).await.ends_with(head) }).await;
        let thought = "Hm, größer…".len();
        let mut listeners = Vec::new();
        let whole = Page { reasoning: "Hm, größer…".to_owned(), ..Page::with(DOCUMENT) };
        let within = head.char_indices().step_by(9).map(|(at, _)| {
            let page = Page { reasoning: "Hm, größer…".to_owned(), ..Page::with(&DOCUMENT[..at]) };
            (thought + at, page)
        });
        let thinking = "Hm, größer…".char_indices().map(|(at, _)| {
            let page = Page { reasoning: "Hm, größer…"[..at].to_owned(), ..Page::default() };
            (at, page)
        });
        for (at, page) in within.chain(thinking) {
            let listener = Listener::attach(&second, &world.ada, sent.run, at as u64, page).await;
            let whole = whole.clone();
            listeners.push(tokio::spawn(async move { listener.see(&whole).await }));
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
        world.provider.open();
        let mut attached = Vec::new();
        for listener in listeners {
            attached.push(listener.await.unwrap());
        }
        second.stop(&world.ada, sent.run).await.unwrap();
        for listener in attached {
            let heard = listener.finish().await;
            assert_eq!(heard.page, whole);
            assert_eq!((heard.message.status, heard.message.text.as_str()), (MessageStatus::Stopped, DOCUMENT));
        }
        assert_eq!(world.chat.writing(), 0);
    }
}

#[tokio::test]
async fn a_long_conversation_loses_its_oldest_turns_and_says_so() {
    for world in worlds().await {
        let long = |n: usize| format!("{n} {}", "x".repeat(30_000));
        let (sent, first) = exchange(&world, Target::New, &long(1)).await;
        assert_eq!(first.notes, [""; 0]);
        let id = sent.conversation;
        for n in [2, 3] {
            assert_eq!(exchange(&world, Target::End(id), &long(n)).await.1.notes, [""; 0]);
        }
        let (_, fourth) = exchange(&world, Target::End(id), &long(4)).await;
        assert!(fourth.notes.len() == 1 && fourth.notes[0].contains("oldest message"), "{:?}", fourth.notes);
        let asked = world.provider.asked();
        assert!(
            asked.iter().any(|it| it.1.starts_with("2 ")) && !asked.iter().any(|it| it.1.starts_with("1 ")),
            "the oldest is left out"
        );
        assert!(asked[0].0 == "system" && asked.last().unwrap().1 == long(4));
        let (_, fifth) = exchange(&world, Target::End(id), &long(5)).await;
        assert!(fifth.notes[0].contains("The 3 oldest messages"), "{:?}", fifth.notes);
        let (_, huge) = exchange(&world, Target::End(id), &"y".repeat(200_000)).await;
        assert!(huge.notes[0].contains("The 10 oldest messages"), "{:?}", huge.notes);
        assert_eq!(
            world.provider.asked().len(),
            2,
            "instructions and the newest turn, which goes in whatever its length"
        );
    }
}

#[tokio::test]
async fn a_long_thread_is_shown_in_pages() {
    for world in worlds().await {
        echo(&world);
        let id = exchange(&world, Target::New, "0").await.0.conversation;
        for n in 1..35 {
            exchange(&world, Target::End(id), &n.to_string()).await;
        }
        let mut page = thread(&world, id).await;
        let mut all = page.messages.clone();
        let mut pages = 1;
        while page.has_older {
            page = world.chat.thread(&world.ada, id, Some(page.messages[0].id)).await.unwrap();
            all.splice(0..0, page.messages.clone());
            pages += 1;
        }
        let questions: Vec<_> = all.iter().filter(|it| it.author == Author::User).map(|it| it.text.clone()).collect();
        assert_eq!(questions, (0..35).map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!((all.len(), pages), (70, 2));
        assert!(all.windows(2).all(|it| it[1].parent_id == Some(it[0].id)));
    }
}

#[tokio::test]
async fn somebody_elses_conversation_is_not_there() {
    for world in worlds().await {
        echo(&world);
        let (sent, _) = exchange(&world, Target::New, "secret").await;
        let question = thread(&world, sent.conversation).await.messages[0].id;
        world.provider.plays(vec![Step::Say("secret".into()), Step::Hang]);
        let live = world.chat.send(&world.ada, Target::End(sent.conversation), None, "secret too").await.unwrap();
        let other = world.chat.send(&world.ada, Target::New, None, "another of ada's").await.unwrap();
        until("both are asked", || async { world.provider.seen().len() == 3 }).await;
        world.provider.plays(answer("Bob's"));
        let bobs = world.chat.send(&world.bob, Target::New, None, "bob's own").await.unwrap();
        ended(&world.chat, &world.bob, bobs).await;
        let before = thread(&world, sent.conversation).await;

        let (chat, bob) = (&world.chat, &world.bob);
        // Ada's conversation; then Bob's own one with a message of Ada's; then ids that nobody has.
        let missing = (ConversationId(Uuid::from_u128(1)), MessageId(Uuid::from_u128(2)));
        for (id, message) in [
            (sent.conversation, sent.answer),
            (sent.conversation, question),
            (bobs.conversation, sent.answer),
            (bobs.conversation, question),
            missing,
        ] {
            let mut outcomes: Vec<(&str, Result<(), Error>)> = vec![
                ("thread before", chat.thread(bob, id, Some(message)).await.map(drop)),
                ("send instead of", chat.send(bob, Target::InsteadOf(id, message), None, "x").await.map(drop)),
                ("regenerate", chat.regenerate(bob, id, message, None).await.map(drop)),
                ("resume", chat.resume(bob, id, message).await.map(drop)),
                ("select_branch", chat.select_branch(bob, id, message).await),
                ("delete_message", chat.delete_message(bob, id, message).await),
                ("restore_message", chat.restore_message(bob, id, message).await),
            ];
            if id != bobs.conversation {
                outcomes.extend([
                    ("thread", chat.thread(bob, id, None).await.map(drop)),
                    ("send", chat.send(bob, Target::End(id), None, "x").await.map(drop)),
                    (
                        "newest_exchange",
                        chat.newest_exchange(bob, Sent { conversation: id, answer: message, run: sent.run })
                            .await
                            .map(drop),
                    ),
                    ("rename", chat.rename(bob, id, "mine").await.map(drop)),
                    ("restore", chat.restore(bob, id).await),
                    ("delete", chat.delete(bob, id).await),
                ]);
            }
            for (what, outcome) in outcomes {
                assert!(matches!(outcome, Err(Error::NotFound(_))), "{what}: {outcome:?}");
            }
        }
        let foreign = chat
            .newest_exchange(bob, Sent { conversation: bobs.conversation, answer: sent.answer, run: sent.run })
            .await
            .unwrap();
        assert_eq!(foreign.1, [], "another conversation's message is not read through one's own");
        for run in [live.run, sent.run, RunId(Uuid::from_u128(3))] {
            assert!(matches!(chat.follow(bob, run, 0).await.map(drop), Err(Error::NotFound(_))), "follow");
            assert!(matches!(chat.stop(bob, run).await, Err(Error::NotFound(_))), "stop");
        }
        // Ada's own, in the wrong conversation of hers.
        for outcome in [
            chat.select_branch(&world.ada, other.conversation, sent.answer).await,
            chat.delete_message(&world.ada, other.conversation, sent.answer).await,
            chat.restore_message(&world.ada, other.conversation, sent.answer).await,
            chat.thread(&world.ada, other.conversation, Some(sent.answer)).await.map(drop),
            chat.resume(&world.ada, other.conversation, sent.answer).await.map(drop),
        ] {
            assert!(matches!(outcome, Err(Error::NotFound(_))), "{outcome:?}");
        }
        assert_eq!(thread(&world, sent.conversation).await.title, before.title);
        assert_eq!(
            thread(&world, sent.conversation).await.messages.len(),
            before.messages.len(),
            "nothing was changed"
        );
        assert_eq!(chat.writing(), 2, "Ada's runs go on");
        assert_eq!(chat.conversations(bob, None, None).await.unwrap().items.len(), 1);
        assert_eq!(chat.conversations(bob, None, Some("secret")).await.unwrap().items, []);
        // Somebody else's agent is not answered by, either.
        let adas_agent = before.agent_id.unwrap();
        let sent = chat.send(bob, Target::New, Some(adas_agent), "with her agent?").await.unwrap();
        assert_ne!(chat.thread(bob, sent.conversation, None).await.unwrap().agent_id, Some(adas_agent));
    }
}

#[tokio::test]
async fn an_agent_that_is_switched_off_takes_no_messages() {
    for world in worlds().await {
        let (sent, _) = exchange(&world, Target::New, "one").await;
        let agent = thread(&world, sent.conversation).await.agent_id.unwrap();
        world
            .store
            .as_system("test")
            .execute("UPDATE agents SET is_active = FALSE WHERE id = $1", args![agent])
            .await
            .unwrap();
        for outcome in [
            world.chat.send(&world.ada, Target::End(sent.conversation), None, "two").await,
            world.chat.send(&world.ada, Target::New, Some(agent), "two").await,
            world.chat.regenerate(&world.ada, sent.conversation, sent.answer, None).await,
        ] {
            assert_eq!(code(outcome), "agent_inactive");
        }
        // Deleted, its conversation goes on with the default one.
        crate::agents::delete(world.store.as_viewer(&world.ada), &world.ports, agent).await.unwrap();
        assert_eq!(exchange(&world, Target::End(sent.conversation), "three").await.1.status, MessageStatus::Complete);
    }
}

async fn insert_conversation(world: &World, owner: &Viewer, n: u128, title: &str, at: i64) {
    let id = Uuid::from_u128(n);
    world
        .store
        .as_system("test")
        .execute(
            "INSERT INTO conversations (id, organisation_id, owner_id, title, title_folded, title_by, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, 'person', $6, $6)",
            args![id, owner.organisation, owner.id, title, title.to_lowercase(), at],
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn a_hundred_conversations_are_listed_once_each() {
    for world in worlds().await {
        // Many of the same moment, and ids that do not grow with time.
        for n in 0..100_u128 {
            insert_conversation(
                &world,
                &world.ada,
                n * 7919 % 1009 + (n << 100),
                &format!("Conversation {n}"),
                i64::try_from(n / 9).unwrap(),
            )
            .await;
            insert_conversation(&world, &world.bob, n + (1 << 90), "Bob's conversation", i64::try_from(n).unwrap())
                .await;
        }
        for search in [None, Some("conversation")] {
            let mut seen = Vec::new();
            let mut cursor: Option<String> = None;
            let mut pages = Vec::new();
            loop {
                let page = world.chat.conversations(&world.ada, cursor.as_deref(), search).await.unwrap();
                pages.push(page.items.len());
                seen.extend(page.items);
                // What arrives meanwhile stands at the top and moves nothing.
                insert_conversation(
                    &world,
                    &world.ada,
                    (2 << 100) + world.ports.now() as u128,
                    "Newer conversation",
                    1_000_000,
                )
                .await;
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            seen.retain(|it| it.title != "Newer conversation");
            assert!(
                seen.windows(2).all(|it| (it[0].updated_at, it[0].id) > (it[1].updated_at, it[1].id)),
                "newest first, none twice"
            );
            assert_eq!(seen.len(), 100, "{pages:?}");
            assert_eq!(pages.len(), 3, "{pages:?}");
        }
        for cursor in [
            "x",
            "1",
            "1.2",
            "a.00000000000000000000000000000000",
            "1.\0",
            "99999999999999999999.00000000000000000000000000000000",
        ] {
            assert_eq!(code(world.chat.conversations(&world.ada, Some(cursor), None).await), "invalid", "{cursor}");
        }
        assert_eq!(world.chat.conversations(&world.ada, Some(""), None).await.unwrap().items.len(), 40);
    }
}

#[tokio::test]
async fn search_takes_every_character_for_what_it_is() {
    for world in worlds().await {
        let titles = [
            "100% sure",
            "100 per cent",
            "snake_case",
            "snakeXcase",
            "Wow! Really",
            "ÄPFEL und Öl",
            "Straße 世界",
            "back\\slash",
            "it's \"quoted\"",
            "<script>",
        ];
        for (n, title) in titles.iter().enumerate() {
            insert_conversation(&world, &world.ada, n as u128, title, 0).await;
        }
        insert_conversation(&world, &world.bob, 1 << 90, "100% Bob's", 0).await;
        let long = "x".repeat(100_000);
        for (search, expected) in [
            ("%", vec!["100% sure"]),
            ("100%", vec!["100% sure"]),
            ("_", vec!["snake_case"]),
            ("SNAKE", vec!["snakeXcase", "snake_case"]),
            ("!", vec!["Wow! Really"]),
            ("!%", vec![]),
            ("w! r", vec!["Wow! Really"]),
            ("äpfel UND ö", vec!["ÄPFEL und Öl"]),
            ("STRASSE", vec![]),
            ("straße", vec!["Straße 世界"]),
            ("世", vec!["Straße 世界"]),
            ("\\", vec!["back\\slash"]),
            ("'", vec!["it's \"quoted\""]),
            ("\"", vec!["it's \"quoted\""]),
            ("<SCRIPT>", vec!["<script>"]),
            ("  sure ", vec!["100% sure"]),
            ("\0", vec![]),
            (&long, vec![]),
            (" ", titles.to_vec()),
        ] {
            let found = world.chat.conversations(&world.ada, None, Some(search)).await;
            assert!(found.is_ok(), "{search:.20}: {:?}", found.map_err(|it| it.to_failure()));
            let mut found: Vec<_> = found.unwrap().items.into_iter().map(|it| it.title).collect();
            found.sort();
            let mut expected = expected;
            expected.sort_unstable();
            if search == "\0" {
                continue; // Whatever it finds: it is no fault of ours.
            }
            assert_eq!(found, expected, "{:.20}", search);
        }
        // Titles are found as they were given, in whatever case.
        let (sent, _) = exchange(&world, Target::New, "ÜBER Ärger").await;
        world.chat.rename(&world.ada, sent.conversation, "ΟΔΥΣΣΕΎΣ").await.unwrap();
        assert_eq!(world.chat.conversations(&world.ada, None, Some("οδυσσεύς")).await.unwrap().items.len(), 1);
        assert_eq!(
            world.chat.conversations(&world.ada, None, Some("über")).await.unwrap().items,
            [],
            "the old title is forgotten"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_tabs_that_send_at_once_one_waits() {
    for world in worlds().await {
        let (sent, _) = exchange(&world, Target::New, "one").await;
        world.provider.plays(vec![Step::Say("x".into()), Step::Gate, Step::End("stop")]);
        let tabs: Vec<_> = (0..6)
            .map(|n| {
                let (chat, ada) = (world.chat.clone(), world.ada.clone());
                tokio::spawn(
                    async move { chat.send(&ada, Target::End(sent.conversation), None, &format!("tab {n}")).await },
                )
            })
            .collect();
        let mut taken = Vec::new();
        for tab in tabs {
            match tab.await.unwrap() {
                Ok(sent) => taken.push(sent),
                Err(error) => assert_eq!(error.to_failure().code, "still_writing"),
            }
        }
        assert_eq!(taken.len(), 1, "the others are told that an answer is being written");
        world.provider.open();
        ended(&world.chat, &world.ada, taken[0]).await;
        let after = thread(&world, sent.conversation).await;
        assert_eq!(after.messages.len(), 4);
        assert_eq!(after.messages[2].position, (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_has_one_writer() {
    for world in worlds().await {
        world.provider.plays(vec![Step::Say("Half".into()), Step::Pause(Duration::from_millis(50)), Step::Abort]);
        let (sent, _) = exchange(&world, Target::New, "one").await;
        world.provider.plays(vec![Step::Say(" more".into()), Step::Gate, Step::End("stop")]);
        let tries: Vec<_> = (0..6)
            .map(|_| {
                let (chat, ada) = (world.chat.clone(), world.ada.clone());
                tokio::spawn(async move { chat.resume(&ada, sent.conversation, sent.answer).await })
            })
            .collect();
        let mut taken = Vec::new();
        for one in tries {
            match one.await.unwrap() {
                Ok(sent) => taken.push(sent),
                Err(error) => assert_eq!(error.to_failure().code, "still_writing"),
            }
        }
        assert_eq!(taken.len(), 1);
        world.provider.open();
        assert_eq!(ended(&world.chat, &world.ada, taken[0]).await.text, "Half more");
    }
}

/// A text of its own for every question, with characters that a cut in the wrong place would break.
fn story(question: &str) -> String {
    let n: usize = question.parse().unwrap();
    (0..60 + n % 40)
        .map(|at| format!("{n}.{at} größer 世界 🦀{}", ["\n\n", " ", "\n- ", "\r\n"][(n + at) % 4]))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_answers_at_once_are_stored_byte_for_byte() {
    const RUNS: usize = 200;
    for world in worlds().await {
        world.provider.says(|body| answer(&story(&last_words(body))));
        // The default agent first, as a page would make it.
        crate::agents::default(world.store.as_viewer(&world.ada), &world.ports, &world.connections).await.unwrap();
        let tasks: Vec<_> = (0..RUNS)
            .map(|n| {
                let (chat, ada) = (world.chat.clone(), world.ada.clone());
                tokio::spawn(async move { chat.send(&ada, Target::New, None, &n.to_string()).await.map(|it| (n, it)) })
            })
            .collect();
        let mut sent = Vec::new();
        for task in tasks {
            sent.push(task.await.unwrap().unwrap());
        }
        let deadline = tokio::time::Instant::now() + Duration::from_secs(90);
        while world.chat.writing() > 0 {
            assert!(tokio::time::Instant::now() < deadline, "{} answers did not end", world.chat.writing());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for (n, sent) in sent {
            let (text, status): (String, String) = world
                .store
                .as_system("test")
                .optional("SELECT content, status FROM messages WHERE id = $1", args![sent.answer])
                .await
                .unwrap()
                .unwrap();
            assert_eq!(status, "complete", "{n}");
            assert!(text == story(&n.to_string()), "answer {n} differs");
        }
        assert_eq!(number_of(&world, "SELECT COUNT(*) FROM run_events").await, 0);
        assert_eq!(number_of(&world, "SELECT COUNT(*) FROM llm_calls").await, RUNS as i64);
    }
}
