//! Agents: a model with instructions. Each belongs to whoever made it.

pub mod administration;
pub mod bots;
pub mod completion;
pub mod connections;
mod dates;
mod deletion;
pub(crate) mod introduction;
#[cfg(test)]
mod tests;
pub mod trial;

pub use dates::made_at;
pub use deletion::{delete, restore};

use crate::error::{Error, Result, breaks_unique};
use crate::ports::Ports;
use crate::store::{Scope, Tx, args, contains};
use atrium::agents::{Agent, AgentDraft, PRESETS};
use atrium::catalogue::Provider;
use atrium::ids::AgentId;
use atrium::paging::{Page, PageRequest};
use atrium::permissions::Permission;
use connections::Connections;
use uuid::Uuid;

#[derive(sqlx::FromRow)]
pub(crate) struct Row {
    id: Uuid,
    name: String,
    description: String,
    avatar: String,
    provider: String,
    model: String,
    temperature: f64,
    max_tokens: i64,
    system_prompt: String,
    is_default: bool,
    is_active: bool,
    updated_at: i64,
}

impl TryFrom<Row> for Agent {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            provider: Provider::parse(&row.provider).ok_or_else(|| {
                Error::Internal(format!("agent {} has the unknown provider {}", row.id, row.provider))
            })?,
            name: row.name,
            description: row.description,
            avatar: row.avatar,
            model: row.model,
            temperature: row.temperature,
            max_tokens: row.max_tokens,
            system_prompt: row.system_prompt,
            is_default: row.is_default,
            is_active: row.is_active,
            updated_at: row.updated_at,
        })
    }
}

/// The viewer's agents: the default one first, then by name.
///
/// # Errors
/// When the database does not answer.
pub async fn list(scope: Scope<'_>) -> Result<Vec<Agent>> {
    let rows: Vec<Row> = scope
        .all(
            "SELECT id, name, description, avatar, provider, model, temperature, max_tokens, system_prompt, is_default, is_active, updated_at
             FROM agents WHERE owner_id = $1 AND deleted_at IS NULL ORDER BY is_default DESC, LOWER(name), id LIMIT 500",
            args![scope.viewer.id],
        )
        .await?;
    rows.into_iter().map(Agent::try_from).collect()
}

/// A page of them; `search` is a part of the name in any case.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    scope: Scope<'_>,
    ports: &Ports,
    connections: &Connections,
    page: PageRequest,
    search: Option<&str>,
) -> Result<Page<Agent>> {
    first_visit(scope, ports, connections).await?;
    let pattern = contains(search.unwrap_or_default());
    let count: Option<(i64,)> = scope
        .optional(
            "SELECT COUNT(*) FROM agents WHERE owner_id = $1 AND deleted_at IS NULL AND LOWER(name) LIKE $2 ESCAPE '!'",
            args![scope.viewer.id, &pattern],
        )
        .await?;
    let rows: Vec<Row> = scope
        .all(
            "SELECT id, name, description, avatar, provider, model, temperature, max_tokens, system_prompt, is_default, is_active, updated_at
             FROM agents WHERE owner_id = $1 AND deleted_at IS NULL AND LOWER(name) LIKE $2 ESCAPE '!'
             ORDER BY is_default DESC, LOWER(name), id LIMIT $3 OFFSET $4",
            args![scope.viewer.id, &pattern, page.limit(), page.offset()],
        )
        .await?;
    let items = rows.into_iter().map(Agent::try_from).collect::<Result<_>>()?;
    Ok(Page { count: count.map_or(0, |it| it.0), items })
}

/// One of the viewer's agents.
///
/// # Errors
/// [`Error::NotFound`] when it is not theirs.
pub async fn get(scope: Scope<'_>, id: AgentId) -> Result<Agent> {
    let row: Option<Row> = scope
        .optional(
            "SELECT id, name, description, avatar, provider, model, temperature, max_tokens, system_prompt, is_default, is_active, updated_at
             FROM agents WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL",
            args![id, scope.viewer.id],
        )
        .await?;
    row.ok_or(Error::NotFound("agent"))?.try_into()
}

/// Of a project, by name.
pub(crate) const SELECT_OF_PROJECT: &str =
    "SELECT a.id, a.name, a.description, a.avatar, a.provider, a.model, a.temperature, a.max_tokens, a.system_prompt, a.is_default, a.is_active, a.updated_at
     FROM project_agents p JOIN agents a ON a.id = p.agent_id WHERE p.project_id = $1 AND a.deleted_at IS NULL ORDER BY LOWER(a.name), a.id";

