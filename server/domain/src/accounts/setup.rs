//! The first administrator, by a link that is printed on the terminal and works once.

use super::{Accounts, SELECT_SUPERUSER};
use crate::error::{Error, Result};
use crate::ports::DAY;
use crate::seal::{digest, hex};
use crate::store::args;
use atrium::people::{NewPerson, Role, Viewer};

const PURPOSE: &str = "setup";

impl Accounts {
    /// A new link's token while nobody rules the server; earlier ones stop working. Who registers meanwhile is a user like
    /// any other, and does not take the link away.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn setup_token(&self) -> Result<Option<String>> {
        if self.has_superuser().await? {
            return Ok(None);
        }
        let token = hex(&self.ports.secret());
        let now = self.ports.now();
        let mut tx = self.store.as_system("nobody rules yet").begin().await?;
        tx.execute("DELETE FROM one_time_links WHERE purpose = $1", args![PURPOSE]).await?;
        tx.execute(
            "INSERT INTO one_time_links (token_hash, purpose, created_at, expires_at) VALUES ($1, $2, $3, $4)",
            args![digest(&token), PURPOSE, now, now + 7 * DAY],
        )
        .await?;
        tx.commit().await?;
        Ok(Some(token))
    }

    /// Whether `token` would still be taken.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn setup_token_works(&self, token: &str) -> Result<bool> {
        let found: Option<(i64,)> = self
            .store
            .as_system("nobody rules yet")
            .optional("SELECT created_at FROM one_time_links WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3", args![digest(token), PURPOSE, self.ports.now()])
            .await?;
        Ok(found.is_some() && !self.has_superuser().await?)
    }

    /// Makes the first administrator. Two browsers with the same link: the second is refused.
    ///
    /// # Errors
    /// When the link was used or is too old, or with what to change.
    pub async fn create_first_administrator(&self, token: &str, person: &NewPerson) -> Result<Viewer> {
        person.check().map_err(Error::Invalid)?;
        let hash = self.hasher.hash(person.password.clone()).await?;
        let mut tx = self.store.as_system("nobody rules yet").begin().await?;
        let now = self.ports.now();
        let used = tx
            .execute("UPDATE one_time_links SET used_at = $3 WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3", args![digest(token), PURPOSE, now])
            .await?;
        let someone: Option<(i64,)> = tx.optional(SELECT_SUPERUSER, args![]).await?;
        if used == 0 || someone.is_some() {
            return Err(Error::Conflict { code: "setup_link_used", message: "This set-up link no longer works. Sign in, or restart the server for a new link if it has no administrator yet.".to_owned() });
        }
        let viewer = self.insert(&mut tx, person, hash, Role::Admin, true).await?;
        tx.commit().await?;
        Ok(viewer)
    }
}
