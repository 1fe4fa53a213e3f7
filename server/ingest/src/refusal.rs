//! Why a file was not read, in sentences for the page.

use crate::Kind;
use serde::{Deserialize, Serialize};

/// Why there is no reading. Displayed, each is a sentence for whoever uploaded the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// The file has more bytes than allowed.
    #[error("The file is larger than {} MB.", .limit / (1024 * 1024))]
    TooLarge {
        /// In bytes.
        limit: u64,
    },
    /// There is nothing in it.
    #[error("The file is empty.")]
    Empty,
    /// It is well formed, but there are no words in it.
    #[error("There is no text in this {}.", .kind.noun())]
    NoText {
        /// What it is.
        kind: Kind,
    },
    /// A PDF of pictures.
    #[error("The PDF has no text; it seems to be scanned. Run it through text recognition (OCR) first.")]
    Scanned {
        /// How many pages were looked at.
        pages: usize,
    },
    /// Its name promises a kind that its content is not.
    #[error("The file is not what its name says: it is named as a {}, but its content is {found}.", .named.noun())]
    Misnamed {
        /// What the name or media type says.
        named: Kind,
        /// What it is, with its article: "a program".
        found: String,
    },
    /// A kind that is not read.
    #[error("Files of this kind cannot be read: it is {found}.")]
    Unsupported {
        /// What it is, with its article and, where there is one, the way out.
        found: String,
    },
    /// Bytes that are no text and no known format.
    #[error("The file is binary: there is no text in it that could be read.")]
    Binary,
    /// It begins as it should and then does not go on so.
    #[error("The {} is damaged or incomplete.", .kind.noun())]
    Broken {
        /// What it began as.
        kind: Kind,
    },
    /// It takes a password or a licence.
    #[error("The {} is protected. Remove the password or the copy protection and upload it again.", .kind.noun())]
    Encrypted {
        /// What it is.
        kind: Kind,
    },
    /// It unpacks to more than anybody would write.
    #[error("The file unpacks to far more than its size: it was not opened.")]
    Bomb,
    /// More pages than allowed.
    #[error("The PDF has {pages} pages; at most {limit} are read. Split it.")]
    TooManyPages {
        /// How many it has.
        pages: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// It took too long.
    #[error("The file took more than {seconds} seconds to read.")]
    OutOfTime {
        /// The limit.
        seconds: u64,
    },
    /// It could not be fetched from where it lies.
    #[error("The file could not be opened: {cause}")]
    Unopened {
        /// What the operating system said.
        cause: String,
    },
}
