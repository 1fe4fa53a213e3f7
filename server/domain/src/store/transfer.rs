//! All rows as text that either database reads: how data moves from SQLite to PostgreSQL and back.
//!
//! A dump is lines of JSON: a head (format, migrations), for every table a line with its columns, a line a row, and a foot
//! that counts them, so that a file that broke off is not taken for whole. Tables and columns are those that the database
//! has, so that a migration that adds some is carried along. Secrets stay sealed.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::load;
pub use write::dump;

use super::connect::{POSTGRES, SQLITE};
use super::upkeep::UpkeepError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Changes when older readers would misunderstand a file.
const FORMAT: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    atrium_dump: u32,
    /// The newest migration: only a database that is as new takes the rows.
    migration: i64,
}

/// Before a table's rows.
#[derive(Debug, Serialize, Deserialize)]
struct Table {
    table: String,
    columns: Vec<String>,
}

/// The last line: rows by table.
#[derive(Debug, Serialize, Deserialize)]
struct Foot {
    rows: BTreeMap<String, u64>,
}

/// What a column holds, in the words of both databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Int,
    Real,
    Flag,
    Text,
    Bytes,
    /// PostgreSQL's UUID; in SQLite bytes as others.
    Id,
}

impl Kind {
    fn parse(declared: &str) -> Option<Self> {
        Some(match declared.to_ascii_lowercase().as_str() {
            "bigint" | "integer" => Self::Int,
            "double precision" => Self::Real,
            "boolean" => Self::Flag,
            "text" => Self::Text,
            "blob" | "bytea" => Self::Bytes,
            "uuid" => Self::Id,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone)]
struct Column {
    name: String,
    kind: Kind,
}

/// Tables, in the order of their names, and their columns.
type Schema = BTreeMap<String, Vec<Column>>;

/// Rows of a question for tables and columns: both databases are asked so that they answer alike. What a database keeps for
/// itself (indexes for searching, computed columns) is made again by writing the rows.
type Described = Vec<(String, String, String)>;

const SQLITE_COLUMNS: &str = "SELECT t.name, c.name, c.type FROM pragma_table_list t JOIN pragma_table_xinfo(t.name) c
    WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!' AND t.name <> '_sqlx_migrations' AND c.hidden = 0
    ORDER BY t.name, c.cid";
const POSTGRES_COLUMNS: &str = "SELECT CAST(c.table_name AS TEXT), CAST(c.column_name AS TEXT), CAST(c.data_type AS TEXT)
    FROM information_schema.columns c JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
    WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.table_name <> '_sqlx_migrations' AND c.is_generated = 'NEVER'
    ORDER BY c.table_name, c.ordinal_position";

/// What a server makes again by itself when it starts, in its own database's way.
const DERIVED: &[&str] = &["message_index", "piece_words"];

fn schema(described: Described) -> Result<Schema, UpkeepError> {
    let mut schema = Schema::new();
    for (table, name, declared) in described.into_iter().filter(|it| !DERIVED.contains(&it.0.as_str())) {
        let kind = Kind::parse(&declared).ok_or_else(|| {
            UpkeepError::Refused(format!(
                "{table}.{name} is {declared}, which a dump cannot carry: this is a fault of Atrium's."
            ))
        })?;
        schema.entry(table).or_default().push(Column { name, kind });
    }
    Ok(schema)
}

fn newest() -> i64 {
    SQLITE.iter().chain(POSTGRES.iter()).map(|it| it.version).max().unwrap_or_default()
}

/// A name in a statement.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
