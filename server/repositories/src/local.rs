//! Fetching from a folder of this machine.
//!
//! Objects are read where they are and given on as a pack, so that a folder goes the same way as a server, with the
//! same limits and checks. Nothing in the folder is obeyed: no configuration, no hooks, no borrowed objects.

use std::collections::HashSet;
use std::io::{self, BufReader, BufWriter, Seek, Write};
use std::path::Path;

use gix_hash::ObjectId;
use gix_object::{Exists, FindExt, Kind};
use gix_odb::HeaderExt;
use gix_pack::data;
use gix_ref::TargetRef;
use gix_utils::progress::Discard;

use crate::Refusal;
use crate::address::Branch;
use crate::fetch::{Packs, Side, Tip};
use crate::repository::{commit_of, open_objects};
use crate::watch::{Progress, Watch};

/// How often one reference may name another.
const LINKS: usize = 5;

/// A repository in a folder that may be read.
pub(crate) struct Local<'a> {
    watch: &'a Watch<'a>,
    objects: gix_odb::Handle,
    refs: gix_ref::file::Store,
}

impl<'a> Local<'a> {
    pub(crate) fn open(watch: &'a Watch<'a>, folder: &Path) -> Result<Self, Refusal> {
        (watch.terms.progress)(Progress::Asking);
        let objects = folder.join("objects");
        // They may lie anywhere, also outside what may be read.
        if objects.join("info").join("alternates").exists() {
            return Err(Refusal::Unsupported("it borrows objects from another repository"));
        }
        if folder.join("reftable").exists() {
            return Err(Refusal::Unsupported("its branches are kept in a reftable"));
        }
        let refs = gix_ref::file::Store::at(folder.to_owned(), gix_hash::Kind::Sha1);
        Ok(Self { watch, objects: open_objects(&objects, watch.limits().object_bytes)?, refs })
    }

    /// Follow a reference to the branch it ends at, and to its commit if there is one.
    fn follow(&self, name: &str) -> Result<Option<(String, ObjectId)>, Refusal> {
        let mut name = name.to_owned();
        for _ in 0..LINKS {
            let found = self.refs.try_find(name.as_str()).map_err(Refusal::damaged)?;
            let Some(found) = found else { return Ok(None) };
            match found.target.to_ref() {
                TargetRef::Object(id) => return Ok(Some((name, id.to_owned()))),
                TargetRef::Symbolic(next) => name = next.as_bstr().to_string(),
            }
        }
        Err(Refusal::Damaged("its references go in circles".to_owned()))
    }

    /// What `commit` needs and `known` lacks, each once, itself first.
    fn needed(&self, commit: ObjectId, known: Option<&gix_odb::Handle>) -> Result<Vec<ObjectId>, Refusal> {
        let mut bytes = Vec::new();
        let tree = commit_of(&self.objects, commit, &mut bytes)?.tree();
        // A folder, and what it counts against: one number for both, above what the survey allows.
        let limit = self.watch.limits().files.saturating_mul(2);
        let mut needed = vec![commit, tree];
        let mut seen = HashSet::from([tree]);
        let mut open = vec![tree];
        while let Some(tree) = open.pop() {
            self.watch.check()?;
            for entry in self.objects.find_tree_iter(&tree, &mut bytes).map_err(Refusal::damaged)? {
                let entry = entry.map_err(Refusal::damaged)?;
                let id = entry.oid.to_owned();
                if entry.mode.is_commit() || !seen.insert(id) || known.is_some_and(|it| it.exists(&id)) {
                    continue;
                }
                if entry.mode.is_tree() {
                    open.push(id);
                }
                needed.push(id);
                if needed.len() > limit {
                    return Err(Refusal::TooManyFiles { limit: self.watch.limits().files });
                }
            }
        }
        Ok(needed)
    }

    /// Write the objects one after the other, as git's format for packs wants them.
    fn pack(&self, ids: &[ObjectId], to: impl Write) -> Result<(), Refusal> {
        let mut out = Hashing { to, hash: gix_hash::hasher(gix_hash::Kind::Sha1) };
        let count = u32::try_from(ids.len()).map_err(Refusal::damaged)?;
        out.write_all(&data::header::encode(data::Version::V2, count)).map_err(Refusal::storage)?;
        let limit = self.watch.limits().object_bytes;
        let mut bytes = Vec::new();
        for id in ids {
            self.watch.check()?;
            let size = self.objects.header(id).map_err(Refusal::damaged)?.size();
            if size > limit as u64 {
                return Err(Refusal::ObjectTooLarge { limit });
            }
            let object = self.objects.find(id, &mut bytes).map_err(Refusal::damaged)?;
            let header = match object.kind {
                Kind::Commit => data::entry::Header::Commit,
                Kind::Tree => data::entry::Header::Tree,
                Kind::Blob => data::entry::Header::Blob,
                Kind::Tag => data::entry::Header::Tag,
            };
            self.watch.received(object.data.len())?;
            header.write_to(object.data.len() as u64, &mut out).map_err(Refusal::storage)?;
            let mut deflate = gix_zlib::stream::deflate::Write::new(&mut out, gix_zlib::Compression::BEST_SPEED);
            deflate.write_all(object.data).and_then(|()| deflate.flush()).map_err(Refusal::storage)?;
        }
        let Hashing { mut to, hash } = out;
        let hash = hash.try_finalize().map_err(Refusal::damaged)?;
        to.write_all(hash.as_slice()).and_then(|()| to.flush()).map_err(Refusal::storage)
    }
}

impl Side for Local<'_> {
    fn tip(&mut self, branch: Option<&Branch>) -> Result<Tip, Refusal> {
        let name = branch.map_or_else(|| "HEAD".to_owned(), Branch::full);
        if let Some((name, commit)) = self.follow(&name)? {
            let branch = name.strip_prefix("refs/heads/").unwrap_or(&name).to_owned();
            return Ok(Tip { branch, commit });
        }
        let any = self.refs.iter().map_err(Refusal::damaged)?.all().map_err(Refusal::damaged)?.next().is_some();
        Err(if any { Refusal::UnknownBranch(branch.map(|it| it.as_str().to_owned())) } else { Refusal::Empty })
    }

    fn give(
        &mut self,
        commit: ObjectId,
        have: Option<ObjectId>,
        packs: &Packs<'_>,
        shallow_file: &Path,
    ) -> Result<(), Refusal> {
        self.watch.expect_pack();
        let ids = self.needed(commit, packs.bases.as_ref().filter(|_| have.is_some()))?;
        let mut file = tempfile::tempfile_in(&packs.folder).map_err(Refusal::storage)?;
        self.pack(&ids, BufWriter::new(&mut file))?;
        file.rewind().map_err(Refusal::storage)?;
        packs
            .write(&mut BufReader::new(file), &mut Discard, self.watch.stop)
            .map_err(|error| self.watch.explain(&error))?;
        let mut line = io::BufWriter::new(
            std::fs::OpenOptions::new().create(true).append(true).open(shallow_file).map_err(Refusal::storage)?,
        );
        writeln!(line, "{commit}").and_then(|()| line.flush()).map_err(Refusal::storage)
    }
}

/// Passes on what is written and remembers its digest.
struct Hashing<W> {
    to: W,
    hash: gix_hash::Hasher,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
