//! Messages: a tree, of which one branch is visible. Editing and answering again make alternatives; nothing is overwritten.

use super::attachments::Attachment;
use super::conversations::role;
use super::feedback::Feedback;
use crate::api::body::{ApiJson, ApiPath, ApiQuery};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{Listing, listing};
use crate::api::time::iso;
use crate::web::App;
use atrium::chat::{MessageStatus, MessageView};
use atrium::ids::{AttachmentId, ConversationId, MessageId};
use atrium::paging::{PAGE_SIZE, PAGE_SIZE_MAX, Page, PageRequest};
use atrium_domain::Error;
use atrium_domain::chat::{Draft, Sent, Target};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "conversation_id": "0190d3b8-0000-7c3e-9f10-2a4b6c8d0e1f",
    "parent_id": "0190d3b8-1111-7c3e-9f10-2a4b6c8d0e1f", "role": "assistant", "content": "Twice a day, by the Moon's pull.", "reasoning": "",
    "status": "complete", "run_id": null, "error": null, "model": "gpt-4o-mini", "prompt_tokens": 21, "completion_tokens": 9,
    "tokens_estimated": false, "cost_usd": "0.000009", "latency_ms": 812.4, "attachments": [], "feedback": null, "notes": [],
    "alternative": 1, "alternatives": 1, "previous_alternative_id": null, "next_alternative_id": null, "created_at": "2026-01-31T12:00:00Z"
}))]
pub struct Message {
    id: Uuid,
    conversation_id: Uuid,
    /// The message before it.
    parent_id: Option<Uuid>,
    #[schema(value_type = RoleInDialogue)]
    role: &'static str,
    /// As typed, or as the model wrote it: Markdown. While a run writes it, what there is so far.
    content: String,
    /// What the model thought aloud.
    reasoning: String,
    #[schema(value_type = Status)]
    status: &'static str,
    /// The run that writes it, while one does.
    run_id: Option<Uuid>,
    /// Why it failed.
    error: Option<String>,
    model: Option<String>,
    prompt_tokens: Option<i64>,
    completion_tokens: Option<i64>,
    /// Whether tokens were counted here, not by the provider.
    tokens_estimated: bool,
    /// US dollars, as a decimal number.
    cost_usd: Option<String>,
    /// Milliseconds from question to end.
    latency_ms: Option<f64>,
    /// Files that came with it.
    attachments: Vec<Attachment>,
    /// What one thinks of it.
    feedback: Option<Feedback>,
    /// What a reader should know: turns that were left out, an answer cut by its limit.
    notes: Vec<String>,
    /// Which of the alternatives at this place it is, from 1.
    alternative: u32,
    /// How many there are.
    alternatives: u32,
    previous_alternative_id: Option<Uuid>,
    next_alternative_id: Option<Uuid>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// Whose turn.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code, reason = "stands in the description only")]
pub enum RoleInDialogue {
    User,
    Assistant,
}

/// How far a message is.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code, reason = "stands in the description only")]
pub enum Status {
    Complete,
    Streaming,
    Stopped,
    Failed,
    Interrupted,
}

impl Message {
    pub fn new(conversation: ConversationId, it: MessageView) -> Self {
        Self {
            id: it.id.0,
            conversation_id: conversation.0,
            parent_id: it.parent_id.map(Into::into),
            role: role(it.author),
            content: it.text,
            reasoning: it.reasoning,
            status: it.status.as_str(),
            run_id: it.run.map(|run| run.id.0),
            error: it.error,
            model: it.model,
            prompt_tokens: it.prompt_tokens,
            completion_tokens: it.completion_tokens,
            tokens_estimated: it.tokens_estimated,
            cost_usd: it.cost.map(dollars),
            #[allow(clippy::cast_precision_loss, reason = "microseconds of an answer are far below 2^52")]
            latency_ms: it.latency.map(|micros| micros as f64 / 1000.0),
            attachments: it.attachments.into_iter().map(Into::into).collect(),
            feedback: it.feedback.map(Into::into),
            notes: it.notes,
            alternative: it.position.0,
            alternatives: it.position.1,
            previous_alternative_id: it.previous_sibling.map(Into::into),
            next_alternative_id: it.next_sibling.map(Into::into),
            created_at: iso(it.created_at),
        }
    }
}

/// Micro-dollars as dollars, exactly.
fn dollars(micros: i64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// What to say.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "content": "How do tides work?" }))]
pub struct NewMessage {
    /// At most 256 kB. With attachments it may be empty.
    #[schema(max_length = 262_144)]
    content: String,
    /// Files that were brought before, at most ten. Left out of an edit, those of the message that is edited stay.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>, required = false, max_items = 10)]
    attachments: Option<Vec<AttachmentId>>,
    /// Who answers, from now on; left out, whoever did.
    #[serde(default)]
    #[schema(required = false)]
    agent_id: Option<Uuid>,
}

impl NewMessage {
    fn draft(&self) -> Draft<'_> {
        Draft { text: &self.content, attachments: self.attachments.as_deref() }
    }
}

/// Who answers again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(example = json!({}))]
pub struct Again {
    /// Left out, whoever did.
    #[schema(required = false)]
    agent_id: Option<Uuid>,
}

/// Whether to wait.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct Wait {
    /// Reply when the answer is complete, at most after two minutes, instead of at once.
    #[param(required = false)]
    wait: bool,
}

