//! Formats that are zip files inside, opened so that a bomb cannot go off.

use crate::limits::Limits;
use crate::{Kind, Refusal};
use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read};
use zip::ZipArchive;
use zip::result::ZipError;

/// No written text shrinks further than this, once there is more of it than [`SUSPECT`].
const RATIO: u64 = 250;
const SUSPECT: u64 = 32 * 1024 * 1024;

/// A zip file in memory, with a budget for what it unpacks to.
pub(crate) struct Archive<'b> {
    zip: ZipArchive<Cursor<&'b [u8]>>,
    kind: Kind,
    left: Cell<u64>,
}

impl<'b> Archive<'b> {
    /// Opens the list of entries, refusing what admits to be a bomb.
    pub(crate) fn open(bytes: &'b [u8], kind: Kind, limits: &Limits) -> Result<Self, Refusal> {
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Refusal::Broken { kind })?;
        if zip.len() > limits.entries {
            return Err(Refusal::Bomb);
        }
        let mut unpacked = 0_u64;
        for index in 0..zip.len() {
            let Ok(entry) = zip.by_index_raw(index) else { continue };
            unpacked = unpacked.saturating_add(entry.size());
            if entry.size() > SUSPECT && entry.size() / RATIO > entry.compressed_size() {
                return Err(Refusal::Bomb);
            }
        }
        if unpacked > limits.unpacked {
            return Err(Refusal::Bomb);
        }
        Ok(Self { zip, kind, left: Cell::new(limits.unpacked) })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.zip.index_for_name(name).is_some()
    }

    /// A reader of one entry, or `None` where there is no such entry. What it gives counts against the budget.
    pub(crate) fn entry(&mut self, name: &str) -> Result<Option<impl io::BufRead + '_>, Refusal> {
        match self.zip.by_name(name) {
            Ok(entry) => Ok(Some(BufReader::with_capacity(32 * 1024, Metered { entry, left: &self.left }))),
            Err(ZipError::FileNotFound) => Ok(None),
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
                Err(Refusal::Encrypted { kind: self.kind })
            }
            Err(_) => Err(Refusal::Broken { kind: self.kind }),
        }
    }

    /// The bytes of one entry.
    pub(crate) fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let kind = self.kind;
        let Some(mut reader) = self.entry(name)? else { return Ok(None) };
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|error| unpacking(&error, kind))?;
        Ok(Some(bytes))
    }

    /// Unpacks everything whose name passes, into nowhere: for a reader that opens the file by itself and trusts what it
    /// says of its size.
    pub(crate) fn weigh(&mut self, chosen: impl Fn(&str) -> bool) -> Result<(), Refusal> {
        let names = self.zip.file_names().flatten().map(std::borrow::Cow::into_owned).filter(|name| chosen(name));
        let names: Vec<String> = names.collect();
        for name in names {
            let kind = self.kind;
            if let Some(mut reader) = self.entry(&name)? {
                io::copy(&mut reader, &mut io::sink()).map_err(|error| unpacking(&error, kind))?;
            }
        }
        Ok(())
    }
}

/// What an error while unpacking means.
pub(crate) fn unpacking(error: &io::Error, kind: Kind) -> Refusal {
    if error.kind() == io::ErrorKind::FileTooLarge { Refusal::Bomb } else { Refusal::Broken { kind } }
}

struct Metered<'a, R> {
    entry: R,
    left: &'a Cell<u64>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.entry.read(buffer)?;
        match self.left.get().checked_sub(read as u64) {
            Some(left) => self.left.set(left),
            None => return Err(io::ErrorKind::FileTooLarge.into()),
        }
        Ok(read)
    }
}
