//! The list of conversations: titles, search, pages, and deleting what is in it.

use super::*;
use crate::testing::worlds;
use atrium::chat::TITLE_MAX;
use uuid::Uuid;

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
