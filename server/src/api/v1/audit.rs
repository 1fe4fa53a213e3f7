//! The audit log.

use crate::api::body::ApiQuery;
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, SortQuery, listing};
use crate::api::time::iso;
use crate::web::App;
use atrium_domain::Error;
use atrium_domain::audit::{self, AuditFilter, Entry as Known};
use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Something that somebody did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "organisation_id": "00000000-0000-0000-0000-000000000001",
    "actor_id": "0190d3b8-0000-7c3e-9f10-2a4b6c8d0e1f", "actor": "ada@example.org", "action": "project.change", "subject_kind": "project",
    "subject_id": "0190d3b8-1111-7c3e-9f10-2a4b6c8d0e1f", "subject": "Tides", "before": { "name": "Moons" }, "after": { "name": "Tides" },
    "address": "192.0.2.7", "created_at": "2026-01-31T12:00:00Z"
}))]
pub struct AuditEntry {
    id: Uuid,
    organisation_id: Uuid,
    actor_id: Uuid,
    /// Their address at that moment.
    actor: String,
    action: String,
    subject_kind: String,
    subject_id: Option<Uuid>,
    /// What it was called at that moment.
    subject: String,
    /// What changed, as it was.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// What changed, as it is.
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
    /// Where the request came from.
    address: String,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Known> for AuditEntry {
    fn from(it: Known) -> Self {
        let json = |text: Option<String>| text.and_then(|it| serde_json::from_str(&it).ok());
        Self {
            id: it.id,
            organisation_id: it.organisation.0,
            actor_id: it.actor_id,
            actor: it.actor,
            action: it.action,
            subject_kind: it.subject_kind,
            subject_id: it.subject_id,
            subject: it.subject,
            before: json(it.before),
            after: json(it.after),
            address: it.address,
            created_at: iso(it.created_at),
        }
    }
}

/// Characters of the name of a kind.
const KIND_MAX: usize = 40;

/// Which lines.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only what was done to this kind of thing: `user`, `project`, `conversation`, …
    #[param(max_length = 40, required = false, example = "user")]
    subject_kind: Option<String>,
    /// Only those of one organisation.
    #[param(required = false)]
    organisation_id: Option<Uuid>,
}

/// List the audit log
///
/// For administrators, of their organisation; for superusers, of all. `sort` is one of `when`, `who`, `what`.
#[utoipa::path(get, path = "/api/v1/audit-log", tag = "Audit log", params(ListQuery, AuditQuery, SortQuery), responses((status = 200, description = "A page, newest first unless `sort` says otherwise", body = Listing<AuditEntry>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
    ApiQuery(which): ApiQuery<AuditQuery>,
    ApiQuery(order): ApiQuery<SortQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<AuditEntry>>> {
    let request = query.page()?;
    if which.subject_kind.as_deref().is_some_and(|it| it.chars().count() > KIND_MAX) {
        return Err(Error::field("subject_kind", format!("Use at most {KIND_MAX} characters.")).into());
    }
    let filter = AuditFilter {
        search: query.search.as_deref(),
        kind: which.subject_kind.as_deref(),
        organisation: which.organisation_id.map(Into::into),
        sort: order.sort(audit::COLUMNS)?,
        ..AuditFilter::default()
    };
    let page = audit::page(&app.atrium.store, &caller.viewer, request, filter).await?;
    let seen = page.items.iter().map(|it| it.organisation);
    audit::note_look(&app.atrium.store, &app.atrium.ports, caller.actor(), "changes", seen).await?;
    Ok(Json(listing(&app, &parts, request, page.map(AuditEntry::from))))
}
