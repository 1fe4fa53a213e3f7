//! What administrators do to people's accounts.

#[cfg(test)]
mod tests;

use super::Accounts;
use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result};
use crate::store::args;
use atrium::ids::UserId;
use atrium::people::{Profile, Role};
use atrium::permissions::Permission;
use serde::Serialize;

/// What is to be changed; what is `None` stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PersonChange {
    /// What they may do in their organisation.
    pub role: Option<Role>,
    /// Whether they may sign in.
    pub is_active: Option<bool>,
    /// Whether they rule the server: a superuser's to give and take.
    pub is_superuser: Option<bool>,
}

/// What became of a change of several people.
#[derive(Debug, Default)]
pub struct PeopleChange {
    /// Those who are changed now, as they were.
    pub changed: Vec<Profile>,
    /// How many were so already.
    pub unchanged: usize,
    /// For whom it did not work, and why.
    pub refused: Vec<(String, Error)>,
}

impl Accounts {
    /// Changes several people, each by themselves: who may not be changed keeps nobody else from it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn change_people(
        &self,
        actor: Actor<'_>,
        people: &[UserId],
        change: PersonChange,
    ) -> Result<PeopleChange> {
        let mut outcome = PeopleChange::default();
        for id in people {
            let before = match self.profile(actor.viewer, *id).await {
                Ok(before) => before,
                Err(error @ Error::NotFound(_)) => {
                    outcome.refused.push((id.to_string(), error));
                    continue;
                }
                Err(error) => return Err(error),
            };
            match self.change_person(actor, *id, change, Some(before.updated_at)).await {
                Ok(after) if after == before => outcome.unchanged += 1,
                Ok(_) => outcome.changed.push(before),
                Err(error @ (Error::Database(_) | Error::Internal(_))) => return Err(error),
                Err(error) => outcome.refused.push((before.email, error)),
            }
        }
        Ok(outcome)
    }

    /// Changes somebody's role, or switches their account on or off. Who is switched off is out at once: every session and
    /// token asks for the account.
    ///
    /// # Errors
    /// When the viewer does not administer them, or it is themselves; when they were changed meanwhile.
    pub async fn change_person(
        &self,
        actor: Actor<'_>,
        id: UserId,
        change: PersonChange,
        version: Option<i64>,
    ) -> Result<Profile> {
        let viewer = actor.viewer;
        let before = self.profile(viewer, id).await?;
        if !viewer.may(Permission::ManagePeople) {
            return Err(Error::Forbidden("Only administrators change other people's accounts."));
        }
        if (before.is_superuser || change.is_superuser.is_some()) && !viewer.is_superuser {
            return Err(Error::Forbidden("Only superusers change superusers."));
        }
        if id == viewer.id {
            return Err(Error::Conflict {
                code: "own_account",
                message: "Nobody changes their own role or switches themselves off. Ask another administrator."
                    .to_owned(),
            });
        }
        let was = PersonChange {
            role: Some(before.role),
            is_active: Some(before.is_active),
            is_superuser: Some(before.is_superuser),
        };
        let is = PersonChange {
            role: change.role.or(was.role),
            is_active: change.is_active.or(was.is_active),
            is_superuser: change.is_superuser.or(was.is_superuser),
        };
        // What is so already is neither a change nor a line of the log.
        if is == was && version.is_none_or(|it| it == before.updated_at) {
            return Ok(before);
        }
        let scope = self.store.as_viewer(viewer);
        let mut tx = scope.begin().await?;
        let changed = tx
            .execute(
                "UPDATE users SET role = COALESCE($2, role), is_active = COALESCE($3, is_active), is_superuser = COALESCE($4, is_superuser), updated_at = $5
                 WHERE id = $1 AND updated_at = COALESCE($6, updated_at)",
                args![
                    id,
                    change.role.map(Role::as_str),
                    change.is_active,
                    change.is_superuser,
                    self.ports.now(),
                    version
                ],
            )
            .await?;
        if changed == 0 {
            return Err(Error::stale("account"));
        }
        let deed = Deed {
            organisation: before.organisation,
            action: "user.change",
            kind: "user",
            id: id.0,
            name: &before.email,
        };
        audit::note(&mut tx, &self.ports, actor, deed, Some(was), Some(is)).await?;
        tx.commit().await?;
        self.profile(viewer, id).await
    }
}
