//! Changing a conversation: its title, who answers, where it belongs, and what it has otherwise than its agent.

use super::Chat;
use super::messages::{ConversationRow, OwnRow, conversation};
use super::summaries::{ConversationSummary, NewConversation, checked_title, own_agent, own_project};
use crate::error::{Error, Result};
use crate::store::args;
use atrium::agents::{Agent, MODEL_MAX, TEMPERATURE_ERROR, is_temperature, temperature};
use atrium::catalogue::Provider;
use atrium::chat::{ConversationSettings, SettingsForm};
use atrium::ids::{AgentId, ConversationId, ProjectId};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use atrium::text::{filled, line};

/// Models that a refusal names.
const NAMED: usize = 8;

/// What is to be changed; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConversationChange {
    /// See [`ConversationSummary::title`].
    pub title: Option<String>,
    /// See [`ConversationSummary::agent`].
    pub agent: Option<AgentId>,
    /// See [`ConversationSummary::project`]; `Some(None)` takes it out of its project.
    pub project: Option<Option<ProjectId>>,
    /// See [`ConversationSummary::model`]; `Some(None)` is the agent's own.
    pub model: Option<Option<String>>,
    /// See [`ConversationSummary::temperature`]; `Some(None)` is the agent's own.
    pub temperature: Option<Option<f64>>,
}

impl From<&OwnRow> for ConversationSettings {
    fn from(row: &OwnRow) -> Self {
        let provider = row.model_provider.as_deref().and_then(Provider::parse);
        Self { model: provider.zip(row.model.clone()), temperature: row.temperature }
    }
}

/// The agent as it answers in a conversation that has these settings.
fn tuned(mut agent: Agent, settings: &ConversationSettings) -> Agent {
    if let Some(model) = settings.model_of(agent.provider) {
        model.clone_into(&mut agent.model);
    }
    agent.temperature = settings.temperature.unwrap_or(agent.temperature);
    agent
}

impl Chat {
    /// Whoever was asked for, else whoever answered before, with the conversation's settings.
    pub(super) async fn answering(
        &self,
        viewer: &Viewer,
        row: Option<&ConversationRow>,
        asked: Option<AgentId>,
    ) -> Result<Agent> {
        let agent = self.agent(viewer, asked.or(row.and_then(|it| it.agent_id.map(Into::into)))).await?;
        Ok(match row {
            Some(row) => tuned(agent, &ConversationSettings::from(&row.own)),
            None => agent,
        })
    }

    /// Changes a conversation. `version` is the `updated_at` of what was edited.
    ///
    /// # Errors
    /// With what to change; when it was changed meanwhile, or is not the viewer's.
    pub async fn change(
        &self,
        viewer: &Viewer,
        id: ConversationId,
        change: &ConversationChange,
        version: Option<i64>,
    ) -> Result<ConversationSummary> {
        let scope = self.store.as_viewer(viewer);
        let title = change.title.as_deref().map(checked_title).transpose()?;
        if let Some(agent) = change.agent {
            own_agent(scope, agent).await?;
        }
        if let Some(Some(project)) = change.project {
            own_project(scope, project).await?;
        }
        if let Some(Some(temperature)) = change.temperature {
            check_temperature(temperature)?;
        }
        let model = match &change.model {
            Some(Some(model)) => {
                let row = conversation(scope, id).await?;
                let agent = self.agent(viewer, change.agent.or(row.agent_id.map(Into::into))).await?;
                let kept = ConversationSettings::from(&row.own);
                let is_kept = kept.model_of(agent.provider) == Some(model);
                Some(if is_kept { kept.model } else { Some(self.offered(viewer, &agent, model).await?) })
            }
            Some(None) => Some(None),
            None => None,
        };
        let (provider, name) = model.clone().flatten().unzip();
        let changed = scope
            .execute(
                "UPDATE conversations SET title = COALESCE($3, title), title_folded = COALESCE($4, title_folded),
                    title_by = CASE WHEN $3 IS NULL THEN title_by ELSE 'person' END, agent_id = COALESCE($5, agent_id),
                    project_id = CASE WHEN $8 THEN $9 ELSE project_id END,
                    model_provider = CASE WHEN $10 THEN $11 ELSE model_provider END, model = CASE WHEN $10 THEN $12 ELSE model END,
                    temperature = CASE WHEN $13 THEN $14 ELSE temperature END, updated_at = $6
                 WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL AND updated_at = COALESCE($7, updated_at)",
                args![
                    id,
                    viewer.id,
                    title.as_deref(),
                    title.as_deref().map(str::to_lowercase),
                    change.agent,
                    self.ports.now(),
                    version,
                    change.project.is_some(),
                    change.project.flatten(),
                    model.is_some(),
                    provider.map(Provider::as_str),
                    name,
                    change.temperature.is_some(),
                    change.temperature.flatten()
                ],
            )
            .await?;
        let summary = self.summary(viewer, id).await?;
        if changed == 0 { Err(Error::stale("conversation")) } else { Ok(summary) }
    }

