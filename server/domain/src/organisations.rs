//! Organisations: everybody sees their own, superusers all of them.

use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result, breaks_unique};
use crate::ports::Ports;
use crate::store::{List, Scope, Store, args, contains, list};
use atrium::ids::OrganisationId;
use atrium::organisations::{Organisation, OrganisationForm};
use atrium::paging::{Page, PageRequest, Sort};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    contact_name: String,
    contact_email: String,
    contact_phone: String,
    address: String,
    people: i64,
    projects: i64,
    created_at: i64,
    updated_at: i64,
}

impl From<Row> for Organisation {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            details: OrganisationForm {
                name: row.name,
                contact_name: row.contact_name,
                contact_email: row.contact_email,
                contact_phone: row.contact_phone,
                address: row.address,
            },
            people: row.people,
            projects: row.projects,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

fn reach(viewer: &Viewer) -> Option<Uuid> {
    (!viewer.is_superuser).then_some(viewer.organisation.0)
}

fn taken(error: sqlx::Error) -> Error {
    if breaks_unique(&error, "organisations_name_key", "organisations_name_key") {
        Error::field("name", "There is another organisation of this name.")
    } else {
        error.into()
    }
}

/// What organisations can be sorted by.
pub const COLUMNS: &[&str] = &["name", "people", "projects", "made"];

const ORGANISATIONS: List = list! {
    select: "id, name, contact_name, contact_email, contact_phone, address, created_at, updated_at,
        (SELECT COUNT(*) FROM users u WHERE u.organisation_id = organisations.id) AS people,
        (SELECT COUNT(*) FROM projects p WHERE p.organisation_id = organisations.id AND p.deleted_at IS NULL) AS projects",
    from: "organisations WHERE deleted_at IS NULL AND id = COALESCE($1, id) AND LOWER(name) LIKE $2 ESCAPE '!'",
    order: "LOWER(name), id",
    limit: "LIMIT $3 OFFSET $4",
    by: { "name" => "LOWER(name)", "people" => "people", "projects" => "projects", "made" => "created_at" },
};

/// Those that the viewer sees, by name unless somebody says otherwise.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    scope: Scope<'_>,
    page: PageRequest,
    search: Option<&str>,
    sort: Option<Sort>,
) -> Result<Page<Organisation>> {
    let args = args![reach(scope.viewer), contains(search.unwrap_or_default())];
    let found: Page<Row> = scope.page(&ORGANISATIONS, args, sort, page).await?;
    Ok(found.map(Into::into))
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] when it is not the viewer's.
pub async fn get(scope: Scope<'_>, id: OrganisationId) -> Result<Organisation> {
    let row: Option<Row> = scope
        .optional(
            "SELECT id, name, contact_name, contact_email, contact_phone, address, created_at, updated_at,
                (SELECT COUNT(*) FROM users u WHERE u.organisation_id = organisations.id) AS people,
                (SELECT COUNT(*) FROM projects p WHERE p.organisation_id = organisations.id AND p.deleted_at IS NULL) AS projects
             FROM organisations WHERE id = $1 AND id = COALESCE($2, id) AND deleted_at IS NULL",
            args![id, reach(scope.viewer)],
        )
        .await?;
    Ok(row.ok_or(Error::NotFound("organisation"))?.into())
}

/// A new tenant: a superuser's to make.
///
/// # Errors
/// With what to change, or when the viewer is no superuser.
pub async fn create(store: &Store, ports: &Ports, actor: Actor<'_>, form: &OrganisationForm) -> Result<Organisation> {
    if !actor.viewer.is_superuser {
        return Err(Error::Forbidden("Only superusers make organisations."));
    }
    let form = form.check().map_err(Error::Invalid)?;
    let id: OrganisationId = ports.id();
    let scope = store.as_viewer(actor.viewer);
    let mut tx = scope.begin().await?;
    tx.execute(
        "INSERT INTO organisations (id, name, contact_name, contact_email, contact_phone, address, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        args![id, &form.name, &form.contact_name, &form.contact_email, &form.contact_phone, &form.address, ports.now()],
    )
    .await
    .map_err(taken)?;
    let deed =
        Deed { organisation: id, action: "organisation.create", kind: "organisation", id: id.0, name: &form.name };
    audit::note(&mut tx, ports, actor, deed, None::<()>, Some(&form)).await?;
    tx.commit().await?;
    get(scope, id).await
}

/// Changes what is said of it. `version` is the `updated_at` of what was edited.
///
/// # Errors
/// With what to change; when it was changed meanwhile; when the viewer does not administer it.
pub async fn change(
    store: &Store,
    ports: &Ports,
    actor: Actor<'_>,
    id: OrganisationId,
    form: &OrganisationForm,
    version: Option<i64>,
) -> Result<Organisation> {
    let scope = store.as_viewer(actor.viewer);
    let before = get(scope, id).await?;
    if !actor.viewer.may(Permission::ManageOrganisation) {
        return Err(Error::Forbidden("Only administrators change their organisation."));
    }
    let form = form.check().map_err(Error::Invalid)?;
    let mut tx = scope.begin().await?;
    let changed = tx
        .execute(
            "UPDATE organisations SET name = $2, contact_name = $3, contact_email = $4, contact_phone = $5, address = $6, updated_at = $7
             WHERE id = $1 AND updated_at = COALESCE($8, updated_at)",
            args![
                id,
                &form.name,
                &form.contact_name,
                &form.contact_email,
                &form.contact_phone,
                &form.address,
                ports.now(),
                version
            ],
        )
        .await
        .map_err(taken)?;
    if changed == 0 {
        return Err(Error::stale("organisation"));
    }
    let deed =
        Deed { organisation: id, action: "organisation.change", kind: "organisation", id: id.0, name: &form.name };
    audit::note(&mut tx, ports, actor, deed, Some(&before.details), Some(&form)).await?;
    tx.commit().await?;
    get(scope, id).await
}

/// Deletes a tenant that has nobody left, and no projects: a superuser's to do. Its audit log stays.
///
/// # Errors
/// When the viewer does not see it or is no superuser; when there is still somebody or something in it.
pub async fn delete(store: &Store, ports: &Ports, actor: Actor<'_>, id: OrganisationId) -> Result<()> {
    let scope = store.as_viewer(actor.viewer);
    let before = get(scope, id).await?;
    if !actor.viewer.is_superuser {
        return Err(Error::Forbidden("Only superusers delete organisations."));
    }
    let mut tx = scope.begin().await?;
    let deleted = tx
        .execute(
            "UPDATE organisations SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM users u WHERE u.organisation_id = $1)
                AND NOT EXISTS (SELECT 1 FROM projects p WHERE p.organisation_id = $1 AND p.deleted_at IS NULL)",
            args![id, ports.now()],
        )
        .await?;
    if deleted == 0 {
        return Err(Error::Conflict {
            code: "not_empty",
            message: "There are still people or projects in this organisation. Only an empty one is deleted."
                .to_owned(),
        });
    }
    tx.execute("DELETE FROM invitations WHERE organisation_id = $1", args![id]).await?;
    let deed = Deed {
        organisation: id,
        action: "organisation.delete",
        kind: "organisation",
        id: id.0,
        name: &before.details.name,
    };
    audit::note(&mut tx, ports, actor, deed, Some(&before.details), None::<()>).await?;
    tx.commit().await?;
    Ok(())
}
