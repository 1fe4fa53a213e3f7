//! Opening what was brought: JSON as it is, or the zip file that ChatGPT sends.

use super::elements::{Broken, Element, Elements};
use super::{CONVERSATION_MAX, UNPACKED_MAX};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _};
use std::path::Path;
use zip::ZipArchive;
use zip::result::ZipError;

/// Bytes read at a time.
const BUFFER: usize = 256 * 1024;
/// Files in a zip file. ChatGPT packs every picture of its owner's.
const ENTRIES_MAX: usize = 200_000;

/// Hands every conversation to `take`, until it wants no more. Fails with a sentence on what could not be read.
pub(super) fn each(path: &Path, take: &mut impl FnMut(Element) -> bool) -> Result<(), String> {
    let unreadable = |error: io::Error| format!("The file could not be read: {error}.");
    let mut file = File::open(path).map_err(unreadable)?;
    let mut begins = [0; 4];
    let read = file.read(&mut begins).map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    if begins[..read].starts_with(b"PK") {
        return packed(file, take);
    }
    all(BufReader::with_capacity(BUFFER, file), take).map(drop).map_err(|it| sentence(&it))
}

/// Whether more is wanted.
fn all(from: impl BufRead, take: &mut impl FnMut(Element) -> bool) -> Result<bool, Broken> {
    let mut elements = Elements::new(from);
    while let Some(element) = elements.next()? {
        if take(element) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn packed(file: File, take: &mut impl FnMut(Element) -> bool) -> Result<(), String> {
    let broken = |_: ZipError| "The zip file is damaged. Download it again.".to_owned();
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    if zip.len() > ENTRIES_MAX {
        return Err(format!("The zip file has more than {ENTRIES_MAX} files. Bring conversations.json by itself."));
    }
    let names: Vec<String> = zip.file_names().flatten().map(std::borrow::Cow::into_owned).collect();
    let mut left = UNPACKED_MAX;
    for name in chosen(names)? {
        let entry = match zip.by_name(&name) {
            Ok(entry) => entry,
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
                return Err("The zip file is locked by a password. Unpack it and bring conversations.json.".to_owned());
            }
            Err(error) => return Err(broken(error)),
        };
        // What an entry says of its own size is not believed: it is what comes out that counts.
        let mut from = BufReader::with_capacity(BUFFER, entry.take(left));
        let outcome = all(&mut from, take);
        left = from.get_ref().limit();
        match outcome {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(_) if left == 0 => {
                return Err(format!(
                    "The zip file unpacks to more than {} GB. It was read up to there.",
                    UNPACKED_MAX >> 30
                ));
            }
            Err(error) => return Err(sentence(&error)),
        }
    }
    Ok(())
}

/// The files in a zip file that hold conversations, in order: `conversations.json`, large ones in several pieces; else the
/// only JSON that there is.
fn chosen(names: Vec<String>) -> Result<Vec<String>, String> {
    let is_json = |it: &String| it.to_ascii_lowercase().ends_with(".json") && !it.starts_with("__MACOSX/");
    let json: Vec<String> = names.into_iter().filter(is_json).collect();
    let is_named = |it: &&String| it.rsplit('/').next().is_some_and(|it| it.starts_with("conversations"));
    let mut named: Vec<String> = json.iter().filter(is_named).cloned().collect();
    named.sort();
    match (named.is_empty(), json.len()) {
        (false, _) => Ok(named),
        (true, 1) => Ok(json),
        _ => Err("There is no conversations.json in the zip file.".to_owned()),
    }
}

fn sentence(broken: &Broken) -> String {
    match broken {
        Broken::NotJson => "This is no export of conversations, or is damaged: it is not well-formed JSON.".to_owned(),
        Broken::BreaksOff => "The file breaks off in the middle of a conversation. Download it again.".to_owned(),
        Broken::Unreadable(error) => format!("The file could not be read to its end: {error}."),
    }
}

/// What is said of a conversation that was passed over.
pub(super) fn too_large() -> String {
    format!("It has more than {} MB.", CONVERSATION_MAX >> 20)
}