/// A question and its answer, which is being written.
#[derive(Debug, Serialize, ToSchema)]
pub struct Exchange {
    conversation_id: Uuid,
    /// The run that writes the answer: follow it at `/api/v1/runs/{id}/events`.
    run_id: Uuid,
    user_message: Message,
    assistant_message: Message,
}

/// Which part of a conversation.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// From 1, oldest first.
    #[param(minimum = 1, maximum = 1_000_000, required = false)]
    page: Option<u32>,
    /// Items of a page.
    #[param(minimum = 1, maximum = 100, required = false)]
    page_size: Option<u32>,
    /// Instead of a page: those before this message. For long conversations, of which one reads the end first.
    #[param(required = false)]
    before: Option<Uuid>,
}

/// How long `?wait=true` waits.
const PATIENCE: Duration = Duration::from_secs(120);

async fn exchange(app: &App, caller: &Caller, sent: Sent, wait: bool) -> ApiResult<(StatusCode, Json<Exchange>)> {
    let chat = &app.atrium.chat;
    let mut status = StatusCode::ACCEPTED;
    if wait && chat.finished(&caller.viewer, sent.run, PATIENCE).await? {
        status = StatusCode::OK;
    }
    let (_, answer) = chat.find_message(&caller.viewer, sent.answer).await?;
    let question = answer.parent_id.ok_or(Error::NotFound("message"))?;
    let (_, question) = chat.find_message(&caller.viewer, question).await?;
    let exchange = Exchange {
        conversation_id: sent.conversation.0,
        run_id: sent.run.0,
        user_message: Message::new(sent.conversation, question),
        assistant_message: Message::new(sent.conversation, answer),
    };
    Ok((status, Json(exchange)))
}

/// List the messages of a conversation
///
/// The visible branch, oldest first.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/messages", tag = "Messages", params(("id" = Uuid, Path), MessagesQuery), responses((status = 200, description = "A page", body = Listing<Message>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ConversationId>,
    ApiQuery(query): ApiQuery<MessagesQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<Message>>> {
    let request = PageRequest { page: query.page.unwrap_or(1), size: query.page_size.unwrap_or(PAGE_SIZE) };
    if !(1..=1_000_000).contains(&request.page) {
        return Err(Error::field("page", "Pages are counted from 1 to 1000000.").into());
    }
    if !(1..=PAGE_SIZE_MAX).contains(&request.size) {
        return Err(Error::field("page_size", format!("Use 1 to {PAGE_SIZE_MAX}.")).into());
    }
    let chat = &app.atrium.chat;
    if let Some(before) = query.before {
        let items = chat.messages_before(&caller.viewer, id, before.into(), request.limit()).await?;
        let count = chat.summary(&caller.viewer, id).await?.message_count;
        let results = items.into_iter().map(|it| Message::new(id, it)).collect();
        return Ok(Json(Listing { count, next: None, previous: None, results }));
    }
    let page: Page<MessageView> = chat.messages(&caller.viewer, id, request).await?;
    Ok(Json(listing(&app, &parts, request, page.map(|it| Message::new(id, it)))))
}

/// Send a message
///
/// The message is stored and its answer begun; the reply comes at once, with the run to follow. With `wait=true` it comes
/// when the answer is complete (200), or after two minutes all the same (202).
#[utoipa::path(post, path = "/api/v1/conversations/{id}/messages", tag = "Messages", params(("id" = Uuid, Path), Wait), request_body = NewMessage, responses((status = 202, description = "Sent; the answer is being written", body = Exchange), (status = 200, description = "Sent and answered", body = Exchange)))]
pub async fn send(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ConversationId>,
    ApiQuery(query): ApiQuery<Wait>,
    ApiJson(new): ApiJson<NewMessage>,
) -> ApiResult<(StatusCode, Json<Exchange>)> {
    let agent = new.agent_id.map(Into::into);
    let target = Target::End(id);
    let sent = app.atrium.chat.send_draft(&caller.viewer, target, agent, new.draft()).await.map_err(at_content)?;
    exchange(&app, &caller, sent, query.wait).await
}

/// The composer's field is called otherwise.
pub fn at_content(error: Error) -> Error {
    match error {
        Error::Invalid(mut fields) => {
            fields.iter_mut().filter(|it| it.field == "text").for_each(|it| "content".clone_into(&mut it.field));
            Error::Invalid(fields)
        }
        error => error,
    }
}

/// Get a message
#[utoipa::path(get, path = "/api/v1/messages/{id}", tag = "Messages", params(("id" = Uuid, Path)), responses((status = 200, description = "The message", body = Message)))]
pub async fn get(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<MessageId>) -> ApiResult<Json<Message>> {
    let (conversation, message) = app.atrium.chat.find_message(&caller.viewer, id).await?;
    Ok(Json(Message::new(conversation, message)))
}

