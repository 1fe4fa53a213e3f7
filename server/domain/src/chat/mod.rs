//! Conversations: trees of messages, and the runs that write the answers.

mod branches;
mod changes;
mod cited;
pub mod conversations;
mod inspection;
mod keyed;
mod messages;
mod rows;
pub mod runs;
mod send;
pub mod sessions;
mod summaries;
#[cfg(test)]
mod tests;
mod titles;
mod window;

pub use changes::ConversationChange;
pub use inspection::{INSPECTION_COLUMNS, Inspected, InspectionFilter};
pub use keyed::Session;
pub use messages::Form;
pub use send::{Draft, Sent, Target};
pub use summaries::{ConversationFilter, ConversationSummary, LastMessage, NewConversation};
pub(crate) use titles::from_question as title_of;

use crate::agents::connections::Connections;
use crate::error::Result;
use crate::knowledge::Knowledge;
use crate::ports::Ports;
use crate::store::{Store, args};
use runs::Hub;
use std::sync::Arc;
use std::time::Duration;

/// Conversations and their runs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Chat {
    store: Store,
    ports: Ports,
    connections: Arc<Connections>,
    knowledge: Knowledge,
    hub: Arc<Hub>,
}

impl Chat {
    /// Picks up what an earlier server left behind and begins to write.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn start(
        store: Store,
        ports: Ports,
        connections: Arc<Connections>,
        knowledge: Knowledge,
    ) -> Result<Self> {
        let hub = Arc::new(Hub::new(ports.id()));
        let chat = Self { store, ports, connections, knowledge, hub };
        chat.recover().await?;
        tokio::spawn(chat.clone().write_forever());
        tokio::spawn(chat.clone().hear_others());
        Ok(chat)
    }

    /// Ends every run and stores what it said.
    pub async fn close(&self) {
        self.hub.close(Duration::from_secs(5)).await;
    }

    /// How many answers this server is writing.
    #[must_use]
    pub fn writing(&self) -> usize {
        self.hub.len()
    }

    /// Removes for good what was deleted before that moment.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn purge(&self, before: i64) -> Result<()> {
        let system = self.store.as_system("housekeeping");
        system.execute("DELETE FROM conversations WHERE deleted_at < $1", args![before]).await?;
        system.execute("DELETE FROM messages WHERE deleted_at < $1", args![before]).await?;
        Ok(())
    }
}
