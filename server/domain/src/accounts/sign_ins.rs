//! Where somebody is signed in: browsers by their sessions, programs by their tokens. What is listed here can be ended here.

use super::Accounts;
use super::impersonation::must_be_themselves;
use crate::error::{Error, Result};
use crate::ports::Micros;
use crate::seal::digest;
use crate::store::args;
use atrium::ids::{FamilyId, SessionId};
use atrium::people::Viewer;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Characters of a user agent that are kept.
const AGENT_MAX: usize = 300;
/// Of a session's digest, so many bytes are its name: enough to tell it from every other, and of no use to come in with.
const NAME: usize = 16;

/// From where somebody signs in, so that they recognise it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The machine's address.
    pub address: String,
    /// What the browser or program calls itself.
    pub agent: String,
}

impl Origin {
    /// `agent` is what the request says of itself, which may be anything.
    #[must_use]
    pub fn new(address: &str, agent: &str) -> Self {
        Self { address: address.to_owned(), agent: atrium::text::line(agent).chars().take(AGENT_MAX).collect() }
    }
}

/// By what the one who asks is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Here {
    /// The value of a browser's cookie.
    Browser(String),
    /// A sign-in over REST.
    Program(FamilyId),
}

impl Here {
    fn session(&self) -> Vec<u8> {
        match self {
            Self::Browser(cookie) => digest(cookie),
            Self::Program(_) => Vec::new(),
        }
    }

    fn family(&self) -> Uuid {
        match self {
            Self::Browser(_) => Uuid::nil(),
            Self::Program(id) => id.0,
        }
    }
}

/// What is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInKind {
    /// By a cookie.
    Browser,
    /// By tokens.
    Program,
}

/// One place where somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Which.
    pub id: SessionId,
    /// What.
    pub kind: SignInKind,
    /// Whether it is the one that asks.
    pub is_here: bool,
    /// From where it was begun, as far as that is known.
    pub origin: Origin,
    /// When it was begun.
    pub created_at: Micros,
    /// When it was last used: to a few minutes for a browser, to the life of an access token for a program.
    pub last_used_at: Option<Micros>,
    /// When it ends by itself.
    pub expires_at: Micros,
}

#[derive(sqlx::FromRow)]
struct BrowserRow {
    id: Vec<u8>,
    address: Option<String>,
    agent: Option<String>,
    created_at: i64,
    last_used_at: Option<i64>,
    expires_at: i64,
}

#[derive(sqlx::FromRow)]
struct ProgramRow {
    id: Uuid,
    address: Option<String>,
    agent: Option<String>,
    created_at: i64,
    refreshed_at: i64,
    expires_at: i64,
}

fn origin(address: Option<String>, agent: Option<String>) -> Origin {
    Origin { address: address.unwrap_or_default(), agent: agent.unwrap_or_default() }
}

impl BrowserRow {
    fn into_sign_in(self, here: &Here) -> Option<SignIn> {
        Some(SignIn {
            id: Uuid::from_slice(self.id.get(..NAME)?).ok()?.into(),
            kind: SignInKind::Browser,
            is_here: self.id == here.session(),
            origin: origin(self.address, self.agent),
            created_at: self.created_at,
            last_used_at: self.last_used_at,
            expires_at: self.expires_at,
        })
    }
}

impl ProgramRow {
    fn into_sign_in(self, here: &Here) -> SignIn {
        SignIn {
            id: self.id.into(),
            kind: SignInKind::Program,
            is_here: self.id == here.family(),
            origin: origin(self.address, self.agent),
            created_at: self.created_at,
            last_used_at: Some(self.refreshed_at),
            expires_at: self.expires_at,
        }
    }
}

impl Accounts {
    /// Where the viewer is signed in, the one that asks first, then as they were last used.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sign_ins(&self, viewer: &Viewer, here: &Here) -> Result<Vec<SignIn>> {
        let (scope, now) = (self.store.as_viewer(viewer), self.ports.now());
        let browsers: Vec<BrowserRow> = scope
            .all(
                "SELECT id, address, agent, created_at, last_used_at, expires_at FROM sessions WHERE user_id = $1 AND expires_at > $2",
                args![viewer.id, now],
            )
            .await?;
        let programs: Vec<ProgramRow> = scope
            .all(
                "SELECT id, address, agent, created_at, refreshed_at, expires_at FROM token_families
                 WHERE user_id = $1 AND expires_at > $2 AND revoked_at IS NULL",
                args![viewer.id, now],
            )
            .await?;
        let mut all: Vec<_> = browsers.into_iter().filter_map(|it| it.into_sign_in(here)).collect();
        all.extend(programs.into_iter().map(|it| it.into_sign_in(here)));
        all.sort_by_key(|it| (!it.is_here, std::cmp::Reverse(it.last_used_at.unwrap_or(it.created_at))));
        Ok(all)
    }

    /// Ends one of them, at once.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's, or is over.
    pub async fn end_sign_in(&self, viewer: &Viewer, id: SessionId) -> Result<()> {
        must_be_themselves(viewer)?;
        let (scope, now) = (self.store.as_viewer(viewer), self.ports.now());
        let browsers = scope
            .execute(
                "DELETE FROM sessions WHERE user_id = $1 AND SUBSTR(id, 1, 16) = $2 AND expires_at > $3",
                args![viewer.id, id.0.as_bytes().to_vec(), now],
            )
            .await?;
        if browsers > 0 {
            return Ok(());
        }
        let programs = scope
            .execute(
                "UPDATE token_families SET revoked_at = $3 WHERE user_id = $1 AND id = $2 AND expires_at > $3 AND revoked_at IS NULL",
                args![viewer.id, id, now],
            )
            .await?;
        if programs == 0 { Err(Error::NotFound("session")) } else { Ok(()) }
    }

    /// Ends all of them but the one that asks; answers how many those were.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_other_sign_ins(&self, viewer: &Viewer, here: &Here) -> Result<u64> {
        must_be_themselves(viewer)?;
        let (scope, now) = (self.store.as_viewer(viewer), self.ports.now());
        let mut tx = scope.begin().await?;
        let browsers = tx
            .execute(
                "DELETE FROM sessions WHERE user_id = $1 AND id <> $2 AND expires_at > $3",
                args![viewer.id, here.session(), now],
            )
            .await?;
        let programs = tx
            .execute(
                "UPDATE token_families SET revoked_at = $3 WHERE user_id = $1 AND id <> $2 AND expires_at > $3 AND revoked_at IS NULL",
                args![viewer.id, here.family(), now],
            )
            .await?;
        tx.commit().await?;
        Ok(browsers + programs)
    }
}
