//! Why there is no answer, in words for whoever asked.

/// What kept a table from being read or a question from being answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The file is no table that can be taken.
    #[error("{0}")]
    Table(String),
    /// Words of the question that are neither columns, nor values, nor known here.
    #[error("{} not among the columns, nor understood otherwise. The columns are {}.", are(words), list(columns))]
    Unknown {
        /// As they were written.
        words: Vec<String>,
        /// The columns that there are.
        columns: Vec<String>,
    },
    /// A word that fits several columns.
    #[error("“{word}” could be any of {}. Write the whole name of the column.", list(columns))]
    Ambiguous {
        /// As it was written.
        word: String,
        /// The columns that it fits.
        columns: Vec<String>,
    },
    /// The question is understood, and cannot be computed from this table.
    #[error("{0}")]
    Impossible(String),
}

impl Refusal {
    /// See [`Refusal::Impossible`].
    pub(crate) fn impossible(message: impl Into<String>) -> Self {
        Self::Impossible(message.into())
    }

    /// Whether it is the file that cannot be taken, and not the question.
    #[must_use]
    pub fn is_of_the_table(&self) -> bool {
        matches!(self, Self::Table(_))
    }
}

fn are(words: &[String]) -> String {
    format!("{} {}", quoted(words, "and"), if words.len() == 1 { "is" } else { "are" })
}

/// Names in a sentence.
pub(crate) fn list(names: &[String]) -> String {
    quoted(names, "and")
}

pub(crate) fn quoted(names: &[String], last: &str) -> String {
    let names: Vec<String> = names.iter().map(|it| format!("“{it}”")).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., end] => format!("{} {last} {end}", rest.join(", ")),
    }
}