/// Delete a message
///
/// And with it what follows; an alternative, else what came before, becomes visible. For 30 days it can be restored.
#[utoipa::path(delete, path = "/api/v1/messages/{id}", tag = "Messages", params(("id" = Uuid, Path)), responses((status = 204, description = "Deleted")))]
pub async fn delete(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<MessageId>) -> ApiResult<StatusCode> {
    let (conversation, _) = app.atrium.chat.find_message(&caller.viewer, id).await?;
    app.atrium.chat.delete_message(&caller.viewer, conversation, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Edit a message of one's own
///
/// The new words stand beside the old ones, and get an answer of their own.
#[utoipa::path(post, path = "/api/v1/messages/{id}/edit", tag = "Messages", params(("id" = Uuid, Path), Wait), request_body = NewMessage, responses((status = 202, description = "Sent; the answer is being written", body = Exchange), (status = 200, description = "Sent and answered", body = Exchange)))]
pub async fn edit(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<MessageId>,
    ApiQuery(query): ApiQuery<Wait>,
    ApiJson(new): ApiJson<NewMessage>,
) -> ApiResult<(StatusCode, Json<Exchange>)> {
    let (conversation, _) = app.atrium.chat.find_message(&caller.viewer, id).await?;
    let target = Target::InsteadOf(conversation, id);
    let agent = new.agent_id.map(Into::into);
    let sent = app.atrium.chat.send_draft(&caller.viewer, target, agent, new.draft()).await.map_err(at_content)?;
    exchange(&app, &caller, sent, query.wait).await
}

/// Answer again
///
/// The new answer stands beside the old one.
#[utoipa::path(post, path = "/api/v1/messages/{id}/regenerate", tag = "Messages", params(("id" = Uuid, Path), Wait), request_body = Again, responses((status = 202, description = "The answer is being written", body = Exchange), (status = 200, description = "Answered", body = Exchange)))]
pub async fn regenerate(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<MessageId>,
    ApiQuery(query): ApiQuery<Wait>,
    ApiJson(again): ApiJson<Again>,
) -> ApiResult<(StatusCode, Json<Exchange>)> {
    let (conversation, _) = app.atrium.chat.find_message(&caller.viewer, id).await?;
    let agent = again.agent_id.map(Into::into);
    let sent = app.atrium.chat.regenerate(&caller.viewer, conversation, id, agent).await?;
    exchange(&app, &caller, sent, query.wait).await
}

/// Go on with an answer
///
/// With one that was stopped, interrupted, failed, or cut by its limit.
#[utoipa::path(post, path = "/api/v1/messages/{id}/continue", tag = "Messages", params(("id" = Uuid, Path), Wait), responses((status = 202, description = "The answer is being written", body = Exchange), (status = 200, description = "Answered", body = Exchange)))]
pub async fn resume(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<MessageId>,
    ApiQuery(query): ApiQuery<Wait>,
) -> ApiResult<(StatusCode, Json<Exchange>)> {
    let (conversation, _) = app.atrium.chat.find_message(&caller.viewer, id).await?;
    let sent = app.atrium.chat.resume(&caller.viewer, conversation, id).await?;
    exchange(&app, &caller, sent, query.wait).await
}

/// Make an alternative the visible one
#[utoipa::path(post, path = "/api/v1/messages/{id}/select", tag = "Messages", params(("id" = Uuid, Path)), responses((status = 200, description = "It is visible", body = Message)))]
pub async fn select(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<MessageId>,
) -> ApiResult<Json<Message>> {
    let (conversation, _) = app.atrium.chat.find_message(&caller.viewer, id).await?;
    app.atrium.chat.select_branch(&caller.viewer, conversation, id).await?;
    let (conversation, message) = app.atrium.chat.find_message(&caller.viewer, id).await?;
    Ok(Json(Message::new(conversation, message)))
}

/// Restore a deleted message
#[utoipa::path(post, path = "/api/v1/messages/{id}/restore", tag = "Messages", params(("id" = Uuid, Path)), responses((status = 200, description = "It is back", body = Message)))]
pub async fn restore(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<MessageId>,
) -> ApiResult<Json<Message>> {
    let conversation = app.atrium.chat.conversation_of(&caller.viewer, id).await?;
    app.atrium.chat.restore_message(&caller.viewer, conversation, id).await?;
    let (conversation, message) = app.atrium.chat.find_message(&caller.viewer, id).await?;
    Ok(Json(Message::new(conversation, message)))
}

/// Whether nothing more will be written to it.
pub fn is_over(view: &MessageView) -> bool {
    view.status != MessageStatus::Streaming
}

#[cfg(test)]
mod tests {
    #[test]
    fn micro_dollars_are_exact() {
        assert_eq!(super::dollars(9), "0.000009");
        assert_eq!(super::dollars(12_345_678), "12.345678");
    }
}
