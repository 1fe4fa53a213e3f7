//! Finding passages: by their words and by their meaning, both opinions made into one.

use super::{Knowledge, bases, index, words};
use crate::error::{Error, Result};
use crate::providers::Use;
use crate::store::{Scope, args};
use crate::usage::Account;
use atrium::ids::{BaseId, DocumentId};
use atrium::knowledge::{Base, Passage, Place, Rank};
use atrium::paging::PageRequest;
use atrium::people::Viewer;
use atrium_retrieval::bm25::{Collection, Counts};
use atrium_retrieval::fusion::{Candidate, Fusion, Question, Ranked, Standing};
use atrium_retrieval::vectors::{candidates_for, decode};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// How many each side proposes.
const PROPOSALS: usize = 100;
/// The same when much of it may be filtered away.
const PROPOSALS_FILTERED: usize = 1_000;
/// How many pieces are brought whole from the database for one question, at most.
const DETAILS_MAX: usize = 100;
/// Pieces that the rarest words of a question may match in all: what is common takes long to list and moves hardly anything.
const MATCHES_MAX: u64 = 5_000;
/// What is less alike than this has nothing to do with the question.
const COSINE_MIN: f32 = 0.1;
/// Bases searched at once, at most.
const BASES_MAX: u32 = 1_000;

/// Where documents come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Somebody brought them, as files or by their address.
    Brought,
    /// Git repositories.
    Repositories,
}

/// What is looked for, and where.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// In words.
    pub question: &'a str,
    /// Only in these; in all that the viewer sees when there are none.
    pub bases: &'a [BaseId],
    /// Only documents of this kind.
    pub kind: Option<&'a str>,
    /// Only documents in this language.
    pub language: Option<&'a str>,
    /// Only documents that come from there.
    pub origin: Option<Origin>,
    /// Only documents changed from this moment on,
    pub from: Option<i64>,
    /// and before this one.
    pub before: Option<i64>,
    /// How many passages, at most.
    pub count: usize,
}

impl Wanted<'_> {
    fn filters(&self) -> bool {
        self.kind.is_some()
            || self.origin.is_some()
            || self.language.is_some()
            || self.from.is_some()
            || self.before.is_some()
    }
}

/// What was found, and how much could have been.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Best first.
    pub passages: Vec<Passage>,
    /// Pieces that could be found by words,
    pub searched: i64,
    /// and by meaning as well.
    pub embedded: i64,
    /// Documents that were still to be read.
    pub unread: i64,
    /// Why a side found nothing, if it is not that there is nothing: sentences.
    pub notes: Vec<String>,
}

/// A piece that a side proposes, with what scores are made of.
#[derive(sqlx::FromRow)]
struct Proposed {
    number: i64,
    title_words: String,
    body_words: String,
    vector: Option<Vec<u8>>,
}

#[derive(sqlx::FromRow)]
struct Lengths {
    pieces: i64,
    title_words: i64,
    body_words: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    base_id: Uuid,
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
}

