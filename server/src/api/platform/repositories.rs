//! Git repositories and their files. This surface knows no knowledge bases: what is brought by it stands in a base of one's
//! own; listed is all that one sees.

use crate::api::dialects::fields::Fields;
use crate::api::dialects::refusal::{Id, Refusal, Reply, Signed};
use crate::api::time::iso;
use crate::web::App;
use atrium::ids::{BaseId, DocumentId, RepositoryId};
use atrium::knowledge::{BaseForm, CodeFile, Repository, RepositoryForm};
use atrium::paging::PageRequest;
use atrium::people::Viewer;
use atrium_domain::audit::Actor;
use atrium_domain::knowledge::bases::{self, BaseFilter};
use atrium_domain::knowledge::documents;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// What the base is called that repositories are brought to.
const BASE: &str = "Repositories";
/// The branch that is meant when none is named.
const BRANCH: &str = "main";

fn repository(viewer: &Viewer, it: &Repository) -> Value {
    let branch = if it.branch.is_empty() { BRANCH } else { &it.branch };
    json!({
        "id": it.id, "org": viewer.organisation, "repo_url": it.url, "default_branch": branch, "fetched_at": it.fetched_at.map(iso),
    })
}

fn code_file(id: RepositoryId, it: CodeFile) -> Value {
    json!({
        "id": it.document, "repo": id, "file_path": it.path, "language": it.language.unwrap_or_else(|| "Text".to_owned()),
        "latest_commit": it.commit, "loc": it.lines,
    })
}

async fn seen(app: &App, viewer: &Viewer) -> Reply<Vec<Repository>> {
    let scope = app.atrium.store.as_viewer(viewer);
    let mut all = Vec::new();
    for base in bases::page(scope, BaseFilter::default(), PageRequest::WHOLE).await?.items {
        all.extend(app.atrium.knowledge.repositories(scope, base.id, PageRequest::WHOLE).await?.items);
    }
    all.sort_by_key(|it| it.created_at);
    Ok(all)
}

/// One's own base for repositories, made when it is first needed.
async fn own_base(app: &App, actor: Actor<'_>) -> Reply<BaseId> {
    let (store, ports) = (&app.atrium.store, &app.atrium.ports);
    let filter = BaseFilter { search: Some(BASE), ..BaseFilter::default() };
    let found = bases::page(store.as_viewer(actor.viewer), filter, PageRequest::WHOLE).await?;
    let own = found.items.into_iter().find(|it| it.owner == Some(actor.viewer.id) && it.name == BASE);
    if let Some(own) = own {
        return Ok(own.id);
    }
    let form = BaseForm { name: BASE.to_owned(), description: String::new() };
    Ok(bases::create(store, ports, actor, None, &form).await?.id)
}

pub async fn list(State(app): State<App>, Signed(caller): Signed) -> Reply<Json<Vec<Value>>> {
    let all = seen(&app, &caller.viewer).await?;
    Ok(Json(all.iter().map(|it| repository(&caller.viewer, it)).collect()))
}

pub async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    fields: Fields,
) -> Reply<(StatusCode, Json<Value>)> {
    let url = fields.text("repo_url")?.ok_or_else(|| Refusal::field("repo_url", fields.missing("repo_url")))?;
    let branch = fields.text("default_branch")?.unwrap_or_else(|| BRANCH.to_owned());
    let address = url.trim().trim_end_matches('/');
    if seen(&app, &caller.viewer).await?.iter().any(|it| it.url == address) {
        return Err(Refusal::field("repo_url", "git repository with this repo url already exists."));
    }
    let base = own_base(&app, caller.actor()).await?;
    let form = RepositoryForm { url, branch, ..RepositoryForm::default() };
    let made = app.atrium.knowledge.add_repository(caller.actor(), base, &form).await;
    let (made, _) =
        made.map_err(|it| Refusal::from(it).renamed("url", "repo_url").renamed("branch", "default_branch"))?;
    Ok((StatusCode::CREATED, Json(repository(&caller.viewer, &made))))
}

pub async fn files(
    State(app): State<App>,
    Signed(caller): Signed,
    Id(id): Id<RepositoryId>,
) -> Reply<Json<Vec<Value>>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let files = app.atrium.knowledge.code_files(scope, id, PageRequest::WHOLE).await?;
    Ok(Json(files.items.into_iter().map(|it| code_file(id, it)).collect()))
}

/// What a file says. Only files of repositories are found here.
pub async fn content(State(app): State<App>, Signed(caller): Signed, Id(id): Id<DocumentId>) -> Reply<Json<Value>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let file = documents::get(scope, id).await?;
    if file.repository.is_none() {
        return Err(atrium_domain::Error::NotFound("file").into());
    }
    Ok(Json(json!({ "content": documents::text(scope, id, file.version).await? })))
}
