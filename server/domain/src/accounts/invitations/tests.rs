//! Invitations, on both databases.

use super::{NewInvitations, Standing};
use crate::audit::Actor;
use crate::error::Error;
use crate::mail::tests::{PASSWORD, Town, person, towns, whole};
use crate::ports::{DAY, SECOND};
use crate::projects;
use atrium::people::{Role, Viewer};
use atrium::projects::{ProjectForm, ProjectRole};

const GRACE: &str = "grace@example.org";

fn actor(viewer: &Viewer) -> Actor<'_> {
    Actor { viewer, address: "10.0.0.7" }
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    outcome.unwrap_err().to_failure().code
}

fn at_email<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    outcome.unwrap_err().to_failure().field("email").expect("the address is refused").to_owned()
}

async fn accept(it: &Town, token: &str) -> crate::Result<Viewer> {
    it.accounts.accept_invitation(&it.outbox, token, " Grace  Hopper ", PASSWORD, "10.0.0.9").await
}

async fn listed(it: &Town, viewer: &Viewer) -> Vec<super::Invitation> {
    it.accounts.invitations(viewer, whole(), None).await.unwrap().items
}

#[tokio::test]
async fn an_invitation_makes_one_account_in_the_organisation_that_invites() {
    for it in towns().await {
        it.clock.pass(SECOND);
        it.invite(&it.ben, &[" Grace@Example.org "], Role::Engineer).await.unwrap();
        let token = it.token_for(GRACE).await;
        it.clock.pass(SECOND);
        let offer = it.accounts.offer(&token).await.unwrap().unwrap();
        assert_eq!((offer.email.as_str(), offer.organisation.as_str()), (GRACE, "Other"));
        let weak = it.accounts.accept_invitation(&it.outbox, &token, "", "short", "a").await.unwrap_err().to_failure();
        assert!(weak.field("name").is_some() && weak.field("password").is_some() && weak.field("email").is_none());
        assert!(it.accounts.offer(&token).await.unwrap().is_some(), "a typing error does not use it up");

        let grace = accept(&it, &token).await.unwrap();
        assert_eq!((grace.organisation, grace.role, grace.is_superuser), (it.ben.organisation, Role::Engineer, false));
        assert_eq!((grace.email.as_str(), grace.name.as_str()), (GRACE, "Grace Hopper"));
        assert_eq!(code(accept(&it, &token).await), "link_not_valid", "it works once");
        assert!(it.accounts.offer(&token).await.unwrap().is_none());
        let [invitation] = listed(&it, &it.ben).await.try_into().unwrap();
        assert_eq!((invitation.standing, invitation.invited_by.as_deref()), (Standing::Accepted, Some("ben")));
        assert_eq!(
            it.deeds(&it.ben).await[..2],
            [
                "invitation.accept grace@example.org by grace@example.org",
                "invitation.create grace@example.org by ben@example.org"
            ]
        );
        assert_eq!(it.number_of("SELECT COUNT(*) FROM outbox").await, 0, "the mail that was kept is of no more use");
        assert_eq!(
            code(it.accounts.send_invitation_again(&it.outbox, actor(&it.ben), invitation.id).await),
            "invitation_accepted"
        );
        assert_eq!(
            code(it.accounts.withdraw_invitation(&it.outbox, actor(&it.ben), invitation.id).await),
            "invitation_accepted"
        );
    }
}

