//! What a server that went away left behind: its unfinished answers, kept and marked interrupted.

use super::super::Chat;
use super::log::Kind;
use super::news::tell_news;
use crate::error::Result;
use crate::search;
use crate::store::args;
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Orphan {
    id: Uuid,
    message_id: Uuid,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    kind: String,
    data: String,
}

impl Chat {
    /// Folds the runs of servers that are gone. On SQLite every run of another server's is: only one can have the file.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn recover(&self) -> Result<()> {
        let system = self.store.as_system("picks up after a server that is gone");
        let alive_until = if self.store.is_shared() { self.ports.now() } else { i64::MAX };
        let orphans: Vec<Orphan> = system
            .all(
                "SELECT id, message_id FROM runs WHERE status = 'running' AND owner_id <> $1 AND lease_until < $2",
                args![self.hub.server, alive_until],
            )
            .await?;
        for orphan in orphans {
            let mut tx = system.begin().await?;
            let now = self.ports.now();
            let claimed = tx
                .execute("UPDATE runs SET status = 'interrupted', finished_at = $2 WHERE id = $1 AND status = 'running' AND lease_until < $3", args![orphan.id, now, alive_until])
                .await?;
            if claimed == 0 {
                continue;
            }
            let events: Vec<EventRow> =
                tx.all("SELECT kind, data FROM run_events WHERE run_id = $1 ORDER BY seq", args![orphan.id]).await?;
            let said = |kind| {
                events.iter().filter(|it| Kind::parse(&it.kind) == kind).map(|it| it.data.as_str()).collect::<String>()
            };
            tx.execute(
                "UPDATE messages SET content = content || $2, reasoning = reasoning || $3, status = 'interrupted', updated_at = $4 WHERE id = $1",
                args![orphan.message_id, said(Kind::Text), said(Kind::Reasoning), now],
            )
            .await?;
            tx.execute("DELETE FROM run_events WHERE run_id = $1", args![orphan.id]).await?;
            search::index::message(&mut tx, orphan.message_id).await?;
            tell_news(&mut tx, &[orphan.id.into()]).await?;
            tx.commit().await?;
            tracing::info!(run = %orphan.id, "an answer was interrupted when its server went away; what had arrived is kept");
        }
        Ok(())
    }
}
