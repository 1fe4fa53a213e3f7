//! Bringing the newest commit of a branch here.
//!
//! The folder is a bare repository of git's own format. A fetch adds a pack, checks that the commit is whole, and only
//! then writes `HEAD`, in one step: whatever interrupts it, what was there before stays whole and the next fetch
//! begins again. Earlier commits stay readable, until so many packs have come together that everything is fetched anew.

use std::cell::RefCell;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use gix_hash::ObjectId;
use gix_object::FindExt;
use gix_object::bstr::ByteSlice;
use gix_pack::Bundle;
use gix_utils::progress::DynNestedProgress;

use crate::address::{Branch, Place};
use crate::local::Local;
use crate::refusal::clip;
use crate::remote::Remote;
use crate::repository::{commit_of, open_objects};
use crate::watch::{Progress, Terms, Watch};
use crate::{Id, Origin, Refusal};

/// Packs after which everything is fetched anew, in one, and earlier commits are forgotten. The same happens when
/// they have grown to twice what one fetch may receive.
const PACKS: usize = 200;
/// Longest path in a commit, in bytes. Longer ones are not made by people.
const PATH: usize = 4096;

/// What a branch points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Of the newest commit.
    pub commit: Id,
    /// As asked for, or the server's default; `HEAD` where that is no branch.
    pub branch: String,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
    /// The first line of its message, shortened.
    pub message: String,
    /// How many files it holds, with links and submodules.
    pub files: usize,
}

/// Fetch what `origin` names into `folder`, which is made if there is none and belongs to this crate alone.
///
/// When the commit is here already nothing is received.
///
/// # Errors
/// Any [`Refusal`] up to [`Refusal::Storage`]. What had been fetched before is as it was.
pub fn fetch(folder: &Path, origin: &Origin, terms: &Terms<'_>) -> Result<Head, Refusal> {
    let ours = Ours::prepare(folder)?;
    Watch::during(terms, |watch| {
        let branch = origin.branch.as_ref();
        match &origin.address.0 {
            Place::Web(url) => {
                ours.bring(watch, branch, || Ok(Box::new(Remote::connect(watch, url, origin.credentials.as_ref())?)))
            }
            Place::Folder(path) => ours.bring(watch, branch, || Ok(Box::new(Local::open(watch, path)?))),
        }
    })
}

/// Where objects come from.
pub(crate) trait Side {
    /// The newest commit of the branch, or of the default one.
    fn tip(&mut self, branch: Option<&Branch>) -> Result<Tip, Refusal>;

    /// Give `commit` and what it needs to `packs`, less what comes with `have`, which is whole here.
    fn give(
        &mut self,
        commit: ObjectId,
        have: Option<ObjectId>,
        packs: &Packs<'_>,
        shallow_file: &Path,
    ) -> Result<(), Refusal>;
}

/// A commit and the branch it is the newest of.
pub(crate) struct Tip {
    pub(crate) branch: String,
    pub(crate) commit: ObjectId,
}

/// The folder, for as long as it is ours alone.
struct Ours<'a> {
    folder: &'a Path,
    /// Released by the system when we end, however we end.
    _lock: File,
}

