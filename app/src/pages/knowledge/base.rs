//! One base: what is in it, how far that is, and the ways in and out.

use super::{bases as list, refresh, state};
use crate::components::{
    ErrorSummary, FormState, PageHead, TextArea, TextField, asked, moment, pager, signed_in, url_escape,
};
use crate::forms::{Done, Fields};
use crate::icons::{Icon, icon};
use crate::visit::Visit;
use atrium::ids::{BaseId, DocumentId};
use atrium::knowledge::{Base, Document, DocumentState, FILE_MAX, TOGETHER_MAX, WorkState, grouped, size};
use atrium_domain::knowledge::bases;
use atrium_domain::knowledge::documents::{self, DocumentFilter};
use atrium_domain::{Error, Result};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

#[component]
pub fn OneBase() -> impl IntoView {
    let id = use_params_map().with_untracked(|it| it.get("id").unwrap_or_default());
    let is_still = use_query_map().with_untracked(|it| it.get("still").is_some());
    let form = FormState::current();
    let (request, search) = asked();
    signed_in("", None, async move |visit, viewer| {
        let id: BaseId = id.parse().map_err(|_| Error::NotFound("knowledge base"))?;
        let scope = visit.atrium.store.as_viewer(&viewer);
        let base = bases::get(scope, id).await?;
        let filter = DocumentFilter { search: atrium::text::filled(&search), state: None };
        let found = documents::page(scope, id, filter, request).await?;
        let said = visit.take_report().await;
        let here = format!("/knowledge/{id}");
        let is_first_page = request.page == 1 && search.is_empty();
        let kept = if search.is_empty() { String::new() } else { format!("search={}", url_escape(&search)) };
        let pages = pager(request, found.count, &kept);
        let (can_change, can_manage, is_empty) = (base.can_change, base.can_manage, base.document_count == 0);
        let rows = found.items.into_iter().map(|it| row(it, can_change)).collect_view();
        Ok(view! {
            <Title text=base.name.clone()/>
            <PageHead title=base.name.clone()><a class="button" href="/knowledge">"All knowledge"</a></PageHead>
            <div class="page">
                <ErrorSummary state=form.clone()/>
                {(!said.is_empty()).then(|| report(said))}
                {(!base.description.is_empty()).then(|| view! { <p>{base.description.clone()}</p> })}
                <p class="muted">{base.project_name.clone().map(|it| format!("{it} · "))}{base.told()}" · "<a href=format!("/knowledge/{id}/repositories")>"Git repositories"</a></p>
                {progress(&base)}
                {refresh(base.is_at_work() && is_first_page, is_still, &here)}
                {(!is_empty).then(|| find_form(id))}
                {can_change.then(|| upload_form(id))}
                {can_change.then(|| address_form(form.clone()))}
                <section class="section">
                    <h2>"Documents"</h2>
                    {(!is_empty).then(|| names_form(&search))}
                    {if found.count > 0 {
                        view! { <ul class="rows documents">{rows}</ul> }.into_any()
                    } else if is_empty {
                        view! { <p class="muted">{if can_change { "Nothing yet. Choose files above: they can be searched seconds after they arrive." } else { "Nothing yet. Members of the project put files into it." }}</p> }.into_any()
                    } else {
                        view! { <p class="muted" role="status">{format!("No document is called “{search}”.")}</p> }.into_any()
                    }}
                    {pages}
                </section>
                {can_manage.then(|| settings(base, form))}
            </div>
        })
    })
}

/// What became of files that were brought.
fn report(lines: Vec<String>) -> impl IntoView {
    view! { <div class="notice" role="status">{icon(Icon::Check)}<ul>{lines.into_iter().map(|it| view! { <li>{it}</li> }).collect_view()}</ul></div> }
}

