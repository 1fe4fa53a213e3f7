//! Where somebody is signed in, and how they end it.

use super::sessions::{load, session};
use super::{accounts, code, person};
use crate::accounts::Accounts;
use crate::accounts::sessions::{Sessions, StoredSession};
use crate::accounts::sign_ins::{Here, Origin, SignInKind};
use crate::accounts::tokens::{Lifetimes, Rotation, Tokens};
use crate::ports::{DAY, SECOND};
use crate::store::testing::{Clock, TestStore, stores};
use atrium::ids::SessionId;
use atrium::people::Viewer;

const MINUTE: i64 = 60 * SECOND;

struct World {
    clock: Clock,
    accounts: Accounts,
    sessions: Sessions,
    tokens: Tokens,
    ada: Viewer,
    eve: Viewer,
}

impl World {
    async fn new(it: &TestStore) -> Self {
        let clock = Clock::at_the_machines_time();
        let accounts = accounts(it, clock.ports());
        let ada = accounts.register(&person("ada"), "a").await.unwrap();
        let eve = accounts.register(&person("eve"), "a").await.unwrap();
        let sessions = Sessions::new(it.store.clone());
        let tokens = Tokens::new(it.store.clone(), clock.ports(), b"key", Lifetimes::default());
        Self { clock, accounts, sessions, tokens, ada, eve }
    }

    fn now(&self) -> i64 {
        self.clock.ports().now()
    }

    /// A browser, signed in for a day.
    async fn browser(&self, whose: &Viewer, cookie: &str, agent: &str) {
        let origin = Some(Origin::new("192.0.2.7", agent));
        let begun = StoredSession { origin, ..session(Some(whose), "{}", self.now() + DAY) };
        assert!(self.sessions.create(cookie, &begun, self.now()).await.unwrap());
    }

    /// The kinds and agents of what is listed.
    async fn listed(&self, here: &Here) -> Vec<(SignInKind, String)> {
        let all = self.accounts.sign_ins(&self.ada, here).await.unwrap();
        all.into_iter().map(|it| (it.kind, it.origin.agent)).collect()
    }

    async fn id_of(&self, whose: &Viewer, agent: &str) -> SessionId {
        let all = self.accounts.sign_ins(whose, &Here::Browser(String::new())).await.unwrap();
        all.into_iter().find(|it| it.origin.agent == agent).unwrap_or_else(|| panic!("no {agent}")).id
    }
}

fn here(cookie: &str) -> Here {
    Here::Browser(cookie.to_owned())
}

#[tokio::test]
async fn browsers_and_programs_stand_in_one_list() {
    use SignInKind::{Browser, Program};
    for it in stores().await {
        let world = World::new(&it).await;
        world.browser(&world.ada, "old", "Firefox").await;
        world.browser(&world.eve, "hers", "Eve's").await;
        world.clock.pass(MINUTE);
        world.tokens.issue(&world.ada, Rotation::Rotates, &Origin::new("192.0.2.8", "curl")).await.unwrap();
        world.clock.pass(MINUTE);
        world.browser(&world.ada, "new", "Safari\r\n\u{202e} on\0 a phone").await;

        let all = world.accounts.sign_ins(&world.ada, &here("old")).await.unwrap();
        let told: Vec<_> = all.iter().map(|it| (it.kind, it.origin.agent.as_str(), it.is_here)).collect();
        assert_eq!(told, [(Browser, "Firefox", true), (Browser, "Safari on a phone", false), (Program, "curl", false)]);
        assert_eq!((all[0].origin.address.as_str(), all[0].created_at), ("192.0.2.7", world.now() - 2 * MINUTE));
        assert_eq!(all[2].last_used_at, Some(world.now() - MINUTE));
        let long = Origin::new("a", &"x".repeat(10_000));
        assert_eq!(long.agent.len(), 300, "whatever a program calls itself");
    }
}

#[tokio::test]
async fn use_is_noted_now_and_then() {
    for it in stores().await {
        let world = World::new(&it).await;
        world.browser(&world.ada, "cookie", "Firefox").await;
        let begun = world.now();
        let used = async || world.accounts.sign_ins(&world.ada, &here("")).await.unwrap()[0].last_used_at;
        for (pause, noted) in
            [(4 * MINUTE, 0), (2 * MINUTE, 6 * MINUTE), (5 * MINUTE, 6 * MINUTE), (1, 11 * MINUTE + 1)]
        {
            world.clock.pass(pause);
            load(&world.sessions, "cookie", world.now()).await.unwrap();
            assert_eq!(used().await, Some(begun + noted));
        }
    }
}

