//! What administrators do: invite, send again, withdraw.

use super::{Accounts, Invitation, NewInvitations, Standing, must_invite};
use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result, breaks_unique};
use crate::limits::{self, Limit};
use crate::mail::{Kind, NewMail, Outbox, letters};
use crate::organisations;
use crate::ports::{DAY, Micros};
use crate::projects;
use crate::seal::{digest, hex};
use crate::store::{Tx, args};
use atrium::failure::FieldError;
use atrium::ids::{InvitationId, OrganisationId, ProjectId};
use atrium::organisations::Organisation;
use atrium::people::{Role, Viewer, normalise_email, plausible_email};
use serde_json::json;
use uuid::Uuid;

/// How long an invitation can be accepted.
const LIFETIME: Micros = 15 * DAY;
/// Addresses at a time.
const MOST: usize = 50;
/// Mails that one administrator may have sent: invitations are no newsletter.
const PER_INVITER: Limit = Limit { hits: 500, window: DAY };

pub(in crate::accounts) fn may_give(viewer: &Viewer, role: Role) -> Result<()> {
    if viewer.may_give(role) {
        Ok(())
    } else {
        Err(Error::Forbidden("Nobody invites people to a role above their own."))
    }
}

fn invited_already(email: &str) -> String {
    format!("{email} has been invited already. Send that invitation again, or withdraw it first.")
}

/// Two administrators had the same thought.
fn taken(error: sqlx::Error, email: &str) -> Error {
    if breaks_unique(&error, "invitations_open_key", "invitations.organisation_id, invitations.email") {
        Error::field("email", invited_already(email))
    } else {
        error.into()
    }
}

fn accepted() -> Error {
    Error::Conflict {
        code: "invitation_accepted",
        message: "This invitation was accepted meanwhile. On the page of people the account can be switched off."
            .to_owned(),
    }
}

fn deed<'a>(it: &'a Invitation, action: &'static str) -> Deed<'a> {
    Deed { organisation: it.organisation, action, kind: "invitation", id: it.id.0, name: &it.email }
}

impl Accounts {
    /// Invites people: all of them, or with what is wrong none.
    ///
    /// # Errors
    /// When the viewer does not administer the organisation, or has not the role that they give; with the addresses that
    /// cannot be invited. Of an address that has an account elsewhere only superusers hear; to everybody else it looks like
    /// any other, and its owner is told when they follow the link.
    pub async fn invite(&self, outbox: &Outbox, actor: Actor<'_>, new: &NewInvitations) -> Result<Vec<Invitation>> {
        self.invite_as(outbox, actor, new, None).await
    }

    /// The same, and whoever accepts becomes a member of a project as well.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the viewer does not see the project; when they do not manage it, or it is another
    /// organisation's; as [`Accounts::invite`].
    pub async fn invite_to_project(
        &self,
        outbox: &Outbox,
        actor: Actor<'_>,
        new: &NewInvitations,
        project: ProjectId,
    ) -> Result<Vec<Invitation>> {
        must_invite(actor.viewer)?;
        let placed = projects::placed::get(self.store.as_viewer(actor.viewer), project).await?;
        if !placed.project.can_manage {
            return Err(Error::Forbidden("Only managers of the project can change its members."));
        }
        let into = new.organisation.unwrap_or(placed.organisation);
        if into != placed.organisation {
            return Err(Error::field("organisation_id", "The project belongs to another organisation."));
        }
        let new = NewInvitations { organisation: Some(into), ..new.clone() };
        self.invite_as(outbox, actor, &new, Some(project)).await
    }

