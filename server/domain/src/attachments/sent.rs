//! Files and the messages that they go with.

use super::Row;
use crate::error::{Error, Result};
use crate::store::{Scope, Tx, args};
use atrium::attachments::{ATTACHMENTS_MAX, Attachment};
use atrium::ids::{AttachmentId, ConversationId, MessageId};
use std::collections::HashMap;
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct SentRow {
    message_id: Uuid,
    #[sqlx(flatten)]
    row: Row,
}

/// Those of the viewer's own, to go with a message.
pub(crate) async fn own(scope: Scope<'_>, ids: &[AttachmentId]) -> Result<Vec<Attachment>> {
    if ids.len() > ATTACHMENTS_MAX {
        return Err(Error::field(
            "attachments",
            format!("At most {ATTACHMENTS_MAX} files go with a message. Send the others with the next one."),
        ));
    }
    let mut all: Vec<Attachment> = Vec::with_capacity(ids.len());
    for id in ids {
        if all.iter().any(|it| it.id == *id) {
            continue;
        }
        let row: Option<Row> = scope
            .optional(
                "SELECT id, name, kind, media_type, size, body_kept, body_size, created_at FROM attachments WHERE id = $1 AND owner_id = $2",
                args![*id, scope.viewer.id],
            )
            .await?;
        let gone = || Error::field("attachments", "One of the files is no longer there. Attach it again.");
        all.push(row.ok_or_else(gone)?.into());
    }
    Ok(all)
}

/// Those that go with one message.
pub(crate) async fn of_message(
    scope: Scope<'_>,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Vec<Attachment>> {
    let rows: Vec<Row> = scope
        .all(
            "SELECT a.id, a.name, a.kind, a.media_type, a.size, a.body_kept, a.body_size, a.created_at
             FROM message_attachments s JOIN attachments a ON a.id = s.attachment_id WHERE s.message_id = $1 AND s.conversation_id = $2 ORDER BY s.position",
            args![message, conversation],
        )
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Those of all messages of a conversation, in order.
pub(crate) async fn of_conversation(
    scope: Scope<'_>,
    conversation: ConversationId,
) -> Result<Vec<(MessageId, Attachment)>> {
    let rows: Vec<SentRow> = scope
        .all(
            "SELECT s.message_id, a.id, a.name, a.kind, a.media_type, a.size, a.body_kept, a.body_size, a.created_at
             FROM message_attachments s JOIN attachments a ON a.id = s.attachment_id WHERE s.conversation_id = $1 ORDER BY s.message_id, s.position",
            args![conversation],
        )
        .await?;
    Ok(rows.into_iter().map(|it| (it.message_id.into(), it.row.into())).collect())
}

/// The same, by message.
pub(crate) async fn by_message(
    scope: Scope<'_>,
    conversation: ConversationId,
) -> Result<HashMap<MessageId, Vec<Attachment>>> {
    let mut all: HashMap<MessageId, Vec<Attachment>> = HashMap::new();
    for (message, it) in of_conversation(scope, conversation).await? {
        all.entry(message).or_default().push(it);
    }
    Ok(all)
}

/// Has files go with a message.
pub(crate) async fn put(
    tx: &mut Tx,
    conversation: ConversationId,
    message: MessageId,
    files: &[Attachment],
) -> Result<()> {
    for (position, file) in (0_i64..).zip(files) {
        tx.execute(
            "INSERT INTO message_attachments (conversation_id, message_id, position, attachment_id) VALUES ($1, $2, $3, $4)",
            args![conversation, message, position, file.id],
        )
        .await?;
    }
    Ok(())
}
