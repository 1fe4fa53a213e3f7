//! Mail. Every message is a row of the outbox first, written with what it is about; [`delivery`] hands it to the mail
//! server ([`smtp`]), and [`outbox`] is what administrators see of it. Without a mail server it stays, for them to pass on.

mod delivery;
pub(crate) mod letters;
mod outbox;
mod smtp;
#[cfg(test)]
pub(crate) mod tests;

pub use outbox::{Letter, Mail, Text};

use crate::error::Result;
use crate::ports::{DAY, Micros, Ports};
use crate::settings::Settings;
use crate::store::{Store, Tx, args};
use atrium::ids::{MailId, OrganisationId};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// How long a mail server may take for one message.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take when somebody waits for it.
const GREETING: Duration = Duration::from_secs(10);
/// How long a message stays in the outbox, whatever became of it.
const KEPT: Micros = 30 * DAY;

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A place in an organisation.
    Invitation,
    /// A link to choose a new password by.
    Password,
    /// A budget that runs short.
    Budget,
}

impl Kind {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Password => "password",
            Self::Budget => "budget",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "invitation" => Self::Invitation,
            "budget" => Self::Budget,
            _ => Self::Password,
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is sent as soon as may be.
    Queued,
    /// The mail server took it.
    Sent,
    /// It was refused, or tried too often.
    Failed,
    /// There is no mail server: somebody has to pass it on.
    Kept,
}

impl State {
    /// As stored and as shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Kept => "kept",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "sent" => Self::Sent,
            "failed" => Self::Failed,
            "kept" => Self::Kept,
            _ => Self::Queued,
        }
    }
}

/// A message to be put into the outbox.
#[derive(Debug)]
pub(crate) struct NewMail<'a> {
    /// Whose administrators see it.
    pub organisation: OrganisationId,
    pub kind: Kind,
    /// The invitation, the person whose password it is, or the budget.
    pub about: Uuid,
    pub to: &'a str,
    pub subject: String,
    pub text: String,
    /// When the link in it ends.
    pub expires_at: Micros,
}

/// The messages, and the way out for them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbox {
    store: Store,
    ports: Ports,
    settings: Settings,
    wake: Arc<Notify>,
    patience: Duration,
}

/// Tries the mail server that `settings` name, without sending anything.
///
/// # Errors
/// With what it said, or what is wrong with the settings.
pub async fn greet(settings: &Settings) -> std::result::Result<(), String> {
    smtp::Server::of(settings, GREETING)?.greet().await
}

impl Outbox {
    /// Over `store`, sending as `settings` say at that moment.
    #[must_use]
    pub fn new(store: Store, ports: Ports, settings: Settings) -> Self {
        Self { store, ports, settings, wake: Arc::default(), patience: PATIENCE }
    }

    /// Where links in mails lead.
    pub(crate) fn base_url(&self) -> String {
        self.settings.base_url()
    }

    /// Whether mail is sent at all.
    #[must_use]
    pub fn has_server(&self) -> bool {
        !self.settings.text("smtp_host").is_empty()
    }

    /// Writes a message in the transaction of what it is about. Call [`Outbox::nudge`] after the commit.
    pub(crate) async fn put(&self, tx: &mut Tx, mail: NewMail<'_>) -> Result<()> {
        let id: MailId = self.ports.id();
        let state = if self.has_server() { State::Queued } else { State::Kept };
        tx.execute(
            "INSERT INTO outbox (id, organisation_id, kind, about_id, recipient, subject, body, state, attempts, next_attempt_at, last_error, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, '', $9, $10)",
            args![
                id,
                mail.organisation,
                mail.kind.as_str(),
                mail.about,
                mail.to,
                mail.subject,
                self.settings.seal().seal(&mail.text)?,
                state.as_str(),
                self.ports.now(),
                mail.expires_at
            ],
        )
        .await?;
        Ok(())
    }

    /// Takes back what has not gone out yet: the link in it no longer works.
    pub(crate) async fn take_back(&self, tx: &mut Tx, about: Uuid) -> Result<()> {
        tx.execute("DELETE FROM outbox WHERE about_id = $1 AND state <> 'sent'", args![about]).await?;
        Ok(())
    }

    /// There is something to send.
    pub(crate) fn nudge(&self) {
        self.wake.notify_one();
    }

    /// Throws away what is old.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep(&self) -> Result<()> {
        self.store
            .as_system("housekeeping")
            .execute(
                "DELETE FROM outbox WHERE created_at < $1 OR deleted_at < $2",
                args![self.ports.now() - KEPT, self.ports.now() - DAY],
            )
            .await?;
        Ok(())
    }
}
