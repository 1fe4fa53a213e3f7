//! Messages, to be read.

use crate::api::dialects::paging::{page, paged};
use crate::api::dialects::refusal::{Id, Reply, Signed};
use crate::api::paging::Listing;
use crate::api::time::iso;
use crate::web::App;
use atrium::chat::{Author, MessageView};
use atrium::ids::{ConversationId, MessageId};
use atrium::paging::PAGE_SIZE;
use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use serde_json::{Value, json};

pub fn role(author: Author) -> &'static str {
    match author {
        Author::User => "user",
        Author::Assistant => "assistant",
    }
}

/// A message in this dialect. `tokens_used` is what asking and answering took.
pub fn said(conversation: ConversationId, it: &MessageView) -> Value {
    let tokens = it.completion_tokens.map(|completion| it.prompt_tokens.unwrap_or_default() + completion);
    json!({
        "id": it.id, "conversation": conversation, "role": role(it.author), "content": it.text,
        "tokens_used": tokens, "model": it.model.as_deref().unwrap_or_default(), "created_at": iso(it.created_at),
    })
}

pub async fn list(State(app): State<App>, Signed(caller): Signed, parts: Parts) -> Reply<Json<Listing<Value>>> {
    let request = page(&parts, PAGE_SIZE)?;
    let found = app.atrium.chat.all_messages(&caller.viewer, request).await?;
    paged(&app, &parts, request, found.map(|(conversation, it)| said(conversation, &it)))
}

pub async fn get(State(app): State<App>, Signed(caller): Signed, Id(id): Id<MessageId>) -> Reply<Json<Value>> {
    let (conversation, message) = app.atrium.chat.find_message(&caller.viewer, id).await?;
    Ok(Json(said(conversation, &message)))
}
