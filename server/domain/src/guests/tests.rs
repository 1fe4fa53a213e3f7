//! Guests, on both databases.

use super::{Guests, Visitor};
use crate::accounts::{Accounts, Hasher};
use crate::error::Error;
use crate::testing::{Step, World, worlds, worlds_with};
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
    let turn = guests.turns.take(visitor.network(), 0, 0).unwrap();
    let sent = guests.send(&viewer, &chat, text, turn).await.unwrap();
    assert!(world.chat.finished(&viewer, sent.run, Duration::from_secs(20)).await.unwrap());
}

/// Keys that nobody guesses.
const FIRST: &str = "b5x9q2mza0wk4vn8c1tr7ye3ud6hs0pf";
const SECOND: &str = "9b2d7c1e-4f3a-4b6d-8e5f-0a1c2d3e4f5a";

#[tokio::test]
async fn a_key_opens_its_own_chat_and_no_other() {
    for world in worlds().await {
        let guests = guests(&world);
        let (eve, mallory) = (Visitor::of("eve", "10.0.0.1"), Visitor::of("mallory", "10.0.0.2"));
        say(&world, &guests, FIRST, &eve, "Hello").await;
        say(&world, &guests, FIRST, &mallory, "Hello again").await;
        say(&world, &guests, SECOND, &mallory, "Good day").await;
        let viewer = guests.viewer().await.unwrap();
        let said = async |key: &str| {
            let chat = guests.find(key, &eve).await.unwrap().unwrap();
            world.chat.messages(&viewer, chat.conversation.unwrap(), PageRequest::WHOLE).await.unwrap().count
        };
        assert_eq!((said(FIRST).await, said(SECOND).await), (4, 2));
        assert_eq!(guests.find("b5x9q2mza0wk4vn8c1tr7ye3ud6hs0pg", &eve).await.unwrap(), None);
        let keys = async |visitor: &Visitor| -> Vec<String> {
            guests.history(visitor).await.unwrap().into_iter().map(|it| it.key).collect()
        };
        assert_eq!((keys(&eve).await, keys(&mallory).await), (vec![FIRST.to_owned()], vec![SECOND.to_owned()]));
        let renewed = guests.renew(Some(FIRST), &eve).await.unwrap();
        assert!(renewed.is_active && renewed.conversation.is_none() && renewed.key.len() == 36);
        let first = guests.find(FIRST, &eve).await.unwrap().unwrap();
        assert!(!first.is_active, "it stays, and is not the one at work");
        guests.archive(FIRST, &eve, true).await.unwrap();
        assert!(guests.find(FIRST, &eve).await.unwrap().unwrap().is_archived);
        assert!(matches!(guests.archive("third", &eve, true).await, Err(Error::NotFound(_))));
        guests.sweep().await.unwrap();
        assert!(guests.find(&renewed.key, &eve).await.unwrap().is_some(), "not before a day has gone by");
        // People see nothing of it.
        assert_eq!(
            world.chat.summaries(&world.bob, PageRequest::default(), Default::default()).await.unwrap().count,
            0
        );
    }
}

#[tokio::test]
async fn a_key_that_can_be_guessed_opens_nobody_elses_chat() {
    for world in worlds().await {
        let guests = guests(&world);
        let (eve, mallory) = (Visitor::of("eve", "10.0.0.1"), Visitor::of("mallory", "10.0.0.2"));
        say(&world, &guests, "test", &eve, "Hello").await;
        assert_eq!(guests.find("test", &mallory).await.unwrap(), None);
        assert!(matches!(guests.archive("test", &mallory, true).await, Err(Error::NotFound(_))));
        guests.renew(Some("test"), &mallory).await.unwrap();
        say(&world, &guests, "test", &mallory, "Good day").await;
        let eves = guests.find("test", &eve).await.unwrap().unwrap();
        assert!(eves.is_active && !eves.is_archived);
        assert_ne!(guests.find("test", &mallory).await.unwrap().unwrap().conversation, eves.conversation);
        // A client without cookies keeps it by its address, one that moves by its cookie.
        let (without_cookie, moved) = (Visitor::of("another", "10.0.0.1"), Visitor::of("eve", "10.0.0.9"));
        for visitor in [without_cookie, moved] {
            assert_eq!(guests.find("test", &visitor).await.unwrap().unwrap().conversation, eves.conversation);
        }
    }
}

#[tokio::test]
async fn only_so_many_are_answered_at_once() {
    let env = [("ATRIUM_GUEST_ANSWERS_OF_ONE_ADDRESS", "1"), ("ATRIUM_GUEST_ANSWERS_AT_ONCE", "2")];
    for world in worlds_with(&env).await {
        let guests = guests(&world);
        let viewer = guests.viewer().await.unwrap();
        let visitor = |number: u8| Visitor::of("eve", &format!("10.0.0.{number}"));
        world.provider.plays(vec![Step::Gate, Step::Say("Yes.".to_owned()), Step::End("stop")]);
        let turn = guests.admit(&viewer, &visitor(1)).await.unwrap();
        let chat = guests.open(FIRST, &visitor(1)).await.unwrap();
        let sent = guests.send(&viewer, &chat, "Hello", turn).await.unwrap();
        let refused = guests.admit(&viewer, &visitor(1)).await;
        assert!(matches!(refused, Err(Error::RateLimited { .. })), "its answer is still being written: {refused:?}");
        let _second = guests.admit(&viewer, &visitor(2)).await.unwrap();
        assert!(matches!(guests.admit(&viewer, &visitor(3)).await, Err(Error::RateLimited { .. })), "too many of all");
        world.provider.open();
        assert!(world.chat.finished(&viewer, sent.run, Duration::from_secs(20)).await.unwrap());
        let mut tries = 0;
        while guests.admit(&viewer, &visitor(1)).await.is_err() {
            tries += 1;
            assert!(tries < 200, "the turn is given back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
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
        let from = |address: &str| Visitor::of("eve", address);
        guests.admit(&viewer, &from("10.0.0.1")).await.unwrap();
        say(&world, &guests, FIRST, &from("10.0.0.1"), "Hello").await;
        assert_eq!(world.provider.asked()[0], ("system".to_owned(), "Be brief.".to_owned()));
        assert_eq!(guests.agent(&viewer).await.unwrap().max_tokens, 77);
        guests.admit(&viewer, &from("10.0.0.1")).await.unwrap();
        guests.admit(&viewer, &from("10.0.0.1")).await.unwrap();
        assert!(matches!(guests.admit(&viewer, &from("10.0.0.1")).await, Err(Error::RateLimited { .. })), "too often");
        guests.admit(&viewer, &from("10.0.0.2")).await.unwrap();
        // A question and its answer cost 320 millionths of a dollar here: after 32 of them a cent is gone.
        for _ in 0..32 {
            say(&world, &guests, FIRST, &from("10.0.0.1"), "More").await;
        }
        let refused = guests.admit(&viewer, &from("10.0.0.3")).await;
        assert!(matches!(refused, Err(Error::RateLimited { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn the_door_can_be_closed() {
    for world in worlds_with(&[("ATRIUM_GUEST_CHAT", "false")]).await {
        let guests = guests(&world);
        assert!(matches!(guests.may_come(), Err(Error::Forbidden(_))));
        let viewer = guests.viewer().await.unwrap();
        let visitor = Visitor::of("eve", "10.0.0.1");
        assert!(matches!(guests.admit(&viewer, &visitor).await, Err(Error::Forbidden(_))));
    }
}
