//! A fresh database for every test, on each of the two kinds.

use super::{Store, Target};
use crate::ports::Ports;
use tempfile::TempDir;

/// A store and what keeps it alive.
pub struct TestStore {
    /// To be tested.
    pub store: Store,
    /// Time and chance, under the test's control.
    pub ports: Ports,
    _folder: Option<TempDir>,
}

/// SQLite always; PostgreSQL when `ATRIUM_TEST_POSTGRES` names a server, which `make test` sees to.
pub async fn stores() -> Vec<TestStore> {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Store::open(&Target::Sqlite(folder.path().join("atrium.db"))).await.unwrap();
    let mut all = vec![TestStore { store: sqlite, ports: Ports::system(), _folder: Some(folder) }];
    if let Ok(server) = std::env::var("ATRIUM_TEST_POSTGRES") {
        let name = format!("t{}", Ports::system().id::<uuid::Uuid>().simple());
        let admin = sqlx::PgPool::connect(&server).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
        let mut url: Vec<_> = server.rsplitn(2, '/').collect();
        url[0] = &name;
        let url = format!("{}/{}", url[1], url[0]);
        let store = Store::open(&Target::Postgres(url)).await.unwrap();
        all.push(TestStore { store, ports: Ports::system(), _folder: None });
    } else {
        eprintln!("ATRIUM_TEST_POSTGRES is not set: this test ran on SQLite alone");
    }
    all
}
