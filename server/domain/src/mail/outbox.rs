//! The outbox as administrators see it: their organisation's, all of it for superusers.

use super::{Kind, Outbox, State};
use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result};
use crate::ports::DAY;
use crate::store::{args, contains};
use atrium::ids::{MailId, OrganisationId};
use atrium::paging::{Page, PageRequest};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use serde_json::json;
use uuid::Uuid;

/// A message, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Which.
    pub id: MailId,
    /// Whose administrators see it.
    pub organisation: OrganisationId,
    /// What it is for.
    pub kind: Kind,
    /// To whom.
    pub to: String,
    /// What it says it is about.
    pub subject: String,
    /// What became of it.
    pub state: State,
    /// How often it was tried.
    pub attempts: i64,
    /// What the mail server said last.
    pub last_error: String,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970.
    pub sent_at: Option<i64>,
    /// Whether sending it again makes sense.
    pub can_be_sent: bool,
}

/// A message that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its envelope.
    pub mail: Mail,
    /// What it says.
    pub text: Text,
}

/// What somebody may read of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// All of it.
    Shown(String),
    /// It was taken out: it reached whom it is for, or its link has expired.
    Gone,
    /// It is a superuser's to read.
    Withheld,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    organisation_id: Uuid,
    kind: String,
    recipient: String,
    subject: String,
    body: String,
    state: String,
    attempts: i64,
    last_error: String,
    created_at: i64,
    expires_at: i64,
    sent_at: Option<i64>,
}

impl Row {
    fn into_mail(self, now: i64) -> Mail {
        let state = State::parse(&self.state);
        Mail {
            id: self.id.into(),
            organisation: self.organisation_id.into(),
            kind: Kind::parse(&self.kind),
            to: self.recipient,
            subject: self.subject,
            state,
            attempts: self.attempts,
            last_error: self.last_error,
            created_at: self.created_at,
            sent_at: self.sent_at,
            can_be_sent: state != State::Queued && !self.body.is_empty() && self.expires_at > now,
        }
    }
}

fn must_administer(viewer: &Viewer) -> Result<()> {
    if viewer.may(Permission::ManagePeople) {
        Ok(())
    } else {
        Err(Error::Forbidden("Only administrators see the outbox."))
    }
}

fn reach(viewer: &Viewer) -> Option<Uuid> {
    (!viewer.is_superuser).then_some(viewer.organisation.0)
}

/// Whoever reads a link to choose a new password by can take the account over, and anybody can have one sent for any
/// address: an organisation's administrator would so become each colleague, among them a superuser of that organisation,
/// and with that rule the server. So these links are for superusers' eyes alone, who rule every account anyway. Whom an
/// invitation makes an account for has none to be taken yet, and its role is the administrator's to give.
fn may_read(viewer: &Viewer, kind: Kind) -> bool {
    kind != Kind::Password || viewer.is_superuser
}

impl Outbox {
    /// A page of it, newest first; `search` is a part of address or subject.
    ///
    /// # Errors
    /// When the viewer is no administrator.
    pub async fn page(&self, viewer: &Viewer, page: PageRequest, search: Option<&str>) -> Result<Page<Mail>> {
        must_administer(viewer)?;
        let (only, pattern) = (reach(viewer), contains(search.unwrap_or_default()));
        let scope = self.store.as_viewer(viewer);
        let count: Option<(i64,)> = scope
            .optional(
                "SELECT COUNT(*) FROM outbox WHERE organisation_id = COALESCE($1, organisation_id) AND deleted_at IS NULL
                    AND LOWER(recipient || ' ' || subject) LIKE $2 ESCAPE '!'",
                args![only, &pattern],
            )
            .await?;
        let rows: Vec<Row> = scope
            .all(
                "SELECT id, organisation_id, kind, recipient, subject, body, state, attempts, last_error, created_at, expires_at, sent_at
                 FROM outbox WHERE organisation_id = COALESCE($1, organisation_id) AND deleted_at IS NULL AND LOWER(recipient || ' ' || subject) LIKE $2 ESCAPE '!'
                 ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $4",
                args![only, &pattern, page.limit(), page.offset()],
            )
            .await?;
        let now = self.ports.now();
        Ok(Page { count: count.map_or(0, |it| it.0), items: rows.into_iter().map(|it| it.into_mail(now)).collect() })
    }

    async fn row(&self, viewer: &Viewer, id: MailId) -> Result<Row> {
        must_administer(viewer)?;
        let row: Option<Row> = self
            .store
            .as_viewer(viewer)
            .optional(
                "SELECT id, organisation_id, kind, recipient, subject, body, state, attempts, last_error, created_at, expires_at, sent_at
                 FROM outbox WHERE id = $1 AND organisation_id = COALESCE($2, organisation_id) AND deleted_at IS NULL",
                args![id, reach(viewer)],
            )
            .await?;
        row.ok_or(Error::NotFound("mail"))
    }

