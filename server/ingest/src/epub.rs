//! Electronic books: their chapters in reading order.

use crate::archive::Archive;
use crate::draft::Draft;
use crate::html::{Dialect, page};
use crate::limits::Limits;
use crate::reading::Note;
use crate::xml::{Node, walk};
use crate::{Kind, Refusal};
use std::collections::HashMap;

const KIND: Kind = Kind::Epub;

pub(crate) fn read(bytes: &[u8], limits: &Limits, draft: &mut Draft) -> Result<(), Refusal> {
    let mut archive = Archive::open(bytes, KIND, limits)?;
    let package = package_path(&mut archive, draft)?;
    let folder = package.rsplit_once('/').map_or("", |(folder, _)| folder);
    let book = Book::read(&mut archive, &package, draft)?;
    if is_locked(&mut archive, draft)? {
        return Err(Refusal::Encrypted { kind: KIND });
    }
    draft.title = book.title;
    draft.language = book.language;
    let mut missing = Vec::new();
    for path in book.chapters {
        draft.watch.check()?;
        if draft.is_full() {
            break;
        }
        let path = resolve(folder, &path);
        match archive.bytes(&path) {
            Ok(Some(chapter)) => {
                draft.break_lines(2);
                // A chapter's own title is a heading of it, or the book's again.
                let title = draft.title.get_or_insert_default().clone();
                page(&String::from_utf8_lossy(&chapter), Dialect::Xhtml, draft)?;
                draft.title = Some(title).filter(|title| !title.is_empty());
            }
            Ok(None) | Err(Refusal::Broken { .. }) => missing.push(path),
            Err(refusal) => return Err(refusal),
        }
    }
    if !missing.is_empty() {
        draft.note(Note::Damaged { parts: missing });
    }
    Ok(())
}

fn package_path(archive: &mut Archive<'_>, draft: &Draft) -> Result<String, Refusal> {
    let mut path = None;
    let source = archive.entry("META-INF/container.xml")?.ok_or(Refusal::Broken { kind: KIND })?;
    walk(source, KIND, draft.watch, |node| {
        if let Node::Open(element) = node
            && element.name() == "rootfile"
            && path.is_none()
        {
            path = element.attribute("full-path");
        }
        Ok(())
    })?;
    path.ok_or(Refusal::Broken { kind: KIND })
}

/// What the package document says.
#[derive(Default)]
struct Book {
    title: Option<String>,
    language: Option<String>,
    chapters: Vec<String>,
}

impl Book {
    fn read(archive: &mut Archive<'_>, path: &str, draft: &Draft) -> Result<Self, Refusal> {
        let source = archive.entry(path)?.ok_or(Refusal::Broken { kind: KIND })?;
        let (mut book, mut files, mut spine, mut within) = (Self::default(), HashMap::new(), Vec::new(), String::new());
        walk(source, KIND, draft.watch, |node| {
            match node {
                Node::Open(element) => {
                    match element.name() {
                        "item" => {
                            let is_page = element.attribute("media-type").is_some_and(|media| media.contains("html"));
                            if let (true, Some(id), Some(href)) =
                                (is_page, element.attribute("id"), element.attribute("href"))
                            {
                                files.insert(id, href);
                            }
                        }
                        "itemref" => spine.extend(element.attribute("idref")),
                        _ => {}
                    }
                    within = element.name().to_owned();
                }
                Node::Text(text) => match within.as_str() {
                    "title" => book.title.get_or_insert_default().push_str(text),
                    "language" if book.language.is_none() => book.language = iso(text),
                    _ => {}
                },
                Node::Close(_) => within.clear(),
            }
            Ok(())
        })?;
        book.title = book.title.map(|title| crate::draft::tidy(&title)).filter(|title| !title.is_empty());
        book.chapters = spine.iter().filter_map(|id| files.remove(id)).collect();
        Ok(book)
    }
}

/// Two letters out of `en-GB`.
fn iso(tag: &str) -> Option<String> {
    let code = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
    (code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase())).then_some(code)
}

/// Whether its chapters are encrypted. Fonts often are, by a method that locks nobody out.
fn is_locked(archive: &mut Archive<'_>, draft: &Draft) -> Result<bool, Refusal> {
    let mut locked = false;
    let Some(source) = archive.entry("META-INF/encryption.xml")? else { return Ok(false) };
    walk(source, KIND, draft.watch, |node| {
        if let Node::Open(element) = node
            && element.name() == "CipherReference"
        {
            let path = element.attribute("URI").unwrap_or_default().to_ascii_lowercase();
            locked |= path.contains(".xhtml") || path.contains(".htm");
        }
        Ok(())
    })?;
    Ok(locked)
}

/// A path as the archive names it, from one relative to a folder in it.
pub(crate) fn resolve(folder: &str, relative: &str) -> String {
    let relative = relative.split('#').next().unwrap_or(relative);
    let mut parts: Vec<&str> = if relative.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for part in relative.split('/') {
        match part {
            ".." => {
                parts.pop();
            }
            "." | "" => {}
            part => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty());
    unescape(&parts.join("/"))
}

/// `%20` and the like.
fn unescape(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let escaped = (*byte == b'%').then(|| tail.get(..2)).flatten();
        let value = escaped.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(value.unwrap_or(*byte));
        rest = if value.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
