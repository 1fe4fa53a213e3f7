//! `GET /runs/{id}/events`: an answer while it is written, as server-sent events.

use super::App;
use super::errors::reply;
use crate::api::Credential;
use atrium::ids::RunId;
use atrium_app::visit::Visit;
use atrium_domain::chat::Form;
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use serde::Deserialize;
use std::convert::Infallible;

/// Where to begin when the browser has not said it by `Last-Event-ID`.
#[derive(Deserialize)]
pub struct From {
    #[serde(default)]
    after: u64,
}

pub async fn follow(
    State(app): State<App>,
    Path(id): Path<RunId>,
    Query(from): Query<From>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
) -> Response {
    let last = headers.get("last-event-id").and_then(|it| it.to_str().ok()).and_then(|it| it.parse().ok());
    let viewer = match visit.viewer() {
        Ok(viewer) => viewer,
        Err(error) => return reply(&error, false),
    };
    // Whoever is signed out is not told more.
    let credential = Credential::of_session(&visit.session);
    match visit.atrium.chat.follow(viewer, id, last.unwrap_or(from.after), Form::Html).await {
        Ok(events) => {
            let app = app.clone();
            let ended = async move {
                match credential {
                    Some(credential) => credential.end(app).await,
                    None => std::future::pending().await,
                }
            };
            let events = events.take_until(ended).map(|(seq, event)| {
                // Our own types always serialise; should one ever not, the listener comes back for it.
                let data = serde_json::to_string(&event).unwrap_or_default();
                Ok::<_, Infallible>(Event::default().id(seq.to_string()).data(data))
            });
            let mut response = Sse::new(events).keep_alive(KeepAlive::default()).into_response();
            response.headers_mut().insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
            response
        }
        Err(error) => reply(&error, false),
    }
}
