//! Versions of models that were trained elsewhere: everybody of an organisation sees them; those who manage models record
//! them and say which one is in production. There is one at most of each name.

#[cfg(test)]
mod tests;
mod types;

pub use types::{Artifact, ArtifactForm, Stage};

use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result, breaks_unique};
use crate::ports::{Micros, Ports};
use crate::store::{List, Scope, Store, Tx, args, contains, list};
use atrium::ids::{ArtifactId, OrganisationId};
use atrium::paging::{Page, PageRequest};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use serde_json::{Map, Value};
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    organisation_id: Uuid,
    name: String,
    version: String,
    stage: String,
    storage_key: String,
    metrics: Option<String>,
    created_by: Option<Uuid>,
    creator: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl Row {
    fn into_artifact(self) -> Result<Artifact> {
        let fault = |what: &str| Error::Internal(format!("model artifact {}: {what}", self.id));
        let metrics = self.metrics.as_deref().map(serde_json::from_str::<Map<String, Value>>).transpose();
        Ok(Artifact {
            id: self.id.into(),
            stage: Stage::parse(&self.stage).ok_or_else(|| fault(&self.stage))?,
            metrics: metrics.map_err(|error| fault(&error.to_string()))?,
            name: self.name,
            version: self.version,
            storage_key: self.storage_key,
            created_by: self.created_by.map(Into::into),
            creator: self.creator,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// Which versions.
#[derive(Debug, Clone, Copy, Default)]
pub struct ArtifactFilter<'a> {
    /// A part of the name, in any case.
    pub search: Option<&'a str>,
    /// All versions of the model of that name.
    pub name: Option<&'a str>,
    /// Those that have come so far.
    pub stage: Option<Stage>,
}

const ARTIFACTS: List = list! {
    select: "m.id, m.organisation_id, m.name, m.version, m.stage, m.storage_key, m.metrics, m.created_by, u.name AS creator, m.created_at, m.updated_at",
    from: "model_artifacts m LEFT JOIN users u ON u.id = m.created_by
        WHERE m.organisation_id = COALESCE($1, m.organisation_id) AND LOWER(m.name) LIKE $2 ESCAPE '!'
            AND m.name = COALESCE($3, m.name) AND m.stage = COALESCE($4, m.stage)",
    order: "LOWER(m.name), m.created_at DESC, m.id",
    limit: "LIMIT $5 OFFSET $6",
    by: { "created" => "m.created_at" },
};

/// What limits a viewer: the organisation, unless they are a superuser.
fn reach(viewer: &Viewer) -> Option<Uuid> {
    (!viewer.is_superuser).then_some(viewer.organisation.0)
}

fn must_manage(viewer: &Viewer) -> Result<()> {
    if viewer.may(Permission::ManageModels) {
        Ok(())
    } else {
        Err(Error::Forbidden("Only engineers, analysts, managers and administrators change versions of models."))
    }
}

fn refused(error: sqlx::Error) -> Error {
    let columns = "model_artifacts.organisation_id, model_artifacts.name, model_artifacts.version";
    if breaks_unique(&error, "model_artifacts_version_key", columns) {
        Error::field("version", "There is such a version of this model already.")
    } else if breaks_unique(
        &error,
        "model_artifacts_production_key",
        "model_artifacts.organisation_id, model_artifacts.name",
    ) {
        Error::stale("model")
    } else {
        error.into()
    }
}

/// Those that the viewer sees: by name, the newest version of each first.
///
/// # Errors
/// When the database does not answer.
pub async fn page(scope: Scope<'_>, request: PageRequest, filter: ArtifactFilter<'_>) -> Result<Page<Artifact>> {
    let args = args![
        reach(scope.viewer),
        contains(filter.search.unwrap_or_default()),
        filter.name,
        filter.stage.map(Stage::as_str)
    ];
    let found: Page<Row> = scope.page(&ARTIFACTS, args, None, request).await?;
    let items = found.items.into_iter().map(Row::into_artifact).collect::<Result<_>>()?;
    Ok(Page { count: found.count, items })
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see it.
pub async fn get(scope: Scope<'_>, id: ArtifactId) -> Result<Artifact> {
    row(scope, id).await?.into_artifact()
}

async fn row(scope: Scope<'_>, id: ArtifactId) -> Result<Row> {
    let row: Option<Row> = scope
        .optional(
            "SELECT m.id, m.organisation_id, m.name, m.version, m.stage, m.storage_key, m.metrics, m.created_by, u.name AS creator, m.created_at, m.updated_at
             FROM model_artifacts m LEFT JOIN users u ON u.id = m.created_by
             WHERE m.id = $1 AND m.organisation_id = COALESCE($2, m.organisation_id)",
            args![id, reach(scope.viewer)],
        )
        .await?;
    row.ok_or(Error::NotFound("model"))
}

/// The same, for who wants to change it; and the organisation that it belongs to.
async fn managed(scope: Scope<'_>, id: ArtifactId) -> Result<(Artifact, OrganisationId)> {
    let row = row(scope, id).await?;
    must_manage(scope.viewer)?;
    let organisation = row.organisation_id.into();
    Ok((row.into_artifact()?, organisation))
}

/// Records a version. In production it takes the place of the one that was there.
///
/// # Errors
/// With what to change, or when the viewer may not record any.
pub async fn create(store: &Store, ports: &Ports, actor: Actor<'_>, form: &ArtifactForm) -> Result<Artifact> {
    let viewer = actor.viewer;
    must_manage(viewer)?;
    let form = form.check().map_err(Error::Invalid)?;
    let (id, now): (ArtifactId, Micros) = (ports.id(), ports.now());
    let scope = store.as_viewer(viewer);
    let mut tx = scope.begin().await?;
    make_way(&mut tx, ports, actor, (id, viewer.organisation), &form).await?;
    tx.execute(
        "INSERT INTO model_artifacts (id, organisation_id, name, version, stage, storage_key, metrics, created_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        args![
            id,
            viewer.organisation,
            &form.name,
            &form.version,
            form.stage.as_str(),
            &form.storage_key,
            written(&form),
            viewer.id,
            now
        ],
    )
    .await
    .map_err(refused)?;
    let called = called(&form);
    let deed = deed(viewer.organisation, "model.create", id, &called);
    audit::note(&mut tx, ports, actor, deed, None::<()>, Some(&form)).await?;
    tx.commit().await?;
    get(scope, id).await
}

/// Changes what is said of a version. `version` is the `updated_at` of what was edited.
///
/// # Errors
/// With what to change; when it was changed meanwhile; when the viewer may not.
pub async fn change(
    store: &Store,
    ports: &Ports,
    actor: Actor<'_>,
    id: ArtifactId,
    form: &ArtifactForm,
    version: Option<i64>,
) -> Result<Artifact> {
    let scope = store.as_viewer(actor.viewer);
    let (before, organisation) = managed(scope, id).await?;
    let form = form.check().map_err(Error::Invalid)?;
    let mut tx = scope.begin().await?;
    make_way(&mut tx, ports, actor, (id, organisation), &form).await?;
    let changed = tx
        .execute(
            "UPDATE model_artifacts SET name = $2, version = $3, stage = $4, storage_key = $5, metrics = $6, updated_at = $7
             WHERE id = $1 AND updated_at = COALESCE($8, updated_at)",
            args![
                id,
                &form.name,
                &form.version,
                form.stage.as_str(),
                &form.storage_key,
                written(&form),
                ports.now(),
                version
            ],
        )
        .await
        .map_err(refused)?;
    if changed == 0 {
        return Err(Error::stale("model"));
    }
    let called = called(&form);
    let action = if before.stage == form.stage { "model.change" } else { "model.stage" };
    let deed = deed(organisation, action, id, &called);
    audit::note(&mut tx, ports, actor, deed, Some(said(&before)), Some(&form)).await?;
    tx.commit().await?;
    get(scope, id).await
}

/// Changes only how far a version has come.
///
/// # Errors
/// As [`change`].
pub async fn set_stage(
    store: &Store,
    ports: &Ports,
    actor: Actor<'_>,
    id: ArtifactId,
    stage: Stage,
    version: Option<i64>,
) -> Result<Artifact> {
    let current = get(store.as_viewer(actor.viewer), id).await?;
    let seen = version.unwrap_or(current.updated_at);
    let form = ArtifactForm { stage, ..said(&current) };
    change(store, ports, actor, id, &form, Some(seen)).await
}

/// Forgets a version. What is in it stays where it lies.
///
/// # Errors
/// When the viewer does not see it or may not.
pub async fn delete(store: &Store, ports: &Ports, actor: Actor<'_>, id: ArtifactId) -> Result<()> {
    let scope = store.as_viewer(actor.viewer);
    let (before, organisation) = managed(scope, id).await?;
    let mut tx = scope.begin().await?;
    tx.execute("DELETE FROM model_artifacts WHERE id = $1", args![id]).await?;
    let before = said(&before);
    let called = called(&before);
    let deed = deed(organisation, "model.delete", id, &called);
    audit::note(&mut tx, ports, actor, deed, Some(&before), None::<()>).await?;
    tx.commit().await?;
    Ok(())
}

/// Archives the version that is in production, where another one is to take its place.
async fn make_way(
    tx: &mut Tx,
    ports: &Ports,
    actor: Actor<'_>,
    (id, organisation): (ArtifactId, OrganisationId),
    form: &ArtifactForm,
) -> Result<()> {
    if form.stage != Stage::Production {
        return Ok(());
    }
    let archived: Option<(Uuid, String)> = tx
        .optional(
            "UPDATE model_artifacts SET stage = 'archived', updated_at = $4
             WHERE organisation_id = $1 AND name = $2 AND stage = 'production' AND id <> $3 RETURNING id, version",
            args![organisation, &form.name, id, ports.now()],
        )
        .await?;
    let Some((other, version)) = archived else { return Ok(()) };
    let called = format!("{} {version}", form.name);
    let deed = deed(organisation, "model.stage", other.into(), &called);
    audit::note(tx, ports, actor, deed, Some(Stage::Production), Some(Stage::Archived)).await?;
    Ok(())
}

fn said(it: &Artifact) -> ArtifactForm {
    ArtifactForm {
        name: it.name.clone(),
        version: it.version.clone(),
        stage: it.stage,
        storage_key: it.storage_key.clone(),
        metrics: it.metrics.clone(),
    }
}

fn written(form: &ArtifactForm) -> Option<String> {
    form.metrics.clone().map(|it| Value::Object(it).to_string())
}

fn called(form: &ArtifactForm) -> String {
    format!("{} {}", form.name, form.version)
}

fn deed<'a>(organisation: OrganisationId, action: &'static str, id: ArtifactId, name: &'a str) -> Deed<'a> {
    Deed { organisation, action, kind: "model", id: id.0, name }
}
