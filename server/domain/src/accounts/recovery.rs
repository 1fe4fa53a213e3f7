//! A forgotten password: a link by mail, good for an hour and for one new password.

#[cfg(test)]
mod tests;

use super::{Accounts, EMAIL_MAX, SELECT_BY_EMAIL, SELECT_BY_ID, UserRow, account_bucket};
use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result};
use crate::limits::{self, Limit};
use crate::mail::letters::Forgotten;
use crate::mail::{Kind, NewMail, Outbox};
use crate::ports::{DAY, Micros, SECOND};
use crate::seal::{digest, hex};
use crate::store::args;
use atrium::failure::Checks;
use atrium::people::{check_password, normalise_email, plausible_email};
use uuid::Uuid;

const PURPOSE: &str = "password";
/// How long a link works.
const LIFETIME: Micros = 3600 * SECOND;
/// Links for one account, whether there is one or not; and those that one address asks for.
const PER_ACCOUNT: Limit = Limit { hits: 5, window: 3600 * SECOND };
const PER_ADDRESS: Limit = Limit { hits: 20, window: 3600 * SECOND };

const SELECT_OPEN: &str = "SELECT u.id, u.organisation_id, u.email, u.username, u.name, u.role, u.is_superuser, u.is_active, u.password_hash
     FROM one_time_links l JOIN users u ON u.id = l.user_id WHERE l.token_hash = $1 AND l.purpose = $2 AND l.used_at IS NULL AND l.expires_at > $3 AND u.is_active";

fn link_is_over() -> Error {
    Error::Conflict {
        code: "link_not_valid",
        message: "This link no longer works: it is good for an hour and for one new password. Ask for another one."
            .to_owned(),
    }
}

impl Accounts {
    /// Sends a link to choose a new password by to `email`, if somebody has that address. The account is looked up only
    /// after this has answered: neither the answer nor the time that it takes tells whether there is one.
    ///
    /// # Errors
    /// When it is no address, or was asked for too often.
    pub async fn forgot_password(&self, outbox: &Outbox, email: &str, address: &str) -> Result<()> {
        let email = normalise_email(email);
        if email.len() > EMAIL_MAX || !plausible_email(&email) {
            return Err(Error::field("email", "Enter an e-mail address, like ada@example.org."));
        }
        limits::hit(&self.store, &self.ports, &format!("forgot:address:{}", limits::network(address)), PER_ADDRESS)
            .await?;
        limits::hit(&self.store, &self.ports, &format!("forgot:account:{email}"), PER_ACCOUNT).await?;
        let (accounts, outbox) = (self.clone(), outbox.clone());
        tokio::spawn(async move {
            if let Err(error) = accounts.send_reset_link(&outbox, &email).await {
                tracing::error!(cause = error.cause(), "a link for a forgotten password could not be made: {error}");
            }
        });
        Ok(())
    }

    /// The link itself. The one before stops working, and its mail does not go out any more.
    pub(super) async fn send_reset_link(&self, outbox: &Outbox, email: &str) -> Result<()> {
        let system = self.store.as_system("whoever forgot a password is not signed in");
        let row: Option<UserRow> = system.optional(SELECT_BY_EMAIL, args![email]).await?;
        let Some(person) = row.filter(|it| it.is_active && it.email == email) else { return Ok(()) };
        let token = hex(&self.ports.secret());
        let now = self.ports.now();
        let link = format!("{}/reset-password?token={token}", outbox.base_url());
        let (subject, text) = Forgotten { name: &person.name, link: &link }.write();
        let mut tx = system.begin().await?;
        tx.execute("DELETE FROM one_time_links WHERE purpose = $1 AND user_id = $2", args![PURPOSE, person.id]).await?;
        outbox.take_back(&mut tx, person.id).await?;
        tx.execute(
            "INSERT INTO one_time_links (token_hash, purpose, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
            args![digest(&token), PURPOSE, person.id, now, now + LIFETIME],
        )
        .await?;
        let mail = NewMail {
            organisation: person.organisation_id.into(),
            kind: Kind::Password,
            about: person.id,
            to: &person.email,
            subject,
            text,
            expires_at: now + LIFETIME,
        };
        outbox.put(&mut tx, mail).await?;
        tx.commit().await?;
        outbox.nudge();
        Ok(())
    }

    /// Whether the link of `token` would still be taken.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reset_link_works(&self, token: &str) -> Result<bool> {
        Ok(self.of_reset_link(token).await?.is_some())
    }

    /// Whether the link of `token` would still be taken, and changes the password of whoever has that address.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reset_link_is_for(&self, token: &str, email: &str) -> Result<bool> {
        Ok(self.of_reset_link(token).await?.is_some_and(|it| it.email == normalise_email(email)))
    }

    async fn of_reset_link(&self, token: &str) -> Result<Option<UserRow>> {
        let system = self.store.as_system("the token says who asks");
        Ok(system.optional(SELECT_OPEN, args![digest(token), PURPOSE, self.ports.now()]).await?)
    }

    /// Sets a new password and signs its owner out everywhere: browsers, and programs that signed in with the old one.
    /// API tokens stay. All of it or nothing.
    ///
    /// # Errors
    /// When the link was used or is too old, or with what to change; a password that is refused does not use it up.
    pub async fn reset_password(&self, token: &str, password: &str, address: &str) -> Result<()> {
        let person = self.of_reset_link(token).await?.ok_or_else(link_is_over)?;
        let mut checks = Checks::default();
        check_password(&mut checks, "new_password", password, &person.email);
        checks.done().map_err(Error::Invalid)?;
        let hash = self.hasher.hash(password.to_owned()).await?;
        let now = self.ports.now();
        let mut tx = self.store.as_system("the token says who asks").begin().await?;
        let used: Option<(Option<Uuid>,)> = tx
            .optional(
                "UPDATE one_time_links SET used_at = $3 WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 RETURNING user_id",
                args![digest(token), PURPOSE, now],
            )
            .await?;
        if used != Some((Some(person.id),)) {
            return Err(link_is_over());
        }
        tx.execute(
            "UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1 AND is_active",
            args![person.id, hash, now],
        )
        .await?;
        tx.execute("DELETE FROM sessions WHERE user_id = $1", args![person.id]).await?;
        tx.execute(
            "UPDATE token_families SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL",
            args![person.id, now],
        )
        .await?;
        // Read once more: their address may have changed while the password was hashed.
        let person: UserRow = tx.one(SELECT_BY_ID, args![person.id]).await?;
        let viewer = person.into_viewer()?;
        let deed = Deed {
            organisation: viewer.organisation,
            action: "user.reset_password",
            kind: "user",
            id: viewer.id.0,
            name: &viewer.email,
        };
        audit::note(&mut tx, &self.ports, Actor { viewer: &viewer, address }, deed, None::<()>, None::<()>).await?;
        tx.commit().await?;
        // Whoever was locked out by wrong attempts comes in with the new one.
        limits::clear(&self.store, &account_bucket(&viewer.email)).await
    }

    /// Throws away links that have expired.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep_links(&self) -> Result<()> {
        self.store
            .as_system("housekeeping")
            .execute("DELETE FROM one_time_links WHERE expires_at < $1", args![self.ports.now() - DAY])
            .await?;
        Ok(())
    }
}
