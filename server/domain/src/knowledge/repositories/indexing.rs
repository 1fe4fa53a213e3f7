//! Files of a commit become documents of the base. What is there already is known by the hash of its content, so that only
//! what changed is read, whatever happened in between: a restart, a history that was rewritten, another branch.

use super::super::reader::Unread;
use super::super::writing::{Subject, Written};
use super::super::{Knowledge, index};
use super::fetching::{Row, ended};
use super::sources::{Source, read_all, skip};
use crate::error::{Error, Result};
use crate::jobs::{self, Asker, Kind, Outcome, Taken};
use crate::ports::SECOND;
use crate::store::args;
use atrium_repositories::{Change, File, Head, Limits, Refusal, Repository};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Files that are read before those in front of them are written.
const AHEAD: usize = 8;
/// How often it is said how far indexing is.
const TELL: Duration = Duration::from_millis(500);

/// A document that there is.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Known {
    id: Uuid,
    name: String,
    version: i64,
    searched_version: i64,
    state: String,
    hash: String,
}

impl Known {
    /// Whether all that can be made of this content was made.
    fn is_done(&self, hash: &str) -> bool {
        self.hash == hash && matches!(self.state.as_str(), "read" | "failed")
    }
}

#[derive(sqlx::FromRow)]
struct Skipped {
    path: String,
    hash: String,
    reason: String,
}

/// What is to be done.
#[derive(Default)]
struct Plan {
    /// Files to read, by path, each with the document that it becomes the next version of.
    files: Vec<File>,
    before: Vec<Option<Known>>,
    gone: Vec<Known>,
    /// How many files are skipped, by reason.
    skipped: BTreeMap<String, i64>,
    /// Those that were remembered, and are no more.
    stale: Vec<String>,
}

impl Plan {
    fn new(files: Vec<File>, documents: Vec<Known>, skips: Vec<Skipped>, limits: &Limits) -> Self {
        let mut plan = Self::default();
        let mut documents: HashMap<String, Known> = documents.into_iter().map(|it| (it.name.clone(), it)).collect();
        let mut skips: HashMap<String, Skipped> = skips.into_iter().map(|it| (it.path.clone(), it)).collect();
        for file in files {
            let hash = file.id.to_string();
            let known = skips.remove(&file.path);
            if let Some(skip) = skip(&file, limits) {
                plan.skip(skip.code());
                plan.stale.extend(known.map(|it| it.path));
            } else if let Some(it) = known.as_ref().filter(|it| it.hash == hash) {
                plan.skip(&it.reason);
            } else if documents.get(&file.path).is_some_and(|it| it.is_done(&hash)) {
                documents.remove(&file.path);
            } else {
                plan.stale.extend(known.map(|it| it.path));
                plan.before.push(documents.remove(&file.path));
                plan.files.push(file);
            }
        }
        plan.stale.extend(skips.into_keys());
        plan.gone = documents.into_values().collect();
        plan.find_moved();
        plan
    }

    /// A document whose content is elsewhere now stays what it is, under another name.
    fn find_moved(&mut self) {
        let mut gone: HashMap<String, Vec<Known>> = HashMap::new();
        for it in self.gone.drain(..) {
            gone.entry(it.hash.clone()).or_default().push(it);
        }
        for (file, before) in self.files.iter().zip(&mut self.before) {
            if before.is_none() {
                *before = gone.get_mut(&file.id.to_string()).and_then(Vec::pop);
            }
        }
        self.gone = gone.into_values().flatten().collect();
    }

    fn skip(&mut self, reason: &str) {
        *self.skipped.entry(reason.to_owned()).or_default() += 1;
    }
}

