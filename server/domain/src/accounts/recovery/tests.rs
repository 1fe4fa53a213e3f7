//! Forgotten passwords, on both databases.

use crate::accounts::sessions::{Sessions, StoredSession};
use crate::accounts::sign_ins::Origin;
use crate::accounts::tokens::{Lifetimes, Rotation, Tokens};
use crate::error::Error;
use crate::mail::tests::{PASSWORD, Town, towns};
use crate::ports::SECOND;
use crate::store::args;
use atrium::people::Credentials;

const NEW: &str = "a few unusual words";

fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    outcome.unwrap_err().to_failure().code
}

fn credentials(password: &str) -> Credentials {
    Credentials { email: "ann@example.org".to_owned(), password: password.to_owned() }
}

/// As [`crate::accounts::Accounts::forgot_password`] does it behind the answer.
async fn link(it: &Town) -> String {
    it.accounts.send_reset_link(&it.outbox, "ann@example.org").await.unwrap();
    it.token_for("ann@example.org").await
}

#[tokio::test]
async fn a_link_sets_one_new_password_and_ends_what_the_old_one_opened() {
    for it in towns().await {
        let ports = it.clock.ports();
        let sessions = Sessions::new(it.it.store.clone());
        let session = StoredSession {
            user: Some(it.ann.id),
            origin: None,
            impersonator: None,
            data: "{}".to_owned(),
            expires_at: i64::MAX,
        };
        sessions.create("cookie", &session, ports.now()).await.unwrap();
        let tokens = Tokens::new(it.it.store.clone(), ports.clone(), b"key", Lifetimes::default());
        let pair = tokens.issue(&it.ann, Rotation::Rotates, &Origin::default()).await.unwrap();
        let bens = tokens.issue(&it.ben, Rotation::Rotates, &Origin::default()).await.unwrap();
        for _ in 0..11 {
            it.accounts.sign_in(&credentials("a wrong password"), "elsewhere").await.unwrap_err();
        }

        let token = link(&it).await;
        it.clock.pass(SECOND);
        assert!(it.accounts.reset_link_works(&token).await.unwrap());
        let weak = it.accounts.reset_password(&token, "short", "10.0.0.7").await.unwrap_err();
        assert_eq!(weak.to_failure().field("new_password"), Some("Use at least 10 characters."));
        assert!(it.accounts.reset_link_works(&token).await.unwrap(), "a typing error does not use it up");
        it.accounts.reset_password(&token, NEW, "10.0.0.7").await.unwrap();

        assert!(sessions.load("cookie", ports.now()).await.unwrap().is_none());
        assert_eq!(code(tokens.viewer(&pair.access).await), "token_not_valid");
        assert_eq!(code(tokens.refresh(&pair.refresh).await), "token_not_valid");
        tokens.viewer(&bens.access).await.unwrap();
        it.accounts.sign_in(&credentials(NEW), "here").await.expect("she was locked out, and is not any more");
        assert_eq!(code(it.accounts.sign_in(&credentials(PASSWORD), "here").await), "invalid");
        assert_eq!(it.deeds(&it.ann).await[0], "user.reset_password ann@example.org by ann@example.org");

        assert!(!it.accounts.reset_link_works(&token).await.unwrap());
        assert_eq!(code(it.accounts.reset_password(&token, "yet another one", "10.0.0.7").await), "link_not_valid");
        assert_eq!(it.number_of("SELECT COUNT(*) FROM audit_log WHERE action = 'user.reset_password'").await, 1);
    }
}

#[tokio::test]
async fn only_the_newest_link_works_and_for_an_hour() {
    for it in towns().await {
        let old = link(&it).await;
        it.clock.pass(SECOND);
        let token = link(&it).await;
        assert_eq!(it.number_of("SELECT COUNT(*) FROM outbox").await, 1, "the mail before does not go out any more");
        assert_eq!(code(it.accounts.reset_password(&old, NEW, "a").await), "link_not_valid");
        let (rest, last) = token.split_at(token.len() - 1);
        let tampered = format!("{rest}{}", if last == "0" { "1" } else { "0" });
        for wrong in [tampered.as_str(), "", "\0", &"f".repeat(100_000)] {
            assert!(!it.accounts.reset_link_works(wrong).await.unwrap());
        }
        it.clock.pass(3599 * SECOND);
        assert!(it.accounts.reset_link_works(&token).await.unwrap());
        it.clock.pass(SECOND);
        assert!(!it.accounts.reset_link_works(&token).await.unwrap());
        assert_eq!(code(it.accounts.reset_password(&token, NEW, "a").await), "link_not_valid");
        it.accounts.sign_in(&credentials(PASSWORD), "here").await.expect("nothing was changed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_with_the_same_link_one_wins() {
    for it in towns().await {
        let token = link(&it).await;
        let tries: Vec<_> = (0..8)
            .map(|n| {
                let (accounts, token) = (it.accounts.clone(), token.clone());
                tokio::spawn(async move { accounts.reset_password(&token, &format!("{NEW} {n}"), "a").await })
            })
            .collect();
        let mut won = 0;
        for one in tries {
            match one.await.unwrap() {
                Ok(()) => won += 1,
                Err(error) => assert_eq!(error.to_failure().code, "link_not_valid"),
            }
        }
        assert_eq!(won, 1);
    }
}

#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    for it in towns().await {
        let forgot = async |email: &str, address: &str| it.accounts.forgot_password(&it.outbox, email, address).await;
        forgot("nobody@example.org", "a").await.unwrap();
        forgot(" ANN@example.org ", "a").await.unwrap();
        crate::testing::until("the link is made", async || it.number_of("SELECT COUNT(*) FROM outbox").await == 1)
            .await;
        assert_eq!(
            it.outbox.page(&it.ada, crate::mail::tests::whole(), None).await.unwrap().items[0].to,
            "ann@example.org"
        );
        assert_eq!(code(forgot("no address", "a").await), "invalid");
        assert_eq!(code(forgot(&format!("{}@example.org", "x".repeat(1 << 20)), "a").await), "invalid");

        // Limits count alike for both.
        for email in ["nobody@example.org", "ann@example.org"] {
            for n in 0..4 {
                forgot(email, &format!("{email}{n}")).await.unwrap();
            }
            assert_eq!(code(forgot(email, "fresh").await), "rate_limited");
        }
        for n in 0..18 {
            forgot(&format!("p{n}@example.org"), "a").await.unwrap();
        }
        assert_eq!(code(forgot("p20@example.org", "a").await), "rate_limited");
    }
}

#[tokio::test]
async fn an_account_that_is_off_gets_no_link_and_takes_none() {
    for it in towns().await {
        let token = link(&it).await;
        let off = "UPDATE users SET is_active = FALSE WHERE email = 'ann@example.org'";
        it.it.store.as_system("test").execute(off, args![]).await.unwrap();
        assert!(!it.accounts.reset_link_works(&token).await.unwrap());
        assert_eq!(code(it.accounts.reset_password(&token, NEW, "a").await), "link_not_valid");
        it.accounts.send_reset_link(&it.outbox, "ann@example.org").await.unwrap();
        assert_eq!(it.number_of("SELECT COUNT(*) FROM outbox").await, 1, "no new one");
    }
}
