//! Messages that are sent, and what is stored of them and their answers.

use super::*;
use crate::testing::{Step, worlds};
use atrium::chat::{Author, MESSAGE_MAX, MessageStatus};

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
