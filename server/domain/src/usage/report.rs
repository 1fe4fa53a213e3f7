//! What was used, summed up: by day, person, agent, model and project.

use super::period::{Period, written};
use super::tally::{Called, Tally};
use crate::audit::{self, Actor};
use crate::error::{Error, Result};
use crate::ports::{DAY, Ports};
use crate::store::{Args, Scope, Store, args};
use atrium::catalogue::Provider;
use atrium::people::Viewer;
use atrium::permissions::Permission;
use atrium::usage::{Figures, Group, Reach, UsageRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Calls are read a day at a time, those that belong together in every way as one row with all their times, and added up here:
/// the databases share no function of dates and none for a median, and window functions that rank calls by their times took
/// ten seconds for a hundred thousand of them. Most of what a report takes is rows on their way, of which there are so few.
macro_rules! statement {
    ($whose:literal) => {
        concat!(
            "SELECT user_id, agent_id, project_id, provider, model, COUNT(*) AS calls,
                CAST(SUM(CASE WHEN outcome = 'failed' THEN 1 ELSE 0 END) AS BIGINT) AS errors,
                CAST(SUM(prompt_tokens) AS BIGINT) AS prompt_tokens, CAST(SUM(completion_tokens) AS BIGINT) AS completion_tokens,
                CAST(SUM(cost_micros) AS BIGINT) AS cost_micros,
                COALESCE(STRING_AGG(CASE WHEN outcome = 'complete' THEN CAST(latency_micros AS TEXT) END, ','), '') AS latencies,
                COALESCE(STRING_AGG(CAST(first_token_micros AS TEXT), ','), '') AS first_tokens
             FROM llm_calls WHERE called_at >= $1 AND called_at < $2",
            $whose,
            " GROUP BY user_id, agent_id, project_id, provider, model"
        )
    };
}

const OWN: &str = statement!(" AND user_id = $3");
const OF_ORGANISATION: &str = statement!(" AND organisation_id = $3");
const ALL: &str = statement!("");

/// Whose usage somebody may see, the least first.
#[must_use]
pub fn reaches(viewer: &Viewer) -> Vec<Reach> {
    let may = |reach: &Reach| match reach {
        Reach::Own => true,
        Reach::Organisation => viewer.may(Permission::SeeUsage),
        Reach::All => viewer.is_superuser,
    };
    Reach::ALL.into_iter().filter(may).collect()
}

/// A report: a total, and rows that sum up to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Of all rows.
    pub total: Figures,
    /// Days in order, each of the period; of everything else what cost and used most first.
    pub rows: Vec<UsageRow>,
}

/// What was used within `period`, by `group`. What a superuser sees of other organisations is noted there.
///
/// # Errors
/// When the viewer may not see that much.
pub async fn report(
    store: &Store,
    ports: &Ports,
    actor: Actor<'_>,
    reach: Reach,
    group: Group,
    period: Period,
) -> Result<Report> {
    let scope = looking(store, ports, actor, reach, period).await?;
    let mut sums = Sums::of(&[group]);
    sums.read(scope, reach, period).await?;
    Ok(Report { total: sums.total.figures(), rows: sums.rows(scope, group).await? })
}

/// All groups of one page at once.
///
/// # Errors
/// When the viewer may not see that much.
pub async fn overview(
    store: &Store,
    ports: &Ports,
    actor: Actor<'_>,
    reach: Reach,
    period: Period,
) -> Result<(Figures, HashMap<&'static str, Vec<UsageRow>>)> {
    let scope = looking(store, ports, actor, reach, period).await?;
    let asked = Group::ALL.into_iter().filter(|it| *it != Group::User || reach != Reach::Own).collect::<Vec<_>>();
    let mut sums = Sums::of(&asked);
    sums.read(scope, reach, period).await?;
    let mut groups = HashMap::new();
    for group in asked {
        groups.insert(group.as_str(), sums.rows(scope, group).await?);
    }
    Ok((sums.total.figures(), groups))
}

async fn looking<'a>(
    store: &'a Store,
    ports: &Ports,
    actor: Actor<'a>,
    reach: Reach,
    period: Period,
) -> Result<Scope<'a>> {
    if !reaches(actor.viewer).contains(&reach) {
        return Err(Error::Forbidden("Your role sees its own usage only. Ask an administrator for more."));
    }
    let scope = store.as_viewer(actor.viewer);
    if reach == Reach::All {
        let (from, until) = period.moments();
        let seen: Vec<(Uuid,)> = scope
            .all(
                "SELECT DISTINCT organisation_id FROM llm_calls WHERE called_at >= $1 AND called_at < $2",
                args![from, until],
            )
            .await?;
        audit::note_look(store, ports, actor, "usage", seen.into_iter().map(|it| it.0.into())).await?;
    }
    Ok(scope)
}

