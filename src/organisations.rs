//! Organisations: tenants, each with its people, projects and agents.

use crate::failure::{Checks, FieldError};
use crate::ids::OrganisationId;
use serde::{Deserialize, Serialize};

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Which.
    pub id: OrganisationId,
    /// What is said of it.
    pub details: OrganisationForm,
    /// How many belong to it.
    pub people: i64,
    /// How many it has, without deleted ones.
    pub projects: i64,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970; the version of what is edited.
    pub updated_at: i64,
}

/// What is said of an organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrganisationForm {
    /// Unique on the server.
    pub name: String,
    /// Whom to talk to.
    pub contact_name: String,
    /// How to reach them.
    pub contact_email: String,
    /// How to reach them.
    pub contact_phone: String,
    /// Where it is.
    pub address: String,
}

impl OrganisationForm {
    /// # Errors
    /// With what to change.
    pub fn check(&self) -> Result<Self, Vec<FieldError>> {
        let mut checks = Checks::default();
        let form = Self {
            name: crate::text::line(&self.name),
            contact_name: crate::text::line(&self.contact_name),
            contact_email: crate::text::line(&self.contact_email),
            contact_phone: crate::text::line(&self.contact_phone),
            address: self.address.trim().to_owned(),
        };
        checks.require(!form.name.is_empty(), "name", "Give the organisation a name.");
        for (field, value) in [
            ("name", &self.name),
            ("contact_name", &self.contact_name),
            ("contact_email", &self.contact_email),
            ("contact_phone", &self.contact_phone),
        ] {
            checks.require(value.chars().count() <= 200, field, "Use at most 200 characters.");
        }
        checks.require(self.address.chars().count() <= 1000, "address", "Use at most 1000 characters.").require(
            form.contact_email.is_empty() || crate::people::plausible_email(&form.contact_email),
            "contact_email",
            "Enter an e-mail address, or nothing.",
        );
        checks.done()?;
        Ok(form)
    }
}
