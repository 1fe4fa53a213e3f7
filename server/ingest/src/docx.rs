//! Word documents: paragraphs with their styles, lists, tables, footnotes, and the pages that Word last laid them out on.

use crate::archive::Archive;
use crate::docx::body::Body;
use crate::docx::styles::Styles;
use crate::draft::Draft;
use crate::limits::Limits;
use crate::reading::{Mark, Note, Place};
use crate::xml::{Node, walk};
use crate::{Kind, Refusal};

mod body;
mod styles;

const KIND: Kind = Kind::Docx;

pub(crate) fn read(bytes: &[u8], limits: &Limits, draft: &mut Draft) -> Result<(), Refusal> {
    let mut archive = Archive::open(bytes, KIND, limits)?;
    read_title(&mut archive, KIND, draft)?;
    let styles = Styles::read(&mut archive, draft.watch)?;
    let mut breaks = Vec::new();
    {
        let source = archive.entry("word/document.xml")?.ok_or(Refusal::Broken { kind: KIND })?;
        let watch = draft.watch;
        let mut body = Body::new(&styles, draft);
        walk(source, KIND, watch, |node| body.visit(node))?;
        breaks.append(&mut body.breaks);
    }
    mark_pages(&breaks, draft);
    match archive.entry("word/footnotes.xml") {
        Ok(None) => {}
        Ok(Some(source)) => {
            let watch = draft.watch;
            let mut body = Body::new(&styles, draft);
            if matches!(walk(source, KIND, watch, |node| body.visit(node)), Err(Refusal::Broken { .. })) {
                draft.note(Note::Damaged { parts: vec!["footnotes".to_owned()] });
            }
        }
        Err(_) => draft.note(Note::Damaged { parts: vec!["footnotes".to_owned()] }),
    }
    draft.marks.sort_by_key(|mark| mark.at);
    Ok(())
}

/// The title among an Office file's properties.
pub(crate) fn read_title(archive: &mut Archive<'_>, kind: Kind, draft: &mut Draft) -> Result<(), Refusal> {
    let watch = draft.watch;
    let Ok(Some(source)) = archive.entry("docProps/core.xml") else { return Ok(()) };
    let (mut within, mut title) = (false, String::new());
    let outcome = walk(source, kind, watch, |node| {
        match node {
            Node::Open(element) => within = element.name() == "title",
            Node::Text(text) if within => title.push_str(text),
            Node::Close(_) => within = false,
            Node::Text(_) => {}
        }
        Ok(())
    });
    // Properties are no reason to refuse a document; a bomb among them is.
    if let Err(refusal @ (Refusal::Bomb | Refusal::OutOfTime { .. })) = outcome {
        return Err(refusal);
    }
    draft.set_title(&title);
    Ok(())
}

/// Word notes where it broke pages when it last showed the document, and people set breaks themselves. Where Word did, its
/// notes include theirs.
fn mark_pages(breaks: &[(usize, bool)], draft: &mut Draft) {
    let rendered = breaks.iter().any(|(_, rendered)| *rendered);
    let chosen: Vec<_> = breaks.iter().filter(|(_, kind)| *kind == rendered).map(|(at, _)| *at).collect();
    if chosen.is_empty() {
        return;
    }
    let pages = std::iter::once(0).chain(chosen).zip(1_u32..);
    draft.marks.splice(0..0, pages.map(|(at, page)| Mark { at, place: Place::Page(page) }));
    draft.marks.sort_by_key(|mark| mark.at);
}
