//! What people think of answers.

use serde::{Deserialize, Serialize};

/// The longest reason, in characters.
pub const REASON_MAX: usize = 2_000;

/// Thumbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It helped.
    Up,
    /// It did not.
    Down,
}

impl Verdict {
    /// As stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }

    /// The verdict of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Up, Self::Down].into_iter().find(|it| it.as_str() == text)
    }
}

/// What somebody thinks of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// In short.
    pub verdict: Verdict,
    /// Why; may be empty.
    pub reason: String,
}
