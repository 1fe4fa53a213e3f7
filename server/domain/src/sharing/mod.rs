//! Links by which anybody may read a conversation: as it was when the link was made, until it is revoked.
//!
//! The link is the capability. Only its digest is stored, so that a copy of the database opens nothing. Later messages are
//! not in it, nor what was added to an answer that was gone on with; deleted ones no longer; and neither are names, files,
//! reasoning or what was looked up.

#[cfg(test)]
mod tests;

use crate::accounts::impersonation::must_be_themselves;
use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result};
use crate::markdown;
use crate::ports::Ports;
use crate::seal::{digest, hex};
use crate::settings::Settings;
use crate::store::{Store, args};
use atrium::chat::Author;
use atrium::ids::{ConversationId, ShareId};
use atrium::paging::PageRequest;
use atrium::people::Viewer;
use atrium::sharing::{Share, Shared, SharedMessage};
use std::collections::HashMap;
use uuid::Uuid;

/// Links to one conversation.
const MAX: i64 = 20;
/// Links of one person that are listed.
const LISTED: i64 = 500;

/// Links to conversations. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sharing {
    store: Store,
    ports: Ports,
    settings: Settings,
}

#[derive(sqlx::FromRow)]
struct ShareRow {
    id: Uuid,
    conversation_id: Uuid,
    title: String,
    created_at: i64,
}

impl From<ShareRow> for Share {
    fn from(it: ShareRow) -> Self {
        Self { id: it.id.into(), conversation: it.conversation_id.into(), title: it.title, created_at: it.created_at }
    }
}

#[derive(sqlx::FromRow)]
struct Opened {
    id: Uuid,
    conversation_id: Uuid,
    upto_id: Uuid,
    title: String,
    created_at: i64,
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    id: Uuid,
    author: String,
    content: String,
    /// How many of its bytes are shown, where it was gone on with afterwards.
    shown: Option<i64>,
    /// Messages of all pages.
    count: i64,
}

impl Sharing {
    pub(crate) fn new(store: Store, ports: Ports, settings: Settings) -> Self {
        Self { store, ports, settings }
    }

