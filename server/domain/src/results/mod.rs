//! Charts by question: what somebody asks of a file, of an earlier chart or of their own use of models is computed, drawn
//! and kept. A model may say *what* to compute; the figures are always ours, from the data.

mod asking;
mod proposal;
mod stored;
mod tables;
mod telling;
#[cfg(test)]
mod tests;

pub use asking::{Asked, Data, ask, ask_if_figures, ask_of_all};
pub use stored::{AnalyticsResult, ResultKind, delete, get, page, purge, restore, titles};
pub use telling::told;

/// Bytes of a file that is asked about.
pub const FILE_MAX: usize = atrium_analysis::table::BYTES_MAX;
/// Characters of a question.
pub const QUESTION_MAX: usize = atrium_analysis::question::QUESTION_MAX;
