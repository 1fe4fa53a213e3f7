//! Documents of knowledge bases: by what they are called, and by what they say. Every statement asks anew whether the
//! viewer sees the base.

use super::snippet::{around, is_met, whole};
use super::{Filter, Question};
use crate::error::Result;
use crate::knowledge::{index, words};
use crate::projects;
use crate::store::{Scope, args};
use atrium::ids::BaseId;
use atrium::knowledge::Place;
use atrium::search::{Hit, HitKind, Shelf};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

#[cfg(test)]
mod tests;

/// Documents whose names are compared, those changed last.
const NAMES: i64 = 20_000;
/// Passages that are looked at, the most promising.
const PASSAGES: usize = 1_000;
/// Bases that are searched at once, at most.
const BASES: i64 = 1_000;

/// Documents that meet the question, each once, with the number of the piece that meets it best.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Those that are called so, changed last first.
    pub called: Vec<(Uuid, Option<i64>)>,
    /// Those that only say so, best first.
    pub saying: Vec<(Uuid, i64)>,
}

#[derive(sqlx::FromRow)]
struct Named {
    id: Uuid,
    title: String,
    name: String,
}

#[derive(sqlx::FromRow)]
struct Part {
    number: i64,
    document_id: Uuid,
}

#[derive(sqlx::FromRow)]
struct Row {
    title: String,
    name: String,
    language: String,
    summary: String,
    updated_at: i64,
    base_id: Uuid,
    base_name: String,
    project_id: Option<Uuid>,
    version: Option<i64>,
    start_at: Option<i64>,
    end_at: Option<i64>,
    page: Option<i64>,
    headings: Option<String>,
    first_line: Option<i64>,
    last_line: Option<i64>,
    body: Option<String>,
}

pub(super) async fn find(scope: Scope<'_>, question: &Question, filter: &Filter) -> Result<Found> {
    let mut best: HashMap<Uuid, i64> = HashMap::new();
    let mut order = Vec::new();
    for part in passages(scope, question, filter).await? {
        if let std::collections::hash_map::Entry::Vacant(entry) = best.entry(part.document_id) {
            entry.insert(part.number);
            order.push((part.document_id, part.number));
        }
    }
    let called = called(scope, question, filter).await?;
    let names: HashSet<Uuid> = called.iter().copied().collect();
    Ok(Found {
        called: called.into_iter().map(|it| (it, best.get(&it).copied())).collect(),
        saying: order.into_iter().filter(|it| !names.contains(&it.0)).collect(),
    })
}

/// Those whose title or file name meets the question.
async fn called(scope: Scope<'_>, question: &Question, filter: &Filter) -> Result<Vec<Uuid>> {
    let (organisation, must_be_member) = projects::reach(scope.viewer);
    let (from, before) = filter.span();
    let rows: Vec<Named> = scope
        .all(
            "SELECT d.id, d.title, d.name FROM documents d JOIN knowledge_bases b ON b.id = d.base_id
                LEFT JOIN projects p ON p.id = b.project_id AND p.deleted_at IS NULL
                LEFT JOIN project_members m ON m.project_id = b.project_id AND m.user_id = $1
             WHERE b.organisation_id = COALESCE($2, b.organisation_id) AND (b.owner_id = $1 OR p.id IS NOT NULL AND (m.user_id IS NOT NULL OR NOT $3))
                AND ($4 IS NULL OR b.project_id = $4) AND d.updated_at >= $5 AND d.updated_at < $6
             ORDER BY d.updated_at DESC, d.id LIMIT $7",
            args![scope.viewer.id, organisation, must_be_member, filter.project, from, before, NAMES],
        )
        .await?;
    let met = rows.into_iter().filter(|it| is_met(question, &format!("{}\n{}", it.title, it.name)));
    Ok(met.map(|it| it.id).collect())
}

