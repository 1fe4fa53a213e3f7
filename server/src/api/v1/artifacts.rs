//! Versions of models, and which one is in production.

use crate::api::body::{ApiJson, ApiPath, ApiQuery, present};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, listing};
use crate::api::time::iso;
use crate::api::version::{IfMatch, Versioned};
use crate::web::App;
use atrium::ids::ArtifactId;
use atrium_domain::artifacts::{self, Artifact as Known, ArtifactFilter, ArtifactForm, Stage};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A version of a model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "name": "churn", "version": "2.1.0", "stage": "production",
    "storage_key": "s3://models/churn/2.1.0", "metrics": { "auc": 0.91 }, "created_by": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e20",
    "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z"
}))]
pub struct ModelArtifact {
    id: Uuid,
    name: String,
    /// Unique together with the name, in its organisation.
    version: String,
    /// One version of each name is in production.
    #[schema(value_type = StageName)]
    stage: &'static str,
    /// Where what is in it lies.
    storage_key: String,
    /// What was measured of it.
    #[schema(value_type = Option<Object>)]
    metrics: Option<Map<String, Value>>,
    created_by: Option<Uuid>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// How far a version has come.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StageName {
    #[default]
    Staging,
    Production,
    Archived,
}

impl From<StageName> for Stage {
    fn from(it: StageName) -> Self {
        match it {
            StageName::Staging => Self::Staging,
            StageName::Production => Self::Production,
            StageName::Archived => Self::Archived,
        }
    }
}

/// A version to be recorded.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "name": "churn", "version": "2.1.0", "storage_key": "s3://models/churn/2.1.0", "metrics": { "auc": 0.91 } }))]
pub struct NewModelArtifact {
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    #[schema(min_length = 1, max_length = 60)]
    version: String,
    #[schema(min_length = 1, max_length = 1000)]
    storage_key: String,
    #[serde(default)]
    #[schema(required = false)]
    stage: StageName,
    #[serde(default)]
    #[schema(required = false, value_type = Option<Object>)]
    metrics: Option<Map<String, Value>>,
}

/// What to change; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(example = json!({ "stage": "production" }))]
pub struct ModelArtifactChange {
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 120)]
    name: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 60)]
    version: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 1000)]
    storage_key: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = StageName, required = false)]
    stage: Option<StageName>,
    /// `null` for none.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Object>, required = false)]
    metrics: Option<Option<Map<String, Value>>>,
}

/// Which versions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct StageQuery {
    /// Only those that have come so far.
    #[param(inline, required = false)]
    stage: Option<StageName>,
}

impl From<Known> for ModelArtifact {
    fn from(it: Known) -> Self {
        Self {
            id: it.id.0,
            name: it.name,
            version: it.version,
            stage: it.stage.as_str(),
            storage_key: it.storage_key,
            metrics: it.metrics,
            created_by: it.created_by.map(Into::into),
            created_at: iso(it.created_at),
            updated_at: iso(it.updated_at),
        }
    }
}

fn versioned(status: StatusCode, it: Known) -> Versioned<ModelArtifact> {
    Versioned(status, it.updated_at, it.into())
}

/// List versions of models
#[utoipa::path(get, path = "/api/v1/analytics/models", tag = "Models", params(ListQuery, StageQuery), responses((status = 200, description = "A page: by name, the newest version of each first", body = Listing<ModelArtifact>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
    ApiQuery(of): ApiQuery<StageQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<ModelArtifact>>> {
    let request = query.page()?;
    let filter = ArtifactFilter { search: query.search.as_deref(), name: None, stage: of.stage.map(Into::into) };
    let page = artifacts::page(app.atrium.store.as_viewer(&caller.viewer), request, filter).await?;
    Ok(Json(listing(&app, &parts, request, page.map(ModelArtifact::from))))
}

/// Record a version of a model
///
/// For engineers, analysts, managers and administrators. In production it takes the place of the version that was there.
#[utoipa::path(post, path = "/api/v1/analytics/models", tag = "Models", request_body = NewModelArtifact, responses((status = 201, description = "Recorded", body = ModelArtifact, headers(("ETag" = String, description = "The version")))))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewModelArtifact>,
) -> ApiResult<Versioned<ModelArtifact>> {
    let form = ArtifactForm {
        name: new.name,
        version: new.version,
        stage: new.stage.into(),
        storage_key: new.storage_key,
        metrics: new.metrics,
    };
    let made = artifacts::create(&app.atrium.store, &app.atrium.ports, caller.actor(), &form).await?;
    Ok(versioned(StatusCode::CREATED, made))
}

/// Get a version of a model
#[utoipa::path(get, path = "/api/v1/analytics/models/{id}", tag = "Models", params(("id" = Uuid, Path)), responses((status = 200, description = "The version", body = ModelArtifact, headers(("ETag" = String, description = "The version")))))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ArtifactId>,
) -> ApiResult<Versioned<ModelArtifact>> {
    Ok(versioned(StatusCode::OK, artifacts::get(app.atrium.store.as_viewer(&caller.viewer), id).await?))
}

/// Change a version of a model
///
/// For engineers, analysts, managers and administrators. One that goes into production archives the one that was there.
#[utoipa::path(patch, path = "/api/v1/analytics/models/{id}", tag = "Models", params(("id" = Uuid, Path)), request_body = ModelArtifactChange, responses((status = 200, description = "Changed", body = ModelArtifact, headers(("ETag" = String, description = "The version")))))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ArtifactId>,
    version: IfMatch,
    ApiJson(change): ApiJson<ModelArtifactChange>,
) -> ApiResult<Versioned<ModelArtifact>> {
    let atrium = &app.atrium;
    let current = artifacts::get(atrium.store.as_viewer(&caller.viewer), id).await?;
    let form = ArtifactForm {
        name: change.name.unwrap_or(current.name),
        version: change.version.unwrap_or(current.version),
        stage: change.stage.map_or(current.stage, Into::into),
        storage_key: change.storage_key.unwrap_or(current.storage_key),
        metrics: change.metrics.unwrap_or(current.metrics),
    };
    let seen = version.0.unwrap_or(current.updated_at);
    let changed = artifacts::change(&atrium.store, &atrium.ports, caller.actor(), id, &form, Some(seen)).await;
    Ok(versioned(StatusCode::OK, changed.map_err(|error| version.refuse(error))?))
}

/// Forget a version of a model
///
/// For engineers, analysts, managers and administrators. What is in it stays where it lies.
#[utoipa::path(delete, path = "/api/v1/analytics/models/{id}", tag = "Models", params(("id" = Uuid, Path)), responses((status = 204, description = "Forgotten")))]
pub async fn delete(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<ArtifactId>) -> ApiResult<StatusCode> {
    artifacts::delete(&app.atrium.store, &app.atrium.ports, caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