/// An agent that the viewer may talk to: their own, or one of a project that they are in; for those who manage agents, also
/// the organisation's bots.
///
/// # Errors
/// [`Error::NotFound`] when it is neither.
pub async fn usable(scope: Scope<'_>, id: AgentId) -> Result<Agent> {
    let row: Option<Row> = scope
        .optional(
            "SELECT id, name, description, avatar, provider, model, temperature, max_tokens, system_prompt, is_default, is_active, updated_at
             FROM agents WHERE id = $1 AND organisation_id = $3 AND deleted_at IS NULL AND (owner_id = $2 OR ($4 AND provider = 'n8n') OR EXISTS (
                SELECT 1 FROM project_agents a JOIN projects p ON p.id = a.project_id AND p.deleted_at IS NULL
                JOIN project_members m ON m.project_id = a.project_id AND m.user_id = $2 AND m.role <> 'guest' WHERE a.agent_id = agents.id))",
            args![id, scope.viewer.id, scope.viewer.organisation, scope.viewer.may(Permission::ManageAgents)],
        )
        .await?;
    row.ok_or(Error::NotFound("agent"))?.try_into()
}

/// All of them: one's own first, the default one before the others.
///
/// # Errors
/// When the database does not answer.
pub async fn usable_list(scope: Scope<'_>) -> Result<Vec<Agent>> {
    let shared: Vec<Row> = scope
        .all(
            "SELECT id, name, description, avatar, provider, model, temperature, max_tokens, system_prompt, FALSE AS is_default, is_active, updated_at
             FROM agents WHERE organisation_id = $2 AND owner_id <> $1 AND deleted_at IS NULL AND (($3 AND provider = 'n8n') OR id IN (
                SELECT a.agent_id FROM project_agents a JOIN projects p ON p.id = a.project_id AND p.deleted_at IS NULL
                JOIN project_members m ON m.project_id = a.project_id AND m.user_id = $1 AND m.role <> 'guest'))
             ORDER BY LOWER(name), id LIMIT 500",
            args![scope.viewer.id, scope.viewer.organisation, scope.viewer.may(Permission::ManageAgents)],
        )
        .await?;
    let mut agents = list(scope).await?;
    for row in shared {
        agents.push(row.try_into()?);
    }
    Ok(agents)
}

/// One of the viewer's agents, by its name.
///
/// # Errors
/// [`Error::NotFound`] when they have none of that name.
pub async fn by_name(scope: Scope<'_>, name: &str) -> Result<Agent> {
    let row: Option<Row> = scope
        .optional(
            "SELECT id, name, description, avatar, provider, model, temperature, max_tokens, system_prompt, is_default, is_active, updated_at
             FROM agents WHERE name = $1 AND owner_id = $2 AND deleted_at IS NULL",
            args![name, scope.viewer.id],
        )
        .await?;
    row.ok_or(Error::NotFound("agent"))?.try_into()
}

/// The viewer's default agent, made if they have none.
///
/// # Errors
/// When the database does not answer.
pub async fn default(scope: Scope<'_>, ports: &Ports, connections: &Connections) -> Result<Agent> {
    if let Some(agent) = list(scope).await?.into_iter().find(|it| it.is_default) {
        return Ok(agent);
    }
    let (provider, model) = connections.default_model().await;
    let preset = PRESETS[0];
    let mut draft = AgentDraft {
        name: preset.name.to_owned(),
        description: preset.description.to_owned(),
        avatar: preset.avatar.to_owned(),
        provider,
        model,
        // What the small model's authors recommend; warmer, it talks nonsense.
        temperature: if provider == Provider::Local { 0.2 } else { preset.temperature },
        max_tokens: 1024,
        system_prompt: preset.system_prompt.to_owned(),
        is_default: true,
        is_active: true,
    };
    let mut attempt = 1;
    loop {
        match insert(scope, ports, &draft).await {
            Ok(agent) => return Ok(agent),
            // Somebody's own agent has the name already, or another tab just made the default one.
            Err(Error::Invalid(_)) if attempt < 9 => {
                if let Some(agent) = list(scope).await?.into_iter().find(|it| it.is_default) {
                    return Ok(agent);
                }
                attempt += 1;
                draft.name = format!("{} {attempt}", preset.name);
            }
            Err(error) => return Err(error),
        }
    }
}

/// As [`list`], with the default agent made for somebody who never had one. Whoever deleted theirs is not given another
/// before they need it: undoing the deletion must find its place free.
///
/// # Errors
/// When the database does not answer.
pub async fn list_from_the_first_visit(
    scope: Scope<'_>,
    ports: &Ports,
    connections: &Connections,
) -> Result<Vec<Agent>> {
    first_visit(scope, ports, connections).await?;
    list(scope).await
}

