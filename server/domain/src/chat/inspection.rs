//! What administrators see of other people's conversations: who talks to which agent, when and how much. A title is made
//! of the first words that somebody wrote, so it is content like the messages are. Content is read only after giving a
//! reason; the line of the audit log that keeps the reason is what opens it.

use super::Chat;
use super::messages::{Form, parent_of};
use crate::attachments::{Attachments, Bytes};
use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result};
use crate::ports::{Micros, SECOND};
use crate::store::{List, args, contains, list};
use atrium::attachments::Attachment;
use atrium::chat::{ConversationSettings, Thread};
use atrium::ids::{AttachmentId, ConversationId, MessageId, OrganisationId};
use atrium::paging::{Page, PageRequest, Sort};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use serde::Serialize;
use uuid::Uuid;

/// How long a reason opens a conversation.
const OPEN: Micros = 3600 * SECOND;
/// A reason, in characters.
const REASON: std::ops::RangeInclusive<usize> = 10..=500;
/// Messages that are shown at once.
const PAGE: i64 = 40;

/// A conversation from outside.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Inspected {
    /// Which.
    pub id: Uuid,
    /// In which tenant.
    pub organisation_id: Uuid,
    /// The owner's name.
    pub owner: String,
    /// The owner's address.
    pub owner_email: String,
    /// Who answers.
    pub agent: Option<String>,
    /// The project that it belongs to.
    pub project: Option<String>,
    /// Messages on the visible branch.
    pub messages: i64,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970.
    pub updated_at: i64,
}

/// Which conversations, and in which order.
#[derive(Debug, Clone, Copy, Default)]
pub struct InspectionFilter<'a> {
    /// A part of the name of owner, agent or project, or of the owner's address. Never of what was written.
    pub search: Option<&'a str>,
    /// Only those of one organisation.
    pub organisation: Option<OrganisationId>,
    /// Only this one.
    pub id: Option<ConversationId>,
    /// One of [`INSPECTION_COLUMNS`].
    pub sort: Option<Sort>,
}

/// What conversations can be sorted by.
pub const INSPECTION_COLUMNS: &[&str] = &["owner", "agent", "messages", "begun", "changed"];

const CONVERSATIONS: List = list! {
    select: "c.id, c.organisation_id, u.name AS owner, u.email AS owner_email, a.name AS agent, p.name AS project,
        COALESCE(m.depth + 1, 0) AS messages, c.created_at, c.updated_at",
    from: "conversations c JOIN users u ON u.id = c.owner_id LEFT JOIN agents a ON a.id = c.agent_id LEFT JOIN projects p ON p.id = c.project_id
        LEFT JOIN messages m ON m.conversation_id = c.id AND m.id = c.head_id
        WHERE c.deleted_at IS NULL AND c.organisation_id = COALESCE($1, c.organisation_id) AND c.organisation_id = COALESCE($2, c.organisation_id)
        AND LOWER(u.name || ' ' || u.email || ' ' || COALESCE(a.name, '') || ' ' || COALESCE(p.name, '')) LIKE $3 ESCAPE '!'
        AND c.id = COALESCE($4, c.id)",
    order: "c.updated_at DESC, c.id DESC",
    limit: "LIMIT $5 OFFSET $6",
    by: {
        "owner" => "LOWER(u.name)",
        "agent" => "LOWER(COALESCE(a.name, ''))",
        "messages" => "COALESCE(m.depth + 1, 0)",
        "begun" => "c.created_at",
        "changed" => "c.updated_at",
    },
};

