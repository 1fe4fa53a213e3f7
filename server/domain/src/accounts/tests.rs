//! Coming in, on both databases.

mod avatars;
mod on_behalf;
mod sessions;
mod sign_ins;

use super::{Accounts, Hasher};
use crate::error::Error;
use crate::ports::{DAY, Ports, SECOND};
use crate::store::testing::{Clock, TestStore, stores};
use crate::store::{Store, args};
use atrium::people::{Credentials, NewPerson, Role};

const PASSWORD: &str = "correct horse battery";

fn person(name: &str) -> NewPerson {
    NewPerson {
        name: name.to_owned(),
        email: format!("{name}@example.org"),
        username: None,
        password: PASSWORD.to_owned(),
    }
}

fn credentials(name: &str, password: &str) -> Credentials {
    Credentials { email: format!("{name}@example.org"), password: password.to_owned() }
}

fn accounts(it: &TestStore, ports: Ports) -> Accounts {
    Accounts::new(it.store.clone(), ports, Hasher::weak().unwrap())
}

/// The field that an error is about.
fn field<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Invalid(fields)) => fields.into_iter().map(|it| it.field).collect::<Vec<_>>().join(","),
        other => panic!("not refused for a field: {other:?}"),
    }
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    outcome.unwrap_err().to_failure().code
}

async fn number_of(store: &Store, sql: &'static str) -> i64 {
    let (count,): (i64,) = store.as_system("test").optional(sql, args![]).await.unwrap().unwrap();
    count
}

#[tokio::test]
async fn the_setup_link_works_once() {
    for it in stores().await {
        let accounts = accounts(&it, it.ports.clone());
        assert!(!accounts.has_superuser().await.unwrap());
        let old = accounts.setup_token().await.unwrap().unwrap();
        let token = accounts.setup_token().await.unwrap().unwrap();
        assert!(!accounts.setup_token_works(&old).await.unwrap(), "a later link replaces the earlier one");
        assert!(accounts.setup_token_works(&token).await.unwrap());
        assert!(!accounts.setup_token_works("").await.unwrap());
        assert_eq!(code(accounts.create_first_administrator(&old, &person("eve")).await), "setup_link_used");
        let weak = NewPerson { password: "short".to_owned(), ..person("ada") };
        assert_eq!(field(accounts.create_first_administrator(&token, &weak).await), "password");
        assert!(accounts.setup_token_works(&token).await.unwrap(), "a typing error does not use it up");
        let ada = accounts.create_first_administrator(&token, &person("ada")).await.unwrap();
        assert!(ada.is_superuser && ada.role == Role::Admin && ada.email == "ada@example.org");
        assert!(!accounts.setup_token_works(&token).await.unwrap());
        assert_eq!(code(accounts.create_first_administrator(&token, &person("eve")).await), "setup_link_used");
        assert_eq!(accounts.setup_token().await.unwrap(), None, "there is somebody now");
        assert_eq!(accounts.sign_in(&credentials("ada", PASSWORD), "a").await.unwrap().0, ada);
        assert_eq!(number_of(&it.store, "SELECT COUNT(*) FROM users").await, 1);
        let hash: (Vec<u8>,) = it
            .store
            .as_system("test")
            .optional("SELECT token_hash FROM one_time_links", args![])
            .await
            .unwrap()
            .unwrap();
        assert_ne!(hash.0, token.as_bytes(), "whoever reads the table cannot use the link");
    }
}

#[tokio::test]
async fn whoever_registers_first_does_not_take_the_setup_link_away() {
    for it in stores().await {
        let accounts = accounts(&it, it.ports.clone());
        let token = accounts.setup_token().await.unwrap().unwrap();
        let eve = accounts.register(&person("eve"), "10.0.0.1").await.unwrap();
        assert!(!eve.is_superuser && eve.role == Role::User);
        assert!(accounts.setup_token_works(&token).await.unwrap());
        assert!(accounts.create_first_administrator(&token, &person("ada")).await.unwrap().is_superuser);
        assert!(!accounts.setup_token_works(&token).await.unwrap());
    }
}