#[tokio::test]
async fn an_invitation_grows_old_and_can_be_sent_again() {
    for it in towns().await {
        it.invite(&it.ann, &[GRACE], Role::User).await.unwrap();
        let old = it.token_for(GRACE).await;
        it.clock.pass(15 * DAY - SECOND);
        assert!(it.accounts.offer(&old).await.unwrap().is_some());
        it.clock.pass(SECOND);
        assert!(it.accounts.offer(&old).await.unwrap().is_none());
        assert_eq!(code(accept(&it, &old).await), "link_not_valid");
        let invitation = listed(&it, &it.ann).await.remove(0);
        assert_eq!(invitation.standing, Standing::Expired);

        let sent = it.accounts.send_invitation_again(&it.outbox, actor(&it.ann), invitation.id).await.unwrap();
        assert_eq!((sent.standing, sent.id), (Standing::Pending, invitation.id));
        it.clock.pass(SECOND);
        let first = it.token_for(GRACE).await;
        it.accounts.send_invitation_again(&it.outbox, actor(&it.ann), invitation.id).await.unwrap();
        let token = it.token_for(GRACE).await;
        assert_eq!(it.number_of("SELECT COUNT(*) FROM outbox").await, 1, "of several mails one goes out");
        for void in [&old, &first] {
            assert_eq!(code(accept(&it, void).await), "link_not_valid", "a newer link replaces it");
        }
        let (rest, last) = token.split_at(token.len() - 1);
        let tampered = format!("{rest}{}", if last == "0" { "1" } else { "0" });
        assert_eq!(code(accept(&it, &tampered).await), "link_not_valid");
        accept(&it, &token).await.unwrap();
    }
}

#[tokio::test]
async fn an_invitation_that_was_withdrawn_opens_nothing() {
    for it in towns().await {
        it.invite(&it.ann, &[GRACE], Role::User).await.unwrap();
        let token = it.token_for(GRACE).await;
        let id = listed(&it, &it.ann).await[0].id;
        it.clock.pass(SECOND);
        it.accounts.withdraw_invitation(&it.outbox, actor(&it.ann), id).await.unwrap();
        assert_eq!(code(accept(&it, &token).await), "link_not_valid");
        assert_eq!(it.number_of("SELECT COUNT(*) FROM outbox").await, 0, "nor is the link kept for anybody to read");
        assert_eq!(it.deeds(&it.ann).await[0], "invitation.withdraw grace@example.org by ann@example.org");
        it.invite(&it.ann, &[GRACE], Role::User).await.expect("she can be invited anew");
    }
}

#[tokio::test]
async fn nobody_reaches_into_another_organisation() {
    for it in towns().await {
        it.invite(&it.ann, &[GRACE], Role::User).await.unwrap();
        let id = listed(&it, &it.ann).await[0].id;
        assert!(listed(&it, &it.ben).await.is_empty());
        assert_eq!(code(it.accounts.invitation(&it.ben, id).await), "not_found");
        assert_eq!(code(it.accounts.withdraw_invitation(&it.outbox, actor(&it.ben), id).await), "not_found");
        assert_eq!(code(it.accounts.send_invitation_again(&it.outbox, actor(&it.ben), id).await), "not_found");
        let into_anns = Some(it.ann.organisation);
        assert_eq!(code(it.invite_into(&it.ben, &["x@example.org"], Role::User, into_anns).await), "not_found");
        // Superusers are everywhere.
        assert_eq!(listed(&it, &it.ada).await.len(), 1);
        it.invite_into(&it.ada, &["x@example.org"], Role::Admin, Some(it.ben.organisation)).await.unwrap();
        assert_eq!(listed(&it, &it.ben).await[0].organisation_name, "Other");
    }
}

#[tokio::test]
async fn only_administrators_invite() {
    for it in towns().await {
        let plain = it.accounts.register(&person("plain"), "test").await.unwrap();
        for role in [Role::Manager, Role::Engineer, Role::Guest] {
            let viewer = Viewer { role, ..plain.clone() };
            assert_eq!(code(it.invite(&viewer, &[GRACE], Role::Guest).await), "forbidden");
            assert_eq!(code(it.accounts.invitations(&viewer, whole(), None).await), "forbidden");
        }
        it.invite(&it.ann, &[GRACE], Role::Admin).await.expect("their own role is theirs to give");
        assert_eq!(code(super::invite::may_give(&plain, Role::Admin)), "forbidden", "but none above it");
    }
}

