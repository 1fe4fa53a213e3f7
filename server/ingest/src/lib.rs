//! Files to text, and text to pieces.
//!
//! - [`read`] takes a file of any supported kind and gives its text with marks: pages, headings, slides, sheets
//!   (`read`, and a module a format: `pdf`, `docx`, `pptx`, `xlsx`, `html`, `epub`, `mail`, `table`, `json`, `plain`).
//! - What a file is, is decided by its content first and its name second (`kind`, `sniff`).
//! - [`split`] cuts the text into pieces for an index; [`estimate_tokens`] counts fast (`split`, `tokens`).
//! - [`key_sentences`] picks the sentences that say most, for when there is no model to summarise (`summary`).
//!
//! Everything is synchronous and holds one file in memory. The limits are kept inside the process, but a parser that
//! somebody else wrote is trusted no further than that: a server runs this in a child process, whose death costs one file.
//!
//! Not here: databases, jobs, where files lie, who may read them. Nothing in this crate opens a connection.

mod archive;
mod docx;
mod draft;
mod encoding;
mod epub;
mod html;
mod json;
mod kind;
mod language;
mod limits;
mod mail;
mod markdown;
mod pdf;
mod plain;
mod pptx;
mod read;
mod reading;
mod refusal;
mod rows;
mod sniff;
mod split;
mod summary;
mod table;
mod tokens;
mod xlsx;
mod xml;

pub use kind::{Kind, UnknownKind};
pub use limits::Limits;
pub use read::{read, read_source};
pub use reading::{Mark, Note, Place, Reading};
pub use refusal::Refusal;
pub use split::{Piece, Sizes, split};
pub use summary::key_sentences;
pub use tokens::estimate_tokens;
