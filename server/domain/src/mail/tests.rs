//! Mail on both databases, with a mail server that does what a script says.

mod post_office;

use super::{Outbox, State, Text};
use crate::accounts::invitations::NewInvitations;
use crate::accounts::{Accounts, Hasher};
use crate::audit::{self, Actor};
use crate::organisations;
use crate::ports::{DAY, SECOND};
use crate::seal::Seal;
use crate::settings::Settings;
use crate::store::args;
use crate::store::testing::{Clock, TestStore, stores};
use crate::testing::settings_from;
use atrium::ids::OrganisationId;
use atrium::organisations::OrganisationForm;
use atrium::paging::PageRequest;
use atrium::people::{NewPerson, Role, Viewer};
use post_office::{Answer, PostOffice};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// Ada rules the server; Ann administers her organisation, Ben another one.
pub(crate) struct Town {
    pub(crate) it: TestStore,
    pub(crate) clock: Clock,
    pub(crate) accounts: Accounts,
    pub(crate) outbox: Outbox,
    pub(crate) ada: Viewer,
    pub(crate) ann: Viewer,
    pub(crate) ben: Viewer,
}

/// One on each database, without a mail server.
pub(crate) async fn towns() -> Vec<Town> {
    let mut all = Vec::new();
    for it in stores().await {
        let clock = Clock::at_the_machines_time();
        let accounts = Accounts::new(it.store.clone(), clock.ports(), Hasher::weak().unwrap());
        let ada = accounts.create_superuser(&person("ada")).await.unwrap();
        let form = OrganisationForm { name: "Other".to_owned(), ..OrganisationForm::default() };
        let actor = Actor { viewer: &ada, address: "test" };
        let other = organisations::create(&it.store, &clock.ports(), actor, &form).await.unwrap().id;
        let mut admins = Vec::new();
        for (name, home) in [("ann", ada.organisation), ("ben", other)] {
            let viewer = accounts.register(&person(name), "test").await.unwrap();
            let sql = "UPDATE users SET role = 'admin', organisation_id = $2 WHERE id = $1";
            it.store.as_system("test").execute(sql, args![viewer.id, home]).await.unwrap();
            admins.push(accounts.viewer(viewer.id).await.unwrap().unwrap());
        }
        let outbox = outbox(&it, &clock, None);
        let (ben, ann) = (admins.pop().unwrap(), admins.pop().unwrap());
        all.push(Town { it, clock, accounts, outbox, ada, ann, ben });
    }
    all
}

fn outbox(it: &TestStore, clock: &Clock, office: Option<&PostOffice>) -> Outbox {
    let port = office.map(|it| it.port.to_string()).unwrap_or_default();
    let mut env = BTreeMap::from([("ATRIUM_PUBLIC_URL".to_owned(), "https://atrium.example/".to_owned())]);
    if office.is_some() {
        for (name, value) in [
            ("EMAIL_HOST", "127.0.0.1"),
            ("EMAIL_PORT", &port),
            ("EMAIL_USE_TLS", "False"),
            ("EMAIL_HOST_USER", "post"),
            ("EMAIL_HOST_PASSWORD", "secret"),
            ("DEFAULT_FROM_EMAIL", "Atrium <atrium@atrium.example>"),
        ] {
            env.insert(name.to_owned(), value.to_owned());
        }
    }
    let settings = Settings::new(settings_from(env), Seal::new("test"));
    Outbox { patience: Duration::from_millis(300), ..Outbox::new(it.store.clone(), clock.ports(), settings) }
}

pub(crate) fn person(name: &str) -> NewPerson {
    NewPerson {
        name: name.to_owned(),
        email: format!("{name}@example.org"),
        username: None,
        password: PASSWORD.to_owned(),
    }
}

pub(crate) fn whole() -> PageRequest {
    PageRequest { page: 1, size: 100 }
}

#[derive(sqlx::FromRow)]
struct Sealed {
    body: String,
}

impl Town {
    pub(crate) async fn invite(&self, viewer: &Viewer, emails: &[&str], role: Role) -> crate::Result<()> {
        self.invite_into(viewer, emails, role, None).await
    }

    pub(crate) async fn invite_into(
        &self,
        viewer: &Viewer,
        emails: &[&str],
        role: Role,
        organisation: Option<OrganisationId>,
    ) -> crate::Result<()> {
        let emails = emails.iter().map(|it| (*it).to_owned()).collect();
        let new = NewInvitations { emails, role, organisation };
        self.accounts.invite(&self.outbox, Actor { viewer, address: "10.0.0.7" }, &new).await.map(drop)
    }

