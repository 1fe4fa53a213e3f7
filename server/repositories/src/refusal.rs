//! Why a repository was not fetched or a file not read.

use std::time::Duration;

/// What a person is told. No refusal holds credentials or an address's secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Not an address of a repository that we can use.
    #[error("this is no address of a repository: {0}")]
    Address(&'static str),
    /// A way of fetching that is not offered.
    #[error("repositories are fetched over https; “{0}” is not supported. For a private one, enter an access token")]
    Scheme(String),
    /// A folder outside the one that repositories may be fetched from, or there is none such.
    #[error("repositories of this machine are fetched from a configured folder only")]
    Folder,
    /// Not a name that a branch can have.
    #[error("a branch cannot be called this: {0}")]
    Branch(&'static str),
    /// Credentials that cannot be sent as they are.
    #[error("the credentials cannot be used: {0}")]
    Credentials(&'static str),
    /// HTTP 401.
    #[error("{}", if *.given { "the server does not accept these credentials" } else { "there is no such repository, or it needs credentials" })]
    Unauthorized {
        /// Whether credentials were sent.
        given: bool,
    },
    /// HTTP 403.
    #[error("the server refuses access to this repository")]
    Forbidden,
    /// HTTP 404, or no such folder.
    #[error("there is no repository at this address, or it may not be seen without credentials")]
    Missing,
    /// Something else answers there.
    #[error("{}", if *.page { "a web page is at this address, not a git repository" } else { "what is at this address is no git repository" })]
    NotGit {
        /// Whether it was HTML.
        page: bool,
    },
    /// Sent on to something that is no repository, usually a page to sign in on, or in circles.
    #[error("the server sends us on to {host}, which is no repository; it may want a sign-in")]
    Redirected {
        /// Where to, without the path.
        host: String,
    },
    /// Another answer that is none.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// The request could not be made, or the answer broke off.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// There is nothing in it yet.
    #[error("the repository is empty: there is no commit yet")]
    Empty,
    /// There is no such branch.
    #[error("{}", .0.as_ref().map_or_else(|| "the repository names no default branch; say which branch is meant".to_owned(), |it| format!("there is no branch “{it}”")))]
    UnknownBranch(Option<String>),
    /// The repository is of a kind that is not supported.
    #[error("the repository is of a kind that is not supported: {0}")]
    Unsupported(&'static str),
    /// More bytes than [`Limits::pack_bytes`](crate::Limits::pack_bytes).
    #[error("the repository is larger than {} MB, the most that is fetched", .limit / 1_000_000)]
    PackTooLarge {
        /// In bytes.
        limit: u64,
    },
    /// A file beyond [`Limits::object_bytes`](crate::Limits::object_bytes).
    #[error("the repository holds a file larger than {} MB, the most that is unpacked", .limit / 1_000_000)]
    ObjectTooLarge {
        /// In bytes.
        limit: usize,
    },
    /// More files, or more folders, than [`Limits::files`](crate::Limits::files), or nested absurdly deep.
    #[error("the repository holds more than {limit} files or folders, the most that is indexed")]
    TooManyFiles {
        /// The number.
        limit: usize,
    },
    /// It took longer than [`Limits::time`](crate::Limits::time).
    #[error("fetching took longer than {} seconds", .after.as_secs())]
    Timeout {
        /// The limit.
        after: Duration,
    },
    /// The caller said stop.
    #[error("fetching was stopped")]
    Interrupted,
    /// Somebody else fetches into the same folder.
    #[error("this repository is being fetched already")]
    Busy,
    /// The server does not speak as git servers do.
    #[error("the server's answer is not understood: {0}")]
    Protocol(String),
    /// Objects are missing or broken.
    #[error("the repository is damaged: {0}")]
    Damaged(String),
    /// Our own folder cannot be read or written.
    #[error("the repository's folder cannot be used: {0}")]
    Storage(String),
    /// There is no such commit here, or no longer.
    #[error("this commit is not here")]
    UnknownCommit,
    /// There is no such path in that commit.
    #[error("there is no such file or folder in this commit")]
    NoSuchPath,
    /// A folder where a file was asked for, a file where a folder was, or a submodule, which is a repository of its own.
    #[error("this is a {0}")]
    OtherKind(&'static str),
    /// Larger than the caller wants to read.
    #[error("the file is larger than {limit} bytes")]
    FileTooLarge {
        /// Its size in bytes.
        size: u64,
        /// What the caller allows, in bytes.
        limit: u64,
    },
}

impl Refusal {
    /// A word for programs, which never changes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "address_invalid",
            Self::Scheme(_) => "scheme_unsupported",
            Self::Folder => "folder_not_permitted",
            Self::Branch(_) => "branch_invalid",
            Self::Credentials(_) => "credentials_invalid",
            Self::Unauthorized { .. } => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Missing => "repository_not_found",
            Self::NotGit { .. } => "not_git",
            Self::Redirected { .. } => "redirected",
            Self::Status(_) => "server_status",
            Self::Unreachable(_) => "unreachable",
            Self::Empty => "repository_empty",
            Self::UnknownBranch(_) => "branch_not_found",
            Self::Unsupported(_) => "repository_unsupported",
            Self::PackTooLarge { .. } => "pack_too_large",
            Self::ObjectTooLarge { .. } => "object_too_large",
            Self::TooManyFiles { .. } => "too_many_files",
            Self::Timeout { .. } => "timeout",
            Self::Interrupted => "interrupted",
            Self::Busy => "busy",
            Self::Protocol(_) => "protocol",
            Self::Damaged(_) => "damaged",
            Self::Storage(_) => "storage",
            Self::UnknownCommit => "commit_not_found",
            Self::NoSuchPath => "path_not_found",
            Self::OtherKind(_) => "other_kind",
            Self::FileTooLarge { .. } => "file_too_large",
        }
    }

    /// Whether the same may work later without anybody changing anything.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Timeout { .. } | Self::Interrupted | Self::Busy | Self::Storage(_) => true,
            Self::Status(status) => *status == 429 || *status >= 500,
            _ => false,
        }
    }

    /// Our own disk.
    pub(crate) fn storage(error: std::io::Error) -> Self {
        Self::Storage(clip(&error.to_string()))
    }

    /// An object that should be there and whole.
    pub(crate) fn damaged(error: impl std::fmt::Display) -> Self {
        Self::Damaged(clip(&error.to_string()))
    }
}

/// One line of what a stranger's machine said, and not much of it.
pub(crate) fn clip(text: &str) -> String {
    const CHARACTERS: usize = 200;
    let text: String = text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
