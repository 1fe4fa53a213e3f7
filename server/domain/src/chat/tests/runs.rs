//! Answers from the first word to the end: stopped, failed, cut, resumed, and many at once.

use super::*;
use crate::providers::RESUME_PROMPT;
use crate::testing::{Step, until, worlds};
use atrium::chat::MessageStatus;

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
