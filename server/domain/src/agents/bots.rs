//! Bots: agents that answer through a webhook. They are their organisation's: its administrators make, change and share
//! them, and talk to them without being in their projects. In lists they stand among the agents that somebody sees.

#[cfg(test)]
mod tests;

use super::{Row, insert_in, name_taken};
use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result};
use crate::expertise;
use crate::ports::Ports;
use crate::providers::n8n::check_webhook;
use crate::store::{List, Scope, Store, args, contains, list};
use atrium::agents::{Agent, AgentDraft, AgentForm};
use atrium::catalogue::Provider;
use atrium::expertise::ExpertiseArea;
use atrium::ids::{AgentId, ExpertiseAreaId, OrganisationId};
use atrium::paging::{Page, PageRequest, Sort};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use serde::Serialize;
use uuid::Uuid;

/// What a bot is called, about, and where it answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BotForm {
    /// Unique among the bots of its organisation.
    pub name: String,
    /// One line for whoever chooses.
    pub description: String,
    /// An address, or a path below the configured server of workflows.
    pub webhook: String,
}

/// What bots can be sorted by.
pub const COLUMNS: &[&str] = &["name", "created", "updated"];

const BOTS: List = list! {
    select: "id, name, description, avatar, provider, model, temperature, max_tokens, system_prompt, is_default, is_active, updated_at",
    from: "agents WHERE organisation_id = COALESCE($1, organisation_id) AND deleted_at IS NULL AND (owner_id = $2 OR ($3 AND provider = 'n8n') OR id IN (
            SELECT a.agent_id FROM project_agents a JOIN projects p ON p.id = a.project_id AND p.deleted_at IS NULL
            LEFT JOIN project_members m ON m.project_id = a.project_id AND m.user_id = $2 WHERE m.user_id IS NOT NULL OR $4))
        AND LOWER(name) LIKE $5 ESCAPE '!' AND id = COALESCE($6, id)",
    order: "LOWER(name), id",
    limit: "LIMIT $7 OFFSET $8",
    by: { "name" => "LOWER(name)", "created" => "created_at", "updated" => "updated_at" },
};

fn args(viewer: &Viewer, search: Option<&str>, id: Option<AgentId>) -> crate::store::Args {
    args![
        (!viewer.is_superuser).then_some(viewer.organisation),
        viewer.id,
        viewer.may(Permission::ManageAgents),
        viewer.may(Permission::ManageProjects),
        contains(search.unwrap_or_default()),
        id,
    ]
}

