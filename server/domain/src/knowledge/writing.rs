//! What was read becomes what is found: pieces and their words, a batch at a time. Whoever searches goes on finding the
//! version before until the new one is there as a whole.

use super::reader::Reading;
use super::{Knowledge, index};
use crate::error::Result;
use crate::jobs::{self, Asker, Kind, Taken};
use crate::store::args;
use uuid::Uuid;

/// Pieces written in one transaction: so few that whoever writes meanwhile hardly notices.
const BATCH: usize = 200;
/// The most text that is kept of a document, in bytes; what comes after is not found, and the page says so.
const TEXT_MAX: usize = 32 << 20;

/// A version of a document that is being written.
pub(super) struct Subject {
    pub(super) id: Uuid,
    pub(super) organisation: Uuid,
    pub(super) created_by: Uuid,
    pub(super) base: Uuid,
    pub(super) version: i64,
    /// The version that is found meanwhile; 0 if there is none.
    pub(super) searched_version: i64,
    pub(super) title: String,
    /// Whatever it calls itself.
    pub(super) keeps_title: bool,
}

/// How writing ended.
pub(super) enum Written {
    Whole,
    /// The job is no longer this server's.
    Left,
}

impl Knowledge {
    /// Says how far a document is, unless there is a newer version of it.
    pub(super) async fn set_state(&self, subject: &Subject, state: &'static str, reason: &str) -> Result<()> {
        self.store
            .as_system("documents are read for whoever brought them")
            .execute(
                "UPDATE documents SET state = $3, reason = $4, updated_at = $5 WHERE id = $1 AND version = $2",
                args![subject.id, subject.version, state, reason, self.ports.now()],
            )
            .await?;
        Ok(())
    }

    /// Writes what was read, a batch at a time, and switches over when all of it is there.
    pub(super) async fn write(&self, job: &Taken, subject: &Subject, mut reading: Reading) -> Result<Written> {
        let system = self.store.as_system("documents are read for whoever brought them");
        let Subject { id, base, version, .. } = *subject;
        let is_all = job.kind == Kind::Read;
        if reading.text.len() > TEXT_MAX {
            let end = reading.text.floor_char_boundary(TEXT_MAX);
            reading.text.truncate(end);
            reading.pieces.retain(|it| it.end <= end);
            reading.notes.push(format!("Only the first {} MB of its text are kept.", TEXT_MAX >> 20));
        }
        let title =
            reading.title.as_deref().map(atrium::text::line).filter(|it| !subject.keeps_title && !it.is_empty());
        let title = title.map_or_else(|| subject.title.clone(), |it| atrium::text::shorten(&it, 200));
        let language = reading.language.clone().unwrap_or_default();
        // What an earlier try left.
        index::remove(system, id, version, version).await?;
        let total = i64::try_from(reading.pieces.len()).unwrap_or(i64::MAX);
        let mut done = 0;
        let mut lengths = index::Lengths::default();
        for batch in reading.pieces.chunks(BATCH) {
            // Of a job with many documents these are its small change.
            let is_ours = if is_all {
                self.jobs.advance(job, done, total).await?
            } else {
                done == 0 || self.jobs.hold(job).await?
            };
            if !is_ours {
                return Ok(Written::Left);
            }
            let mut tx = system.begin().await?;
            let mut frequencies = index::Frequencies::new();
            for piece in batch {
                let Some(body) = reading.text.get(piece.start..piece.end) else { continue };
                let entry = index::Entry {
                    organisation: subject.organisation,
                    base,
                    document: id,
                    version,
                    title: &title,
                    language: &language,
                    piece,
                    body,
                };
                let written = index::write(&mut tx, &entry, &mut frequencies).await?;
                lengths.title += written.title;
                lengths.body += written.body;
            }
            index::add_frequencies(&mut tx, base, &frequencies).await?;
            tx.commit().await?;
            done += i64::try_from(batch.len()).unwrap_or_default();
        }
        let json = |it: &[String]| serde_json::to_string(it).unwrap_or_else(|_| "[]".to_owned());
        let mut tx = system.begin().await?;
        tx.execute(
            "UPDATE document_versions SET body = $3, notes = $4, media_type = $5 WHERE document_id = $1 AND number = $2",
            args![id, version, &reading.text, json(&reading.notes), &reading.media_type],
        )
        .await?;
        let switched = tx
            .execute(
                "UPDATE documents SET searched_version = $2, state = 'read', reason = '', pieces = $3, title = $4, kind = $5, language = $6,
                    summary = $7, key_points = $8, summary_by = 'extract', updated_at = $9, title_words = $10, body_words = $11
                 WHERE id = $1 AND version = $2",
                args![
                    id,
                    version,
                    total,
                    &title,
                    &reading.kind,
                    &language,
                    reading.summary.join(" "),
                    json(&reading.key_points),
                    self.ports.now(),
                    lengths.title,
                    lengths.body
                ],
            )
            .await?;
        if switched == 1 {
            if subject.searched_version > 0 {
                tx.execute("UPDATE knowledge_bases SET removals = removals + 1 WHERE id = $1", args![base]).await?;
            }
            if is_all {
                let asker = Asker { organisation: subject.organisation, person: subject.created_by };
                jobs::ask(&mut tx, &self.ports, asker, Kind::Embed, base).await?;
            }
        }
        tx.commit().await?;
        if is_all {
            self.jobs.wake();
        }
        if switched == 1 && version > 1 {
            index::remove(system, id, 0, version - 1).await?;
        }
        Ok(Written::Whole)
    }
}
