//! Running statements: alone, or several in a transaction.

use super::Pools;
use super::args::{Args, bind};
use super::waits::{Waits, timed};
use atrium::people::Viewer;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Postgres, Sqlite, Transaction};
use std::ops::Deref;

/// What both databases' rows can be read into; `#[derive(FromRow)]` does it.
pub trait AnyRow: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> AnyRow for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// A handle that queries, made by [`Store::as_system`](super::Store::as_system) or inside a [`Scope`].
#[derive(Debug, Clone, Copy)]
pub struct Queries<'a> {
    pools: &'a Pools,
    waits: &'a Waits,
}

/// A handle that queries on behalf of a person. Functions on people's data take this, so that whoever calls them must
/// have said who asks.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    queries: Queries<'a>,
    /// Who asks.
    pub viewer: &'a Viewer,
}

impl<'a> Scope<'a> {
    pub(super) fn new(queries: Queries<'a>, viewer: &'a Viewer) -> Self {
        Self { queries, viewer }
    }
}

impl<'a> Deref for Scope<'a> {
    type Target = Queries<'a>;

    fn deref(&self) -> &Self::Target {
        &self.queries
    }
}

macro_rules! on {
    ($queries:expr, $side:ident, |$connection:ident| $body:expr) => {
        match $queries.pools {
            Pools::Sqlite { $side: pool, .. } => {
                let mut held = timed(&$queries.waits.$side, pool.acquire()).await?;
                let $connection = &mut *held;
                $body
            }
            Pools::Postgres(pool) => {
                let mut held = timed(&$queries.waits.$side, pool.acquire()).await?;
                let $connection = &mut *held;
                $body
            }
        }
    };
}

impl<'a> Queries<'a> {
    pub(super) fn new(pools: &'a Pools, waits: &'a Waits) -> Self {
        Self { pools, waits }
    }

    /// For the few things that the two databases must be asked differently.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.pools, Pools::Postgres(_))
    }

    pub(crate) async fn all<T: AnyRow>(&self, sql: &'static str, args: Args) -> Result<Vec<T>, sqlx::Error> {
        on!(self, read, |connection| bind!(sqlx::query_as(sql), args).fetch_all(connection).await)
    }

    pub(crate) async fn optional<T: AnyRow>(&self, sql: &'static str, args: Args) -> Result<Option<T>, sqlx::Error> {
        on!(self, read, |connection| bind!(sqlx::query_as(sql), args).fetch_optional(connection).await)
    }

    /// A row that is always there, such as a count.
    pub(crate) async fn one<T: AnyRow>(&self, sql: &'static str, args: Args) -> Result<T, sqlx::Error> {
        on!(self, read, |connection| bind!(sqlx::query_as(sql), args).fetch_one(connection).await)
    }

    /// Writes; answers how many rows were touched.
    pub(crate) async fn execute(&self, sql: &'static str, args: Args) -> Result<u64, sqlx::Error> {
        on!(self, write, |connection| bind!(sqlx::query(sql), args)
            .execute(connection)
            .await
            .map(|it| it.rows_affected()))
    }

    /// A transaction that may write; on SQLite it holds the one writing connection, so keep it short.
    pub(crate) async fn begin(&self) -> Result<Tx, sqlx::Error> {
        Ok(match self.pools {
            Pools::Sqlite { write, .. } => {
                Tx::Sqlite(timed(&self.waits.write, write.begin_with("BEGIN IMMEDIATE")).await?)
            }
            Pools::Postgres(pool) => Tx::Postgres(timed(&self.waits.write, pool.begin()).await?),
        })
    }
}

/// Several statements, all or none. Dropped without [`Tx::commit`] it is rolled back.
#[derive(Debug)]
pub enum Tx {
    /// On the one writing connection.
    Sqlite(Transaction<'static, Sqlite>),
    /// On a connection of the pool.
    Postgres(Transaction<'static, Postgres>),
}

macro_rules! within {
    ($tx:expr, |$connection:ident| $body:expr) => {
        match $tx {
            Tx::Sqlite(tx) => {
                let $connection = &mut **tx;
                $body
            }
            Tx::Postgres(tx) => {
                let $connection = &mut **tx;
                $body
            }
        }
    };
}

impl Tx {
    pub(crate) async fn all<T: AnyRow>(&mut self, sql: &'static str, args: Args) -> Result<Vec<T>, sqlx::Error> {
        within!(self, |connection| bind!(sqlx::query_as(sql), args).fetch_all(connection).await)
    }

    pub(crate) async fn optional<T: AnyRow>(
        &mut self,
        sql: &'static str,
        args: Args,
    ) -> Result<Option<T>, sqlx::Error> {
        within!(self, |connection| bind!(sqlx::query_as(sql), args).fetch_optional(connection).await)
    }

    pub(crate) async fn one<T: AnyRow>(&mut self, sql: &'static str, args: Args) -> Result<T, sqlx::Error> {
        within!(self, |connection| bind!(sqlx::query_as(sql), args).fetch_one(connection).await)
    }

    pub(crate) async fn execute(&mut self, sql: &'static str, args: Args) -> Result<u64, sqlx::Error> {
        within!(self, |connection| bind!(sqlx::query(sql), args).execute(connection).await.map(|it| it.rows_affected()))
    }

    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}
