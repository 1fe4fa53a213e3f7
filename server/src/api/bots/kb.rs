//! Knowledge bases. What cannot be done is told as `{status: "error", reason}` with 200; what is not one's own with 403.

use super::wire::{Asked, Input, Member, Refusal, Reply};
use crate::api::identity::Caller;
use crate::api::time::iso;
use crate::web::App;
use atrium::failure::Failure;
use atrium::ids::{BaseId, ProjectId};
use atrium::knowledge::{Base, BaseForm};
use atrium::paging::PageRequest;
use atrium_domain::Error;
use atrium_domain::knowledge::bases::{self, BaseFilter};
use atrium_domain::knowledge::linking::{self, Linked};
use atrium_domain::projects;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Why something was not done, in their words.
const UNKNOWN: &str = "knowledge base does not exist";
pub const INVALID: &str = "invalid input";
const NOT_LINKED: &str = "The knowledge base is not linked to a project of yours.";

/// What was asked for cannot be done.
pub fn business(status: StatusCode, reason: impl Into<String>) -> Refusal {
    Refusal::with(status, json!({ "status": "error", "reason": reason.into() }))
}

/// A refusal of the domain: what is wrong with the request is told in their shape, who may not in everybody's.
pub fn told(status: StatusCode, error: Error) -> Refusal {
    match error {
        Error::Invalid(_) | Error::Conflict { .. } => {
            let failure: Failure = error.to_failure();
            business(status, failure.message)
        }
        error => error.into(),
    }
}

/// The base of a `hash_id`, which is its id. `status` is that of business errors.
pub async fn find(app: &App, caller: &Caller, hash_id: Option<&str>, status: StatusCode) -> Reply<Base> {
    let hash_id = hash_id.map(str::trim).filter(|it| !it.is_empty()).ok_or_else(|| business(status, INVALID))?;
    let id = hash_id.parse::<BaseId>().map_err(|_| business(status, UNKNOWN))?;
    match bases::get(app.atrium.store.as_viewer(&caller.viewer), id).await {
        Err(Error::NotFound(_)) => {
            let is_elsewhere = linking::exists(&app.atrium.store, id).await?;
            let not_linked = Refusal::detail(StatusCode::FORBIDDEN, NOT_LINKED);
            Err(if is_elsewhere { not_linked } else { business(status, UNKNOWN) })
        }
        found => Ok(found?),
    }
}

/// A project of the caller's.
pub async fn project(app: &App, caller: &Caller, id: ProjectId) -> Reply<ProjectId> {
    match projects::get(app.atrium.store.as_viewer(&caller.viewer), id).await {
        Err(Error::NotFound(_)) => Err(Refusal::detail(StatusCode::FORBIDDEN, "This is no project of yours.")),
        found => Ok(found?.id),
    }
}

/// The project that the query names, if it does.
async fn asked_project(app: &App, caller: &Caller, asked: &Asked) -> Reply<Option<ProjectId>> {
    let Some(text) = asked.text("project_id") else { return Ok(None) };
    let id = text.parse::<ProjectId>().map_err(|_| business(StatusCode::OK, INVALID))?;
    project(app, caller, id).await.map(Some)
}

fn described(it: &Base) -> Json<Value> {
    Json(json!({
        "project_id": it.project, "status": "success", "name": it.name, "description": it.description,
        "hash_id": it.id, "created_at": iso(it.created_at),
    }))
}

/// `GET kb/list/`, `GET kb/list-all/?project_id=`
pub async fn list(State(app): State<App>, Member(caller): Member, asked: Asked) -> Reply<Json<Value>> {
    let project = asked_project(&app, &caller, &asked).await?;
    let filter = BaseFilter { search: None, project };
    let found = bases::page(app.atrium.store.as_viewer(&caller.viewer), filter, PageRequest::WHOLE).await?;
    let base = |it: &Base| {
        json!({
            "external_id": it.id, "name": it.name, "hash_id": it.id, "description": it.description,
            "project_id": it.project, "created_at": iso(it.created_at),
        })
    };
    let kbs: Vec<Value> = found.items.iter().map(base).collect();
    Ok(Json(json!({ "status": "success", "project_id": project, "count": kbs.len(), "kbs": kbs })))
}

