//! Writing an archive. It has its name only when all of it is there.

use super::{Content, FILES, FOOT, FORMAT, Foot, Named, named};
use crate::error::Error;
use crate::knowledge::files::{Files, key};
use crate::store::upkeep::{self, UpkeepError, file};
use crate::store::{Store, Target, transfer};
use futures::TryStreamExt as _;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use tar::{Builder, EntryType, Header, HeaderMode};
use tempfile::{NamedTempFile, TempDir};

/// The unit of a tar.
const BLOCK: u64 = 512;

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// How many files,
    pub files: u64,
    /// and their bytes.
    pub bytes: u64,
    /// Those that the database names and that were not there.
    pub missing: Vec<Named>,
}

/// Copies a SQLite database, of a running server too, and the files that it names, into a new file that only its owner
/// reads.
///
/// # Errors
/// When the file is there already, or cannot be written; when a file cannot be read; for PostgreSQL, with what to use
/// instead.
pub async fn back_up(target: &Target, files: &Files, into: &Path) -> Result<Written, UpkeepError> {
    must_be_new(into)?;
    let folder = beside(into)?;
    let copy = folder.path().join(Content::Database.name());
    upkeep::backup(target, &copy).await?;
    let named = named(&Target::Sqlite(copy.clone())).await?;
    write(files, Content::Database, &copy, named, into).await
}

/// The rows of either database, and the files that it names; answers how many rows as well.
///
/// # Errors
/// As [`back_up`].
pub async fn dump(store: &Store, target: &Target, files: &Files, into: &Path) -> Result<(u64, Written), UpkeepError> {
    must_be_new(into)?;
    let folder = beside(into)?;
    let rows = folder.path().join(Content::Dump.name());
    let count = transfer::dump(store, &rows).await?;
    let written = write(files, Content::Dump, &rows, named(target).await?, into).await?;
    Ok((count, written))
}

/// A folder for its owner alone, that goes when it is no longer needed.
fn beside(into: &Path) -> Result<TempDir, UpkeepError> {
    tempfile::Builder::new().prefix(".atrium-").tempdir_in(folder_of(into)).map_err(file(into))
}

/// Writes what stands for a database, and files.
pub(super) async fn write(
    files: &Files,
    content: Content,
    database: &Path,
    named: Vec<Named>,
    into: &Path,
) -> Result<Written, UpkeepError> {
    must_be_new(into)?;
    // Beside what it becomes, for its owner alone, and gone if this ends early.
    let made = tempfile::Builder::new().prefix(".atrium-").tempfile_in(folder_of(into)).map_err(file(into))?;
    let mut tar = Builder::new(BufWriter::new(made));
    tar.mode(HeaderMode::Deterministic);
    let mut source = std::fs::File::open(database).map_err(file(database))?;
    tar.append_file(content.name(), &mut source).map_err(file(into))?;
    let mut written = Written::default();
    for it in named {
        let (size, mut bytes) = match files.open_sized(it.organisation, &it.hash).await {
            Ok(found) => found,
            Err(Error::NotFound(_)) => {
                written.missing.push(it);
                continue;
            }
            Err(error) => return Err(refused(&error)),
        };
        let name = format!("{FILES}{}", key(it.organisation, &it.hash));
        let out = tar.get_mut();
        out.write_all(header(&name, size).map_err(file(into))?.as_bytes()).map_err(file(into))?;
        let mut passed = 0;
        while let Some(chunk) = bytes.try_next().await.map_err(file(Path::new(&name)))? {
            passed += chunk.len() as u64;
            out.write_all(&chunk).map_err(file(into))?;
        }
        if passed != size {
            return Err(UpkeepError::Refused(format!("{name} has {passed} bytes and should have {size}.")));
        }
        let padding = (BLOCK - size % BLOCK) % BLOCK;
        io::copy(&mut io::Read::take(io::repeat(0), padding), out).map_err(file(into))?;
        written.files += 1;
        written.bytes += size;
    }
    let foot = Foot { atrium_archive: FORMAT, files: written.files, missing: written.missing.len() as u64 };
    let foot = serde_json::to_vec(&foot).map_err(|error| file(into)(error.into()))?;
    let last = header(FOOT, foot.len() as u64).map_err(file(into))?;
    tar.append(&last, foot.as_slice()).map_err(file(into))?;
    finish(tar, into)?;
    Ok(written)
}

/// Refused before anything is read: nothing is ever overwritten.
fn must_be_new(into: &Path) -> Result<(), UpkeepError> {
    if into.exists() { Err(already(into)) } else { Ok(()) }
}

fn already(into: &Path) -> UpkeepError {
    UpkeepError::Refused(format!("{} is there already. Choose another name.", into.display()))
}

fn folder_of(into: &Path) -> &Path {
    into.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn header(name: &str, size: u64) -> io::Result<Header> {
    // Keys are longer than the oldest form of a header takes.
    let mut header = Header::new_ustar();
    header.set_path(name)?;
    header.set_size(size);
    header.set_mode(0o600);
    header.set_mtime(0);
    header.set_entry_type(EntryType::Regular);
    header.set_cksum();
    Ok(header)
}

fn finish(tar: Builder<BufWriter<NamedTempFile>>, into: &Path) -> Result<(), UpkeepError> {
    let buffered = tar.into_inner().map_err(file(into))?;
    let made = buffered.into_inner().map_err(|error| file(into)(error.into_error()))?;
    made.as_file().sync_all().map_err(file(into))?;
    match made.persist_noclobber(into) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(already(into)),
        Err(error) => Err(file(into)(error.error)),
    }
}

pub(super) fn refused(error: &Error) -> UpkeepError {
    UpkeepError::Refused(match error.cause() {
        Some(cause) => format!("{error} ({cause})"),
        None => error.to_string(),
    })
}
