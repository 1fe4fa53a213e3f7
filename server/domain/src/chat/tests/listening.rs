//! Whoever follows an answer gets every word once, wherever the listening begins.

use super::*;
use crate::testing::{Step, pieces, until, worlds};
use atrium::chat::MessageStatus;

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

/// What is told between servers, not the clock, moves whoever follows from elsewhere.
#[tokio::test]
async fn from_another_server_news_come_without_waiting() {
    for world in worlds().await.into_iter().filter(|it| it.store.is_shared()) {
        let second = world.second_server().await;
        // Should the connection be lost on the way, it comes back.
        let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()";
        until("both servers listen", || async {
            let listening =
                "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()";
            let count: Option<(i64,)> = world.store.as_system("test").optional(listening, args![]).await.unwrap();
            count.is_some_and(|it| it.0 >= 2)
        })
        .await;
        let lost: Option<(i64,)> = world.store.as_system("test").optional(cut, args![]).await.unwrap();
        assert!(lost.is_some_and(|it| it.0 >= 2));
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        world.provider.plays([Step::Gate].into_iter().chain(pieces("One two three.")).chain([Step::Hang]).collect());
        let sent = world.chat.send(&world.ada, Target::New, None, "question").await.unwrap();
        let listener = Listener::attach(&second, &world.ada, sent.run, 0, Page::default()).await;
        let listener = tokio::spawn(async move { listener.see(&Page::with("One two three.")).await });
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let begun = std::time::Instant::now();
        world.provider.open();
        let listener = listener.await.unwrap();
        let heard = begun.elapsed();
        let begun = std::time::Instant::now();
        second.stop(&world.ada, sent.run).await.unwrap();
        listener.finish().await;
        let stopped = begun.elapsed();
        // Both far below how often one would look by oneself, and well above what a busy machine needs.
        assert!(
            heard.as_millis() < 1500 && stopped.as_millis() < 1500,
            "heard after {heard:?}, stopped after {stopped:?}"
        );
    }
}
