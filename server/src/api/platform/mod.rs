//! The agent platform: sessions, each for a kind of work, and documents. Lists are plain arrays; signing in is in
//! [`dialects::auth`](super::dialects::auth).

mod documents;
mod repositories;
mod sessions;

use crate::web::App;
use axum::Router;
use axum::routing::get;

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/chat/sessions", get(sessions::list).post(sessions::create))
        .route("/api/chat/sessions/{id}", get(sessions::get).patch(sessions::change).put(sessions::change))
        .route("/api/chat/sessions/{id}/messages", get(sessions::messages).post(sessions::send))
        .route("/api/knowledge/documents", get(documents::list).post(documents::create))
        .route("/api/knowledge/documents/{id}/summary", get(documents::summary))
        .route("/api/knowledge/repositories", get(repositories::list).post(repositories::create))
        .route("/api/knowledge/repositories/{id}/files", get(repositories::files))
        .route("/api/knowledge/files/{id}/content", get(repositories::content))
}