impl Knowledge {
    /// The passages that answer a question best, among those that the viewer may see.
    ///
    /// # Errors
    /// When a base that is named is not the viewer's to see, or the database does not answer.
    pub async fn find(&self, scope: Scope<'_>, wanted: Wanted<'_>) -> Result<Found> {
        let mut found = Found::default();
        let bases = if wanted.bases.is_empty() {
            bases::page(scope, bases::BaseFilter::default(), PageRequest { page: 1, size: BASES_MAX }).await?.items
        } else {
            let mut bases = Vec::new();
            for id in wanted.bases {
                bases.push(bases::get(scope, *id).await?);
            }
            bases
        };
        for base in &bases {
            found.searched += base.piece_count;
            found.embedded += base.embedded_count;
            found.unread += base.waiting_count;
        }
        if wanted.question.trim().is_empty() || found.searched == 0 {
            return Ok(found);
        }
        let proposals = if wanted.filters() { PROPOSALS_FILTERED } else { PROPOSALS };
        let asked = words::asked(wanted.question, &languages(scope, &bases).await?);
        let mut collection = collection(scope, &bases, &asked).await?;
        let rarest = collection.rarest(&asked, MATCHES_MAX);
        let mut pieces = index::find(*scope, &ids(&bases), &rarest, proposals).await?;
        let mut vector = None;
        for group in by_encoder(&bases) {
            // Bases of one model are compared with one another; with several models the words have to do.
            match self.by_meaning(scope.viewer, &group, wanted.question, proposals).await {
                Ok((question, near)) => {
                    pieces.extend(near);
                    vector.get_or_insert((group[0].encoder.clone(), question));
                }
                // Words alone are better than nothing, as long as somebody says so.
                Err(told) => found.notes.push(format!("Searched by words only: {told}")),
            }
        }
        pieces.sort_unstable();
        pieces.dedup();
        let encoder = vector.as_ref().map(|it| it.0.as_str()).unwrap_or_default();
        let proposed = proposed(scope, &wanted, &pieces, encoder).await?;
        let candidates: Vec<Candidate<'_, i64>> = proposed
            .iter()
            .map(|it| Candidate {
                id: it.number,
                title: Counts::read(&it.title_words),
                body: Counts::read(&it.body_words),
                vector: it.vector.as_deref().and_then(decode),
            })
            .collect();
        let question = Question { words: &asked, vector: vector.as_ref().map(|it| &*it.1) };
        let fusion = Fusion::default();
        if let Some(feedback) = fusion.feedback {
            // The second look needs to know how rare the words of the first hits are, and of no others.
            let first = Fusion { feedback: None, ..fusion }.rank(&question, &candidates, &collection);
            let top: HashSet<i64> = first.hits.iter().take(feedback.documents).map(|it| it.id).collect();
            let words = candidates.iter().filter(|it| top.contains(&it.id));
            let words = words.flat_map(|it| it.title.iter().chain(it.body.iter()).map(|it| it.0)).collect();
            collection.frequencies.extend(index::frequencies(*scope, &ids(&bases), &words).await?);
        }
        let ranking = fusion.rank(&question, &candidates, &collection);
        for hit in ranking.hits.iter().filter(|it| has_to_do(it)) {
            if found.passages.len() >= wanted.count.min(DETAILS_MAX) {
                break;
            }
            found.passages.extend(detail(scope, hit).await?);
        }
        Ok(found)
    }

    /// The question's vector by the model of these bases, and the pieces that may be nearest to it.
    async fn by_meaning(
        &self,
        viewer: &Viewer,
        bases: &[&Base],
        question: &str,
        count: usize,
    ) -> std::result::Result<(Arc<[f32]>, Vec<i64>), String> {
        let name = &bases[0].encoder;
        let told = |error: Error| {
            if let Some(cause) = error.cause() {
                tracing::warn!(cause, encoder = name.as_str(), "a question could not be encoded: {error}");
            }
            match error {
                Error::Provider(error) => error.told_to(viewer).to_string(),
                error => error.to_string(),
            }
        };
        self.check_encoder(name)?;
        let account = Account { organisation: viewer.organisation, user: viewer.id, project: None };
        let encoded = self.encode(name, vec![question.to_owned()], Use::Question, account).await.map_err(told)?;
        let question: Arc<[f32]> = encoded.into_iter().next().unwrap_or_default().into();
        let mut near = Vec::new();
        for base in bases {
            near.extend(self.vectors.candidates(&self.store, base.id, name, &question, count).await.map_err(told)?);
        }
        near.sort_by(|a, b| b.1.total_cmp(&a.1));
        near.truncate(candidates_for(count));
        Ok((question, near.into_iter().map(|it| it.0).collect()))
    }
}

fn ids(bases: &[Base]) -> Vec<Uuid> {
    bases.iter().map(|it| it.id.0).collect()
}

/// Those that have vectors, by the model that made them.
fn by_encoder(bases: &[Base]) -> Vec<Vec<&Base>> {
    let mut groups: Vec<Vec<&Base>> = Vec::new();
    for base in bases.iter().filter(|it| it.embedded_count > 0) {
        match groups.iter_mut().find(|it| it[0].encoder == base.encoder) {
            Some(group) => group.push(base),
            None => groups.push(vec![base]),
        }
    }
    groups
}

/// What has neither a word of the question nor anything of its meaning is no answer.
fn has_to_do(hit: &Ranked<i64>) -> bool {
    hit.words.is_some_and(|it| it.score > 0.0) || hit.meaning.is_some_and(|it| it.score >= COSINE_MIN)
}

/// The languages that the documents of these bases are written in, the most frequent first.
async fn languages(scope: Scope<'_>, bases: &[Base]) -> Result<Vec<String>> {
    let mut counts: HashMap<String, i64> = HashMap::new();
    for base in bases {
        let rows: Vec<(String, i64)> = scope
            .all(
                "SELECT language, COUNT(*) AS count FROM documents WHERE base_id = $1 GROUP BY language",
                args![base.id],
            )
            .await?;
        for (language, count) in rows {
            *counts.entry(if language.is_empty() { "en".to_owned() } else { language }).or_default() += count;
        }
    }
    let mut languages: Vec<_> = counts.into_iter().collect();
    languages.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    Ok(languages.into_iter().map(|it| it.0).take(words::LANGUAGES_MAX).collect())
}

