//! Which agents the members of a project may talk to.

use super::{deed, get, managed};
use crate::agents::{Row, SELECT_OF_PROJECT, bots};
use crate::audit::{self, Actor};
use crate::error::{Error, Result};
use crate::ports::Ports;
use crate::store::{Scope, Store, args};
use atrium::agents::Agent;
use atrium::ids::{AgentId, ProjectId};

/// Its agents, by name.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see the project.
pub async fn list(scope: Scope<'_>, project: ProjectId) -> Result<Vec<Agent>> {
    get(scope, project).await?;
    let rows: Vec<Row> = scope.all(SELECT_OF_PROJECT, args![project]).await?;
    rows.into_iter().map(Agent::try_from).collect()
}

/// Brings an agent of one's own into a project; administrators also a bot of their organisation. There already, it stays.
///
/// # Errors
/// When the agent is not the viewer's, or the project not theirs to change.
pub async fn attach(store: &Store, ports: &Ports, actor: Actor<'_>, project: ProjectId, agent: AgentId) -> Result<()> {
    let scope = store.as_viewer(actor.viewer);
    let (known, organisation) = managed(scope, project).await?;
    let (agent, home) = match bots::shareable(scope, agent).await {
        Err(Error::NotFound(_) | Error::Forbidden(_)) => {
            return Err(Error::field("agent_id", "You have no such agent."));
        }
        found => found?,
    };
    if organisation != home {
        return Err(Error::field("agent_id", "An agent stays in its own organisation."));
    }
    let mut tx = scope.begin().await?;
    let added = tx
        .execute(
            "INSERT INTO project_agents (organisation_id, project_id, agent_id, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (project_id, agent_id) DO NOTHING",
            args![organisation, project, agent.id, ports.now()],
        )
        .await?;
    if added == 1 {
        let told = serde_json::json!({ "agent": agent.name });
        let deed = deed(organisation, "project.agent", project, &known.name);
        audit::note(&mut tx, ports, actor, deed, None::<()>, Some(told)).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Takes an agent out of a project.
///
/// # Errors
/// When it is not in it, or the project not the viewer's to change.
pub async fn detach(store: &Store, ports: &Ports, actor: Actor<'_>, project: ProjectId, agent: AgentId) -> Result<()> {
    let scope = store.as_viewer(actor.viewer);
    let (known, organisation) = managed(scope, project).await?;
    let mut tx = scope.begin().await?;
    let name: Option<(String,)> = tx
        .optional(
            "SELECT a.name FROM project_agents p JOIN agents a ON a.id = p.agent_id WHERE p.project_id = $1 AND p.agent_id = $2",
            args![project, agent],
        )
        .await?;
    let (name,) = name.ok_or(Error::NotFound("agent"))?;
    tx.execute("DELETE FROM project_agents WHERE project_id = $1 AND agent_id = $2", args![project, agent]).await?;
    let told = serde_json::json!({ "agent": name });
    let deed = deed(organisation, "project.agent", project, &known.name);
    audit::note(&mut tx, ports, actor, deed, Some(told), None::<()>).await?;
    tx.commit().await?;
    Ok(())
}
