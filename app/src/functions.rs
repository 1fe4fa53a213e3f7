//! Server functions: what islands ask of the server. Each is a few lines over a function of the domain, under `/_fn`.

use crate::islands::palette::Entry;
use atrium::Failure;
use atrium::agents::AgentForm;
use atrium::chat::{ConversationPage, ConversationSettings, MessageView, SettingsForm, Thread};
use atrium::feedback::Feedback;
use atrium::ids::{AgentId, AttachmentId, ConversationId, MessageId, RunId};
use leptos::prelude::*;
use leptos::server_fn::codec::{Json, JsonEncoding};
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// A refusal on its way to an island.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error(transparent)]
#[serde(transparent)]
pub struct Refusal(#[from] pub Failure);

impl FromServerFnError for Refusal {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let failure = match error {
            ServerFnErrorErr::Request(_) => Failure::new(
                0,
                "unreachable",
                "The server cannot be reached. Check the connection; what you typed is kept.",
            ),
            ServerFnErrorErr::Args(what) | ServerFnErrorErr::MissingArg(what) => {
                Failure::new(400, "invalid", format!("The request was not understood ({what})."))
            }
            // On the server it is the request that cannot be read, in the browser the reply.
            ServerFnErrorErr::Deserialization(what) if cfg!(feature = "ssr") => {
                Failure::new(400, "invalid", format!("The request was not understood ({what})."))
            }
            other => Failure::new(
                500,
                "protocol",
                format!("The server's answer was not understood ({other}). Reload the page."),
            ),
        };
        #[cfg(feature = "ssr")]
        on_server::set_status(failure.status);
        Self(failure)
    }
}

#[cfg(feature = "ssr")]
mod on_server {
    use super::Refusal;
    use crate::visit::Visit;
    use atrium::people::Viewer;
    use atrium_domain::{Atrium, Error};
    use axum::http::StatusCode;

    impl From<Error> for Refusal {
        fn from(error: Error) -> Self {
            let failure = error.to_failure();
            if let Some(cause) = error.cause() {
                tracing::error!(status = failure.status, cause, "a server function failed");
            }
            set_status(failure.status);
            Self(failure)
        }
    }

    /// Of the reply at work.
    pub fn set_status(status: u16) {
        if let (Some(response), Ok(status)) =
            (leptos::prelude::use_context::<leptos_axum::ResponseOptions>(), StatusCode::from_u16(status))
        {
            response.set_status(status);
        }
    }

    /// The application and whoever asks it.
    pub fn asked_by() -> Result<(Atrium, Viewer), Error> {
        let visit = Visit::current()?;
        let viewer = visit.viewer()?.clone();
        Ok((visit.atrium, viewer))
    }
}
#[cfg(feature = "ssr")]
use on_server::asked_by;

/// What changed at the end of a thread: each message goes after its parent, and what stood there gives way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grown {
    pub conversation: ConversationId,
    pub title: String,
    pub messages: Vec<MessageView>,
}

#[server(prefix = "/_fn", endpoint = "send_message", input = Json)]
pub async fn send_message(
    conversation: Option<ConversationId>,
    instead_of: Option<MessageId>,
    agent: Option<AgentId>,
    text: String,
    /// Left out, a message that stands instead of another one keeps that one's.
    attachments: Option<Vec<AttachmentId>>,
) -> Result<Grown, Refusal> {
    use atrium_domain::chat::{Draft, Target};
    let (atrium, viewer) = asked_by()?;
    let target = match (conversation, instead_of) {
        (None, _) => Target::New,
        (Some(id), None) => Target::End(id),
        (Some(id), Some(message)) => Target::InsteadOf(id, message),
    };
    let draft = Draft { text: &text, attachments: attachments.as_deref() };
    let sent = atrium.chat.send_draft(&viewer, target, agent, draft).await?;
    grown(&atrium, &viewer, sent).await
}

#[server(prefix = "/_fn", endpoint = "regenerate", input = Json)]
pub async fn regenerate(
    conversation: ConversationId,
    message: MessageId,
    agent: Option<AgentId>,
) -> Result<Grown, Refusal> {
    let (atrium, viewer) = asked_by()?;
    let sent = atrium.chat.regenerate(&viewer, conversation, message, agent).await?;
    grown(&atrium, &viewer, sent).await
}

#[server(prefix = "/_fn", endpoint = "resume", input = Json)]
pub async fn resume(conversation: ConversationId, message: MessageId) -> Result<Grown, Refusal> {
    let (atrium, viewer) = asked_by()?;
    let sent = atrium.chat.resume(&viewer, conversation, message).await?;
    grown(&atrium, &viewer, sent).await
}

#[cfg(feature = "ssr")]
async fn grown(
    atrium: &atrium_domain::Atrium,
    viewer: &atrium::people::Viewer,
    sent: atrium_domain::chat::Sent,
) -> Result<Grown, Refusal> {
    let (title, messages) = atrium.chat.newest_exchange(viewer, sent).await?;
    Ok(Grown { conversation: sent.conversation, title, messages })
}

#[server(prefix = "/_fn", endpoint = "stop", input = Json)]
pub async fn stop(run: RunId) -> Result<(), Refusal> {
    let (atrium, viewer) = asked_by()?;
    Ok(atrium.chat.stop(&viewer, run).await?)
}