    /// The token of the newest link that was written to somebody.
    pub(crate) async fn token_for(&self, to: &str) -> String {
        let sql =
            "SELECT body FROM outbox WHERE recipient = $1 AND body <> '' ORDER BY created_at DESC, id DESC LIMIT 1";
        let row: Option<Sealed> = self.it.store.as_system("test").optional(sql, args![to]).await.unwrap();
        let text = Seal::new("test").open(&row.expect("there is a mail").body).unwrap();
        let token = text.split_once("token=").expect("there is a link").1;
        token.split_whitespace().next().unwrap().to_owned()
    }

    pub(crate) async fn number_of(&self, sql: &'static str) -> i64 {
        let (count,): (i64,) = self.it.store.as_system("test").optional(sql, args![]).await.unwrap().unwrap();
        count
    }

    /// What the audit log of the viewer tells, newest first.
    pub(crate) async fn deeds(&self, viewer: &Viewer) -> Vec<String> {
        let page = audit::page(&self.it.store, viewer, whole(), audit::AuditFilter::default()).await.unwrap();
        page.items.into_iter().map(|it| format!("{} {} by {}", it.action, it.subject, it.actor)).collect()
    }

    async fn deliver(&self) {
        self.outbox.deliver(&CancellationToken::new()).await.unwrap();
    }

    async fn newest(&self) -> super::Mail {
        self.outbox.page(&self.ada, whole(), None).await.unwrap().items.remove(0)
    }
}

fn actor(viewer: &Viewer) -> Actor<'_> {
    Actor { viewer, address: "10.0.0.7" }
}

fn code<T: std::fmt::Debug>(outcome: crate::Result<T>) -> String {
    outcome.unwrap_err().to_failure().code
}

#[tokio::test]
async fn mail_goes_out_once() {
    for it in towns().await {
        let office = PostOffice::open(&[]).await;
        let it = Town { outbox: outbox(&it.it, &it.clock, Some(&office)), ..it };
        it.invite(&it.ann, &["grace@example.org"], Role::Engineer).await.unwrap();
        assert_eq!(it.newest().await.state, State::Queued);
        let token = it.token_for("grace@example.org").await;
        it.deliver().await;
        it.deliver().await;
        let [message] = office.taken().try_into().expect("one message");
        for part in [
            "From: Atrium <atrium@atrium.example>",
            "To: grace@example.org",
            "Subject: ann invites you to Default organisation on Atrium",
            "Auto-Submitted: auto-generated",
            &format!("https://atrium.example/invitation?token={token}"),
        ] {
            assert!(message.contains(part), "{part} in {message}");
        }
        let mail = it.newest().await;
        assert_eq!((mail.state, mail.attempts, mail.last_error.as_str()), (State::Sent, 1, ""));
        assert!(mail.sent_at.is_some());
    }
}

