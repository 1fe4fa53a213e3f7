//! Finding passages: by their words and by their meaning, both opinions made into one.

use super::encoders::Purpose;
use super::{Knowledge, bases, index, words};
use crate::error::Result;
use crate::store::{Scope, args};
use atrium::ids::{BaseId, DocumentId};
use atrium::knowledge::{Passage, Place, Rank};
use atrium::paging::PageRequest;
use std::collections::HashMap;
use uuid::Uuid;

/// How many each side proposes.
const PROPOSALS: usize = 200;
/// The same when much of it may be filtered away.
const PROPOSALS_FILTERED: usize = 2_000;
/// How many pieces are brought whole from the database for one question, at most.
const DETAILS_MAX: usize = 100;
/// What is less alike than this has nothing to do with the question.
const COSINE_MIN: f64 = 0.1;
/// Bases searched at once, at most.
const BASES_MAX: u32 = 1_000;

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
    /// Only documents changed from this moment on,
    pub from: Option<i64>,
    /// and before this one.
    pub before: Option<i64>,
    /// How many passages, at most.
    pub count: usize,
}

impl Wanted<'_> {
    fn filters(&self) -> bool {
        self.kind.is_some() || self.language.is_some() || self.from.is_some() || self.before.is_some()
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

/// What both sides say of a piece.
#[derive(Debug, Clone, Copy, Default)]
struct Opinions {
    by_words: Option<Rank>,
    by_meaning: Option<Rank>,
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
        let ids: Vec<Uuid> = bases.iter().map(|it| it.id.0).collect();
        let asked = words::asked(wanted.question);
        let matches = index::find(*scope, &ids, &asked, i64::try_from(proposals).unwrap_or(i64::MAX)).await?;
        let meanings = self.by_meaning(&bases, wanted.question, proposals, &mut found.notes).await?;
        let mut opinions: HashMap<i64, Opinions> = HashMap::new();
        for (at, it) in matches.iter().enumerate() {
            opinions.entry(it.piece).or_default().by_words = Some(rank(at, it.score));
        }
        for (at, (piece, cosine)) in meanings.iter().enumerate() {
            opinions.entry(*piece).or_default().by_meaning = Some(rank(at, *cosine));
        }
        for (piece, score) in fuse(&opinions) {
            if found.passages.len() >= wanted.count.min(DETAILS_MAX) {
                break;
            }
            let opinion = opinions.get(&piece).copied().unwrap_or_default();
            found.passages.extend(detail(scope, &wanted, piece, opinion, score).await?);
        }
        Ok(found)
    }

    async fn by_meaning(
        &self,
        bases: &[atrium::knowledge::Base],
        question: &str,
        count: usize,
        notes: &mut Vec<String>,
    ) -> Result<Vec<(i64, f64)>> {
        let mut vectors: HashMap<String, Vec<f32>> = HashMap::new();
        let mut all = Vec::new();
        for base in bases.iter().filter(|it| it.embedded_count > 0) {
            if !vectors.contains_key(&base.encoder) {
                let encoded = match self.encoder(&base.encoder) {
                    Ok(encoder) => {
                        encoder.encode(vec![question.to_owned()], Purpose::Question).await.map_err(|it| it.to_string())
                    }
                    Err(told) => Err(told),
                };
                match encoded {
                    Ok(mut one) => drop(vectors.insert(base.encoder.clone(), one.pop().unwrap_or_default())),
                    // Words alone are better than nothing, as long as somebody says so.
                    Err(told) => {
                        notes.push(format!("Searched by words only: {told}"));
                        vectors.insert(base.encoder.clone(), Vec::new());
                    }
                }
            }
            let vector = &vectors[&base.encoder];
            if !vector.is_empty() {
                all.extend(self.vectors.find(&self.store, base.id, &base.encoder, vector, count).await?);
            }
        }
        all.retain(|it| it.1 >= COSINE_MIN);
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all.truncate(count);
        Ok(all)
    }
}

fn rank(at: usize, score: f64) -> Rank {
    Rank { rank: i64::try_from(at + 1).unwrap_or(i64::MAX), score }
}

/// One order out of two opinions.
fn fuse(opinions: &HashMap<i64, Opinions>) -> Vec<(i64, f64)> {
    let part = |it: Option<Rank>| it.map_or(0.0, |it| 1.0 / (60.0 + f64::from(i32::try_from(it.rank).unwrap_or(i32::MAX))));
    let mut fused: Vec<(i64, f64)> =
        opinions.iter().map(|(piece, it)| (*piece, part(it.by_words) + part(it.by_meaning))).collect();
    fused.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    fused
}

/// A piece as it is shown, unless it is filtered away or went away meanwhile.
async fn detail(
    scope: Scope<'_>,
    wanted: &Wanted<'_>,
    piece: i64,
    opinion: Opinions,
    score: f64,
) -> Result<Option<Passage>> {
    let row: Option<Row> = scope
        .optional(
            "SELECT p.base_id, p.document_id, p.version, d.title, d.name, v.commit_id, p.start_at, p.end_at, p.page, p.headings, p.first_line, p.last_line, p.body
             FROM pieces p JOIN documents d ON d.id = p.document_id AND d.searched_version = p.version
                JOIN document_versions v ON v.document_id = p.document_id AND v.number = p.version
             WHERE p.number = $1 AND ($2 IS NULL OR d.kind = $2) AND ($3 IS NULL OR d.language = $3) AND d.updated_at >= $4 AND d.updated_at < $5",
            args![
                piece,
                wanted.kind,
                wanted.language,
                wanted.from.unwrap_or(i64::MIN),
                wanted.before.unwrap_or(i64::MAX)
            ],
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
        by_words: opinion.by_words,
        by_meaning: opinion.by_meaning,
        score,
    }))
}
