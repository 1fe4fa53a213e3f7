//! Tables, questions about them, and the figures that answer.
//!
//! - [`table`]: a CSV file, read: what its columns hold and how their numbers and dates are written.
//! - [`specification`]: what is to be computed, in words that a program or a model can write too.
//! - [`question`]: a question in English, made into a specification by rules alone.
//! - [`Specification::compute`]: the figures, computed from the table, with what can be said of them.
//!
//! All of it computes and nothing else: no database, no network, no model, no clock. No figure comes from anywhere but the
//! table.

mod answer;
mod calendar;
mod dates;
mod insights;
mod names;
mod numbers;
pub mod question;
mod refusal;
pub mod specification;
pub mod table;
mod tally;

pub use refusal::Refusal;
pub use specification::Specification;
pub use table::Table;
