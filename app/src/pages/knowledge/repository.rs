//! One git repository: how it stands, its files, how it is fetched.

use super::refresh;
use super::repositories::{Access, Schedule, commit, minutes, standing};
use crate::components::{ErrorSummary, FormState, PageHead, TextField, moment, signed_in, url_escape};
use crate::forms::{Done, Fields};
use crate::icons::{Icon, icon};
use crate::visit::Visit;
use atrium::ids::RepositoryId;
use atrium::knowledge::{Repository, RepositoryChange, Skipped, SourceFile, Tree, TreeEntry, WorkState, grouped, size};
use atrium_domain::knowledge::bases;
use atrium_domain::{Error, Result};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

/// What stands at the path that was asked for.
enum Shown {
    Folder(Tree),
    File(Box<SourceFile>),
    /// Why nothing is.
    Nothing(String),
}

#[component]
pub fn OneRepository() -> impl IntoView {
    let id = use_params_map().with_untracked(|it| it.get("id").unwrap_or_default());
    let (path, is_still) =
        use_query_map().with_untracked(|it| (it.get("path").unwrap_or_default(), it.get("still").is_some()));
    let form = FormState::current();
    signed_in("", None, async move |visit, viewer| {
        let id: RepositoryId = id.parse().map_err(|_| Error::NotFound("repository"))?;
        let (atrium, scope) = (&visit.atrium, visit.atrium.store.as_viewer(&viewer));
        let repository = atrium.knowledge.repository(scope, id).await?;
        let base = bases::get(scope, repository.base).await?;
        let here = format!("/knowledge/repositories/{id}");
        let files = match &repository.commit {
            None => None,
            Some(_) => Some(match atrium.knowledge.tree(scope, id, &path).await {
                Ok(tree) => Shown::Folder(tree),
                Err(Error::NotFound(_)) => Shown::File(Box::new(atrium.knowledge.source_file(scope, id, &path).await?)),
                // What was fetched may have been lost with its folder: the documents are still there.
                Err(error) => Shown::Nothing(error.to_string()),
            }),
        };
        let is_at_work = matches!(repository.work.state, WorkState::Queued | WorkState::Running);
        let url = repository.url.trim_end_matches(".git").trim_end_matches('/');
        let name = url.rsplit('/').next().unwrap_or_default().to_owned();
        Ok(view! {
            <Title text=name.clone()/>
            <PageHead title=name>
                {repository.can_change.then(|| view! {
                    <form method="post"><button class="button" name="action" value="fetch" disabled=is_at_work>{icon(Icon::Again)}<span>"Fetch now"</span></button></form>
                })}
            </PageHead>
            <div class="page">
                <ErrorSummary state=form.clone()/>
                <p class="muted"><a href=format!("/knowledge/{}", base.id)>{base.name.clone()}</a>" · "{repository.url.clone()}</p>
                {told(&repository)}
                {path.is_empty().then(|| refresh(is_at_work, is_still, &here))}
                {files.map(|it| browser(it, &here, &path))}
                {(repository.can_change && path.is_empty()).then(|| settings(&repository, &visit.atrium.settings.base_url(), form))}
            </div>
        })
    })
}

fn told(it: &Repository) -> impl IntoView + use<> {
    let is_failed = it.work.state == WorkState::Failed;
    let reason = (!it.work.reason.is_empty()).then(|| format!(": {}", it.work.reason));
    let asked = it.fetched_at.map(|at| format!(" · asked for news {}", moment(at)));
    view! {
        <p class:error-text=is_failed>{standing(it)}{reason}</p>
        {commit(it).map(|commit| view! { <p class="muted small">{commit}{asked}</p> })}
        {skipped(&it.skipped)}
    }
}

/// Why files are no documents, in words.
fn reason(code: &str) -> &str {
    match code {
        "binary" => "binary",
        "empty" => "empty",
        "generated" => "generated",
        "lfs_pointer" => "kept elsewhere (LFS)",
        "lock_file" => "lock files",
        "name_unreadable" => "with unreadable names",
        "submodule" => "submodules",
        "symlink" => "symbolic links",
        "too_large" => "too large",
        "vendored" => "copies of other projects",
        other => other,
    }
}

fn skipped(all: &[Skipped]) -> AnyView {
    if all.is_empty() {
        return ().into_any();
    }
    let told: Vec<_> = all.iter().map(|it| format!("{} {}", grouped(it.count), reason(&it.reason))).collect();
    view! { <p class="muted small">"Not read: "{told.join(", ")}"."</p> }.into_any()
}

/// The folders above a path, each a link.
fn trail(here: &str, path: &str) -> impl IntoView + use<> {
    let mut above = String::new();
    let mut parts = vec![("Files".to_owned(), format!("{here}#files"))];
    for part in path.split('/').filter(|it| !it.is_empty()) {
        above = if above.is_empty() { part.to_owned() } else { format!("{above}/{part}") };
        parts.push((part.to_owned(), link(here, &above)));
    }
    let last = parts.len() - 1;
    let parts = parts.into_iter().enumerate().map(|(at, (name, href))| {
        if at == last {
            view! { <li aria-current="page">{name}</li> }.into_any()
        } else {
            view! { <li><a href=href>{name}</a></li> }.into_any()
        }
    });
    view! { <nav aria-label="Path"><ol class="trail">{parts.collect_view()}</ol></nav> }
}

fn link(here: &str, path: &str) -> String {
    format!("{here}?path={}#files", url_escape(path))
}