    /// Whether an administrator lets people share.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.settings.flag("sharing")
    }

    /// Makes a link to what a conversation shows now, and answers with it, this once.
    ///
    /// # Errors
    /// When it is not the viewer's, empty, or sharing is forbidden.
    pub async fn share(&self, actor: Actor<'_>, id: ConversationId) -> Result<(Share, String)> {
        let viewer = actor.viewer;
        must_be_themselves(viewer)?;
        let scope = self.store.as_viewer(viewer);
        let mut tx = scope.begin().await?;
        let found: Option<(String, Option<Uuid>, i64)> = tx
            .optional(
                "SELECT c.title, c.head_id, (SELECT COUNT(*) FROM messages m WHERE m.conversation_id = c.id AND m.status = 'streaming')
                 FROM conversations c WHERE c.id = $1 AND c.owner_id = $2 AND c.deleted_at IS NULL",
                args![id, viewer.id],
            )
            .await?;
        let (title, head, under_way) = found.ok_or(Error::NotFound("conversation"))?;
        if !self.is_allowed() {
            return Err(Error::Forbidden(
                "Sharing by link is switched off on this server. Export the conversation instead.",
            ));
        }
        let refused = |message: String| Error::Conflict { code: "cannot_share", message };
        let upto =
            head.ok_or_else(|| refused("There is nothing in it yet. Share it when something was said.".to_owned()))?;
        // An earlier one may be, too, that somebody goes on with.
        if under_way > 0 {
            return Err(refused("The answer is still being written. Share it when it is there.".to_owned()));
        }
        let token = hex(&self.ports.secret());
        let share = Share { id: self.ports.id(), conversation: id, title, created_at: self.ports.now() };
        let (made,): (i64,) = tx.one("SELECT COUNT(*) FROM shares WHERE conversation_id = $1", args![id]).await?;
        if made >= MAX {
            return Err(refused(format!("There are {made} links to it already. Revoke one that is not needed.")));
        }
        tx.execute(
            "INSERT INTO shares (id, organisation_id, conversation_id, owner_id, upto_id, token_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            args![share.id, viewer.organisation, id, viewer.id, upto, digest(&token), share.created_at],
        )
        .await?;
        let deed = Self::deed(viewer, "conversation.share", id);
        audit::note(&mut tx, &self.ports, actor, deed, None::<()>, Some(share.id)).await?;
        tx.commit().await?;
        Ok((share, token))
    }

    /// Ends a link at once.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn revoke(&self, actor: Actor<'_>, id: ShareId) -> Result<()> {
        let mut tx = self.store.as_viewer(actor.viewer).begin().await?;
        let gone: Option<(Uuid,)> = tx
            .optional(
                "DELETE FROM shares WHERE id = $1 AND owner_id = $2 RETURNING conversation_id",
                args![id, actor.viewer.id],
            )
            .await?;
        let (conversation,) = gone.ok_or(Error::NotFound("link"))?;
        let deed = Self::deed(actor.viewer, "conversation.unshare", conversation.into());
        audit::note(&mut tx, &self.ports, actor, deed, Some(id), None::<()>).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A conversation's title is made of what somebody wrote: the audit log names its owner.
    fn deed<'a>(viewer: &'a Viewer, action: &'static str, id: ConversationId) -> Deed<'a> {
        Deed { organisation: viewer.organisation, action, kind: "conversation", id: id.0, name: &viewer.email }
    }

    /// The viewer's links, newest first; those to one conversation, if one is named.
    ///
    /// # Errors
    /// [`Error::NotFound`] when that conversation is not the viewer's.
    pub async fn list(&self, viewer: &Viewer, conversation: Option<ConversationId>) -> Result<Vec<Share>> {
        let scope = self.store.as_viewer(viewer);
        if let Some(id) = conversation {
            let found: Option<(Uuid,)> = scope
                .optional(
                    "SELECT id FROM conversations WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL",
                    args![id, viewer.id],
                )
                .await?;
            found.ok_or(Error::NotFound("conversation"))?;
        }
        let rows: Vec<ShareRow> = scope
            .all(
                "SELECT s.id, s.conversation_id, c.title, s.created_at FROM shares s JOIN conversations c ON c.id = s.conversation_id
                 WHERE s.owner_id = $1 AND c.deleted_at IS NULL AND s.conversation_id = COALESCE($2, s.conversation_id)
                 ORDER BY s.created_at DESC, s.id DESC LIMIT $3",
                args![viewer.id, conversation, LISTED],
            )
            .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// A page of what a link opens, for whoever has it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such link, or no longer.
    pub async fn open(&self, token: &str, page: PageRequest) -> Result<Shared> {
        let gone = || Error::NotFound("shared conversation");
        if !self.is_allowed() {
            return Err(gone());
        }
        let system = self.store.as_system("whoever has the link may read what it opens");
        let opened: Option<Opened> = system
            .optional(
                "SELECT s.id, s.conversation_id, s.upto_id, c.title, s.created_at
                 FROM shares s JOIN conversations c ON c.id = s.conversation_id JOIN users u ON u.id = s.owner_id
                 WHERE s.token_hash = $1 AND c.deleted_at IS NULL AND u.is_active",
                args![digest(token)],
            )
            .await?;
        let opened = opened.ok_or_else(gone)?;
        let rows: Vec<MessageRow> = system
            .all(
                "WITH RECURSIVE branch (id, parent_id) AS (
                    SELECT id, parent_id FROM messages WHERE conversation_id = $1 AND id = $2
                    UNION ALL
                    SELECT m.id, m.parent_id FROM messages m JOIN branch b ON m.id = b.parent_id AND m.conversation_id = $1
                 )
                 SELECT m.id, m.author, m.content, k.shown, COUNT(*) OVER () AS count
                 FROM branch b JOIN messages m ON m.id = b.id LEFT JOIN share_cuts k ON k.message_id = m.id AND k.share_id = $5
                 WHERE m.deleted_at IS NULL AND (m.status <> 'streaming' OR k.shown IS NOT NULL) ORDER BY m.depth LIMIT $3 OFFSET $4",
                args![opened.conversation_id, opened.upto_id, page.limit(), page.offset(), opened.id],
            )
            .await?;
        let count = rows.first().map_or(0, |it| it.count);
        let names: Vec<(Uuid, String)> = system
            .all(
                "SELECT s.message_id, a.name FROM message_attachments s JOIN attachments a ON a.id = s.attachment_id
                 WHERE s.conversation_id = $1 ORDER BY s.message_id, s.position",
                args![opened.conversation_id],
            )
            .await?;
        let mut files: HashMap<Uuid, Vec<String>> = HashMap::new();
        for (message, name) in names {
            files.entry(message).or_default().push(name);
        }
        let messages = rows.into_iter().map(|row| {
            let files = files.remove(&row.id).unwrap_or_default();
            message(row, files)
        });
        let messages = messages.collect();
        Ok(Shared { title: opened.title, created_at: opened.created_at, count, messages })
    }
}

fn message(row: MessageRow, files: Vec<String>) -> SharedMessage {
    if row.author == "user" {
        return SharedMessage { author: Author::User, text: row.content, blocks: Vec::new(), files };
    }
    let shown = row.shown.and_then(|it| usize::try_from(it).ok()).unwrap_or(row.content.len());
    let mut stream = markdown::Stream::new();
    stream.push(&row.content[..row.content.floor_char_boundary(shown)]);
    SharedMessage { author: Author::Assistant, text: String::new(), blocks: stream.finish().blocks, files }
}
