//! Accounts that administrators make for others, without an invitation.

use super::Accounts;
use super::invitations::may_give;
use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result};
use crate::mail::Outbox;
use crate::organisations;
use crate::seal::hex;
use crate::store::args;
use atrium::ids::OrganisationId;
use atrium::people::{NewPerson, ProfileChange, Role, Viewer};
use atrium::permissions::Permission;
use serde_json::json;

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Who. Without a password they are sent a link to choose one by.
    pub person: NewPerson,
    /// What they may do.
    pub role: Role,
    /// Where; a superuser's to say, if it is not their own.
    pub organisation: Option<OrganisationId>,
    /// What is said of them besides.
    pub job_title: String,
    /// The same.
    pub department: String,
}

impl Accounts {
    /// Makes an account for somebody else.
    ///
    /// # Errors
    /// When the viewer does not administer the organisation or has not the role that they give; with what to change.
    pub async fn create_account(&self, outbox: &Outbox, actor: Actor<'_>, new: &NewAccount) -> Result<Viewer> {
        let viewer = actor.viewer;
        if !viewer.may(Permission::ManagePeople) {
            return Err(Error::Forbidden("Only administrators make accounts for others."));
        }
        let scope = self.store.as_viewer(viewer);
        let organisation = match organisations::get(scope, new.organisation.unwrap_or(viewer.organisation)).await {
            Err(Error::NotFound(_)) => return Err(Error::field("organisation_id", "There is no such organisation.")),
            found => found?,
        };
        may_give(viewer, new.role)?;
        let chooses_themselves = new.person.password.is_empty();
        let mut person = new.person.clone();
        if chooses_themselves {
            // Nobody knows it; it is replaced by what they choose.
            person.password = hex(&self.ports.secret());
        }
        person.check().map_err(Error::Invalid)?;
        let about = ProfileChange {
            job_title: Some(new.job_title.clone()),
            department: Some(new.department.clone()),
            ..ProfileChange::default()
        };
        about.check(&person.email).map_err(Error::Invalid)?;
        let hash = self.hasher.hash(person.password.clone()).await?;
        let mut tx = scope.begin().await?;
        let made = self.insert_into(&mut tx, organisation.id, &person, hash, new.role, false).await?;
        tx.execute(
            "UPDATE users SET job_title = $2, department = $3 WHERE id = $1",
            args![made.id, atrium::text::line(&new.job_title), atrium::text::line(&new.department)],
        )
        .await?;
        let deed = Deed {
            organisation: organisation.id,
            action: "user.create",
            kind: "user",
            id: made.id.0,
            name: &made.email,
        };
        audit::note(&mut tx, &self.ports, actor, deed, None::<()>, Some(json!({ "role": new.role }))).await?;
        tx.commit().await?;
        if chooses_themselves {
            self.send_reset_link(outbox, &made.email).await?;
        }
        Ok(made)
    }
}
