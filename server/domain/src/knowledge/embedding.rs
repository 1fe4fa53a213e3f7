//! The job that gives the pieces of a base their vectors, a few at a time, and goes on where it was after a restart. When
//! another model is wanted its vectors are made beside the old ones, which are searched until the new ones are complete.

use super::Knowledge;
use super::encoders::Purpose;
use crate::error::Result;
use crate::jobs::{Outcome, Taken};
use crate::store::args;
use atrium_retrieval::vectors::encode;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Pieces encoded at a time.
const BATCH: i64 = 32;

#[derive(sqlx::FromRow)]
struct Target {
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
            system.optional("SELECT encoder, next_encoder FROM knowledge_bases WHERE id = $1", args![base]).await?;
        let Some(target) = target else { return Ok(Outcome::Done) };
        let name = target.next_encoder.as_ref().unwrap_or(&target.encoder);
        let encoder = match self.encoder(name) {
            Ok(encoder) => encoder,
            Err(told) => return Ok(Outcome::Final(told)),
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
            let encoding = encoder.encode(bare.iter().map(Bare::text).collect(), Purpose::Passage);
            let vectors = tokio::select! {
                vectors = encoding => vectors,
                () = stop.cancelled() => return Ok(Outcome::Left),
            };
            let vectors = match vectors {
                Ok(vectors) => vectors,
                Err(error) => return Ok(Outcome::Passing(error.to_string())),
            };
            let mut tx = system.begin().await?;
            // The row is held until the commit: revisions become visible in their order.
            let revision: Option<(i64,)> = tx
                .optional(
                    "UPDATE knowledge_bases SET revision = revision + 1 WHERE id = $1 RETURNING revision",
                    args![base],
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
            self.switch(base, &target.encoder, name).await?;
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
    async fn switch(&self, base: Uuid, old: &str, new: &str) -> Result<()> {
        let system = self.store.as_system("vectors are made for whoever searches");
        system
            .execute(
                "UPDATE knowledge_bases SET encoder = $2, next_encoder = NULL WHERE id = $1 AND next_encoder = $2",
                args![base, new],
            )
            .await?;
        loop {
            let dropped = system
                .execute(
                    "DELETE FROM embeddings WHERE encoder = $2 AND piece IN (SELECT piece FROM embeddings WHERE base_id = $1 AND encoder = $2 LIMIT 500)",
                    args![base, old],
                )
                .await?;
            if dropped == 0 {
                return Ok(());
            }
        }
    }
}
