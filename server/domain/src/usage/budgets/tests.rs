use super::*;
use crate::agents::completion::{Dialogue, Heard, complete};
use crate::mail::Outbox;
use crate::providers::{Role, Turn};
use crate::testing::{Step, World, answer, until, worlds_with};
use atrium::catalogue::{Price, Provider};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

const DOLLAR: i64 = 1_000_000;

fn actor(viewer: &Viewer) -> Actor<'_> {
    Actor { viewer, address: "test" }
}

/// Every token of the provider's answers costs ten cents: a call of 11 and 7 tokens $1.80.
async fn priced() -> Vec<World> {
    let worlds = worlds_with(&[]).await;
    for world in &worlds {
        let price = DOLLAR / 10 * 1_000_000;
        let price =
            Price { provider: Provider::OpenAi, model: "fake".into(), prompt_price: price, completion_price: price };
        let prices = world.connections.prices();
        prices.set(&world.store, &world.ports, actor(&world.ada), &price).await.unwrap();
    }
    worlds
}

fn of(subject: BudgetSubject, subject_id: Uuid, limit: i64) -> NewBudget {
    NewBudget { subject, subject_id, period: BudgetPeriod::Day, limit }
}

impl World {
    async fn set(&self, new: NewBudget) -> Budget {
        super::set(&self.store, &self.ports, actor(&self.ada), &new).await.unwrap()
    }

    /// Bob asks for an answer of so many tokens, at most; what he hears at the end.
    async fn ask(&self, max_tokens: u32) -> std::result::Result<(), Error> {
        let scope = self.store.as_viewer(&self.bob);
        let mut agent = crate::agents::default(scope, &self.ports, &self.connections).await.unwrap();
        // So that tokens are those of the question: six.
        agent.system_prompt.clear();
        let turns = vec![Turn::said(Role::User, "Why?".to_owned())];
        let dialogue = Dialogue { turns, max_tokens: Some(max_tokens), ..Dialogue::default() };
        let mut heard =
            complete(&self.store, &self.ports, &self.connections, None, &self.bob, &agent, dialogue).unwrap();
        loop {
            match heard.recv().await {
                Some(Heard::Text(_)) => {}
                Some(Heard::End { .. }) => return Ok(()),
                Some(Heard::Failed(error)) => return Err(error),
                None => panic!("the call had no end"),
            }
        }
    }

    async fn number(&self, sql: &'static str) -> i64 {
        self.store.as_system("test").optional::<(i64,)>(sql, args![]).await.unwrap().unwrap().0
    }

    async fn reserved(&self) -> i64 {
        self.number("SELECT COUNT(*) FROM budget_reservations").await
    }
}

fn message(error: Error) -> String {
    let failure = error.to_failure();
    assert_eq!((failure.status, failure.code.as_str()), (409, "budget_spent"), "{failure}");
    failure.message
}

#[test]
fn days_and_months_begin_at_midnight() {
    // 2028-02-29, noon: a leap year.
    let now = 1_835_438_400_000_000;
    assert_eq!(bounds(BudgetPeriod::Day, now), (now - DAY / 2, now + DAY / 2));
    let (begin, end) = bounds(BudgetPeriod::Month, now);
    assert_eq!((now + DAY / 2 - begin, end), (29 * DAY, now + DAY / 2));
    assert_eq!(bounds(BudgetPeriod::Month, end).0, end, "the first moment belongs to the next");
}

#[tokio::test]
async fn a_call_that_might_overspend_is_not_made() {
    for world in priced().await {
        world.set(of(BudgetSubject::User, world.bob.id.0, 4 * DOLLAR)).await;
        world.ask(10).await.unwrap();
        let spent = super::own(world.store.as_viewer(&world.bob), &world.ports).await.unwrap();
        assert_eq!((spent[0].spent, spent[0].percent(), world.reserved().await), (18 * DOLLAR / 10, 45, 0));
        let told = message(world.ask(100).await.unwrap_err());
        assert!(
            told.starts_with(
                "Your budget, $4.00 a day, does not suffice: $1.80 are spent, and this call may cost up to $1"
            ),
            "{told}"
        );
        assert!(told.contains("It renews on "), "{told}");
        assert_eq!(
            (world.provider.seen().len(), world.number("SELECT COUNT(*) FROM llm_calls").await),
            (1, 1),
            "it was not made"
        );
        // What has nothing to do with Bob does not stop him, and a day later all is as before.
        world.set(of(BudgetSubject::User, world.ada.id.0, 0)).await;
        world.ask(5).await.unwrap();
        assert!(world.ask(5).await.is_err());
        let sql = "UPDATE llm_calls SET called_at = called_at - 86400000000";
        world.store.as_system("test").execute(sql, args![]).await.unwrap();
        world.ask(10).await.unwrap();
    }
}

#[tokio::test]
async fn calls_at_once_do_not_spend_the_same_money() {
    for world in priced().await {
        world.set(of(BudgetSubject::Organisation, world.bob.organisation.0, 4 * DOLLAR)).await;
        world.provider.says(|_| [vec![Step::Gate], answer("By the Moon.")].concat());
        let mut asked: FuturesUnordered<_> = (0..6).map(|_| world.ask(10)).collect();
        let mut refused = Vec::new();
        while refused.len() < 4 {
            refused.push(message(asked.next().await.unwrap().unwrap_err()));
        }
        // One costs up to about $2: two are under way, and hang up.
        assert!(tokio::time::timeout(std::time::Duration::from_millis(300), asked.next()).await.is_err());
        drop(asked);
        assert!(refused[0].starts_with("The budget of ") && refused[0].contains("are under way"), "{}", refused[0]);
        until("those that hung up are settled", || async { world.reserved().await == 0 }).await;
    }
}

