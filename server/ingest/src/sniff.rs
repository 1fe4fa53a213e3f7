//! Deciding what a file is. Content is believed before the name: a name chooses only among the kinds that the content allows.

use crate::archive::Archive;
use crate::encoding::is_text;
use crate::limits::Limits;
use crate::reading::Note;
use crate::{Kind, Refusal};

/// Where text is looked at for what it begins with.
const HEAD: usize = 1024;

/// What a file turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub kind: Kind,
    pub syntax: Option<&'static str>,
    pub note: Option<Note>,
}

impl Finding {
    fn of(kind: Kind) -> Self {
        Self { kind, syntax: None, note: None }
    }
}

/// Decides by content, then name, then declared media type.
pub(crate) fn sniff(name: &str, declared: Option<&str>, bytes: &[u8], limits: &Limits) -> Result<Finding, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::Empty);
    }
    let named = Kind::of_name(name).or_else(|| declared.and_then(Kind::of_media_type).map(|kind| (kind, None)));
    let named_kind = named.map(|(kind, _)| kind);
    if let Some(kind) = container(bytes, named_kind, limits)? {
        let note = named_kind.filter(|named| *named != kind).map(|named| Note::Misnamed { named, read: kind });
        return Ok(Finding { kind, syntax: None, note });
    }
    if !is_text(bytes) {
        return Err(binary(bytes, named_kind));
    }
    text(bytes, named)
}

/// The formats that their first bytes give away.
fn container(bytes: &[u8], named: Option<Kind>, limits: &Limits) -> Result<Option<Kind>, Refusal> {
    let head = &bytes[..bytes.len().min(HEAD)];
    // A PDF may begin with something else; a text may speak of PDFs.
    let has_header = head.windows(5).any(|window| window == b"%PDF-");
    if head.starts_with(b"%PDF-") || (has_header && !named.is_some_and(Kind::is_textual)) {
        return Ok(Some(Kind::Pdf));
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return archive(bytes, named, limits).map(Some);
    }
    if head.starts_with(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) {
        return Err(compound(bytes, named));
    }
    if head.starts_with(b"{\\rtf") {
        return Err(Refusal::Unsupported { found: "a rich-text file; save it as DOCX or PDF".to_owned() });
    }
    Ok(None)
}

fn archive(bytes: &[u8], named: Option<Kind>, limits: &Limits) -> Result<Kind, Refusal> {
    let kind = named.filter(|kind| kind.is_archive());
    let broken = Refusal::Broken { kind: kind.unwrap_or(Kind::Docx) };
    let archive = match Archive::open(bytes, kind.unwrap_or(Kind::Docx), limits) {
        Ok(archive) => archive,
        Err(Refusal::Broken { .. }) if kind.is_none() => return Err(Refusal::Unsupported { found: unpack_first() }),
        Err(refusal) => return Err(refusal),
    };
    for (entry, kind) in
        [("word/document.xml", Kind::Docx), ("xl/workbook.xml", Kind::Xlsx), ("ppt/presentation.xml", Kind::Pptx)]
    {
        if archive.has(entry) {
            return Ok(kind);
        }
    }
    if archive.has("META-INF/container.xml") && archive.has("mimetype") {
        return Ok(Kind::Epub);
    }
    // An Office file always has its list of types; without one it is somebody's archive.
    if kind.is_some() && (archive.has("[Content_Types].xml") || archive.has("mimetype")) {
        return Err(broken);
    }
    match named {
        Some(named) => Err(Refusal::Misnamed { named, found: "an archive".to_owned() }),
        None => Err(Refusal::Unsupported { found: unpack_first() }),
    }
}

fn unpack_first() -> String {
    "an archive; unpack it and upload the files in it".to_owned()
}

/// OLE files: what Office wrote before 2007, and what it wraps around an encrypted document today.
fn compound(bytes: &[u8], named: Option<Kind>) -> Refusal {
    const PACKAGE: &[u8] = b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0";
    if bytes.windows(PACKAGE.len()).any(|window| window == PACKAGE) {
        return Refusal::Encrypted { kind: named.filter(|kind| kind.is_archive()).unwrap_or(Kind::Docx) };
    }
    Refusal::Unsupported { found: "a file of an old Office version; save it as DOCX, XLSX or PPTX".to_owned() }
}

fn binary(bytes: &[u8], named: Option<Kind>) -> Refusal {
    let found = infer::get(bytes).map(|found| {
        use infer::MatcherType::{App, Archive, Audio, Book, Doc, Font, Image, Video};
        match found.matcher_type() {
            Image => format!("a picture ({})", found.extension()),
            Audio => format!("a sound ({})", found.extension()),
            Video => format!("a film ({})", found.extension()),
            Archive => format!("an archive ({})", found.extension()),
            App => format!("a program ({})", found.extension()),
            Font => format!("a font ({})", found.extension()),
            Book | Doc => format!("a document of another kind ({})", found.extension()),
            _ => format!("data ({})", found.extension()),
        }
    });
    match (named, found) {
        (Some(named), Some(found)) => Refusal::Misnamed { named, found },
        (None, Some(found)) => Refusal::Unsupported { found },
        (Some(kind), None) if !kind.is_textual() => Refusal::Broken { kind },
        (_, None) => Refusal::Binary,
    }
}

/// Which of the textual kinds. A web page named as text is read as a web page, since its markup is nothing to answer from;
/// one named as a PDF or a Word document is what a failed download leaves behind, and is refused.
fn text(bytes: &[u8], named: Option<(Kind, Option<&'static str>)>) -> Result<Finding, Refusal> {
    let is_page = is_page(bytes);
    match named {
        Some((kind, _)) if !kind.is_textual() => {
            let found = if is_page { "a web page" } else { "plain text" };
            Err(Refusal::Misnamed { named: kind, found: found.to_owned() })
        }
        Some((Kind::Text, _)) if is_page => Ok(Finding {
            note: Some(Note::Misnamed { named: Kind::Text, read: Kind::Html }),
            ..Finding::of(Kind::Html)
        }),
        Some((kind, syntax)) => Ok(Finding { syntax, ..Finding::of(kind) }),
        None if is_page => Ok(Finding::of(Kind::Html)),
        None => Ok(Finding::of(Kind::Text)),
    }
}

fn is_page(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]).to_ascii_lowercase();
    let head = head.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    head.starts_with("<!doctype html") || head.starts_with("<html")
}
