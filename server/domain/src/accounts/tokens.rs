//! Signing in over REST: an access token that lives an hour, and a refresh token that gets the next one.
//!
//! Both are JWTs of one *family*, a row that is looked at whenever one of them is used: ending it ends them at once.

use super::UserRow;
use super::jwt::{Claims, Jwt, Use};
use super::sign_ins::Origin;
use crate::error::{Error, Result};
use crate::ports::{DAY, Ports, SECOND};
use crate::store::{Store, args};
use atrium::ids::{FamilyId, UserId};
use atrium::people::{Impersonator, Viewer};
use serde_json::{Map, Value};
use uuid::Uuid;

/// How long tokens live.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// Seconds.
    pub access: i64,
    /// Seconds.
    pub refresh: i64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { access: 3600, refresh: 7 * DAY / SECOND }
    }
}

/// Whether a refresh makes a new refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// It does, and the one before is spent: whoever uses it again ends the family.
    Rotates,
    /// For older clients, which keep the one that they have.
    Stays,
}

/// What the tokens of one sign-in are like, where a client expects others than this server's own.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Whether a refresh makes a new refresh token.
    pub rotation: Rotation,
    /// How long they live.
    pub lifetimes: Lifetimes,
    /// What access tokens say besides.
    pub claims: Map<String, Value>,
}

/// What signing in gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPair {
    /// To call with.
    pub access: String,
    /// To get another pair with.
    pub refresh: String,
    /// Seconds that the access token lives.
    pub expires_in: i64,
}

/// Makes, renews and ends tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    store: Store,
    ports: Ports,
    jwt: Jwt,
    lifetimes: Lifetimes,
}

#[derive(sqlx::FromRow)]
struct FamilyRow {
    user_id: Uuid,
    refresh_id: Uuid,
    rotates: bool,
    expires_at: i64,
    revoked_at: Option<i64>,
    access_seconds: Option<i64>,
    refresh_seconds: Option<i64>,
}

/// Whoever a family belongs to, and whoever is signed in as them.
#[derive(sqlx::FromRow)]
struct HolderRow {
    id: Uuid,
    organisation_id: Uuid,
    email: String,
    username: String,
    name: String,
    role: String,
    is_superuser: bool,
    is_active: bool,
    password_hash: String,
    impersonator_id: Option<Uuid>,
    impersonator_email: Option<String>,
}

impl HolderRow {
    /// Unless their account is off, or whoever is behind them is no superuser any more.
    fn into_viewer(self) -> Result<Viewer> {
        let impersonator = match self.impersonator_id {
            Some(id) => Some(Impersonator { id: id.into(), email: self.impersonator_email.ok_or(Error::BadToken)? }),
            None => None,
        };
        if !self.is_active {
            return Err(Error::BadToken);
        }
        let person = UserRow {
            id: self.id,
            organisation_id: self.organisation_id,
            email: self.email,
            username: self.username,
            name: self.name,
            role: self.role,
            is_superuser: self.is_superuser,
            is_active: self.is_active,
            password_hash: self.password_hash,
        };
        Ok(Viewer { impersonator, ..person.into_viewer()? })
    }
}

const SELECT_HOLDER: &str = "SELECT u.id, u.organisation_id, u.email, u.username, u.name, u.role, u.is_superuser, u.is_active, u.password_hash, f.impersonator_id, r.email AS impersonator_email
     FROM token_families f JOIN users u ON u.id = f.user_id LEFT JOIN users r ON r.id = f.impersonator_id AND r.is_active AND r.is_superuser
     WHERE f.id = $1 AND f.user_id = $2 AND f.revoked_at IS NULL";

impl FamilyRow {
    fn is_over(&self, now: i64) -> bool {
        self.revoked_at.is_some() || self.expires_at <= now
    }

    /// As was said when it began, wherever it is refreshed; `otherwise` for what began before that was noted.
    fn lifetimes(&self, otherwise: Lifetimes) -> Lifetimes {
        Lifetimes {
            access: self.access_seconds.unwrap_or(otherwise.access),
            refresh: self.refresh_seconds.unwrap_or(otherwise.refresh),
        }
    }
}

impl Tokens {
    /// Signed with `key`.
    #[must_use]
    pub fn new(store: Store, ports: Ports, key: &[u8], lifetimes: Lifetimes) -> Self {
        Self { store, ports, jwt: Jwt::new(key), lifetimes }
    }

