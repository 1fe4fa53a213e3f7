//! From a file into an empty database: all of it, or nothing.

use super::{
    Column, Described, FORMAT, Foot, Head, Kind, POSTGRES_COLUMNS, SQLITE_COLUMNS, Schema, Table, newest, quoted,
    schema,
};
use crate::store::args::bind;
use crate::store::upkeep::{UpkeepError, file};
use crate::store::{Arg, Args, Pools, Store, Tx};
use serde_json::Value;
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use uuid::Uuid;

/// Takes all rows of a dump into a database that has none, in one transaction, and says how many they are.
///
/// # Errors
/// When the file is damaged, or of another version; when the database is not empty. Nothing is changed, then.
pub async fn load(store: &Store, from: &Path) -> Result<u64, UpkeepError> {
    let opened = File::open(from).map_err(file(from))?;
    let mut lines = Lines { path: from, file: BufReader::new(opened), number: 0 };
    lines.head()?;
    let mut into = Destination::begin(store).await?;
    into.must_be_empty().await?;
    into.defer_references(true).await?;
    let mut counts = BTreeMap::<String, u64>::new();
    let mut insert: Option<Insert> = None;
    let foot = loop {
        match lines.next()? {
            Line::Table(table) => {
                if counts.insert(table.table.clone(), 0).is_some() {
                    return Err(lines.refused(&format!("{} comes twice", table.table)));
                }
                insert = Some(into.insert(&table).map_err(|it| lines.refused(&it))?);
            }
            Line::Row(cells) => {
                let into_table = insert.as_ref().ok_or_else(|| lines.refused("a row comes before its table"))?;
                let args = into_table.args(cells).map_err(|it| lines.refused(&it))?;
                into.run(&into_table.sql, args).await.map_err(|it| lines.refused(&it.to_string()))?;
                *counts.entry(into_table.table.clone()).or_default() += 1;
            }
            Line::Foot(foot) => break foot,
        }
    };
    lines.must_be_over()?;
    if foot.rows != counts {
        return Err(lines.refused("it does not hold as many rows as it says"));
    }
    if let Some(missing) = into.schema.keys().find(|it| !counts.contains_key(*it)) {
        return Err(lines.refused(&format!("{missing} is missing")));
    }
    into.defer_references(false).await?;
    into.must_hold(&counts).await?;
    into.count_on().await?;
    into.tx.commit().await?;
    Ok(counts.values().sum())
}

enum Line {
    Table(Table),
    Row(Vec<Value>),
    Foot(Foot),
}

struct Lines<'a> {
    path: &'a Path,
    file: BufReader<File>,
    number: u64,
}

