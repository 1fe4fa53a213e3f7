//! Who and what is in a project: several at a time, each by themselves.

use super::wire::{Input, Member, Named, Refusal, Reply};
use crate::api::identity::Caller;
use crate::web::App;
use atrium::ids::ProjectId;
use atrium::permissions::Permission;
use atrium::projects::ProjectRole;
use atrium_domain::Error;
use atrium_domain::agents::bots;
use atrium_domain::projects::placed;
use atrium_domain::projects::{agents, members};
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use uuid::Uuid;

/// What became of whom; ids as they were sent.
#[derive(Default)]
struct Outcome {
    done: Vec<String>,
    unchanged: Vec<String>,
    missing: Vec<String>,
    rejected: Vec<String>,
}

/// What became of one.
enum Verdict {
    Done,
    Unchanged,
    Missing,
    Rejected,
}

impl Outcome {
    fn note(&mut self, id: String, verdict: &Verdict) {
        match verdict {
            Verdict::Done => self.done.push(id),
            Verdict::Unchanged => self.unchanged.push(id),
            Verdict::Missing => self.missing.push(id),
            Verdict::Rejected => self.rejected.push(id),
        }
    }

    fn attached(self, total: usize) -> Json<Value> {
        let mut reply = json!({
            "attached_now": self.done, "already_attached": self.unchanged, "missing": self.missing, "count_total": total,
        });
        if !self.rejected.is_empty() {
            reply["rejected_cross_client"] = json!(self.rejected);
        }
        Json(reply)
    }

    fn detached(self, total: usize) -> Json<Value> {
        Json(json!({
            "detached_now": self.done, "not_attached": self.unchanged, "missing": self.missing, "count_total": total,
        }))
    }
}

/// Ids in one request.
const IDS_MAX: usize = 200;

/// One id or several; each once.
fn ids(input: &Input, one: &str, many: &str) -> Reply<Vec<String>> {
    let mut ids = input.texts(many)?.unwrap_or_default();
    ids.extend(input.texts(one)?.unwrap_or_default());
    ids.retain(|it| !it.trim().is_empty());
    let mut seen = std::collections::HashSet::new();
    ids.retain(|it| seen.insert(it.clone()));
    if ids.is_empty() {
        return Err(Refusal::field(one, format!("Send {one} or {many}.")));
    }
    if ids.len() > IDS_MAX {
        return Err(Refusal::field(many, format!("Send at most {IDS_MAX} at a time.")));
    }
    Ok(ids)
}

