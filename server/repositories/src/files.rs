//! Files of a commit, and which of them are not worth indexing.

use gix_object::bstr::{BStr, ByteSlice};
use gix_object::tree::{EntryKind, EntryMode};

use crate::{Content, Id, Limits};

/// What stands in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A file, executable or not.
    File,
    /// A folder.
    Folder,
    /// A link. Its content is where it leads; it is never followed.
    Symlink,
    /// Another repository's commit, which is not fetched.
    Submodule,
}

impl Kind {
    pub(crate) fn of(mode: EntryMode) -> Self {
        match mode.kind() {
            EntryKind::Tree => Self::Folder,
            EntryKind::Blob | EntryKind::BlobExecutable => Self::File,
            EntryKind::Link => Self::Symlink,
            EntryKind::Commit => Self::Submodule,
        }
    }

    /// As people and programs are told it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Folder => "folder",
            Self::Symlink => "symlink",
            Self::Submodule => "submodule",
        }
    }
}

/// A file of a commit, not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// From the topmost folder, with `/` between names. What cannot be in a name stands as `\u{FFFD}`.
    pub path: String,
    /// Of its content: files with the same id are the same.
    pub id: Id,
    /// Never a folder.
    pub kind: Kind,
    /// In bytes; 0 for a submodule.
    pub size: u64,
}

impl File {
    /// Why this file is not worth reading, as far as one can tell without.
    #[must_use]
    pub fn skip(&self, limits: &Limits) -> Option<Skip> {
        match self.kind {
            Kind::Submodule => return Some(Skip::Submodule),
            Kind::Symlink => return Some(Skip::Symlink),
            Kind::File | Kind::Folder => {}
        }
        let odd = |it: char| it == char::REPLACEMENT_CHARACTER || it.is_control();
        if self.path.contains(odd) || self.path.split('/').any(|it| matches!(it, "" | "." | ".." | ".git")) {
            return Some(Skip::Name);
        }
        Skip::by_path(&self.path)
            .or_else(|| (self.size > limits.file_bytes).then_some(Skip::TooLarge))
            .or_else(|| (self.size == 0).then_some(Skip::Empty))
    }
}

/// What there is of a file to index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// This.
    Read(Content),
    /// Nothing.
    Skipped(Skip),
}

/// Why a file is not indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Skip {
    /// Bytes that are no text.
    Binary,
    /// Nothing in it.
    Empty,
    /// Made by a program, or made small for one.
    Generated,
    /// Kept elsewhere by Git LFS.
    LfsPointer,
    /// A list of exact versions.
    LockFile,
    /// A name that is not UTF-8, holds control characters, or is one that git itself would not write (`..`).
    Name,
    /// Another repository.
    Submodule,
    /// A link.
    Symlink,
    /// Larger than [`Limits::file_bytes`].
    TooLarge,
    /// Somebody else's code that was copied in.
    Vendored,
}

/// Folders of code that came from elsewhere.
const VENDORED: [&str; 9] = [
    "node_modules",
    "bower_components",
    "jspm_packages",
    "vendor",
    "third_party",
    "thirdparty",
    "site-packages",
    ".venv",
    ".yarn",
];
/// Names of lists of versions.
const LOCKS: [&str; 23] = [
    "bun.lock",
    "bun.lockb",
    "cargo.lock",
    "cartfile.resolved",
    "composer.lock",
    "conan.lock",
    "deno.lock",
    "flake.lock",
    "gemfile.lock",
    "go.sum",
    "gradle.lockfile",
    "mix.lock",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "package.resolved",
    "packages.lock.json",
    "pdm.lock",
    "pipfile.lock",
    "pnpm-lock.yaml",
    "podfile.lock",
    "poetry.lock",
    "uv.lock",
    "yarn.lock",
];
/// Endings of what programs write.
const GENERATED: [&str; 13] = [
    ".bundle.js",
    ".designer.cs",
    ".freezed.dart",
    ".g.cs",
    ".g.dart",
    ".js.map",
    ".css.map",
    ".min.css",
    ".min.js",
    ".min.mjs",
    ".pb.go",
    "_pb2.py",
    "_pb2_grpc.py",
];
/// How far into a file a program says that it wrote it, in bytes.
const PREAMBLE: usize = 1000;
/// Bytes a line of a script or style sheet has on average when no person wrote it.
const WIDE_LINES: usize = 500;