    async fn invite_as(
        &self,
        outbox: &Outbox,
        actor: Actor<'_>,
        new: &NewInvitations,
        project: Option<ProjectId>,
    ) -> Result<Vec<Invitation>> {
        let viewer = actor.viewer;
        must_invite(viewer)?;
        let scope = self.store.as_viewer(viewer);
        let organisation = organisations::get(scope, new.organisation.unwrap_or(viewer.organisation)).await?;
        may_give(viewer, new.role)?;
        let emails = addresses(&new.emails)?;
        for _ in &emails {
            limits::hit(&self.store, &self.ports, &format!("invite:{}", viewer.id), PER_INVITER).await?;
        }
        let mut tx = scope.begin().await?;
        let mut problems = Vec::new();
        for email in &emails {
            problems.extend(self.obstacle(&mut tx, viewer, organisation.id, email).await?);
        }
        if !problems.is_empty() {
            let field = |message| FieldError { field: "email".to_owned(), message };
            return Err(Error::Invalid(problems.into_iter().map(field).collect()));
        }
        let now = self.ports.now();
        let mut made = Vec::with_capacity(emails.len());
        for email in emails {
            let invitation = Invitation {
                id: self.ports.id(),
                organisation: organisation.id,
                organisation_name: organisation.details.name.clone(),
                email,
                role: new.role,
                standing: Standing::Pending,
                invited_by: Some(viewer.name.clone()),
                created_at: now,
                sent_at: now,
                expires_at: now + LIFETIME,
                accepted_at: None,
            };
            let token = self.write_offer(outbox, &mut tx, viewer, &organisation, &invitation).await?;
            tx.execute(
                "INSERT INTO invitations (id, organisation_id, email, role, token_hash, invited_by, created_at, sent_at, expires_at, project_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9)",
                args![
                    invitation.id,
                    organisation.id,
                    &invitation.email,
                    new.role.as_str(),
                    token,
                    viewer.id,
                    now,
                    invitation.expires_at,
                    project
                ],
            )
            .await
            .map_err(|error| taken(error, &invitation.email))?;
            let is = json!({ "role": new.role, "project_id": project });
            audit::note(&mut tx, &self.ports, actor, deed(&invitation, "invitation.create"), None::<()>, Some(is))
                .await?;
            made.push(invitation);
        }
        tx.commit().await?;
        outbox.nudge();
        Ok(made)
    }

    /// Why an address cannot be invited. What nobody answered in time makes room for another.
    async fn obstacle(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        organisation: OrganisationId,
        email: &str,
    ) -> Result<Option<String>> {
        let home: Option<(Uuid,)> =
            tx.optional("SELECT organisation_id FROM users WHERE email = $1", args![email]).await?;
        match home {
            Some((home,)) if home == organisation.0 => {
                return Ok(Some(format!("{email} has an account in this organisation already.")));
            }
            Some(_) if viewer.is_superuser => {
                return Ok(Some(format!("{email} has an account in another organisation.")));
            }
            _ => {}
        }
        tx.execute(
            "DELETE FROM invitations WHERE organisation_id = $1 AND email = $2 AND accepted_at IS NULL AND expires_at <= $3",
            args![organisation, email, self.ports.now()],
        )
        .await?;
        let open: Option<(i64,)> = tx
            .optional(
                "SELECT created_at FROM invitations WHERE organisation_id = $1 AND email = $2 AND accepted_at IS NULL",
                args![organisation, email],
            )
            .await?;
        Ok(open.map(|_| invited_already(email)))
    }

    /// Puts the mail with a new link into the outbox; the digest of the link's token is the caller's to store.
    async fn write_offer(
        &self,
        outbox: &Outbox,
        tx: &mut Tx,
        inviter: &Viewer,
        organisation: &Organisation,
        invitation: &Invitation,
    ) -> Result<Vec<u8>> {
        let token = hex(&self.ports.secret());
        let link = format!("{}/invitation?token={token}", outbox.base_url());
        let letter = letters::Invitation {
            inviter: &inviter.name,
            organisation: &organisation.details.name,
            link: &link,
            expires_at: invitation.expires_at,
        };
        let (subject, text) = letter.write();
        let mail = NewMail {
            organisation: organisation.id,
            kind: Kind::Invitation,
            about: invitation.id.0,
            to: &invitation.email,
            subject,
            text,
            expires_at: invitation.expires_at,
        };
        outbox.put(tx, mail).await?;
        Ok(digest(&token))
    }