async fn must_manage(app: &App, caller: &Caller, id: ProjectId) -> Reply<()> {
    let placed = placed::get(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    if placed.project.can_manage {
        Ok(())
    } else {
        Err(Error::Forbidden("Only managers of the project can change it.").into())
    }
}

async fn must_administer(app: &App, caller: &Caller, id: ProjectId) -> Reply<()> {
    placed::get(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    if caller.viewer.may(Permission::ManagePeople) {
        Ok(())
    } else {
        Err(Error::Forbidden("Only administrators say who is in a project.").into())
    }
}

/// What is done with each of them.
#[derive(Clone, Copy)]
enum Act {
    AttachBot,
    DetachBot,
    AttachUser,
    DetachUser,
}

/// Does it for each of `ids`; what is no id names nobody. `before` are those that were there.
async fn each(
    app: &App,
    caller: &Caller,
    project: ProjectId,
    act: Act,
    ids: Vec<String>,
    before: &[Uuid],
) -> Reply<Outcome> {
    let mut outcome = Outcome::default();
    for text in ids {
        let verdict = match text.parse::<Uuid>() {
            Err(_) => Verdict::Missing,
            Ok(id) if before.contains(&id) => Verdict::Unchanged,
            Ok(id) => one(app, caller, project, act, id).await?,
        };
        outcome.note(text, &verdict);
    }
    Ok(outcome)
}

async fn one(app: &App, caller: &Caller, project: ProjectId, act: Act, id: Uuid) -> Reply<Verdict> {
    let (store, ports, actor) = (&app.atrium.store, &app.atrium.ports, caller.actor());
    let done = match act {
        Act::AttachBot => agents::attach(store, ports, actor, project, id.into()).await,
        Act::DetachBot => agents::detach(store, ports, actor, project, id.into()).await,
        Act::AttachUser => members::set(store, ports, actor, project, id.into(), ProjectRole::Member).await,
        Act::DetachUser => members::remove(store, ports, actor, project, id.into()).await,
    };
    let verdict = match done {
        Ok(()) => return Ok(Verdict::Done),
        // What is seen and still refused belongs to another client, or is not the caller's to share.
        Err(Error::Invalid(_)) if matches!(act, Act::AttachBot | Act::AttachUser) => Verdict::Rejected,
        Err(Error::NotFound("agent")) if matches!(act, Act::DetachBot) => Verdict::Unchanged,
        Err(Error::NotFound("member")) if matches!(act, Act::DetachUser) => Verdict::Unchanged,
        Err(error) => return Err(error.into()),
    };
    let looked = match act {
        Act::AttachBot | Act::DetachBot => bots::get(store.as_viewer(&caller.viewer), id.into()).await.map(drop),
        Act::AttachUser | Act::DetachUser => app.atrium.accounts.profile(&caller.viewer, id.into()).await.map(drop),
    };
    match looked {
        Ok(()) => Ok(verdict),
        Err(Error::NotFound(_)) => Ok(Verdict::Missing),
        Err(error) => Err(error.into()),
    }
}

async fn bots_of(app: &App, caller: &Caller, id: ProjectId) -> Reply<Vec<Uuid>> {
    let agents = agents::list(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    Ok(agents.iter().map(|it| it.id.0).collect())
}

async fn users_of(app: &App, caller: &Caller, id: ProjectId) -> Reply<Vec<Uuid>> {
    let members = members::list(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    Ok(members.iter().map(|it| it.user.0).collect())
}

/// `POST projects/{id}/bots/attach/`
pub async fn attach_bots(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<ProjectId>,
    input: Input,
) -> Reply<Json<Value>> {
    must_manage(&app, &caller, id).await?;
    let before = bots_of(&app, &caller, id).await?;
    let outcome = each(&app, &caller, id, Act::AttachBot, ids(&input, "bot_id", "bot_ids")?, &before).await?;
    Ok(outcome.attached(bots_of(&app, &caller, id).await?.len()))
}

/// `POST projects/{id}/bots/detach/`
pub async fn detach_bots(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<ProjectId>,
    input: Input,
) -> Reply<Json<Value>> {
    must_manage(&app, &caller, id).await?;
    let outcome = each(&app, &caller, id, Act::DetachBot, ids(&input, "bot_id", "bot_ids")?, &[]).await?;
    Ok(outcome.detached(bots_of(&app, &caller, id).await?.len()))
}

/// `POST projects/{id}/users/attach/`, `POST projects/{id}/users/`
pub async fn attach_users(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<ProjectId>,
    input: Input,
) -> Reply<Json<Value>> {
    must_administer(&app, &caller, id).await?;
    let before = users_of(&app, &caller, id).await?;
    let outcome = each(&app, &caller, id, Act::AttachUser, ids(&input, "user_id", "user_ids")?, &before).await?;
    Ok(outcome.attached(users_of(&app, &caller, id).await?.len()))
}

/// `POST projects/{id}/users/detach/`
pub async fn detach_users(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<ProjectId>,
    input: Input,
) -> Reply<Json<Value>> {
    must_administer(&app, &caller, id).await?;
    let outcome = each(&app, &caller, id, Act::DetachUser, ids(&input, "user_id", "user_ids")?, &[]).await?;
    Ok(outcome.detached(users_of(&app, &caller, id).await?.len()))
}
