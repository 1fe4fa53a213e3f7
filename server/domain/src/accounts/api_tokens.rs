//! Tokens that people make for their programs: shown once, kept as a digest, limited to what they are for.

use super::impersonation::must_be_themselves;
use super::{Accounts, UserRow};
use crate::error::{Error, Result};
use crate::ports::{DAY, SECOND};
use crate::seal::{digest, hex};
use crate::store::args;
use atrium::ids::ApiTokenId;
use atrium::people::Viewer;
use atrium::tokens::{ApiToken, NewApiToken, TokenScope};
use uuid::Uuid;

/// What every token begins with, so that it is recognised where it should not be: in a repository, in a log.
pub const PREFIX: &str = "atr_";
/// Tokens of one person, at most.
const MOST: i64 = 100;
/// How exactly it is noted when a token was used: not by a write for every call.
const LAST_USED: i64 = 60 * SECOND;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    hint: String,
    scopes: String,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
}

impl From<Row> for ApiToken {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            hint: row.hint,
            scopes: parse_scopes(&row.scopes),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Holder {
    token_id: Uuid,
    scopes: String,
    last_used_at: Option<i64>,
    #[sqlx(flatten)]
    user: UserRow,
}

fn parse_scopes(text: &str) -> Vec<TokenScope> {
    text.split_whitespace().filter_map(TokenScope::parse).collect()
}

impl Accounts {
    /// The viewer's tokens, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn api_tokens(&self, viewer: &Viewer) -> Result<Vec<ApiToken>> {
        let rows: Vec<Row> = self
            .store
            .as_viewer(viewer)
            .all(
                "SELECT id, name, hint, scopes, created_at, expires_at, last_used_at FROM api_tokens WHERE user_id = $1 ORDER BY created_at DESC, id DESC",
                args![viewer.id],
            )
            .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// A new token, and its text, which nobody will see again.
    ///
    /// # Errors
    /// With what to change.
    pub async fn create_api_token(&self, viewer: &Viewer, new: &NewApiToken) -> Result<(ApiToken, String)> {
        must_be_themselves(viewer)?;
        new.check().map_err(Error::Invalid)?;
        let scope = self.store.as_viewer(viewer);
        let count: Option<(i64,)> =
            scope.optional("SELECT COUNT(*) FROM api_tokens WHERE user_id = $1", args![viewer.id]).await?;
        if count.is_some_and(|it| it.0 >= MOST) {
            return Err(Error::Conflict {
                code: "too_many_tokens",
                message: format!("You have {MOST} tokens. Delete one that is no longer used first."),
            });
        }
        let text = format!("{PREFIX}{}", hex(&self.ports.secret()));
        let now = self.ports.now();
        let token = ApiToken {
            id: self.ports.id(),
            name: atrium::text::line(&new.name),
            hint: text[text.len() - 4..].to_owned(),
            scopes: TokenScope::ALL.into_iter().filter(|it| new.scopes.contains(it)).collect(),
            created_at: now,
            expires_at: new.days.map(|it| now + i64::from(it) * DAY),
            last_used_at: None,
        };
        let scopes = token.scopes.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(" ");
        scope
            .execute(
                "INSERT INTO api_tokens (id, user_id, token_hash, name, hint, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                args![token.id, viewer.id, digest(&text), &token.name, &token.hint, scopes, now, token.expires_at],
            )
            .await?;
        Ok((token, text))
    }

    /// Ends a token at once.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn delete_api_token(&self, viewer: &Viewer, id: ApiTokenId) -> Result<()> {
        must_be_themselves(viewer)?;
        let scope = self.store.as_viewer(viewer);
        let deleted =
            scope.execute("DELETE FROM api_tokens WHERE id = $1 AND user_id = $2", args![id, viewer.id]).await?;
        if deleted == 0 { Err(Error::NotFound("token")) } else { Ok(()) }
    }

    /// Who comes with a token, and what it may do.
    ///
    /// # Errors
    /// [`Error::BadToken`] when there is no such token, or it is over.
    pub async fn holder(&self, text: &str) -> Result<(Viewer, ApiTokenId, Vec<TokenScope>)> {
        let now = self.ports.now();
        let system = self.store.as_system("the token says who asks");
        let found: Option<Holder> = system
            .optional(
                "SELECT t.id AS token_id, t.scopes, t.last_used_at,
                    u.id, u.organisation_id, u.email, u.username, u.name, u.role, u.is_superuser, u.is_active, u.password_hash
                 FROM api_tokens t JOIN users u ON u.id = t.user_id WHERE t.token_hash = $1 AND COALESCE(t.expires_at, $2 + 1) > $2",
                args![digest(text), now],
            )
            .await?;
        let found = found.filter(|it| it.user.is_active).ok_or(Error::BadToken)?;
        if found.last_used_at.is_none_or(|it| it < now - LAST_USED) {
            system.execute("UPDATE api_tokens SET last_used_at = $2 WHERE id = $1", args![found.token_id, now]).await?;
        }
        Ok((found.user.into_viewer()?, found.token_id.into(), parse_scopes(&found.scopes)))
    }
}
