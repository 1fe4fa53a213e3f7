//! A fresh database for every test, on each of the two kinds.

use super::{Store, Target};
use crate::ports::{Micros, Ports};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

/// A store and what keeps it alive.
pub struct TestStore {
    /// To be tested.
    pub store: Store,
    /// Where it is, to be opened again.
    pub target: Target,
    /// Time and chance, under the test's control.
    pub ports: Ports,
    _folder: Option<TempDir>,
}

/// A clock that stands still unless a test moves it.
#[derive(Clone)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// Stands at the machine's own time.
    pub fn at_the_machines_time() -> Self {
        Self(Arc::new(AtomicI64::new(Ports::system().now())))
    }

    /// Lets time pass.
    pub fn pass(&self, micros: Micros) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    /// Ports that go by it.
    pub fn ports(&self) -> Ports {
        let clock = self.0.clone();
        Ports::with_clock(move || clock.load(Ordering::SeqCst))
    }
}

/// SQLite always; PostgreSQL when `ATRIUM_TEST_POSTGRES` names a server, which `make test` sees to.
pub async fn stores() -> Vec<TestStore> {
    let folder = tempfile::tempdir().unwrap();
    let target = Target::Sqlite(folder.path().join("atrium.db"));
    let sqlite = Store::open(&target).await.unwrap();
    let mut all = vec![TestStore { store: sqlite, target, ports: Ports::system(), _folder: Some(folder) }];
    if let Ok(server) = std::env::var("ATRIUM_TEST_POSTGRES") {
        let name = format!("t{}", Ports::system().id::<uuid::Uuid>().simple());
        let admin = sqlx::PgPool::connect(&server).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
        admin.close().await;
        let mut url: Vec<_> = server.rsplitn(2, '/').collect();
        url[0] = &name;
        let target = Target::Postgres(format!("{}/{}", url[1], url[0]));
        let store = Store::open(&target).await.unwrap();
        all.push(TestStore { store, target, ports: Ports::system(), _folder: None });
    } else {
        eprintln!("ATRIUM_TEST_POSTGRES is not set: this test ran on SQLite alone");
    }
    all
}