impl Knowledge {
    pub(super) async fn index_repository(
        &self,
        job: &Taken,
        row: &Row,
        head: &Head,
        stop: &CancellationToken,
    ) -> Result<Outcome> {
        let mut plan = match self.plan(row, head).await? {
            Ok(plan) => plan,
            Err(outcome) => return Ok(outcome),
        };
        let total = i64::try_from(plan.files.len() + plan.gone.len()).unwrap_or(i64::MAX);
        let (mut done, mut told) = (0, Instant::now());
        if !self.jobs.advance(job, done, total).await? {
            return Ok(Outcome::Left);
        }
        self.forget_skips(row, &plan.stale).await?;
        let (files, before) = (std::mem::take(&mut plan.files), std::mem::take(&mut plan.before));
        let (sender, mut sources) = mpsc::channel(AHEAD);
        let reading = tokio::task::spawn_blocking({
            let (folder, commit, limits) = (self.workshop.folder_of(row.id), head.commit, self.workshop.limits);
            let files = files.clone();
            move || read_all(&folder, commit, &files, &limits, &sender)
        });
        for it in &plan.gone {
            self.remove_source(it.id, row.base_id).await?;
            done += 1;
        }
        for (file, before) in files.iter().zip(before) {
            let Some(source) = sources.recv().await else { break };
            if stop.is_cancelled() {
                return Ok(Outcome::Left);
            }
            if told.elapsed() > TELL {
                told = Instant::now();
                if !self.jobs.advance(job, done, total).await? {
                    return Ok(Outcome::Left);
                }
            }
            if let Source::Skipped(skip) = source {
                plan.skip(skip.code());
                self.remember_skip(row, file, skip.code(), before).await?;
            } else if let Written::Left = self.index_file(job, row, head, file, before, source).await? {
                return Ok(Outcome::Left);
            }
            done += 1;
        }
        reading.await.map_err(|error| Error::Internal(format!("reading a repository ended early: {error}")))?;
        if done < total {
            return Ok(Outcome::Passing("Not all of its files could be read.".to_owned()));
        }
        self.finish(row, head, &plan, total > 0).await?;
        Ok(Outcome::Done)
    }

    /// Compares the commit with what there is.
    async fn plan(&self, row: &Row, head: &Head) -> Result<std::result::Result<Plan, Outcome>> {
        let system = self.store.as_system("repositories are fetched for whoever searches them");
        let documents: Vec<Known> = system
            .all(
                "SELECT d.id, d.name, d.version, d.searched_version, d.state, v.hash
                 FROM documents d JOIN document_versions v ON v.document_id = d.id AND v.number = d.version WHERE d.repository_id = $1",
                args![row.id],
            )
            .await?;
        let skips: Vec<Skipped> = system
            .all("SELECT path, hash, reason FROM repository_skips WHERE repository_id = $1", args![row.id])
            .await?;
        let (folder, commit, limits) = (self.workshop.folder_of(row.id), head.commit, self.workshop.limits);
        let compare = move || -> std::result::Result<Plan, Refusal> {
            let changes = Repository::open(&folder)?.changes(None, commit)?;
            let files = changes.into_iter().filter_map(|it| match it {
                Change::Added(file) => Some(file),
                _ => None,
            });
            Ok(Plan::new(files.collect(), documents, skips, &limits))
        };
        let plan = tokio::task::spawn_blocking(compare).await;
        let plan = plan.map_err(|error| Error::Internal(format!("comparing a repository ended early: {error}")))?;
        Ok(plan.map_err(|refusal| ended(&refusal)))
    }

    /// One file: the next version of a document, or a new one.
    async fn index_file(
        &self,
        job: &Taken,
        row: &Row,
        head: &Head,
        file: &File,
        before: Option<Known>,
        source: Source,
    ) -> Result<Written> {
        let subject = self.begin_source(row, head, file, before).await?;
        let read = match source {
            Source::Text(reading) => Ok(*reading),
            Source::Packed(bytes) => {
                let mut copy = self.files.receive().await?;
                copy.write(&bytes).await?;
                let copy = copy.done().await?;
                match self.have_read(job, copy.path(), &file.path, None).await? {
                    Some(read) => read,
                    None => return Ok(Written::Left),
                }
            }
            Source::Refused(told) => Err(Unread::Refused(told)),
            // Whoever calls has seen to these.
            Source::Skipped(_) => return Ok(Written::Whole),
        };
        match read {
            Ok(reading) => {
                let written = self.write(job, &subject, reading).await?;
                if let Written::Whole = written
                    && subject.version > 1
                {
                    // git keeps what it said before.
                    self.store
                        .as_system("repositories are fetched for whoever searches them")
                        .execute(
                            "DELETE FROM document_versions WHERE document_id = $1 AND number < $2",
                            args![subject.id, subject.version],
                        )
                        .await?;
                }
                Ok(written)
            }
            Err(Unread::Interrupted) => Ok(Written::Left),
            Err(Unread::Refused(told) | Unread::Failed(told)) => {
                self.set_state(&subject, "failed", &told).await?;
                Ok(Written::Whole)
            }
        }
    }

