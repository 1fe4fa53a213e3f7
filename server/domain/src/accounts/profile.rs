//! What people say of themselves, and who may read it.

use super::impersonation::must_be_themselves;
use super::sign_ins::Here;
use super::{Accounts, SELECT_BY_ID, UserRow, taken};
use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result};
use crate::store::{List, args, contains, list};
use atrium::failure::Checks;
use atrium::ids::{OrganisationId, UserId};
use atrium::paging::{Page, PageRequest, Sort};
use atrium::people::{Profile, ProfileChange, Role, Viewer, check_password, normalise_email};
use atrium::permissions::Permission;
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    organisation_id: Uuid,
    email: String,
    username: String,
    name: String,
    job_title: String,
    department: String,
    role: String,
    is_superuser: bool,
    is_active: bool,
    created_at: i64,
    updated_at: i64,
    last_login_at: Option<i64>,
    avatar: Option<String>,
}

impl Row {
    fn into_profile(self) -> Result<Profile> {
        let role = Role::parse(&self.role)
            .ok_or_else(|| Error::Internal(format!("user {} has the unknown role {}", self.id, self.role)))?;
        Ok(Profile {
            id: self.id.into(),
            organisation: self.organisation_id.into(),
            email: self.email,
            username: self.username,
            name: self.name,
            job_title: self.job_title,
            department: self.department,
            role,
            is_superuser: self.is_superuser,
            is_active: self.is_active,
            created_at: self.created_at,
            updated_at: self.updated_at,
            last_login_at: self.last_login_at,
            avatar: self.avatar,
        })
    }
}

/// Whom somebody sees: themselves; administrators their organisation; superusers everyone.
fn reach(viewer: &Viewer) -> (Option<Uuid>, Option<Uuid>) {
    if viewer.is_superuser {
        (None, None)
    } else if viewer.may(Permission::SeePeople) {
        (Some(viewer.organisation.0), None)
    } else {
        (Some(viewer.organisation.0), Some(viewer.id.0))
    }
}

/// Which people, and in which order.
#[derive(Debug, Clone, Copy, Default)]
pub struct PeopleFilter<'a> {
    /// A part of name, address or user name.
    pub search: Option<&'a str>,
    /// Only those of that role.
    pub role: Option<Role>,
    /// Only those who may sign in, or who may not.
    pub is_active: Option<bool>,
    /// Only those of one organisation.
    pub organisation: Option<OrganisationId>,
    /// Only those of the department of that name.
    pub department: Option<&'a str>,
    /// Only the viewer, whoever else they may see.
    pub is_oneself: bool,
    /// One of [`PEOPLE_COLUMNS`].
    pub sort: Option<Sort>,
}

/// What people can be sorted by.
pub const PEOPLE_COLUMNS: &[&str] =
    &["name", "email", "role", "joined", "last_sign_in", "username", "job_title", "department"];

const PEOPLE: List = list! {
    select: "id, organisation_id, email, username, name, job_title, department, role, is_superuser, is_active, created_at, updated_at, last_login_at, (SELECT hash FROM avatars WHERE user_id = users.id) AS avatar",
    from: "users WHERE organisation_id = COALESCE($1, organisation_id) AND id = COALESCE($2, id)
        AND LOWER(name || ' ' || email || ' ' || username) LIKE $3 ESCAPE '!'
        AND role = COALESCE($4, role) AND is_active = COALESCE($5, is_active) AND organisation_id = COALESCE($6, organisation_id)
        AND LOWER(department) = COALESCE($7, LOWER(department))",
    order: "LOWER(name), id",
    limit: "LIMIT $8 OFFSET $9",
    by: {
        "name" => "LOWER(name)",
        "email" => "email",
        "role" => "role",
        "joined" => "created_at",
        "last_sign_in" => "COALESCE(last_login_at, 0)",
        "username" => "username",
        "job_title" => "LOWER(job_title)",
        "department" => "LOWER(department)",
    },
};

impl Accounts {
    /// A person, if the viewer may see them.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is nobody whom they may see.
    pub async fn profile(&self, viewer: &Viewer, id: UserId) -> Result<Profile> {
        let (organisation, person) = reach(viewer);
        let row: Option<Row> = self
            .store
            .as_viewer(viewer)
            .optional(
                "SELECT id, organisation_id, email, username, name, job_title, department, role, is_superuser, is_active, created_at, updated_at, last_login_at,
                    (SELECT hash FROM avatars WHERE user_id = users.id) AS avatar
                 FROM users WHERE id = $1 AND organisation_id = COALESCE($2, organisation_id) AND id = COALESCE($3, id)",
                args![id, organisation, person],
            )
            .await?;
        row.ok_or(Error::NotFound("user"))?.into_profile()
    }

