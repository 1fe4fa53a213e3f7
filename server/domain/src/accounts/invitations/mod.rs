//! Invitations: administrators offer a place in their organisation, by a link that makes one account.

mod accept;
mod invite;
#[cfg(test)]
mod tests;

pub(super) use invite::may_give;

use super::Accounts;
use crate::error::{Error, Result};
use crate::store::{args, contains};
use atrium::ids::{InvitationId, OrganisationId};
use atrium::paging::{Page, PageRequest};
use atrium::people::{Role, Viewer};
use atrium::permissions::Permission;
use uuid::Uuid;

/// Where an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It can be accepted.
    Pending,
    /// Somebody came.
    Accepted,
    /// Nobody came in time.
    Expired,
}

impl Standing {
    /// As shown and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Expired => "expired",
        }
    }
}

/// An invitation, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Which.
    pub id: InvitationId,
    /// Where to.
    pub organisation: OrganisationId,
    /// What that is called.
    pub organisation_name: String,
    /// Who.
    pub email: String,
    /// As what.
    pub role: Role,
    /// Where it stands.
    pub standing: Standing,
    /// Whoever invited, if they are still there.
    pub invited_by: Option<String>,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// When it was last sent. Microseconds since 1970.
    pub sent_at: i64,
    /// Microseconds since 1970.
    pub expires_at: i64,
    /// Microseconds since 1970.
    pub accepted_at: Option<i64>,
}

/// Whom to invite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvitations {
    /// One address or several.
    pub emails: Vec<String>,
    /// As what.
    pub role: Role,
    /// Where to, if not into one's own organisation: a superuser's to say.
    pub organisation: Option<OrganisationId>,
}

/// What an invitation tells whoever holds its link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Whom it is for.
    pub email: String,
    /// What they join.
    pub organisation: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    organisation_id: Uuid,
    organisation: String,
    email: String,
    role: String,
    invited_by: Option<String>,
    created_at: i64,
    sent_at: i64,
    expires_at: i64,
    accepted_at: Option<i64>,
}

impl Row {
    fn into_invitation(self, now: i64) -> Result<Invitation> {
        let role = Role::parse(&self.role)
            .ok_or_else(|| Error::Internal(format!("invitation {} has the unknown role {}", self.id, self.role)))?;
        let standing = match self.accepted_at {
            Some(_) => Standing::Accepted,
            None if self.expires_at <= now => Standing::Expired,
            None => Standing::Pending,
        };
        Ok(Invitation {
            id: self.id.into(),
            organisation: self.organisation_id.into(),
            organisation_name: self.organisation,
            email: self.email,
            role,
            standing,
            invited_by: self.invited_by,
            created_at: self.created_at,
            sent_at: self.sent_at,
            expires_at: self.expires_at,
            accepted_at: self.accepted_at,
        })
    }
}

fn must_invite(viewer: &Viewer) -> Result<()> {
    if viewer.may(Permission::ManagePeople) {
        Ok(())
    } else {
        Err(Error::Forbidden("Only administrators invite people."))
    }
}

fn reach(viewer: &Viewer) -> Option<Uuid> {
    (!viewer.is_superuser).then_some(viewer.organisation.0)
}

impl Accounts {
    /// A page of the invitations that the viewer sees, newest first; `search` is a part of the address.
    ///
    /// # Errors
    /// When the viewer is no administrator.
    pub async fn invitations(
        &self,
        viewer: &Viewer,
        page: PageRequest,
        search: Option<&str>,
    ) -> Result<Page<Invitation>> {
        must_invite(viewer)?;
        let (only, pattern) = (reach(viewer), contains(search.unwrap_or_default()));
        let scope = self.store.as_viewer(viewer);
        let count: Option<(i64,)> = scope
            .optional(
                "SELECT COUNT(*) FROM invitations WHERE organisation_id = COALESCE($1, organisation_id) AND email LIKE $2 ESCAPE '!'",
                args![only, &pattern],
            )
            .await?;
        let rows: Vec<Row> = scope
            .all(
                "SELECT i.id, i.organisation_id, o.name AS organisation, i.email, i.role, u.name AS invited_by, i.created_at, i.sent_at, i.expires_at, i.accepted_at
                 FROM invitations i JOIN organisations o ON o.id = i.organisation_id LEFT JOIN users u ON u.id = i.invited_by
                 WHERE i.organisation_id = COALESCE($1, i.organisation_id) AND i.email LIKE $2 ESCAPE '!'
                 ORDER BY i.created_at DESC, i.id DESC LIMIT $3 OFFSET $4",
                args![only, &pattern, page.limit(), page.offset()],
            )
            .await?;
        let now = self.ports.now();
        let items = rows.into_iter().map(|it| it.into_invitation(now)).collect::<Result<_>>()?;
        Ok(Page { count: count.map_or(0, |it| it.0), items })
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is another organisation's.
    pub async fn invitation(&self, viewer: &Viewer, id: InvitationId) -> Result<Invitation> {
        must_invite(viewer)?;
        let row: Option<Row> = self
            .store
            .as_viewer(viewer)
            .optional(
                "SELECT i.id, i.organisation_id, o.name AS organisation, i.email, i.role, u.name AS invited_by, i.created_at, i.sent_at, i.expires_at, i.accepted_at
                 FROM invitations i JOIN organisations o ON o.id = i.organisation_id LEFT JOIN users u ON u.id = i.invited_by
                 WHERE i.id = $1 AND i.organisation_id = COALESCE($2, i.organisation_id)",
                args![id, reach(viewer)],
            )
            .await?;
        row.ok_or(Error::NotFound("invitation"))?.into_invitation(self.ports.now())
    }
}
