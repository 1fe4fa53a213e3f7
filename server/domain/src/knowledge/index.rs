//! Pieces and their words, in and out of the database. Full text is one of the few places where the two databases are
//! asked differently; both get the same words, cut by us, and both are asked here.

use super::reader::Piece;
use super::words;
use crate::error::Result;
use crate::store::{Queries, Tx, args};
use uuid::Uuid;

/// Between headings, as stored. No heading has one.
const BETWEEN: char = '\u{1f}';
/// PostgreSQL counts positions up to 16,383.
const POSITIONS: usize = 16_000;

/// A piece to be written.
pub(super) struct Entry<'a> {
    pub(super) organisation: Uuid,
    pub(super) base: Uuid,
    pub(super) document: Uuid,
    pub(super) version: i64,
    pub(super) title: &'a str,
    pub(super) language: &'a str,
    pub(super) piece: &'a Piece,
    pub(super) body: &'a str,
}

/// The headings above a piece, as stored.
pub(super) fn headings(stored: &str) -> Vec<String> {
    stored.split(BETWEEN).filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

pub(super) fn joined(headings: &[String]) -> String {
    let clean = headings.iter().map(|it| it.replace(BETWEEN, " "));
    clean.collect::<Vec<_>>().join(&BETWEEN.to_string())
}

fn base_word(base: Uuid) -> String {
    format!("_{}", base.simple())
}

pub(super) async fn write(tx: &mut Tx, entry: &Entry<'_>) -> Result<()> {
    let piece = entry.piece;
    let int = |it: usize| i64::try_from(it).unwrap_or(i64::MAX);
    let (number,): (i64,) = tx
        .one(
            "INSERT INTO pieces (organisation_id, base_id, document_id, version, start_at, end_at, page, headings, first_line, last_line, body)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING number",
            args![
                entry.organisation,
                entry.base,
                entry.document,
                entry.version,
                int(piece.start),
                int(piece.end),
                piece.page.map(i64::from),
                joined(&piece.headings),
                i64::from(piece.first_line),
                i64::from(piece.last_line),
                entry.body
            ],
        )
        .await?;
    let title = words::of(entry.title, entry.language);
    let headings = words::of(&piece.headings.join(" "), entry.language);
    let body = words::of(entry.body, entry.language);
    if let Tx::Postgres(_) = tx {
        let mut at = 0;
        let mut vector = format!("'{}':1", base_word(entry.base));
        for (words, weight) in [(&title, 'A'), (&headings, 'B'), (&body, 'D')] {
            for word in words {
                at += 1;
                vector.push_str(&format!(" '{word}':{}{weight}", 1 + at % POSITIONS));
            }
        }
        tx.execute("INSERT INTO piece_words (piece, words) VALUES ($1, CAST($2 AS tsvector))", args![number, vector])
            .await?;
    } else {
        tx.execute(
            "INSERT INTO piece_words (rowid, base, title, headings, body) VALUES ($1, $2, $3, $4, $5)",
            args![number, base_word(entry.base), title.join(" "), headings.join(" "), body.join(" ")],
        )
        .await?;
    }
    Ok(())
}

/// A piece that has words of the question, and how well it meets it: the more the better.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(super) struct Match {
    pub(super) piece: i64,
    pub(super) score: f64,
}

/// The pieces of those bases that have some of the words, best first.
pub(super) async fn find(queries: Queries<'_>, bases: &[Uuid], words: &[String], count: i64) -> Result<Vec<Match>> {
    if words.is_empty() || bases.is_empty() {
        return Ok(Vec::new());
    }
    if queries.is_postgres() {
        let any = |of: Vec<String>| of.into_iter().map(|it| format!("'{it}'")).collect::<Vec<_>>().join(" | ");
        let wanted =
            format!("({}) & ({})", any(bases.iter().map(|it| base_word(*it)).collect()), any(words.to_vec()));
        return Ok(queries
            .all(
                "SELECT piece, CAST(ts_rank_cd('{0.1, 0.2, 0.6, 1.0}', words, CAST($1 AS tsquery), 1) AS DOUBLE PRECISION) AS score
                 FROM piece_words WHERE words @@ CAST($1 AS tsquery) ORDER BY score DESC, piece LIMIT $2",
                args![wanted, count],
            )
            .await?);
    }
    let any = |of: Vec<String>| of.into_iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(" OR ");
    let wanted = format!(
        "base : ({}) AND {{title headings body}} : ({})",
        any(bases.iter().map(|it| base_word(*it)).collect()),
        any(words.to_vec())
    );
    Ok(queries
        .all(
            "SELECT rowid AS piece, -bm25(piece_words, 0.0, 2.0, 1.5, 1.0) AS score FROM piece_words WHERE piece_words MATCH $1 ORDER BY score DESC, rowid LIMIT $2",
            args![wanted, count],
        )
        .await?)
}
