//! What is different between two commits.

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;

use gix_diff::tree::{State, Visit, visit};
use gix_hash::ObjectId;
use gix_object::bstr::BStr;
use gix_object::tree::EntryMode;
use gix_object::{FindExt, TreeRefIter};

use crate::files::shown;
use crate::{File, Id, Refusal, Repository};

/// One difference. A file that was moved *and* changed is deleted and added: its text has to be read again in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Was not there.
    Added(File),
    /// Is different.
    Modified(File),
    /// Is what it was, elsewhere: what was made of its text can be kept.
    Renamed {
        /// Where it was.
        from: String,
        /// Where it is.
        file: File,
    },
    /// Is gone.
    Deleted {
        /// Where it was.
        path: String,
    },
}

impl Change {
    /// Where the change is to be seen: for what is gone, where it was.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Added(file) | Self::Modified(file) | Self::Renamed { file, .. } => &file.path,
            Self::Deleted { path } => path,
        }
    }
}

impl Repository {
    /// What changed from one commit to another, by path; everything there is when `from` is `None`. Both commits have to
    /// be here, as all are that were fetched into this folder; only folders that differ are looked into.
    ///
    /// # Errors
    /// [`Refusal::UnknownCommit`] when one of the two is not here, and [`Refusal::Damaged`].
    pub fn changes(&self, from: Option<Id>, to: Id) -> Result<Vec<Change>, Refusal> {
        let (mut old, mut new) = (Vec::new(), Vec::new());
        let from = from.map(|it| self.root(it)).transpose()?;
        let old = match from {
            Some(from) => self.objects.find_tree_iter(&from, &mut old).map_err(Refusal::damaged)?,
            None => TreeRefIter::from_bytes(&[], gix_hash::Kind::Sha1),
        };
        let new = self.objects.find_tree_iter(&self.root(to)?, &mut new).map_err(Refusal::damaged)?;
        let mut found = Found::default();
        gix_diff::tree(old, new, State::default(), &self.objects, &mut found).map_err(Refusal::damaged)?;
        self.classify(found.changes)
    }

    fn classify(&self, found: Vec<(String, visit::Change)>) -> Result<Vec<Change>, Refusal> {
        let mut changes = Vec::new();
        let mut added = Vec::new();
        let mut gone: HashMap<ObjectId, Vec<String>> = HashMap::new();
        for (path, change) in found {
            match change {
                visit::Change::Addition { entry_mode, oid, .. } => added.push(self.file(entry_mode, oid, path)?),
                visit::Change::Deletion { oid, .. } => gone.entry(oid).or_default().push(path),
                visit::Change::Modification { entry_mode, oid, .. } => {
                    changes.push(Change::Modified(self.file(entry_mode, oid, path)?));
                }
            }
        }
        for file in added {
            // Nothing says that one empty file was the other.
            let from =
                if file.size > 0 { gone.get_mut(&file.id.0).and_then(|it| take_closest(it, &file.path)) } else { None };
            changes.push(match from {
                Some(from) => Change::Renamed { from, file },
                None => Change::Added(file),
            });
        }
        changes.extend(gone.into_values().flatten().map(|path| Change::Deleted { path }));
        changes.sort_by(|a, b| a.path().cmp(b.path()));
        Ok(changes)
    }

    fn file(&self, mode: EntryMode, id: ObjectId, path: String) -> Result<File, Refusal> {
        let (kind, size) = self.measure(mode, id)?;
        Ok(File { path, id: Id(id), kind, size })
    }
}

/// Collects what is different, folders left out: what changed in them is told by itself. gitoxide's own recorder takes
/// paths apart at their slashes, which a name may hold where somebody wrote a tree by hand.
#[derive(Default)]
struct Found {
    changes: Vec<(String, visit::Change)>,
    path: String,
    /// How long the path was before each name that was added to it.
    lengths: Vec<usize>,
    /// Paths of folders that are looked into later.
    folders: VecDeque<String>,
}

impl Visit for Found {
    fn pop_front_tracked_path_and_set_current(&mut self) {
        self.path = self.folders.pop_front().unwrap_or_default();
        self.lengths.clear();
    }

    fn push_back_tracked_path_component(&mut self, name: &BStr) {
        self.push_path_component(name);
        self.folders.push_back(self.path.clone());
    }

    fn push_path_component(&mut self, name: &BStr) {
        self.lengths.push(self.path.len());
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(&shown(name));
    }

    fn pop_path_component(&mut self) {
        self.path.truncate(self.lengths.pop().unwrap_or_default());
    }

    fn visit(&mut self, change: visit::Change) -> visit::Action {
        if !change.entry_mode().is_tree() {
            self.changes.push((self.path.clone(), change));
        }
        ControlFlow::Continue(())
    }
}

/// Of several files with the same content, the one called alike, else the last.
fn take_closest(paths: &mut Vec<String>, like: &str) -> Option<String> {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let alike = paths.iter().position(|it| name(it) == name(like));
    match alike {
        Some(at) => Some(paths.remove(at)),
        None => paths.pop(),
    }
}
