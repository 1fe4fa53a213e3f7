//! Tokens with which programs come in: what they may do, and how they are listed.

use crate::failure::{Checks, FieldError};
use crate::ids::ApiTokenId;
use serde::{Deserialize, Serialize};

/// What an API token may do of what its owner may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenScope {
    /// Read what its owner sees.
    Read,
    /// Talk to agents: begin conversations, send messages, stop runs.
    Chat,
    /// Change everything else that its owner may change, other than tokens and the password.
    Write,
}

impl TokenScope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Chat, Self::Write];

    /// As stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Chat => "chat",
            Self::Write => "write",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// A token in a list. The token itself is shown once, when it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Which.
    pub id: ApiTokenId,
    /// What its owner calls it.
    pub name: String,
    /// The token's last four characters, to tell it from others.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<TokenScope>,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// When it ends by itself.
    pub expires_at: Option<i64>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<i64>,
}

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiToken {
    /// See [`ApiToken::name`].
    pub name: String,
    /// See [`ApiToken::scopes`].
    pub scopes: Vec<TokenScope>,
    /// Days until it ends by itself.
    pub days: Option<u32>,
}

/// The longest life of a token that ends by itself, in days.
pub const TOKEN_DAYS_MAX: u32 = 3650;

impl NewApiToken {
    /// # Errors
    /// With what to change.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        let name = crate::text::line(&self.name);
        checks
            .require(!name.is_empty(), "name", "Give the token a name that says what it is for.")
            .require(self.name.chars().count() <= 80, "name", "Use at most 80 characters.")
            .require(!self.scopes.is_empty(), "scopes", "Choose at least one of read, chat and write.")
            .require(
                self.days.is_none_or(|it| (1..=TOKEN_DAYS_MAX).contains(&it)),
                "expires_in_days",
                format!("Use 1 to {TOKEN_DAYS_MAX} days, or nothing for a token that does not end by itself."),
            );
        checks.done()
    }
}