    /// The people whom the viewer may see, by name unless `filter` says otherwise.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn people(&self, viewer: &Viewer, page: PageRequest, filter: PeopleFilter<'_>) -> Result<Page<Profile>> {
        let (organisation, person) = reach(viewer);
        let args = args![
            organisation,
            if filter.is_oneself { Some(viewer.id.0) } else { person },
            contains(filter.search.unwrap_or_default()),
            filter.role.map(Role::as_str),
            filter.is_active,
            filter.organisation,
            filter.department.map(str::to_lowercase),
        ];
        let found: Page<Row> = self.store.as_viewer(viewer).page(&PEOPLE, args, filter.sort, page).await?;
        let items = found.items.into_iter().map(Row::into_profile).collect::<Result<_>>()?;
        Ok(Page { count: found.count, items })
    }

    /// Changes what somebody says of themselves. `version` is the `updated_at` of what was edited.
    ///
    /// # Errors
    /// With what to change; when it was changed meanwhile.
    pub async fn change_profile(
        &self,
        viewer: &Viewer,
        change: &ProfileChange,
        version: Option<i64>,
    ) -> Result<Profile> {
        if change.username.is_some() {
            must_be_themselves(viewer)?;
        }
        change.check(&viewer.email).map_err(Error::Invalid)?;
        let text = |value: &Option<String>| value.as_deref().map(atrium::text::line);
        let username = change.username.as_deref().map(normalise_email);
        let changed = self
            .store
            .as_viewer(viewer)
            .execute(
                "UPDATE users SET name = COALESCE($2, name), username = COALESCE($3, username), job_title = COALESCE($4, job_title),
                    department = COALESCE($5, department), updated_at = $6
                 WHERE id = $1 AND updated_at = COALESCE($7, updated_at)",
                args![
                    viewer.id,
                    text(&change.name),
                    username,
                    text(&change.job_title),
                    text(&change.department),
                    self.ports.now(),
                    version
                ],
            )
            .await
            .map_err(taken)?;
        if changed == 0 {
            return Err(Error::stale("profile"));
        }
        self.profile(viewer, viewer.id).await
    }

    /// Changes one's own password. Whoever calls ends the other sessions and tokens.
    ///
    /// # Errors
    /// When the current one is wrong, or with what to change.
    pub async fn change_password(&self, viewer: &Viewer, current: &str, new: &str) -> Result<()> {
        must_be_themselves(viewer)?;
        let mut checks = Checks::default();
        check_password(&mut checks, "new_password", new, &viewer.email);
        checks.done().map_err(Error::Invalid)?;
        let scope = self.store.as_viewer(viewer);
        let row: Option<UserRow> = scope.optional(SELECT_BY_ID, args![viewer.id]).await?;
        self.may_try(&viewer.email).await?;
        if !self.hasher.verify(row.map(|it| it.password_hash), current.to_owned()).await? {
            return Err(Error::field("current_password", "This is not your current password."));
        }
        let hash = self.hasher.hash(new.to_owned()).await?;
        scope
            .execute(
                "UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1",
                args![viewer.id, hash, self.ports.now()],
            )
            .await?;
        Ok(())
    }

    /// Replaces one's own password on the strength of being signed in, for older clients that ask for no more, and ends
    /// the other sessions and tokens. `here` is the one that asks.
    ///
    /// # Errors
    /// With what to change.
    pub async fn replace_password(&self, actor: Actor<'_>, new: &str, here: &Here) -> Result<()> {
        let viewer = actor.viewer;
        must_be_themselves(viewer)?;
        let mut checks = Checks::default();
        check_password(&mut checks, "password", new, &viewer.email);
        checks.done().map_err(Error::Invalid)?;
        let hash = self.hasher.hash(new.to_owned()).await?;
        let mut tx = self.store.as_viewer(viewer).begin().await?;
        tx.execute(
            "UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1",
            args![viewer.id, hash, self.ports.now()],
        )
        .await?;
        let deed = Deed {
            organisation: viewer.organisation,
            action: "user.replace_password",
            kind: "user",
            id: viewer.id.0,
            name: &viewer.email,
        };
        audit::note(&mut tx, &self.ports, actor, deed, None::<()>, None::<()>).await?;
        tx.commit().await?;
        self.end_other_sign_ins(viewer, here).await.map(drop)
    }
}
