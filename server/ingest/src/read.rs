//! From a file to a reading: what every format has in common.

use crate::draft::Draft;
use crate::limits::{Limits, Watch};
use crate::reading::Reading;
use crate::sniff::{Finding, sniff};
use crate::{Kind, Refusal, docx, epub, html, json, language, mail, markdown, pdf, plain, pptx, table, xlsx};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Parsers that recurse do so within limits of their own, but are generous. Only what is touched becomes memory.
const STACK: usize = 64 * 1024 * 1024;

/// How long after its time a reader may take to notice that it is over.
const GRACE: Duration = Duration::from_secs(2);

/// Reads a file of any supported kind.
///
/// `name` is what it is called (its ending counts), `declared` the media type that came with it, if any. Both are only
/// hints: see [`Refusal::Misnamed`].
///
/// A reader that is stuck is left behind on its thread when the time is up, so a process that reads should be one that ends.
///
/// # Errors
/// A [`Refusal`], made to be shown.
pub fn read(name: &str, declared: Option<&str>, content: impl Read, limits: &Limits) -> Result<Reading, Refusal> {
    run(name, declared, content, limits, false)
}

/// Reads a file of a repository: text of every kind keeps its lines exactly, so that `path:12-30` means the same here and
/// there. Only what is no text by itself (PDF, Office) is read as [`read`] does.
///
/// # Errors
/// A [`Refusal`], made to be shown.
pub fn read_source(path: &str, content: impl Read, limits: &Limits) -> Result<Reading, Refusal> {
    run(path, None, content, limits, true)
}

fn run(
    name: &str,
    declared: Option<&str>,
    content: impl Read,
    limits: &Limits,
    exact: bool,
) -> Result<Reading, Refusal> {
    let watch = Watch::start(limits);
    let mut bytes = Vec::new();
    content
        .take(limits.bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| Refusal::Unopened { cause: error.to_string() })?;
    if bytes.len() as u64 > limits.bytes {
        return Err(Refusal::TooLarge { limit: limits.bytes });
    }

    let guess = Kind::of_name(name).map_or(Kind::Text, |(kind, _)| kind);
    let (sender, receiver) = mpsc::channel();
    let (name, declared, owned) = (name.to_owned(), declared.map(str::to_owned), limits.clone());
    let work = move || {
        let _ = sender.send(file(&name, declared.as_deref(), bytes, &owned, watch, exact));
    };
    thread::Builder::new()
        .name("read".to_owned())
        .stack_size(STACK)
        .spawn(work)
        .map_err(|error| Refusal::Unopened { cause: error.to_string() })?;
    match receiver.recv_timeout(limits.time + GRACE) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => Err(watch.refusal()),
        Err(RecvTimeoutError::Disconnected) => Err(Refusal::Broken { kind: guess }),
    }
}

fn file(
    name: &str,
    declared: Option<&str>,
    bytes: Vec<u8>,
    limits: &Limits,
    watch: Watch,
    exact: bool,
) -> Result<Reading, Refusal> {
    let Finding { kind, syntax, note } = sniff(name, declared, &bytes, limits)?;
    let mut draft = Draft::new(limits, watch);
    draft.notes.extend(note);
    let bytes = Arc::new(bytes);
    // Other people's parsers may panic over a malformed file; that is the file's fault, and no reason to die.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        if exact && kind.is_textual() && kind != Kind::Markdown {
            plain::read(&bytes, &mut draft);
            return Ok(());
        }
        match kind {
            Kind::Pdf => pdf::read(Arc::clone(&bytes), limits, &mut draft),
            Kind::Docx => docx::read(&bytes, limits, &mut draft),
            Kind::Xlsx => xlsx::read(&bytes, limits, &mut draft),
            Kind::Pptx => pptx::read(&bytes, limits, &mut draft),
            Kind::Epub => epub::read(&bytes, limits, &mut draft),
            Kind::Email => mail::read(&bytes, &mut draft),
            Kind::Html => html::read(&bytes, &mut draft),
            Kind::Csv => table::read(&bytes, &mut draft),
            Kind::Markdown => {
                markdown::read(&bytes, &mut draft);
                Ok(())
            }
            Kind::Json => {
                json::read(&bytes, &mut draft);
                Ok(())
            }
            Kind::Text | Kind::Jsonl | Kind::Code => {
                plain::read(&bytes, &mut draft);
                Ok(())
            }
        }
    }));
    outcome.unwrap_or(Err(Refusal::Broken { kind }))?;
    watch.check()?;
    finish(kind, syntax, exact, draft)
}

fn finish(kind: Kind, syntax: Option<&'static str>, exact: bool, mut draft: Draft) -> Result<Reading, Refusal> {
    if draft.text.trim().is_empty() {
        return Err(Refusal::NoText { kind });
    }
    let lines_matter = exact || matches!(kind, Kind::Code | Kind::Markdown | Kind::Text | Kind::Jsonl);
    if !lines_matter {
        draft.text.truncate(draft.text.trim_end().len());
        draft.text.push('\n');
    }
    let end = draft.text.len();
    draft.marks.retain(|mark| mark.at < end);
    let language = match kind {
        Kind::Code | Kind::Json | Kind::Jsonl => None,
        _ => draft.language.take().or_else(|| language::detect(&draft.text)),
    };
    Ok(Reading {
        kind,
        syntax: syntax.map(str::to_owned),
        title: draft.title,
        language,
        text: draft.text,
        marks: draft.marks,
        notes: draft.notes,
    })
}
