//! Finding: which passages a question is about, in what order, and what of an answer they support.
//!
//! - [`vectors`]: the nearest vectors among a million, in little memory.
//!
//! All of it computes and nothing else: no database, no network, no model, no clock.

pub mod vectors;
