//! A database looked at from outside: which migrations it has, copies of it, and taking one back.

use super::connect::{OpenError, POSTGRES, SQLITE, Target};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use uuid::Uuid;

/// A migration that this Atrium knows, and whether the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its number.
    pub version: i64,
    /// What it is about.
    pub description: String,
    /// Whether the database has it.
    pub is_applied: bool,
}

/// Why a copy could not be made or taken.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// The database does not answer.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file system refused.
    #[error("{}: {cause}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// What was asked for makes no sense, with what to do instead.
    #[error("{0}")]
    Refused(String),
}

impl From<sqlx::Error> for UpkeepError {
    fn from(error: sqlx::Error) -> Self {
        Self::Open(error.into())
    }
}

pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> UpkeepError + use<'_> {
    move |cause| UpkeepError::File { path: path.to_owned(), cause }
}

#[derive(sqlx::FromRow)]
struct Applied {
    version: i64,
    checksum: Vec<u8>,
}

async fn open_file(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    SqliteConnectOptions::new().filename(path).create_if_missing(false).connect().await
}

pub(super) async fn applied_in(connection: &mut SqliteConnection) -> Result<Vec<i64>, sqlx::Error> {
    Ok(rows_in(connection).await?.into_iter().map(|it| it.version).collect())
}

async fn rows_in(connection: &mut SqliteConnection) -> Result<Vec<Applied>, sqlx::Error> {
    let table: Option<(String,)> = sqlx::query_as("SELECT name FROM sqlite_master WHERE name = '_sqlx_migrations'")
        .fetch_optional(&mut *connection)
        .await?;
    if table.is_none() {
        return Ok(Vec::new());
    }
    sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version")
        .fetch_all(connection)
        .await
}

/// The migrations of the database, without changing anything; a database that is not there has none.
///
/// # Errors
/// When it does not answer.
pub async fn migrations(target: &Target) -> Result<Vec<Migration>, OpenError> {
    let (known, applied) = match target {
        Target::Sqlite(path) if !path.exists() => (&SQLITE, Vec::new()),
        Target::Sqlite(path) => {
            let mut connection = open_file(path).await?;
            let applied = applied_in(&mut connection).await?;
            connection.close().await?;
            (&SQLITE, applied)
        }
        Target::Postgres(url) => {
            let mut connection: PgConnection = PgConnectOptions::from_str(url)?.connect().await?;
            let table: (bool,) =
                sqlx::query_as("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(&mut connection).await?;
            let rows: Vec<Applied> = if table.0 {
                sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version")
                    .fetch_all(&mut connection)
                    .await?
            } else {
                Vec::new()
            };
            connection.close().await?;
            (&POSTGRES, rows.into_iter().map(|it| it.version).collect())
        }
    };
    let newest = known.iter().map(|it| it.version).max().unwrap_or_default();
    if let Some(version) = applied.iter().copied().find(|it| *it > newest) {
        return Err(OpenError::Newer { version, known: newest });
    }
    Ok(known
        .iter()
        .map(|it| Migration {
            version: it.version,
            description: it.description.to_string(),
            is_applied: applied.contains(&it.version),
        })
        .collect())
}

/// Copies a database, of a running server too, into a new file that only its owner reads: all of one moment.
///
/// # Errors
/// When the file is there already, or cannot be written; for PostgreSQL, with what to use instead.
pub async fn backup(target: &Target, into: &Path) -> Result<(), UpkeepError> {
    let Target::Sqlite(path) = target else {
        return Err(UpkeepError::Refused(
            "The data is in PostgreSQL: use pg_dump, which makes a consistent copy of a running database, or `atrium dump --files`, which takes the files of documents along.".to_owned(),
        ));
    };
    if !path.exists() {
        return Err(UpkeepError::Refused(format!("There is no database at {}.", path.display())));
    }
    let mut connection = open_file(path).await?;
    // SQLite fills an empty file as it would make one, and leaves its permissions alone.
    drop(new_file(into)?);
    let copied = copy(&mut connection, into).await;
    if copied.is_err() {
        let _ = std::fs::remove_file(into);
    }
    copied?;
    connection.close().await?;
    Ok(())
}

/// A file that was not there before, for nobody but its owner.
pub(super) fn new_file(path: &Path) -> Result<std::fs::File, UpkeepError> {
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            UpkeepError::Refused(format!("{} is there already. Choose another name.", path.display()))
        }
        _ => file(path)(error),
    })
}

pub(super) async fn copy(connection: &mut SqliteConnection, into: &Path) -> Result<(), sqlx::Error> {
    sqlx::query("VACUUM INTO $1").bind(into.to_string_lossy().into_owned()).execute(connection).await?;
    Ok(())
}

