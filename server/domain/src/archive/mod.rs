//! One file that holds everything: the database and the files that it names, as a tar that any system unpacks.
//!
//! First comes the database (`atrium.db`, or the rows of a dump, `atrium.jsonl`), then each file under its key
//! (`files/ORGANISATION/12/1234…`), at last `atrium.json`, which counts them: an archive without it broke off. Files are
//! added and never changed, so whatever the copied database names is there to be copied after it, unless it was deleted
//! in between.

mod named;
mod reading;
#[cfg(test)]
mod tests;
mod writing;

pub use named::{Named, missing, named};
pub use reading::{Unpacked, is_archive, unpack};
pub use writing::{Written, back_up, dump};

use serde::{Deserialize, Serialize};

/// Changes when older readers would misunderstand a file.
const FORMAT: u32 = 1;
/// What is written last.
const FOOT: &str = "atrium.json";
/// In front of a file's key.
const FILES: &str = "files/";

/// What an archive holds for a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A copy of the SQLite file.
    Database,
    /// The rows, for either database.
    Dump,
}

impl Content {
    fn name(self) -> &'static str {
        match self {
            Self::Database => "atrium.db",
            Self::Dump => "atrium.jsonl",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Database, Self::Dump].into_iter().find(|it| it.name() == name)
    }
}

/// The last entry.
#[derive(Debug, Serialize, Deserialize)]
struct Foot {
    atrium_archive: u32,
    /// How many files are in it,
    files: u64,
    /// and how many the database names that were not there.
    missing: u64,
}
