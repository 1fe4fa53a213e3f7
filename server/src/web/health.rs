//! Whether the server and its database are well, for whoever watches them.

use super::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A database that does not answer for so long is away.
const PATIENCE: Duration = Duration::from_secs(3);

/// `GET /api/health/`
pub async fn health(State(app): State<App>) -> Json<Value> {
    let now = OffsetDateTime::from_unix_timestamp_nanos(i128::from(app.atrium.ports.now()) * 1000).ok();
    let timestamp = now.and_then(|it| it.format(&Rfc3339).ok());
    Json(json!({ "status": "healthy", "service": "atrium", "timestamp": timestamp }))
}

/// `GET /api/health/db/`
pub async fn database(State(app): State<App>) -> Response {
    match tokio::time::timeout(PATIENCE, app.atrium.store.ping()).await {
        Ok(Ok(latency)) => {
            Json(json!({ "status": "ok", "db": "ok", "latency_ms": latency.as_secs_f64() * 1000.0 })).into_response()
        }
        outcome => {
            let cause = match outcome {
                Ok(Err(error)) => error.to_string(),
                _ => "no answer in time".to_owned(),
            };
            tracing::error!(cause, "the database is away");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "error", "db": "away" }))).into_response()
        }
    }
}
