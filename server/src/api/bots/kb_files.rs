//! Files of knowledge bases, named as they were brought. What cannot be done is told with 400.

use super::kb::{INVALID, business, find, hash_id, project, told};
use super::wire::{Asked, Input, Member, Refusal, Reply};
use crate::api::identity::Caller;
use crate::api::uploads::{Form, Sent};
use crate::web::App;
use atrium::ids::ProjectId;
use atrium::knowledge::Base;
use atrium::paging::PageRequest;
use atrium_domain::knowledge::documents::{self, DocumentFilter};
use atrium_domain::knowledge::{Brought, Label};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

const BAD: StatusCode = StatusCode::BAD_REQUEST;
const INDEXED: &str = "file already indexed";
const MISSING: &str = "file does not exist";

/// The base and the file that a form is about.
async fn read(app: &App, caller: &Caller, asked: &Asked, request: Request) -> Reply<(Form, Base, Sent)> {
    let mut form = match Form::read(request, app).await {
        Ok(form) => form,
        Err(error) => {
            let failure = error.into_failure();
            let is_form = !matches!(failure.status, 400 | 415);
            return Err(if is_form { failure.into() } else { business(BAD, INVALID) });
        }
    };
    let hash_id = form.text("hash_id").filter(|it| !it.is_empty()).or_else(|| asked.text("hash_id"));
    let base = find(app, caller, hash_id, BAD).await?;
    let file = form.file("file").ok_or_else(|| business(BAD, INVALID))?;
    Ok((form, base, file))
}

async fn bring(app: &App, caller: &Caller, base: &Base, file: Sent) -> Reply<Brought> {
    let label = Label { name: &file.name, media_type: file.media_type.as_deref(), ..Label::default() };
    let arrived = file.outcome.map_err(|error| told(BAD, error))?;
    let brought = app.atrium.knowledge.bring(caller.actor(), base.id, &arrived, label).await;
    brought.map_err(|error| told(BAD, error))
}

/// `GET kb/files/list/?hash_id=`
pub async fn list(State(app): State<App>, Member(caller): Member, asked: Asked) -> Reply<Json<Value>> {
    let base = find(&app, &caller, asked.text("hash_id"), BAD).await?;
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let found = documents::page(scope, base.id, DocumentFilter::default(), PageRequest::WHOLE).await?;
    let files: Vec<String> = found.items.into_iter().map(|it| it.name).collect();
    Ok(Json(json!({ "status": "success", "files": files })))
}

/// `POST kb/files/add/`, `POST kb/file/add/`: `file`, `hash_id`
pub async fn add(State(app): State<App>, Member(caller): Member, asked: Asked, request: Request) -> Reply<Json<Value>> {
    let (_, base, file) = read(&app, &caller, &asked, request).await?;
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    // Files are addressed by their names here: another one of that name is an update.
    if documents::by_name(scope, base.id, &file.name).await?.is_some() {
        return Err(business(BAD, INDEXED));
    }
    match bring(&app, &caller, &base, file).await? {
        Brought::Known(_) => Err(business(BAD, INDEXED)),
        brought => Ok(Json(json!({ "status": "success", "file": brought.document().name }))),
    }
}

/// `DELETE kb/files/delete/`, `DELETE kb/file/delete/ {hash_id,file}`
pub async fn delete(State(app): State<App>, Member(caller): Member, asked: Asked, input: Input) -> Reply<Json<Value>> {
    let base = find(&app, &caller, hash_id(&input, &asked).as_deref(), BAD).await?;
    let name = input.filled("file").ok().flatten().or_else(|| asked.text("file").map(str::to_owned));
    let name = name.ok_or_else(|| business(BAD, INVALID))?;
    remove(&app, &caller, &base, &name).await?;
    Ok(Json(json!({ "status": "success", "file_removed": name })))
}

async fn remove(app: &App, caller: &Caller, base: &Base, name: &str) -> Reply<()> {
    let found = documents::by_name(app.atrium.store.as_viewer(&caller.viewer), base.id, name).await?;
    let document = found.ok_or_else(|| business(BAD, MISSING))?;
    let deleted = app.atrium.knowledge.delete_document(caller.actor(), document.id).await;
    deleted.map_err(|error| told(BAD, error))
}

/// `PATCH kb/file/update/`: `hash_id`, `project_id`, `file`, `old_file?`
pub async fn update(
    State(app): State<App>,
    Member(caller): Member,
    asked: Asked,
    request: Request,
) -> Reply<Json<Value>> {
    let (form, base, file) = read(&app, &caller, &asked, request).await?;
    let named = form.text("project_id").and_then(|it| it.trim().parse::<ProjectId>().ok());
    let named = project(&app, &caller, named.ok_or_else(|| business(BAD, INVALID))?).await?;
    if base.project != Some(named) {
        return Err(Refusal::detail(StatusCode::FORBIDDEN, "The knowledge base is not linked to this project."));
    }
    let old = form.text("old_file").map(str::trim).filter(|it| !it.is_empty());
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    if let Some(old) = old
        && documents::by_name(scope, base.id, old).await?.is_none()
    {
        return Err(business(BAD, MISSING));
    }
    let brought = bring(&app, &caller, &base, file).await?;
    let added = brought.document().name.clone();
    // Of the same name it is the next version of it.
    if let Some(old) = old.filter(|it| *it != added) {
        remove(&app, &caller, &base, old).await?;
    }
    Ok(Json(json!({ "status": "ok", "added": added, "deleted": old })))
}
