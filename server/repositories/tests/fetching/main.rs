//! Repositories fetched from real servers that behave, and that do not.

#![allow(clippy::unwrap_used, reason = "where a test panics, it fails")]

mod changes;
mod limits;
mod refusals;
mod server;
mod strange;
mod work;
