//! Areas of expertise: what an organisation's agents are good at.

use crate::failure::{Checks, FieldError};
use crate::ids::ExpertiseAreaId;
use serde::{Deserialize, Serialize};

/// An area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpertiseArea {
    /// Which.
    pub id: ExpertiseAreaId,
    /// Unique in its organisation.
    pub name: String,
    /// What belongs to it.
    pub description: String,
    /// How many agents of the organisation have it.
    pub agent_count: i64,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970; the version of what is edited.
    pub updated_at: i64,
}

/// What an area is called and about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExpertiseAreaForm {
    /// See [`ExpertiseArea::name`].
    pub name: String,
    /// See [`ExpertiseArea::description`].
    pub description: String,
}

impl ExpertiseAreaForm {
    /// # Errors
    /// With what to change.
    pub fn check(&self) -> Result<Self, Vec<FieldError>> {
        let mut checks = Checks::default();
        let name = crate::text::line(&self.name);
        checks
            .require(!name.is_empty(), "name", "Give the area a name.")
            .require(self.name.chars().count() <= 120, "name", "Use at most 120 characters.")
            .require(self.description.chars().count() <= 1000, "description", "Use at most 1000 characters.");
        checks.done()?;
        Ok(Self { name, description: self.description.trim().to_owned() })
    }
}