#[tokio::test]
async fn one_is_ended_at_once() {
    for it in stores().await {
        let world = World::new(&it).await;
        world.browser(&world.ada, "one", "one").await;
        world.browser(&world.ada, "two", "two").await;
        let pair =
            world.tokens.issue(&world.ada, Rotation::Rotates, &Origin::new("192.0.2.8", "program")).await.unwrap();
        for agent in ["one", "program"] {
            let id = world.id_of(&world.ada, agent).await;
            world.accounts.end_sign_in(&world.ada, id).await.unwrap();
            assert_eq!(code(world.accounts.end_sign_in(&world.ada, id).await), "not_found", "it is over");
        }
        assert_eq!(load(&world.sessions, "one", world.now()).await, None);
        assert!(load(&world.sessions, "two", world.now()).await.is_some());
        assert_eq!(code(world.tokens.viewer(&pair.access).await), "token_not_valid");
        assert_eq!(code(world.tokens.refresh(&pair.refresh).await), "token_not_valid");
        assert_eq!(world.listed(&here("two")).await, [(SignInKind::Browser, "two".to_owned())]);
    }
}

#[tokio::test]
async fn somebody_elses_does_not_exist() {
    for it in stores().await {
        let world = World::new(&it).await;
        world.browser(&world.eve, "hers", "browser").await;
        let pair = world.tokens.issue(&world.eve, Rotation::Rotates, &Origin::new("a", "program")).await.unwrap();
        for agent in ["browser", "program"] {
            let id = world.id_of(&world.eve, agent).await;
            assert_eq!(code(world.accounts.end_sign_in(&world.ada, id).await), "not_found", "{agent}");
        }
        let nobody: SessionId = it.ports.id();
        assert_eq!(code(world.accounts.end_sign_in(&world.ada, nobody).await), "not_found");
        assert_eq!(world.accounts.end_other_sign_ins(&world.ada, &here("")).await.unwrap(), 0);
        assert!(load(&world.sessions, "hers", world.now()).await.is_some());
        world.tokens.viewer(&pair.access).await.unwrap();
    }
}

#[tokio::test]
async fn all_others_end_and_the_one_that_asks_goes_on() {
    for it in stores().await {
        let world = World::new(&it).await;
        let origin = Origin::new("a", "program");
        for cookie in ["here", "there"] {
            world.browser(&world.ada, cookie, cookie).await;
        }
        let mut pairs = Vec::new();
        for _ in 0..2 {
            pairs.push(world.tokens.issue(&world.ada, Rotation::Rotates, &origin).await.unwrap());
        }
        let (_, family) = world.tokens.viewer(&pairs[0].access).await.unwrap();
        assert_eq!(world.accounts.end_other_sign_ins(&world.ada, &Here::Program(family)).await.unwrap(), 3);
        assert_eq!(world.listed(&Here::Program(family)).await, [(SignInKind::Program, "program".to_owned())]);
        world.browser(&world.ada, "back", "back").await;
        assert_eq!(world.accounts.end_other_sign_ins(&world.ada, &here("back")).await.unwrap(), 1);
        assert_eq!(world.listed(&here("back")).await, [(SignInKind::Browser, "back".to_owned())]);
        assert_eq!(code(world.tokens.viewer(&pairs[0].access).await), "token_not_valid");
    }
}

#[tokio::test]
async fn one_that_has_expired_is_neither_listed_nor_ended() {
    for it in stores().await {
        let world = World::new(&it).await;
        world.browser(&world.ada, "cookie", "browser").await;
        world.tokens.issue(&world.ada, Rotation::Rotates, &Origin::new("a", "program")).await.unwrap();
        let (browser, program) = (world.id_of(&world.ada, "browser").await, world.id_of(&world.ada, "program").await);
        world.clock.pass(DAY);
        assert_eq!(world.listed(&here("")).await, [(SignInKind::Program, "program".to_owned())]);
        assert_eq!(code(world.accounts.end_sign_in(&world.ada, browser).await), "not_found");
        world.clock.pass(6 * DAY);
        assert_eq!(world.listed(&here("")).await, []);
        assert_eq!(code(world.accounts.end_sign_in(&world.ada, program).await), "not_found");
    }
}