    /// Sends an invitation once more, with a new link and fifteen more days; the link before stops working.
    ///
    /// # Errors
    /// When it was accepted, or is above what the viewer may give.
    pub async fn send_invitation_again(
        &self,
        outbox: &Outbox,
        actor: Actor<'_>,
        id: InvitationId,
    ) -> Result<Invitation> {
        let mut invitation = self.invitation(actor.viewer, id).await?;
        may_give(actor.viewer, invitation.role)?;
        let scope = self.store.as_viewer(actor.viewer);
        let organisation = organisations::get(scope, invitation.organisation).await?;
        limits::hit(&self.store, &self.ports, &format!("invite:{}", actor.viewer.id), PER_INVITER).await?;
        let was = json!({ "expires_at": invitation.expires_at });
        let now = self.ports.now();
        (invitation.sent_at, invitation.expires_at) = (now, now + LIFETIME);
        let mut tx = scope.begin().await?;
        outbox.take_back(&mut tx, id.0).await?;
        let token = self.write_offer(outbox, &mut tx, actor.viewer, &organisation, &invitation).await?;
        let changed = tx
            .execute(
                "UPDATE invitations SET token_hash = $2, sent_at = $3, expires_at = $4 WHERE id = $1 AND accepted_at IS NULL",
                args![id, token, now, invitation.expires_at],
            )
            .await?;
        if changed == 0 {
            return Err(accepted());
        }
        let is = json!({ "expires_at": invitation.expires_at });
        audit::note(&mut tx, &self.ports, actor, deed(&invitation, "invitation.send"), Some(was), Some(is)).await?;
        tx.commit().await?;
        outbox.nudge();
        self.invitation(actor.viewer, id).await
    }

    /// Takes an invitation back; its link stops working at once.
    ///
    /// # Errors
    /// When it was accepted.
    pub async fn withdraw_invitation(&self, outbox: &Outbox, actor: Actor<'_>, id: InvitationId) -> Result<Invitation> {
        let invitation = self.invitation(actor.viewer, id).await?;
        let mut tx = self.store.as_viewer(actor.viewer).begin().await?;
        if tx.execute("DELETE FROM invitations WHERE id = $1 AND accepted_at IS NULL", args![id]).await? == 0 {
            return Err(accepted());
        }
        outbox.take_back(&mut tx, id.0).await?;
        let was = json!({ "role": invitation.role });
        audit::note(&mut tx, &self.ports, actor, deed(&invitation, "invitation.withdraw"), Some(was), None::<()>)
            .await?;
        tx.commit().await?;
        Ok(invitation)
    }
}

/// The addresses as stored, each once.
fn addresses(typed: &[String]) -> Result<Vec<String>> {
    let mut emails: Vec<String> = Vec::new();
    let mut wrong = Vec::new();
    for email in typed.iter().map(|it| normalise_email(it)).filter(|it| !it.is_empty()) {
        if !plausible_email(&email) {
            wrong.push(format!("“{}” is no e-mail address.", atrium::text::shorten(&email, 80)));
        } else if !emails.contains(&email) {
            emails.push(email);
        }
    }
    if emails.is_empty() && wrong.is_empty() {
        wrong.push("Enter an e-mail address, like ada@example.org.".to_owned());
    }
    if emails.len() + wrong.len() > MOST {
        wrong = vec![format!("Invite at most {MOST} people at a time.")];
    }
    if wrong.is_empty() {
        return Ok(emails);
    }
    let field = |message| FieldError { field: "email".to_owned(), message };
    Err(Error::Invalid(wrong.into_iter().map(field).collect()))
}
