//! The words that Atrium's server and browser share: ids, the types that cross the wire, validation and pure functions.
//!
//! Compiles to WASM as it is: no feature flags, no I/O, no clock, no randomness.

pub mod agents;
pub mod attachments;
pub mod budgets;
pub mod catalogue;
pub mod charts;
pub mod chat;
pub mod expertise;
pub mod failure;
pub mod favourites;
pub mod feedback;
pub mod ids;
pub mod knowledge;
pub mod organisations;
pub mod paging;
pub mod people;
pub mod permissions;
pub mod projects;
pub mod prompts;
pub mod search;
pub mod settings;
pub mod sharing;
pub mod text;
pub mod tokens;
pub mod usage;

pub use failure::{Failure, FieldError};
