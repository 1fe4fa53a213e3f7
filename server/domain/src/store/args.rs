//! Values bound to a statement, in the few types that both databases know.

use atrium::ids::{
    AgentId, ApiTokenId, ArtifactId, AttachmentId, BaseId, BoardId, BudgetId, ConversationId, DocumentId,
    ExpertiseAreaId, FamilyId, InvitationId, MailId, MessageId, OrganisationId, ProjectId, PromptId, RepositoryId,
    ResultId, RunId, SessionId, ShareId, UserId,
};
use uuid::Uuid;

/// One value. `None` is NULL of that type: PostgreSQL wants to know.
#[derive(Debug, Clone)]
pub enum Arg {
    /// BIGINT.
    Int(Option<i64>),
    /// DOUBLE PRECISION.
    Real(Option<f64>),
    /// BOOLEAN.
    Flag(Option<bool>),
    /// TEXT.
    Text(Option<String>),
    /// BLOB or BYTEA.
    Bytes(Option<Vec<u8>>),
    /// BLOB or UUID.
    Id(Option<Uuid>),
}

/// The values of a statement, `$1` first.
pub type Args = Vec<Arg>;

macro_rules! from {
    ($($type:ty => $variant:ident),* $(,)?) => {$(
        impl From<$type> for Arg {
            fn from(value: $type) -> Self {
                Self::$variant(Some(value.into()))
            }
        }

        impl From<Option<$type>> for Arg {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map(Into::into))
            }
        }
    )*};
}

from! {
    i64 => Int, f64 => Real, bool => Flag, Vec<u8> => Bytes, Uuid => Id,
    OrganisationId => Id, UserId => Id, AgentId => Id, ConversationId => Id, MessageId => Id, RunId => Id,
    ApiTokenId => Id, FamilyId => Id, ProjectId => Id, SessionId => Id, ExpertiseAreaId => Id, MailId => Id,
    InvitationId => Id, BaseId => Id, DocumentId => Id, RepositoryId => Id, BoardId => Id, BudgetId => Id,
    ResultId => Id, ArtifactId => Id, AttachmentId => Id, ShareId => Id, PromptId => Id,
}

/// PostgreSQL's text has no NUL, and nobody types one: both databases keep a text without.
macro_rules! from_text {
    ($($type:ty),*) => {$(
        impl From<$type> for Arg {
            fn from(value: $type) -> Self {
                Self::from(Some(value))
            }
        }

        impl From<Option<$type>> for Arg {
            fn from(value: Option<$type>) -> Self {
                let text: Option<String> = value.map(Into::into);
                Self::Text(text.map(|it| if it.contains('\0') { it.replace('\0', "") } else { it }))
            }
        }
    )*};
}

from_text! { &str, String, &String }

/// `args![id, name, Some(time)]`
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::Arg::from($value)),*] };
}
pub(crate) use args;

/// Binds `args` to an sqlx query of either database.
macro_rules! bind {
    ($query:expr, $args:expr) => {{
        let mut query = $query;
        for arg in $args {
            query = match arg {
                $crate::store::Arg::Int(value) => query.bind(value),
                $crate::store::Arg::Real(value) => query.bind(value),
                $crate::store::Arg::Flag(value) => query.bind(value),
                $crate::store::Arg::Text(value) => query.bind(value),
                $crate::store::Arg::Bytes(value) => query.bind(value),
                $crate::store::Arg::Id(value) => query.bind(value),
            };
        }
        query
    }};
}
pub(super) use bind;
