//! Files that come with messages: what is text is read when it arrives, pictures are looked at for what they are.
//!
//! A file is brought first and goes with a message later ([`sent`]); one that goes with none within a day is dropped, and
//! so is one whose messages are gone. [`prompt`] says what a model gets of it.

mod picture;
pub(crate) mod prompt;
pub(crate) mod sent;
#[cfg(test)]
mod tests;

use crate::error::{Error, Result};
use crate::knowledge::files::{Arrived, Incoming};
use crate::knowledge::reader::Unread;
use crate::knowledge::{Knowledge, file_name};
use crate::ports::{DAY, Ports};
use crate::store::{Scope, Store, args};
use atrium::attachments::{ATTACHMENT_MAX, Attachment};
use atrium::ids::{AttachmentId, ConversationId};
use atrium::knowledge::size;
use atrium::people::Viewer;
use std::sync::Arc;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Bytes of text that are kept of a file: more than fits into most models' windows.
const BODY_MAX: usize = 1 << 20;
/// Files that somebody may have brought and not sent.
const WAITING_MAX: i64 = 100;
/// Files that are read at the same time, a process each.
const READERS: usize = 2;
/// Files that are dropped at a time.
const BATCH: i64 = 500;

/// A file's bytes, as they come.
pub type Bytes = futures::stream::BoxStream<'static, std::io::Result<bytes::Bytes>>;

/// Files of messages. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Attachments {
    store: Store,
    ports: Ports,
    knowledge: Knowledge,
    turn: Arc<Semaphore>,
}

/// What is known of a file's content.
struct Content {
    kind: String,
    media_type: String,
    body: String,
    body_size: i64,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    kind: String,
    media_type: String,
    size: i64,
    body_kept: i64,
    body_size: i64,
    created_at: i64,
}

impl From<Row> for Attachment {
    fn from(it: Row) -> Self {
        let note = (it.body_kept < it.body_size)
            .then(|| format!("Only the first {} of its {} of text are read.", size(it.body_kept), size(it.body_size)));
        Self {
            id: it.id.into(),
            name: it.name,
            kind: it.kind,
            media_type: it.media_type,
            size: it.size,
            note,
            created_at: it.created_at,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Unused {
    id: Uuid,
    organisation_id: Uuid,
    hash: String,
}

impl Attachments {
    pub(crate) fn new(store: Store, ports: Ports, knowledge: Knowledge) -> Self {
        Self { store, ports, knowledge, turn: Arc::new(Semaphore::new(READERS)) }
    }

    /// A file that is to arrive.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn receive(&self) -> Result<Incoming> {
        self.knowledge.files().receive().await
    }

    /// Takes a file that has arrived: it waits for the message that it goes with. `media_type` is what was said about it.
    ///
    /// # Errors
    /// With what to change: when it is too large, cannot be read, or too many are waiting.
    pub async fn bring(
        &self,
        viewer: &Viewer,
        arrived: &Arrived,
        name: &str,
        media_type: Option<&str>,
    ) -> Result<Attachment> {
        let name = file_name(name)?;
        if arrived.size > i64::try_from(ATTACHMENT_MAX).unwrap_or(i64::MAX) {
            return Err(refused(format!(
                "{name} has more than {} MB. Put it into a knowledge base, or bring the part that matters.",
                ATTACHMENT_MAX >> 20
            )));
        }
        let scope = self.store.as_viewer(viewer);
        let (waiting,): (i64,) = scope
            .one(
                "SELECT COUNT(*) FROM attachments a WHERE a.owner_id = $1
                    AND NOT EXISTS (SELECT 1 FROM message_attachments s WHERE s.attachment_id = a.id)",
                args![viewer.id],
            )
            .await?;
        if waiting >= WAITING_MAX {
            return Err(Error::Conflict {
                code: "attachments_waiting",
                message: format!(
                    "You have {waiting} files that went with no message. Send or remove some; after a day they go by themselves."
                ),
            });
        }
        let content = self.look_into(arrived, &name, media_type).await?;
        let body_kept = i64::try_from(content.body.len()).unwrap_or(i64::MAX);
        let id: AttachmentId = self.ports.id();
        let keeping = self.knowledge.keeping().await;
        self.knowledge.files().keep(viewer.organisation, arrived).await?;
        scope
            .execute(
                "INSERT INTO attachments (id, organisation_id, owner_id, name, kind, media_type, hash, size, body, body_kept, body_size, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                args![
                    id,
                    viewer.organisation,
                    viewer.id,
                    &name,
                    &content.kind,
                    &content.media_type,
                    &arrived.hash,
                    arrived.size,
                    content.body,
                    body_kept,
                    content.body_size,
                    self.ports.now()
                ],
            )
            .await?;
        drop(keeping);
        self.get(viewer, id).await
    }

    async fn look_into(&self, arrived: &Arrived, name: &str, media_type: Option<&str>) -> Result<Content> {
        let path = arrived.path().to_owned();
        let looked = tokio::task::spawn_blocking(move || picture::media_type(&path)).await;
        let looked = looked.map_err(|error| Error::Internal(format!("a picture: {error}")))?;
        if let Some(media_type) = looked.map_err(|told| refused(format!("{name} {told}")))? {
            let kind = Attachment::PICTURE.to_owned();
            return Ok(Content { kind, media_type: media_type.to_owned(), body: String::new(), body_size: 0 });
        }
        let _turn = self.turn.acquire().await.map_err(|error| Error::Internal(format!("readers: {error}")))?;
        let read = match self.knowledge.reader().read(arrived.path(), name, media_type).await {
            Ok(read) => read,
            Err(Unread::Refused(told)) => return Err(refused(format!("{name} cannot be read. {told}"))),
            Err(Unread::Interrupted) => {
                return Err(refused(format!("The server was stopping while it read {name}. Attach it once more.")));
            }
            Err(Unread::Failed(told)) => {
                tracing::warn!("an attachment was not read: {told}");
                return Err(refused(format!("{name} could not be read. Try again, or save it in another format.")));
            }
        };
        if read.text.trim().is_empty() {
            return Err(refused(format!(
                "There is no text in {name}; perhaps it is a scan. Attach its pages as pictures, for a model that sees."
            )));
        }
        let mut body = read.text;
        let body_size = i64::try_from(body.len()).unwrap_or(i64::MAX);
        body.truncate(body.floor_char_boundary(BODY_MAX));
        Ok(Content { kind: read.kind, media_type: read.media_type, body, body_size })
    }

    /// One of the viewer's, as long as a conversation of theirs has it or it waits for one.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn get(&self, viewer: &Viewer, id: AttachmentId) -> Result<Attachment> {
        let row: Option<Row> = self
            .store
            .as_viewer(viewer)
            .optional(
                "SELECT a.id, a.name, a.kind, a.media_type, a.size, a.body_kept, a.body_size, a.created_at FROM attachments a
                 WHERE a.id = $1 AND a.owner_id = $2 AND (
                    NOT EXISTS (SELECT 1 FROM message_attachments s WHERE s.attachment_id = a.id)
                    OR EXISTS (SELECT 1 FROM message_attachments s JOIN messages m ON m.id = s.message_id JOIN conversations c ON c.id = m.conversation_id
                        WHERE s.attachment_id = a.id AND m.deleted_at IS NULL AND c.deleted_at IS NULL))",
                args![id, viewer.id],
            )
            .await?;
        Ok(row.ok_or(Error::NotFound("attachment"))?.into())
    }

