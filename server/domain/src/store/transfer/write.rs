//! From a database to a file: one moment of it, also while servers are at work.

use super::{
    Column, Described, FORMAT, Foot, Head, Kind, POSTGRES_COLUMNS, SQLITE_COLUMNS, Table, newest, quoted, schema,
};
use crate::seal::hex;
use crate::store::upkeep::{UpkeepError, file, new_file};
use crate::store::{Pools, Store};
use futures::TryStreamExt as _;
use serde_json::Value;
use sqlx::{AssertSqlSafe, ColumnIndex, Decode, Row, Type};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use uuid::Uuid;

/// Writes all rows into a new file that only its owner reads, and says how many they are.
///
/// # Errors
/// When the file is there already, or cannot be written; when the database does not answer.
pub async fn dump(store: &Store, into: &Path) -> Result<u64, UpkeepError> {
    let written = write(store, into, new_file(into)?).await;
    if written.is_err() {
        // Half a dump is of no use to anybody.
        let _ = std::fs::remove_file(into);
    }
    written
}

macro_rules! write_all {
    ($connection:expr, $columns:expr, $out:expr, $cell:expr) => {{
        let described: Described = sqlx::query_as($columns).fetch_all(&mut *$connection).await?;
        let schema = schema(described)?;
        for (table, columns) in &schema {
            $out.line(&Table { table: table.clone(), columns: columns.iter().map(|it| it.name.clone()).collect() })?;
            let select = select(table, columns);
            let mut rows = sqlx::query(AssertSqlSafe(select)).fetch(&mut *$connection);
            let mut count = 0_u64;
            while let Some(row) = rows.try_next().await? {
                let cells = columns.iter().enumerate().map(|(at, column)| $cell(&row, at, column.kind));
                $out.line(&cells.collect::<Result<Vec<_>, _>>()?)?;
                count += 1;
            }
            $out.counts.insert(table.clone(), count);
        }
    }};
}

async fn write(store: &Store, into: &Path, created: File) -> Result<u64, UpkeepError> {
    let mut out = Lines { path: into, file: BufWriter::new(created), counts: BTreeMap::new() };
    out.line(&Head { atrium_dump: FORMAT, migration: newest() })?;
    match &*store.pools {
        Pools::Sqlite { read, .. } => {
            // Whoever reads sees the moment at which the transaction read first, whatever is written meanwhile.
            let mut tx = read.begin().await?;
            write_all!(tx, SQLITE_COLUMNS, out, sqlite_cell);
            tx.rollback().await?;
        }
        Pools::Postgres(pool) => {
            let mut tx = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
            write_all!(tx, POSTGRES_COLUMNS, out, postgres_cell);
            tx.rollback().await?;
        }
    }
    out.finish()
}

fn select(table: &str, columns: &[Column]) -> String {
    let names: Vec<_> = columns.iter().map(|it| quoted(&it.name)).collect();
    format!("SELECT {} FROM {}", names.join(", "), quoted(table))
}

struct Lines<'a> {
    path: &'a Path,
    file: BufWriter<File>,
    counts: BTreeMap<String, u64>,
}

impl Lines<'_> {
    fn line<T: serde::Serialize>(&mut self, value: &T) -> Result<(), UpkeepError> {
        let mut line = serde_json::to_vec(value).map_err(|error| file(self.path)(error.into()))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(file(self.path))
    }

    fn finish(mut self) -> Result<u64, UpkeepError> {
        let rows = std::mem::take(&mut self.counts);
        let sum = rows.values().sum();
        self.line(&Foot { rows })?;
        self.file.flush().and_then(|()| self.file.get_ref().sync_all()).map_err(file(self.path))?;
        Ok(sum)
    }
}

/// A value as text that says it exactly: numbers with a point as their shortest text, bytes in hexadecimal.
fn cell<'r, R>(row: &'r R, at: usize, kind: Kind) -> Result<Value, sqlx::Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    f64: Decode<'r, R::Database> + Type<R::Database>,
    bool: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    Ok(match kind {
        Kind::Int => row.try_get::<Option<i64>, _>(at)?.into(),
        Kind::Real => row.try_get::<Option<f64>, _>(at)?.map(|it| format!("{it:?}")).into(),
        Kind::Flag => row.try_get::<Option<bool>, _>(at)?.into(),
        Kind::Text => row.try_get::<Option<String>, _>(at)?.into(),
        Kind::Bytes | Kind::Id => row.try_get::<Option<Vec<u8>>, _>(at)?.map(|it| hex(&it)).into(),
    })
}

fn sqlite_cell(row: &sqlx::sqlite::SqliteRow, at: usize, kind: Kind) -> Result<Value, sqlx::Error> {
    cell(row, at, kind)
}

fn postgres_cell(row: &sqlx::postgres::PgRow, at: usize, kind: Kind) -> Result<Value, sqlx::Error> {
    match kind {
        Kind::Id => Ok(row.try_get::<Option<Uuid>, _>(at)?.map(|it| hex(it.as_bytes())).into()),
        _ => cell(row, at, kind),
    }
}