/// How far the vectors are, and what can be done about them.
fn progress(base: &Base) -> AnyView {
    let work = &base.embedding;
    if base.piece_count == 0
        || work.state == WorkState::Done && base.embedded_count >= base.piece_count && base.next_encoder.is_none()
    {
        return ().into_any();
    }
    let all = grouped(base.piece_count);
    let (done, told) = match &base.next_encoder {
        Some(next) => {
            let told = format!(
                "{} of {all} pieces read by {next}; until it has read all, {} is searched.",
                grouped(base.next_count),
                base.encoder
            );
            (base.next_count, told)
        }
        None => {
            (base.embedded_count, format!("{} of {all} pieces found by meaning as well", grouped(base.embedded_count)))
        }
    };
    let standing = match work.state {
        WorkState::Running => "The rest is being worked on.",
        WorkState::Queued if work.reason.is_empty() => "The rest waits for its turn.",
        WorkState::Queued => "It will be tried again by itself.",
        WorkState::Paused => "The rest is paused; by their words all of them are found.",
        WorkState::Failed => "It was given up; by their words all of them are found.",
        WorkState::Done => "",
    };
    let (action, label) = match work.state {
        WorkState::Paused => ("resume", "Go on"),
        WorkState::Failed => ("resume", "Try again"),
        _ => ("pause", "Pause"),
    };
    let (done, all) = (done.to_string(), base.piece_count.to_string());
    let reason = (!work.reason.is_empty()).then(|| work.reason.clone());
    let can_act = base.can_change && work.state != WorkState::Done;
    view! {
        <div class="progress-line">
            <progress max=all value=done aria-label="Pieces found by meaning"></progress>
            <p>{told}" "<span class="muted">{standing}</span></p>
            {reason.map(|it| view! { <p class="reason">{icon(Icon::Warning)}<span>{it}</span></p> })}
            {can_act.then(|| view! { <form method="post"><button class="button" name="action" value=action>{label}</button></form> })}
        </div>
    }
    .into_any()
}

fn find_form(base: BaseId) -> impl IntoView {
    view! {
        <form action="/knowledge/search" role="search" class="search-line">
            <input type="hidden" name="base" value=base.to_string()/>
            <label class="visually-hidden" for="q">"Search in this knowledge base"</label>
            <input id="q" name="q" type="search" placeholder="Ask or search in these documents"/>
            <button class="button">{icon(Icon::Search)}<span>"Search"</span></button>
        </form>
    }
}

fn upload_form(base: BaseId) -> impl IntoView {
    let told = format!(
        "PDF, Word, Excel, PowerPoint, HTML, Markdown, text, CSV, JSON, EPUB, e-mail, source code. Up to {} MB a file and {} MB at once; a file of the same name becomes the next version.",
        FILE_MAX >> 20,
        TOGETHER_MAX >> 20
    );
    view! {
        <form method="post" action=format!("/knowledge/{base}/upload") enctype="multipart/form-data" class="drop">
            <label for="file">"Choose files, or drop them here"</label>
            <input id="file" name="file" type="file" multiple required aria-describedby="file-help"/>
            <p id="file-help" class="help">{told}</p>
            <button class="button primary">{icon(Icon::Upload)}<span>"Upload"</span></button>
        </form>
    }
}

fn address_form(state: FormState) -> impl IntoView {
    view! {
        <section class="section">
            <h2>"Add from an address"</h2>
            <form method="post" class="form">
                <TextField name="url" label="Address" kind="url" inputmode="url" help="A page or a file on the web, such as https://example.org/tides.pdf. It is fetched once, now; its page fetches it again." state=state.clone()/>
                <TextField name="title" label="Title" help="Unless you give it one, it has the title that it calls itself by." state/>
                <div class="form-end"><button class="button" name="action" value="fetch">{icon(Icon::Download)}<span>"Fetch"</span></button></div>
            </form>
        </section>
    }
}

fn names_form(search: &str) -> impl IntoView + use<> {
    view! {
        <form role="search" class="inline-form">
            <label class="visually-hidden" for="search">"Search in names"</label>
            <input id="search" name="search" type="search" placeholder="Search in names" value=search.to_owned()/>
            <button class="button">"Filter"</button>
        </form>
    }
}

fn row(document: Document, can_change: bool) -> impl IntoView {
    let id = document.id.to_string();
    let href = format!("/knowledge/documents/{id}");
    let is_failed = document.state == DocumentState::Failed;
    let delete = format!("Delete {}", document.name);
    let state = state(&document);
    let kind = (!document.kind.is_empty()).then(|| document.kind.clone());
    let facts = [
        (document.title != document.name).then(|| document.name.clone()),
        kind,
        Some(size(document.size)),
        (document.version > 1).then(|| format!("version {}", document.version)),
        Some(moment(document.updated_at)),
        Some(document.created_by_name.clone()),
    ];
    let facts = facts.into_iter().flatten().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" · ");
    let reason = (!document.reason.is_empty()).then(|| document.reason.clone());
    let can_delete = can_change && document.repository.is_none();
    view! {
        <li class="row">
            <span class="avatar">{icon(if is_failed { Icon::Warning } else { Icon::Document })}</span>
            <div class="row-text">
                <a class="row-title" href=href>{document.title}</a>
                <p class="small" class:error-text=is_failed>{state}{reason.map(|it| format!(": {it}"))}</p>
                <p class="muted small">{facts}</p>
            </div>
            {can_delete.then(|| view! {
                <div class="row-actions">
                    <form method="post">
                        <input type="hidden" name="document" value=id/>
                        {is_failed.then(|| view! { <button class="button" name="action" value="read-again">"Read again"</button> })}
                        <button class="button icon-only" name="action" value="delete-document" aria-label=delete title="Delete with all its versions">{icon(Icon::Delete)}</button>
                    </form>
                </div>
            })}
        </li>
    }
}

