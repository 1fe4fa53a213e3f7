//! The one error type. Pages, REST and server functions show the [`Failure`] that it turns into.

use crate::providers::ProviderError;
use atrium::failure::{Failure, FieldError};

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not exist, or is somebody else's, which must look the same.
    #[error("There is no such {0}. It may have been deleted.")]
    NotFound(&'static str),
    /// What was typed cannot be taken.
    #[error("{}", summary(.0))]
    Invalid(Vec<FieldError>),
    /// It cannot be done now, for the reason given.
    #[error("{message}")]
    Conflict {
        /// Stable word.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// The token that came with the request is worth nothing.
    #[error("The token is invalid or has expired. Sign in again, or refresh it.")]
    BadToken,
    /// Nobody is signed in.
    #[error("Sign in to go on.")]
    SignedOut,
    /// Not with this role.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Too often.
    #[error("{message}")]
    RateLimited {
        /// For people.
        message: String,
        /// Seconds.
        retry_after: u64,
    },
    /// The model's provider failed.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The database refused or is away.
    #[error("The database did not answer as it should. Try again; if it stays so, tell whoever runs this server.")]
    Database(#[from] sqlx::Error),
    /// A fault of ours.
    #[error("Something failed inside Atrium. It was logged; try again.")]
    Internal(String),
}

/// What most functions of this crate return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Somebody else was quicker: what was edited is no longer what is there.
    pub(crate) fn stale(what: &str) -> Self {
        Self::Conflict {
            code: "stale",
            message: format!("This {what} was changed elsewhere since you read it. Read it again, then change it."),
        }
    }

    /// One wrong field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.to_owned(), message: message.into() }])
    }

    /// As shown.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        let (status, code) = match self {
            Self::NotFound(_) => (404, "not_found"),
            Self::Invalid(_) => (422, "invalid"),
            Self::Conflict { code, .. } => (409, *code),
            Self::SignedOut => (401, "signed_out"),
            Self::BadToken => (401, "token_not_valid"),
            Self::Forbidden(_) => (403, "forbidden"),
            Self::RateLimited { .. } => (429, "rate_limited"),
            Self::Provider(error) => (502, error.code()),
            Self::Database(sqlx::Error::PoolTimedOut | sqlx::Error::Io(_)) => (503, "database_away"),
            Self::Database(_) => (500, "database"),
            Self::Internal(_) => (500, "internal"),
        };
        let mut failure = Failure::new(status, code, self.to_string());
        match self {
            Self::Invalid(fields) => failure.fields.clone_from(fields),
            Self::RateLimited { retry_after, .. } => failure.retry_after = Some(*retry_after),
            _ => {}
        }
        failure
    }

    /// What only the log may know.
    #[must_use]
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::Database(error) => Some(error.to_string()),
            Self::Internal(cause) => Some(cause.clone()),
            _ => None,
        }
    }
}

fn summary(fields: &[FieldError]) -> String {
    match fields {
        [only] => only.message.clone(),
        _ => "Some fields need another look.".to_owned(),
    }
}

/// Whether the database refused because `name` must be unique. PostgreSQL names the index, SQLite the columns: `columns`
/// as `table.a, table.b`.
pub(crate) fn breaks_unique(error: &sqlx::Error, name: &str, columns: &str) -> bool {
    error
        .as_database_error()
        .is_some_and(|it| it.is_unique_violation() && (it.constraint() == Some(name) || it.message().contains(columns)))
}
