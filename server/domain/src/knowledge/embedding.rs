//! The job that gives the pieces of a base their vectors, a few at a time, and goes on where it was after a restart. When
//! another model is wanted its vectors are made beside the old ones, which are searched until the new ones are complete.

use super::Knowledge;
use super::remote::told;
use crate::error::Result;
use crate::jobs::{Outcome, Taken};
use crate::providers::Use;
use crate::store::args;
use crate::usage::Account;
use atrium_retrieval::vectors::encode;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Pieces encoded at a time.
const BATCH: i64 = 32;

#[derive(sqlx::FromRow)]
struct Target {
    organisation_id: Uuid,
    project_id: Option<Uuid>,
    created_by: Uuid,
    encoder: String,
    next_encoder: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Bare {
    number: i64,
    title: String,
    headings: String,
    body: String,
}

impl Bare {
    /// What is encoded: a piece often does not say by itself what it is about.
    fn text(&self) -> String {
        let mut text = self.title.clone();
        for heading in super::index::headings(&self.headings) {
            text.push_str(". ");
            text.push_str(&heading);
        }
        text.push_str(". ");
        text.push_str(&self.body);
        text
    }
}

impl Knowledge {
    pub(super) async fn embed(&self, job: &Taken, stop: &CancellationToken) -> Result<Outcome> {
        let system = self.store.as_system("vectors are made for whoever searches");
        let base = job.subject;
        let target: Option<Target> =
            system
                .optional(
                    "SELECT organisation_id, project_id, created_by, encoder, next_encoder FROM knowledge_bases WHERE id = $1",
                    args![base],
                )
                .await?;
        let Some(target) = target else { return Ok(Outcome::Done) };
        let name = target.next_encoder.as_ref().unwrap_or(&target.encoder);
        if let Err(told) = self.check_encoder(name) {
            return Ok(Outcome::Final(told));
        }
        let account = Account {
            organisation: target.organisation_id.into(),
            user: job.asked_by.unwrap_or(target.created_by).into(),
            project: target.project_id.map(Into::into),
        };
        let (total, mut done) = self.count(base, name).await?;
        let mut last = 0;
        loop {
            if stop.is_cancelled() || !self.jobs.advance(job, done, total.max(done)).await? {
                return Ok(Outcome::Left);
            }
            let bare: Vec<Bare> = system
                .all(
                    "SELECT p.number, d.title, p.headings, p.body FROM pieces p JOIN documents d ON d.id = p.document_id AND d.searched_version = p.version
                     WHERE p.base_id = $1 AND p.number > $2 AND NOT EXISTS (SELECT 1 FROM embeddings e WHERE e.encoder = $3 AND e.piece = p.number)
                     ORDER BY p.number LIMIT $4",
                    args![base, last, name, BATCH],
                )
                .await?;
            let Some(newest) = bare.last() else { break };
            last = newest.number;
            let encoding = self.encode(name, bare.iter().map(Bare::text).collect(), Use::Passage, account);
            let vectors = tokio::select! {
                vectors = encoding => vectors,
                () = stop.cancelled() => return Ok(Outcome::Left),
            };
            let vectors = match vectors {
                Ok(vectors) => vectors,
                Err(error) => return Ok(Outcome::Passing(told(error))),
            };
            let mut tx = system.begin().await?;
            // The row is held until the commit: revisions become visible in their order. It says as well whether this model
            // is still wanted; where another one is, its job has been asked for.
            let revision: Option<(i64,)> = tx
                .optional(
                    "UPDATE knowledge_bases SET revision = revision + 1 WHERE id = $1 AND COALESCE(next_encoder, encoder) = $2 RETURNING revision",
                    args![base, name],
                )
                .await?;
            let Some((revision,)) = revision else { return Ok(Outcome::Done) };
            for (piece, vector) in bare.iter().zip(vectors) {
                // It may have been deleted meanwhile.
                tx.execute(
                    "INSERT INTO embeddings (encoder, piece, base_id, revision, vector) SELECT $1, p.number, $3, $4, $5 FROM pieces p WHERE p.number = $2
                     ON CONFLICT (encoder, piece) DO NOTHING",
                    args![name, piece.number, base, revision, encode(&vector)],
                )
                .await?;
            }
            tx.commit().await?;
            done += i64::try_from(bare.len()).unwrap_or_default();
        }
        if target.next_encoder.is_some() {
            self.switch(base, name).await?;
        }
        Ok(Outcome::Done)
    }

    /// How many pieces there are, and how many have a vector.
    async fn count(&self, base: Uuid, encoder: &str) -> Result<(i64, i64)> {
        let system = self.store.as_system("vectors are made for whoever searches");
        let pieces: Option<(i64,)> = system
            .optional("SELECT CAST(COALESCE(SUM(pieces), 0) AS BIGINT) FROM documents WHERE base_id = $1", args![base])
            .await?;
        let embedded: Option<(i64,)> = system
            .optional("SELECT COUNT(*) FROM embeddings WHERE base_id = $1 AND encoder = $2", args![base, encoder])
            .await?;
        Ok((pieces.map_or(0, |it| it.0), embedded.map_or(0, |it| it.0)))
    }

    /// From now on the new model's vectors are searched.
    async fn switch(&self, base: Uuid, new: &str) -> Result<()> {
        let switched = self
            .store
            .as_system("vectors are made for whoever searches")
            .execute(
                "UPDATE knowledge_bases SET encoder = $2, next_encoder = NULL WHERE id = $1 AND next_encoder = $2",
                args![base, new],
            )
            .await?;
        // Somebody may have changed their mind meanwhile.
        if switched == 1 { self.drop_vectors(base, &[new, new]).await } else { Ok(()) }
    }
}
