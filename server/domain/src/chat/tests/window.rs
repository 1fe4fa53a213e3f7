//! Long conversations: what of them is sent, and what is shown at once.

use super::*;
use crate::testing::worlds;
use atrium::chat::Author;

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