impl Lines<'_> {
    fn refused(&self, what: &str) -> UpkeepError {
        UpkeepError::Refused(format!("{}, line {}: {what}. Nothing was changed.", self.path.display(), self.number))
    }

    fn line(&mut self) -> Result<Option<String>, UpkeepError> {
        let mut line = String::new();
        self.number += 1;
        match self.file.read_line(&mut line) {
            Ok(0) => Ok(None),
            Ok(_) => Ok(Some(line)),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Err(self.refused("this is no text")),
            Err(error) => Err(file(self.path)(error)),
        }
    }

    fn head(&mut self) -> Result<(), UpkeepError> {
        let first = self.line()?.unwrap_or_default();
        let head: Head = serde_json::from_str(&first).map_err(|_| self.refused("this is no dump of Atrium's"))?;
        if head.atrium_dump != FORMAT {
            return Err(
                self.refused(&format!("the dump is of format {}, this Atrium reads format {FORMAT}", head.atrium_dump))
            );
        }
        if head.migration != newest() {
            return Err(self.refused(&format!(
                "the dump is of a database at migration {}, this Atrium is at {}. Dump and load with the same version",
                head.migration,
                newest()
            )));
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Line, UpkeepError> {
        let Some(line) = self.line()? else { return Err(self.refused("the file breaks off")) };
        let read = if line.starts_with('[') {
            serde_json::from_str(&line).map(Line::Row)
        } else if line.starts_with("{\"table\"") {
            serde_json::from_str(&line).map(Line::Table)
        } else {
            serde_json::from_str(&line).map(Line::Foot)
        };
        read.map_err(|_| self.refused("the line is damaged, or the file breaks off"))
    }

    fn must_be_over(&mut self) -> Result<(), UpkeepError> {
        match self.line()? {
            None => Ok(()),
            Some(_) => Err(self.refused("something follows the end")),
        }
    }
}

struct Insert {
    table: String,
    sql: String,
    columns: Vec<Column>,
}

impl Insert {
    fn args(&self, cells: Vec<Value>) -> Result<Args, String> {
        if cells.len() != self.columns.len() {
            return Err(format!(
                "a row of {} has {} columns instead of {}",
                self.table,
                cells.len(),
                self.columns.len()
            ));
        }
        let arg = |(cell, column): (Value, &Column)| {
            arg(cell, column.kind).ok_or_else(|| format!("{}.{} cannot hold that", self.table, column.name))
        };
        cells.into_iter().zip(&self.columns).map(arg).collect()
    }
}

fn arg(cell: Value, kind: Kind) -> Option<Arg> {
    Some(match (kind, cell) {
        (Kind::Int, Value::Null) => Arg::Int(None),
        (Kind::Int, Value::Number(it)) => Arg::Int(Some(it.as_i64()?)),
        (Kind::Real, Value::Null) => Arg::Real(None),
        (Kind::Real, Value::String(it)) => Arg::Real(Some(it.parse().ok()?)),
        (Kind::Flag, Value::Null) => Arg::Flag(None),
        (Kind::Flag, Value::Bool(it)) => Arg::Flag(Some(it)),
        (Kind::Text, Value::Null) => Arg::Text(None),
        (Kind::Text, Value::String(it)) => Arg::Text(Some(it)),
        (Kind::Bytes, Value::Null) => Arg::Bytes(None),
        (Kind::Bytes, Value::String(it)) => Arg::Bytes(Some(bytes(&it)?)),
        (Kind::Id, Value::Null) => Arg::Id(None),
        (Kind::Id, Value::String(it)) => Arg::Id(Some(Uuid::from_slice(&bytes(&it)?).ok()?)),
        _ => return None,
    })
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |it: u8| char::from(it).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let pairs = hex.as_bytes().chunks(2).map(|it| match it {
        [high, low] => Some((digit(*high)? << 4) | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

/// The database, in the transaction.
struct Destination {
    tx: Tx,
    schema: Schema,
}

macro_rules! fetch {
    ($tx:expr, $sql:expr) => {
        match $tx {
            Tx::Sqlite(tx) => sqlx::query_as(AssertSqlSafe($sql)).fetch_all(&mut **tx).await,
            Tx::Postgres(tx) => sqlx::query_as(AssertSqlSafe($sql)).fetch_all(&mut **tx).await,
        }
    };
}

impl Destination {
    async fn begin(store: &Store) -> Result<Self, UpkeepError> {
        let mut tx = store.as_system("the whole database is filled").begin().await?;
        let question = match &*store.pools {
            Pools::Sqlite { .. } => SQLITE_COLUMNS,
            Pools::Postgres(_) => POSTGRES_COLUMNS,
        };
        let described: Described = tx.all(question, Vec::new()).await?;
        Ok(Self { tx, schema: schema(described)? })
    }

    async fn run(&mut self, sql: &str, args: Args) -> Result<(), sqlx::Error> {
        match &mut self.tx {
            Tx::Sqlite(tx) => bind!(sqlx::query(AssertSqlSafe(sql)), args).execute(&mut **tx).await.map(drop),
            Tx::Postgres(tx) => bind!(sqlx::query(AssertSqlSafe(sql)), args).execute(&mut **tx).await.map(drop),
        }
    }

    async fn count(&mut self, table: &str) -> Result<u64, sqlx::Error> {
        let rows: Vec<(i64,)> = fetch!(&mut self.tx, format!("SELECT COUNT(*) FROM {}", quoted(table)))?;
        Ok(rows.first().map_or(0, |it| it.0.unsigned_abs()))
    }

    async fn must_be_empty(&mut self) -> Result<(), UpkeepError> {
        let tables: Vec<_> = self.schema.keys().cloned().collect();
        for table in tables {
            if self.count(&table).await? > 0 {
                return Err(UpkeepError::Refused(format!(
                    "The database is not empty ({table} has rows). Load into a new one: another --data folder, or another DATABASE_URL."
                )));
            }
        }
        Ok(())
    }

    /// Numbers that the database gives go on after those that came. SQLite sees to that by itself.
    async fn count_on(&mut self) -> Result<(), UpkeepError> {
        if let Tx::Postgres(_) = &self.tx {
            self.tx
                .execute(
                    "SELECT setval(pg_get_serial_sequence('pieces', 'number'), COALESCE(MAX(number), 0) + 1, FALSE) FROM pieces",
                    Vec::new(),
                )
                .await?;
        }
        Ok(())
    }

    async fn must_hold(&mut self, counts: &BTreeMap<String, u64>) -> Result<(), UpkeepError> {
        for (table, expected) in counts {
            let found = self.count(table).await?;
            if found != *expected {
                return Err(UpkeepError::Refused(format!(
                    "{table} took {found} of {expected} rows. Nothing was changed."
                )));
            }
        }
        Ok(())
    }

    /// Rows come table by table, and a row may refer to one that comes later. With `false` all references must hold.
    async fn defer_references(&mut self, defer: bool) -> Result<(), UpkeepError> {
        let constraints: Vec<(String, String)> = match &self.tx {
            Tx::Sqlite(_) if defer => {
                return Ok(self.run("PRAGMA defer_foreign_keys = ON", Vec::new()).await?);
            }
            // SQLite looks when the transaction is committed.
            Tx::Sqlite(_) => return Ok(()),
            Tx::Postgres(_) => fetch!(
                &mut self.tx,
                "SELECT CAST(t.relname AS TEXT), CAST(c.conname AS TEXT) FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
                 WHERE c.contype = 'f' AND t.relnamespace = CAST(current_schema() AS regnamespace) ORDER BY t.relname, c.conname"
            )?,
        };
        if !defer {
            self.run("SET CONSTRAINTS ALL IMMEDIATE", Vec::new()).await?;
        }
        let state = if defer { "DEFERRABLE INITIALLY DEFERRED" } else { "NOT DEFERRABLE" };
        for (table, name) in constraints {
            self.run(&format!("ALTER TABLE {} ALTER CONSTRAINT {} {state}", quoted(&table), quoted(&name)), Vec::new())
                .await?;
        }
        Ok(())
    }

    fn insert(&self, table: &Table) -> Result<Insert, String> {
        let known = self.schema.get(&table.table).ok_or_else(|| format!("there is no table {}", table.table))?;
        let column = |name: &String| {
            known
                .iter()
                .find(|it| it.name == *name)
                .cloned()
                .ok_or_else(|| format!("{} has no column {name}", table.table))
        };
        let columns: Vec<Column> = table.columns.iter().map(column).collect::<Result<_, _>>()?;
        if columns.len() != known.len() {
            return Err(format!("a column of {} is missing", table.table));
        }
        let names: Vec<_> = columns.iter().map(|it| quoted(&it.name)).collect();
        let places: Vec<_> = (1..=columns.len()).map(|it| format!("${it}")).collect();
        let sql = format!("INSERT INTO {} ({}) VALUES ({})", quoted(&table.table), names.join(", "), places.join(", "));
        Ok(Insert { table: table.table.clone(), sql, columns })
    }
}
