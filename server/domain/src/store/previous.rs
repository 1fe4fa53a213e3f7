//! Databases as the release before left them, brought up to date: what was in them is still there.
//!
//! The fixtures are text: the whole database, with the checksums of the migrations that made it, so that an edit of a
//! released migration is found out as well. They hold the sample of `setup-demo` and were made by that release.

use super::testing::{TestStore, stores};
use super::upkeep::migrations;
use super::{Store, Target, args};
use crate::accounts::{Accounts, Hasher};
use crate::chat::Chat;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use std::str::FromStr as _;

const SQLITE: &str = include_str!("../../fixtures/previous/sqlite.sql");
const POSTGRES: &str = include_str!("../../fixtures/previous/postgres.sql");

/// Puts the fixture in the place of a fresh database.
async fn put_back(it: &TestStore) {
    it.store.close().await;
    match &it.target {
        Target::Sqlite(path) => {
            for ending in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{}{ending}", path.display()));
            }
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
            let mut connection = options.foreign_keys(false).connect().await.unwrap();
            sqlx::raw_sql(SQLITE).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        Target::Postgres(url) => {
            let options = sqlx::postgres::PgConnectOptions::from_str(url).unwrap();
            let mut connection = options.connect().await.unwrap();
            let wipe = format!("DROP SCHEMA public CASCADE; CREATE SCHEMA public; {POSTGRES}");
            sqlx::raw_sql(AssertSqlSafe(wipe)).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

async fn counts(store: &Store) -> Vec<i64> {
    let mut counts = Vec::new();
    for sql in [
        "SELECT COUNT(*) FROM organisations",
        "SELECT COUNT(*) FROM users",
        "SELECT COUNT(*) FROM agents",
        "SELECT COUNT(*) FROM projects",
        "SELECT COUNT(*) FROM project_members",
        "SELECT COUNT(*) FROM project_agents",
        "SELECT COUNT(*) FROM conversations",
        "SELECT COUNT(*) FROM messages",
    ] {
        let (count,) = store.as_system("test").optional::<(i64,)>(sql, args![]).await.unwrap().unwrap();
        counts.push(count);
    }
    counts
}

#[tokio::test]
async fn a_database_of_the_release_before_is_brought_up_to_date() {
    for it in stores().await {
        put_back(&it).await;
        let before = migrations(&it.target).await.unwrap();
        let applied: Vec<i64> = before.iter().filter(|it| it.is_applied).map(|it| it.version).collect();
        assert_eq!(applied, [1, 2], "the fixture is older than this");
        let store = Store::open(&it.target).await.unwrap();
        assert!(migrations(&it.target).await.unwrap().iter().all(|it| it.is_applied));
        assert_eq!(counts(&store).await, [2, 6, 3, 1, 6, 3, 4, 10]);
        // Not only counted: people come in and read.
        let accounts = Accounts::new(store.clone(), it.ports.clone(), Hasher::weak().unwrap());
        let uma: Option<(uuid::Uuid,)> = store
            .as_system("test")
            .optional(
                "SELECT id FROM users WHERE email = 'uma@demo.example' AND password_hash LIKE '$argon2id$%'",
                args![],
            )
            .await
            .unwrap();
        let uma = accounts.viewer(uma.unwrap().0.into()).await.unwrap().unwrap();
        let settings = crate::settings::Settings::new(
            crate::testing::settings_from(std::collections::BTreeMap::new()),
            crate::seal::Seal::new("test"),
        );
        let connections = std::sync::Arc::new(crate::testing::connections(&settings));
        let (_folder, knowledge, ..) = crate::testing::knowledge(&store, &it.ports, &connections);
        let chat = Chat::start(store.clone(), it.ports.clone(), connections, knowledge).await.unwrap();
        let found: Option<(uuid::Uuid,)> = store
            .as_viewer(&uma)
            .optional("SELECT id FROM conversations WHERE owner_id = $1", args![uma.id])
            .await
            .unwrap();
        let thread = chat.thread(&uma, found.unwrap().0.into(), None).await.unwrap();
        assert_eq!(thread.title, "How do tides work?");
        assert_eq!(thread.messages.len(), 4);
        assert!(thread.messages[3].text.contains("**50 minutes more**"), "{}", thread.messages[3].text);
        // What was changed by migrations was copied first.
        if let Target::Sqlite(path) = &it.target {
            let copy = path.with_file_name("atrium.db.before-migration-from-0002");
            assert_eq!(copy.exists(), before.len() > 2);
        }
    }
}
