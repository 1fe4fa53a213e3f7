//! What the invited person does.

use super::{Accounts, Offer};
use crate::accounts::REGISTRATIONS;
use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result};
use crate::limits;
use crate::mail::Outbox;
use crate::seal::digest;
use crate::store::args;
use atrium::people::{NewPerson, Role, Viewer};
use serde_json::json;
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct OpenRow {
    id: Uuid,
    organisation_id: Uuid,
    email: String,
    role: String,
    project_id: Option<Uuid>,
}

fn link_is_over() -> Error {
    Error::Conflict {
        code: "link_not_valid",
        message: "This invitation no longer works: it was accepted or withdrawn, or has expired. Ask whoever invited you for another one.".to_owned(),
    }
}

impl Accounts {
    /// What the link of `token` offers, while it works.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn offer(&self, token: &str) -> Result<Option<Offer>> {
        let row: Option<(String, String)> = self
            .store
            .as_system("the token says who asks")
            .optional(
                "SELECT i.email, o.name FROM invitations i JOIN organisations o ON o.id = i.organisation_id
                 WHERE i.token_hash = $1 AND i.accepted_at IS NULL AND i.expires_at > $2",
                args![digest(token), self.ports.now()],
            )
            .await?;
        Ok(row.map(|(email, organisation)| Offer { email, organisation }))
    }

    /// Makes the account that an invitation is for, also where registration is closed. The address is the invitation's.
    ///
    /// # Errors
    /// When the link was used or is too old; when there is an account with its address; with what to change.
    pub async fn accept_invitation(
        &self,
        outbox: &Outbox,
        token: &str,
        name: &str,
        password: &str,
        address: &str,
    ) -> Result<Viewer> {
        let offer = self.offer(token).await?.ok_or_else(link_is_over)?;
        let person =
            NewPerson { name: name.to_owned(), email: offer.email, username: None, password: password.to_owned() };
        person.check().map_err(Error::Invalid)?;
        limits::hit(&self.store, &self.ports, &format!("register:{}", limits::network(address)), REGISTRATIONS).await?;
        let hash = self.hasher.hash(person.password.clone()).await?;
        let mut tx = self.store.as_system("the token says who asks").begin().await?;
        let open: Option<OpenRow> = tx
            .optional(
                "UPDATE invitations SET accepted_at = $2 WHERE token_hash = $1 AND accepted_at IS NULL AND expires_at > $2
                 RETURNING id, organisation_id, email, role, project_id",
                args![digest(token), self.ports.now()],
            )
            .await?;
        let open = open.ok_or_else(link_is_over)?;
        let role = Role::parse(&open.role)
            .ok_or_else(|| Error::Internal(format!("invitation {} has the unknown role {}", open.id, open.role)))?;
        let viewer = self
            .insert_into(&mut tx, open.organisation_id.into(), &person, hash, role, false)
            .await
            .map_err(|error| match error {
                Error::Invalid(_) => Error::Conflict {
                    code: "account_exists",
                    message: "There is an account with this address, and an account belongs to one organisation. Sign in with it, or ask to be invited under another address.".to_owned(),
                },
                error => error,
            })?;
        // Into a project that is gone meanwhile nobody is taken.
        tx.execute(
            "INSERT INTO project_members (organisation_id, project_id, user_id, role, created_at)
             SELECT organisation_id, id, $2, 'member', $3 FROM projects WHERE id = $1 AND organisation_id = $4 AND deleted_at IS NULL",
            args![open.project_id, viewer.id, self.ports.now(), viewer.organisation],
        )
        .await?;
        outbox.take_back(&mut tx, open.id).await?;
        let deed = Deed {
            organisation: viewer.organisation,
            action: "invitation.accept",
            kind: "invitation",
            id: open.id,
            name: &open.email,
        };
        let is = json!({ "user_id": viewer.id, "role": role });
        audit::note(&mut tx, &self.ports, Actor { viewer: &viewer, address }, deed, None::<()>, Some(is)).await?;
        tx.commit().await?;
        Ok(viewer)
    }
}