/// Everyone has an agent from the moment at which they first look.
///
/// # Errors
/// When the database does not answer.
pub async fn first_visit(scope: Scope<'_>, ports: &Ports, connections: &Connections) -> Result<()> {
    let ever: Option<(i64,)> =
        scope.optional("SELECT created_at FROM agents WHERE owner_id = $1 LIMIT 1", args![scope.viewer.id]).await?;
    if ever.is_none() {
        default(scope, ports, connections).await?;
    }
    Ok(())
}

/// A new agent of the viewer's.
///
/// # Errors
/// When they have one of that name, or may not make any.
pub async fn create(scope: Scope<'_>, ports: &Ports, draft: &AgentDraft) -> Result<Agent> {
    if !scope.viewer.may(Permission::MakeAgents) {
        return Err(Error::Forbidden("Your role does not make agents. Ask an administrator."));
    }
    bots::check_model(draft)?;
    insert(scope, ports, draft).await
}

async fn insert(scope: Scope<'_>, ports: &Ports, draft: &AgentDraft) -> Result<Agent> {
    let mut tx = scope.begin().await?;
    let id = insert_in(&mut tx, scope, ports, draft).await?;
    tx.commit().await?;
    get(scope, id).await
}

async fn insert_in(tx: &mut Tx, scope: Scope<'_>, ports: &Ports, draft: &AgentDraft) -> Result<AgentId> {
    let id: AgentId = ports.id();
    yield_default(tx, scope, draft).await?;
    tx.execute(
        "INSERT INTO agents (id, organisation_id, owner_id, name, description, avatar, provider, model, temperature, max_tokens, system_prompt, is_default, is_active, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)",
        args![
            id,
            scope.viewer.organisation,
            scope.viewer.id,
            &draft.name,
            &draft.description,
            &draft.avatar,
            draft.provider.as_str(),
            &draft.model,
            draft.temperature,
            draft.max_tokens,
            &draft.system_prompt,
            draft.is_default,
            draft.is_active,
            ports.now()
        ],
    )
    .await
    .map_err(name_taken)?;
    Ok(id)
}

/// Changes an agent. `version` is the `updated_at` of what was edited.
///
/// # Errors
/// When it was changed meanwhile, is not the viewer's, or another has the name.
pub async fn update(
    scope: Scope<'_>,
    ports: &Ports,
    id: AgentId,
    draft: &AgentDraft,
    version: Option<i64>,
) -> Result<Agent> {
    bots::check_model(draft)?;
    let mut tx = scope.begin().await?;
    yield_default(&mut tx, scope, draft).await?;
    let changed = tx
        .execute(
            "UPDATE agents SET name = $3, description = $4, avatar = $5, provider = $6, model = $7, temperature = $8, max_tokens = $9,
                system_prompt = $10, is_default = $11, is_active = $12, updated_at = $13
             WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL AND updated_at = COALESCE($14, updated_at)",
            args![
                id,
                scope.viewer.id,
                &draft.name,
                &draft.description,
                &draft.avatar,
                draft.provider.as_str(),
                &draft.model,
                draft.temperature,
                draft.max_tokens,
                &draft.system_prompt,
                draft.is_default,
                draft.is_active,
                ports.now(),
                version
            ],
        )
        .await
        .map_err(name_taken)?;
    if changed == 0 {
        drop(tx);
        get(scope, id).await?;
        return Err(Error::Conflict {
            code: "stale_form",
            message: "This agent was changed elsewhere since you opened it. What you typed is still here: open the agent in another tab to compare, then save again.".to_owned(),
        });
    }
    tx.commit().await?;
    get(scope, id).await
}

/// Only one agent is the default: the others give way first.
async fn yield_default(tx: &mut Tx, scope: Scope<'_>, draft: &AgentDraft) -> Result<()> {
    if draft.is_default {
        tx.execute("UPDATE agents SET is_default = FALSE WHERE owner_id = $1 AND is_default", args![scope.viewer.id])
            .await?;
    }
    Ok(())
}

fn name_taken(error: sqlx::Error) -> Error {
    if breaks_unique(&error, "agents_bot_name_key", "agents_bot_name_key") {
        Error::field("name", "Your organisation has another bot with this name. Choose a different one.")
    } else if breaks_unique(&error, "agents_owner_name_key", "agents.owner_id, agents.name") {
        Error::field("name", "You have another agent with this name. Choose a different one.")
    } else if breaks_unique(&error, "agents_owner_default_key", "agents.owner_id") {
        Error::field("is_default", "Another agent became the default at the same moment. Try again.")
    } else {
        error.into()
    }
}
