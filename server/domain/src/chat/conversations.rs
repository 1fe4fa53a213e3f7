//! The list of conversations: pages, search, renaming, deleting and undoing that.

use super::Chat;
use super::summaries::checked_title;
use crate::error::{Error, Result};
use crate::store::{Scope, args, contains};
use atrium::chat::{ConversationItem, ConversationPage, TITLE_MAX};
use atrium::ids::ConversationId;
use atrium::people::Viewer;
use uuid::Uuid;

/// Conversations in one page of the list.
const PAGE: usize = 40;

#[derive(sqlx::FromRow)]
struct ItemRow {
    id: Uuid,
    title: String,
    updated_at: i64,
}

impl Chat {
    /// One page of the viewer's conversations, newest first. `cursor` is the `next` of the page before, `search` a part
    /// of the title in any case.
    ///
    /// # Errors
    /// When the cursor is not one of ours.
    pub async fn conversations(
        &self,
        viewer: &Viewer,
        cursor: Option<&str>,
        search: Option<&str>,
    ) -> Result<ConversationPage> {
        let (before, before_id) = match cursor.filter(|it| !it.is_empty()) {
            Some(cursor) => parse_cursor(cursor).ok_or_else(|| {
                Error::field("cursor", "This page of the list no longer exists. Start from the beginning.")
            })?,
            None => (i64::MAX, Uuid::max()),
        };
        list(self.store.as_viewer(viewer), before, before_id, search.and_then(atrium::text::filled)).await
    }

    /// Gives a conversation another title.
    ///
    /// # Errors
    /// When the title is empty or too long, or the conversation not the viewer's.
    pub async fn rename(&self, viewer: &Viewer, id: ConversationId, title: &str) -> Result<String> {
        let title = checked_title(title)?;
        let renamed = self
            .store
            .as_viewer(viewer)
            .execute(
                "UPDATE conversations SET title = $3, title_folded = $4, title_by = 'person' WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL",
                args![id, viewer.id, &title, title.to_lowercase()],
            )
            .await?;
        if renamed == 0 { Err(Error::NotFound("conversation")) } else { Ok(title) }
    }

    /// Deletes a conversation; for 30 days [`Chat::restore`] brings it back.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn delete(&self, viewer: &Viewer, id: ConversationId) -> Result<()> {
        let deleted = self
            .store
            .as_viewer(viewer)
            .execute(
                "UPDATE conversations SET deleted_at = $3 WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL",
                args![id, viewer.id, self.ports.now()],
            )
            .await?;
        if deleted == 0 {
            return Err(Error::NotFound("conversation"));
        }
        let running: Vec<(Uuid,)> = self
            .store
            .as_viewer(viewer)
            .all("SELECT id FROM runs WHERE conversation_id = $1 AND status = 'running'", args![id])
            .await?;
        for (run,) in running {
            self.halt(run.into()).await?;
        }
        Ok(())
    }

    /// Undoes [`Chat::delete`].
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's, or gone for good.
    pub async fn restore(&self, viewer: &Viewer, id: ConversationId) -> Result<()> {
        let restored = self
            .store
            .as_viewer(viewer)
            .execute("UPDATE conversations SET deleted_at = NULL WHERE id = $1 AND owner_id = $2", args![id, viewer.id])
            .await?;
        if restored == 0 { Err(Error::NotFound("conversation")) } else { Ok(()) }
    }
}

async fn list(scope: Scope<'_>, before: i64, before_id: Uuid, search: Option<&str>) -> Result<ConversationPage> {
    // No title is that long, and SQLite refuses long patterns.
    if search.is_some_and(|it| it.chars().count() > 2 * TITLE_MAX) {
        return Ok(ConversationPage::default());
    }
    let limit = i64::try_from(PAGE + 1).unwrap_or_default();
    let owner = scope.viewer.id;
    let mut rows: Vec<ItemRow> = match search {
        None => {
            scope
                .all(
                    "SELECT id, title, updated_at FROM conversations
                     WHERE owner_id = $1 AND deleted_at IS NULL AND (updated_at < $2 OR (updated_at = $2 AND id < $3))
                     ORDER BY updated_at DESC, id DESC LIMIT $4",
                    args![owner, before, before_id, limit],
                )
                .await?
        }
        Some(search) => {
            scope
                .all(
                    "SELECT id, title, updated_at FROM conversations
                     WHERE owner_id = $1 AND deleted_at IS NULL AND (updated_at < $2 OR (updated_at = $2 AND id < $3)) AND title_folded LIKE $5 ESCAPE '!'
                     ORDER BY updated_at DESC, id DESC LIMIT $4",
                    args![owner, before, before_id, limit, contains(search)],
                )
                .await?
        }
    };
    let has_more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| has_more).map(|it| format!("{}.{}", it.updated_at, it.id.simple()));
    let items = rows
        .into_iter()
        .map(|it| ConversationItem { id: it.id.into(), title: it.title, updated_at: it.updated_at })
        .collect();
    Ok(ConversationPage { items, next })
}

fn parse_cursor(cursor: &str) -> Option<(i64, Uuid)> {
    let (at, id) = cursor.split_once('.')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}
