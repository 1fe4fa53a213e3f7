use super::period::Period;
use super::report::{overview, report};
use crate::audit::Actor;
use crate::error::Error;
use crate::ports::{DAY, Micros};
use crate::store::args;
use crate::testing::{World, until, worlds};
use atrium::people::Viewer;
use atrium::usage::{Figures, Group, Reach, UsageRow};
use uuid::Uuid;

/// A call as it stands in the table.
pub(crate) struct Known<'a> {
    pub who: &'a Viewer,
    pub model: (&'a str, &'a str),
    pub agent: Option<Uuid>,
    pub tokens: (i64, i64),
    pub cost: i64,
    /// Milliseconds: all of it, and until the first piece.
    pub took: (i64, Option<i64>),
    pub outcome: &'a str,
    pub at: Micros,
}

impl World {
    pub(crate) async fn call(&self, it: Known<'_>) {
        let id: Uuid = self.ports.id();
        let sql = "INSERT INTO llm_calls (id, organisation_id, user_id, purpose, provider, model, prompt_tokens, completion_tokens,
                tokens_estimated, cost_micros, latency_micros, first_token_micros, outcome, called_at, agent_id)
             VALUES ($1, $2, $3, 'completion', $4, $5, $6, $7, FALSE, $8, $9, $10, $11, $12, $13)";
        let args = args![
            id,
            it.who.organisation,
            it.who.id,
            it.model.0,
            it.model.1,
            it.tokens.0,
            it.tokens.1,
            it.cost,
            it.took.0 * 1000,
            it.took.1.map(|it| it * 1000),
            it.outcome,
            it.at,
            it.agent
        ];
        self.store.as_system("test").execute(sql, args).await.unwrap();
    }

    async fn rows(&self, who: &Viewer, reach: Reach, group: Group, period: Period) -> Vec<(String, Figures)> {
        let actor = Actor { viewer: who, address: "test" };
        let found = report(&self.store, &self.ports, actor, reach, group, period).await.unwrap();
        let sum = |of: fn(&Figures) -> i64| found.rows.iter().map(|it| of(&it.figures)).sum::<i64>();
        let total = found.total;
        let sums = [sum(|it| it.calls), sum(|it| it.errors), sum(|it| it.cost), sum(Figures::tokens)];
        assert_eq!(sums, [total.calls, total.errors, total.cost, total.tokens()], "rows sum up to the total");
        let used = found.rows.into_iter().filter(|it| it.figures.calls > 0);
        used.map(|UsageRow { name, figures, .. }| (name, figures)).collect()
    }
}

#[tokio::test]
async fn what_was_used_is_summed_up_by_everything() {
    for world in worlds().await {
        let today = world.ports.now().div_euclid(DAY) * DAY;
        let ada = &world.ada;
        let agent = crate::agents::default(world.store.as_viewer(ada), &world.ports, &world.connections).await.unwrap();
        let call = |took: i64, outcome: &'static str, at: Micros| Known {
            who: ada,
            model: ("openai", "gpt-5"),
            agent: Some(agent.id.0),
            tokens: (100, 10),
            cost: 7,
            took: (took, (outcome == "complete").then_some(took / 2)),
            outcome,
            at,
        };
        // A hundred calls of yesterday, from 10 ms to a second; the last moment of the day is its own.
        for nth in 1..=100 {
            world.call(call(nth * 10, "complete", today - 1)).await;
        }
        world.call(call(5000, "failed", today)).await;
        world
            .call(Known { model: ("n8n", "https://secret.example/hook"), agent: None, ..call(2, "stopped", today) })
            .await;
        world.call(Known { who: &world.bob, ..call(1, "complete", today) }).await;
        world.call(call(1, "complete", today - 40 * DAY)).await;

        let week = Period::last(7, world.ports.now());
        let days = world.rows(ada, Reach::Own, Group::Day, week).await;
        let (yesterday, figures) = &days[0];
        assert_eq!((days.len(), yesterday), (2, &super::period::written(today / DAY - 1)));
        let expected = Figures {
            calls: 100,
            errors: 0,
            prompt_tokens: 10_000,
            completion_tokens: 1000,
            cost: 700,
            latency: Some(500_000),
            latency_p95: Some(950_000),
            first_token: Some(250_000),
        };
        assert_eq!(figures, &expected);
        assert_eq!((days[1].1.calls, days[1].1.errors, days[1].1.latency), (2, 1, None), "neither was answered");
        let all = Period::last(41, world.ports.now());
        assert_eq!(world.rows(ada, Reach::Own, Group::Day, all).await.len(), 3);

        let models = world.rows(ada, Reach::Own, Group::Model, week).await;
        assert_eq!(models.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), ["gpt-5", "Webhook (n8n)"]);
        let agents = world.rows(ada, Reach::Own, Group::Agent, week).await;
        assert_eq!(agents.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), [agent.name.as_str(), "No agent"]);
        let people = world.rows(ada, Reach::Organisation, Group::User, week).await;
        assert_eq!(people.iter().map(|it| (it.0.as_str(), it.1.calls)).collect::<Vec<_>>(), [("ada", 102), ("bob", 1)]);
        assert_eq!(world.rows(ada, Reach::Own, Group::Project, week).await[0].0, "No project");
        let actor = Actor { viewer: ada, address: "test" };
        let (total, groups) = overview(&world.store, &world.ports, actor, Reach::All, week).await.unwrap();
        assert_eq!((total.calls, groups["day"].len(), groups.len()), (103, 7, 5));
    }
}

#[tokio::test]
async fn nobody_sees_more_than_their_role_does() {
    for world in worlds().await {
        let week = Period::last(7, world.ports.now());
        let ask = async |who: &Viewer, reach| {
            let actor = Actor { viewer: who, address: "test" };
            report(&world.store, &world.ports, actor, reach, Group::Day, week).await
        };
        assert_eq!(ask(&world.bob, Reach::Own).await.unwrap().total, Figures::default());
        for reach in [Reach::Organisation, Reach::All] {
            assert!(matches!(ask(&world.bob, reach).await, Err(Error::Forbidden(_))));
            assert!(ask(&world.ada, reach).await.is_ok(), "a superuser sees all of it");
        }
        let analyst = Viewer { role: atrium::people::Role::Analyst, ..world.bob.clone() };
        assert!(ask(&analyst, Reach::Organisation).await.is_ok());
        assert!(matches!(ask(&analyst, Reach::All).await, Err(Error::Forbidden(_))));
    }
}

#[tokio::test]
async fn a_call_knows_its_agent_and_its_project() {
    for world in worlds().await {
        let actor = Actor { viewer: &world.bob, address: "test" };
        let form = atrium::projects::ProjectForm { name: "Tides".into(), description: String::new() };
        let project = crate::projects::create(&world.store, &world.ports, actor, &form).await.unwrap();
        let target = crate::chat::Target::NewIn(project.id);
        world.chat.send(&world.bob, target, None, "Why?").await.unwrap();
        let week = Period::last(7, world.ports.now());
        let is_written = || async { !world.rows(&world.bob, Reach::Own, Group::Day, week).await.is_empty() };
        until("the call is accounted for", is_written).await;
        let projects = world.rows(&world.bob, Reach::Own, Group::Project, week).await;
        assert_eq!((projects[0].0.as_str(), projects[0].1.prompt_tokens), ("Tides", 11));
        let agents = world.rows(&world.bob, Reach::Own, Group::Agent, week).await;
        assert!(agents.len() == 1 && agents[0].0 != "No agent", "{agents:?}");
    }
}
