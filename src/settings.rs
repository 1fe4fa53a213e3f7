//! Settings as administrators see them.

use serde::{Deserialize, Serialize};

/// Where a value in force comes from; later ones win.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Compiled in.
    BuiltIn,
    /// `atrium.toml`.
    File,
    /// `.env`.
    DotEnv,
    /// The environment or a command-line option.
    Environment,
    /// Set by an administrator.
    Database,
}

impl Source {
    /// As shown beside the value.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::File => "atrium.toml",
            Self::DotEnv => ".env",
            Self::Environment => "environment",
            Self::Database => "set here",
        }
    }
}

/// One setting, with its value unless that is a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingView {
    /// Name in `atrium.toml` and in the form.
    pub key: String,
    /// Label of the field.
    pub label: String,
    /// What it does.
    pub help: String,
    /// The value in force; a secret shows only whether there is one.
    pub value: String,
    /// Never shown.
    pub is_secret: bool,
    /// Ticked or not.
    pub is_flag: bool,
    /// Where the value comes from.
    pub source: Source,
}
