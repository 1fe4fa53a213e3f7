//! What Atrium does, a folder a subject. No axum, no Leptos: pages and REST are shims over this crate.
//!
//! Every subject takes the [`store`] and the [`ports`]; [`Atrium`] holds them together for whoever serves requests.

pub mod accounts;
pub mod agents;
pub mod archive;
pub mod artifacts;
pub mod attachments;
pub mod audit;
pub mod boards;
pub mod charts;
pub mod chat;
pub mod demo;
pub mod error;
pub mod expertise;
pub mod export;
pub mod favourites;
pub mod feedback;
pub mod guests;
pub mod idempotency;
pub mod import;
pub mod jobs;
pub mod knowledge;
pub mod limits;
pub mod mail;
pub mod markdown;
pub mod metrics;
pub mod organisations;
pub mod ports;
pub mod projects;
pub mod prompts;
pub mod providers;
pub mod results;
pub mod seal;
pub mod search;
pub mod settings;
pub mod sharing;
pub mod store;
pub mod translations;
pub mod usage;

mod state;
#[cfg(test)]
mod testing;

pub use error::{Error, Result};
pub use state::Atrium;