/// A file that documents or messages have, by its key.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct NamedFile {
    pub(crate) organisation_id: Uuid,
    pub(crate) hash: String,
    pub(crate) name: String,
}

/// Tables that name files, and how they are asked. A repository's documents have none.
const NAMING: [(&str, &str); 2] = [
    (
        "document_versions",
        "SELECT organisation_id, hash, MIN(name) AS name FROM document_versions WHERE commit_id IS NULL GROUP BY organisation_id, hash",
    ),
    ("attachments", "SELECT organisation_id, hash, MIN(name) AS name FROM attachments GROUP BY organisation_id, hash"),
];

/// The files that a database names, of those tables that it has.
pub(crate) async fn files(target: &Target) -> Result<Vec<NamedFile>, UpkeepError> {
    let mut all: Vec<NamedFile> = Vec::new();
    match target {
        Target::Sqlite(path) if !path.exists() => {}
        Target::Sqlite(path) => {
            let mut connection = open_file(path).await?;
            for (table, sql) in NAMING {
                let known: Option<(String,)> = sqlx::query_as("SELECT name FROM sqlite_master WHERE name = $1")
                    .bind(table)
                    .fetch_optional(&mut connection)
                    .await?;
                if known.is_some() {
                    all.extend(sqlx::query_as::<_, NamedFile>(sql).fetch_all(&mut connection).await?);
                }
            }
            connection.close().await?;
        }
        Target::Postgres(url) => {
            let mut connection: PgConnection = PgConnectOptions::from_str(url)?.connect().await?;
            for (table, sql) in NAMING {
                let known: (bool,) =
                    sqlx::query_as("SELECT to_regclass($1) IS NOT NULL").bind(table).fetch_one(&mut connection).await?;
                if known.0 {
                    all.extend(sqlx::query_as::<_, NamedFile>(sql).fetch_all(&mut connection).await?);
                }
            }
            connection.close().await?;
        }
    }
    Ok(all)
}

/// Puts a copy in the place of a database that no server has open. What was there is kept beside it; the reply says where.
///
/// # Errors
/// When the copy is damaged, no database of Atrium's, or of a newer one.
pub async fn restore(target: &Target, from: &Path, now: i64) -> Result<Option<PathBuf>, UpkeepError> {
    let Target::Sqlite(path) = target else {
        return Err(UpkeepError::Refused("The data is in PostgreSQL: use pg_restore or psql.".to_owned()));
    };
    check(from).await?;
    let fresh = beside(path, "restoring");
    std::fs::copy(from, &fresh).map_err(file(&fresh))?;
    std::fs::File::open(&fresh).and_then(|it| it.sync_all()).map_err(file(&fresh))?;
    let kept = if path.exists() {
        // What is still in the journal belongs to what is kept.
        let mut old = open_file(path).await?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut old).await?;
        old.close().await?;
        let kept = beside(path, &format!("before-restore-{}", now / 1_000_000));
        // By a second name, so that there is a database at every moment; not every file system has those.
        std::fs::hard_link(path, &kept).or_else(|_| std::fs::rename(path, &kept)).map_err(file(path))?;
        Some(kept)
    } else {
        None
    };
    for ending in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        let _ = std::fs::remove_file(PathBuf::from(name));
    }
    std::fs::rename(&fresh, path).map_err(file(&fresh))?;
    Ok(kept)
}

/// Whether a file is a whole database that this Atrium can go on with.
///
/// # Errors
/// When it is none, with what it is.
pub async fn check(path: &Path) -> Result<(), UpkeepError> {
    let refused = |what: String| Err(UpkeepError::Refused(format!("{}: {what}", path.display())));
    if !path.exists() {
        return refused("there is no such file.".to_owned());
    }
    let no_database = || UpkeepError::Refused(format!("{}: this is no database of Atrium's.", path.display()));
    let mut connection = open_file(path).await.map_err(|_| no_database())?;
    let told: (String,) =
        sqlx::query_as("PRAGMA quick_check").fetch_one(&mut connection).await.map_err(|_| no_database())?;
    let rows = rows_in(&mut connection).await.map_err(|_| no_database())?;
    connection.close().await?;
    if told.0 != "ok" {
        return refused(format!("the file is damaged ({}).", told.0));
    }
    if rows.is_empty() {
        return Err(no_database());
    }
    let newest = SQLITE.iter().map(|it| it.version).max().unwrap_or_default();
    for row in rows {
        match SQLITE.iter().find(|it| it.version == row.version) {
            Some(known) if *known.checksum == *row.checksum => {}
            Some(_) => return refused(format!("its migration {} is not the one that this Atrium has.", row.version)),
            None => return Err(OpenError::Newer { version: row.version, known: newest }.into()),
        }
    }
    Ok(())
}

/// `atrium.db` and `restoring`: `atrium.db.restoring`, in the same folder.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}
