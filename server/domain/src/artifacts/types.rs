//! What is known of a version of a model, and what somebody says of it.

use atrium::failure::FieldError;
use atrium::ids::{ArtifactId, UserId};
use atrium::text;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Bytes of a version's metrics.
const METRICS_MAX: usize = 64 * 1024;

/// How far a version has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It is tried.
    #[default]
    Staging,
    /// It is what people use: one version of each name.
    Production,
    /// It is kept.
    Archived,
}

impl Stage {
    /// All of them, as offered.
    pub const ALL: [Self; 3] = [Self::Staging, Self::Production, Self::Archived];

    /// As stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Production => "production",
            Self::Archived => "archived",
        }
    }

    /// The stage of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// A version of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Artifact {
    /// Which.
    pub id: ArtifactId,
    /// The model's name.
    pub name: String,
    /// Which version of it.
    pub version: String,
    /// How far it has come.
    pub stage: Stage,
    /// Where what is in it lies.
    pub storage_key: String,
    /// What was measured of it.
    pub metrics: Option<Map<String, Value>>,
    /// Who recorded it, while they have an account.
    pub created_by: Option<UserId>,
    /// What they are called.
    pub creator: Option<String>,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970; what a change says that it has seen.
    pub updated_at: i64,
}

/// What somebody says of a version.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ArtifactForm {
    /// See [`Artifact::name`].
    pub name: String,
    /// See [`Artifact::version`].
    pub version: String,
    /// See [`Artifact::stage`].
    pub stage: Stage,
    /// See [`Artifact::storage_key`].
    pub storage_key: String,
    /// See [`Artifact::metrics`].
    pub metrics: Option<Map<String, Value>>,
}

impl ArtifactForm {
    /// Checked and tidied.
    ///
    /// # Errors
    /// With what to change.
    pub fn check(&self) -> Result<Self, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut line = |field: &str, value: &str, max: usize| {
            let value = text::line(value);
            if value.is_empty() || value.chars().count() > max {
                wrong.push(FieldError { field: field.to_owned(), message: format!("Use 1 to {max} characters.") });
            }
            value
        };
        let (name, version) = (line("name", &self.name, 120), line("version", &self.version, 60));
        let storage_key = line("storage_key", &self.storage_key, 1_000);
        let metrics = self.metrics.clone().filter(|it| !it.is_empty());
        if metrics.as_ref().is_some_and(|it| Value::Object(it.clone()).to_string().len() > METRICS_MAX) {
            let message = format!("Use at most {} kB.", METRICS_MAX / 1024);
            wrong.push(FieldError { field: "metrics".to_owned(), message });
        }
        if wrong.is_empty() { Ok(Self { name, version, stage: self.stage, storage_key, metrics }) } else { Err(wrong) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_a_name_a_number_and_a_place() {
        let form = ArtifactForm {
            name: " churn ".into(),
            version: "1.2".into(),
            storage_key: "s3://m/1".into(),
            ..ArtifactForm::default()
        };
        assert_eq!(
            form.check().map(|it| (it.name, it.stage, it.metrics)),
            Ok(("churn".to_owned(), Stage::Staging, None))
        );
        let wrong = ArtifactForm::default().check().unwrap_err();
        assert_eq!(wrong.iter().map(|it| it.field.as_str()).collect::<Vec<_>>(), ["name", "version", "storage_key"]);
        assert_eq!(Stage::ALL.map(|it| Stage::parse(it.as_str())), Stage::ALL.map(Some));
    }
}
