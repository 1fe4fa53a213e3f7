//! Reading what was fetched, by commit and path. Nothing is unpacked to disk, so a link leads nowhere.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use gix_hash::ObjectId;
use gix_object::tree::EntryMode;
use gix_object::{CommitRef, FindExt};
use gix_odb::HeaderExt;

use crate::files::{is_binary, is_lfs_pointer, shown};
use crate::{File, Kind, Limits, Refusal, Skip, Text};

/// Packs that were decompressed lately: the bases of what is read next.
const CACHED: usize = 64;

/// The name of a commit or of a file's content: SHA-1, as forty hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub(crate) ObjectId);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({})", self.0)
    }
}

impl FromStr for Id {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        match ObjectId::from_hex(text.as_bytes()) {
            Ok(id) if id.kind() == gix_hash::Kind::Sha1 => Ok(Self(id)),
            _ => Err(Refusal::UnknownCommit),
        }
    }
}

/// What was fetched into one folder. Cheap to open; may move between threads, but each needs its own.
pub struct Repository {
    folder: PathBuf,
    pub(crate) objects: gix_odb::Handle,
}

/// One line of a folder's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Without the folders above it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// In bytes; 0 for folders and submodules.
    pub size: u64,
    /// Of its content.
    pub id: Id,
}

/// A file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// For a link, where it would lead.
    pub bytes: Vec<u8>,
    /// A file or a link.
    pub kind: Kind,
    /// Not for people to read.
    pub binary: bool,
    /// The file itself is kept elsewhere (Git LFS); this is the note that says where.
    pub lfs: bool,
}

impl Content {
    fn new(bytes: Vec<u8>, kind: Kind) -> Self {
        let (binary, lfs) = (is_binary(&bytes), is_lfs_pointer(&bytes));
        Self { bytes, kind, binary, lfs }
    }

    /// How many lines it has, the last one also without a line break.
    #[must_use]
    pub fn lines(&self) -> usize {
        let breaks = self.bytes.iter().filter(|it| **it == b'\n').count();
        breaks + usize::from(self.bytes.last().is_some_and(|it| *it != b'\n'))
    }
}

impl Repository {
    /// Read what [`fetch`](crate::fetch()) put into `folder`.
    ///
    /// # Errors
    /// [`Refusal::Storage`] when there is no such folder.
    pub fn open(folder: &Path) -> Result<Self, Refusal> {
        let mut objects = open_objects(&folder.join("objects"), Limits::default().object_bytes)?;
        objects.set_pack_cache(|| Box::<gix_pack::cache::lru::StaticLinkedList<CACHED>>::default());
        Ok(Self { folder: folder.to_owned(), objects })
    }

    /// The commit that was fetched last.
    ///
    /// # Errors
    /// [`Refusal::Storage`] when the folder cannot be read.
    pub fn head(&self) -> Result<Option<Id>, Refusal> {
        Ok(crate::fetch::head_of(&self.folder)?.map(Id))
    }

    /// What stands in a folder of a commit, folders first; the topmost folder is the empty path.
    ///
    /// # Errors
    /// [`Refusal::UnknownCommit`], [`Refusal::NoSuchPath`], [`Refusal::OtherKind`], [`Refusal::Damaged`].
    pub fn tree(&self, commit: Id, folder: &str) -> Result<Vec<Entry>, Refusal> {
        let (mode, id) = self.find(commit, folder)?;
        if !mode.is_tree() {
            return Err(Refusal::OtherKind(Kind::of(mode).word()));
        }
        let mut bytes = Vec::new();
        let mut entries = Vec::new();
        for entry in self.objects.find_tree_iter(&id, &mut bytes).map_err(Refusal::damaged)? {
            let entry = entry.map_err(Refusal::damaged)?;
            let (kind, size) = self.measure(entry.mode, entry.oid.to_owned())?;
            let name = shown(entry.filename);
            entries.push(Entry { name, kind, size, id: Id(entry.oid.to_owned()) });
        }
        entries.sort_by(|a, b| (a.kind != Kind::Folder, &a.name).cmp(&(b.kind != Kind::Folder, &b.name)));
        Ok(entries)
    }

