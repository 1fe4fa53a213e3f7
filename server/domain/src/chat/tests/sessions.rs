//! Conversations as sessions, and what was said in all of them.

use super::super::sessions::{AgentType, SessionChange};
use super::*;
use crate::testing::worlds;
use atrium::paging::PageRequest;

#[tokio::test]
async fn a_session_is_a_conversation_with_a_type_a_greeting_and_an_end() {
    for world in worlds().await {
        let (chat, ada) = (&world.chat, &world.ada);
        let made = chat.begin_session(ada, AgentType::Code, Some("Code")).await.unwrap();
        assert_eq!((made.agent_type, made.title.as_str(), made.ended_at), (AgentType::Code, "Code", None));
        assert!(made.greeting.as_ref().is_some_and(|it| it.1.starts_with("Welcome to your new code session.")));
        assert_eq!(chat.summary(ada, made.id).await.unwrap().message_count, 0, "the greeting is no message");
        let (sent, _) = exchange(&world, Target::New, "Begun elsewhere").await;
        let sessions = chat.sessions(ada).await.unwrap();
        assert_eq!(sessions.iter().map(|it| it.id).collect::<Vec<_>>(), [sent.conversation, made.id]);
        assert_eq!((sessions[0].agent_type, &sessions[0].greeting), (AgentType::Auto, &None));

        let end = SessionChange { ended_at: Some(Some(7)), ..SessionChange::default() };
        for id in [made.id, sent.conversation] {
            let before = chat.session(ada, id).await.unwrap();
            let ended = chat.change_session(ada, id, &end).await.unwrap();
            assert_eq!(
                (ended.ended_at, ended.agent_type, ended.greeting),
                (Some(7), before.agent_type, before.greeting)
            );
        }
        let other = SessionChange { agent_type: Some(AgentType::Rag), title: Some("Other".to_owned()), ended_at: None };
        let changed = chat.change_session(ada, made.id, &other).await.unwrap();
        assert_eq!((changed.agent_type, changed.title.as_str(), changed.ended_at), (AgentType::Rag, "Other", Some(7)));
        assert_eq!(code(chat.session(&world.bob, made.id).await), "not_found");
        assert_eq!(code(chat.change_session(&world.bob, made.id, &end).await), "not_found");
    }
}

#[tokio::test]
async fn all_messages_are_ones_own_and_in_order() {
    for world in worlds().await {
        let (first, _) = exchange(&world, Target::New, "one").await;
        exchange(&world, Target::New, "two").await;
        exchange(&world, Target::End(first.conversation), "three").await;
        let page = PageRequest { page: 1, size: 5 };
        let found = world.chat.all_messages(&world.ada, page).await.unwrap();
        let texts: Vec<_> = found.items.iter().map(|it| it.1.text.as_str()).collect();
        assert_eq!((found.count, texts[0], texts[2], texts[4]), (6, "one", "two", "three"));
        assert_eq!((found.items[0].0, found.items[4].0), (first.conversation, first.conversation));
        assert_eq!(world.chat.all_messages(&world.ada, PageRequest { page: 2, size: 5 }).await.unwrap().items.len(), 1);
        assert_eq!(world.chat.all_messages(&world.bob, page).await.unwrap().count, 0);
        world.chat.delete(&world.ada, first.conversation).await.unwrap();
        assert_eq!(world.chat.all_messages(&world.ada, page).await.unwrap().count, 2);
    }
}