impl Skip {
    /// A word for pages and programs, which never changes.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Empty => "empty",
            Self::Generated => "generated",
            Self::LfsPointer => "lfs_pointer",
            Self::LockFile => "lock_file",
            Self::Name => "name_unreadable",
            Self::Submodule => "submodule",
            Self::Symlink => "symlink",
            Self::TooLarge => "too_large",
            Self::Vendored => "vendored",
        }
    }

    fn by_path(path: &str) -> Option<Self> {
        let path = path.to_lowercase();
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if folders.split('/').any(|it| VENDORED.contains(&it)) {
            Some(Self::Vendored)
        } else if LOCKS.contains(&name) {
            Some(Self::LockFile)
        } else if GENERATED.iter().any(|it| name.ends_with(it)) {
            Some(Self::Generated)
        } else {
            None
        }
    }

    pub(crate) fn by_content(path: &str, content: &Content) -> Option<Self> {
        if content.lfs {
            return Some(Self::LfsPointer);
        }
        if content.binary {
            return Some(Self::Binary);
        }
        let beginning = String::from_utf8_lossy(&content.bytes[..content.bytes.len().min(PREAMBLE)]);
        let says_so = beginning.contains("@generated")
            || beginning.lines().any(|it| it.contains("Code generated by") && it.contains("DO NOT EDIT"));
        let script = path.rsplit('.').next().is_some_and(|it| matches!(it, "js" | "mjs" | "cjs" | "css"));
        let wide = script && content.bytes.len() / content.lines().max(1) > WIDE_LINES;
        (says_so || wide).then_some(Self::Generated)
    }
}

/// A name as it stands in paths. Bytes that are not UTF-8 are replaced, and so is a slash, which only a tree that was
/// written by hand has: a path can be taken apart again.
pub(crate) fn shown(name: &BStr) -> String {
    name.to_str_lossy().replace('/', "\u{FFFD}")
}

/// As git judges it: a zero byte near the beginning.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    const LOOKED_AT: usize = 8000;
    bytes[..bytes.len().min(LOOKED_AT)].contains(&0)
}

/// As Git LFS defines its pointers: this line first, and less than a kilobyte in all.
pub(crate) fn is_lfs_pointer(bytes: &[u8]) -> bool {
    bytes.len() < 1024 && bytes.starts_with(b"version https://git-lfs.github.com/spec/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skip(path: &str, size: u64) -> Option<&'static str> {
        let id = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391".parse().unwrap();
        let file = File { path: path.to_owned(), id, kind: Kind::File, size };
        file.skip(&Limits::default()).map(Skip::code)
    }

    #[test]
    fn names_tell_what_nobody_wrote() {
        assert_eq!(skip("src/main.rs", 10), None);
        assert_eq!(skip("web/node_modules/a/index.js", 10), Some("vendored"));
        assert_eq!(skip("vendor/github.com/x/y.go", 10), Some("vendored"));
        assert_eq!(skip("src/vendor.rs", 10), None, "a file is not a folder");
        assert_eq!(skip("Cargo.lock", 10), Some("lock_file"));
        assert_eq!(skip("a/b/uv.lock", 10), Some("lock_file"));
        assert_eq!(skip("static/app.min.js", 10), Some("generated"));
        assert_eq!(skip("admin.js", 10), None);
        assert_eq!(skip("notes.txt", 0), Some("empty"));
        assert_eq!(skip("notes.txt", 1_000_001), Some("too_large"));
        assert_eq!(skip("caf\u{FFFD}.txt", 10), Some("name_unreadable"));
    }

    #[test]
    fn content_tells_the_rest() {
        let judged = |path: &str, bytes: &[u8]| {
            let (binary, lfs) = (is_binary(bytes), is_lfs_pointer(bytes));
            let content = Content { bytes: bytes.to_vec(), kind: Kind::File, binary, lfs };
            Skip::by_content(path, &content).map(Skip::code)
        };
        assert_eq!(judged("a.rs", b"fn main() {}\n"), None);
        assert_eq!(judged("a.png", b"\x89PNG\0\0"), Some("binary"));
        assert_eq!(
            judged("a.psd", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n"),
            Some("lfs_pointer")
        );
        assert_eq!(judged("a.go", b"// Code generated by protoc. DO NOT EDIT.\npackage a\n"), Some("generated"));
        assert_eq!(judged("a.js", "x".repeat(4000).as_bytes()), Some("generated"));
        assert_eq!(judged("a.txt", "x".repeat(4000).as_bytes()), None, "a long paragraph is no script");
    }
}