    /// The rows of a version that is about to be written.
    async fn begin_source(&self, row: &Row, head: &Head, file: &File, before: Option<Known>) -> Result<Subject> {
        let (hash, now) = (file.id.to_string(), self.ports.now());
        let mut tx = self.store.as_system("repositories are fetched for whoever searches them").begin().await?;
        // What an earlier try began is gone on with.
        let is_begun = before.as_ref().is_some_and(|it| it.hash == hash && it.name == file.path);
        let (id, version, searched_version) = match &before {
            Some(it) if is_begun => (it.id, it.version, it.searched_version),
            Some(it) => (it.id, it.version + 1, it.searched_version),
            None => (self.ports.id(), 1, 0),
        };
        if before.is_some() {
            tx.execute(
                "UPDATE documents SET name = $2, title = $2, version = $3, state = 'reading', reason = '', updated_at = $4 WHERE id = $1",
                args![id, &file.path, version, now],
            )
            .await?;
        } else {
            tx.execute(
                "INSERT INTO documents (id, organisation_id, base_id, repository_id, name, title, source, source_url, kind, language, state, reason, version, searched_version, pieces, title_words, body_words, summary, key_points, summary_by, created_by, created_at, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $5, 'repository', $6, '', '', 'reading', '', 1, 0, 0, 0, 0, '', '[]', '', $7, $8, $8)",
                args![id, row.organisation_id, row.base_id, row.id, &file.path, &row.url, row.created_by, now],
            )
            .await?;
        }
        if !is_begun {
            tx.execute(
                "INSERT INTO document_versions (document_id, number, organisation_id, name, hash, size, media_type, commit_id, body, notes, created_by, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, '', $7, NULL, '[]', $8, $9)",
                args![
                    id,
                    version,
                    row.organisation_id,
                    &file.path,
                    &hash,
                    i64::try_from(file.size).unwrap_or(i64::MAX),
                    head.commit.to_string(),
                    row.created_by,
                    now
                ],
            )
            .await?;
        }
        tx.commit().await?;
        Ok(Subject {
            id,
            organisation: row.organisation_id,
            created_by: row.created_by,
            base: row.base_id,
            version,
            searched_version,
            // A path says more than a heading.
            title: file.path.clone(),
            keeps_title: true,
        })
    }

    /// Remembers that a file is no text, and takes out what it was before.
    async fn remember_skip(&self, row: &Row, file: &File, reason: &str, before: Option<Known>) -> Result<()> {
        if let Some(before) = before {
            self.remove_source(before.id, row.base_id).await?;
        }
        self.store
            .as_system("repositories are fetched for whoever searches them")
            .execute(
                "INSERT INTO repository_skips (repository_id, path, hash, reason) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (repository_id, path) DO UPDATE SET hash = excluded.hash, reason = excluded.reason",
                args![row.id, &file.path, file.id.to_string(), reason],
            )
            .await?;
        Ok(())
    }

    async fn forget_skips(&self, row: &Row, paths: &[String]) -> Result<()> {
        let mut tx = self.store.as_system("repositories are fetched for whoever searches them").begin().await?;
        for path in paths {
            tx.execute("DELETE FROM repository_skips WHERE repository_id = $1 AND path = $2", args![row.id, path])
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Takes a file's document out of the base, with all that was made of it.
    pub(super) async fn remove_source(&self, document: Uuid, base: Uuid) -> Result<()> {
        let system = self.store.as_system("repositories are fetched for whoever searches them");
        index::remove(system, document, 0, i64::MAX).await?;
        let mut tx = system.begin().await?;
        tx.execute("DELETE FROM documents WHERE id = $1", args![document]).await?;
        tx.execute("UPDATE knowledge_bases SET removals = removals + 1 WHERE id = $1", args![base]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// From now on this commit is what is indexed.
    async fn finish(&self, row: &Row, head: &Head, plan: &Plan, is_new: bool) -> Result<()> {
        let skipped = serde_json::to_string(&plan.skipped).unwrap_or_else(|_| "{}".to_owned());
        let mut tx = self.store.as_system("repositories are fetched for whoever searches them").begin().await?;
        tx.execute(
            "UPDATE repositories SET commit_id = $2, commit_message = $3, committed_at = $4, fetched_at = $5, skipped = $6 WHERE id = $1",
            args![
                row.id,
                head.commit.to_string(),
                &head.message,
                head.time.saturating_mul(SECOND),
                self.ports.now(),
                skipped
            ],
        )
        .await?;
        if is_new {
            let asker = Asker { organisation: row.organisation_id, person: row.created_by };
            jobs::ask(&mut tx, &self.ports, asker, Kind::Embed, row.base_id).await?;
        }
        tx.commit().await?;
        self.jobs.wake();
        Ok(())
    }
}
