//! Finding passages.

use super::documents::Place;
use crate::api::body::{ApiJson, ApiQuery};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::time::parse;
use crate::web::App;
use atrium::ids::BaseId;
use atrium::knowledge::{Passage as KnownPassage, Rank as KnownRank};
use atrium_domain::Error;
use atrium_domain::knowledge::Wanted;
use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Passages, unless another number is named,
const COUNT: usize = 10;
/// and at most.
const COUNT_MAX: usize = 50;
/// Characters of a question.
const QUESTION_MAX: usize = 2000;
/// Characters of the name of a kind,
const KIND_MAX: usize = 40;
/// and of a language.
const LANGUAGE_MAX: usize = 8;
/// Bases that can be named.
const BASES_MAX: usize = 100;

/// A passage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "document_id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "version": 2, "base_id": "0190d3b8-0000-7c3e-9f10-2a4b6c8d0e1f",
    "title": "Tide tables", "name": "tides.md", "commit": null,
    "place": { "start": 9, "end": 31, "page": null, "headings": ["Tides"], "first_line": 3, "last_line": 3 },
    "text": "The moon pulls the sea.", "by_words": { "rank": 1, "score": 4.2 }, "by_meaning": { "rank": 2, "score": 0.61 }, "score": 0.83
}))]
pub struct Passage {
    document_id: Uuid,
    /// The version of the document that it stands in.
    version: i64,
    base_id: Uuid,
    /// What the document is called.
    title: String,
    /// Its file name, or its path in a repository.
    name: String,
    /// The commit, of a repository's file.
    commit: Option<String>,
    place: Place,
    /// What it says: plain text, to be escaped where it is shown as HTML.
    text: String,
    /// What the search by words says of it; `null` when it did not find it.
    by_words: Option<Rank>,
    /// What the search by meaning says of it; `null` when it did not find it.
    by_meaning: Option<Rank>,
    /// By what passages are ordered.
    score: f64,
}

/// One side's opinion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "rank": 1, "score": 4.2 }))]
pub struct Rank {
    /// From 1.
    rank: i64,
    /// BM25 for words, cosine for meaning.
    score: f64,
}

/// What was found, and how much could have been.
#[derive(Debug, Serialize, ToSchema)]
pub struct Passages {
    /// Pieces that could be found by their words,
    searched: i64,
    /// and by their meaning as well.
    embedded: i64,
    /// Documents that were still to be read.
    unread: i64,
    /// Why one side found nothing, where it is not that there is nothing.
    notes: Vec<String>,
    /// Best first.
    passages: Vec<Passage>,
}

/// What to look for, and where.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PassageQuery {
    /// The question.
    // The other search calls it so; whoever comes from there is understood here too.
    #[serde(alias = "search")]
    #[param(min_length = 1, max_length = 2000, pattern = r"\S")]
    q: String,
    /// Only documents of this kind: `pdf`, `markdown`, …
    #[param(max_length = 40, required = false)]
    kind: Option<String>,
    /// Only documents in this language, as ISO 639-1.
    #[param(max_length = 8, required = false)]
    language: Option<String>,
    /// Only documents changed from this moment on.
    #[param(required = false, format = DateTime)]
    from: Option<String>,
    /// Only documents changed before this moment.
    #[param(required = false, format = DateTime)]
    before: Option<String>,
    /// How many passages, at most.
    #[param(minimum = 1, maximum = 50, required = false)]
    limit: Option<usize>,
}

/// What to look for, and where: for questions that are too long for an address.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "q": "What pulls the sea?", "bases": [], "limit": 5 }))]
pub struct PassageQuestion {
    #[serde(alias = "search")]
    #[schema(min_length = 1, max_length = 2000, pattern = r"\S")]
    q: String,
    /// Only in these; in all that one sees when there are none.
    #[serde(default)]
    #[schema(required = false, max_items = 100)]
    bases: Vec<Uuid>,
    #[serde(default)]
    #[schema(required = false, max_length = 40)]
    kind: Option<String>,
    #[serde(default)]
    #[schema(required = false, max_length = 8)]
    language: Option<String>,
    #[serde(default)]
    #[schema(required = false, format = DateTime)]
    from: Option<String>,
    #[serde(default)]
    #[schema(required = false, format = DateTime)]
    before: Option<String>,
    #[serde(default)]
    #[schema(required = false, minimum = 1, maximum = 50)]
    limit: Option<usize>,
}

