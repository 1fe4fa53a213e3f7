//! What the two databases must do alike.

use super::connect::OpenError;
use super::testing::{TestStore, stores};
use super::{Args, Store, Target, args};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// One column of every type that the schema uses.
const SCRATCH: [&str; 2] = [
    "CREATE TABLE scratch (n BIGINT NOT NULL PRIMARY KEY, whole BIGINT, fraction DOUBLE PRECISION, flag BOOLEAN, words TEXT, bytes BLOB, id BLOB)",
    "CREATE TABLE scratch (n BIGINT NOT NULL PRIMARY KEY, whole BIGINT, fraction DOUBLE PRECISION, flag BOOLEAN, words TEXT, bytes BYTEA, id UUID)",
];

#[derive(Debug, PartialEq, sqlx::FromRow)]
struct Scratch {
    whole: Option<i64>,
    fraction: Option<f64>,
    flag: Option<bool>,
    words: Option<String>,
    bytes: Option<Vec<u8>>,
    id: Option<Uuid>,
}

async fn scratch_stores() -> Vec<TestStore> {
    let all = stores().await;
    for it in &all {
        it.store.as_system("test").execute(SCRATCH[usize::from(it.store.is_shared())], args![]).await.unwrap();
    }
    all
}

async fn count(store: &Store) -> i64 {
    let (count,): (i64,) =
        store.as_system("test").optional("SELECT COUNT(*) FROM scratch", args![]).await.unwrap().unwrap();
    count
}

