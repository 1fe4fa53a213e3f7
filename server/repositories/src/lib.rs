//! Git repositories: fetched, compared, read.
//!
//! - [`Origin`] says where a repository is and which branch is meant; addresses and branches are checked when they are
//!   parsed (`address`).
//! - [`fetch`] brings the newest commit of a branch, without its history, into a bare repository of ours (`fetch`, over
//!   HTTP in `remote`, from a folder of this machine in `local`). Limits of bytes and time hold whatever the other side
//!   does (`watch`).
//! - [`Fetcher`] is how requests leave: the caller gives its one guarded client, this crate opens no connection (`http`).
//! - [`Repository`] reads what was fetched: what changed between two commits, folders, files (`repository`, `changes`).
//! - [`Skip`] says why a file is not worth indexing (`files`), [`language`] what it is written in (`languages`).
//!
//! No work tree is ever written, no program started, no hook run and no configuration obeyed. What stands in a
//! repository (names, links, commits' words) is data. Everything here blocks: call it from a thread of its own.
//!
//! Not here: who may fetch what, schedules, what becomes of the text. No database.

mod address;
mod changes;
mod fetch;
mod files;
mod http;
mod languages;
mod local;
mod refusal;
mod remote;
mod repository;
mod watch;

use std::time::Duration;

pub use address::{Address, Branch, Credentials, Origin, Permitted};
pub use changes::Change;
pub use fetch::{Head, fetch};
pub use files::{File, Kind, Skip, Text};
pub use http::{Fetcher, Request, Response};
pub use languages::language;
pub use refusal::Refusal;
pub use repository::{Content, Entry, Id, Repository};
pub use watch::{Progress, Terms};

/// How much a repository may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Everything one fetch receives, in bytes.
    pub pack_bytes: u64,
    /// One object when unpacked, in bytes: what a fetch may take in memory, and what a small pack may swell to.
    pub object_bytes: usize,
    /// Files in a commit; folders are counted by themselves, against the same number.
    pub files: usize,
    /// A file that is to be indexed, in bytes.
    pub file_bytes: u64,
    /// One fetch, from the first request to the last file.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pack_bytes: 500_000_000,
            object_bytes: 256_000_000,
            files: 50_000,
            file_bytes: 1_000_000,
            time: Duration::from_secs(600),
        }
    }
}