impl From<KnownRank> for Rank {
    fn from(it: KnownRank) -> Self {
        Self { rank: it.rank, score: it.score }
    }
}

impl From<KnownPassage> for Passage {
    fn from(it: KnownPassage) -> Self {
        Self {
            document_id: it.document.0,
            version: it.version,
            base_id: it.base.0,
            title: it.title,
            name: it.name,
            commit: it.commit,
            place: it.place.into(),
            text: it.text,
            by_words: it.by_words.map(Into::into),
            by_meaning: it.by_meaning.map(Into::into),
            score: it.score,
        }
    }
}

fn moment(field: &str, text: Option<&str>) -> ApiResult<Option<i64>> {
    let wrong = || Error::field(field, "Use a moment like 2026-01-31T12:00:00Z.").into();
    text.map(|it| parse(it).ok_or_else(wrong)).transpose()
}

async fn passages(app: &App, caller: &Caller, asked: PassageQuestion) -> ApiResult<Json<Passages>> {
    let limit = asked.limit.unwrap_or(COUNT);
    if asked.q.trim().is_empty() {
        return Err(Error::field("q", "Say what to look for.").into());
    }
    if asked.q.chars().count() > QUESTION_MAX {
        return Err(Error::field("q", format!("Use at most {QUESTION_MAX} characters.")).into());
    }
    if !(1..=COUNT_MAX).contains(&limit) {
        return Err(Error::field("limit", format!("Use 1 to {COUNT_MAX}.")).into());
    }
    if asked.bases.len() > BASES_MAX {
        return Err(Error::field("bases", format!("Name at most {BASES_MAX}.")).into());
    }
    let bases: Vec<BaseId> = asked.bases.into_iter().map(Into::into).collect();
    for (field, text, most) in [("kind", &asked.kind, KIND_MAX), ("language", &asked.language, LANGUAGE_MAX)] {
        match text.as_deref().map(|it| it.chars().count()) {
            Some(0) => return Err(Error::field(field, "Leave it out, or say which.").into()),
            Some(count) if count > most => {
                return Err(Error::field(field, format!("Use at most {most} characters.")).into());
            }
            _ => {}
        }
    }
    let wanted = Wanted {
        question: &asked.q,
        bases: &bases,
        kind: asked.kind.as_deref(),
        origin: None,
        language: asked.language.as_deref(),
        from: moment("from", asked.from.as_deref())?,
        before: moment("before", asked.before.as_deref())?,
        count: limit,
    };
    let found = app.atrium.knowledge.find(app.atrium.store.as_viewer(&caller.viewer), wanted).await?;
    Ok(Json(Passages {
        searched: found.searched,
        embedded: found.embedded,
        unread: found.unread,
        notes: found.notes,
        passages: found.passages.into_iter().map(Into::into).collect(),
    }))
}

/// Find passages
///
/// By their words and by their meaning, in the documents of all bases that one sees or of those that are named. Numbers
/// beside the passages say how much could be found so far.
#[utoipa::path(get, path = "/api/v1/knowledge/search", tag = "Knowledge", operation_id = "find", params(PassageQuery, ("base" = inline(Option<Vec<Uuid>>), Query, description = "Only in this base; can be given several times")), responses((status = 200, description = "The best passages", body = Passages), (status = 404, description = "There is no such knowledge base.", body = crate::api::error::Problem)))]
pub async fn find(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<PassageQuery>,
    uri: Uri,
) -> ApiResult<Json<Passages>> {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let bases = pairs.filter(|it| it.0 == "base").map(|it| it.1.parse::<Uuid>()).collect::<Result<_, _>>();
    let asked = PassageQuestion {
        q: query.q,
        bases: bases.map_err(|_| Error::field("base", "Use the id of a knowledge base."))?,
        kind: query.kind,
        language: query.language,
        from: query.from,
        before: query.before,
        limit: query.limit,
    };
    passages(&app, &caller, asked).await
}

/// Find passages, by a long question
///
/// As `GET`; it changes nothing, and a token that may read may ask.
#[utoipa::path(post, path = "/api/v1/knowledge/search", tag = "Knowledge", operation_id = "ask", request_body = PassageQuestion, responses((status = 200, description = "The best passages", body = Passages), (status = 404, description = "There is no such knowledge base.", body = crate::api::error::Problem)))]
pub async fn ask(
    State(app): State<App>,
    caller: Caller,
    ApiJson(asked): ApiJson<PassageQuestion>,
) -> ApiResult<Json<Passages>> {
    passages(&app, &caller, asked).await
}
