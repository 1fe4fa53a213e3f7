//! Pieces and their words, in and out of the database. Full text is one of the few places where the two databases are
//! asked differently; both get the same words, cut by us, and both are asked here.

use super::reader::Piece;
use super::words::{self, Form};
use crate::error::{Error, Result};
use crate::store::{Queries, Store, Tx, args};
use std::collections::{HashMap, HashSet};
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
pub(crate) fn headings(stored: &str) -> Vec<String> {
    stored.split(BETWEEN).filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

pub(super) fn joined(headings: &[String]) -> String {
    let clean = headings.iter().map(|it| it.replace(BETWEEN, " "));
    clean.collect::<Vec<_>>().join(&BETWEEN.to_string())
}

fn base_word(base: Uuid) -> String {
    format!("_{}", base.simple())
}

/// How many words of both kinds were written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lengths {
    pub(super) title: i64,
    pub(super) body: i64,
}

/// In how many of a batch of pieces each word is.
pub(super) type Frequencies = HashMap<String, i64>;

fn int(it: usize) -> i64 {
    i64::try_from(it).unwrap_or(i64::MAX)
}

/// A word counts once a piece, wherever in it.
fn count(frequencies: &mut Frequencies, title: &str, body: &str) {
    let words: HashSet<&str> = title.split(' ').chain(body.split(' ')).filter(|it| !it.is_empty()).collect();
    for word in words {
        match frequencies.get_mut(word) {
            Some(count) => *count += 1,
            None => drop(frequencies.insert(word.to_owned(), 1)),
        }
    }
}

pub(super) async fn write(tx: &mut Tx, entry: &Entry<'_>, frequencies: &mut Frequencies) -> Result<Lengths> {
    let piece = entry.piece;
    let title = words::joined(&format!("{} {}", entry.title, piece.headings.join(" ")), entry.language);
    let body = words::joined(entry.body, entry.language);
    count(frequencies, &title, &body);
    let (number,): (i64,) = tx
        .one(
            "INSERT INTO pieces (organisation_id, base_id, document_id, version, start_at, end_at, page, headings, first_line, last_line, body, title_words, body_words)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING number",
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
                entry.body,
                &title,
                &body
            ],
        )
        .await?;
    put_words(tx, number, entry.base, &title, &body).await?;
    let length = |it: &str| int(it.split(' ').filter(|it| !it.is_empty()).count());
    Ok(Lengths { title: length(&title), body: length(&body) })
}

