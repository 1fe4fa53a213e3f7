//! One id type a thing, so that a message's id cannot be passed where a run's is wanted.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// A tenant.
    OrganisationId,
    /// A person.
    UserId,
    /// A model with instructions.
    AgentId,
    /// A tree of messages.
    ConversationId,
    /// One turn of a conversation.
    MessageId,
    /// One attempt at writing an answer.
    RunId,
    /// A token that a person made for a program.
    ApiTokenId,
    /// One sign-in over REST.
    FamilyId,
    /// A place where somebody is signed in: a browser, or a program by its tokens.
    SessionId,
    /// How much may be spent.
    BudgetId,
    /// Work that several people share.
    ProjectId,
    /// What agents are good at.
    ExpertiseAreaId,
    /// A message in the outbox.
    MailId,
    /// A place in an organisation that somebody is offered.
    InvitationId,
    /// Documents that agents answer from.
    BaseId,
    /// A file of a knowledge base.
    DocumentId,
    /// A git repository of a knowledge base.
    RepositoryId,
    /// A file that goes with a message.
    AttachmentId,
    /// A link to a conversation.
    ShareId,
    /// A board: what somebody has laid out to look at.
    BoardId,
    /// A chart that answered a question.
    ResultId,
    /// A text with variables that somebody keeps.
    PromptId,
    /// A version of a model.
    ArtifactId,
}