#[tokio::test]
async fn the_setup_link_grows_old() {
    for it in stores().await {
        let clock = Clock::at_the_machines_time();
        let accounts = accounts(&it, clock.ports());
        let token = accounts.setup_token().await.unwrap().unwrap();
        clock.pass(7 * DAY - SECOND);
        assert!(accounts.setup_token_works(&token).await.unwrap());
        clock.pass(SECOND);
        assert!(!accounts.setup_token_works(&token).await.unwrap());
        assert_eq!(code(accounts.create_first_administrator(&token, &person("ada")).await), "setup_link_used");
        assert!(!accounts.has_superuser().await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_with_the_same_setup_link_one_wins() {
    for it in stores().await {
        let accounts = accounts(&it, it.ports.clone());
        let token = accounts.setup_token().await.unwrap().unwrap();
        let tries: Vec<_> = (0..8)
            .map(|n| {
                let (accounts, token) = (accounts.clone(), token.clone());
                tokio::spawn(
                    async move { accounts.create_first_administrator(&token, &person(&format!("p{n}"))).await },
                )
            })
            .collect();
        let mut won = 0;
        for one in tries {
            match one.await.unwrap() {
                Ok(_) => won += 1,
                Err(error) => assert_eq!(error.to_failure().code, "setup_link_used"),
            }
        }
        assert_eq!(won, 1);
        assert_eq!(number_of(&it.store, "SELECT COUNT(*) FROM users").await, 1);
        assert_eq!(number_of(&it.store, "SELECT COUNT(*) FROM organisations").await, 1);
    }
}

#[tokio::test]
async fn an_address_has_one_account() {
    for it in stores().await {
        let accounts = accounts(&it, it.ports.clone());
        let ada = accounts.register(&person("ada"), "a").await.unwrap();
        assert!(!ada.is_superuser && ada.role == Role::User);
        let again = NewPerson { email: "  ADA@Example.ORG ".to_owned(), ..person("other") };
        assert_eq!(field(accounts.register(&again, "a").await), "email", "however it is written");
        assert_eq!(field(accounts.create_superuser(&again).await), "email");
        assert_eq!(field(accounts.register(&NewPerson::default(), "a").await), "name,email,password");
        let bob = accounts.register(&person("bob"), "a").await.unwrap();
        assert_eq!(bob.organisation, ada.organisation, "everybody joins the default organisation");
        assert_eq!(accounts.viewer(bob.id).await.unwrap(), Some(bob));
        let cora = accounts.create_superuser(&person("cora")).await.unwrap();
        assert!(cora.is_superuser && cora.role == Role::Admin);
        assert_eq!(number_of(&it.store, "SELECT COUNT(*) FROM users").await, 3);
        assert_eq!(number_of(&it.store, "SELECT COUNT(*) FROM users WHERE password_hash LIKE '$argon2id$%'").await, 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_register_at_once_share_one_organisation() {
    for it in stores().await {
        let accounts = accounts(&it, it.ports.clone());
        let mut tasks = Vec::new();
        for n in 0..8 {
            // Two by two with the same address.
            let (accounts, name) = (accounts.clone(), format!("p{}", n / 2));
            tasks.push(tokio::spawn(async move { accounts.register(&person(&name), &format!("a{n}")).await }));
        }
        let mut registered = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => registered += 1,
                other => assert_eq!(field(other), "email"),
            }
        }
        assert_eq!(registered, 4);
        assert_eq!(number_of(&it.store, "SELECT COUNT(*) FROM organisations").await, 1);
    }
}

#[tokio::test]
async fn only_the_right_password_opens() {
    for it in stores().await {
        let accounts = accounts(&it, it.ports.clone());
        let ada = accounts.register(&person("ada"), "a").await.unwrap();
        let mixed = Credentials { email: " Ada@EXAMPLE.org".to_owned(), password: PASSWORD.to_owned() };
        assert_eq!(accounts.sign_in(&mixed, "a").await.unwrap().0, ada);
        let wrong =
            accounts.sign_in(&credentials("ada", "correct horse battery!"), "a").await.unwrap_err().to_failure();
        let nobody = accounts.sign_in(&credentials("nobody", PASSWORD), "a").await.unwrap_err().to_failure();
        assert_eq!(wrong, nobody, "nobody learns who has an account");
        assert_eq!(wrong.fields[0].field, "password");
        assert_eq!(field(accounts.sign_in(&credentials("ada", ""), "a").await), "password");
        assert_eq!(field(accounts.sign_in(&Credentials::default(), "a").await), "email");
        it.store.as_system("test").execute("UPDATE users SET is_active = FALSE", args![]).await.unwrap();
        assert_eq!(field(accounts.sign_in(&credentials("ada", PASSWORD), "a").await), "email", "the account is off");
        assert_eq!(
            field(accounts.sign_in(&credentials("ada", "a wrong password"), "a").await),
            "password",
            "which only its owner learns"
        );
        assert_eq!(accounts.viewer(ada.id).await.unwrap(), None, "and its sessions are worth nothing");
    }
}

/// What programs send, not people: refused or taken, never a fault of ours.
#[tokio::test]
async fn strange_characters_are_no_fault() {
    for it in stores().await {
        let accounts = accounts(&it, it.ports.clone());
        let odd = NewPerson {
            name: "A\0da <script>".to_owned(),
            username: None,
            email: "odd@example.org".to_owned(),
            password: format!("{PASSWORD}\0"),
        };
        let viewer = accounts.register(&odd, "a").await.unwrap();
        assert!(accounts.viewer(viewer.id).await.unwrap().unwrap().name.ends_with("da <script>"));
        let nul = Credentials { email: "o\0dd@example.org".to_owned(), password: "x".to_owned() };
        assert!(accounts.sign_in(&nul, "a\0").await.unwrap_err().to_failure().status < 500);
        let long = Credentials { email: format!("{}@example.org", "x".repeat(1 << 20)), password: "y".repeat(1 << 20) };
        let failure = accounts.sign_in(&long, "a").await.unwrap_err().to_failure();
        assert!(failure.status < 500, "{failure:?}");
    }
}

#[tokio::test]
async fn wrong_passwords_are_limited_per_account() {
    for it in stores().await {
        let clock = Clock::at_the_machines_time();
        let accounts = accounts(&it, clock.ports());
        accounts.register(&person("ada"), "a").await.unwrap();
        accounts.register(&person("bob"), "a").await.unwrap();
        for n in 0..10 {
            // From ever other addresses, as one who guesses would.
            assert_eq!(
                field(accounts.sign_in(&credentials("ada", "a wrong password"), &format!("a{n}")).await),
                "password"
            );
        }
        let failure = accounts.sign_in(&credentials("ada", PASSWORD), "fresh").await.unwrap_err().to_failure();
        assert_eq!((failure.status, failure.code.as_str()), (429, "rate_limited"));
        assert!(failure.retry_after.is_some_and(|it| (1..=900).contains(&it)), "{failure:?}");
        assert!(failure.message.contains("15 minutes"), "{}", failure.message);
        accounts.sign_in(&credentials("bob", PASSWORD), "fresh").await.unwrap();
        clock.pass(899 * SECOND);
        assert_eq!(code(accounts.sign_in(&credentials("ada", PASSWORD), "fresh").await), "rate_limited");
        clock.pass(2 * SECOND);
        accounts.sign_in(&credentials("ada", PASSWORD), "fresh").await.unwrap();
    }
}

#[tokio::test]
async fn a_success_wipes_the_slate() {
    for it in stores().await {
        let accounts = accounts(&it, it.ports.clone());
        accounts.register(&person("ada"), "a").await.unwrap();
        for round in 0..3 {
            for _ in 0..9 {
                assert_eq!(
                    field(accounts.sign_in(&credentials("ada", "a wrong password"), &format!("a{round}")).await),
                    "password"
                );
            }
            accounts.sign_in(&credentials("ada", PASSWORD), &format!("a{round}")).await.unwrap();
        }
    }
}

#[tokio::test]
async fn attempts_are_limited_per_address() {
    for it in stores().await {
        let clock = Clock::at_the_machines_time();
        let accounts = accounts(&it, clock.ports());
        accounts.register(&person("ada"), "home").await.unwrap();
        for n in 0..50 {
            assert_eq!(
                field(accounts.sign_in(&credentials(&format!("p{n}"), "a wrong password"), "one").await),
                "password"
            );
        }
        assert_eq!(code(accounts.sign_in(&credentials("ada", PASSWORD), "one").await), "rate_limited");
        accounts.sign_in(&credentials("ada", PASSWORD), "another").await.unwrap();
        clock.pass(901 * SECOND);
        accounts.sign_in(&credentials("ada", PASSWORD), "one").await.unwrap();
    }
}

#[tokio::test]
async fn registrations_are_limited_per_address() {
    for it in stores().await {
        let clock = Clock::at_the_machines_time();
        let accounts = accounts(&it, clock.ports());
        for n in 0..10 {
            accounts.register(&person(&format!("p{n}")), "one").await.unwrap();
        }
        assert_eq!(code(accounts.register(&person("late"), "one").await), "rate_limited");
        accounts.register(&person("elsewhere"), "another").await.unwrap();
        clock.pass(3601 * SECOND);
        accounts.register(&person("late"), "one").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn attempts_at_once_are_all_counted() {
    for it in stores().await {
        let accounts = accounts(&it, it.ports.clone());
        accounts.register(&person("ada"), "a").await.unwrap();
        let tries: Vec<_> = (0..30)
            .map(|n| {
                let accounts = accounts.clone();
                tokio::spawn(async move {
                    accounts.sign_in(&credentials("ada", "a wrong password"), &format!("a{n}")).await
                })
            })
            .collect();
        let mut heard = 0;
        for one in tries {
            heard += usize::from(matches!(one.await.unwrap(), Err(Error::Invalid(_))));
        }
        assert_eq!(heard, 10, "the others were too many");
    }
}

#[tokio::test]
async fn limits_that_are_over_are_swept_out() {
    for it in stores().await {
        let clock = Clock::at_the_machines_time();
        let accounts = accounts(&it, clock.ports());
        accounts.register(&person("ada"), "a").await.unwrap();
        crate::limits::sweep(&it.store, clock.ports().now()).await.unwrap();
        assert_eq!(number_of(&it.store, "SELECT COUNT(*) FROM rate_limits").await, 1);
        clock.pass(DAY);
        crate::limits::sweep(&it.store, clock.ports().now()).await.unwrap();
        assert_eq!(number_of(&it.store, "SELECT COUNT(*) FROM rate_limits").await, 0);
    }
}