    /// Opens a message. What is read here can be used in somebody else's place, so the audit log tells who read it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none that the viewer may see.
    pub async fn open(&self, actor: Actor<'_>, id: MailId) -> Result<Letter> {
        let row = self.row(actor.viewer, id).await?;
        let now = self.ports.now();
        let text = if row.body.is_empty() || row.expires_at <= now {
            Text::Gone
        } else if may_read(actor.viewer, Kind::parse(&row.kind)) {
            self.settings.seal().open(&row.body).map_or(Text::Gone, Text::Shown)
        } else {
            Text::Withheld
        };
        let mail = row.into_mail(now);
        if matches!(text, Text::Shown(_)) {
            let mut tx = self.store.as_viewer(actor.viewer).begin().await?;
            audit::note(&mut tx, &self.ports, actor, deed(&mail, "mail.read"), None::<()>, None::<()>).await?;
            tx.commit().await?;
        }
        Ok(Letter { mail, text })
    }

    /// Sends a message that was kept, refused or already sent once more.
    ///
    /// # Errors
    /// When it is under way already, its link has expired, or there is no mail server.
    pub async fn send_again(&self, actor: Actor<'_>, id: MailId) -> Result<()> {
        let mail = self.row(actor.viewer, id).await?.into_mail(self.ports.now());
        if !self.has_server() {
            return Err(Error::Conflict {
                code: "no_mail_server",
                message: "There is no mail server: a superuser names one on the settings page. Until then pass the link on yourself.".to_owned(),
            });
        }
        let mut tx = self.store.as_viewer(actor.viewer).begin().await?;
        let changed = tx
            .execute(
                "UPDATE outbox SET state = 'queued', attempts = 0, next_attempt_at = $2, last_error = ''
                 WHERE id = $1 AND state <> 'queued' AND body <> '' AND expires_at > $2",
                args![id, self.ports.now()],
            )
            .await?;
        if changed == 0 {
            return Err(Error::Conflict {
                code: "mail_not_sendable",
                message: "This mail is under way already, or what it links to has expired. Make a new one instead."
                    .to_owned(),
            });
        }
        let (was, is) = (json!({ "state": mail.state.as_str() }), json!({ "state": State::Queued.as_str() }));
        audit::note(&mut tx, &self.ports, actor, deed(&mail, "mail.send"), Some(was), Some(is)).await?;
        tx.commit().await?;
        self.nudge();
        Ok(())
    }

    /// Throws a message away: for a day it can be brought back. The link in it goes on working.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none that the viewer may see.
    pub async fn delete(&self, actor: Actor<'_>, id: MailId) -> Result<()> {
        let mail = self.row(actor.viewer, id).await?.into_mail(self.ports.now());
        let mut tx = self.store.as_viewer(actor.viewer).begin().await?;
        let sql = "UPDATE outbox SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL";
        if tx.execute(sql, args![id, self.ports.now()]).await? == 0 {
            return Err(Error::NotFound("mail"));
        }
        let was = json!({ "subject": mail.subject, "state": mail.state.as_str() });
        audit::note(&mut tx, &self.ports, actor, deed(&mail, "mail.delete"), Some(was), None::<()>).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Brings back what was thrown away, and what was on its way is on it again. What is there stays.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none that the viewer may see, or a day has gone by.
    pub async fn restore(&self, actor: Actor<'_>, id: MailId) -> Result<()> {
        must_administer(actor.viewer)?;
        let mut tx = self.store.as_viewer(actor.viewer).begin().await?;
        let restored = tx
            .execute(
                "UPDATE outbox SET deleted_at = NULL WHERE id = $1 AND organisation_id = COALESCE($2, organisation_id) AND deleted_at > $3",
                args![id, reach(actor.viewer), self.ports.now() - DAY],
            )
            .await?;
        if restored == 0 {
            drop(tx);
            return self.row(actor.viewer, id).await.map(drop);
        }
        let row: Row = tx
            .one(
                "SELECT id, organisation_id, kind, recipient, subject, body, state, attempts, last_error, created_at, expires_at, sent_at FROM outbox WHERE id = $1",
                args![id],
            )
            .await?;
        let mail = row.into_mail(self.ports.now());
        let is = json!({ "subject": mail.subject, "state": mail.state.as_str() });
        audit::note(&mut tx, &self.ports, actor, deed(&mail, "mail.restore"), None::<()>, Some(is)).await?;
        tx.commit().await?;
        self.nudge();
        Ok(())
    }
}

fn deed<'a>(mail: &'a Mail, action: &'static str) -> Deed<'a> {
    Deed { organisation: mail.organisation, action, kind: "mail", id: mail.id.0, name: &mail.to }
}