/// The pieces that have every word of the question, best first.
async fn passages(scope: Scope<'_>, question: &Question, filter: &Filter) -> Result<Vec<Part>> {
    let (organisation, must_be_member) = projects::reach(scope.viewer);
    let (from, before) = filter.span();
    let bases: Vec<(Uuid,)> = scope
        .all(
            "SELECT b.id FROM knowledge_bases b LEFT JOIN projects p ON p.id = b.project_id AND p.deleted_at IS NULL
                LEFT JOIN project_members m ON m.project_id = b.project_id AND m.user_id = $1
             WHERE b.organisation_id = COALESCE($2, b.organisation_id) AND (b.owner_id = $1 OR p.id IS NOT NULL AND (m.user_id IS NOT NULL OR NOT $3))
                AND ($4 IS NULL OR b.project_id = $4)
             ORDER BY b.updated_at DESC, b.id LIMIT $5",
            args![scope.viewer.id, organisation, must_be_member, filter.project, BASES],
        )
        .await?;
    let languages: Vec<(String, i64)> = scope
        .all(
            "SELECT d.language, COUNT(*) AS count FROM documents d JOIN knowledge_bases b ON b.id = d.base_id
                LEFT JOIN projects p ON p.id = b.project_id AND p.deleted_at IS NULL
                LEFT JOIN project_members m ON m.project_id = b.project_id AND m.user_id = $1
             WHERE b.organisation_id = COALESCE($2, b.organisation_id) AND (b.owner_id = $1 OR p.id IS NOT NULL AND (m.user_id IS NOT NULL OR NOT $3))
                AND ($4 IS NULL OR b.project_id = $4)
             GROUP BY d.language ORDER BY count DESC, d.language",
            args![scope.viewer.id, organisation, must_be_member, filter.project],
        )
        .await?;
    let bases: Vec<Uuid> = bases.into_iter().map(|it| it.0).collect();
    let languages: Vec<String> = languages.into_iter().map(|it| it.0).collect();
    let numbers = index::meeting(*scope, &bases, &words::demanded(&question.typed, &languages), PASSAGES).await?;
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let json = serde_json::to_string(&numbers).unwrap_or_default();
    let sql = if scope.is_postgres() {
        "SELECT p.number, p.document_id FROM json_array_elements_text(CAST($1 AS json)) j JOIN pieces p ON p.number = CAST(j AS BIGINT)
            JOIN documents d ON d.id = p.document_id AND d.searched_version = p.version
         WHERE d.updated_at >= $2 AND d.updated_at < $3"
    } else {
        "SELECT p.number, p.document_id FROM json_each($1) j CROSS JOIN pieces p ON p.number = j.value
            CROSS JOIN documents d ON d.id = p.document_id AND d.searched_version = p.version
         WHERE d.updated_at >= $2 AND d.updated_at < $3"
    };
    let mut parts: Vec<Part> = scope.all(sql, args![json, from, before]).await?;
    let places: HashMap<i64, usize> = numbers.into_iter().enumerate().map(|(place, number)| (number, place)).collect();
    parts.sort_by_key(|it| places.get(&it.number).copied());
    Ok(parts)
}

/// What is shown of a document, unless it went away meanwhile.
pub(super) async fn detail(scope: Scope<'_>, question: &Question, id: Uuid, piece: Option<i64>) -> Result<Option<Hit>> {
    let (organisation, must_be_member) = projects::reach(scope.viewer);
    let row: Option<Row> = scope
        .optional(
            "SELECT d.title, d.name, d.language, d.summary, d.updated_at, b.id AS base_id, b.name AS base_name, b.project_id,
                x.version, x.start_at, x.end_at, x.page, x.headings, x.first_line, x.last_line, x.body
             FROM documents d JOIN knowledge_bases b ON b.id = d.base_id
                LEFT JOIN projects p ON p.id = b.project_id AND p.deleted_at IS NULL
                LEFT JOIN project_members m ON m.project_id = b.project_id AND m.user_id = $1
                LEFT JOIN pieces x ON x.number = $5 AND x.document_id = d.id AND x.version = d.searched_version
             WHERE d.id = $4 AND b.organisation_id = COALESCE($2, b.organisation_id) AND (b.owner_id = $1 OR p.id IS NOT NULL AND (m.user_id IS NOT NULL OR NOT $3))",
            args![scope.viewer.id, organisation, must_be_member, id, piece],
        )
        .await?;
    Ok(row.map(|it| it.shown(question, id)))
}

impl Row {
    fn shown(self, question: &Question, id: Uuid) -> Hit {
        let passage = self.place();
        let text = self.body.as_deref().unwrap_or(&self.summary);
        let snippet = around(question, text, |text| words::met(&question.typed, &self.language, text));
        Hit {
            kind: HitKind::Document,
            id,
            title: whole(question, &self.title),
            snippet,
            conversation: None,
            project: self.project_id.map(Into::into),
            agent: None,
            author: None,
            shelf: Some(Shelf { base: BaseId(self.base_id), base_name: self.base_name, name: self.name, passage }),
            at: self.updated_at,
        }
    }

    fn place(&self) -> Option<(i64, Place)> {
        let place = Place {
            start: self.start_at?,
            end: self.end_at?,
            page: self.page,
            headings: index::headings(self.headings.as_deref().unwrap_or_default()),
            first_line: self.first_line?,
            last_line: self.last_line?,
        };
        Some((self.version?, place))
    }
}
