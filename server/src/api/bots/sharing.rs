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

impl Outcome {
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

/// `POST projects/{id}/bots/attach/`
pub async fn attach_bots(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<ProjectId>,
    input: Input,
) -> Reply<Json<Value>> {
    must_manage(&app, &caller, id).await?;
    let atrium = &app.atrium;
    let scope = atrium.store.as_viewer(&caller.viewer);
    let before: Vec<Uuid> = agents::list(scope, id).await?.iter().map(|it| it.id.0).collect();
    let mut outcome = Outcome::default();
    for text in ids(&input, "bot_id", "bot_ids")? {
        let Ok(bot) = text.parse::<Uuid>() else {
            outcome.missing.push(text);
            continue;
        };
        if before.contains(&bot) {
            outcome.unchanged.push(text);
            continue;
        }
        match agents::attach(&atrium.store, &atrium.ports, caller.actor(), id, bot.into()).await {
            Ok(()) => outcome.done.push(text),
            // What is seen and still refused belongs to another client, or is not the caller's to share.
            Err(Error::Invalid(_)) => match bots::get(scope, bot.into()).await {
                Ok(_) => outcome.rejected.push(text),
                Err(Error::NotFound(_)) => outcome.missing.push(text),
                Err(error) => return Err(error.into()),
            },
            Err(error) => return Err(error.into()),
        }
    }
    Ok(outcome.attached(agents::list(scope, id).await?.len()))
}

/// `POST projects/{id}/bots/detach/`
pub async fn detach_bots(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<ProjectId>,
    input: Input,
) -> Reply<Json<Value>> {
    must_manage(&app, &caller, id).await?;
    let atrium = &app.atrium;
    let scope = atrium.store.as_viewer(&caller.viewer);
    let mut outcome = Outcome::default();
    for text in ids(&input, "bot_id", "bot_ids")? {
        let Ok(bot) = text.parse::<Uuid>() else {
            outcome.missing.push(text);
            continue;
        };
        match agents::detach(&atrium.store, &atrium.ports, caller.actor(), id, bot.into()).await {
            Ok(()) => outcome.done.push(text),
            Err(Error::NotFound("agent")) => match bots::get(scope, bot.into()).await {
                Ok(_) => outcome.unchanged.push(text),
                Err(Error::NotFound(_)) => outcome.missing.push(text),
                Err(error) => return Err(error.into()),
            },
            Err(error) => return Err(error.into()),
        }
    }
    Ok(outcome.detached(agents::list(scope, id).await?.len()))
}

/// `POST projects/{id}/users/attach/`, `POST projects/{id}/users/`
pub async fn attach_users(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<ProjectId>,
    input: Input,
) -> Reply<Json<Value>> {
    must_administer(&app, &caller, id).await?;
    let atrium = &app.atrium;
    let scope = atrium.store.as_viewer(&caller.viewer);
    let before: Vec<Uuid> = members::list(scope, id).await?.iter().map(|it| it.user.0).collect();
    let mut outcome = Outcome::default();
    for text in ids(&input, "user_id", "user_ids")? {
        let Ok(user) = text.parse::<Uuid>() else {
            outcome.missing.push(text);
            continue;
        };
        if before.contains(&user) {
            outcome.unchanged.push(text);
            continue;
        }
        let role = ProjectRole::Member;
        match members::set(&atrium.store, &atrium.ports, caller.actor(), id, user.into(), role).await {
            Ok(()) => outcome.done.push(text),
            Err(Error::Invalid(_)) => match atrium.accounts.profile(&caller.viewer, user.into()).await {
                Ok(_) => outcome.rejected.push(text),
                Err(Error::NotFound(_)) => outcome.missing.push(text),
                Err(error) => return Err(error.into()),
            },
            Err(error) => return Err(error.into()),
        }
    }
    Ok(outcome.attached(members::list(scope, id).await?.len()))
}

/// `POST projects/{id}/users/detach/`
pub async fn detach_users(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<ProjectId>,
    input: Input,
) -> Reply<Json<Value>> {
    must_administer(&app, &caller, id).await?;
    let atrium = &app.atrium;
    let scope = atrium.store.as_viewer(&caller.viewer);
    let mut outcome = Outcome::default();
    for text in ids(&input, "user_id", "user_ids")? {
        let Ok(user) = text.parse::<Uuid>() else {
            outcome.missing.push(text);
            continue;
        };
        match members::remove(&atrium.store, &atrium.ports, caller.actor(), id, user.into()).await {
            Ok(()) => outcome.done.push(text),
            Err(Error::NotFound("member")) => match atrium.accounts.profile(&caller.viewer, user.into()).await {
                Ok(_) => outcome.unchanged.push(text),
                Err(Error::NotFound(_)) => outcome.missing.push(text),
                Err(error) => return Err(error.into()),
            },
            Err(error) => return Err(error.into()),
        }
    }
    Ok(outcome.detached(members::list(scope, id).await?.len()))
}
