//! Browser sessions: what a cookie stands for. The binary puts tower-sessions in front of these rows.

use super::sign_ins::Origin;
use crate::error::Result;
use crate::ports::{Micros, SECOND};
use crate::seal::digest;
use crate::store::{Store, args};
use atrium::ids::UserId;
use atrium::people::{Impersonator, Role, Viewer};
use uuid::Uuid;

/// How exactly it is noted when a session was used: not by a write for every request.
const LAST_USED: i64 = 5 * 60 * SECOND;

/// A session as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// Whoever is signed in.
    pub user: Option<UserId>,
    /// From where they signed in, when they just did. It is kept, and listed, but not read back.
    pub origin: Option<Origin>,
    /// The superuser who is signed in as [`StoredSession::user`].
    pub impersonator: Option<UserId>,
    /// JSON.
    pub data: String,
    /// When it ends.
    pub expires_at: Micros,
}

#[derive(sqlx::FromRow)]
struct Row {
    user_id: Option<Uuid>,
    impersonator_id: Option<Uuid>,
    impersonator_email: Option<String>,
    data: String,
    expires_at: i64,
    last_used_at: Option<i64>,
    organisation_id: Option<Uuid>,
    email: Option<String>,
    username: Option<String>,
    name: Option<String>,
    role: Option<String>,
    is_superuser: Option<bool>,
    avatar: Option<String>,
}

impl Row {
    /// Whoever is signed in, unless their account is off or gone, or whoever is behind them is no superuser any more.
    fn viewer(&mut self) -> Option<Viewer> {
        let impersonator = match self.impersonator_id {
            Some(id) => Some(Impersonator { id: id.into(), email: self.impersonator_email.take()? }),
            None => None,
        };
        Some(Viewer {
            id: self.user_id?.into(),
            organisation: self.organisation_id?.into(),
            role: Role::parse(self.role.as_deref()?)?,
            is_superuser: self.is_superuser?,
            name: self.name.take()?,
            email: self.email.take()?,
            username: self.username.take()?,
            impersonator,
            avatar: self.avatar.take(),
        })
    }
}

/// The sessions in the database, found by the cookie's value, of which only the digest is kept.
#[derive(Debug, Clone)]
pub struct Sessions {
    store: Store,
}

impl Sessions {
    /// Over `store`.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Writes a session that does not exist yet; `false` if it does.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn create(&self, cookie: &str, session: &StoredSession, now: Micros) -> Result<bool> {
        let inserted = self
            .store
            .as_system("sessions come before the viewer")
            .execute(
                "INSERT INTO sessions (id, user_id, impersonator_id, data, created_at, expires_at, last_used_at, address, agent)
                 VALUES ($1, $2, $3, $4, $5, $6, $5, $7, $8) ON CONFLICT (id) DO NOTHING",
                args![
                    digest(cookie),
                    session.user,
                    session.impersonator,
                    &session.data,
                    now,
                    session.expires_at,
                    session.origin.as_ref().map(|it| it.address.as_str()),
                    session.origin.as_ref().map(|it| it.agent.as_str())
                ],
            )
            .await?;
        Ok(inserted == 1)
    }

    /// Overwrites a session. One that was ended meanwhile stays ended: a request under way must not bring it back.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn update(&self, cookie: &str, session: &StoredSession) -> Result<()> {
        self.store
            .as_system("sessions come before the viewer")
            .execute(
                "UPDATE sessions SET user_id = $2, impersonator_id = $3, data = $4, expires_at = $5 WHERE id = $1",
                args![digest(cookie), session.user, session.impersonator, &session.data, session.expires_at],
            )
            .await?;
        Ok(())
    }

    /// A session, and whoever is signed in with it: one question, because every page asks it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(&self, cookie: &str, now: Micros) -> Result<Option<(StoredSession, Option<Viewer>)>> {
        let row: Option<Row> = self
            .store
            .as_system("sessions come before the viewer")
            .optional(
                "SELECT s.user_id, s.impersonator_id, r.email AS impersonator_email, s.data, s.expires_at, s.last_used_at, u.organisation_id, u.email, u.username, u.name, u.role, u.is_superuser, a.hash AS avatar
                 FROM sessions s LEFT JOIN users u ON u.id = s.user_id AND u.is_active
                    LEFT JOIN avatars a ON a.user_id = u.id
                    LEFT JOIN users r ON r.id = s.impersonator_id AND r.is_active AND r.is_superuser
                 WHERE s.id = $1 AND s.expires_at > $2",
                args![digest(cookie), now],
            )
            .await?;
        let Some(mut row) = row else { return Ok(None) };
        if row.user_id.is_some() && row.last_used_at.is_none_or(|it| it < now - LAST_USED) {
            self.note_use(cookie, now).await?;
        }
        let viewer = row.viewer();
        let session = StoredSession {
            user: row.user_id.map(UserId),
            origin: None,
            impersonator: row.impersonator_id.map(UserId),
            data: row.data,
            expires_at: row.expires_at,
        };
        Ok(Some((session, viewer)))
    }

    async fn note_use(&self, cookie: &str, now: Micros) -> Result<()> {
        self.store
            .as_system("sessions come before the viewer")
            .execute("UPDATE sessions SET last_used_at = $2 WHERE id = $1", args![digest(cookie), now])
            .await?;
        Ok(())
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn delete(&self, cookie: &str) -> Result<()> {
        self.store
            .as_system("sessions come before the viewer")
            .execute("DELETE FROM sessions WHERE id = $1", args![digest(cookie)])
            .await?;
        Ok(())
    }

    /// Signs `user` out everywhere, also where they are signed in as somebody else.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn delete_all_of(&self, user: UserId) -> Result<u64> {
        Ok(self
            .store
            .as_system("the person's own sessions")
            .execute("DELETE FROM sessions WHERE user_id = $1 OR impersonator_id = $1", args![user])
            .await?)
    }

    /// Throws away what has expired.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep(&self, now: Micros) -> Result<u64> {
        Ok(self
            .store
            .as_system("housekeeping")
            .execute("DELETE FROM sessions WHERE expires_at <= $1", args![now])
            .await?)
    }
}
