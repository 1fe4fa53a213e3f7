//! Finding: which passages a question is about, in what order, and what of an answer they support.
//!
//! - [`words`]: what counts as a word, when something is stored and when it is asked for.
//! - [`vectors`]: the nearest vectors among a million, in little memory.
//! - [`bm25`]: scores by words, alike whatever database holds them.
//! - [`fusion`]: one ranking out of what words and meaning found, and why it is as it is.
//! - [`attribution`]: which passage each sentence of an answer rests on, if any.
//!
//! All of it computes and nothing else: no database, no network, no model, no clock.

pub mod attribution;
mod best;
pub mod bm25;
pub mod fusion;
pub mod vectors;
pub mod words;