    /// What a conversation has otherwise than its agent.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the viewer's.
    pub async fn settings(&self, viewer: &Viewer, id: ConversationId) -> Result<ConversationSettings> {
        Ok((&conversation(self.store.as_viewer(viewer), id).await?.own).into())
    }

    /// Does what the form in a conversation's head asks for; the one of an empty room begins a conversation.
    ///
    /// # Errors
    /// With what to change; when it is not the viewer's.
    pub async fn settle(
        &self,
        viewer: &Viewer,
        id: Option<ConversationId>,
        form: &SettingsForm,
    ) -> Result<ConversationSummary> {
        let temperature = match form.temperature.as_deref().map(filled) {
            Some(Some(typed)) => {
                Some(Some(temperature(typed).ok_or_else(|| Error::field("temperature", TEMPERATURE_ERROR))?))
            }
            Some(None) => Some(None),
            None => None,
        };
        let model = form.model.as_deref().map(|it| filled(it).map(str::to_owned));
        match id {
            Some(id) => {
                let change =
                    ConversationChange { agent: form.agent, model, temperature, ..ConversationChange::default() };
                self.change(viewer, id, &change, None).await
            }
            None => {
                let (model, temperature) = (model.flatten(), temperature.flatten());
                let new = NewConversation {
                    agent: form.agent,
                    model: model.as_deref(),
                    temperature,
                    ..NewConversation::default()
                };
                self.create(viewer, new).await
            }
        }
    }

    /// A model that the agent's provider has, and whose it is.
    pub(super) async fn offered(&self, viewer: &Viewer, agent: &Agent, model: &str) -> Result<(Provider, String)> {
        let (provider, model) = (agent.provider, line(model));
        let refuse = |message: String| Err(Error::field("model", message));
        if model.is_empty() || model.len() > MODEL_MAX {
            return refuse(format!("Use 1 to {MODEL_MAX} characters."));
        }
        if model == agent.model {
            return Ok((provider, model));
        }
        if !viewer.may(Permission::MakeAgents) {
            return Err(Error::Forbidden(
                "Your role takes agents with the models that they have. Ask an administrator.",
            ));
        }
        // Its model is an address, and whoever may talk to it may not send it elsewhere.
        if provider == Provider::N8n {
            return refuse(format!("{} is a workflow: there are no models to choose from.", agent.name));
        }
        let models = match self.connections.models(viewer, provider).await {
            Ok(models) => models,
            Err(error) => {
                let told = error.to_failure().message;
                return refuse(format!("{} could not be asked for its models: {told}", provider.label()));
            }
        };
        if models.contains(&model) {
            return Ok((provider, model));
        }
        let mut named = models.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        if models.len() > NAMED {
            named += ", …";
        }
        let instead = if named.is_empty() { "no models at this moment".to_owned() } else { named };
        refuse(format!("{} does not offer “{model}”. It offers {instead}.", provider.label()))
    }
}

/// Of a conversation.
pub(super) fn check_temperature(number: f64) -> Result<()> {
    if is_temperature(number) { Ok(()) } else { Err(Error::field("temperature", TEMPERATURE_ERROR)) }
}