#[tokio::test]
async fn values_of_every_type_come_back_as_they_went() {
    let id = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    let rows = [
        Scratch {
            whole: Some(i64::MIN),
            fraction: Some(-0.1),
            flag: Some(true),
            words: Some("Grüße, 世界 🦀 'quoted' \"twice\" $1 \\".to_owned()),
            bytes: Some(vec![0, 255, 128, 0]),
            id: Some(id),
        },
        Scratch {
            whole: Some(i64::MAX),
            fraction: Some(f64::MAX),
            flag: Some(false),
            words: Some(String::new()),
            bytes: Some(Vec::new()),
            id: Some(Uuid::nil()),
        },
        Scratch {
            whole: Some(0),
            fraction: Some(2.0),
            flag: Some(false),
            words: Some("\n\t ".to_owned()),
            bytes: Some(vec![7; 70_000]),
            id: Some(Uuid::max()),
        },
        Scratch { whole: None, fraction: None, flag: None, words: None, bytes: None, id: None },
    ];
    for it in scratch_stores().await {
        let system = it.store.as_system("test");
        for (n, row) in rows.iter().enumerate() {
            let n = i64::try_from(n).unwrap();
            let args = args![n, row.whole, row.fraction, row.flag, row.words.clone(), row.bytes.clone(), row.id];
            let sql =
                "INSERT INTO scratch (n, whole, fraction, flag, words, bytes, id) VALUES ($1, $2, $3, $4, $5, $6, $7)";
            assert_eq!(system.execute(sql, args).await.unwrap(), 1);
            let select = "SELECT whole, fraction, flag, words, bytes, id FROM scratch WHERE n = $1";
            assert_eq!(
                system.optional::<Scratch>(select, args![n]).await.unwrap().as_ref(),
                Some(row),
                "outside a transaction"
            );
            let mut tx = system.begin().await.unwrap();
            assert_eq!(&tx.one::<Scratch>(select, args![n]).await.unwrap(), row, "in a transaction");
        }
        // The same values find their rows again, which needs the column's type, not only its bytes.
        for (sql, args) in [
            ("SELECT n FROM scratch WHERE whole = $1", args![i64::MIN]),
            ("SELECT n FROM scratch WHERE fraction = $1", args![-0.1]),
            ("SELECT n FROM scratch WHERE flag = $1", args![true]),
            ("SELECT n FROM scratch WHERE flag", args![]),
            ("SELECT n FROM scratch WHERE words = $1", args![rows[0].words.clone()]),
            ("SELECT n FROM scratch WHERE bytes = $1", args![vec![0_u8, 255, 128, 0]]),
            ("SELECT n FROM scratch WHERE id = $1", args![id]),
        ] as [(&'static str, Args); 7]
        {
            let found: Vec<(i64,)> = system.all(sql, args).await.unwrap();
            assert_eq!(found, [(0,)], "{sql}");
        }
        let nothing: Vec<(i64,)> =
            system.all("SELECT n FROM scratch WHERE id = $1", args![None::<Uuid>]).await.unwrap();
        assert_eq!(nothing, [], "NULL equals nothing");
    }
}

/// PostgreSQL refuses a NUL in text. People cannot type one, but programs can send it: it must never be a fault of ours.
#[tokio::test]
async fn a_nul_in_a_text_does_no_harm() {
    for it in scratch_stores().await {
        let system = it.store.as_system("test");
        system.execute("INSERT INTO scratch (n, words) VALUES ($1, $2)", args![1_i64, "a\0b"]).await.unwrap();
        let (words,): (String,) =
            system.optional("SELECT words FROM scratch WHERE n = 1", args![]).await.unwrap().unwrap();
        assert!(!words.contains('\0'), "both databases keep the same: {words:?}");
        let found: Vec<(i64,)> =
            system.all("SELECT n FROM scratch WHERE words = $1", args!["a\0b".to_owned()]).await.unwrap();
        assert_eq!(found, [(1,)]);
    }
}

#[tokio::test]
async fn what_is_not_committed_never_happened() {
    for it in scratch_stores().await {
        let system = it.store.as_system("test");
        let insert = "INSERT INTO scratch (n) VALUES ($1)";
        let mut tx = system.begin().await.unwrap();
        tx.execute(insert, args![1_i64]).await.unwrap();
        let (inside,): (i64,) = tx.one("SELECT COUNT(*) FROM scratch", args![]).await.unwrap();
        assert_eq!(inside, 1);
        assert_eq!(count(&it.store).await, 0, "nobody sees it from outside");
        drop(tx);
        // The one writing connection of SQLite is free again.
        let mut tx = tokio::time::timeout(Duration::from_secs(5), system.begin())
            .await
            .expect("a dropped transaction frees its connection")
            .unwrap();
        tx.execute(insert, args![2_i64]).await.unwrap();
        tx.commit().await.unwrap();
        let left: Vec<(i64,)> = system.all("SELECT n FROM scratch", args![]).await.unwrap();
        assert_eq!(left, [(2,)]);
    }
}

#[tokio::test]
async fn a_statement_that_fails_takes_its_transaction_with_it() {
    for it in scratch_stores().await {
        let system = it.store.as_system("test");
        let outcome: Result<(), sqlx::Error> = async {
            let mut tx = system.begin().await?;
            tx.execute("INSERT INTO scratch (n) VALUES (1)", args![]).await?;
            tx.execute("INSERT INTO scratch (n) VALUES (1)", args![]).await?;
            tx.commit().await
        }
        .await;
        let error = outcome.unwrap_err();
        assert!(error.as_database_error().is_some_and(|it| it.is_unique_violation()), "{error}");
        assert_eq!(count(&it.store).await, 0);
        system.execute("INSERT INTO scratch (n) VALUES (1)", args![]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_never_meet_a_locked_database() {
    const TASKS: i64 = 50;
    const WRITES: i64 = 20;
    for it in scratch_stores().await {
        let store = Arc::new(it.store);
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let store = store.clone();
                tokio::spawn(async move {
                    let system = store.as_system("test");
                    for write in 0..WRITES {
                        let n = task * WRITES + write;
                        if write % 2 == 0 {
                            system.execute("INSERT INTO scratch (n, whole) VALUES ($1, 0)", args![n]).await?;
                        } else {
                            // Reads before it writes: the order in which databases lock up.
                            let mut tx = system.begin().await?;
                            let _: (i64,) = tx.one("SELECT COUNT(*) FROM scratch", args![]).await?;
                            tx.execute("INSERT INTO scratch (n, whole) VALUES ($1, 0)", args![n]).await?;
                            tokio::task::yield_now().await;
                            tx.execute("UPDATE scratch SET whole = whole + 1 WHERE n = $1", args![n]).await?;
                            tx.commit().await?;
                        }
                        let read: Option<(i64,)> =
                            system.optional("SELECT n FROM scratch WHERE n = $1", args![n]).await?;
                        assert_eq!(read, Some((n,)), "what was written is read at once");
                    }
                    Ok::<_, sqlx::Error>(())
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(count(&store).await, TASKS * WRITES);
        let (sum,): (i64,) = store
            .as_system("test")
            .optional("SELECT CAST(SUM(whole) AS BIGINT) FROM scratch", args![])
            .await
            .unwrap()
            .unwrap();
        assert_eq!(sum, TASKS * WRITES / 2, "every second write was a transaction");
    }
}

#[tokio::test]
async fn readers_cannot_write() {
    for it in scratch_stores().await.into_iter().filter(|it| !it.store.is_shared()) {
        let outcome =
            it.store.as_system("test").all::<(i64,)>("INSERT INTO scratch (n) VALUES (1) RETURNING n", args![]).await;
        assert!(outcome.is_err(), "a statement that writes goes through the one writing connection");
        assert_eq!(count(&it.store).await, 0);
    }
}

#[tokio::test]
async fn foreign_keys_and_checks_hold() {
    for it in stores().await {
        let system = it.store.as_system("test");
        let stranger = "INSERT INTO sessions (id, user_id, data, created_at, expires_at) VALUES ($1, $2, '{}', 0, 0)";
        assert!(system.execute(stranger, args![vec![1_u8], Uuid::max()]).await.is_err(), "a session of nobody's");
        let id = Uuid::from_u128(7);
        system
            .execute("INSERT INTO organisations (id, name, contact_name, contact_email, contact_phone, address, created_at, updated_at) VALUES ($1, 'o', '', '', '', '', 0, 0)", args![id])
            .await
            .unwrap();
        let role = "INSERT INTO users (id, organisation_id, email, username, name, job_title, department, role, is_superuser, is_active, password_hash, created_at, updated_at)
             VALUES ($1, $1, 'a@b.c', 'a', 'a', '', '', $2, FALSE, TRUE, '', 0, 0)";
        assert!(system.execute(role, args![id, "emperor"]).await.is_err(), "a role that does not exist");
        system.execute(role, args![id, "guest"]).await.unwrap();
    }
}

#[test]
fn a_url_names_its_database_or_says_what_to_write() {
    let sqlite = |path: &str| Ok(Target::Sqlite(PathBuf::from(path)));
    for (url, expected) in [
        ("sqlite://data/atrium.db", sqlite("data/atrium.db")),
        ("sqlite:///var/lib/atrium.db", sqlite("/var/lib/atrium.db")),
        ("sqlite:atrium.db", sqlite("atrium.db")),
        ("sqlite:/var/lib/atrium.db", sqlite("/var/lib/atrium.db")),
        ("sqlite://atrium.db?mode=rwc", sqlite("atrium.db")),
        ("postgres://a:b@c/d", Ok(Target::Postgres("postgres://a:b@c/d".to_owned()))),
        ("postgresql://a:b@c/d", Ok(Target::Postgres("postgresql://a:b@c/d".to_owned()))),
        ("mysql://root@localhost/atrium", Err("MySQL")),
        ("mariadb://root@localhost/atrium", Err("MySQL")),
        ("sqlite://", Err("names no file")),
        ("sqlite:", Err("names no file")),
        ("mongodb://x", Err("must begin with")),
        ("atrium.db", Err("must begin with")),
        ("", Err("must begin with")),
    ] {
        match (Target::parse(url), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{url}"),
            (Err(message), Err(part)) => assert!(message.contains(part), "{url}: {message}"),
            (found, expected) => panic!("{url}: {found:?}, not {expected:?}"),
        }
    }
}

#[test]
fn a_description_keeps_the_password() {
    let described = Target::parse("postgres://ada:geheim@db.example:5433/atrium").unwrap().describe();
    assert_eq!(described, "PostgreSQL at db.example:5433/atrium");
    assert!(!Target::Postgres("postgres://ada:geheim@:::/".to_owned()).describe().contains("geheim"));
}

#[tokio::test]
async fn a_database_opens_again_with_what_it_held() {
    for it in scratch_stores().await {
        it.store.as_system("test").execute("INSERT INTO scratch (n) VALUES (1)", args![]).await.unwrap();
        it.store.close().await;
        let again = Store::open(&it.target).await.unwrap();
        assert_eq!(count(&again).await, 1);
        again.ping().await.unwrap();
    }
}

#[tokio::test]
async fn a_database_of_a_newer_atrium_is_refused() {
    for it in stores().await {
        it.store
            .as_system("test")
            .execute(
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 SELECT 9999, description, success, checksum, execution_time FROM _sqlx_migrations ORDER BY version LIMIT 1",
                args![],
            )
            .await
            .unwrap();
        let error = Store::open(&it.target).await.unwrap_err();
        assert!(matches!(error, OpenError::Newer { version: 9999, known } if known < 9999), "{error}");
        assert!(error.to_string().contains("newer Atrium"), "{error}");
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Target::Sqlite(folder.path().join("no/such/folder/atrium.db"));
    assert!(matches!(Store::open(&missing).await, Err(OpenError::Connect(_))));
    let closed = Target::Postgres("postgres://nobody@127.0.0.1:9/none".to_owned());
    let start = std::time::Instant::now();
    assert!(matches!(Store::open(&closed).await, Err(OpenError::Connect(_))));
    assert!(start.elapsed() < Duration::from_secs(15), "it does not hang");
}