fn browser(shown: Shown, here: &str, path: &str) -> impl IntoView + use<> {
    let body = match shown {
        Shown::Nothing(why) => view! { <p class="muted">{why}</p> }.into_any(),
        Shown::Folder(tree) if tree.entries.is_empty() => {
            view! { <p class="muted">"There is nothing in it."</p> }.into_any()
        }
        Shown::Folder(tree) => {
            view! { <ul class="tree">{tree.entries.into_iter().map(|it| entry(it, here)).collect_view()}</ul> }
                .into_any()
        }
        Shown::File(file) => source(*file).into_any(),
    };
    view! {
        <section class="section" id="files">
            {(!path.is_empty()).then(|| trail(here, path))}
            {path.is_empty().then(|| view! { <h2>"Files"</h2> })}
            {body}
        </section>
    }
}

fn entry(it: TreeEntry, here: &str) -> impl IntoView + use<> {
    let (sign, told) = match it.kind.as_str() {
        "folder" => (Icon::Projects, String::new()),
        "file" => (Icon::Document, size(it.size)),
        kind => (Icon::Document, kind.to_owned()),
    };
    let name = if it.kind == "submodule" {
        view! { <span>{it.name}</span> }.into_any()
    } else {
        view! { <a href=link(here, &it.path)>{it.name}</a> }.into_any()
    };
    view! { <li>{icon(sign)}{name}<span class="muted small">{told}</span></li> }
}

fn source(file: SourceFile) -> impl IntoView {
    let document = file.document.map(|it| {
        view! { <p class="muted small"><a href=format!("/knowledge/documents/{it}")>"As a document"</a>", with what agents read of it"</p> }
    });
    let skipped = file.skipped.as_deref().map(|it| format!("Agents do not read it: {}.", reason(it)));
    let lines = file.text.as_deref().map_or(0, |it| it.lines().count());
    let numbers = (1..=lines).map(|it| it.to_string()).collect::<Vec<_>>().join("\n");
    let facts = [
        file.language,
        Some(size(file.size)),
        (lines > 0).then(|| format!("{} lines", grouped(i64::try_from(lines).unwrap_or(i64::MAX)))),
    ];
    let facts = facts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let text = match file.html {
        Some(html) => view! {
            <div class="source-file" tabindex="0" role="region" aria-label="Source">
                <pre class="numbers" aria-hidden="true">{numbers}</pre>
                <pre><code inner_html=html></code></pre>
            </div>
        }
        .into_any(),
        None => view! { <p class="muted">"It is no text, so there is nothing to show."</p> }.into_any(),
    };
    view! {
        <p class="muted small">{facts}</p>
        {document}
        {skipped.map(|it| view! { <p class="muted small">{it}</p> })}
        {text}
    }
}

fn settings(it: &Repository, server: &str, state: FormState) -> impl IntoView + use<> {
    let hook = format!("{}/api/v1/repositories/{}/webhook", server, it.id);
    let token = if it.has_token { "There is one. Leave it empty to keep it." } else { "There is none." };
    let has_token = it.has_token;
    let files = grouped(it.document_count);
    view! {
        <section class="section">
            <h2>"How it is fetched"</h2>
            <form method="post" class="form">
                <input type="hidden" name="version" value=it.updated_at.to_string()/>
                <TextField name="branch" label="Branch" value=it.branch.clone() state=state.clone() autocomplete="off" help="Empty for the one that its server shows first."/>
                <Access username=it.username.clone() state=state.clone() help=token/>
                {has_token.then(|| view! { <label class="check"><input name="forget" type="checkbox"/><span>"Forget the token"</span></label> })}
                <Schedule chosen=it.every_minutes state/>
                <p class="help">"Or by webhook: GitHub, GitLab and others tell of each push at " <code>{hook}</code> " with the secret that was shown when the repository was taken in."</p>
                <div class="form-end"><button class="button primary" name="action" value="save">"Save repository"</button></div>
            </form>
            <form method="post" class="delete-form">
                <p class="muted">{format!("Taking it out deletes its {files} documents here; the repository itself stays where it is.")}</p>
                <button class="button danger" name="action" value="remove">"Take out repository"</button>
            </form>
        </section>
    }
}

/// `POST /knowledge/repositories/{id}`: what the buttons of its page do.
pub async fn submit(visit: &Visit, id: RepositoryId, fields: &Fields) -> Result<Done> {
    let (knowledge, actor) = (&visit.atrium.knowledge, visit.actor()?);
    match fields.text("action") {
        "fetch" => {
            knowledge.fetch_now(actor, id).await?;
            visit.toast("It is being fetched", None).await?;
        }
        "save" => {
            let token = match (fields.has("forget"), fields.filled("token")) {
                (true, _) => Some(String::new()),
                (false, token) => token.map(str::to_owned),
            };
            // The name goes with the token; to say it again would ask for one.
            let username = (!fields.has("forget")).then(|| fields.text("username").to_owned());
            let change = RepositoryChange {
                branch: Some(fields.text("branch").to_owned()),
                username,
                token,
                every_minutes: Some(minutes(fields)?),
            };
            knowledge.change_repository(actor, id, &change, fields.text("version").parse().ok()).await?;
            visit.toast("Repository saved", None).await?;
        }
        "remove" => {
            let repository = knowledge.repository(visit.atrium.store.as_viewer(actor.viewer), id).await?;
            knowledge.remove_repository(actor, id).await?;
            visit.toast("Repository taken out", None).await?;
            return Ok(Done::then(format!("/knowledge/{}/repositories", repository.base)));
        }
        _ => return Err(Error::NotFound("action")),
    }
    Ok(Done::then(format!("/knowledge/repositories/{id}")))
}
