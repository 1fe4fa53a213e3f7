//! What administrators do on behalf of others: accounts made for them, signing in as them by tokens; and passwords that
//! older clients replace.

use super::*;
use crate::accounts::NewAccount;
use crate::accounts::sign_ins::{Here, Origin};
use crate::accounts::tokens::{Lifetimes, Rotation, Terms, Tokens};
use crate::audit::Actor;
use crate::mail::tests::{Town, towns};
use atrium::people::Viewer;
use serde_json::{Map, json};

fn actor(viewer: &Viewer) -> Actor<'_> {
    Actor { viewer, address: "10.0.0.7" }
}

fn account(name: &str, role: Role) -> NewAccount {
    NewAccount {
        person: person(name),
        role,
        organisation: None,
        job_title: " Pilot ".to_owned(),
        department: "Harbour".to_owned(),
    }
}

fn tokens(it: &Town) -> Tokens {
    Tokens::new(it.it.store.clone(), it.clock.ports(), b"key", Lifetimes::default())
}

#[tokio::test]
async fn administrators_make_accounts_for_others() {
    for it in towns().await {
        let accounts = &it.accounts;
        let make =
            async |viewer: &Viewer, new: &NewAccount| accounts.create_account(&it.outbox, actor(viewer), new).await;
        let made = make(&it.ben, &account("gus", Role::Manager)).await.unwrap();
        assert_eq!((made.organisation, made.role, made.is_superuser), (it.ben.organisation, Role::Manager, false));
        let profile = accounts.profile(&it.ben, made.id).await.unwrap();
        assert_eq!((profile.job_title.as_str(), profile.department.as_str()), ("Pilot", "Harbour"));
        assert!(accounts.sign_in(&credentials("gus", PASSWORD), "here").await.is_ok());
        assert_eq!(field(make(&it.ben, &account("gus", Role::User)).await), "email");
        assert_eq!(code(make(&made, &account("eve", Role::User)).await), "forbidden");
        let elsewhere = NewAccount { organisation: Some(it.ann.organisation), ..account("eve", Role::User) };
        assert_eq!(field(make(&it.ben, &elsewhere).await), "organisation_id");
        assert_eq!(make(&it.ada, &elsewhere).await.unwrap().organisation, it.ann.organisation);
        let log = "SELECT COUNT(*) FROM audit_log WHERE action = 'user.create'";
        assert_eq!(it.number_of(log).await, 2);

        // Without a password they choose one themselves.
        let mut chooses = account("zoe", Role::User);
        chooses.person.password.clear();
        make(&it.ben, &chooses).await.unwrap();
        let token = it.token_for("zoe@example.org").await;
        assert!(accounts.reset_link_is_for(&token, " ZOE@example.org").await.unwrap());
        assert!(!accounts.reset_link_is_for(&token, "gus@example.org").await.unwrap());
        accounts.reset_password(&token, "a few unusual words", "here").await.unwrap();
        assert!(!accounts.reset_link_is_for(&token, "zoe@example.org").await.unwrap());
        assert!(accounts.sign_in(&credentials("zoe", "a few unusual words"), "here").await.is_ok());
    }
}

#[tokio::test]
async fn tokens_of_a_superuser_who_is_signed_in_as_somebody_say_so_and_end_with_either() {
    for it in towns().await {
        let tokens = tokens(&it);
        let as_ann = it.accounts.impersonate(actor(&it.ada), it.ann.id).await.unwrap();
        let issue = async || tokens.issue(&as_ann, Rotation::Rotates, &Origin::default()).await.unwrap();
        let first = issue().await;
        let (viewer, _) = tokens.viewer(&first.access).await.unwrap();
        assert_eq!(viewer, as_ann, "with whoever is behind");
        let (viewer, second) = tokens.refresh(&first.refresh).await.unwrap();
        assert_eq!(viewer.impersonator, as_ann.impersonator);
        assert_eq!(tokens.holder_of_refresh(&second.refresh).await.unwrap(), as_ann);
        tokens.end_all_of(it.ada.id).await.unwrap();
        assert_eq!(code(tokens.viewer(&second.access).await), "token_not_valid");
        let third = issue().await;
        let sql = "UPDATE users SET is_superuser = FALSE WHERE id = $1";
        it.it.store.as_system("test").execute(sql, args![it.ada.id]).await.unwrap();
        assert_eq!(code(tokens.viewer(&third.access).await), "token_not_valid", "no superuser any more");
        assert_eq!(code(tokens.refresh(&third.refresh).await), "token_not_valid");
    }
}