#[tokio::test]
async fn what_a_dead_server_reserved_is_free_again() {
    for world in priced().await {
        world.set(of(BudgetSubject::User, world.bob.id.0, 4 * DOLLAR)).await;
        let reserve = async |until: Micros| {
            let sql = "INSERT INTO budget_reservations (id, organisation_id, user_id, project_id, cost_micros, lease_until) VALUES ($1, $2, $3, NULL, $4, $5)";
            let args = args![world.ports.id::<Uuid>(), world.bob.organisation, world.bob.id, 4 * DOLLAR, until];
            world.store.as_system("test").execute(sql, args).await.unwrap();
        };
        reserve(world.ports.now() + DAY).await;
        assert!(message(world.ask(5).await.unwrap_err()).contains("up to $4.00 are under way"));
        let sql = "UPDATE budget_reservations SET lease_until = 1";
        world.store.as_system("test").execute(sql, args![]).await.unwrap();
        world.ask(5).await.unwrap();
        assert_eq!(world.reserved().await, 0);
    }
}

#[tokio::test]
async fn an_answer_in_a_project_says_whose_budget_it_was() {
    for world in priced().await {
        let form = atrium::projects::ProjectForm { name: "Tides".into(), description: String::new() };
        let project = crate::projects::create(&world.store, &world.ports, actor(&world.bob), &form).await.unwrap();
        world.set(of(BudgetSubject::Project, project.id.0, DOLLAR)).await;
        let sent = world.chat.send(&world.bob, crate::chat::Target::NewIn(project.id), None, "Why?").await.unwrap();
        let failed = "SELECT COUNT(*) FROM messages WHERE status = 'failed' AND error_code = 'budget_spent'";
        until("the answer failed", || async { world.number(failed).await == 1 }).await;
        let thread = world.chat.thread(&world.bob, sent.conversation, None).await;
        assert!(format!("{thread:?}").contains("The budget of the project Tides, $1.00 a day, does not suffice"));
        assert_eq!((world.provider.seen().len(), world.number("SELECT COUNT(*) FROM llm_calls").await), (0, 0));
        // Beside the project it goes on; and what costs nothing is never stopped.
        world.ask(5).await.unwrap();
    }
}

#[tokio::test]
async fn what_costs_nothing_is_never_stopped() {
    for world in worlds_with(&[]).await {
        world.set(of(BudgetSubject::User, world.bob.id.0, 0)).await;
        world.ask(100).await.unwrap();
    }
}

#[tokio::test]
async fn at_eighty_hundredths_a_mail_goes_out_once() {
    for world in priced().await {
        let outbox = Outbox::new(world.store.clone(), world.ports.clone(), world.settings.clone());
        let warn = async || super::warn(&world.store, &world.ports, &outbox).await.unwrap();
        world.set(of(BudgetSubject::User, world.bob.id.0, 5 * DOLLAR)).await;
        world.ask(5).await.unwrap();
        assert_eq!(warn().await, 0, "36 are not 80");
        world.set(of(BudgetSubject::User, world.bob.id.0, 2 * DOLLAR)).await;
        assert_eq!((warn().await, warn().await), (1, 0));
        let mails = "SELECT COUNT(*) FROM outbox WHERE kind = 'budget' AND recipient = 'bob@example.org'";
        assert_eq!(world.number(mails).await, 1);
        world.set(of(BudgetSubject::Organisation, world.bob.organisation.0, DOLLAR)).await;
        assert_eq!(warn().await, 1, "another budget is told of by itself");
    }
}

#[tokio::test]
async fn administrators_set_budgets_and_the_log_tells() {
    for world in priced().await {
        let new = of(BudgetSubject::User, world.bob.id.0, 2 * DOLLAR);
        let refused = super::set(&world.store, &world.ports, actor(&world.bob), &new).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))));
        let nobody = of(BudgetSubject::Project, Uuid::nil(), DOLLAR);
        let missing = super::set(&world.store, &world.ports, actor(&world.ada), &nobody).await;
        assert!(matches!(missing, Err(Error::NotFound("project"))));
        let first = world.set(new.clone()).await;
        let second = world.set(NewBudget { limit: 3 * DOLLAR, ..new }).await;
        assert_eq!((first.id, second.limit, second.name.as_str()), (second.id, 3 * DOLLAR, "bob"));
        assert_eq!(
            super::managed(&world.store, &world.ports, actor(&world.ada)).await.unwrap(),
            std::slice::from_ref(&second)
        );
        assert!(super::managed(&world.store, &world.ports, actor(&world.bob)).await.is_err());
        super::remove(&world.store, &world.ports, actor(&world.ada), second.id).await.unwrap();
        let gone = super::remove(&world.store, &world.ports, actor(&world.ada), second.id).await;
        assert!(matches!(gone, Err(Error::NotFound("budget"))));
        let noted = "SELECT COUNT(*) FROM audit_log WHERE action IN ('budget.set', 'budget.remove')";
        assert_eq!(world.number(noted).await, 3);
    }
}
