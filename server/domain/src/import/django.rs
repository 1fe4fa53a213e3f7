//! What `manage.py dumpdata` of the systems before Atrium wrote: people with their passwords, organisations, agents,
//! projects, conversations. Everything keeps its id, or gets one made of it, so that a second run finds what the first one
//! took, and all of it is taken or nothing.

mod fields;
#[cfg(test)]
mod tests;
mod write;

use crate::accounts::{Accounts, Hasher};
use crate::error::{Error, Result};
use crate::ports::Ports;
use crate::store::Store;
use fields::Record;
use std::collections::BTreeMap;
use std::io::Read;

/// What became of the records of one model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// Taken by this run.
    pub taken: u64,
    /// Here already.
    pub known: u64,
    /// Left out, by the reason.
    pub left_out: BTreeMap<String, u64>,
}

/// What an import did, by model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// `app.model`, and what became of its records.
    pub models: BTreeMap<String, Count>,
}

impl Report {
    fn of(&mut self, record: &Record) -> &mut Count {
        self.models.entry(record.model.clone()).or_default()
    }

    fn leave_out(&mut self, record: &Record, reason: &str) {
        *self.of(record).left_out.entry(reason.to_owned()).or_default() += 1;
    }
}

/// What a model is, by the last part of its name, which the systems before Atrium gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Organisation,
    Person,
    Agent,
    Project,
    Conversation,
    Message,
}

impl Kind {
    fn of(model: &str) -> Option<Self> {
        Some(match model.rsplit('.').next().unwrap_or_default().to_lowercase().as_str() {
            "organization" | "organisation" | "org" | "client" | "company" => Self::Organisation,
            "user" | "customuser" | "account" => Self::Person,
            "agent" | "bot" | "aiconfig" => Self::Agent,
            "project" => Self::Project,
            "conversation" | "chatsession" => Self::Conversation,
            "message" | "chatmessage" => Self::Message,
            _ => return None,
        })
    }
}

/// Takes a dump along.
///
/// # Errors
/// When it cannot be read as one; nothing was changed then.
pub async fn import(store: &Store, ports: &Ports, hasher: Hasher, mut from: impl Read) -> Result<Report> {
    let mut text = String::new();
    from.read_to_string(&mut text).map_err(|error| Error::field("file", format!("It cannot be read: {error}.")))?;
    let records = fields::records(&text)?;
    let accounts = Accounts::new(store.clone(), ports.clone(), hasher);
    let mut report = Report::default();
    let mut by_kind: BTreeMap<Kind, Vec<&Record>> = BTreeMap::new();
    for record in &records {
        match Kind::of(&record.model) {
            Some(kind) => by_kind.entry(kind).or_default().push(record),
            None => report.leave_out(record, "Atrium has nothing like it"),
        }
    }
    let mut tx = store.as_system("whoever holds the machine fills it").begin().await?;
    let home = accounts.default_organisation(&mut tx).await?;
    let mut writer = write::Writer { tx, ports, home, report, people: BTreeMap::new(), agents: BTreeMap::new() };
    for (kind, records) in by_kind {
        match kind {
            Kind::Organisation => writer.organisations(&records).await?,
            Kind::Person => writer.people(&records).await?,
            Kind::Agent => writer.agents(&records).await?,
            Kind::Project => writer.projects(&records).await?,
            Kind::Conversation => writer.conversations(&records).await?,
            Kind::Message => writer.messages(&records).await?,
        }
    }
    writer.tx.commit().await?;
    Ok(writer.report)
}