fn settings(base: Base, state: FormState) -> impl IntoView {
    let goes = match base.document_count {
        0 => "Deleting it takes it from the agents that use it.".to_owned(),
        1 => {
            "Deleting it deletes its document, every version of it, and takes it from the agents that use it, for good."
                .to_owned()
        }
        n => format!(
            "Deleting it deletes its {} documents, every version of them, and takes it from the agents that use it, for good.",
            grouped(n)
        ),
    };
    let encoder = base.next_encoder.clone().unwrap_or_else(|| base.encoder.clone());
    view! {
        <section class="section">
            <h2>"Settings"</h2>
            <form method="post" class="form">
                <input type="hidden" name="version" value=base.updated_at.to_string()/>
                <TextField name="name" label="Name" value=base.name state=state.clone()/>
                <TextArea name="description" label="What is in it" value=base.description state=state.clone() rows=2/>
                <div class="form-end"><button class="button primary" name="action" value="save">"Save knowledge base"</button></div>
            </form>
            <form method="post" class="form">
                <TextField
                    name="encoder"
                    label="Embedding model"
                    value=encoder
                    help="local/all-MiniLM-L6-v2 runs in this server. A provider's is named with it: openai/text-embedding-3-small, ollama/nomic-embed-text, gemini/gemini-embedding-001; it is sent every piece of these documents, and every question, and may cost money. What is there is searched until another model has read everything."
                    state=state.clone()
                />
                <div class="form-end"><button class="button" name="action" value="change-encoder">"Change model"</button></div>
            </form>
            <form method="post" class="form delete-form">
                <p class="muted">{goes}</p>
                <label class="check"><input id="sure" name="sure" type="checkbox" required/><span>"Delete it with everything in it"</span></label>
                {state.error("sure").map(|it| view! { <p class="field-error">{icon(Icon::Warning)}<span>{it}</span></p> })}
                <div class="form-end"><button class="button danger" name="action" value="delete">"Delete knowledge base"</button></div>
            </form>
        </section>
    }
}

/// `POST /knowledge/{id}`: what the buttons of its page do.
pub async fn submit(visit: &Visit, id: BaseId, fields: &Fields) -> Result<Done> {
    let (atrium, actor) = (&visit.atrium, visit.actor()?);
    let knowledge = &atrium.knowledge;
    let scope = atrium.store.as_viewer(actor.viewer);
    let document = || fields.id::<DocumentId>("document", "document");
    let said = match fields.text("action") {
        "save" => {
            let version = fields.text("version").parse().ok();
            bases::change(&atrium.store, &atrium.ports, actor, id, &list::form(fields), version).await?;
            "Knowledge base saved"
        }
        "delete" if !fields.has("sure") => {
            return Err(Error::field("sure", "Tick the box: what is deleted does not come back."));
        }
        "delete" => {
            knowledge.delete_base(actor, id).await?;
            visit.toast("Knowledge base deleted", None).await?;
            return Ok(Done::then("/knowledge"));
        }
        "fetch" => {
            let brought = knowledge.fetch(actor, id, fields.text("url"), fields.filled("title")).await?;
            visit.toast(super::fetched(&brought), None).await?;
            return Ok(Done::then(format!("/knowledge/{id}")));
        }
        "change-encoder" => {
            knowledge.change_encoder(actor, id, fields.text("encoder")).await?;
            "Embedding model chosen"
        }
        "pause" => {
            knowledge.pause_embedding(scope, id, true).await?;
            "Paused"
        }
        "resume" => {
            knowledge.pause_embedding(scope, id, false).await?;
            "It goes on"
        }
        "delete-document" => {
            knowledge.delete_document(actor, document()?).await?;
            "Document deleted"
        }
        "read-again" => {
            knowledge.read_again(actor.viewer, document()?).await?;
            "It is read again"
        }
        _ => return Err(Error::NotFound("action")),
    };
    visit.toast(said, None).await?;
    Ok(Done::then(format!("/knowledge/{id}")))
}
