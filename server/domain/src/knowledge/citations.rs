//! What an answer stands on: noted before the model is asked, judged sentence by sentence when it has answered.

use super::{Context, Knowledge, index, words};
use crate::error::{Error, Result};
use crate::store::{Scope, Tx, args};
use atrium::ids::{DocumentId, MessageId};
use atrium::knowledge::{Citation, Claim, ClaimKind, Place, Report, Sources};
use atrium::people::Viewer;
use atrium_retrieval::attribution::{self, Standing};
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    document_id: Uuid,
    version: i64,
    title: String,
    name: String,
    commit_id: Option<String>,
    start_at: i64,
    end_at: i64,
    page: Option<i64>,
    headings: String,
    first_line: i64,
    last_line: i64,
    body: String,
    is_used: bool,
}

impl From<Row> for Citation {
    fn from(it: Row) -> Self {
        Self {
            number: it.number,
            document: DocumentId(it.document_id),
            version: it.version,
            title: it.title,
            name: it.name,
            commit: it.commit_id,
            place: Place {
                start: it.start_at,
                end: it.end_at,
                page: it.page,
                headings: index::headings(&it.headings),
                first_line: it.first_line,
                last_line: it.last_line,
            },
            text: it.body,
            is_used: it.is_used,
        }
    }
}

impl Knowledge {
    /// Notes what a model is given to answer from. An answer that is written once more is judged once more.
    pub(crate) async fn note(&self, viewer: &Viewer, message: MessageId, context: &Context) -> Result<()> {
        let report = serde_json::to_string(&context.report).map_err(|error| Error::Internal(error.to_string()))?;
        let mut tx = self.store.as_viewer(viewer).begin().await?;
        tx.execute(
            "INSERT INTO retrievals (message_id, report, claims, created_at) VALUES ($1, $2, '[]', $3)
             ON CONFLICT (message_id) DO UPDATE SET report = excluded.report, claims = '[]'",
            args![message, report, self.ports.now()],
        )
        .await?;
        tx.execute("DELETE FROM citations WHERE message_id = $1", args![message]).await?;
        for it in &context.citations {
            // Its document may have been deleted since it was found.
            tx.execute(
                "INSERT INTO citations (message_id, number, organisation_id, document_id, version, start_at, end_at, page, headings, first_line, last_line, body, is_used)
                 SELECT $1, $2, d.organisation_id, d.id, $4, $5, $6, $7, $8, $9, $10, $11, FALSE FROM documents d WHERE d.id = $3",
                args![
                    message,
                    it.number,
                    it.document,
                    it.version,
                    it.place.start,
                    it.place.end,
                    it.place.page,
                    index::joined(&it.place.headings),
                    it.place.first_line,
                    it.place.last_line,
                    &it.text
                ],
            )
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Judges an answer: which of its sentences stand on which source, and where in it. Nothing is taken from what the
    /// model says about that itself.
    pub(crate) async fn judge(&self, answer: &str, context: &Context) -> Vec<Claim> {
        let (answer, citations) = (answer.to_owned(), context.citations.clone());
        // A long answer on long sources keeps a core busy for a while.
        let judged = tokio::task::spawn_blocking(move || judge(&answer, &citations)).await;
        judged.unwrap_or_else(|error| {
            tracing::error!("an answer could not be judged: {error}");
            Vec::new()
        })
    }

    /// Notes which sentence stands on which source, in the transaction that completes the answer.
    pub(crate) async fn note_claims(tx: &mut Tx, message: MessageId, claims: &[Claim]) -> Result<()> {
        let json = serde_json::to_string(claims).map_err(|error| Error::Internal(error.to_string()))?;
        tx.execute("UPDATE retrievals SET claims = $2 WHERE message_id = $1", args![message, json]).await?;
        for number in claims.iter().filter_map(|it| it.source) {
            tx.execute(
                "UPDATE citations SET is_used = TRUE WHERE message_id = $1 AND number = $2",
                args![message, number],
            )
            .await?;
        }
        Ok(())
    }

    /// What an answer stands on; `None` for one that was given without looking anything up.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the answer is not in a conversation of the viewer's.
    pub async fn sources(&self, scope: Scope<'_>, message: MessageId) -> Result<Option<Sources>> {
        let theirs: Option<(Uuid,)> = scope
            .optional(
                "SELECT m.id FROM messages m JOIN conversations c ON c.id = m.conversation_id
                 WHERE m.id = $1 AND m.deleted_at IS NULL AND c.owner_id = $2 AND c.deleted_at IS NULL",
                args![message, scope.viewer.id],
            )
            .await?;
        if theirs.is_none() {
            return Err(Error::NotFound("message"));
        }
        let row: Option<(String, String)> =
            scope.optional("SELECT report, claims FROM retrievals WHERE message_id = $1", args![message]).await?;
        let Some((report, claims)) = row else { return Ok(None) };
        let rows: Vec<Row> = scope
            .all(
                "SELECT c.number, c.document_id, c.version, d.title, v.name, v.commit_id, c.start_at, c.end_at, c.page, c.headings, c.first_line, c.last_line, c.body, c.is_used
                 FROM citations c JOIN documents d ON d.id = c.document_id JOIN document_versions v ON v.document_id = c.document_id AND v.number = c.version
                 WHERE c.message_id = $1 ORDER BY c.number",
                args![message],
            )
            .await?;
        let unreadable = |error: serde_json::Error| Error::Internal(format!("sources of {message}: {error}"));
        Ok(Some(Sources {
            message,
            citations: rows.into_iter().map(Into::into).collect(),
            claims: serde_json::from_str(&claims).map_err(unreadable)?,
            report: serde_json::from_str::<Report>(&report).map_err(unreadable)?,
        }))
    }
}

fn judge(answer: &str, citations: &[Citation]) -> Vec<Claim> {
    let texts: Vec<&str> = citations.iter().map(|it| it.text.as_str()).collect();
    let byte = |it: usize| i64::try_from(it).unwrap_or(i64::MAX);
    let claim = |it: attribution::Claim| {
        let (kind, source, passage) = match it.standing {
            Standing::Supported { passage, range } => {
                let source = &citations[passage];
                let from = source.place.start + byte(range.start);
                (ClaimKind::Supported, Some(source.number), Some((from, from + byte(range.len()))))
            }
            Standing::Unsupported => (ClaimKind::Unsupported, None, None),
            Standing::Neutral => (ClaimKind::Neutral, None, None),
        };
        Claim {
            start: byte(it.range.start),
            end: byte(it.range.end),
            kind,
            source,
            passage,
            is_misquoted: !it.false_quotes.is_empty(),
        }
    };
    attribution::attribute(&words::analyzer(""), answer, &texts, None).claims.into_iter().map(claim).collect()
}
