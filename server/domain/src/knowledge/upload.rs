//! Bringing files into a base, replacing them, and taking them out.

use super::files::{Arrived, Incoming};
use super::{Knowledge, bases, documents, index};
use crate::audit::{self, Actor};
use crate::error::{Error, Result};
use crate::jobs::{self, Asker, Kind};
use crate::store::{Tx, args};
use atrium::ids::{BaseId, DocumentId, OrganisationId};
use atrium::knowledge::Document;
use atrium::people::Viewer;
use uuid::Uuid;

/// Longest name of a file, in characters.
const NAME_MAX: usize = 255;

/// What is said about a file by whoever brings it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Label<'a> {
    /// Its name; folders in front of it do not count.
    pub name: &'a str,
    /// What it is called instead of what it calls itself.
    pub title: Option<&'a str>,
    /// What it is said to be.
    pub media_type: Option<&'a str>,
    /// Where it was fetched from; empty when it was brought.
    pub source_url: &'a str,
    /// The document of that base whose next version it is, whatever it is called; else the name decides.
    pub next_of: Option<DocumentId>,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Brought {
    /// It is a document of its own.
    New(Document),
    /// It is the newest version of a document of that name.
    Version(Document),
    /// The base has this very file already, under this name.
    Known(Document),
}

impl Brought {
    /// The document that it is.
    #[must_use]
    pub fn document(&self) -> &Document {
        match self {
            Self::New(it) | Self::Version(it) | Self::Known(it) => it,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Same {
    id: Uuid,
    version: i64,
}

impl Knowledge {
    /// A file that is to arrive for a base: asked before the first byte is taken.
    ///
    /// # Errors
    /// When the viewer may not put anything into that base.
    pub async fn receive(&self, viewer: &Viewer, base: BaseId) -> Result<Incoming> {
        bases::changeable(self.store.as_viewer(viewer), base).await?;
        self.files.receive().await
    }

    /// The same where the base is named only after the file: [`Self::bring`] asks then.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn receive_for_later(&self) -> Result<Incoming> {
        self.files.receive().await
    }

    /// Puts a file that has arrived into a base; it is read behind the scenes.
    ///
    /// # Errors
    /// With what to change, or when the viewer may not.
    pub async fn bring(&self, actor: Actor<'_>, base: BaseId, arrived: &Arrived, label: Label<'_>) -> Result<Brought> {
        let scope = self.store.as_viewer(actor.viewer);
        let known = bases::changeable(scope, base).await?;
        let name = file_name(label.name)?;
        let title = label.title.map(atrium::text::line).filter(|it| !it.is_empty());
        // Whoever removes a file must not do so between these two steps.
        let _keeping = self.keeping.lock().await;
        let same: Option<Same> = scope
            .optional(
                "SELECT d.id, d.version FROM documents d JOIN document_versions v ON v.document_id = d.id AND v.number = d.version
                 WHERE d.base_id = $1 AND v.hash = $2 AND d.repository_id IS NULL AND d.id = COALESCE($3, d.id) ORDER BY d.created_at LIMIT 1",
                args![base, &arrived.hash, label.next_of],
            )
            .await?;
        if let Some(same) = same {
            return Ok(Brought::Known(documents::get(scope, same.id.into()).await?));
        }
        self.files.keep(known.organisation, arrived).await?;
        let now = self.ports.now();
        let mut tx = scope.begin().await?;
        let before: Option<Same> = tx
            .optional(
                "SELECT id, version FROM documents WHERE base_id = $1 AND (id = $3 OR $3 IS NULL AND name = $2) AND repository_id IS NULL ORDER BY created_at LIMIT 1",
                args![base, &name, label.next_of],
            )
            .await?;
        if label.next_of.is_some() && before.is_none() {
            return Err(Error::NotFound("document"));
        }
        let (id, version): (DocumentId, i64) = match &before {
            Some(it) => (it.id.into(), it.version + 1),
            None => (self.ports.id(), 1),
        };
        if version == 1 {
            tx.execute(
                "INSERT INTO documents (id, organisation_id, base_id, name, title, source, source_url, kind, language, state, reason, version, searched_version, pieces, title_words, body_words, summary, key_points, summary_by, created_by, created_at, updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', 'waiting', '', 1, 0, 0, 0, 0, '', '[]', '', $8, $9, $9)",
                args![
                    id,
                    known.organisation,
                    base,
                    &name,
                    title.as_deref().unwrap_or(&name),
                    if label.source_url.is_empty() { "upload" } else { "url" },
                    label.source_url,
                    actor.viewer.id,
                    now
                ],
            )
            .await?;
        } else {
            tx.execute(
                "UPDATE documents SET version = $2, state = 'waiting', reason = '', updated_at = $3 WHERE id = $1",
                args![id, version, now],
            )
            .await?;
        }
        tx.execute(
            "INSERT INTO document_versions (document_id, number, organisation_id, name, hash, size, media_type, body, notes, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, '[]', $8, $9)",
            args![
                id,
                version,
                known.organisation,
                &name,
                &arrived.hash,
                arrived.size,
                label.media_type.unwrap_or_default(),
                actor.viewer.id,
                now
            ],
        )
        .await?;
        let asker = Asker { organisation: known.organisation.0, person: actor.viewer.id.0 };
        jobs::ask(&mut tx, &self.ports, asker, Kind::Read, id.0).await?;
        if known.project.is_some() {
            let told = serde_json::json!({ "document": name, "version": version });
            let deed = bases::deed(known.organisation, "knowledge.document", base, &known.name);
            audit::note(&mut tx, &self.ports, actor, deed, None::<()>, Some(told)).await?;
        }
        tx.commit().await?;
        self.jobs.wake();
        let document = documents::get(scope, id).await?;
        Ok(if version == 1 { Brought::New(document) } else { Brought::Version(document) })
    }

    /// Reads a document again.
    ///
    /// # Errors
    /// When the viewer may not change its base.
    pub async fn read_again(&self, viewer: &Viewer, id: DocumentId) -> Result<()> {
        let scope = self.store.as_viewer(viewer);
        let document = documents::get(scope, id).await?;
        let known = bases::changeable(scope, document.base).await?;
        if document.repository.is_some() {
            return Err(of_repository(
                "It is a file of a git repository, which is read when the repository is fetched.",
            ));
        }
        let mut tx = scope.begin().await?;
        tx.execute(
            "UPDATE documents SET state = 'waiting', reason = '', updated_at = $2 WHERE id = $1 AND state IN ('failed', 'read')",
            args![id, self.ports.now()],
        )
        .await?;
        let asker = Asker { organisation: known.organisation.0, person: viewer.id.0 };
        jobs::ask(&mut tx, &self.ports, asker, Kind::Read, id.0).await?;
        tx.commit().await?;
        self.jobs.wake();
        Ok(())
    }

    /// Takes a document out of its base: every version, piece, vector and quotation of it, and the files that no other
    /// document has.
    ///
    /// # Errors
    /// When the viewer may not change its base, or it is a repository's.
    pub async fn delete_document(&self, actor: Actor<'_>, id: DocumentId) -> Result<()> {
        let scope = self.store.as_viewer(actor.viewer);
        let document = documents::get(scope, id).await?;
        let known = bases::changeable(scope, document.base).await?;
        if document.repository.is_some() {
            return Err(of_repository(
                "It is a file of a git repository. Delete it there and fetch again, or take the whole repository out.",
            ));
        }
        let _keeping = self.keeping.lock().await;
        // Not with the document's row: what is counted of its words has to be taken back.
        index::remove(*scope, id.0, 0, i64::MAX).await?;
        let mut tx = scope.begin().await?;
        let hashes = hashes(&mut tx, id).await?;
        jobs::forget(&mut tx, Kind::Read, id.0).await?;
        tx.execute("DELETE FROM documents WHERE id = $1", args![id]).await?;
        tx.execute("UPDATE knowledge_bases SET removals = removals + 1 WHERE id = $1", args![document.base]).await?;
        if known.project.is_some() {
            let told = serde_json::json!({ "document": document.name });
            let deed = bases::deed(known.organisation, "knowledge.document", document.base, &known.name);
            audit::note(&mut tx, &self.ports, actor, deed, Some(told), None::<()>).await?;
        }
        tx.commit().await?;
        self.remove_unused(known.organisation, hashes).await
    }

    /// Deletes a base with all that is in it, for good.
    ///
    /// # Errors
    /// When the viewer does not manage it.
    pub async fn delete_base(&self, actor: Actor<'_>, id: BaseId) -> Result<()> {
        let scope = self.store.as_viewer(actor.viewer);
        let _keeping = self.keeping.lock().await;
        let hashes: Vec<(String,)> = scope
            .all(
                "SELECT DISTINCT v.hash FROM documents d JOIN document_versions v ON v.document_id = d.id WHERE d.base_id = $1 AND d.repository_id IS NULL",
                args![id],
            )
            .await?;
        let known = bases::delete(&self.store, &self.ports, actor, id).await?;
        self.vectors.forget(id);
        self.sweep_folders().await?;
        self.remove_unused(known.organisation, hashes.into_iter().map(|it| it.0).collect()).await
    }

    /// Removes those of the files that no document and no message has any more.
    pub(crate) async fn remove_unused(&self, organisation: OrganisationId, hashes: Vec<String>) -> Result<()> {
        let system = self.store.as_system("a file may belong to several people's documents");
        for hash in hashes {
            let (used,): (i64,) = system
                .one(
                    "SELECT (SELECT COUNT(*) FROM document_versions WHERE organisation_id = $1 AND hash = $2 AND commit_id IS NULL)
                        + (SELECT COUNT(*) FROM attachments WHERE organisation_id = $1 AND hash = $2)",
                    args![organisation, &hash],
                )
                .await?;
            if used == 0 {
                self.files.remove(organisation, &hash).await?;
            }
        }
        Ok(())
    }
}

fn of_repository(message: &str) -> Error {
    Error::Conflict { code: "document_of_repository", message: message.to_owned() }
}

async fn hashes(tx: &mut Tx, id: DocumentId) -> Result<Vec<String>> {
    let rows: Vec<(String,)> =
        tx.all("SELECT DISTINCT hash FROM document_versions WHERE document_id = $1", args![id]).await?;
    Ok(rows.into_iter().map(|it| it.0).collect())
}

/// Browsers of old send whole paths; names are shown on one line.
pub(crate) fn file_name(name: &str) -> Result<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = atrium::text::line(name);
    if name.is_empty() || name == "." || name == ".." {
        return Err(Error::field("file", "The file has no name."));
    }
    if name.chars().count() > NAME_MAX {
        return Err(Error::field("file", format!("The file's name has more than {NAME_MAX} characters. Shorten it.")));
    }
    Ok(name)
}
