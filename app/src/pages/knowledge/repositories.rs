//! The git repositories of a base: how each stands, and the form that takes one in.

use crate::components::{ErrorSummary, FieldNote, FormState, PageHead, TextField, asked, moment, pager, signed_in};
use crate::forms::{Done, Fields, Reveal};
use crate::icons::{Icon, icon};
use crate::visit::Visit;
use atrium::ids::BaseId;
use atrium::knowledge::{Repository, RepositoryForm, WorkState, grouped};
use atrium_domain::knowledge::bases;
use atrium_domain::{Error, Result};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// How often one can be fetched by itself, as minutes for the form.
const TIMES: [(&str, &str); 5] = [
    ("", "Only when asked"),
    ("15", "Every 15 minutes"),
    ("60", "Every hour"),
    ("1440", "Every day"),
    ("10080", "Every week"),
];

#[component]
pub fn RepositoryList() -> impl IntoView {
    let id = use_params_map().with_untracked(|it| it.get("id").unwrap_or_default());
    let form = FormState::current();
    let made = use_context::<Reveal>();
    let (request, _) = asked();
    signed_in("Git repositories", None, async move |visit, viewer| {
        let id: BaseId = id.parse().map_err(|_| Error::NotFound("knowledge base"))?;
        let scope = visit.atrium.store.as_viewer(&viewer);
        let base = bases::get(scope, id).await?;
        let found = visit.atrium.knowledge.repositories(scope, id, request).await?;
        let pages = pager(request, found.count, "");
        let is_empty = found.count == 0;
        let rows = found.items.into_iter().map(row).collect_view();
        Ok(view! {
            <PageHead title="Git repositories"/>
            <div class="page">
                <p class="muted"><a href=format!("/knowledge/{id}")>{base.name.clone()}</a></p>
                {made.map(|it| view! { <Webhook secret=it.0/> })}
                {if is_empty {
                    view! { <p class="muted">"None yet. The files of a repository become documents of this knowledge base; when it is fetched again, only those that changed are read."</p> }.into_any()
                } else {
                    view! { <ul class="rows">{rows}</ul> }.into_any()
                }}
                {pages}
                {base.can_change.then(|| new_form(form))}
            </div>
        })
    })
}

/// What a git server has to know to say that something is new; the secret is shown this once.
#[component]
pub fn Webhook(secret: String) -> impl IntoView {
    view! {
        <div class="notice" role="status">
            {icon(Icon::Check)}
            <div class="account-secret">
                <p>"It is being fetched. If its server should tell of each push, enter the webhook’s address, which the repository’s page shows, and this secret. Copy it now: it is shown this once."</p>
                <code>{secret}</code>
            </div>
        </div>
    }
}

/// How a repository stands, in a sentence.
pub fn standing(it: &Repository) -> String {
    let files = |count: i64| if count == 1 { "1 file".to_owned() } else { format!("{} files", grouped(count)) };
    match it.work.state {
        WorkState::Queued if it.work.reason.is_empty() => "waits for its turn".to_owned(),
        WorkState::Queued => "will be tried again by itself".to_owned(),
        WorkState::Running if it.total > 0 => format!("{} of {} looked at", grouped(it.progress), files(it.total)),
        WorkState::Running => "being fetched".to_owned(),
        WorkState::Paused => "paused".to_owned(),
        WorkState::Failed => "could not be fetched".to_owned(),
        WorkState::Done if it.commit.is_none() => "not fetched yet".to_owned(),
        WorkState::Done => format!("{} searchable", files(it.document_count)),
    }
}

/// The commit that is searched: `1a2b3c4 Tables for 2027, 2026-01-31 11:00`.
pub fn commit(it: &Repository) -> Option<String> {
    let id = it.commit.as_deref()?;
    let short = id.get(..7).unwrap_or(id);
    let when = it.committed_at.map(|at| format!(", {}", moment(at))).unwrap_or_default();
    Some(format!("{short} {}{when}", it.commit_message))
}

fn row(it: Repository) -> impl IntoView {
    let is_failed = it.work.state == WorkState::Failed;
    let (told, at) = (standing(&it), commit(&it));
    let branch = if it.branch.is_empty() { "default branch".to_owned() } else { it.branch.clone() };
    let reason = (!it.work.reason.is_empty()).then(|| format!(": {}", it.work.reason));
    view! {
        <li class="row">
            <span class="avatar">{icon(if is_failed { Icon::Warning } else { Icon::Code })}</span>
            <div class="row-text">
                <a class="row-title" href=format!("/knowledge/repositories/{}", it.id)>{it.url}</a>
                <p class="small" class:error-text=is_failed>{told}{reason}</p>
                <p class="muted small">{branch}{at.map(|it| format!(" · {it}"))}</p>
            </div>
        </li>
    }
}

/// The choice of a schedule.
#[component]
pub fn Schedule(chosen: Option<i64>, state: FormState) -> impl IntoView {
    let chosen = state.value("every_minutes", &chosen.map(|it| it.to_string()).unwrap_or_default());
    // One that was set over REST is kept.
    let other = (!TIMES.iter().any(|it| it.0 == chosen)).then(|| {
        view! { <option value=chosen.clone() selected>{format!("Every {chosen} minutes")}</option> }
    });
    let options =
        TIMES.map(|(minutes, label)| view! { <option value=minutes selected=minutes == chosen>{label}</option> });
    view! {
        <div class="field">
            <label for="every_minutes">"Fetch again"</label>
            <select id="every_minutes" name="every_minutes">{other}{options.collect_view()}</select>
            <FieldNote name="every_minutes" help=None error=state.error("every_minutes")/>
        </div>
    }
}

/// As whom a repository is fetched.
#[component]
pub fn Access(username: String, state: FormState, help: &'static str) -> impl IntoView {
    view! {
        <TextField name="username" label="User name" value=username state=state.clone() autocomplete="off" help="For a token, most servers take any name."/>
        <TextField name="token" label="Token or password" kind="password" state autocomplete="off" help/>
    }
}

fn new_form(state: FormState) -> impl IntoView {
    view! {
        <section class="section">
            <h2>"Take in a repository"</h2>
            <ErrorSummary state=state.clone()/>
            <form method="post" class="form">
                <TextField name="url" label="Address" state=state.clone() autocomplete="off" inputmode="url" help="https://…, as it is given for cloning."/>
                <TextField name="branch" label="Branch" state=state.clone() autocomplete="off" help="Leave it empty for the one that its server shows first."/>
                <Access username=String::new() state=state.clone() help="Only for a repository that not everybody may read. Kept encrypted, never shown."/>
                <Schedule chosen=None state/>
                <div class="form-end"><button class="button primary">"Take in repository"</button></div>
            </form>
        </section>
    }
}

/// The minutes that were chosen.
pub fn minutes(fields: &Fields) -> Result<Option<i64>> {
    let chosen = fields.filled("every_minutes").map(str::parse).transpose();
    chosen.map_err(|_| Error::field("every_minutes", "Choose how often it is fetched."))
}

/// `POST /knowledge/{id}/repositories`
pub async fn submit(visit: &Visit, base: BaseId, fields: &Fields) -> Result<Done> {
    let form = RepositoryForm {
        url: fields.text("url").to_owned(),
        branch: fields.text("branch").to_owned(),
        username: fields.text("username").to_owned(),
        token: fields.text("token").to_owned(),
        every_minutes: minutes(fields)?,
    };
    let (_, secret) = visit.atrium.knowledge.add_repository(visit.actor()?, base, &form).await?;
    Ok(Done::reveal(secret))
}
