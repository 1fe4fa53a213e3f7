//! What calls to models used: figures, by what they are summed up, over which time.

use serde::{Deserialize, Serialize};

/// Whose calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// One's own.
    #[default]
    Own,
    /// Those of one's organisation.
    Organisation,
    /// Everybody's on this server.
    All,
}

impl Reach {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Own, Self::Organisation, Self::All];

    /// As sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Organisation => "organisation",
            Self::All => "all",
        }
    }

    /// As shown.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Own => "My own",
            Self::Organisation => "My organisation",
            Self::All => "Everybody",
        }
    }
}

/// By what calls are summed up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// A day, UTC.
    #[default]
    Day,
    /// Whoever asked.
    User,
    /// The agent that answered.
    Agent,
    /// Its model.
    Model,
    /// The project of the conversation.
    Project,
}

impl Group {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Day, Self::User, Self::Agent, Self::Model, Self::Project];

    /// As sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::User => "user",
            Self::Agent => "agent",
            Self::Model => "model",
            Self::Project => "project",
        }
    }

    /// As shown.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Day => "Day",
            Self::User => "Person",
            Self::Agent => "Agent",
            Self::Model => "Model",
            Self::Project => "Project",
        }
    }

    /// The group of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// What several calls used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// How many, however they ended.
    pub calls: i64,
    /// How many of them failed.
    pub errors: i64,
    /// Tokens read.
    pub prompt_tokens: i64,
    /// Tokens written.
    pub completion_tokens: i64,
    /// Micro-dollars.
    pub cost: i64,
    /// Microseconds from asking to the end, of those that were answered: half took no longer.
    pub latency: Option<i64>,
    /// The same: 95 of a hundred took no longer.
    pub latency_p95: Option<i64>,
    /// Microseconds from asking to the first piece of text: half took no longer.
    pub first_token: Option<i64>,
}

impl Figures {
    /// Read and written.
    #[must_use]
    pub fn tokens(&self) -> i64 {
        self.prompt_tokens + self.completion_tokens
    }
}

/// The figures of one day, person, agent, model or project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// The day as `2026-01-31`, the id, or provider and model; empty for calls that belong to none.
    pub key: String,
    /// As shown.
    pub name: String,
    /// What was used.
    pub figures: Figures,
}