/// Those that the viewer sees, by name unless somebody says otherwise: agents of their own and of projects that they see;
/// for those who manage agents, every bot of the organisation.
///
/// # Errors
/// When the database does not answer.
pub async fn page(
    scope: Scope<'_>,
    page: PageRequest,
    search: Option<&str>,
    sort: Option<Sort>,
) -> Result<Page<Agent>> {
    let found: Page<Row> = scope.page(&BOTS, args(scope.viewer, search, None), sort, page).await?;
    let items = found.items.into_iter().map(Agent::try_from).collect::<Result<_>>()?;
    Ok(Page { count: found.count, items })
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see it.
pub async fn get(scope: Scope<'_>, id: AgentId) -> Result<Agent> {
    let one = PageRequest { page: 1, size: 1 };
    let found: Page<Row> = scope.page(&BOTS, args(scope.viewer, None, Some(id)), None, one).await?;
    found.items.into_iter().next().ok_or(Error::NotFound("bot"))?.try_into()
}

/// The webhook of an agent that has one.
#[must_use]
pub fn webhook(agent: &Agent) -> Option<&str> {
    (agent.provider == Provider::N8n).then_some(agent.model.as_str())
}

#[derive(sqlx::FromRow)]
struct Home {
    organisation_id: Uuid,
    owner_id: Uuid,
    is_superuser: bool,
}

/// The same, for who wants to change it; and whose it is.
async fn managed(scope: Scope<'_>, id: AgentId) -> Result<(Agent, Home)> {
    let agent = get(scope, id).await?;
    let home: Option<Home> = scope
        .optional(
            "SELECT a.organisation_id, a.owner_id, u.is_superuser FROM agents a JOIN users u ON u.id = a.owner_id WHERE a.id = $1",
            args![id],
        )
        .await?;
    let home = home.ok_or(Error::NotFound("bot"))?;
    let is_managed = agent.provider == Provider::N8n && scope.viewer.may(Permission::ManageAgents);
    if home.owner_id != scope.viewer.id.0 && !is_managed {
        return Err(Error::Forbidden("Only administrators change bots, and only their owners other agents."));
    }
    Ok((agent, home))
}

/// An agent that the viewer may bring into projects, and its organisation.
pub(crate) async fn shareable(scope: Scope<'_>, id: AgentId) -> Result<(Agent, OrganisationId)> {
    let (agent, home) = managed(scope, id).await?;
    Ok((agent, home.organisation_id.into()))
}

fn deed<'a>(organisation: OrganisationId, action: &'static str, id: AgentId, name: &'a str) -> Deed<'a> {
    Deed { organisation, action, kind: "agent", id: id.0, name }
}

/// Of an agent of that provider the model is its webhook.
pub(super) fn check_model(draft: &AgentDraft) -> Result<()> {
    if draft.provider == Provider::N8n { must_be_webhook(&draft.model, "model") } else { Ok(()) }
}

/// What stands in a field must be something that can be asked.
fn must_be_webhook(webhook: &str, field: &str) -> Result<()> {
    check_webhook(webhook).map_err(|reason| Error::field(field, format!("This cannot be used as a webhook: {reason}.")))
}

/// As agents are checked, whose model the webhook is.
fn checked(form: &BotForm) -> Result<AgentDraft> {
    let agent = AgentForm {
        name: form.name.clone(),
        description: form.description.clone(),
        provider: Provider::N8n.as_str().to_owned(),
        model: form.webhook.clone(),
        temperature: "1".to_owned(),
        max_tokens: "4096".to_owned(),
        is_active: Some("on".to_owned()),
        ..AgentForm::default()
    };
    let draft = agent.check().map_err(|mut fields| {
        for field in fields.iter_mut().filter(|it| it.field == "model") {
            "webhook".clone_into(&mut field.field);
            if form.webhook.trim().is_empty() {
                "Enter the address of the webhook that answers.".clone_into(&mut field.message);
            }
        }
        Error::Invalid(fields)
    })?;
    must_be_webhook(&draft.model, "webhook")?;
    Ok(draft)
}

/// A new bot of the viewer's organisation.
///
/// # Errors
/// With what to change, or when the viewer may not make any.
pub async fn create(store: &Store, ports: &Ports, actor: Actor<'_>, form: &BotForm) -> Result<Agent> {
    if !actor.viewer.may(Permission::ManageAgents) {
        return Err(Error::Forbidden("Only administrators make bots."));
    }
    let draft = checked(form)?;
    let scope = store.as_viewer(actor.viewer);
    let mut tx = scope.begin().await?;
    let id = insert_in(&mut tx, scope, ports, &draft).await?;
    let deed = deed(actor.viewer.organisation, "agent.create", id, &draft.name);
    audit::note(&mut tx, ports, actor, deed, None::<()>, Some(form)).await?;
    tx.commit().await?;
    get(scope, id).await
}

/// Changes what a bot is called, about, and where it answers. An agent without a webhook keeps its model for as long as
/// there is none.
///
/// # Errors
/// With what to change, or when the viewer may not. A superuser's webhook may lead to what only this server reaches: nobody
/// else changes it.
pub async fn change(store: &Store, ports: &Ports, actor: Actor<'_>, id: AgentId, form: &BotForm) -> Result<Agent> {
    let scope = store.as_viewer(actor.viewer);
    let (before, home) = managed(scope, id).await?;
    let was = BotForm {
        name: before.name.clone(),
        description: before.description.clone(),
        webhook: webhook(&before).unwrap_or_default().to_owned(),
    };
    let keeps_model = form.webhook.trim().is_empty() && was.webhook.is_empty();
    if form.webhook != was.webhook && home.is_superuser && !actor.viewer.is_superuser {
        return Err(Error::Forbidden("Only superusers change the webhook of a superuser's bot."));
    }
    let draft = if keeps_model {
        checked(&BotForm { webhook: "unchanged".to_owned(), ..form.clone() })?
    } else {
        checked(form)?
    };
    let mut tx = scope.begin().await?;
    let changed = tx
        .execute(
            "UPDATE agents SET name = $2, description = $3, provider = COALESCE($4, provider), model = COALESCE($5, model), updated_at = $6
             WHERE id = $1 AND deleted_at IS NULL",
            args![
                id,
                &draft.name,
                &draft.description,
                (!keeps_model).then_some(Provider::N8n.as_str()),
                (!keeps_model).then_some(&draft.model),
                ports.now()
            ],
        )
        .await
        .map_err(name_taken)?;
    if changed == 0 {
        return Err(Error::NotFound("bot"));
    }
    let deed = deed(home.organisation_id.into(), "agent.change", id, &draft.name);
    audit::note(&mut tx, ports, actor, deed, Some(was), Some(form)).await?;
    tx.commit().await?;
    get(scope, id).await
}

/// Deletes a bot; its conversations stay, and its owner can restore it.
///
/// # Errors
/// When the viewer does not see it or may not.
pub async fn delete(store: &Store, ports: &Ports, actor: Actor<'_>, id: AgentId) -> Result<()> {
    let scope = store.as_viewer(actor.viewer);
    let (before, home) = managed(scope, id).await?;
    let mut tx = scope.begin().await?;
    tx.execute("UPDATE agents SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL", args![id, ports.now()])
        .await?;
    let deed = deed(home.organisation_id.into(), "agent.delete", id, &before.name);
    audit::note(&mut tx, ports, actor, deed, None::<()>, None::<()>).await?;
    tx.commit().await?;
    Ok(())
}

/// The area of expertise of a bot.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see the bot.
pub async fn area(scope: Scope<'_>, id: AgentId) -> Result<Option<ExpertiseArea>> {
    get(scope, id).await?;
    expertise::area_of(scope, id).await
}

/// Says which area of expertise a bot has.
///
/// # Errors
/// When the viewer may not, or there is no such area in the bot's organisation.
pub async fn assign_area(
    store: &Store,
    ports: &Ports,
    actor: Actor<'_>,
    id: AgentId,
    area: Option<ExpertiseAreaId>,
) -> Result<()> {
    let scope = store.as_viewer(actor.viewer);
    let (agent, home) = managed(scope, id).await?;
    let mut tx = scope.begin().await?;
    expertise::set_area(&mut tx, home.organisation_id.into(), id, area).await?;
    let deed = deed(home.organisation_id.into(), "agent.expertise", id, &agent.name);
    audit::note(&mut tx, ports, actor, deed, None::<()>, Some(serde_json::json!({ "area_id": area }))).await?;
    tx.commit().await?;
    Ok(())
}
