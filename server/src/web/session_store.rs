//! tower-sessions over our own table, which also tells whose session it is.

use async_trait::async_trait;
use atrium_app::visit::{IMPERSONATOR, ORIGIN, USER};
use atrium_domain::Atrium;
use atrium_domain::accounts::sessions::{Sessions, StoredSession};
use atrium_domain::ports::Ports;
use std::collections::HashMap;
use time::OffsetDateTime;
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Expiry, SessionManagerLayer, SessionStore};

/// How long somebody stays signed in without coming by.
pub const LIFETIME: time::Duration = time::Duration::days(14);

/// Sessions in the database.
#[derive(Debug, Clone)]
pub struct Store {
    sessions: Sessions,
    ports: Ports,
}

/// The layer that reads and sets the cookie.
pub fn layer(atrium: &Atrium) -> SessionManagerLayer<Store> {
    let is_tls = atrium.settings.boot().text("public_url").starts_with("https://");
    SessionManagerLayer::new(Store { sessions: atrium.sessions.clone(), ports: atrium.ports.clone() })
        .with_name("atrium_session")
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(is_tls)
        .with_expiry(Expiry::OnInactivity(LIFETIME))
}

/// Under this name [`Store::load`] hands on whoever is signed in. It is never stored.
pub const VIEWER: &str = "viewer";

fn stored(record: &Record) -> Result<StoredSession> {
    let person = |key| record.data.get(key).and_then(|it| serde_json::from_value(it.clone()).ok());
    let (user, impersonator) = (person(USER), person(IMPERSONATOR));
    let origin = record.data.get(ORIGIN).and_then(|it| serde_json::from_value(it.clone()).ok());
    let kept: HashMap<_, _> = record.data.iter().filter(|it| it.0 != VIEWER && it.0 != ORIGIN).collect();
    let data = serde_json::to_string(&kept).map_err(|error| Error::Encode(error.to_string()))?;
    let expires_at = i64::try_from(record.expiry_date.unix_timestamp_nanos() / 1000)
        .map_err(|error| Error::Encode(error.to_string()))?;
    Ok(StoredSession { user, origin, impersonator, data, expires_at })
}

fn backend(error: atrium_domain::Error) -> Error {
    Error::Backend(error.cause().unwrap_or_else(|| error.to_string()))
}

#[async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> Result<()> {
        // Two of 2^128 ids never meet; the loop is what the trait asks for.
        while !self
            .sessions
            .create(&record.id.to_string(), &stored(record)?, self.ports.now())
            .await
            .map_err(backend)?
        {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.sessions.update(&record.id.to_string(), &stored(record)?).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found = self.sessions.load(&id.to_string(), self.ports.now()).await.map_err(backend)?;
        let Some((session, viewer)) = found else { return Ok(None) };
        let mut data: HashMap<String, serde_json::Value> =
            serde_json::from_str(&session.data).map_err(|error| Error::Decode(error.to_string()))?;
        if let Some(viewer) = viewer {
            let viewer = serde_json::to_value(viewer).map_err(|error| Error::Decode(error.to_string()))?;
            data.insert(VIEWER.to_owned(), viewer);
        }
        let expiry_date = OffsetDateTime::from_unix_timestamp_nanos(i128::from(session.expires_at) * 1000)
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.sessions.delete(&id.to_string()).await.map_err(backend)
    }
}
