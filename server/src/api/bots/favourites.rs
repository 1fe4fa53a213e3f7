//! Favourites: messages that somebody has marked.

use super::wire::{Asked, Input, Member, Named, Refusal, Reply};
use crate::api::identity::Caller;
use crate::web::App;
use atrium::favourites::{Favourite, FavouriteKind};
use atrium::ids::{AgentId, ConversationId};
use atrium::paging::PageRequest;
use atrium_domain::Error;
use atrium_domain::agents::bots;
use atrium_domain::favourites;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// What stands beside marked messages, looked up once for each conversation and agent.
#[derive(Default)]
struct Places {
    keys: HashMap<ConversationId, String>,
    names: HashMap<AgentId, Option<String>>,
}

impl Places {
    async fn describe(&mut self, app: &App, caller: &Caller, it: &Favourite) -> Reply<Value> {
        let session = match it.conversation {
            Some(conversation) => Some(self.key(app, caller, conversation).await?),
            None => None,
        };
        let name = match it.agent {
            Some(agent) => self.name(app, caller, agent).await?,
            None => None,
        };
        Ok(json!({
            "agent": it.agent, "session": session, "text": it.text, "message_id": it.id,
            "agent_name": name.unwrap_or_default(),
        }))
    }

    async fn key(&mut self, app: &App, caller: &Caller, conversation: ConversationId) -> Reply<String> {
        if let Some(known) = self.keys.get(&conversation) {
            return Ok(known.clone());
        }
        let key = app.atrium.chat.session_key(&caller.viewer, conversation).await?;
        self.keys.insert(conversation, key.clone());
        Ok(key)
    }

    /// None, where the agent is seen no more.
    async fn name(&mut self, app: &App, caller: &Caller, agent: AgentId) -> Reply<Option<String>> {
        if let Some(known) = self.names.get(&agent) {
            return Ok(known.clone());
        }
        let name = match bots::get(app.atrium.store.as_viewer(&caller.viewer), agent).await {
            Ok(agent) => Some(agent.name),
            Err(Error::NotFound(_)) => None,
            Err(error) => return Err(error.into()),
        };
        self.names.insert(agent, name.clone());
        Ok(name)
    }
}

async fn marked(app: &App, caller: &Caller) -> Reply<Vec<Favourite>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    Ok(favourites::page(scope, PageRequest::WHOLE, Some(FavouriteKind::Message)).await?.items)
}

/// `GET chat-favorites/?agent_id&session_key`
pub async fn list(State(app): State<App>, Member(caller): Member, asked: Asked) -> Reply<Json<Vec<Value>>> {
    let agent = asked.id("agent_id")?;
    let session = match asked.text("session_key") {
        None => None,
        Some(key) => match app.atrium.chat.keyed_session(&caller.viewer, key).await {
            Ok(session) => Some(session.conversation),
            Err(Error::NotFound(_)) => return Ok(Json(Vec::new())),
            Err(error) => return Err(error.into()),
        },
    };
    let (mut places, mut found) = (Places::default(), Vec::new());
    for it in marked(&app, &caller).await? {
        let is_of_agent = agent.is_none_or(|agent| it.agent.is_some_and(|it| it.0 == agent));
        if is_of_agent && (session.is_none() || it.conversation == session) {
            found.push(places.describe(&app, &caller, &it).await?);
        }
    }
    Ok(Json(found))
}

/// `POST chat-favorites/`. What the message says is known here already; `text` is passed over.
pub async fn mark(State(app): State<App>, Member(caller): Member, input: Input) -> Reply<(StatusCode, Json<Value>)> {
    let (key, agent) = (input.required("session_key")?, input.required_id("agent_id")?);
    let message = input.required_id("message_id")?;
    let (atrium, viewer) = (&app.atrium, &caller.viewer);
    let session = atrium.chat.keyed_session(viewer, &key).await?;
    let (conversation, _) = atrium.chat.find_message(viewer, message.into()).await?;
    if conversation != session.conversation {
        return Err(Error::NotFound("message").into());
    }
    let scope = atrium.store.as_viewer(viewer);
    bots::get(scope, agent.into()).await?;
    let is_new = favourites::mark(scope, &atrium.ports, &atrium.chat, FavouriteKind::Message, message).await?;
    let it = marked(&app, &caller).await?.into_iter().find(|it| it.id == message);
    let it = it.ok_or_else(|| Refusal::from(Error::NotFound("favourite")))?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Places::default().describe(&app, &caller, &it).await?)))
}

/// `DELETE chat-favorites/{message_id}/`
pub async fn unmark(State(app): State<App>, Member(caller): Member, Named(id): Named<Uuid>) -> Reply<Json<Value>> {
    favourites::unmark(app.atrium.store.as_viewer(&caller.viewer), FavouriteKind::Message, id).await?;
    Ok(Json(json!({ "status": "success", "details": "Favorite deleted!" })))
}
