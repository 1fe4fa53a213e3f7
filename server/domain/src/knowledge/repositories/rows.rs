//! Repositories as they are stored and shown.

use super::super::bases;
use crate::error::{Error, Result};
use crate::seal::Seal;
use crate::store::{Scope, args};
use atrium::ids::{BaseId, RepositoryId};
use atrium::knowledge::{Repository, Skipped, Work, WorkState};
use atrium::paging::{Page, PageRequest};
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    base_id: Uuid,
    url: String,
    branch: String,
    username: String,
    has_token: bool,
    every_minutes: Option<i64>,
    work_state: Option<String>,
    work_reason: Option<String>,
    progress: Option<i64>,
    total: Option<i64>,
    commit_id: Option<String>,
    commit_message: String,
    committed_at: Option<i64>,
    fetched_at: Option<i64>,
    document_count: i64,
    skipped: String,
    created_by: Uuid,
    created_at: i64,
    updated_at: i64,
}

impl Row {
    fn into_repository(self, seal: &Seal, can_change: bool) -> Repository {
        let skipped: BTreeMap<String, i64> = serde_json::from_str(&self.skipped).unwrap_or_default();
        Repository {
            id: self.id.into(),
            base: self.base_id.into(),
            url: self.url,
            branch: self.branch,
            username: seal.open(&self.username).unwrap_or_default(),
            has_token: self.has_token,
            every_minutes: self.every_minutes,
            work: Work {
                state: self.work_state.as_deref().and_then(WorkState::parse).unwrap_or_default(),
                reason: self.work_reason.unwrap_or_default(),
            },
            progress: self.progress.unwrap_or_default(),
            total: self.total.unwrap_or_default(),
            commit: self.commit_id,
            commit_message: self.commit_message,
            committed_at: self.committed_at,
            fetched_at: self.fetched_at,
            document_count: self.document_count,
            skipped: skipped.into_iter().map(|(reason, count)| Skipped { reason, count }).collect(),
            can_change,
            created_by: self.created_by.into(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The repositories of a base, by address.
///
/// # Errors
/// When the viewer does not see the base.
pub async fn page(scope: Scope<'_>, seal: &Seal, base: BaseId, page: PageRequest) -> Result<Page<Repository>> {
    let can_change = bases::known(scope, base).await?.can_change;
    let count: Option<(i64,)> =
        scope.optional("SELECT COUNT(*) FROM repositories WHERE base_id = $1", args![base]).await?;
    let rows: Vec<Row> = scope
        .all(
            "SELECT r.id, r.base_id, r.url, r.branch, r.username, r.token <> '' AS has_token, r.every_minutes, j.state AS work_state, j.reason AS work_reason,
                j.progress, j.total, r.commit_id, r.commit_message, r.committed_at, r.fetched_at,
                (SELECT COUNT(*) FROM documents d WHERE d.repository_id = r.id) AS document_count, r.skipped, r.created_by, r.created_at, r.updated_at
             FROM repositories r LEFT JOIN jobs j ON j.kind = 'fetch' AND j.subject_id = r.id
             WHERE r.base_id = $1 ORDER BY r.url, r.branch LIMIT $2 OFFSET $3",
            args![base, page.limit(), page.offset()],
        )
        .await?;
    let items = rows.into_iter().map(|it| it.into_repository(seal, can_change)).collect();
    Ok(Page { count: count.map_or(0, |it| it.0), items })
}

/// One repository.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see its base.
pub async fn get(scope: Scope<'_>, seal: &Seal, id: RepositoryId) -> Result<Repository> {
    let row: Option<Row> = scope
        .optional(
            "SELECT r.id, r.base_id, r.url, r.branch, r.username, r.token <> '' AS has_token, r.every_minutes, j.state AS work_state, j.reason AS work_reason,
                j.progress, j.total, r.commit_id, r.commit_message, r.committed_at, r.fetched_at,
                (SELECT COUNT(*) FROM documents d WHERE d.repository_id = r.id) AS document_count, r.skipped, r.created_by, r.created_at, r.updated_at
             FROM repositories r LEFT JOIN jobs j ON j.kind = 'fetch' AND j.subject_id = r.id WHERE r.id = $1",
            args![id],
        )
        .await?;
    let row = row.ok_or(Error::NotFound("repository"))?;
    match bases::known(scope, row.base_id.into()).await {
        Err(Error::NotFound(_)) => Err(Error::NotFound("repository")),
        Err(error) => Err(error),
        Ok(base) => Ok(row.into_repository(seal, base.can_change)),
    }
}