#[tokio::test]
async fn what_was_thrown_away_is_sent_only_once_it_is_back() {
    for it in towns().await {
        let office = PostOffice::open(&[]).await;
        let it = Town { outbox: outbox(&it.it, &it.clock, Some(&office)), ..it };
        it.invite(&it.ann, &["grace@example.org"], Role::User).await.unwrap();
        let mail = it.newest().await.id;
        it.outbox.delete(actor(&it.ann), mail).await.unwrap();
        it.deliver().await;
        assert!(office.taken().is_empty());
        it.outbox.restore(actor(&it.ann), mail).await.unwrap();
        it.deliver().await;
        assert_eq!(office.taken().len(), 1);
        let deeds = it.deeds(&it.ann).await;
        assert!(deeds.contains(&"mail.restore grace@example.org by ann@example.org".to_owned()), "{deeds:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_final_until_somebody_sends_again() {
    for it in towns().await {
        let office = PostOffice::open(&[Answer::Refuse("550 5.1.1 nobody of that name")]).await;
        let it = Town { outbox: outbox(&it.it, &it.clock, Some(&office)), ..it };
        it.invite(&it.ann, &["grace@example.org"], Role::User).await.unwrap();
        it.deliver().await;
        let mail = it.newest().await;
        assert_eq!(mail.state, State::Failed);
        assert!(mail.last_error.contains("nobody of that name"), "{}", mail.last_error);
        it.clock.pass(DAY);
        it.deliver().await;
        assert_eq!(office.taken().len(), 0, "it is not tried again by itself");
        assert_eq!(code(it.outbox.send_again(actor(&it.ben), mail.id).await), "not_found");
        it.outbox.send_again(actor(&it.ann), mail.id).await.unwrap();
        assert_eq!(code(it.outbox.send_again(actor(&it.ann), mail.id).await), "mail_not_sendable", "it is under way");
        it.deliver().await;
        assert_eq!((it.newest().await.state, office.taken().len()), (State::Sent, 1));
        assert!(it.deeds(&it.ann).await.contains(&"mail.send grace@example.org by ann@example.org".to_owned()));
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again_after_a_pause() {
    for it in towns().await {
        let office = PostOffice::open(&[Answer::Refuse("450 later"), Answer::RefuseSignIn]).await;
        let it = Town { outbox: outbox(&it.it, &it.clock, Some(&office)), ..it };
        it.invite(&it.ann, &["grace@example.org"], Role::User).await.unwrap();
        it.deliver().await;
        let mail = it.newest().await;
        assert_eq!((mail.state, mail.attempts), (State::Queued, 1));
        assert!(mail.last_error.contains("later"), "{}", mail.last_error);
        it.clock.pass(29 * SECOND);
        it.deliver().await;
        assert_eq!(it.newest().await.attempts, 1, "not yet");
        it.clock.pass(2 * SECOND);
        it.deliver().await;
        let mail = it.newest().await;
        assert_eq!(
            (mail.state, mail.attempts),
            (State::Queued, 2),
            "a wrong password in the settings can be put right"
        );
        assert!(mail.last_error.contains("wrong password"), "{}", mail.last_error);
        it.clock.pass(31 * SECOND);
        it.deliver().await;
        assert_eq!(it.newest().await.attempts, 2, "the second pause is longer");
        it.clock.pass(30 * SECOND);
        it.deliver().await;
        assert_eq!((it.newest().await.state, office.taken().len()), (State::Sent, 1));
    }
}

#[tokio::test]
async fn a_mail_server_that_hangs_is_left_and_in_the_end_given_up() {
    for it in towns().await {
        let office = PostOffice::open(&[Answer::Hang; 8]).await;
        let it = Town { outbox: outbox(&it.it, &it.clock, Some(&office)), ..it };
        it.invite(&it.ann, &["grace@example.org"], Role::User).await.unwrap();
        for attempt in 1..=8 {
            it.deliver().await;
            let mail = it.newest().await;
            let expected = if attempt < 8 { State::Queued } else { State::Failed };
            assert_eq!((mail.state, mail.attempts), (expected, attempt));
            assert!(mail.last_error.contains("no answer"), "{}", mail.last_error);
            it.clock.pass(3600 * SECOND);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_servers_send_each_mail_once() {
    for it in towns().await {
        let office = PostOffice::open(&[]).await;
        let it = Town { outbox: outbox(&it.it, &it.clock, Some(&office)), ..it };
        let emails: Vec<_> = (0..20).map(|n| format!("p{n}@example.org")).collect();
        it.invite(&it.ann, &emails.iter().map(String::as_str).collect::<Vec<_>>(), Role::User).await.unwrap();
        let servers: Vec<_> = (0..3)
            .map(|_| {
                let outbox = outbox(&it.it, &it.clock, Some(&office));
                tokio::spawn(async move { outbox.deliver(&CancellationToken::new()).await })
            })
            .collect();
        for server in servers {
            server.await.unwrap().unwrap();
        }
        let taken = office.taken();
        assert_eq!(taken.len(), 20);
        for email in emails {
            assert_eq!(taken.iter().filter(|it| it.contains(&format!("To: {email}\n"))).count(), 1, "{email}");
        }
    }
}

#[tokio::test]
async fn what_a_lost_server_had_taken_up_is_taken_up_by_another() {
    for it in towns().await {
        let office = PostOffice::open(&[]).await;
        let it = Town { outbox: outbox(&it.it, &it.clock, Some(&office)), ..it };
        it.invite(&it.ann, &["grace@example.org"], Role::User).await.unwrap();
        let lost = it.outbox.claim().await.unwrap().expect("it is due");
        assert!(it.outbox.claim().await.unwrap().is_none(), "it is being sent");
        it.clock.pass(301 * SECOND);
        let taken_up = it.outbox.claim().await.unwrap().expect("the server must be gone");
        assert_eq!((taken_up.id, taken_up.attempts), (lost.id, 2));
        it.outbox.settle(&lost, Ok(())).await.unwrap();
        assert_eq!(it.newest().await.state, State::Queued, "what the lost one says late does not count");
        it.outbox.settle(&taken_up, Ok(())).await.unwrap();
        assert_eq!(it.newest().await.state, State::Sent);
    }
}

#[tokio::test]
async fn without_a_mail_server_links_are_kept_for_whom_they_may_be_shown_to() {
    for it in towns().await {
        it.invite(&it.ann, &["grace@example.org"], Role::User).await.unwrap();
        it.accounts.forgot_password(&it.outbox, "ada@example.org", "here").await.unwrap();
        crate::testing::until("the link is made", async || it.number_of("SELECT COUNT(*) FROM outbox").await == 2)
            .await;
        it.deliver().await;
        let page = it.outbox.page(&it.ann, whole(), None).await.unwrap();
        assert!(page.items.iter().all(|it| it.state == State::Kept) && page.count == 2);
        let find = |to: &str| page.items.iter().find(|it| it.to.starts_with(to)).unwrap().id;
        let (invitation, password) = (find("grace"), find("ada"));

        let letter = it.outbox.open(actor(&it.ann), invitation).await.unwrap();
        let Text::Shown(text) = letter.text else { panic!("an invitation is hers to pass on: {letter:?}") };
        assert!(text.contains(&it.token_for("grace@example.org").await));
        // By this link Ann would become Ada, and rule the server.
        assert_eq!(it.outbox.open(actor(&it.ann), password).await.unwrap().text, Text::Withheld);
        it.clock.pass(SECOND);
        assert!(matches!(it.outbox.open(actor(&it.ada), password).await.unwrap().text, Text::Shown(_)));
        assert_eq!(
            it.deeds(&it.ada).await.into_iter().filter(|it| it.starts_with("mail.read")).collect::<Vec<_>>(),
            ["mail.read ada@example.org by ada@example.org", "mail.read grace@example.org by ann@example.org"],
            "who read what can be used in somebody's place is on record"
        );

        assert_eq!(it.outbox.page(&it.ben, whole(), None).await.unwrap().count, 0);
        assert_eq!(code(it.outbox.open(actor(&it.ben), invitation).await), "not_found");
        assert_eq!(code(it.outbox.delete(actor(&it.ben), invitation).await), "not_found");
        let plain = it.accounts.register(&person("plain"), "test").await.unwrap();
        assert_eq!(code(it.outbox.page(&plain, whole(), None).await), "forbidden");
        assert_eq!(code(it.outbox.open(actor(&plain), invitation).await), "forbidden");
        assert_eq!(code(it.outbox.send_again(actor(&it.ann), invitation).await), "no_mail_server");
        it.outbox.delete(actor(&it.ann), invitation).await.unwrap();
        assert_eq!(code(it.outbox.open(actor(&it.ann), invitation).await), "not_found");
        assert_eq!(code(it.outbox.restore(actor(&it.ben), invitation).await), "not_found");
        it.outbox.restore(actor(&it.ann), invitation).await.unwrap();
        it.outbox.restore(actor(&it.ann), invitation).await.unwrap();
        it.outbox.open(actor(&it.ann), invitation).await.unwrap();
        it.outbox.delete(actor(&it.ann), invitation).await.unwrap();
        it.clock.pass(DAY);
        assert_eq!(code(it.outbox.restore(actor(&it.ann), invitation).await), "not_found", "a day is over");
        assert_eq!(it.outbox.page(&it.ann, whole(), Some("GRACE")).await.unwrap().count, 0);
    }
}

#[tokio::test]
async fn links_are_neither_readable_in_the_table_nor_kept_longer_than_they_work() {
    for it in towns().await {
        it.invite(&it.ann, &["grace@example.org"], Role::User).await.unwrap();
        let token = it.token_for("grace@example.org").await;
        let row: Option<Sealed> =
            it.it.store.as_system("test").optional("SELECT body FROM outbox", args![]).await.unwrap();
        assert!(!row.unwrap().body.contains(&token), "a copy of the database opens no link");
        it.clock.pass(15 * DAY);
        it.deliver().await;
        let mail = it.newest().await;
        assert_eq!((mail.state, mail.can_be_sent), (State::Failed, false));
        assert_eq!(it.outbox.open(actor(&it.ann), mail.id).await.unwrap().text, Text::Gone);
        it.clock.pass(16 * DAY);
        it.outbox.sweep().await.unwrap();
        assert_eq!(it.number_of("SELECT COUNT(*) FROM outbox").await, 0);
    }
}

#[tokio::test]
async fn a_link_to_an_account_is_forgotten_when_it_was_sent() {
    for it in towns().await {
        let office = PostOffice::open(&[]).await;
        let it = Town { outbox: outbox(&it.it, &it.clock, Some(&office)), ..it };
        it.accounts.forgot_password(&it.outbox, "ben@example.org", "here").await.unwrap();
        crate::testing::until("the link is made", async || it.number_of("SELECT COUNT(*) FROM outbox").await == 1)
            .await;
        it.deliver().await;
        let mail = it.newest().await;
        assert_eq!((mail.state, mail.can_be_sent, office.taken().len()), (State::Sent, false, 1));
        assert_eq!(it.outbox.open(actor(&it.ada), mail.id).await.unwrap().text, Text::Gone);
    }
}
