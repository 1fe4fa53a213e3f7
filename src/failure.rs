//! What went wrong, in the one shape that pages, REST and server functions show.

use serde::{Deserialize, Serialize};

/// A refusal or fault, ready to be shown. `code` is stable; `message` is a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Stable word for programs: `not_found`, `invalid`, `rate_limited`, …
    pub code: String,
    /// What happened and what to do, for people.
    pub message: String,
    /// HTTP status.
    pub status: u16,
    /// What to change, field by field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
    /// Seconds after which trying again makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

/// What is wrong with one field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field's name in the form and in JSON.
    pub field: String,
    /// A sentence that says what to change.
    pub message: String,
}

impl Failure {
    /// A failure without field errors.
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), status, fields: Vec::new(), retry_after: None }
    }

    /// The error of one field, if it has one.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|it| it.field == name).map(|it| it.message.as_str())
    }

    /// Whether signing in (again) is what helps.
    #[must_use]
    pub fn needs_sign_in(&self) -> bool {
        self.status == 401
    }
}

/// Collects field errors; [`Checks::done`] turns them into a refusal.
#[derive(Debug, Default)]
pub struct Checks {
    errors: Vec<FieldError>,
}

impl Checks {
    /// Notes `message` at `field` unless `ok`.
    pub fn require(&mut self, ok: bool, field: &str, message: impl Into<String>) -> &mut Self {
        if !ok {
            self.errors.push(FieldError { field: field.to_owned(), message: message.into() });
        }
        self
    }

    /// # Errors
    /// With everything that was noted.
    pub fn done(self) -> Result<(), Vec<FieldError>> {
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }
}