impl<'a> Ours<'a> {
    fn prepare(folder: &'a Path) -> Result<Self, Refusal> {
        for part in ["objects/pack", "refs/heads"] {
            fs::create_dir_all(folder.join(part)).map_err(Refusal::storage)?;
        }
        let lock = File::create(folder.join("fetch.lock")).map_err(Refusal::storage)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Refusal::Busy),
            Err(TryLockError::Error(error)) => return Err(Refusal::storage(error)),
        }
        let ours = Self { folder, _lock: lock };
        ours.tidy().map_err(Refusal::storage)?;
        Ok(ours)
    }

    /// Remove what a fetch left that was ended from outside, and say what kind of folder this is.
    fn tidy(&self) -> io::Result<()> {
        for left in ["shallow.lock", "shallow.new", "shallow.new.lock"] {
            remove(&self.folder.join(left))?;
        }
        for file in fs::read_dir(self.packs())? {
            let path = file?.path();
            let temporary = path.file_name().is_some_and(|it| it.as_encoded_bytes().starts_with(b".tmp"));
            if temporary || path.extension().is_some_and(|it| it == "keep") {
                remove(&path)?;
            }
        }
        let config = self.folder.join("config");
        if !config.exists() {
            fs::write(config, "[core]\n\trepositoryformatversion = 0\n\tbare = true\n")?;
        }
        Ok(())
    }

    fn packs(&self) -> PathBuf {
        self.folder.join("objects").join("pack")
    }

    fn bring<'s>(
        &self,
        watch: &Watch<'_>,
        branch: Option<&Branch>,
        connect: impl Fn() -> Result<Box<dyn Side + 's>, Refusal>,
    ) -> Result<Head, Refusal> {
        let mut side = connect()?;
        let tip = side.tip(branch)?;
        let old = head_of(self.folder)?;
        if old == Some(tip.commit)
            && let Ok(head) = self.survey(watch, &tip)
        {
            return Ok(head);
        }
        if let Some(have) = old.filter(|it| *it != tip.commit)
            && !self.is_full(watch).map_err(Refusal::storage)?
        {
            match self.receive(watch, &mut *side, &tip, Some(have)) {
                // What we have may not be what the other side thinks we have. Once more, without building on it.
                Err(refusal @ (Refusal::Damaged(_) | Refusal::Protocol(_))) => {
                    tracing::info!(%refusal, "fetching a repository anew");
                    side = connect()?;
                }
                result => return result,
            }
        }
        self.receive(watch, &mut *side, &tip, None)
    }

    /// Whether it is time to begin anew.
    fn is_full(&self, watch: &Watch<'_>) -> io::Result<bool> {
        let (mut packs, mut bytes) = (0, 0);
        for file in fs::read_dir(self.packs())? {
            let file = file?;
            packs += usize::from(file.path().extension().is_some_and(|it| it == "pack"));
            bytes += file.metadata()?.len();
        }
        Ok(packs >= PACKS || bytes > watch.limits().pack_bytes.saturating_mul(2))
    }

    fn receive(
        &self,
        watch: &Watch<'_>,
        side: &mut dyn Side,
        tip: &Tip,
        have: Option<ObjectId>,
    ) -> Result<Head, Refusal> {
        let bases =
            have.map(|_| open_objects(&self.folder.join("objects"), watch.limits().object_bytes)).transpose()?;
        let packs = Packs { watch, folder: self.packs(), bases, written: RefCell::default() };
        // Which commits are without their parents. Anew, there is only one such.
        let shallow = self.folder.join("shallow");
        let fresh = self.folder.join("shallow.new");
        let head = side
            .give(tip.commit, have, &packs, if have.is_some() { &shallow } else { &fresh })
            .and_then(|()| watch.check())
            .and_then(|()| self.survey(watch, tip));
        let kept = head.and_then(|head| {
            if have.is_none() {
                replace(&fresh, &shallow).map_err(Refusal::storage)?;
            }
            self.point_to(tip.commit).map_err(Refusal::storage)?;
            Ok(head)
        });
        match kept {
            Ok(head) => {
                if have.is_none() {
                    packs.only_written();
                }
                Ok(head)
            }
            Err(refusal) => {
                packs.none_written();
                Err(refusal)
            }
        }
    }

    /// Make `commit` what is here, in one step.
    fn point_to(&self, commit: ObjectId) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(self.folder)?;
        writeln!(file, "{commit}")?;
        file.as_file().sync_all()?;
        file.persist(self.folder.join("HEAD"))?;
        Ok(())
    }

    /// Walk a commit's folders: is everything there, and is it not too much? Later readers build on the answer.
    fn survey(&self, watch: &Watch<'_>, tip: &Tip) -> Result<Head, Refusal> {
        (watch.terms.progress)(Progress::Checking);
        let limit = watch.limits().files;
        let objects = open_objects(&self.folder.join("objects"), watch.limits().object_bytes)?;
        let mut bytes = Vec::new();
        let (tree, head) = {
            let commit = commit_of(&objects, tip.commit, &mut bytes)?;
            let time = commit.time().map_err(Refusal::damaged)?.seconds;
            let message = clip(&commit.message_summary().to_str_lossy());
            (commit.tree(), Head { commit: Id(tip.commit), branch: tip.branch.clone(), time, message, files: 0 })
        };
        let (mut files, mut folders) = (0, 0);
        let mut open = vec![(tree, 0)];
        while let Some((tree, above)) = open.pop() {
            watch.check()?;
            for entry in objects.find_tree_iter(&tree, &mut bytes).map_err(Refusal::damaged)? {
                let entry = entry.map_err(Refusal::damaged)?;
                let length = above + entry.filename.len() + 1;
                if entry.mode.is_tree() {
                    folders += 1;
                    open.push((entry.oid.to_owned(), length));
                } else {
                    files += 1;
                    if !entry.mode.is_commit() && !gix_object::Exists::exists(&objects, entry.oid) {
                        return Err(Refusal::Damaged(format!("object {} is missing", entry.oid)));
                    }
                }
                if files > limit || folders > limit || length > PATH {
                    return Err(Refusal::TooManyFiles { limit });
                }
            }
        }
        Ok(Head { files, ..head })
    }
}

