//! When agents were made: what the pages and v1 do not show, and the clients of older systems do.

use crate::error::Result;
use crate::ports::Micros;
use crate::store::{Scope, args};
use atrium::ids::AgentId;
use std::collections::HashMap;
use uuid::Uuid;

/// When the viewer's agents were made, as far as they are listed: the older systems' clients show it.
///
/// # Errors
/// When the database does not answer.
pub async fn made_at(scope: Scope<'_>) -> Result<HashMap<AgentId, Micros>> {
    let rows: Vec<(Uuid, i64)> = scope
        .all("SELECT id, created_at FROM agents WHERE owner_id = $1 AND deleted_at IS NULL", args![scope.viewer.id])
        .await?;
    Ok(rows.into_iter().map(|(id, made)| (id.into(), made)).collect())
}
