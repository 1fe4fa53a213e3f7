//! Files of a commit, read and cut, one after another on a thread of their own.

use super::super::reader::Reading;
use super::sentence;
use atrium_ingest::{Kind, read_source};
use atrium_repositories::{File, Id, Limits, Repository, Skip, Text};
use std::path::Path;
use tokio::sync::mpsc;

/// The largest file that has its text packed away, in bytes.
const PACKED_MAX: u64 = 20_000_000;

/// What there is of a file.
pub(super) enum Source {
    /// Its text.
    Text(Box<Reading>),
    /// Its bytes, to be read by somebody who is trusted with less.
    Packed(Vec<u8>),
    /// Nothing to index.
    Skipped(Skip),
    /// It cannot be read; a sentence.
    Refused(String),
}

/// Whether its text has to be unpacked first.
fn is_packed(path: &str) -> bool {
    let kind = Kind::of_name(path).map(|it| it.0);
    matches!(kind, Some(Kind::Pdf | Kind::Docx | Kind::Xlsx | Kind::Pptx | Kind::Epub))
}

/// What begins like a PDF, an archive or an old Office file is one, whatever it is called.
fn looks_packed(bytes: &[u8]) -> bool {
    [&b"%PDF-"[..], b"PK\x03\x04", b"\xd0\xcf\x11\xe0"].iter().any(|it| bytes.starts_with(it))
}

/// Why a file is not worth reading, as far as its name and size tell.
pub(super) fn skip(file: &File, limits: &Limits) -> Option<Skip> {
    match is_packed(&file.path) {
        true => file.skip(&Limits { file_bytes: PACKED_MAX, ..*limits }),
        false => file.skip(limits),
    }
}

/// Reads files, in order, until they end or nobody wants more of them.
pub(super) fn read_all(folder: &Path, commit: Id, files: &[File], limits: &Limits, to: &mpsc::Sender<Source>) {
    let repository = match Repository::open(folder) {
        Ok(repository) => repository,
        Err(refusal) => return drop(to.blocking_send(Source::Refused(sentence(&refusal)))),
    };
    for file in files {
        if to.blocking_send(read(&repository, commit, file, limits)).is_err() {
            return;
        }
    }
}

fn read(repository: &Repository, commit: Id, file: &File, limits: &Limits) -> Source {
    if is_packed(&file.path) {
        return match repository.read(commit, &file.path, PACKED_MAX) {
            Ok(content) if content.lfs => Source::Skipped(Skip::LfsPointer),
            Ok(content) => Source::Packed(content.bytes),
            Err(refusal) => Source::Refused(sentence(&refusal)),
        };
    }
    let content = match repository.text(file, limits) {
        Ok(Text::Read(content)) => content,
        Ok(Text::Skipped(skip)) => return Source::Skipped(skip),
        Err(refusal) => return Source::Refused(sentence(&refusal)),
    };
    if looks_packed(&content.bytes) {
        return Source::Packed(content.bytes);
    }
    match read_source(&file.path, content.bytes.as_slice(), &atrium_ingest::Limits::default()) {
        Ok(read) => Source::Text(Box::new(Reading::of(read))),
        Err(refusal) => Source::Refused(refusal.to_string()),
    }
}
