//! Settings with one visible precedence: built-in < `atrium.toml` < `.env` < environment < what an administrator set.

mod boot;
mod keys;
mod kinds;
#[cfg(test)]
mod tests;

pub use boot::{Boot, Layers};
pub use keys::{KEYS, Key, find};
pub use kinds::{Kind, parse_flag, parse_temperature};

use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result};
use crate::ports::Ports;
use crate::seal::Seal;
use crate::store::{Store, args};
use atrium::failure::FieldError;
use atrium::settings::{SettingView, Source};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use uuid::Uuid;

/// The settings in force.
#[derive(Clone)]
pub struct Settings {
    boot: Arc<Boot>,
    set: Arc<RwLock<BTreeMap<String, String>>>,
    seal: Seal,
}

/// Names alone: among the values are secrets.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let set = self.set.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Settings").field("boot", &self.boot).field("set", &set.keys()).finish_non_exhaustive()
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    name: String,
    value: String,
}

impl Settings {
    /// Over what was resolved at start; [`Settings::load`] adds the database's.
    #[must_use]
    pub fn new(boot: Boot, seal: Seal) -> Self {
        Self { boot: Arc::new(boot), set: Arc::default(), seal }
    }

    /// What is fixed while the server runs.
    #[must_use]
    pub fn boot(&self) -> &Boot {
        &self.boot
    }

    /// Reads what administrators set, here or on another server of the same database.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(&self, store: &Store) -> Result<()> {
        let rows: Vec<Row> =
            store.as_system("settings belong to the server").all("SELECT name, value FROM settings", args![]).await?;
        let mut set = BTreeMap::new();
        for row in rows {
            let Some(key) = keys::find(&row.name).filter(|it| it.is_live) else { continue };
            let value = if key.kind == Kind::Secret { self.seal.open(&row.value) } else { Some(row.value) };
            match value {
                Some(value) => drop(set.insert(row.name, value)),
                None => tracing::warn!(
                    setting = row.name,
                    "a stored secret cannot be opened with this SECRET_KEY; set it again on the settings page"
                ),
            }
        }
        *self.set.write().unwrap_or_else(PoisonError::into_inner) = set;
        Ok(())
    }

    /// The value in force, empty if unset.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        let set = self.set.read().unwrap_or_else(PoisonError::into_inner);
        set.get(name).cloned().unwrap_or_else(|| self.boot.text(name).to_owned())
    }

    /// The value as yes or no.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        parse_flag(&self.text(name)).unwrap_or_default()
    }

    /// A secret, if set.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<SecretString> {
        Some(self.text(name)).filter(|it| !it.is_empty()).map(SecretString::from)
    }

    /// What the REST API's tokens are signed with.
    #[must_use]
    pub fn jwt_key(&self) -> Vec<u8> {
        match self.boot.filled("jwt_secret_key") {
            Some(key) => key.as_bytes().to_vec(),
            None => self.seal.derive("jwt").to_vec(),
        }
    }

    /// What seals secrets at rest.
    pub(crate) fn seal(&self) -> &Seal {
        &self.seal
    }

    /// Where links in mails lead: to the public URL, else to where the server listens; never to a host that a request
    /// named, which anybody can make up.
    #[must_use]
    pub fn base_url(&self) -> String {
        match self.boot.filled("public_url") {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.boot.text("listen")),
        }
    }

    /// A key of this server for one purpose.
    #[must_use]
    pub fn derived_key(&self, purpose: &str) -> [u8; 32] {
        self.seal.derive(purpose)
    }

    fn source(&self, name: &str) -> Source {
        let set = self.set.read().unwrap_or_else(PoisonError::into_inner);
        if set.contains_key(name) { Source::Database } else { self.boot.source(name) }
    }

    /// What an administrator can change, with its value unless it is secret, and where that comes from.
    ///
    /// # Errors
    /// When the viewer does not administer this server.
    pub fn list(&self, viewer: &atrium::people::Viewer) -> Result<Vec<SettingView>> {
        must_administer(viewer)?;
        let view = |key: &Key| {
            let value = self.text(key.name);
            let is_secret = key.kind == Kind::Secret;
            SettingView {
                key: key.name.to_owned(),
                label: key.label.to_owned(),
                help: key.help.to_owned(),
                value: if is_secret { String::new() } else { value.clone() },
                is_secret,
                is_flag: key.kind == Kind::Flag,
                source: if is_secret && value.is_empty() { Source::BuiltIn } else { self.source(key.name) },
            }
        };
        Ok(KEYS.iter().filter(|it| it.is_live).map(view).collect())
    }

    /// Stores changes: `Some` sets, `None` goes back to what environment and files say. All or none.
    ///
    /// # Errors
    /// When the viewer does not administer this server, or with what to change.
    pub async fn change(
        &self,
        store: &Store,
        ports: &Ports,
        actor: Actor<'_>,
        changes: Vec<(String, Option<String>)>,
    ) -> Result<()> {
        must_administer(actor.viewer)?;
        let mut wrong = Vec::new();
        let mut accepted = Vec::new();
        for (name, value) in changes {
            let Some(key) = keys::find(&name).filter(|it| it.is_live) else {
                wrong.push(FieldError { field: name, message: "There is no such setting.".to_owned() });
                continue;
            };
            let value = value.map(|it| it.trim().to_owned());
            match key.kind.check(value.as_deref().unwrap_or_default()) {
                Ok(()) => accepted.push((key, value)),
                Err(message) => wrong.push(FieldError { field: name, message: message.to_owned() }),
            }
        }
        if !wrong.is_empty() {
            return Err(Error::Invalid(wrong));
        }
        let mut tx = store.as_viewer(actor.viewer).begin().await?;
        for (key, value) in accepted {
            let before = self.text(key.name);
            let before = told(key, &before);
            let after = told(key, value.as_deref().unwrap_or_else(|| self.boot.text(key.name)));
            let deed = Deed {
                organisation: actor.viewer.organisation,
                action: "setting.change",
                kind: "setting",
                id: Uuid::nil(),
                name: key.name,
            };
            audit::note(&mut tx, ports, actor, deed, Some(before), Some(after)).await?;
            match value {
                Some(value) => {
                    let value = if key.kind == Kind::Secret { self.seal.seal(&value)? } else { value };
                    tx.execute(
                        "INSERT INTO settings (name, value, updated_at, updated_by) VALUES ($1, $2, $3, $4)
                         ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by",
                        args![key.name, value, ports.now(), actor.viewer.id],
                    )
                    .await?;
                }
                None => drop(tx.execute("DELETE FROM settings WHERE name = $1", args![key.name]).await?),
            }
        }
        tx.commit().await?;
        self.load(store).await
    }
}

/// A value as the audit log keeps it: of a secret only whether there is one.
fn told<'a>(key: &Key, value: &'a str) -> &'a str {
    match key.kind {
        Kind::Secret if value.is_empty() => "not set",
        Kind::Secret => "set",
        _ => value,
    }
}

fn must_administer(viewer: &atrium::people::Viewer) -> Result<()> {
    if viewer.can_administer_server() {
        Ok(())
    } else {
        Err(Error::Forbidden("Only an administrator of this server can see and change its settings."))
    }
}