    /// A file of a commit, when it is no larger than `limit` bytes. A link gives where it leads, and is not followed.
    ///
    /// # Errors
    /// [`Refusal::UnknownCommit`], [`Refusal::NoSuchPath`], [`Refusal::OtherKind`], [`Refusal::FileTooLarge`],
    /// [`Refusal::Damaged`].
    pub fn read(&self, commit: Id, path: &str, limit: u64) -> Result<Content, Refusal> {
        let (mode, id) = self.find(commit, path)?;
        let kind = Kind::of(mode);
        if !matches!(kind, Kind::File | Kind::Symlink) {
            return Err(Refusal::OtherKind(kind.word()));
        }
        Ok(Content::new(self.blob(id, limit)?, kind))
    }

    /// What there is of a file to index, or why there is nothing.
    ///
    /// # Errors
    /// [`Refusal::Damaged`] when its content is not there.
    pub fn text(&self, file: &File, limits: &Limits) -> Result<Text, Refusal> {
        if let Some(skip) = file.skip(limits) {
            return Ok(Text::Skipped(skip));
        }
        let content = Content::new(self.blob(file.id.0, limits.file_bytes)?, file.kind);
        Ok(match Skip::by_content(&file.path, &content) {
            Some(skip) => Text::Skipped(skip),
            None => Text::Read(content),
        })
    }

    /// The topmost folder of a commit.
    pub(crate) fn root(&self, commit: Id) -> Result<ObjectId, Refusal> {
        let mut bytes = Vec::new();
        Ok(commit_of(&self.objects, commit.0, &mut bytes)?.tree())
    }

    /// Go down a path. Its parts are compared with names and mean nothing else: `..` is a name that nothing has.
    fn find(&self, commit: Id, path: &str) -> Result<(EntryMode, ObjectId), Refusal> {
        let mut bytes = Vec::new();
        let mut found = (gix_object::tree::EntryKind::Tree.into(), self.root(commit)?);
        for name in path.split('/').filter(|_| !path.is_empty()) {
            let (mode, id): (EntryMode, ObjectId) = found;
            if !mode.is_tree() {
                return Err(Refusal::NoSuchPath);
            }
            let mut entries = self.objects.find_tree_iter(&id, &mut bytes).map_err(Refusal::damaged)?;
            let next = entries.find_map(|entry| match entry {
                Ok(entry) if shown(entry.filename) == name => Some(Ok((entry.mode, entry.oid.to_owned()))),
                Ok(_) => None,
                Err(error) => Some(Err(Refusal::damaged(error))),
            });
            found = next.ok_or(Refusal::NoSuchPath)??;
        }
        Ok(found)
    }

    /// What an entry of a tree is, and how large.
    pub(crate) fn measure(&self, mode: EntryMode, id: ObjectId) -> Result<(Kind, u64), Refusal> {
        let kind = Kind::of(mode);
        let size = match kind {
            Kind::File | Kind::Symlink => self.objects.header(id).map_err(Refusal::damaged)?.size(),
            Kind::Folder | Kind::Submodule => 0,
        };
        Ok((kind, size))
    }

    fn blob(&self, id: ObjectId, limit: u64) -> Result<Vec<u8>, Refusal> {
        let size = self.objects.header(id).map_err(Refusal::damaged)?.size();
        if size > limit {
            return Err(Refusal::FileTooLarge { size, limit });
        }
        let mut bytes = Vec::new();
        let length = self.objects.find_blob(&id, &mut bytes).map_err(Refusal::damaged)?.data.len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

/// Objects in their folder, none of them allowed to be larger than `object_bytes`.
pub(crate) fn open_objects(folder: &Path, object_bytes: usize) -> Result<gix_odb::Handle, Refusal> {
    let options = gix_odb::store::init::Options { alloc_limit_bytes: Some(object_bytes), ..Default::default() };
    gix_odb::at_opts(folder, gix_hash::Kind::Sha1, None, options).map_err(Refusal::storage)
}

/// A commit, or what is wrong with it.
pub(crate) fn commit_of<'b>(
    objects: &gix_odb::Handle,
    commit: ObjectId,
    bytes: &'b mut Vec<u8>,
) -> Result<CommitRef<'b>, Refusal> {
    if !gix_object::Exists::exists(objects, &commit) {
        return Err(Refusal::UnknownCommit);
    }
    objects.find_commit(&commit, bytes).map_err(Refusal::damaged)
}
