//! Opening a database and bringing its schema up to date.

use super::waits::Waits;
use super::{Pools, Store, upkeep};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, PgPool, SqlitePool};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

pub(super) static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
pub(super) static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// How many readers SQLite gets. Each costs a page cache; more than the cores help nobody.
const SQLITE_READERS: u32 = 4;
/// One of them listens to the other servers.
const POSTGRES_CONNECTIONS: u32 = 17;
/// How long is asked why PostgreSQL is away.
const WHY: Duration = Duration::from_secs(5);

/// Where the data lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A file, made if it is not there.
    Sqlite(PathBuf),
    /// `postgres://…`
    Postgres(String),
}

impl Target {
    /// Reads a `DATABASE_URL`.
    ///
    /// # Errors
    /// With a sentence, when the scheme is none of ours.
    pub fn parse(url: &str) -> Result<Self, String> {
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            "postgres" | "postgresql" => Ok(Self::Postgres(url.to_owned())),
            "sqlite" => {
                let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
                let path = path.split('?').next().unwrap_or_default();
                if path.is_empty() { Err("DATABASE_URL names no file: write sqlite://path/to/atrium.db".to_owned()) } else { Ok(Self::Sqlite(path.into())) }
            }
            "mysql" | "mariadb" => Err("DATABASE_URL points to MySQL, which Atrium does not use. Use postgres://… or leave it unset for the embedded SQLite.".to_owned()),
            _ => Err("DATABASE_URL must begin with postgres:// or sqlite://".to_owned()),
        }
    }

    /// Without a password, for logs.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("SQLite at {}", path.display()),
            Self::Postgres(url) => match PgConnectOptions::from_str(url) {
                Ok(options) => format!(
                    "PostgreSQL at {}:{}/{}",
                    options.get_host(),
                    options.get_port(),
                    options.get_database().unwrap_or_default()
                ),
                Err(_) => "PostgreSQL".to_owned(),
            },
        }
    }
}

impl Store {
    /// Opens the database and applies the migrations that it lacks.
    ///
    /// # Errors
    /// When it cannot be reached, or was written by a newer Atrium.
    pub async fn open(target: &Target) -> Result<Self, OpenError> {
        let pools = match target {
            Target::Sqlite(path) => open_sqlite(path).await?,
            Target::Postgres(url) => open_postgres(url).await?,
        };
        let waits = match &pools {
            Pools::Sqlite { .. } => Waits::new("read", "write"),
            Pools::Postgres(_) => Waits::new("all", "all"),
        };
        Ok(Self { pools: Arc::new(pools), waits: Arc::new(waits) })
    }

    /// Waits for what is under way and closes every connection.
    pub async fn close(&self) {
        match &*self.pools {
            Pools::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

async fn open_sqlite(path: &Path) -> Result<Pools, OpenError> {
    let is_old = path.exists();
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // In WAL mode a crash of the process loses nothing that was committed; a power cut may cost the last moments,
        // never the file.
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(10))
        // No ANALYZE: statistics of a young database, kept while it grows, made the planner scan all messages for each
        // step up a branch. Without any it uses the indexes.
        .pragma("cache_size", "-2000");
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        // Whoever writes in a burst waits in line, not in vain.
        .acquire_timeout(Duration::from_secs(60))
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options.clone())
        .await?;
    if is_old {
        keep_snapshot(path, &write).await?;
    }
    migrate(&SQLITE, SQLITE.run(&write).await)?;
    let read: SqlitePool = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS)
        .connect_with(options.read_only(true).create_if_missing(false))
        .await?;
    Ok(Pools::Sqlite { write, read })
}

/// A copy of a database that is about to be changed by migrations: should one go wrong, what was there is still there.
async fn keep_snapshot(path: &Path, pool: &SqlitePool) -> Result<(), OpenError> {
    let mut connection = pool.acquire().await?;
    let applied = upkeep::applied_in(&mut connection).await?;
    let Some(newest) = applied.iter().max() else { return Ok(()) };
    let is_behind = SQLITE.iter().any(|it| !applied.contains(&it.version));
    let snapshot = upkeep::beside(path, &format!("before-migration-from-{newest:04}"));
    if is_behind && !snapshot.exists() {
        upkeep::copy(&mut connection, &snapshot).await?;
        tracing::info!("the database as it was is kept in {}", snapshot.display());
    }
    Ok(())
}

async fn open_postgres(url: &str) -> Result<Pools, OpenError> {
    let options = PgConnectOptions::from_str(url)?.application_name("atrium");
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(Duration::from_secs(10))
        .connect_with(options.clone())
        .await;
    let pool: PgPool = match pool {
        // It tries again for as long as it may, and then says only that it gave up.
        Err(sqlx::Error::PoolTimedOut) => return Err(why_away(&options).await.into()),
        pool => pool?,
    };
    migrate(&POSTGRES, POSTGRES.run(&pool).await)?;
    Ok(Pools::Postgres(pool))
}

/// What a single try says.
async fn why_away(options: &PgConnectOptions) -> sqlx::Error {
    match tokio::time::timeout(WHY, options.connect()).await {
        Ok(Err(error)) => error,
        Ok(Ok(_)) | Err(_) => sqlx::Error::PoolTimedOut,
    }
}

fn migrate(migrator: &Migrator, outcome: Result<(), MigrateError>) -> Result<(), OpenError> {
    outcome.map_err(|error| match error {
        MigrateError::VersionMissing(version) => {
            let known = migrator.iter().map(|it| it.version).max().unwrap_or_default();
            OpenError::Newer { version, known }
        }
        other => OpenError::Migrate(other),
    })
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It does not answer.
    #[error("the database cannot be opened: {0}")]
    Connect(#[from] sqlx::Error),
    /// It was written by a newer Atrium.
    #[error(
        "the database is at migration {version}, this Atrium knows migrations up to {known}: use the newer Atrium, or restore a backup"
    )]
    Newer {
        /// Found in the database.
        version: i64,
        /// The newest that this build has.
        known: i64,
    },
    /// A migration failed.
    #[error("the database could not be brought up to date: {0}")]
    Migrate(MigrateError),
}
