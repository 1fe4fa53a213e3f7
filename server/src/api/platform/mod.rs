//! The agent platform: sessions, each for a kind of work, documents, and charts. Lists are plain arrays; signing in is in
//! [`dialects::auth`](super::dialects::auth).

mod analytics;
mod documents;
mod repositories;
mod sessions;

use crate::web::App;
use axum::Router;
use axum::routing::{get, post};

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
        .route("/api/mlops/results", get(analytics::list))
        .route("/api/mlops/results/{id}", get(analytics::get))
        .route("/api/mlops/generate-chart", post(analytics::generate))
        .route("/api/mlops/models", get(analytics::models))
}