#[tokio::test]
async fn addresses_that_cannot_be_invited_are_named_and_nobody_is() {
    for it in towns().await {
        assert!(at_email(it.invite(&it.ann, &["", "  "], Role::User).await).contains("Enter an e-mail address"));
        assert!(at_email(it.invite(&it.ann, &[GRACE, "no address"], Role::User).await).contains("no address"));
        let many: Vec<_> = (0..51).map(|n| format!("p{n}@example.org")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert!(at_email(it.invite(&it.ann, &many, Role::User).await).contains("at most 50"));
        // Ada is of Ann's organisation, Ben is not.
        assert_eq!(
            at_email(it.invite(&it.ann, &[GRACE, "ADA@example.org"], Role::User).await),
            "ada@example.org has an account in this organisation already."
        );
        assert_eq!(it.number_of("SELECT COUNT(*) FROM invitations").await, 0, "all or none");
        it.invite(&it.ann, &[GRACE, GRACE, "GRACE@example.org"], Role::User).await.unwrap();
        assert!(at_email(it.invite(&it.ann, &[GRACE], Role::User).await).contains("invited already"));
        it.clock.pass(15 * DAY);
        it.invite(&it.ann, &[GRACE], Role::Guest).await.expect("nobody answered the first one");
        assert_eq!(listed(&it, &it.ann).await.len(), 1);
    }
}

#[tokio::test]
async fn who_has_an_account_elsewhere_is_told_to_nobody_but_them() {
    for it in towns().await {
        it.invite(&it.ann, &["ben@example.org", GRACE], Role::User).await.expect("to Ann they look alike");
        assert_eq!(
            at_email(it.invite(&it.ada, &["ben@example.org"], Role::User).await),
            "ben@example.org has an account in another organisation.",
            "superusers see all of them anyway"
        );
        let token = it.token_for("ben@example.org").await;
        let refused = it.accounts.accept_invitation(&it.outbox, &token, "Ben", PASSWORD, "a").await;
        assert_eq!(code(refused), "account_exists");
        assert!(it.accounts.offer(&token).await.unwrap().is_some(), "nothing was used up");
        let ben = it.accounts.viewer(it.ben.id).await.unwrap().unwrap();
        assert_eq!(ben, it.ben, "and he stays where he is");
    }
}

#[tokio::test]
async fn an_invitation_to_a_project_leads_into_it_while_it_is_there() {
    for it in towns().await {
        let (store, ports) = (&it.it.store, it.clock.ports());
        let mut places = Vec::new();
        for name in ["Harbour", "Tides"] {
            let form = ProjectForm { name: name.to_owned(), description: String::new() };
            places.push(projects::create(store, &ports, actor(&it.ben), &form).await.unwrap().id);
        }
        let invite = async |viewer: &Viewer, email: &str, place| {
            let emails = vec![email.to_owned()];
            let new = NewInvitations { emails, role: Role::User, organisation: None };
            it.accounts.invite_to_project(&it.outbox, actor(viewer), &new, place).await
        };
        assert_eq!(code(invite(&it.ann, GRACE, places[0]).await), "not_found", "another organisation's");
        invite(&it.ben, GRACE, places[0]).await.unwrap();
        let grace = accept(&it, &it.token_for(GRACE).await).await.unwrap();
        assert_eq!(grace.organisation, it.ben.organisation);
        let members = projects::members::list(store.as_viewer(&grace), places[0]).await.unwrap();
        let role = members.iter().find(|it| it.user == grace.id).map(|it| it.role);
        assert_eq!(role, Some(ProjectRole::Member));
        assert_eq!(code(invite(&grace, "x@example.org", places[0]).await), "forbidden");

        // A superuser's invitation goes where the project is.
        invite(&it.ada, "gus@example.org", places[1]).await.unwrap();
        projects::delete(store, &ports, actor(&it.ben), places[1]).await.unwrap();
        let gus = accept(&it, &it.token_for("gus@example.org").await).await.unwrap();
        assert_eq!(gus.organisation, it.ben.organisation);
        let none = projects::page(store.as_viewer(&gus), whole(), None).await.unwrap();
        assert_eq!(none.count, 0, "into a project that is gone nobody is taken");
    }
}
