//! Projects: work that several people share, with its agents and conversations.

use crate::failure::{Checks, FieldError};
use crate::ids::{ProjectId, UserId};
use serde::{Deserialize, Serialize};

/// What a member may do in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProjectRole {
    /// Changes it, its members and its agents.
    Manager,
    /// Works in it: talks to its agents, keeps conversations in it.
    Member,
    /// Looks at it.
    Guest,
}

impl ProjectRole {
    /// All of them, those that may do most first.
    pub const ALL: [Self; 3] = [Self::Manager, Self::Member, Self::Guest];

    /// As stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manager => "manager",
            Self::Member => "member",
            Self::Guest => "guest",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// A project, as somebody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Which.
    pub id: ProjectId,
    /// Unique in its organisation.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// What the viewer is in it; `None` for who only administers it.
    pub role: Option<ProjectRole>,
    /// Whether the viewer may change it.
    pub can_manage: bool,
    /// How many people.
    pub member_count: i64,
    /// How many agents.
    pub agent_count: i64,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970; the version of what is edited.
    pub updated_at: i64,
}

/// Somebody in a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// Name as shown.
    pub name: String,
    /// Address.
    pub email: String,
    /// As what.
    pub role: ProjectRole,
    /// Microseconds since 1970.
    pub since: i64,
    /// The hash of their picture, if they have one.
    pub avatar: Option<String>,
}

/// What a project is called and about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProjectForm {
    /// See [`Project::name`].
    pub name: String,
    /// See [`Project::description`].
    pub description: String,
}

impl ProjectForm {
    /// # Errors
    /// With what to change.
    pub fn check(&self) -> Result<Self, Vec<FieldError>> {
        let mut checks = Checks::default();
        let name = crate::text::line(&self.name);
        checks
            .require(!name.is_empty(), "name", "Give the project a name.")
            .require(self.name.chars().count() <= 120, "name", "Use at most 120 characters.")
            .require(self.description.chars().count() <= 2000, "description", "Use at most 2000 characters.");
        checks.done()?;
        Ok(Self { name, description: self.description.trim().to_owned() })
    }
}
