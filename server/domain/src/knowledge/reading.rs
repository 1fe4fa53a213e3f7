//! The job that reads a document: file to text and pieces, which [`writing`](super::writing) puts into the index.

use super::Knowledge;
use super::reader::{Reading, Unread};
use super::writing::{Subject, Written};
use crate::error::Result;
use crate::jobs::{Outcome, Taken};
use crate::store::args;
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

/// How often a server that reads says that it is still at it.
const HOLD: Duration = Duration::from_secs(15);

#[derive(sqlx::FromRow)]
struct Row {
    organisation_id: Uuid,
    created_by: Uuid,
    base_id: Uuid,
    version: i64,
    searched_version: i64,
    name: String,
    title: String,
    hash: String,
    media_type: String,
}

impl Knowledge {
    pub(super) async fn read(&self, job: &Taken) -> Result<Outcome> {
        let system = self.store.as_system("documents are read for whoever brought them");
        let row: Option<Row> = system
            .optional(
                "SELECT d.organisation_id, v.created_by, d.base_id, d.version, d.searched_version, d.name, d.title, v.hash, v.media_type
                 FROM documents d JOIN document_versions v ON v.document_id = d.id AND v.number = d.version WHERE d.id = $1",
                args![job.subject],
            )
            .await?;
        let Some(row) = row else { return Ok(Outcome::Done) };
        let subject = Subject {
            id: job.subject,
            organisation: row.organisation_id,
            created_by: row.created_by,
            base: row.base_id,
            version: row.version,
            searched_version: row.searched_version,
            keeps_title: row.title != row.name,
            title: row.title,
        };
        self.set_state(&subject, "reading", "").await?;
        let file = match self.files.borrow(row.organisation_id.into(), &row.hash).await {
            Err(crate::Error::NotFound(_)) => {
                let told = "The file is no longer where it was kept. Bring it again.".to_owned();
                self.set_state(&subject, "failed", &told).await?;
                return Ok(Outcome::Final(told));
            }
            file => file?,
        };
        let media_type = Some(row.media_type.as_str()).filter(|it| !it.is_empty());
        let read = self.have_read(job, file.path(), &row.name, media_type).await?;
        let Some(read) = read else { return Ok(Outcome::Left) };
        match read {
            Ok(reading) => match self.write(job, &subject, reading).await? {
                Written::Whole => Ok(Outcome::Done),
                Written::Left => Ok(Outcome::Left),
            },
            Err(Unread::Interrupted) => Ok(Outcome::Left),
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

    /// Has a file read, and says meanwhile that this server is still at it; nothing, when the job is no longer its own.
    pub(super) async fn have_read(
        &self,
        job: &Taken,
        file: &Path,
        name: &str,
        media_type: Option<&str>,
    ) -> Result<Option<std::result::Result<Reading, Unread>>> {
        let mut reading = std::pin::pin!(self.reader.read(file, name, media_type));
        loop {
            tokio::select! {
                read = &mut reading => return Ok(Some(read)),
                () = tokio::time::sleep(HOLD) => if !self.jobs.hold(job).await? { return Ok(None) },
            }
        }
    }
}