#[server(prefix = "/_fn", endpoint = "messages", input = Json)]
pub async fn messages(conversation: ConversationId, older_than: Option<MessageId>) -> Result<Thread, Refusal> {
    let (atrium, viewer) = asked_by()?;
    Ok(atrium.chat.thread(&viewer, conversation, older_than).await?)
}

#[server(prefix = "/_fn", endpoint = "select_branch", input = Json)]
pub async fn select_branch(conversation: ConversationId, message: MessageId) -> Result<Thread, Refusal> {
    let (atrium, viewer) = asked_by()?;
    atrium.chat.select_branch(&viewer, conversation, message).await?;
    Ok(atrium.chat.thread(&viewer, conversation, None).await?)
}

#[server(prefix = "/_fn", endpoint = "delete_message", input = Json)]
pub async fn delete_message(conversation: ConversationId, message: MessageId) -> Result<Thread, Refusal> {
    let (atrium, viewer) = asked_by()?;
    atrium.chat.delete_message(&viewer, conversation, message).await?;
    Ok(atrium.chat.thread(&viewer, conversation, None).await?)
}

#[server(prefix = "/_fn", endpoint = "restore_message", input = Json)]
pub async fn restore_message(conversation: ConversationId, message: MessageId) -> Result<Thread, Refusal> {
    let (atrium, viewer) = asked_by()?;
    atrium.chat.restore_message(&viewer, conversation, message).await?;
    Ok(atrium.chat.thread(&viewer, conversation, None).await?)
}

/// What one thinks of an answer; nothing takes back what one said.
#[server(prefix = "/_fn", endpoint = "rate", input = Json)]
pub async fn rate(message: MessageId, feedback: Option<Feedback>) -> Result<(), Refusal> {
    let (atrium, viewer) = asked_by()?;
    let scope = atrium.store.as_viewer(&viewer);
    match feedback {
        Some(said) => drop(atrium_domain::feedback::give(scope, &atrium.ports, message, &said).await?),
        None => atrium_domain::feedback::take_back(scope, message).await?,
    }
    Ok(())
}

#[server(prefix = "/_fn", endpoint = "conversations", input = Json)]
pub async fn conversations(cursor: Option<String>, search: Option<String>) -> Result<ConversationPage, Refusal> {
    let (atrium, viewer) = asked_by()?;
    Ok(atrium.chat.conversations(&viewer, cursor.as_deref(), search.as_deref()).await?)
}

/// A conversation with the settings that it has now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    pub conversation: ConversationId,
    pub title: String,
    pub settings: ConversationSettings,
}

/// Agent, model and temperature of a conversation; those of an empty room begin one.
#[server(prefix = "/_fn", endpoint = "settle", input = Json)]
pub async fn settle(conversation: Option<ConversationId>, form: SettingsForm) -> Result<Settled, Refusal> {
    let (atrium, viewer) = asked_by()?;
    let settled = atrium.chat.settle(&viewer, conversation, &form).await?;
    let settings = atrium.chat.settings(&viewer, settled.id).await?;
    Ok(Settled { conversation: settled.id, title: settled.title, settings })
}

#[server(prefix = "/_fn", endpoint = "rename", input = Json)]
pub async fn rename(conversation: ConversationId, title: String) -> Result<String, Refusal> {
    let (atrium, viewer) = asked_by()?;
    Ok(atrium.chat.rename(&viewer, conversation, &title).await?)
}

#[server(prefix = "/_fn", endpoint = "delete", input = Json)]
pub async fn delete(conversation: ConversationId) -> Result<(), Refusal> {
    let (atrium, viewer) = asked_by()?;
    Ok(atrium.chat.delete(&viewer, conversation).await?)
}

#[server(prefix = "/_fn", endpoint = "restore", input = Json)]
pub async fn restore(conversation: ConversationId) -> Result<(), Refusal> {
    let (atrium, viewer) = asked_by()?;
    Ok(atrium.chat.restore(&viewer, conversation).await?)
}

/// What the palette offers for what is typed.
#[server(prefix = "/_fn", endpoint = "find", input = Json)]
pub async fn find(search: String) -> Result<Vec<Entry>, Refusal> {
    let (atrium, viewer) = asked_by()?;
    Ok(crate::pages::palette::find(&atrium, &viewer, &search).await?)
}

/// The models that a provider offers at this moment.
#[server(prefix = "/_fn", endpoint = "models", input = Json)]
pub async fn models(provider: String) -> Result<Vec<String>, Refusal> {
    let (atrium, viewer) = asked_by()?;
    let provider = atrium::catalogue::Provider::parse(&provider)
        .ok_or_else(|| atrium_domain::Error::field("provider", "Choose a provider."))?;
    Ok(atrium.connections.models(&viewer, provider).await?)
}

/// Asks the agent of a form one short question.
#[server(prefix = "/_fn", endpoint = "test_agent", input = Json)]
pub async fn test_agent(form: AgentForm) -> Result<String, Refusal> {
    let (atrium, viewer) = asked_by()?;
    let draft = form.check().map_err(atrium_domain::Error::Invalid)?;
    Ok(atrium_domain::agents::trial::run(&atrium.store, &atrium.ports, &atrium.connections, &viewer, &draft).await?)
}
