//! The job that reads a document: file to text, text to pieces, pieces to the index of words. Whoever searches goes on
//! finding the version before until the new one is there as a whole.

use super::reader::{Reading, Unread};
use super::{Knowledge, index};
use crate::error::Result;
use crate::jobs::{self, Kind, Outcome, Taken};
use crate::store::args;
use std::time::Duration;
use uuid::Uuid;

/// Pieces written in one transaction: so few that whoever writes meanwhile hardly notices.
const BATCH: usize = 200;
/// How often a server that reads says that it is still at it.
const HOLD: Duration = Duration::from_secs(15);
/// The most text that is kept of a document, in bytes; what comes after is not found, and the page says so.
const TEXT_MAX: usize = 32 << 20;

#[derive(sqlx::FromRow)]
struct Row {
    organisation_id: Uuid,
    base_id: Uuid,
    version: i64,
    searched_version: i64,
    name: String,
    title: String,
    hash: String,
    media_type: String,
}

/// A document that is being read.
struct Subject {
    id: Uuid,
    row: Row,
}

impl Knowledge {
    pub(super) async fn read(&self, job: &Taken) -> Result<Outcome> {
        let system = self.store.as_system("documents are read for whoever brought them");
        let row: Option<Row> = system
            .optional(
                "SELECT d.organisation_id, d.base_id, d.version, d.searched_version, d.name, d.title, v.hash, v.media_type
                 FROM documents d JOIN document_versions v ON v.document_id = d.id AND v.number = d.version WHERE d.id = $1",
                args![job.subject],
            )
            .await?;
        let Some(row) = row else { return Ok(Outcome::Done) };
        let subject = Subject { id: job.subject, row };
        self.set_state(&subject, "reading", "").await?;
        let file = match self.files.borrow(subject.row.organisation_id.into(), &subject.row.hash).await {
            Err(crate::Error::NotFound(_)) => {
                let told = "The file is no longer where it was kept. Bring it again.".to_owned();
                self.set_state(&subject, "failed", &told).await?;
                return Ok(Outcome::Final(told));
            }
            file => file?,
        };
        let media_type = Some(subject.row.media_type.as_str()).filter(|it| !it.is_empty());
        let mut reading = std::pin::pin!(self.reader.read(file.path(), &subject.row.name, media_type));
        let read = loop {
            tokio::select! {
                read = &mut reading => break read,
                () = tokio::time::sleep(HOLD) => if !self.jobs.hold(job).await? { return Ok(Outcome::Left) },
            }
        };
        match read {
            Ok(reading) => self.write(job, &subject, reading).await,
            Err(Unread::Refused(told)) => {
                self.set_state(&subject, "failed", &told).await?;
                Ok(Outcome::Final(told))
            }
            Err(Unread::Failed(told)) => {
                self.set_state(&subject, "failed", &told).await?;
                Ok(Outcome::Passing(told))
            }
        }
    }

    async fn set_state(&self, subject: &Subject, state: &'static str, reason: &str) -> Result<()> {
        self.store
            .as_system("documents are read for whoever brought them")
            .execute(
                "UPDATE documents SET state = $3, reason = $4, updated_at = $5 WHERE id = $1 AND version = $2",
                args![subject.id, subject.row.version, state, reason, self.ports.now()],
            )
            .await?;
        Ok(())
    }

    /// Writes what was read, a batch at a time, and switches over when all of it is there.
    async fn write(&self, job: &Taken, subject: &Subject, mut reading: Reading) -> Result<Outcome> {
        let system = self.store.as_system("documents are read for whoever brought them");
        let Subject { id, row } = subject;
        if reading.text.len() > TEXT_MAX {
            let end = reading.text.floor_char_boundary(TEXT_MAX);
            reading.text.truncate(end);
            reading.pieces.retain(|it| it.end <= end);
            reading.notes.push(format!("Only the first {} MB of its text are kept.", TEXT_MAX >> 20));
        }
        let named = row.title == row.name;
        let title = reading.title.as_deref().map(atrium::text::line).filter(|it| named && !it.is_empty());
        let title = title.map_or_else(|| row.title.clone(), |it| atrium::text::shorten(&it, 200));
        let language = reading.language.clone().unwrap_or_default();
        // What an earlier try left.
        index::remove(system, *id, row.version, row.version).await?;
        let total = i64::try_from(reading.pieces.len()).unwrap_or(i64::MAX);
        let mut done = 0;
        let mut lengths = index::Lengths::default();
        for batch in reading.pieces.chunks(BATCH) {
            if !self.jobs.advance(job, done, total).await? {
                return Ok(Outcome::Left);
            }
            let mut tx = system.begin().await?;
            let mut frequencies = index::Frequencies::new();
            for piece in batch {
                let Some(body) = reading.text.get(piece.start..piece.end) else { continue };
                let entry = index::Entry {
                    organisation: row.organisation_id,
                    base: row.base_id,
                    document: *id,
                    version: row.version,
                    title: &title,
                    language: &language,
                    piece,
                    body,
                };
                let written = index::write(&mut tx, &entry, &mut frequencies).await?;
                lengths.title += written.title;
                lengths.body += written.body;
            }
            index::add_frequencies(&mut tx, row.base_id, &frequencies).await?;
            tx.commit().await?;
            done += i64::try_from(batch.len()).unwrap_or_default();
        }
        let json = |it: &[String]| serde_json::to_string(it).unwrap_or_else(|_| "[]".to_owned());
        let mut tx = system.begin().await?;
        tx.execute(
            "UPDATE document_versions SET body = $3, notes = $4, media_type = $5 WHERE document_id = $1 AND number = $2",
            args![*id, row.version, &reading.text, json(&reading.notes), &reading.media_type],
        )
        .await?;
        let switched = tx
            .execute(
                "UPDATE documents SET searched_version = $2, state = 'read', reason = '', pieces = $3, title = $4, kind = $5, language = $6,
                    summary = $7, key_points = $8, summary_by = 'extract', updated_at = $9, title_words = $10, body_words = $11
                 WHERE id = $1 AND version = $2",
                args![
                    *id,
                    row.version,
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
            if row.searched_version > 0 {
                tx.execute("UPDATE knowledge_bases SET removals = removals + 1 WHERE id = $1", args![row.base_id])
                    .await?;
            }
            jobs::ask(&mut tx, &self.ports, row.organisation_id.into(), Kind::Embed, row.base_id).await?;
        }
        tx.commit().await?;
        self.jobs.wake();
        if switched == 1 {
            index::remove(system, *id, 0, row.version - 1).await?;
        }
        Ok(Outcome::Done)
    }
}
