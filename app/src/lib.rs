//! What people see: shell, pages, islands, server functions.
//!
//! Compiled twice. On the server (`ssr`) it is everything. In the browser (`hydrate`) it is the islands and the client
//! side of the server functions: pages and forms never get there.

// Views are types that nest as deep as the markup does.
#![recursion_limit = "512"]
// Leptos' macros make public items that nobody calls by name.
#![allow(missing_docs)]

pub mod functions;
pub mod icons;
pub mod islands;
pub mod shortcuts;

#[cfg(feature = "ssr")]
mod components;
#[cfg(feature = "ssr")]
pub mod forms;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod shell;
#[cfg(feature = "ssr")]
pub mod visit;

#[cfg(feature = "ssr")]
pub use pages::admin::csv as exports;
#[cfg(feature = "ssr")]
pub use pages::analytics::file as usage_file;
#[cfg(feature = "ssr")]
pub use shell::{Assets, Pages, shell};

/// Keeps this crate, and with it the islands that it exports, in the linked WASM.
pub fn link() {}