    /// Tokens for somebody who has just shown who they are, `origin` being from where.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn issue(&self, viewer: &Viewer, rotation: Rotation, origin: &Origin) -> Result<TokenPair> {
        let terms = Terms { rotation, lifetimes: self.lifetimes, claims: Map::new() };
        self.issue_on(viewer, &terms, origin).await
    }

    /// The same on other terms.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn issue_on(&self, viewer: &Viewer, terms: &Terms, origin: &Origin) -> Result<TokenPair> {
        let (family, refresh_id): (FamilyId, Uuid) = (self.ports.id(), self.ports.id());
        let now = self.ports.now();
        self.store
            .as_viewer(viewer)
            .execute(
                "INSERT INTO token_families (id, user_id, refresh_id, rotates, created_at, refreshed_at, expires_at, address, agent, impersonator_id, access_seconds, refresh_seconds)
                 VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11)",
                args![
                    family,
                    viewer.id,
                    refresh_id,
                    terms.rotation == Rotation::Rotates,
                    now,
                    now + terms.lifetimes.refresh * SECOND,
                    &origin.address,
                    &origin.agent,
                    viewer.impersonator.as_ref().map(|it| it.id),
                    terms.lifetimes.access,
                    terms.lifetimes.refresh
                ],
            )
            .await?;
        self.pair(
            viewer,
            family,
            refresh_id,
            now + terms.lifetimes.refresh * SECOND,
            terms.lifetimes.access,
            &terms.claims,
        )
    }

    /// The next access token, and the next refresh token if the family rotates.
    ///
    /// # Errors
    /// [`Error::BadToken`] when the token is not the family's newest, or the family is over.
    pub async fn refresh(&self, token: &str) -> Result<(Viewer, TokenPair)> {
        self.refresh_saying(token, &Map::new()).await
    }

    /// Whose refresh token it is, which is not spent by asking.
    ///
    /// # Errors
    /// [`Error::BadToken`] when it is not one of ours, or its family is over.
    pub async fn holder_of_refresh(&self, token: &str) -> Result<Viewer> {
        let claims = self.read(token, Use::Refresh)?;
        let system = self.store.as_system("the token says who asks");
        let row: Option<HolderRow> = system.optional(SELECT_HOLDER, args![claims.sid, claims.sub]).await?;
        row.ok_or(Error::BadToken)?.into_viewer()
    }

    /// As [`Tokens::refresh`], with what the access token says besides. Whether the family rotates and how long its tokens
    /// live was said when it began.
    ///
    /// # Errors
    /// As [`Tokens::refresh`].
    pub async fn refresh_saying(&self, token: &str, says: &Map<String, Value>) -> Result<(Viewer, TokenPair)> {
        let now = self.ports.now();
        let claims = self.read(token, Use::Refresh)?;
        let mut tx = self.store.as_system("the token says who asks").begin().await?;
        // Touched before it is read: of two who come with the same token the second waits, and is found to reuse it.
        let family: FamilyRow = tx
            .optional(
                "UPDATE token_families SET refreshed_at = $2 WHERE id = $1 RETURNING user_id, refresh_id, rotates, expires_at, revoked_at, access_seconds, refresh_seconds",
                args![claims.sid, now],
            )
            .await?
            .ok_or(Error::BadToken)?;
        if family.is_over(now) || family.user_id != claims.sub.0 {
            return Err(Error::BadToken);
        }
        if family.refresh_id != claims.jti {
            tx.execute("UPDATE token_families SET revoked_at = $2 WHERE id = $1", args![claims.sid, now]).await?;
            tx.commit().await?;
            tracing::warn!(user = %claims.sub, "a spent refresh token came back: its family was ended");
            return Err(Error::BadToken);
        }
        let row: Option<HolderRow> = tx.optional(SELECT_HOLDER, args![claims.sid, claims.sub]).await?;
        let viewer = row.ok_or(Error::BadToken)?.into_viewer()?;
        let lifetimes = family.lifetimes(self.lifetimes);
        let (refresh_id, expires_at) = if family.rotates {
            (self.ports.id(), now + lifetimes.refresh * SECOND)
        } else {
            (family.refresh_id, family.expires_at)
        };
        tx.execute(
            "UPDATE token_families SET refresh_id = $2, expires_at = $3 WHERE id = $1",
            args![claims.sid, refresh_id, expires_at],
        )
        .await?;
        tx.commit().await?;
        let mut pair = self.pair(&viewer, claims.sid, refresh_id, expires_at, lifetimes.access, says)?;
        if !family.rotates {
            token.clone_into(&mut pair.refresh);
        }
        Ok((viewer, pair))
    }

    /// Who comes with an access token.
    ///
    /// # Errors
    /// [`Error::BadToken`] when it is not one of ours, over, or ended.
    pub async fn viewer(&self, token: &str) -> Result<(Viewer, FamilyId)> {
        let claims = self.read(token, Use::Access)?;
        let system = self.store.as_system("the token says who asks");
        let row: Option<HolderRow> = system.optional(SELECT_HOLDER, args![claims.sid, claims.sub]).await?;
        Ok((row.ok_or(Error::BadToken)?.into_viewer()?, claims.sid))
    }

    /// What a token of ours says.
    ///
    /// # Errors
    /// [`Error::BadToken`] when it is not one of ours, or over.
    pub fn claims(&self, token: &str) -> Result<Value> {
        let claims = self.jwt.read(token, self.ports.now() / SECOND)?;
        serde_json::to_value(claims).map_err(|error| Error::Internal(error.to_string()))
    }

    /// Whether a token, of whichever use, is good at this moment.
    ///
    /// # Errors
    /// [`Error::BadToken`] when it is not.
    pub async fn verify(&self, token: &str) -> Result<()> {
        let claims = self.jwt.read(token, self.ports.now() / SECOND)?;
        let family: Option<FamilyRow> = self
            .store
            .as_system("the token says who asks")
            .optional(
                "SELECT user_id, refresh_id, rotates, expires_at, revoked_at, access_seconds, refresh_seconds FROM token_families WHERE id = $1",
                args![claims.sid],
            )
            .await?;
        let is_good = |it: FamilyRow| {
            !it.is_over(self.ports.now()) && (claims.purpose == Use::Access || it.refresh_id == claims.jti)
        };
        if family.is_some_and(is_good) { Ok(()) } else { Err(Error::BadToken) }
    }

    /// Ends a sign-in, and with it all its tokens.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end(&self, viewer: &Viewer, family: FamilyId) -> Result<()> {
        self.store
            .as_viewer(viewer)
            .execute(
                "UPDATE token_families SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL",
                args![family, viewer.id, self.ports.now()],
            )
            .await?;
        Ok(())
    }

    /// Ends the sign-in that a refresh token belongs to; answers whether it had not ended before.
    ///
    /// # Errors
    /// [`Error::BadToken`] when it is not one of ours.
    pub async fn end_by_refresh(&self, token: &str) -> Result<bool> {
        let claims = self.read(token, Use::Refresh)?;
        let ended = self
            .store
            .as_system("whoever holds the token may end it")
            .execute(
                "UPDATE token_families SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
                args![claims.sid, self.ports.now()],
            )
            .await?;
        Ok(ended > 0)
    }

    /// Ends every sign-in of a person, also where they are signed in as somebody else.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_all_of(&self, user: UserId) -> Result<()> {
        self.store
            .as_system("the person's own tokens")
            .execute(
                "UPDATE token_families SET revoked_at = $2 WHERE (user_id = $1 OR impersonator_id = $1) AND revoked_at IS NULL",
                args![user, self.ports.now()],
            )
            .await?;
        Ok(())
    }

    /// Throws away families that are over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep(&self) -> Result<()> {
        let system = self.store.as_system("housekeeping");
        system.execute("DELETE FROM token_families WHERE expires_at < $1", args![self.ports.now() - DAY]).await?;
        Ok(())
    }

    fn read(&self, token: &str, purpose: Use) -> Result<Claims> {
        let claims = self.jwt.read(token, self.ports.now() / SECOND)?;
        if claims.purpose == purpose { Ok(claims) } else { Err(Error::BadToken) }
    }

    fn pair(
        &self,
        viewer: &Viewer,
        family: FamilyId,
        refresh_id: Uuid,
        refresh_until: i64,
        seconds: i64,
        says: &Map<String, Value>,
    ) -> Result<TokenPair> {
        let iat = self.ports.now() / SECOND;
        let claims = Claims {
            sub: viewer.id,
            user_id: viewer.id,
            email: Some(viewer.email.clone()),
            purpose: Use::Access,
            sid: family,
            jti: self.ports.id(),
            iat,
            exp: iat + seconds,
            more: says.clone(),
        };
        let refresh = Claims {
            email: None,
            purpose: Use::Refresh,
            jti: refresh_id,
            exp: refresh_until / SECOND,
            more: Map::new(),
            ..claims.clone()
        };
        Ok(TokenPair { access: self.jwt.sign(&claims)?, refresh: self.jwt.sign(&refresh)?, expires_in: seconds })
    }
}