/// What is known about all pieces of these bases, and about the words that are asked for.
async fn collection(scope: Scope<'_>, bases: &[Base], asked: &[String]) -> Result<Collection> {
    let mut all = Lengths { pieces: 0, title_words: 0, body_words: 0 };
    for base in bases {
        let row: Option<Lengths> = scope
            .optional(
                "SELECT CAST(COALESCE(SUM(pieces), 0) AS BIGINT) AS pieces, CAST(COALESCE(SUM(title_words), 0) AS BIGINT) AS title_words,
                    CAST(COALESCE(SUM(body_words), 0) AS BIGINT) AS body_words FROM documents WHERE base_id = $1",
                args![base.id],
            )
            .await?;
        if let Some(row) = row {
            all.pieces += row.pieces;
            all.title_words += row.title_words;
            all.body_words += row.body_words;
        }
    }
    let words = asked.iter().map(String::as_str).collect();
    let average = |words: i64| if all.pieces > 0 { words as f32 / all.pieces as f32 } else { 0.0 };
    Ok(Collection {
        documents: u64::try_from(all.pieces).unwrap_or_default(),
        title_length: average(all.title_words),
        body_length: average(all.body_words),
        frequencies: index::frequencies(*scope, &ids(bases), &words).await?,
    })
}

/// What was proposed, less what is filtered away or went away meanwhile.
async fn proposed(scope: Scope<'_>, wanted: &Wanted<'_>, pieces: &[i64], encoder: &str) -> Result<Vec<Proposed>> {
    let json = serde_json::to_string(pieces).map_err(|error| Error::Internal(error.to_string()))?;
    let sql = if scope.is_postgres() {
        "SELECT p.number, p.title_words, p.body_words, e.vector
         FROM json_array_elements_text(CAST($1 AS json)) j JOIN pieces p ON p.number = CAST(j AS BIGINT)
            JOIN documents d ON d.id = p.document_id AND d.searched_version = p.version LEFT JOIN embeddings e ON e.encoder = $2 AND e.piece = p.number
         WHERE ($3 IS NULL OR d.kind = $3) AND ($4 IS NULL OR d.language = $4) AND d.updated_at >= $5 AND d.updated_at < $6
            AND ($7 IS NULL OR (d.repository_id IS NOT NULL) = $7)"
    } else {
        "SELECT p.number, p.title_words, p.body_words, e.vector
         FROM json_each($1) j CROSS JOIN pieces p ON p.number = j.value
            CROSS JOIN documents d ON d.id = p.document_id AND d.searched_version = p.version LEFT JOIN embeddings e ON e.encoder = $2 AND e.piece = p.number
         WHERE ($3 IS NULL OR d.kind = $3) AND ($4 IS NULL OR d.language = $4) AND d.updated_at >= $5 AND d.updated_at < $6
            AND ($7 IS NULL OR (d.repository_id IS NOT NULL) = $7)"
    };
    let (from, before) = (wanted.from.unwrap_or(i64::MIN), wanted.before.unwrap_or(i64::MAX));
    let is_fetched = wanted.origin.map(|it| it == Origin::Repositories);
    Ok(scope.all(sql, args![json, encoder, wanted.kind, wanted.language, from, before, is_fetched]).await?)
}

fn rank(it: Standing) -> Rank {
    Rank { rank: i64::try_from(it.rank).unwrap_or(i64::MAX), score: f64::from(it.score) }
}

/// A piece as it is shown, unless it went away meanwhile.
async fn detail(scope: Scope<'_>, hit: &Ranked<i64>) -> Result<Option<Passage>> {
    let row: Option<Row> = scope
        .optional(
            "SELECT p.base_id, p.document_id, p.version, d.title, d.name, v.commit_id, p.start_at, p.end_at, p.page, p.headings, p.first_line, p.last_line, p.body
             FROM pieces p JOIN documents d ON d.id = p.document_id JOIN document_versions v ON v.document_id = p.document_id AND v.number = p.version
             WHERE p.number = $1",
            args![hit.id],
        )
        .await?;
    Ok(row.map(|it| Passage {
        document: DocumentId(it.document_id),
        version: it.version,
        base: BaseId(it.base_id),
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
        by_words: hit.words.filter(|it| it.score > 0.0).map(rank),
        by_meaning: hit.meaning.map(rank),
        score: f64::from(hit.score),
    }))
}
