//! Guests, on both databases.

use super::{Guests, Visitor};
use crate::accounts::{Accounts, Hasher};
use crate::error::Error;
use crate::testing::{World, worlds, worlds_with};
use atrium::paging::PageRequest;
use std::time::Duration;

fn guests(world: &World) -> Guests {
    let accounts = Accounts::new(world.store.clone(), world.ports.clone(), Hasher::weak().unwrap());
    let (settings, connections) = (world.settings.clone(), world.connections.clone());
    Guests::new(world.store.clone(), world.ports.clone(), settings, accounts, connections, world.chat.clone())
}

async fn say(world: &World, guests: &Guests, key: &str, visitor: &Visitor, text: &str) {
    let viewer = guests.viewer().await.unwrap();
    let chat = guests.open(key, visitor).await.unwrap();
    let sent = guests.send(&viewer, &chat, text).await.unwrap();
    assert!(world.chat.finished(&viewer, sent.run, Duration::from_secs(20)).await.unwrap());
}

#[tokio::test]
async fn a_key_opens_its_own_chat_and_no_other() {
    for world in worlds().await {
        let guests = guests(&world);
        let (eve, mallory) = (Visitor::of("eve"), Visitor::of("mallory"));
        say(&world, &guests, "first", &eve, "Hello").await;
        say(&world, &guests, "first", &mallory, "Hello again").await;
        say(&world, &guests, "second", &mallory, "Good day").await;
        let viewer = guests.viewer().await.unwrap();
        let said = async |key: &str| {
            let chat = guests.find(key).await.unwrap().unwrap();
            world.chat.messages(&viewer, chat.conversation.unwrap(), PageRequest::WHOLE).await.unwrap().count
        };
        assert_eq!((said("first").await, said("second").await), (4, 2));
        assert_eq!(guests.find("third").await.unwrap(), None);
        let keys = async |visitor: &Visitor| -> Vec<String> {
            guests.history(visitor).await.unwrap().into_iter().map(|it| it.key).collect()
        };
        assert_eq!((keys(&eve).await, keys(&mallory).await), (vec!["first".to_owned()], vec!["second".to_owned()]));
        let renewed = guests.renew(Some("first"), &eve).await.unwrap();
        assert!(renewed.is_active && renewed.conversation.is_none() && renewed.key.len() == 36);
        assert!(!guests.find("first").await.unwrap().unwrap().is_active, "it stays, and is not the one at work");
        guests.archive("first", true).await.unwrap();
        assert!(guests.find("first").await.unwrap().unwrap().is_archived);
        assert!(matches!(guests.archive("third", true).await, Err(Error::NotFound(_))));
        guests.sweep().await.unwrap();
        assert!(guests.find(&renewed.key).await.unwrap().is_some(), "not before a day has gone by");
        // People see nothing of it.
        assert_eq!(
            world.chat.summaries(&world.bob, PageRequest::default(), Default::default()).await.unwrap().count,
            0
        );
    }
}

#[tokio::test]
async fn guests_cost_no_more_than_is_set_aside() {
    let env = [
        ("DEFAULT_MODEL", "gpt-4-turbo"),
        ("ATRIUM_GUEST_MESSAGES_PER_HOUR", "3"),
        ("ATRIUM_GUEST_CENTS_PER_DAY", "1"),
        ("ATRIUM_GUEST_SYSTEM_PROMPT", "Be brief."),
        ("ATRIUM_GUEST_MAX_TOKENS", "77"),
    ];
    for world in worlds_with(&env).await {
        let guests = guests(&world);
        let viewer = guests.viewer().await.unwrap();
        guests.admit(&viewer, "10.0.0.1").await.unwrap();
        say(&world, &guests, "key", &Visitor::of("eve"), "Hello").await;
        assert_eq!(world.provider.asked()[0], ("system".to_owned(), "Be brief.".to_owned()));
        assert_eq!(guests.agent(&viewer).await.unwrap().max_tokens, 77);
        guests.admit(&viewer, "10.0.0.1").await.unwrap();
        guests.admit(&viewer, "10.0.0.1").await.unwrap();
        assert!(matches!(guests.admit(&viewer, "10.0.0.1").await, Err(Error::RateLimited { .. })), "too often");
        guests.admit(&viewer, "10.0.0.2").await.unwrap();
        // A question and its answer cost 320 millionths of a dollar here: after 32 of them a cent is gone.
        for _ in 0..32 {
            say(&world, &guests, "key", &Visitor::of("eve"), "More").await;
        }
        let refused = guests.admit(&viewer, "10.0.0.3").await;
        assert!(matches!(refused, Err(Error::RateLimited { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn the_door_can_be_closed() {
    for world in worlds_with(&[("ATRIUM_GUEST_CHAT", "false")]).await {
        let guests = guests(&world);
        assert!(matches!(guests.may_come(), Err(Error::Forbidden(_))));
        let viewer = guests.viewer().await.unwrap();
        assert!(matches!(guests.admit(&viewer, "10.0.0.1").await, Err(Error::Forbidden(_))));
    }
}
