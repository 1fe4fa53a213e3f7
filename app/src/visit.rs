//! Who looks at a page: made by the server's middleware for every request.

use crate::islands::toasts::Undo;
use atrium::people::Viewer;
use atrium_domain::accounts::sign_ins::{Here, Origin};
use atrium_domain::audit::Actor;
use atrium_domain::{Atrium, Error, Result};
use leptos::prelude::use_context;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

/// The session's key for the id of whoever is signed in.
pub const USER: &str = "user";
/// Under this key a session that begins says from where; the session store takes it out.
pub const ORIGIN: &str = "origin";
/// The session's key for the id of the superuser who is signed in as somebody else.
pub const IMPERSONATOR: &str = "impersonator";
const TOAST: &str = "toast";
const DRAFT: &str = "draft";
const REPORT: &str = "report";

/// What a browser remembers of how it wants to see things; in cookies, so that the first paint is right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Preferences {
    /// `light` or `dark`; nothing follows the system.
    pub theme: Option<&'static str>,
    /// The rail is folded away.
    pub is_rail_collapsed: bool,
}

/// A request's person, session and application.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Everything that Atrium does.
    pub atrium: Atrium,
    /// Whoever is signed in.
    pub viewer: Option<Viewer>,
    /// The browser's session.
    pub session: Session,
    /// Where the request comes from, for limits.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
    /// How the browser wants to see things.
    pub preferences: Preferences,
}

/// Something to be said on the next page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toast {
    /// What happened.
    pub text: String,
    /// A form that undoes it.
    pub undo: Option<Undo>,
}

impl Visit {
    /// The visit that the page or server function at work belongs to.
    ///
    /// # Errors
    /// When there is none, which is a fault of the wiring.
    pub fn current() -> Result<Self> {
        use_context().ok_or_else(|| Error::Internal("no visit is attached to this request".to_owned()))
    }

    /// Whoever is signed in.
    ///
    /// # Errors
    /// When nobody is.
    pub fn viewer(&self) -> Result<&Viewer> {
        self.viewer.as_ref().ok_or(Error::SignedOut)
    }

    /// Whoever is signed in, as the audit log notes them.
    ///
    /// # Errors
    /// When nobody is.
    pub fn actor(&self) -> Result<Actor<'_>> {
        Ok(Actor { viewer: self.viewer()?, address: &self.address })
    }

    /// Signs `viewer` in, be it a superuser as them, in a session with a new id: one that was planted before is worth nothing.
    ///
    /// # Errors
    /// When the session cannot be stored.
    pub async fn sign_in(&self, viewer: &Viewer) -> Result<()> {
        self.stop_impersonating().await?;
        self.begin(viewer).await
    }

    /// Goes back from being signed in as somebody else; `None` if one is not.
    ///
    /// # Errors
    /// When the session cannot be stored.
    pub async fn sign_back(&self) -> Result<Option<Viewer>> {
        let own = self.stop_impersonating().await?;
        if let Some(own) = &own {
            self.begin(own).await?;
        }
        Ok(own)
    }

    /// However being somebody else ends, the audit log says so.
    async fn stop_impersonating(&self) -> Result<Option<Viewer>> {
        if self.viewer.is_none() {
            return Ok(None);
        }
        self.atrium.accounts.stop_impersonating(self.actor()?).await
    }

    async fn begin(&self, viewer: &Viewer) -> Result<()> {
        self.session.cycle_id().await.map_err(internal)?;
        self.session.insert(USER, viewer.id).await.map_err(internal)?;
        self.session.insert(ORIGIN, Origin::new(&self.address, &self.agent)).await.map_err(internal)?;
        match &viewer.impersonator {
            Some(behind) => self.session.insert(IMPERSONATOR, behind.id).await.map_err(internal)?,
            None => drop(self.session.remove_value(IMPERSONATOR).await.map_err(internal)?),
        }
        // At once: whoever signs out everywhere must find it.
        self.session.save().await.map_err(internal)
    }

    /// This browser, among the places where its person is signed in.
    #[must_use]
    pub fn here(&self) -> Here {
        Here::Browser(self.session.id().map(|it| it.to_string()).unwrap_or_default())
    }

    /// Signs out here.
    ///
    /// # Errors
    /// When the session cannot be removed.
    pub async fn sign_out(&self) -> Result<()> {
        self.stop_impersonating().await?;
        self.session.flush().await.map_err(internal)
    }

    /// Says something on the next page.
    ///
    /// # Errors
    /// When the session cannot be stored.
    pub async fn toast(&self, text: impl Into<String>, undo: Option<Undo>) -> Result<()> {
        self.session.insert(TOAST, Toast { text: text.into(), undo }).await.map_err(internal)
    }

    /// Keeps a message that could not be sent because nobody was signed in; it is in the composer after signing in.
    ///
    /// # Errors
    /// When the session cannot be stored.
    pub async fn keep_draft(&self, text: &str) -> Result<()> {
        self.session.insert(DRAFT, text).await.map_err(internal)
    }

    /// What was kept, once.
    pub async fn take_draft(&self) -> Option<String> {
        self.take(DRAFT).await
    }

    /// Keeps what became of several things, a sentence each, for the next page that shows it.
    ///
    /// # Errors
    /// When the session cannot be stored.
    pub async fn report(&self, lines: Vec<String>) -> Result<()> {
        self.session.insert(REPORT, lines).await.map_err(internal)
    }

    /// What was kept, once.
    pub async fn take_report(&self) -> Vec<String> {
        self.take(REPORT).await.unwrap_or_default()
    }

    /// What was to be said, once.
    pub async fn take_toast(&self) -> Option<Toast> {
        self.take(TOAST).await
    }

    /// A value of the session, once. Removing one that is not there would count as a change, and write with every page.
    async fn take<T: serde::de::DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.session.get_value(key).await.ok().flatten()?;
        self.session.remove(key).await.ok().flatten()
    }
}

fn internal(error: tower_sessions::session::Error) -> Error {
    Error::Internal(format!("session: {error}"))
}
