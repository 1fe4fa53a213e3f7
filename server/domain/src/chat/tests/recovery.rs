//! What is kept of an answer when a write is repeated or a server goes away.

use super::*;
use crate::ports::Ports;
use crate::providers::RESUME_PROMPT;
use crate::testing::{Step, until, worlds};
use atrium::chat::MessageStatus;

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
            world.server_at(ports).await
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
