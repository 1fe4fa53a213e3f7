//! Documents: those of all bases that one sees. What is brought here goes into a base of one's own.

use crate::api::dialects::refusal::{Id, Refusal, Reply, Signed};
use crate::api::time::iso;
use crate::api::uploads::Form;
use crate::web::App;
use atrium::ids::DocumentId;
use atrium::knowledge::Document;
use atrium::people::Viewer;
use atrium_domain::knowledge::types::{self, DocumentType};
use atrium_domain::knowledge::{Brought, Label, documents, files, linking};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// The base that documents go into.
const BASE: &str = "Documents";
const REQUIRED: &str = "This field is required.";

/// What these clients must be told of a document that came another way.
fn type_of(known: Option<DocumentType>) -> &'static str {
    known.unwrap_or(DocumentType::TechManual).as_str()
}

async fn described(app: &App, viewer: &Viewer, it: &Document) -> Reply<Value> {
    let kind = types::of(app.atrium.store.as_viewer(viewer), it).await?;
    Ok(json!({
        "id": it.id, "org": viewer.organisation, "title": it.title, "doc_type": type_of(kind),
        "s3_key": files::key(viewer.organisation, &it.hash).to_string(), "version": it.version,
        "pinecone_ns": it.base, "uploaded_by": it.created_by, "created_at": iso(it.created_at),
    }))
}

/// `GET knowledge/documents/`
pub async fn list(State(app): State<App>, Signed(caller): Signed) -> Reply<Json<Vec<Value>>> {
    let mut all = Vec::new();
    for document in types::all(app.atrium.store.as_viewer(&caller.viewer)).await? {
        all.push(described(&app, &caller.viewer, &document).await?);
    }
    Ok(Json(all))
}

/// `POST knowledge/documents/`: `file`, `doc_type`, `title?`
pub async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    request: Request,
) -> Reply<(StatusCode, Json<Value>)> {
    let atrium = &app.atrium;
    let mut form = Form::read(request, &app).await?;
    let file = form.file("file");
    let kind = form.text("doc_type").filter(|it| !it.is_empty());
    let wrong_kind = |it: &str| format!("\"{it}\" is not a valid choice.");
    let known = kind.and_then(DocumentType::parse);
    let mut wrong = Vec::new();
    if file.is_none() {
        wrong.push(("file", "No file was submitted.".to_owned()));
    }
    if known.is_none() {
        wrong.push(("doc_type", kind.map_or_else(|| REQUIRED.to_owned(), wrong_kind)));
    }
    let (Some(file), Some(kind)) = (file, known) else {
        return Err(Refusal::fields(wrong.iter().map(|it| (it.0, it.1.as_str()))));
    };
    let title = form.text("title").filter(|it| !it.trim().is_empty());
    let scope = atrium.store.as_viewer(&caller.viewer);
    // These clients know documents by their titles: another title is another document, though its file be called the same.
    let known = types::all(scope).await?;
    let other = title.filter(|title| known.iter().any(|it| it.name == file.name && it.title != *title));
    let name = other.map_or_else(|| file.name.clone(), |it| named(it, &file.name));
    let label = Label { name: &name, title, media_type: file.media_type.as_deref(), ..Label::default() };
    let arrived = file.outcome?;
    let base = linking::own(&atrium.store, &atrium.ports, caller.actor(), BASE).await?;
    let brought = atrium.knowledge.bring(caller.actor(), base.id, &arrived, label).await?;
    let id = brought.document().id;
    // The very same file is the document that is there, as it is.
    if !matches!(brought, Brought::Known(_)) {
        types::set(scope, id, kind).await?;
    }
    Ok((StatusCode::CREATED, Json(described(&app, &caller.viewer, brought.document()).await?)))
}

/// The file's name after its document's title, with its own ending.
fn named(title: &str, file: &str) -> String {
    let ending = file.rsplit_once('.').map_or("", |it| it.1);
    let title = atrium::text::line(title).replace(['/', '\\'], "-");
    if ending.is_empty() || title.to_lowercase().ends_with(&format!(".{}", ending.to_lowercase())) {
        title
    } else {
        format!("{title}.{ending}")
    }
}

/// `GET knowledge/documents/{id}/summary/`: what is not known yet is left out.
pub async fn summary(State(app): State<App>, Signed(caller): Signed, Id(id): Id<DocumentId>) -> Reply<Json<Value>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let it = documents::get(scope, id).await?;
    let kind = types::of(scope, &it).await?;
    let source = if it.source_url.is_empty() { &it.name } else { &it.source_url };
    let mut told = json!({
        "id": it.id, "title": it.title, "type": type_of(kind), "date": iso(it.created_at), "source": source,
    });
    if !it.summary.is_empty() {
        told["summary"] = it.summary.into();
    }
    if !it.key_points.is_empty() {
        told["keyPoints"] = it.key_points.into();
    }
    Ok(Json(told))
}