    /// The same, and the file as it was brought.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn file(&self, viewer: &Viewer, id: AttachmentId) -> Result<(Attachment, Bytes)> {
        let found = self.get(viewer, id).await?;
        let bytes = self.open(self.store.as_viewer(viewer), id).await?;
        Ok((found, bytes))
    }

    /// A file of a message in somebody else's conversation, for whoever has opened that: see
    /// [`Chat::inspect`](crate::chat::Chat::inspect).
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is with none of the messages there.
    pub(crate) async fn file_in(
        &self,
        scope: Scope<'_>,
        conversation: ConversationId,
        id: AttachmentId,
    ) -> Result<(Attachment, Bytes)> {
        let all = sent::of_conversation(scope, conversation).await?;
        let found = all.into_iter().map(|it| it.1).find(|it| it.id == id).ok_or(Error::NotFound("attachment"))?;
        Ok((found, self.open(scope, id).await?))
    }

    async fn open(&self, scope: Scope<'_>, id: AttachmentId) -> Result<Bytes> {
        let (hash, organisation): (String, Uuid) =
            scope.one("SELECT hash, organisation_id FROM attachments WHERE id = $1", args![id]).await?;
        Ok(Box::pin(self.knowledge.files().open(organisation.into(), &hash).await?))
    }

    /// Takes back a file that was not sent.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none; a conflict when a message has it.
    pub async fn withdraw(&self, viewer: &Viewer, id: AttachmentId) -> Result<()> {
        self.get(viewer, id).await?;
        let unused: Option<Unused> = self
            .store
            .as_viewer(viewer)
            .optional(
                "SELECT a.id, a.organisation_id, a.hash FROM attachments a WHERE a.id = $1
                    AND NOT EXISTS (SELECT 1 FROM message_attachments s WHERE s.attachment_id = a.id)",
                args![id],
            )
            .await?;
        match unused {
            Some(unused) => self.drop_file(unused).await,
            None => Err(Error::Conflict {
                code: "attachment_sent",
                message: "A message has it. It goes when the message is deleted.".to_owned(),
            }),
        }
    }

    /// Drops what no message has any more, or never had for a day.
    ///
    /// # Errors
    /// When the database or the store of files does not answer.
    pub async fn sweep(&self) -> Result<()> {
        let system = self.store.as_system("files that no message has belong to nobody");
        loop {
            let unused: Vec<Unused> = system
                .all(
                    "SELECT a.id, a.organisation_id, a.hash FROM attachments a WHERE a.created_at < $1
                        AND NOT EXISTS (SELECT 1 FROM message_attachments s WHERE s.attachment_id = a.id) ORDER BY a.created_at LIMIT $2",
                    args![self.ports.now() - DAY, BATCH],
                )
                .await?;
            let is_last = unused.len() < usize::try_from(BATCH).unwrap_or_default();
            for it in unused {
                self.drop_file(it).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn drop_file(&self, it: Unused) -> Result<()> {
        let _keeping = self.knowledge.keeping().await;
        let system = self.store.as_system("files that no message has belong to nobody");
        system
            .execute(
                "DELETE FROM attachments WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM message_attachments s WHERE s.attachment_id = $1)",
                args![it.id],
            )
            .await?;
        self.knowledge.remove_unused(it.organisation_id.into(), vec![it.hash]).await
    }
}

fn refused(message: String) -> Error {
    Error::field("file", message)
}
