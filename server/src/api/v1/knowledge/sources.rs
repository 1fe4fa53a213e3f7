//! What an answer stands on.

use super::documents::Place;
use super::search::Rank;
use crate::api::body::ApiPath;
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::web::App;
use atrium::ids::MessageId;
use atrium::knowledge::{
    Candidate as KnownCandidate, Citation as KnownCitation, Claim as KnownClaim, ClaimKind, Report as KnownReport,
};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What an answer stands on.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sources {
    message_id: Uuid,
    /// Its sources, by number; those of deleted documents are gone.
    citations: Vec<Citation>,
    /// Its sentences, in their order.
    claims: Vec<Claim>,
    /// How the sources were found; `null` of an answer for which nothing was looked up.
    report: Option<Report>,
}

/// A source of an answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Citation {
    /// In the answer it is `[number]`.
    number: i64,
    document_id: Uuid,
    version: i64,
    title: String,
    /// Its file name, or its path in a repository.
    name: String,
    /// The commit, of a repository's file.
    commit: Option<String>,
    place: Place,
    /// What it says there: plain text.
    text: String,
    /// Whether a sentence of the answer stands on it.
    is_used: bool,
}

/// A sentence of an answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "start": 0, "end": 23, "kind": "supported", "source": 1, "passage_start": 9, "passage_end": 31, "is_misquoted": false }))]
pub struct Claim {
    /// Byte of the answer at which it begins,
    start: i64,
    /// and before which it ends.
    end: i64,
    #[schema(value_type = ClaimKindName)]
    kind: &'static str,
    /// The number of the source that supports it.
    source: Option<i64>,
    /// Byte of that document's text at which the words begin that say so,
    passage_start: Option<i64>,
    /// and before which they end.
    passage_end: Option<i64>,
    /// It quotes words that stand in none of the sources.
    is_misquoted: bool,
}

/// A source says so; none does; it claims nothing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "words of the description")]
pub enum ClaimKindName {
    Supported,
    Unsupported,
    Neutral,
}

/// How something was looked for, and what became of what was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct Report {
    /// What was looked for.
    question: String,
    /// Pieces that could be found by their words,
    searched: i64,
    /// and by their meaning as well.
    embedded: i64,
    /// Documents that were still to be read.
    unread: i64,
    /// Why one side found nothing, where there is a reason.
    notes: Vec<String>,
    /// What was found, best first.
    found: Vec<Candidate>,
    /// Milliseconds that it took.
    took_ms: i64,
}

/// Something that was found, and whether the model got to read it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Candidate {
    document_id: Uuid,
    title: String,
    place: Place,
    by_words: Option<Rank>,
    by_meaning: Option<Rank>,
    score: f64,
    /// The number under which the model got it.
    number: Option<i64>,
    /// Why it did not: `threshold`, `room`, `duplicate` or `count`.
    left_out: Option<String>,
}

impl From<KnownCitation> for Citation {
    fn from(it: KnownCitation) -> Self {
        Self {
            number: it.number,
            document_id: it.document.0,
            version: it.version,
            title: it.title,
            name: it.name,
            commit: it.commit,
            place: it.place.into(),
            text: it.text,
            is_used: it.is_used,
        }
    }
}

impl From<KnownClaim> for Claim {
    fn from(it: KnownClaim) -> Self {
        Self {
            start: it.start,
            end: it.end,
            kind: match it.kind {
                ClaimKind::Supported => "supported",
                ClaimKind::Unsupported => "unsupported",
                ClaimKind::Neutral => "neutral",
            },
            source: it.source,
            passage_start: it.passage.map(|it| it.0),
            passage_end: it.passage.map(|it| it.1),
            is_misquoted: it.is_misquoted,
        }
    }
}

impl From<KnownCandidate> for Candidate {
    fn from(it: KnownCandidate) -> Self {
        Self {
            document_id: it.document.0,
            title: it.title,
            place: it.place.into(),
            by_words: it.by_words.map(Into::into),
            by_meaning: it.by_meaning.map(Into::into),
            score: it.score,
            number: it.number,
            left_out: it.left_out,
        }
    }
}

impl From<KnownReport> for Report {
    fn from(it: KnownReport) -> Self {
        Self {
            question: it.question,
            searched: it.searched,
            embedded: it.embedded,
            unread: it.unread,
            notes: it.notes,
            found: it.found.into_iter().map(Into::into).collect(),
            took_ms: it.took_ms,
        }
    }
}

/// Get what an answer stands on
///
/// Its sources, which of its sentences each of them supports, and everything that was found and left out. The server finds
/// that out by itself; nothing is taken from what the model says of it.
#[utoipa::path(get, path = "/api/v1/messages/{id}/sources", tag = "Knowledge", operation_id = "sources", params(("id" = Uuid, Path)), responses((status = 200, description = "The sources; none of an answer for which nothing was looked up", body = Sources)))]
pub async fn get(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<MessageId>) -> ApiResult<Json<Sources>> {
    let found = app.atrium.knowledge.sources(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    Ok(Json(match found {
        None => Sources { message_id: id.0, citations: Vec::new(), claims: Vec::new(), report: None },
        Some(it) => Sources {
            message_id: id.0,
            citations: it.citations.into_iter().map(Into::into).collect(),
            claims: it.claims.into_iter().map(Into::into).collect(),
            report: Some(it.report.into()),
        },
    }))
}