/// Has a piece found by its words.
async fn put_words(tx: &mut Tx, number: i64, base: Uuid, title: &str, body: &str) -> Result<()> {
    if let Tx::Postgres(_) = tx {
        let mut vector = format!("'{}':1", base_word(base));
        let weighted = title.split(' ').map(|it| (it, "A")).chain(body.split(' ').map(|it| (it, "")));
        for (at, (word, weight)) in weighted.filter(|it| !it.0.is_empty()).enumerate() {
            vector.push_str(&format!(" '{}':{}{weight}", word.replace(['\'', '\\'], ""), 2 + at % POSITIONS));
        }
        tx.execute(
            "INSERT INTO piece_words (piece, words) VALUES ($1, CAST($2 AS tsvector)) ON CONFLICT (piece) DO NOTHING",
            args![number, vector],
        )
        .await?;
    } else {
        tx.execute(
            "INSERT OR REPLACE INTO piece_words (rowid, base, title, body) VALUES ($1, $2, $3, $4)",
            args![number, base_word(base), title, body],
        )
        .await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Unfound {
    number: i64,
    base_id: Uuid,
    title_words: String,
    body_words: String,
}

/// Has every piece found that is not: a dump carries pieces and not the index of their words. Answers how many there were.
pub(crate) async fn catch_up(store: &Store) -> Result<usize> {
    let system = store.as_system("the index is everybody's");
    let sql = if system.is_postgres() {
        "SELECT number, base_id, title_words, body_words FROM pieces p
         WHERE number > $1 AND NOT EXISTS (SELECT 1 FROM piece_words w WHERE w.piece = p.number) ORDER BY number LIMIT 100"
    } else {
        "SELECT number, base_id, title_words, body_words FROM pieces p
         WHERE number > $1 AND NOT EXISTS (SELECT 1 FROM piece_words w WHERE w.rowid = p.number) ORDER BY number LIMIT 100"
    };
    let (mut last, mut count) = (0, 0);
    loop {
        let missing: Vec<Unfound> = system.all(sql, args![last]).await?;
        let Some(newest) = missing.last() else { return Ok(count) };
        last = newest.number;
        let mut tx = system.begin().await?;
        for it in &missing {
            put_words(&mut tx, it.number, it.base_id, &it.title_words, &it.body_words).await?;
        }
        tx.commit().await?;
        count += missing.len();
    }
}

/// Adds to how many pieces of a base have which words.
pub(super) async fn add_frequencies(tx: &mut Tx, base: Uuid, frequencies: &Frequencies) -> Result<()> {
    let json = serde_json::to_string(frequencies).map_err(|error| Error::Internal(error.to_string()))?;
    let sql = if let Tx::Postgres(_) = tx {
        "INSERT INTO knowledge_words (base_id, word, pieces) SELECT $1, key, CAST(value AS BIGINT) FROM json_each_text(CAST($2 AS json)) ORDER BY key
         ON CONFLICT (base_id, word) DO UPDATE SET pieces = knowledge_words.pieces + excluded.pieces"
    } else {
        "INSERT INTO knowledge_words (base_id, word, pieces) SELECT $1, key, value FROM json_each($2) WHERE TRUE
         ON CONFLICT (base_id, word) DO UPDATE SET pieces = knowledge_words.pieces + excluded.pieces"
    };
    tx.execute(sql, args![base, json]).await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Dropped {
    base_id: Uuid,
    number: i64,
    title_words: String,
    body_words: String,
}

/// Removes the pieces of some versions of a document, a batch at a time, and what was counted of them.
pub(super) async fn remove(queries: Queries<'_>, document: Uuid, from: i64, to: i64) -> Result<()> {
    loop {
        let mut tx = queries.begin().await?;
        let dropped: Vec<Dropped> = tx
            .all(
                "DELETE FROM pieces WHERE number IN (SELECT number FROM pieces WHERE document_id = $1 AND version >= $2 AND version <= $3 LIMIT 200)
                 RETURNING base_id, number, title_words, body_words",
                args![document, from, to],
            )
            .await?;
        let Some(base) = dropped.first().map(|it| it.base_id) else { return Ok(()) };
        let mut frequencies = Frequencies::new();
        for it in &dropped {
            tracing::trace!(piece = it.number, "a piece is no longer searched");
            count(&mut frequencies, &it.title_words, &it.body_words);
        }
        frequencies.values_mut().for_each(|it| *it = -*it);
        add_frequencies(&mut tx, base, &frequencies).await?;
        tx.execute("DELETE FROM knowledge_words WHERE base_id = $1 AND pieces <= 0", args![base]).await?;
        tx.commit().await?;
    }
}

/// A piece that was found, by its number.
#[derive(sqlx::FromRow)]
struct Number {
    piece: i64,
}

/// The pieces of those bases that have some of the words, the most promising first.
pub(super) async fn find(queries: Queries<'_>, bases: &[Uuid], words: &[&str], count: usize) -> Result<Vec<i64>> {
    if words.is_empty() || bases.is_empty() {
        return Ok(Vec::new());
    }
    let quoted = |of: &[&str], quote: char, between: &str| {
        let quoted = of.iter().map(|it| format!("{quote}{}{quote}", it.replace(['\'', '"', '\\'], "")));
        quoted.collect::<Vec<_>>().join(between)
    };
    let bases: Vec<String> = bases.iter().map(|it| base_word(*it)).collect();
    let bases: Vec<&str> = bases.iter().map(String::as_str).collect();
    let (sql, wanted) = if queries.is_postgres() {
        (
            "SELECT piece FROM piece_words WHERE words @@ CAST($1 AS tsquery)
             ORDER BY ts_rank('{0.1, 0.2, 0.4, 1.0}', words, CAST($1 AS tsquery), 1) DESC, piece LIMIT $2",
            format!("({}) & ({})", quoted(&bases, '\'', " | "), quoted(words, '\'', " | ")),
        )
    } else {
        (
            "SELECT rowid AS piece FROM piece_words WHERE piece_words MATCH $1 ORDER BY bm25(piece_words, 0.0, 2.0, 1.0), rowid LIMIT $2",
            format!("base : ({}) AND {{title body}} : ({})", quoted(&bases, '"', " OR "), quoted(words, '"', " OR ")),
        )
    };
    let rows: Vec<Number> = queries.all(sql, args![wanted, int(count)]).await?;
    Ok(rows.into_iter().map(|it| it.piece).collect())
}

/// Pieces that meet all of a question and are ranked, the newest: ranking takes about a microsecond each.
const RANKED_MAX: i64 = 20_000;

/// The pieces of those bases that meet a whole question ([`words::demanded`]), best first.
pub(crate) async fn meeting(
    queries: Queries<'_>,
    bases: &[Uuid],
    demanded: &[Vec<Vec<Form>>],
    count: usize,
) -> Result<Vec<i64>> {
    if bases.is_empty() || demanded.is_empty() {
        return Ok(Vec::new());
    }
    let bases: Vec<String> = bases.iter().map(|it| base_word(*it)).collect();
    let bare = |it: &str| it.replace(['\'', '"', '\\'], "");
    let (sql, wanted) = if queries.is_postgres() {
        let form = |it: &Form| match it {
            Form::Whole(word) => format!("'{}'", bare(word)),
            Form::Beginning(word) => format!("'{}':*", bare(word)),
        };
        let bases: Vec<String> = bases.iter().map(|it| format!("'{it}'")).collect();
        (
            "SELECT piece FROM (SELECT piece, ts_rank('{0.1, 0.2, 0.4, 1.0}', words, CAST($1 AS tsquery), 1) AS score FROM piece_words
                WHERE words @@ CAST($1 AS tsquery) ORDER BY piece DESC LIMIT $3) ranked
             ORDER BY score DESC, piece LIMIT $2",
            format!("({}) & ({})", bases.join(" | "), combined(demanded, form, [" | ", " & ", " | "])),
        )
    } else {
        let form = |it: &Form| match it {
            Form::Whole(word) => format!("\"{}\"", bare(word)),
            Form::Beginning(word) => format!("\"{}\" *", bare(word)),
        };
        let bases: Vec<String> = bases.iter().map(|it| format!("\"{it}\"")).collect();
        (
            "SELECT piece FROM (SELECT rowid AS piece, bm25(piece_words, 0.0, 2.0, 1.0) AS score FROM piece_words
                WHERE piece_words MATCH $1 ORDER BY rowid DESC LIMIT $3) ranked
             ORDER BY score, piece LIMIT $2",
            format!(
                "base : ({}) AND {{title body}} : ({})",
                bases.join(" OR "),
                combined(demanded, form, [" OR ", " AND ", " OR "])
            ),
        )
    };
    let rows: Vec<Number> = queries.all(sql, args![wanted, int(count), RANKED_MAX]).await?;
    Ok(rows.into_iter().map(|it| it.piece).collect())
}

/// In brackets, joined by what stands between languages, words and forms.
fn combined(demanded: &[Vec<Vec<Form>>], form: impl Fn(&Form) -> String, between: [&str; 3]) -> String {
    let word = |it: &Vec<Form>| format!("({})", it.iter().map(&form).collect::<Vec<_>>().join(between[2]));
    let language = |it: &Vec<Vec<Form>>| format!("({})", it.iter().map(word).collect::<Vec<_>>().join(between[1]));
    demanded.iter().map(language).collect::<Vec<_>>().join(between[0])
}

/// In how many pieces of those bases each of the words is.
pub(super) async fn frequencies(
    queries: Queries<'_>,
    bases: &[Uuid],
    words: &HashSet<&str>,
) -> Result<HashMap<String, u64>> {
    let json = serde_json::to_string(words).map_err(|error| Error::Internal(error.to_string()))?;
    let sql = if queries.is_postgres() {
        "SELECT word, pieces FROM knowledge_words WHERE base_id = $1 AND word IN (SELECT json_array_elements_text(CAST($2 AS json)))"
    } else {
        "SELECT word, pieces FROM knowledge_words WHERE base_id = $1 AND word IN (SELECT value FROM json_each($2))"
    };
    let mut all: HashMap<String, u64> = HashMap::new();
    for base in bases {
        let rows: Vec<(String, i64)> = queries.all(sql, args![*base, &json]).await?;
        for (word, pieces) in rows {
            *all.entry(word).or_default() += u64::try_from(pieces).unwrap_or_default();
        }
    }
    Ok(all)
}
