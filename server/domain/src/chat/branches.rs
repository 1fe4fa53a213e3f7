//! Moving about in the tree of messages: other alternatives, deleting one, undoing that.

use super::Chat;
use super::messages::conversation;
use crate::error::{Error, Result};
use crate::store::{Tx, args};
use atrium::ids::{ConversationId, MessageId};
use atrium::people::Viewer;
use uuid::Uuid;

impl Chat {
    /// Shows the branch that goes through `message`, down to its newest end.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn select_branch(&self, viewer: &Viewer, id: ConversationId, message: MessageId) -> Result<()> {
        let scope = self.store.as_viewer(viewer);
        conversation(scope, id).await?;
        let mut tx = scope.begin().await?;
        let end = newest_below(&mut tx, id, message.0).await?.ok_or(Error::NotFound("message"))?;
        set_head(&mut tx, id, Some(end)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Deletes a message and with it what follows; an alternative, else what came before, is shown instead.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn delete_message(&self, viewer: &Viewer, id: ConversationId, message: MessageId) -> Result<()> {
        let scope = self.store.as_viewer(viewer);
        conversation(scope, id).await?;
        let mut tx = scope.begin().await?;
        let row: Option<(Option<Uuid>,)> = tx
            .optional(
                "SELECT parent_id FROM messages WHERE conversation_id = $1 AND id = $2 AND deleted_at IS NULL",
                args![id, message],
            )
            .await?;
        let (parent,) = row.ok_or(Error::NotFound("message"))?;
        tx.execute(
            "UPDATE messages SET deleted_at = $3 WHERE conversation_id = $1 AND id = $2",
            args![id, message, self.ports.now()],
        )
        .await?;
        let writing: Vec<(Uuid,)> = tx
            .all(
                "WITH RECURSIVE below (id) AS (
                    SELECT id FROM messages WHERE conversation_id = $1 AND id = $2
                    UNION ALL
                    SELECT m.id FROM messages m JOIN below b ON m.conversation_id = $1 AND m.parent_id = b.id
                 )
                 SELECT r.id FROM runs r JOIN below b ON b.id = r.message_id WHERE r.status = 'running'",
                args![id, message],
            )
            .await?;
        let alternative: Option<(Uuid,)> = tx
            .optional(
                "SELECT id FROM messages WHERE conversation_id = $1 AND deleted_at IS NULL AND (parent_id = $2 OR ($2 IS NULL AND parent_id IS NULL)) ORDER BY created_at DESC, id DESC LIMIT 1",
                args![id, parent],
            )
            .await?;
        let head = match alternative {
            Some((sibling,)) => newest_below(&mut tx, id, sibling).await?,
            None => parent,
        };
        set_head(&mut tx, id, head).await?;
        tx.commit().await?;
        for (run,) in writing {
            self.halt(run.into()).await?;
        }
        Ok(())
    }

    /// Undoes [`Chat::delete_message`].
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's, or gone for good.
    pub async fn restore_message(&self, viewer: &Viewer, id: ConversationId, message: MessageId) -> Result<()> {
        let scope = self.store.as_viewer(viewer);
        conversation(scope, id).await?;
        let mut tx = scope.begin().await?;
        tx.execute("UPDATE messages SET deleted_at = NULL WHERE conversation_id = $1 AND id = $2", args![id, message])
            .await?;
        let head = newest_below(&mut tx, id, message.0).await?.ok_or(Error::NotFound("message"))?;
        set_head(&mut tx, id, Some(head)).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The newest message of the subtree of `top`. Children are newer than their parents, so it has none.
async fn newest_below(tx: &mut Tx, id: ConversationId, top: Uuid) -> Result<Option<Uuid>> {
    let row: Option<(Uuid,)> = tx
        .optional(
            "WITH RECURSIVE below (id, created_at) AS (
                SELECT id, created_at FROM messages WHERE conversation_id = $1 AND id = $2 AND deleted_at IS NULL
                UNION ALL
                SELECT m.id, m.created_at FROM messages m JOIN below b ON m.conversation_id = $1 AND m.parent_id = b.id WHERE m.deleted_at IS NULL
             )
             SELECT id FROM below ORDER BY created_at DESC, id DESC LIMIT 1",
            args![id, top],
        )
        .await?;
    Ok(row.map(|it| it.0))
}

pub(super) async fn set_head(tx: &mut Tx, id: ConversationId, head: Option<Uuid>) -> Result<()> {
    tx.execute("UPDATE conversations SET head_id = $2 WHERE id = $1", args![id, head]).await?;
    Ok(())
}
