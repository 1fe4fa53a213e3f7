//! Imports: conversations that people had elsewhere.

use crate::api::error::{ApiError, ApiResult, Problem};
use crate::api::identity::Caller;
use crate::api::uploads::Form;
use crate::web::App;
use atrium_domain::Error;
use atrium_domain::import::chats::{Fate, Outcome, Report};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// An export of another system.
#[derive(ToSchema)]
#[schema(example = json!({ "file": "…" }))]
#[allow(dead_code, reason = "words of the description")]
pub struct ConversationsFile {
    /// ChatGPT's `conversations.json` or the zip file with it, Open WebUI's or LibreChat's JSON, or an export of Atrium; at
    /// most 512 MB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// What became of a file of conversations.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "taken": 1, "known": 0, "left_out": 1, "messages": 12, "stopped": null,
    "conversations": [
        {
            "source": "chatgpt", "title": "Tides at Brest", "outcome": "taken", "conversation_id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f",
            "reason": null, "messages": 12, "messages_left_out": { "of a tool": 3 }
        },
        {
            "source": "chatgpt", "title": "Draft", "outcome": "left_out", "conversation_id": null, "reason": "Nothing was said in it.",
            "messages": 0, "messages_left_out": {}
        }
    ]
}))]
pub struct ImportReport {
    /// Conversations that are here now.
    taken: usize,
    /// Conversations that were here before.
    known: usize,
    /// Conversations that are not here.
    left_out: usize,
    /// Messages of those that were taken.
    messages: u64,
    /// Why the file was not read to its end, if it was not.
    stopped: Option<String>,
    /// In the order of the file.
    conversations: Vec<ImportedConversation>,
}

/// What became of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportedConversation {
    /// `chatgpt`, `open-webui`, `librechat` or `atrium`; `null` where that cannot be told.
    source: Option<&'static str>,
    title: String,
    #[schema(value_type = ImportOutcome)]
    outcome: &'static str,
    conversation_id: Option<Uuid>,
    /// Why it was left out.
    reason: Option<String>,
    /// Messages taken.
    messages: u64,
    /// Messages that were not, by the reason.
    messages_left_out: BTreeMap<&'static str, u64>,
}

/// Taken now, known from before, or left out.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "words of the description")]
pub enum ImportOutcome {
    Taken,
    Known,
    LeftOut,
}

impl From<Outcome> for ImportedConversation {
    fn from(it: Outcome) -> Self {
        let (outcome, conversation_id, reason) = match it.fate {
            Fate::Taken(id) => ("taken", Some(id.0), None),
            Fate::Known(id) => ("known", Some(id.0), None),
            Fate::LeftOut(reason) => ("left_out", None, Some(reason)),
        };
        Self {
            source: it.source.map(|it| it.as_str()),
            title: it.title,
            outcome,
            conversation_id,
            reason,
            messages: it.messages,
            messages_left_out: it.left_out,
        }
    }
}

impl From<Report> for ImportReport {
    fn from(it: Report) -> Self {
        Self {
            taken: it.taken(),
            known: it.known(),
            left_out: it.left_out(),
            messages: it.messages(),
            stopped: it.stopped,
            conversations: it.conversations.into_iter().map(Into::into).collect(),
        }
    }
}

/// Import conversations
///
/// What the file is shows in its content. Alternatives stay alternatives; what the system and tools said is left out. Each
/// conversation is taken or left out by itself, and one that is here already stays as it is: the same file again brings
/// nothing twice.
#[utoipa::path(post, path = "/api/v1/imports/conversations", tag = "Conversations", operation_id = "import", request_body(content = ConversationsFile, content_type = "multipart/form-data"), responses(
    (status = 200, description = "What became of each conversation", body = ImportReport),
    (status = 400, description = "The form could not be read.", body = Problem),
    (status = 415, description = "It is no form.", body = Problem),
    (status = 422, description = "There are no conversations in the file; `fields` says what is wrong.", body = Problem),
))]
pub async fn conversations(State(app): State<App>, caller: Caller, request: Request) -> ApiResult<Json<ImportReport>> {
    let mut form = Form::read(request, &app).await?;
    let file = form.file("file").ok_or_else(|| Error::field("file", "Send a file in the field “file”."))?;
    if !form.files.is_empty() {
        return Err(Error::field("file", "Send one file at a time.").into());
    }
    let arrived = match file.outcome {
        Ok(arrived) => arrived,
        Err(error) if file.is_too_large => {
            let told = ApiError::from(error).into_failure().message;
            return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", told));
        }
        Err(error) => return Err(error.into()),
    };
    let report = app.atrium.imports.bring(&caller.viewer, arrived).await?;
    Ok(Json(report.into()))
}
