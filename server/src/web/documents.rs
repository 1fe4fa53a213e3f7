//! Files of documents: `POST /knowledge/{id}/upload` takes them in, piece by piece as they come;
//! `GET /knowledge/documents/{id}/file` hands the original out.

use super::App;
use super::errors::{plain, reply};
use super::exports::attachment;
use atrium::ids::{BaseId, DocumentId};
use atrium::knowledge::Document;
use atrium_app::forms::sign_in_path;
use atrium_app::visit::Visit;
use atrium_domain::knowledge::{Brought, Label, documents};
use atrium_domain::{Error, Result};
use axum::Extension;
use axum::body::Body;
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

/// Files of one form; whoever has more sends them in turns.
const FILES_MAX: usize = 500;

/// `POST /knowledge/{id}/upload`: each file becomes a document, or is refused by itself.
pub async fn upload(Extension(visit): Extension<Visit>, Path(id): Path<String>, parts: Multipart) -> Response {
    let here = format!("/knowledge/{id}");
    if visit.viewer.is_none() {
        return see_other(&sign_in_path(&here));
    }
    let Ok(id) = id.parse::<BaseId>() else { return reply(&Error::NotFound("knowledge base"), true) };
    match take(&visit, id, parts).await {
        Ok(told) => match visit.report(told).await {
            Ok(()) => see_other(&here),
            Err(error) => reply(&error, true),
        },
        Err(refused) => refused,
    }
}

fn see_other(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, path.to_owned())]).into_response()
}

/// What became of each file, a sentence each.
async fn take(visit: &Visit, base: BaseId, mut parts: Multipart) -> std::result::Result<Vec<String>, Response> {
    let broken = |error: axum::extract::multipart::MultipartError| {
        let told = match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                "These files are too many to send at once. Those before the limit have arrived; go back and send the others."
            }
            _ => "The files were not understood, or broke off. What was whole has arrived; go back and try again.",
        };
        plain(error.status(), told)
    };
    let mut told = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.file_name().unwrap_or_default().to_owned();
        // A form without a chosen file sends one without name.
        if name.is_empty() {
            continue;
        }
        if told.len() >= FILES_MAX {
            told.push(format!("The files after the first {FILES_MAX} were left out. Send them in another go."));
            break;
        }
        match one(visit, base, &name, part).await {
            Ok(brought) => told.push(sentence(&name, &brought)),
            Err(Stopped::Broken(error)) => return Err(broken(error)),
            Err(Stopped::Refused(error)) => match error {
                Error::Invalid(_) => {
                    told.push(format!("{} was refused: {}", atrium::text::line(&name), reason(&error)))
                }
                // Not this file, but all of them.
                error => return Err(reply(&error, true)),
            },
        }
    }
    if told.is_empty() {
        told.push("No file was chosen.".to_owned());
    }
    Ok(told)
}

enum Stopped {
    /// The request broke off, or is too long.
    Broken(axum::extract::multipart::MultipartError),
    /// This file is not wanted.
    Refused(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

async fn one(visit: &Visit, base: BaseId, name: &str, mut part: Field<'_>) -> std::result::Result<Brought, Stopped> {
    let actor = visit.actor()?;
    let knowledge = &visit.atrium.knowledge;
    let media_type = part.content_type().map(str::to_owned);
    let mut file = knowledge.receive(actor.viewer, base).await?;
    while let Some(bytes) = part.chunk().await.map_err(Stopped::Broken)? {
        file.write(&bytes).await?;
    }
    let arrived = file.done().await?;
    let label = Label { name, media_type: media_type.as_deref(), ..Label::default() };
    Ok(knowledge.bring(actor, base, &arrived, label).await?)
}

fn sentence(name: &str, brought: &Brought) -> String {
    match brought {
        Brought::New(it) => format!("{} is new.", it.name),
        Brought::Version(it) => format!("{} is version {} now.", it.name, it.version),
        Brought::Known(it) if it.name == name => format!("{} was here already.", it.name),
        Brought::Known(it) => format!("{} was here already, as {}.", atrium::text::line(name), it.name),
    }
}

/// What is wrong with the file itself, else with all of it.
fn reason(error: &Error) -> String {
    let failure = error.to_failure();
    failure.fields.first().map_or(failure.message.clone(), |it| it.message.clone())
}

/// Of which version.
#[derive(Debug, Deserialize)]
pub struct Of {
    version: Option<i64>,
}

/// `GET /knowledge/documents/{id}/file?version=…`: the newest unless another one is asked for. It is saved, never shown:
/// what somebody uploaded must not run as a page of ours.
pub async fn file(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(of): Query<Of>,
    Extension(visit): Extension<Visit>,
) -> Response {
    let Some(viewer) = &visit.viewer else { return see_other(&sign_in_path(&format!("/knowledge/documents/{id}"))) };
    let scope = app.atrium.store.as_viewer(viewer);
    let found = async {
        let id: DocumentId = id.parse().map_err(|_| Error::NotFound("document"))?;
        let document: Document = documents::get(scope, id).await?;
        app.atrium.knowledge.file(scope, id, of.version.unwrap_or(document.version)).await
    };
    let found: Result<_> = found.await;
    let (name, _, bytes) = match found {
        Ok(found) => found,
        Err(error) => return reply(&error, true),
    };
    let mut response = Body::from_stream(bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Ok(value) = HeaderValue::from_str(&attachment(&name)) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    response
}
