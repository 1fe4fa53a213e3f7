//! PDF: glyphs from hayro's interpreter, words, lines and columns from where they stand (`layout`), paragraphs, headings and
//! running heads from how pages compare (`pages`). Streams are weighed before anything unpacks them (`weigh`).

use crate::draft::Draft;
use crate::limits::{Limits, Watch};
use crate::pdf::glyphs::Glyphs;
use crate::reading::Note;
use crate::{Kind, Refusal};
use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro_interpret::kurbo::Rect;
use hayro_interpret::{Context, InterpreterCache, InterpreterSettings, TransformExt, interpret_page};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

mod glyphs;
mod layout;
mod pages;
mod weigh;

const KIND: Kind = Kind::Pdf;

pub(crate) fn read(bytes: Arc<Vec<u8>>, limits: &Limits, draft: &mut Draft) -> Result<(), Refusal> {
    weigh::weigh(&bytes, limits, draft.watch)?;
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected | DecryptionError::UnsupportedAlgorithm) => {
            Refusal::Encrypted { kind: KIND }
        }
        _ => Refusal::Broken { kind: KIND },
    })?;
    let count = pdf.pages().len();
    if count == 0 {
        return Err(Refusal::Broken { kind: KIND });
    }
    if count > limits.pages {
        return Err(Refusal::TooManyPages { pages: count, limit: limits.pages });
    }
    if let Some(title) = &pdf.metadata().title {
        draft.set_title(&string(title));
    }
    let (pages, unknown) = lay_out(&pdf, limits, draft)?;
    let empty = pages.iter().filter(|page| page.is_empty()).count();
    if empty == count {
        return Err(Refusal::Scanned { pages: count });
    }
    if empty > 0 {
        draft.note(Note::PagesWithoutText { empty, of: count });
    }
    if unknown > 0 {
        draft.note(Note::UnknownCharacters { characters: unknown });
    }
    pages::write(pages, draft);
    Ok(())
}

fn lay_out(pdf: &Pdf, limits: &Limits, draft: &mut Draft) -> Result<(Vec<Vec<layout::Line>>, usize), Refusal> {
    let cache = InterpreterCache::new();
    let (mut pages, mut damaged, mut unknown, mut kept) = (Vec::new(), Vec::new(), 0, 0);
    for (page, number) in pdf.pages().iter().zip(1_u32..) {
        draft.watch.check()?;
        // What is beyond the limit is not looked at, nor called empty.
        if kept > limits.text {
            pages.push(vec![layout::Line::default()]);
            continue;
        }
        let (width, height) = page.render_dimensions();
        let bounds = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
        let drawn = catch_unwind(AssertUnwindSafe(|| {
            let mut glyphs = Glyphs::new(draft.watch);
            let transform = page.initial_transform(true).to_kurbo();
            let mut context = Context::new(transform, bounds, &cache, pdf.xref(), InterpreterSettings::default());
            interpret_page(page, &mut context, &mut glyphs);
            unknown += glyphs.unknown;
            layout::lines(glyphs.fragments())
        }));
        let lines = drawn.unwrap_or_else(|_| {
            damaged.push(format!("page {number}"));
            Vec::new()
        });
        kept += lines.iter().map(|line| line.text.len()).sum::<usize>();
        pages.push(lines);
    }
    draft.watch.check()?;
    if !damaged.is_empty() {
        draft.note(Note::Damaged { parts: damaged });
    }
    Ok((pages, unknown))
}

/// A string of a PDF: UTF-16 or UTF-8 with their marks, else PDFDocEncoding, whose letters are Latin-1's.
fn string(bytes: &[u8]) -> String {
    match bytes {
        [0xFE, 0xFF, rest @ ..] => encoding_rs::UTF_16BE.decode_without_bom_handling(rest).0.into_owned(),
        [0xFF, 0xFE, rest @ ..] => encoding_rs::UTF_16LE.decode_without_bom_handling(rest).0.into_owned(),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => encoding_rs::mem::decode_latin1(bytes).into_owned(),
    }
}

/// Stops the drawing of a page in all but name once the time is up: the interpreter cannot be stopped.
pub(crate) fn is_over(watch: Watch, drawn: usize) -> bool {
    drawn.is_multiple_of(256) && watch.is_over()
}
