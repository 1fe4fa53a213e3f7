//! Organisations: everybody sees their own, superusers all of them.

use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result, breaks_unique};
use crate::ports::Ports;
use crate::store::{Scope, Store, args, contains};
use atrium::ids::OrganisationId;
use atrium::organisations::{Organisation, OrganisationForm};
use atrium::paging::{Page, PageRequest};
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

/// Those that the viewer sees, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn page(scope: Scope<'_>, page: PageRequest, search: Option<&str>) -> Result<Page<Organisation>> {
    let (only, pattern) = (reach(scope.viewer), contains(search.unwrap_or_default()));
    let count: Option<(i64,)> = scope
        .optional(
            "SELECT COUNT(*) FROM organisations WHERE id = COALESCE($1, id) AND LOWER(name) LIKE $2 ESCAPE '!'",
            args![only, &pattern],
        )
        .await?;
    let rows: Vec<Row> = scope
        .all(
            "SELECT id, name, contact_name, contact_email, contact_phone, address, created_at, updated_at FROM organisations
             WHERE id = COALESCE($1, id) AND LOWER(name) LIKE $2 ESCAPE '!' ORDER BY LOWER(name), id LIMIT $3 OFFSET $4",
            args![only, &pattern, page.limit(), page.offset()],
        )
        .await?;
    Ok(Page { count: count.map_or(0, |it| it.0), items: rows.into_iter().map(Into::into).collect() })
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] when it is not the viewer's.
pub async fn get(scope: Scope<'_>, id: OrganisationId) -> Result<Organisation> {
    let row: Option<Row> = scope
        .optional(
            "SELECT id, name, contact_name, contact_email, contact_phone, address, created_at, updated_at FROM organisations WHERE id = $1 AND id = COALESCE($2, id)",
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