impl Chat {
    /// Everybody's conversations in the viewer's organisation, for superusers in all: the newest first unless `filter` says
    /// otherwise.
    ///
    /// # Errors
    /// When the viewer does not administer them.
    pub async fn inspections(
        &self,
        viewer: &Viewer,
        page: PageRequest,
        filter: InspectionFilter<'_>,
    ) -> Result<Page<Inspected>> {
        if !viewer.may(Permission::InspectConversations) {
            return Err(Error::Forbidden("Only administrators see other people's conversations."));
        }
        let args = args![
            (!viewer.is_superuser).then_some(viewer.organisation),
            filter.organisation,
            contains(filter.search.unwrap_or_default()),
            filter.id,
        ];
        Ok(self.store.as_viewer(viewer).page(&CONVERSATIONS, args, filter.sort, page).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the viewer does not administer it.
    pub async fn inspection(&self, viewer: &Viewer, id: ConversationId) -> Result<Inspected> {
        let filter = InspectionFilter { id: Some(id), ..InspectionFilter::default() };
        let found = self.inspections(viewer, PageRequest::default(), filter).await?;
        found.items.into_iter().next().ok_or(Error::NotFound("conversation"))
    }

    /// Opens a conversation for an hour, for the reason given. Answers with the line of the audit log that says so, which
    /// [`Chat::inspected`] asks for.
    ///
    /// # Errors
    /// When the reason says nothing, or the viewer does not administer the conversation.
    pub async fn inspect(&self, actor: Actor<'_>, id: ConversationId, reason: &str) -> Result<Uuid> {
        #[derive(Serialize)]
        struct Why<'a> {
            reason: &'a str,
        }
        let conversation = self.inspection(actor.viewer, id).await?;
        let reason = atrium::text::line(reason);
        if !REASON.contains(&reason.chars().count()) {
            let message = format!(
                "Say in {} to {} characters why you must read it. Its owner's organisation can look it up.",
                REASON.start(),
                REASON.end()
            );
            return Err(Error::field("reason", message));
        }
        let deed = Deed {
            organisation: conversation.organisation_id.into(),
            action: "conversation.read",
            kind: "conversation",
            id: id.0,
            name: &conversation.owner_email,
        };
        let mut tx = self.store.as_viewer(actor.viewer).begin().await?;
        let look = audit::note(&mut tx, &self.ports, actor, deed, None::<()>, Some(Why { reason: &reason })).await?;
        tx.commit().await?;
        Ok(look)
    }

    /// What was said, to whoever gave a reason within the hour: the newest messages, or those before `older_than`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when `look` does not open this conversation for this viewer.
    pub async fn inspected(
        &self,
        viewer: &Viewer,
        id: ConversationId,
        look: Uuid,
        older_than: Option<MessageId>,
        form: Form,
    ) -> Result<Thread> {
        let scope = self.store.as_viewer(viewer);
        let (title, head) = self.opened(viewer, id, look).await?;
        let from = match older_than {
            Some(message) => parent_of(scope, id, message).await?,
            None => head,
        };
        let messages = self.branch(scope, id, from, PAGE, form).await?;
        let has_older = messages.first().is_some_and(|it| it.parent_id.is_some());
        let settings = ConversationSettings::default();
        Ok(Thread { id, title, agent_id: None, settings, messages, has_older, is_favourite: false })
    }

    /// A conversation's title and newest message, to whoever gave a reason within the hour.
    async fn opened(&self, viewer: &Viewer, id: ConversationId, look: Uuid) -> Result<(String, Option<Uuid>)> {
        self.inspection(viewer, id).await?;
        let row: Option<(String, Option<Uuid>)> = self
            .store
            .as_viewer(viewer)
            .optional(
                "SELECT c.title, c.head_id FROM conversations c JOIN audit_log l ON l.subject_id = c.id
                 WHERE c.id = $1 AND l.id = $2 AND l.action = 'conversation.read' AND l.actor_id = $3 AND l.created_at > $4",
                args![
                    id,
                    look,
                    viewer.impersonator.as_ref().map_or(viewer.id, |it| it.id),
                    self.ports.now() - OPEN
                ],
            )
            .await?;
        row.ok_or(Error::NotFound("permission to read this conversation"))
    }

    /// A file that came with a message there, to whoever gave a reason within the hour.
    ///
    /// # Errors
    /// [`Error::NotFound`] when `look` does not open this conversation for this viewer, or it has no such file.
    pub async fn inspected_file(
        &self,
        attachments: &Attachments,
        viewer: &Viewer,
        id: ConversationId,
        look: Uuid,
        file: AttachmentId,
    ) -> Result<(Attachment, Bytes)> {
        self.opened(viewer, id, look).await?;
        attachments.file_in(self.store.as_viewer(viewer), id, file).await
    }
}