/// The commit that is here, if one ever was.
pub(crate) fn head_of(folder: &Path) -> Result<Option<ObjectId>, Refusal> {
    match fs::read(folder.join("HEAD")) {
        Ok(text) => Ok(ObjectId::from_hex(text.trim_ascii()).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Refusal::storage(error)),
    }
}

/// The folder of packs, while one fetch writes into it.
pub(crate) struct Packs<'a> {
    watch: &'a Watch<'a>,
    pub(crate) folder: PathBuf,
    /// What a pack may build on.
    pub(crate) bases: Option<gix_odb::Handle>,
    /// Names of packs that are new, without their ending.
    written: RefCell<Vec<PathBuf>>,
}

impl Packs<'_> {
    /// Read a pack to its end, check every object in it, and put it in its place.
    pub(crate) fn write(
        &self,
        pack: &mut dyn BufRead,
        progress: &mut dyn DynNestedProgress,
        stop: &AtomicBool,
    ) -> gix_error::Result<()> {
        let options = gix_pack::bundle::write::Options {
            // Fetching happens behind people's backs and leaves them the other processors.
            thread_limit: Some(1),
            alloc_limit_bytes: Some(self.watch.limits().object_bytes),
            ..Default::default()
        };
        let (folder, bases) = (Some(self.folder.as_path()), self.bases.clone());
        let kind = gix_hash::Kind::Sha1;
        let outcome = Bundle::write_to_directory(pack, folder, progress, stop, bases, kind, options)?;
        if let Some(keep) = outcome.keep_path {
            // There is one only when the pack was not here before.
            self.written.borrow_mut().push(keep.with_extension(""));
            remove(&keep).map_err(gix_error::Error::from_error)?;
        }
        Ok(())
    }

    /// Forget what came before. Failing to is no harm: it is tried again the next time.
    fn only_written(&self) {
        let written = self.written.borrow();
        if written.is_empty() {
            return;
        }
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for path in files.map(|it| it.path()).filter(|it| !written.contains(&it.with_extension(""))) {
            if let Err(error) = remove(&path) {
                tracing::warn!(%error, "an old pack stays");
            }
        }
    }

    /// Take back what was written.
    fn none_written(&self) {
        for pack in self.written.borrow().iter() {
            for ending in ["idx", "pack"] {
                if let Err(error) = remove(&pack.with_extension(ending)) {
                    tracing::warn!(%error, "a refused pack stays");
                }
            }
        }
    }
}

/// Remove a file that need not be there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Put `from` in the place of `to`; nothing when there is no `from`.
fn replace(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => remove(to),
        result => result,
    }
}
