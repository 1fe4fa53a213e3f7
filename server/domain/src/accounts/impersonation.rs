//! Signing in as somebody else: for superusers, who see then what that person sees. Whatever they do meanwhile stands in
//! the audit log as theirs, and how that person comes in is not theirs to change.

use super::Accounts;
use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result};
use atrium::ids::UserId;
use atrium::people::{Impersonator, Viewer};

/// For what only the person themselves may do: password, user name, tokens, sessions.
///
/// # Errors
/// When a superuser is signed in as them.
pub fn must_be_themselves(viewer: &Viewer) -> Result<()> {
    if viewer.impersonator.is_none() {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "You are signed in as somebody else. How they come in (password, user name, tokens, sessions) is theirs alone.",
        ))
    }
}

impl Accounts {
    /// What `actor` looks like signed in as `id`.
    ///
    /// # Errors
    /// When they are no superuser; when it is themselves, another superuser, or an account that is switched off.
    pub async fn impersonate(&self, actor: Actor<'_>, id: UserId) -> Result<Viewer> {
        must_be_themselves(actor.viewer)?;
        if !actor.viewer.is_superuser {
            // Whoever is not seen does not exist, also here.
            self.profile(actor.viewer, id).await?;
            return Err(Error::Forbidden("Only superusers sign in as somebody else."));
        }
        let person = self.viewer(id).await?.ok_or(Error::Conflict {
            code: "account_inactive",
            message: "There is no such account, or it is switched off. Nobody signs in to it.".to_owned(),
        })?;
        if person.is_superuser {
            return Err(Error::Forbidden("Nobody signs in as a superuser but themselves."));
        }
        self.note_impersonation(actor, &person, "user.sign_in_as").await?;
        let impersonator = Impersonator { id: actor.viewer.id, email: actor.viewer.email.clone() };
        Ok(Viewer { impersonator: Some(impersonator), ..person })
    }

    /// Ends [`Accounts::impersonate`]: the superuser themselves, for whoever goes back; `None` if nobody is behind `actor`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn stop_impersonating(&self, actor: Actor<'_>) -> Result<Option<Viewer>> {
        let Some(behind) = &actor.viewer.impersonator else { return Ok(None) };
        self.note_impersonation(actor, actor.viewer, "user.sign_back").await?;
        self.viewer(behind.id).await
    }

    async fn note_impersonation(&self, actor: Actor<'_>, person: &Viewer, action: &'static str) -> Result<()> {
        let deed =
            Deed { organisation: person.organisation, action, kind: "user", id: person.id.0, name: &person.email };
        let mut tx = self.store.as_viewer(actor.viewer).begin().await?;
        audit::note(&mut tx, &self.ports, actor, deed, None::<()>, None::<()>).await?;
        tx.commit().await?;
        Ok(())
    }
}
