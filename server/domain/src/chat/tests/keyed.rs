//! Conversations under keys of their clients.

use super::*;
use crate::agents;
use crate::testing::worlds;
use serde_json::{Map, Value, json};

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[tokio::test]
async fn a_session_is_a_conversation_under_the_clients_key() {
    for world in worlds().await {
        let (ada, bob, chat) = (&world.ada, &world.bob, &world.chat);
        let agent = agents::default(world.store.as_viewer(ada), &world.ports, &world.connections).await.unwrap().id;
        let made = chat.open_session(ada, Some(" tab-1 "), agent).await.unwrap();
        assert_eq!((made.key.as_str(), made.agent, &made.data), ("tab-1", Some(agent), &Map::new()));
        assert_eq!(chat.keyed_session(ada, "tab-1").await.unwrap(), made);
        assert_eq!(chat.keyed_session(ada, &made.conversation.to_string()).await.unwrap(), made);
        assert_eq!(chat.session_key(ada, made.conversation).await.unwrap(), "tab-1");
        assert_eq!(code(chat.open_session(ada, Some("tab-1"), agent).await), "session_exists");
        let taken = made.conversation.to_string();
        assert_eq!(code(chat.open_session(ada, Some(&taken), agent).await), "session_exists");
        assert_eq!(code(chat.open_session(ada, Some(&"x".repeat(201)), agent).await), "invalid");
        assert_eq!(code(chat.open_session(bob, Some("tab-2"), agent).await), "not_found", "not his agent");

        // Without a key it goes by its own; a conversation from elsewhere is a session as well.
        let own = chat.open_session(ada, None, agent).await.unwrap();
        assert_eq!(own.key, own.conversation.to_string());
        let (sent, _) = exchange(&world, Target::New, "Elsewhere").await;
        let keys: Vec<_> =
            chat.keyed_sessions(ada, Some(agent), 2).await.unwrap().into_iter().map(|it| it.key).collect();
        assert_eq!(keys, [sent.conversation.to_string(), own.key], "the newest first, and no more");

        let data = object(&json!({ "draft": "größe", "n": [1, null] }));
        let key = sent.conversation.to_string();
        assert_eq!(chat.keep_in_session(ada, &key, &data).await.unwrap().data, data);
        assert_eq!(chat.keep_in_session(ada, "tab-1", &Map::new()).await.unwrap().data, Map::new());
        let large = object(&json!({ "a": "x".repeat(300_000) }));
        assert_eq!(code(chat.keep_in_session(ada, "tab-1", &large).await), "invalid");

        chat.delete(ada, made.conversation).await.unwrap();
        assert_eq!(code(chat.keyed_session(ada, "tab-1").await), "not_found");
        let again = chat.open_session(ada, Some("tab-1"), agent).await.unwrap();
        assert_ne!(again.conversation, made.conversation, "a key that is free again");
    }
}

#[tokio::test]
async fn somebody_elses_session_is_not_there() {
    for world in worlds().await {
        let (ada, bob, chat) = (&world.ada, &world.bob, &world.chat);
        let scope = world.store.as_viewer(bob);
        let agent = agents::default(scope, &world.ports, &world.connections).await.unwrap().id;
        let bobs = chat.open_session(bob, Some("tab-1"), agent).await.unwrap();
        for key in ["tab-1".to_owned(), bobs.conversation.to_string()] {
            assert_eq!(code(chat.keyed_session(ada, &key).await), "not_found", "not even for who rules the server");
            assert_eq!(code(chat.keep_in_session(ada, &key, &Map::new()).await), "not_found");
        }
        assert_eq!(chat.keyed_sessions(ada, None, 6).await.unwrap(), []);
        // The same key may be anybody's.
        let agent = agents::default(world.store.as_viewer(ada), &world.ports, &world.connections).await.unwrap().id;
        let adas = chat.open_session(ada, Some("tab-1"), agent).await.unwrap();
        assert_ne!(adas.conversation, bobs.conversation);
    }
}