/// `POST kb/create/ {name,description?,project_id}`
pub async fn create(State(app): State<App>, Member(caller): Member, input: Input) -> Reply<Json<Value>> {
    let invalid = |_| business(StatusCode::OK, INVALID);
    let id = input.required_id("project_id").map_err(invalid)?;
    let form = BaseForm {
        name: input.required("name").map_err(invalid)?,
        description: input.text("description").map_err(invalid)?.unwrap_or_default(),
    };
    let project = project(&app, &caller, id.into()).await?;
    let made = bases::create(&app.atrium.store, &app.atrium.ports, caller.actor(), Some(project), &form).await;
    Ok(described(&made.map_err(|error| told(StatusCode::OK, error))?))
}

/// `GET kb/get/?hash_id=`
pub async fn get(State(app): State<App>, Member(caller): Member, asked: Asked) -> Reply<Json<Value>> {
    Ok(described(&find(&app, &caller, asked.text("hash_id"), StatusCode::OK).await?))
}

/// What names the base, in the body or in the query.
pub fn hash_id(input: &Input, asked: &Asked) -> Option<String> {
    input.filled("hash_id").ok().flatten().or_else(|| asked.text("hash_id").map(str::to_owned))
}

/// `PATCH kb/edit/ {hash_id,name?,description?}`
pub async fn edit(State(app): State<App>, Member(caller): Member, asked: Asked, input: Input) -> Reply<Json<Value>> {
    let before = find(&app, &caller, hash_id(&input, &asked).as_deref(), StatusCode::OK).await?;
    let invalid = |_| business(StatusCode::OK, INVALID);
    let form = BaseForm {
        name: input.text("name").map_err(invalid)?.unwrap_or(before.name),
        description: input.text("description").map_err(invalid)?.unwrap_or(before.description),
    };
    if form.name.trim().is_empty() {
        return Err(business(StatusCode::OK, INVALID));
    }
    let (store, ports) = (&app.atrium.store, &app.atrium.ports);
    let changed = bases::change(store, ports, caller.actor(), before.id, &form, Some(before.updated_at)).await;
    Ok(described(&changed.map_err(|error| told(StatusCode::OK, error))?))
}

/// `DELETE kb/delete/ {hash_id}`
pub async fn delete(State(app): State<App>, Member(caller): Member, asked: Asked, input: Input) -> Reply<Json<Value>> {
    let base = find(&app, &caller, hash_id(&input, &asked).as_deref(), StatusCode::OK).await?;
    app.atrium.knowledge.delete_base(caller.actor(), base.id).await?;
    Ok(Json(json!({ "status": "success", "hash_id": base.id })))
}

/// `POST kb/attach/?project_id= {hash_id,name?}`: a base has one project; one's own becomes the project's.
pub async fn attach(State(app): State<App>, Member(caller): Member, asked: Asked, input: Input) -> Reply<Json<Value>> {
    let invalid = || business(StatusCode::OK, INVALID);
    let project = match asked_project(&app, &caller, &asked).await? {
        Some(project) => project,
        None => {
            let named = input.id("project_id").map_err(|_| invalid())?.ok_or_else(invalid)?;
            project(&app, &caller, named.into()).await?
        }
    };
    let base = find(&app, &caller, hash_id(&input, &asked).as_deref(), StatusCode::OK).await?;
    let (store, ports) = (&app.atrium.store, &app.atrium.ports);
    let linked = Linked::to_project(store, ports, caller.actor(), base.id, project).await;
    let (status, base) = match linked.map_err(|error| told(StatusCode::OK, error))? {
        Linked::Now(base) => ("created", base),
        Linked::Before(base) => ("exists", base),
    };
    let name = input.filled("name").ok().flatten().unwrap_or(base.name);
    Ok(Json(json!({ "status": status, "project_id": project, "hash_id": base.id, "name": name })))
}
