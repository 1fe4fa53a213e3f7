//! Deleting agents, and undoing that.

use super::{get, name_taken};
use crate::error::{Error, Result};
use crate::ports::Ports;
use crate::store::{Scope, args};
use atrium::ids::AgentId;

/// Deletes an agent; its conversations stay, and [`restore`] brings it back.
///
/// # Errors
/// [`Error::NotFound`] when it is not the viewer's.
pub async fn delete(scope: Scope<'_>, ports: &Ports, id: AgentId) -> Result<()> {
    let deleted = scope
        .execute(
            "UPDATE agents SET deleted_at = $3 WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL",
            args![id, scope.viewer.id, ports.now()],
        )
        .await?;
    if deleted == 0 { Err(Error::NotFound("agent")) } else { Ok(()) }
}

/// Undoes [`delete`].
///
/// # Errors
/// When it is not the viewer's, or another has its name by now.
pub async fn restore(scope: Scope<'_>, id: AgentId) -> Result<()> {
    // It comes back as the default it was, unless another one is that by now.
    let restored = scope
        .execute(
            "UPDATE agents SET deleted_at = NULL, is_default = is_default AND NOT EXISTS
                (SELECT 1 FROM agents other WHERE other.owner_id = $2 AND other.is_default AND other.deleted_at IS NULL)
             WHERE id = $1 AND owner_id = $2 AND deleted_at IS NOT NULL",
            args![id, scope.viewer.id],
        )
        .await
        .map_err(|error| match name_taken(error) {
            Error::Invalid(_) => Error::Conflict {
                code: "name_taken",
                message: "Another agent has its name by now. Rename that one first.".to_owned(),
            },
            error => error,
        })?;
    // One that is there need not be brought back.
    if restored == 0 { get(scope, id).await.map(drop) } else { Ok(()) }
}
