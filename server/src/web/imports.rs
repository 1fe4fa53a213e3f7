//! `POST /account/import`: a file of conversations goes to disk as it comes, and what became of them stands on the page that
//! is the reply. Whoever loads that page anew sends the file again, which brings nothing twice.

use super::errors::plain;
use super::{App, errors, forms};
use atrium_app::forms::{Fields, Imported, Refused, sign_in_path};
use atrium_app::visit::Visit;
use atrium_domain::Error;
use atrium_domain::import::chats::Report;
use axum::Extension;
use axum::extract::State;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::http::header::LOCATION;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

enum Stopped {
    /// The request broke off, or is too long.
    Broken(MultipartError),
    Refused(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<MultipartError> for Stopped {
    fn from(error: MultipartError) -> Self {
        Self::Broken(error)
    }
}

pub async fn upload(
    State(app): State<App>,
    Extension(visit): Extension<Visit>,
    uri: Uri,
    parts: Multipart,
) -> Response {
    if visit.viewer.is_none() {
        return (StatusCode::SEE_OTHER, [(LOCATION, sign_in_path(uri.path()))]).into_response();
    }
    match take(&visit, parts).await {
        Ok(report) => forms::again(&app, visit, uri, Imported(Arc::new(report))).await,
        Err(Stopped::Refused(error)) => {
            let failure = error.to_failure();
            errors::log(&error, failure.status);
            forms::again(&app, visit, uri, Refused { fields: Fields::default(), failure }).await
        }
        Err(Stopped::Broken(error)) => {
            let told = match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    "The file is too large. Go back and bring conversations.json by itself."
                }
                _ => "The file was not understood, or broke off. Go back and try again.",
            };
            plain(error.status(), told)
        }
    }
}

async fn take(visit: &Visit, mut parts: Multipart) -> Result<Report, Stopped> {
    let (viewer, imports) = (visit.viewer()?, &visit.atrium.imports);
    while let Some(mut part) = parts.next_field().await? {
        // A form without a chosen file sends one without name.
        if part.file_name().unwrap_or_default().is_empty() {
            continue;
        }
        let mut file = imports.receive().await?;
        while let Some(bytes) = part.chunk().await? {
            file.write(&bytes).await?;
        }
        return Ok(imports.bring(viewer, file.done().await?).await?);
    }
    Err(Error::field("file", "Choose a file first.").into())
}
