//! What one thinks of an answer.

use crate::api::body::{ApiJson, ApiPath};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::web::App;
use atrium::feedback::{Feedback as Known, Verdict};
use atrium::ids::MessageId;
use atrium_domain::feedback;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether it helped.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum VerdictName {
    Up,
    Down,
}

/// What one thinks of an answer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({ "verdict": "down", "reason": "The second date is wrong." }))]
pub struct Feedback {
    verdict: VerdictName,
    /// Why.
    #[serde(default)]
    #[schema(required = false, max_length = 2000)]
    reason: String,
}

impl From<Known> for Feedback {
    fn from(it: Known) -> Self {
        let verdict = match it.verdict {
            Verdict::Up => VerdictName::Up,
            Verdict::Down => VerdictName::Down,
        };
        Self { verdict, reason: it.reason }
    }
}

impl From<Feedback> for Known {
    fn from(it: Feedback) -> Self {
        let verdict = match it.verdict {
            VerdictName::Up => Verdict::Up,
            VerdictName::Down => Verdict::Down,
        };
        Self { verdict, reason: it.reason }
    }
}

/// Say what one thinks of an answer
///
/// What one said before gives way.
#[utoipa::path(put, path = "/api/v1/messages/{id}/feedback", tag = "Messages", operation_id = "give_feedback", params(("id" = Uuid, Path)), request_body = Feedback, responses((status = 200, description = "Said", body = Feedback)))]
pub async fn give(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<MessageId>,
    ApiJson(said): ApiJson<Feedback>,
) -> ApiResult<Json<Feedback>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    Ok(Json(feedback::give(scope, &app.atrium.ports, id, &said.into()).await?.into()))
}

/// Take back what one said of an answer
#[utoipa::path(delete, path = "/api/v1/messages/{id}/feedback", tag = "Messages", operation_id = "take_back_feedback", params(("id" = Uuid, Path)), responses((status = 204, description = "Nothing is said")))]
pub async fn take_back(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<MessageId>,
) -> ApiResult<StatusCode> {
    feedback::take_back(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
