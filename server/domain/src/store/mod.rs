//! The one handle on the database: SQLite in the data folder, or PostgreSQL.
//!
//! The same static statement runs on either. Nobody outside this module sees a pool; who wants to query says on whose
//! behalf, by [`Store::as_viewer`] or [`Store::as_system`], and gets a handle that queries.

mod args;
mod connect;
mod handle;
mod list;
mod notify;
#[cfg(test)]
mod previous;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod transfer;
pub mod upkeep;
mod waits;

pub use args::{Arg, Args};
pub use connect::Target;
pub use handle::{Queries, Scope, Tx};
pub use waits::{PoolLabels, PoolView};

pub(crate) use args::args;
pub(crate) use list::{List, list};

use crate::metrics::Histograms;
use atrium::people::Viewer;
use sqlx::{PgPool, SqlitePool};
use std::sync::Arc;
use waits::Waits;

/// A database that is open. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pools: Arc<Pools>,
    waits: Arc<Waits>,
}

#[derive(Debug)]
pub(crate) enum Pools {
    /// One connection writes, so that nobody ever meets a locked database; the others read.
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
    },
    Postgres(PgPool),
}

/// For `LIKE … ESCAPE '!'`: `search` anywhere in a text that is in lower case; its own wildcards are plain characters.
pub(crate) fn contains(search: &str) -> String {
    let escaped = search.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

impl Store {
    /// To read and write what `viewer` may.
    #[must_use]
    pub fn as_viewer<'a>(&'a self, viewer: &'a Viewer) -> Scope<'a> {
        Scope::new(self.queries(), viewer)
    }

    /// To act as Atrium itself. `why` stands in the code for whoever reviews it.
    #[must_use]
    pub fn as_system(&self, _why: &'static str) -> Queries<'_> {
        self.queries()
    }

    /// Whether other servers may be at work on the same database.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(*self.pools, Pools::Postgres(_))
    }

    /// The time that the database takes to answer at all.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<std::time::Duration, sqlx::Error> {
        let start = std::time::Instant::now();
        match &*self.pools {
            Pools::Sqlite { read, .. } => sqlx::query("SELECT 1").execute(read).await.map(drop)?,
            Pools::Postgres(pool) => sqlx::query("SELECT 1").execute(pool).await.map(drop)?,
        }
        Ok(start.elapsed())
    }

    /// What the pools do at this moment.
    #[must_use]
    pub fn pools(&self) -> Vec<PoolView> {
        match &*self.pools {
            Pools::Sqlite { write, read } => vec![
                PoolView::new("read", read.size(), read.num_idle()),
                PoolView::new("write", write.size(), write.num_idle()),
            ],
            Pools::Postgres(pool) => vec![PoolView::new("all", pool.size(), pool.num_idle())],
        }
    }

    /// How long their connections were waited for, in seconds.
    #[must_use]
    pub fn waits(&self) -> Histograms<PoolLabels> {
        self.waits.all.clone()
    }

    fn queries(&self) -> Queries<'_> {
        Queries::new(&self.pools, &self.waits)
    }
}