/// What belongs together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Day(i64),
    Id(Option<Uuid>),
    Model(String),
}

/// Tallies of several groups at once.
struct Sums {
    total: Tally,
    groups: Vec<(Group, HashMap<Key, Tally>)>,
}

impl Sums {
    fn of(groups: &[Group]) -> Self {
        Self { total: Tally::default(), groups: groups.iter().map(|it| (*it, HashMap::new())).collect() }
    }

    async fn read(&mut self, scope: Scope<'_>, reach: Reach, period: Period) -> Result<()> {
        for day in period.days() {
            let mut args: Args = args![day * DAY, (day + 1) * DAY];
            let statement = match reach {
                Reach::Own => {
                    args.push(scope.viewer.id.into());
                    OWN
                }
                Reach::Organisation => {
                    args.push(scope.viewer.organisation.into());
                    OF_ORGANISATION
                }
                Reach::All => ALL,
            };
            let calls: Vec<Called> = scope.all(statement, args).await?;
            let calls: Vec<_> = calls.iter().map(|it| (it, it.tally())).collect();
            for (group, tallies) in &mut self.groups {
                if *group == Group::Day {
                    // Days without calls are days too.
                    tallies.entry(Key::Day(day)).or_default();
                }
                for (call, tally) in &calls {
                    tallies.entry(key(*group, day, call)).or_default().add(tally);
                }
            }
            calls.iter().for_each(|it| self.total.add(&it.1));
        }
        Ok(())
    }

    async fn rows(&self, scope: Scope<'_>, group: Group) -> Result<Vec<UsageRow>> {
        let mut rows = Vec::new();
        let Some((_, tallies)) = self.groups.iter().find(|it| it.0 == group) else { return Ok(rows) };
        for (key, tally) in tallies {
            let (key, name) = match key {
                Key::Day(day) => (written(*day), written(*day)),
                Key::Model(key) => (key.clone(), model(key)),
                Key::Id(None) => (String::new(), nobody(group).to_owned()),
                Key::Id(Some(id)) => (id.to_string(), name(scope, group, *id).await?),
            };
            rows.push(UsageRow { key, name, figures: tally.figures() });
        }
        if group == Group::Day {
            rows.sort_by(|a, b| a.key.cmp(&b.key));
            return Ok(rows);
        }
        rows.sort_by(|a, b| {
            let size = |it: &UsageRow| (it.figures.cost, it.figures.tokens(), it.figures.calls);
            size(b).cmp(&size(a)).then_with(|| a.name.cmp(&b.name))
        });
        Ok(rows)
    }
}

fn key(group: Group, day: i64, call: &Called) -> Key {
    match group {
        Group::Day => Key::Day(day),
        Group::User => Key::Id(Some(call.user_id)),
        Group::Agent => Key::Id(call.agent_id),
        Group::Project => Key::Id(call.project_id),
        // What a webhook is called is its address, which is not for everybody's eyes.
        Group::Model if call.provider == Provider::N8n.as_str() => Key::Model(format!("{}/", call.provider)),
        Group::Model => Key::Model(format!("{}/{}", call.provider, call.model)),
    }
}

fn nobody(group: Group) -> &'static str {
    match group {
        Group::Agent => "No agent",
        Group::Project => "No project",
        Group::Day | Group::User | Group::Model => "Nobody",
    }
}

async fn name(scope: Scope<'_>, group: Group, id: Uuid) -> Result<String> {
    let (sql, gone) = match group {
        Group::Agent => ("SELECT name FROM agents WHERE id = $1", "An agent that is gone"),
        Group::Project => ("SELECT name FROM projects WHERE id = $1", "A project that is gone"),
        Group::Day | Group::User | Group::Model => ("SELECT name FROM users WHERE id = $1", "Somebody who is gone"),
    };
    let found: Option<(String,)> = scope.optional(sql, args![id]).await?;
    Ok(found.map_or_else(|| gone.to_owned(), |it| it.0))
}

/// `openai/gpt-5` as people say it.
fn model(key: &str) -> String {
    match key.split_once('/') {
        Some((name, "")) => Provider::parse(name).map_or_else(|| name.to_owned(), |it| it.label().to_owned()),
        Some((_, model)) => model.to_owned(),
        None => key.to_owned(),
    }
}
