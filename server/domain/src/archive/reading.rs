//! Unpacking an archive, into a folder of its own: whoever takes it has seen all of it before anything is changed.

use super::writing::refused;
use super::{Content, FILES, FOOT, FORMAT, Foot};
use crate::knowledge::files::Files;
use crate::seal::hex;
use crate::store::upkeep::{UpkeepError, file};
use atrium::ids::OrganisationId;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use tar::Archive;
use tempfile::TempDir;
use uuid::Uuid;

/// Where a tar says that it is one.
const MAGIC: std::ops::Range<usize> = 257..262;
/// The longest foot, in bytes.
const FOOT_MAX: u64 = 64 * 1024;
/// How folders are called into which archives are unpacked: what a process that was ended has left is found by it.
const STAGE: &str = ".restoring-";

/// An archive that was read to its end, every file against its hash. It is gone when this is dropped.
#[derive(Debug)]
pub struct Unpacked {
    folder: TempDir,
    /// What stands for a database in it.
    pub content: Content,
    files: Vec<(OrganisationId, String)>,
}

/// Whether a file is a tar; a bare database is none.
///
/// # Errors
/// When it cannot be read.
pub fn is_archive(path: &Path) -> Result<bool, UpkeepError> {
    let mut head = [0; MAGIC.end];
    let mut opened = File::open(path).map_err(file(path))?;
    match opened.read_exact(&mut head) {
        Ok(()) => Ok(&head[MAGIC] == b"ustar"),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(file(path)(error)),
    }
}

/// Unpacks an archive into a new folder below `within`.
///
/// # Errors
/// When it is none, broke off, or holds something that is not what it says. Nothing is left of it, then.
pub fn unpack(from: &Path, within: &Path) -> Result<Unpacked, UpkeepError> {
    sweep(within);
    let folder = tempfile::Builder::new().prefix(STAGE).tempdir_in(within).map_err(file(within))?;
    let damaged = |what: &str| UpkeepError::Refused(format!("{}: {what}", from.display()));
    let opened = File::open(from).map_err(file(from))?;
    let mut archive = Archive::new(BufReader::new(opened));
    let (mut content, mut files, mut foot) = (None, Vec::new(), None);
    for entry in archive.entries().map_err(file(from))? {
        let mut entry = entry.map_err(|_| damaged("the file is damaged, or breaks off."))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let broken = |_| damaged(&format!("{name} in it is damaged, or breaks off."));
        if foot.is_some() {
            return Err(damaged(&format!("{name} comes after its end.")));
        } else if let Some(known) = Content::parse(&name) {
            let path = folder.path().join(known.name());
            let mut to = File::create_new(&path).map_err(file(&path))?;
            io::copy(&mut entry, &mut to).map_err(broken)?;
            content = Some(known);
        } else if let Some((organisation, hash)) = name.strip_prefix(FILES).and_then(parse) {
            let path = place(folder.path(), organisation, &hash);
            let mut to = File::create_new(&path).map_err(file(&path))?;
            if copy(&mut entry, &mut to).map_err(broken)? != hash {
                return Err(damaged(&format!("{name} in it is damaged: it is not what it was.")));
            }
            files.push((organisation, hash));
        } else if name == FOOT {
            let mut text = Vec::new();
            entry.take(FOOT_MAX).read_to_end(&mut text).map_err(broken)?;
            let read: Foot = serde_json::from_slice(&text).map_err(|_| damaged("its end is damaged."))?;
            foot = Some(read);
        } else {
            return Err(damaged(&format!("this is no archive of Atrium's: there is {name} in it.")));
        }
    }
    let foot = foot.ok_or_else(|| damaged("the file breaks off."))?;
    if foot.atrium_archive != FORMAT {
        return Err(damaged("it was written by a newer Atrium."));
    }
    if foot.files != files.len() as u64 {
        return Err(damaged(&format!("it should hold {} files and holds {}.", foot.files, files.len())));
    }
    let content = content.ok_or_else(|| damaged("there is no database in it."))?;
    Ok(Unpacked { folder, content, files })
}

/// `organisation/12/1234…`, and nothing else.
fn parse(key: &str) -> Option<(OrganisationId, String)> {
    let mut parts = key.split('/');
    let (organisation, shelf, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let is_hash = hash.len() == 64 && hash.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    let organisation = Uuid::try_parse(organisation).ok()?;
    (parts.next().is_none() && is_hash && hash.starts_with(shelf))
        .then(|| (OrganisationId(organisation), hash.to_owned()))
}

fn place(folder: &Path, organisation: OrganisationId, hash: &str) -> PathBuf {
    folder.join(format!("{}-{hash}", organisation.0.simple()))
}

/// Copies, and says the hash of what passed.
fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<String> {
    let (mut hash, mut chunk) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        let read = from.read(&mut chunk)?;
        if read == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&chunk[..read]);
        to.write_all(&chunk[..read])?;
    }
}

/// Removes what a process that was ended has left.
fn sweep(within: &Path) {
    for entry in std::fs::read_dir(within).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(STAGE) {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}

impl Unpacked {
    /// The database, or the rows.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.path().join(self.content.name())
    }

    /// Puts the files where they belong, beside those that are there. Answers how many were not there before.
    ///
    /// # Errors
    /// When the store of files does not take them; those that it took stay, and harm nothing.
    pub async fn keep_files(&self, files: &Files) -> Result<u64, UpkeepError> {
        let mut new = 0;
        for (organisation, hash) in &self.files {
            let path = place(self.folder.path(), *organisation, hash);
            new += u64::from(files.put_back(*organisation, hash, &path).await.map_err(|error| refused(&error))?);
        }
        Ok(new)
    }

    /// How many files are in it.
    #[must_use]
    pub fn count(&self) -> usize {
        self.files.len()
    }
}
