//! What servers on one PostgreSQL tell one another. A SQLite file has one server, which has nobody to tell.

use super::{Pools, Store, Tx, args};
use sqlx::postgres::PgListener;

/// A connection of its own on which other servers are heard.
#[derive(Debug)]
pub(crate) struct Listener(PgListener);

/// Something that was told on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub channel: String,
    pub text: String,
}

impl Tx {
    /// Tells every server that listens, this one too, once the transaction is committed. PostgreSQL takes up to 8,000 bytes.
    pub(crate) async fn tell(&mut self, channel: &'static str, text: String) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(_) => {
                // `execute` would count rows that nobody reads; the function answers with one that is empty.
                self.execute("SELECT pg_notify($1, $2)", args![channel, text]).await.map(drop)
            }
        }
    }
}

impl Store {
    /// Begins to listen; `None` where there are no other servers.
    pub(crate) async fn listen(&self, channels: &[&'static str]) -> Result<Option<Listener>, sqlx::Error> {
        let Pools::Postgres(pool) = &*self.pools else { return Ok(None) };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen_all(channels.iter().copied()).await?;
        Ok(Some(Listener(listener)))
    }
}

impl Listener {
    /// Waits for the next. After `None` the connection was lost and is there again: something may have been missed.
    pub(crate) async fn next(&mut self) -> Result<Option<Told>, sqlx::Error> {
        let heard = self.0.try_recv().await?;
        Ok(heard.map(|it| Told { channel: it.channel().to_owned(), text: it.payload().to_owned() }))
    }
}