#[tokio::test]
async fn tokens_are_issued_on_a_clients_own_terms() {
    for it in towns().await {
        let tokens = tokens(&it);
        let claims = Map::from_iter([("role".to_owned(), json!("ADMIN")), ("id".to_owned(), json!(it.ann.id))]);
        let terms =
            Terms { rotation: Rotation::Rotates, lifetimes: Lifetimes { access: 7200, refresh: 86_400 }, claims };
        let first = tokens.issue_on(&it.ann, &terms, &Origin::default()).await.unwrap();
        assert_eq!(first.expires_in, 7200);
        let said = tokens.claims(&first.access).unwrap();
        assert_eq!(
            (&said["role"], &said["id"], &said["email"]),
            (&json!("ADMIN"), &json!(it.ann.id), &json!("ann@example.org"))
        );
        assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 7200);
        assert!(tokens.claims(&first.refresh).unwrap().get("role").is_none());
        it.clock.pass(7_199 * SECOND);
        assert!(tokens.viewer(&first.access).await.is_ok());
        it.clock.pass(SECOND);
        assert!(tokens.viewer(&first.access).await.is_err());
        // What a token says decides nothing: the row does.
        let (_, second) = tokens.refresh_saying(&first.refresh, &terms.claims).await.unwrap();
        assert_eq!(tokens.claims(&second.access).unwrap()["role"], "ADMIN");
        assert!(tokens.refresh(&first.refresh).await.is_err(), "spent");
        assert!(tokens.viewer(&second.access).await.is_err(), "and with it the family");
        let third = tokens.issue_on(&it.ann, &terms, &Origin::default()).await.unwrap();
        it.clock.pass(DAY);
        assert_eq!(code(tokens.refresh(&third.refresh).await), "token_not_valid");
    }
}

#[tokio::test]
async fn tokens_live_as_long_as_was_said_when_they_began_wherever_they_are_refreshed() {
    for it in towns().await {
        let tokens = tokens(&it);
        let terms = Terms {
            rotation: Rotation::Rotates,
            lifetimes: Lifetimes { access: 7200, refresh: 86_400 },
            claims: Map::new(),
        };
        let seconds = |token: &str| {
            let said = tokens.claims(token).unwrap();
            said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap()
        };
        let theirs = tokens.issue_on(&it.ann, &terms, &Origin::default()).await.unwrap();
        let (_, next) = tokens.refresh(&theirs.refresh).await.unwrap();
        assert_eq!((next.expires_in, seconds(&next.access), seconds(&next.refresh)), (7200, 7200, 86_400));
        it.clock.pass(DAY);
        assert_eq!(code(tokens.refresh(&next.refresh).await), "token_not_valid", "a day, not a week");
        let ours = tokens.issue(&it.ann, Rotation::Rotates, &Origin::default()).await.unwrap();
        let (_, next) = tokens.refresh_saying(&ours.refresh, &Map::new()).await.unwrap();
        assert_eq!((next.expires_in, seconds(&next.refresh)), (3600, 7 * 86_400));
    }
}

#[tokio::test]
async fn a_password_is_replaced_and_the_other_sign_ins_end() {
    for it in towns().await {
        let (tokens, accounts) = (tokens(&it), &it.accounts);
        let issue = async || tokens.issue(&it.ann, Rotation::Rotates, &Origin::default()).await.unwrap();
        let (here, there) = (issue().await, issue().await);
        let family = tokens.viewer(&here.access).await.unwrap().1;
        let replace = async |viewer: &Viewer, new: &str| {
            accounts.replace_password(actor(viewer), new, &Here::Program(family)).await
        };
        assert_eq!(field(replace(&it.ann, "short").await), "password");
        let as_ann = accounts.impersonate(actor(&it.ada), it.ann.id).await.unwrap();
        assert_eq!(code(replace(&as_ann, "a few unusual words").await), "forbidden");
        replace(&it.ann, "a few unusual words").await.unwrap();
        assert!(tokens.viewer(&here.access).await.is_ok());
        assert!(tokens.viewer(&there.access).await.is_err());
        assert!(accounts.sign_in(&credentials("ann", PASSWORD), "here").await.is_err());
        assert!(accounts.sign_in(&credentials("ann", "a few unusual words"), "here").await.is_ok());
        assert_eq!(it.number_of("SELECT COUNT(*) FROM audit_log WHERE action = 'user.replace_password'").await, 1);
    }
}
