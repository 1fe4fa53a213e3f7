//! What a workflow is told of whoever asks it: to other providers nothing is said.

use crate::error::Result;
use crate::providers::Adapter;
use crate::providers::n8n::Introduction;
use crate::store::{Scope, args};
use atrium::ids::{AgentId, ConversationId};
use serde_json::json;

/// The adapter for a question of the viewer's to their agent of that id, in a conversation or alone.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn introduce(
    adapter: Adapter,
    scope: Scope<'_>,
    agent: (AgentId, &str),
    conversation: Option<ConversationId>,
) -> Result<Adapter> {
    let Adapter::N8n(workflows) = adapter else { return Ok(adapter) };
    let (id, name) = agent;
    // Whoever rules the server may say where it calls: they could as well configure it.
    let owner: Option<(bool,)> = scope
        .optional("SELECT u.is_superuser FROM agents a JOIN users u ON u.id = a.owner_id WHERE a.id = $1", args![id])
        .await?;
    let session = match conversation {
        Some(conversation) => {
            let key: Option<(String,)> = scope
                .optional("SELECT session_key FROM session_keys WHERE conversation_id = $1", args![conversation])
                .await?;
            Some(key.map_or_else(|| conversation.to_string(), |it| it.0))
        }
        None => None,
    };
    let viewer = scope.viewer;
    Ok(Adapter::N8n(workflows.introduced(Introduction {
        session,
        user: json!({ "id": viewer.id, "email": viewer.email, "name": viewer.name }),
        agent: json!({ "id": id, "name": name }),
        may_stay_inside: owner.is_some_and(|it| it.0),
    })))
}

/// The same for an agent that is not saved yet.
pub(crate) fn introduce_draft(adapter: Adapter, scope: Scope<'_>, name: &str) -> Adapter {
    let Adapter::N8n(workflows) = adapter else { return adapter };
    let viewer = scope.viewer;
    Adapter::N8n(workflows.introduced(Introduction {
        session: None,
        user: json!({ "id": viewer.id, "email": viewer.email, "name": viewer.name }),
        agent: json!({ "id": null, "name": name }),
        may_stay_inside: viewer.is_superuser,
    }))
}
