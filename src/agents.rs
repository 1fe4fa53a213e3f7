//! Agents: a model, how it is asked, and the instructions it follows.

use crate::catalogue::Provider;
use crate::failure::{Checks, FieldError};
use crate::ids::AgentId;
use serde::{Deserialize, Serialize};

/// An agent, as pages and REST show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// Which.
    pub id: AgentId,
    /// Unique among its owner's.
    pub name: String,
    /// One line for whoever chooses.
    pub description: String,
    /// One of [`AVATARS`].
    pub avatar: String,
    /// Whose model.
    pub provider: Provider,
    /// The provider's id of the model.
    pub model: String,
    /// 0.0 to 2.0.
    pub temperature: f64,
    /// Upper bound of an answer.
    pub max_tokens: i64,
    /// The instructions that open every dialogue.
    pub system_prompt: String,
    /// The one that a new conversation starts with.
    pub is_default: bool,
    /// Inactive agents keep their conversations but take no new messages.
    pub is_active: bool,
    /// Microseconds since 1970.
    pub updated_at: i64,
}

/// An agent as typed into its form. Numbers stay text so that a wrong one can be shown again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentForm {
    /// See [`Agent::name`].
    pub name: String,
    /// See [`Agent::description`].
    pub description: String,
    /// See [`Agent::avatar`].
    pub avatar: String,
    /// See [`Agent::provider`].
    pub provider: String,
    /// See [`Agent::model`].
    pub model: String,
    /// See [`Agent::temperature`].
    pub temperature: String,
    /// See [`Agent::max_tokens`].
    pub max_tokens: String,
    /// See [`Agent::system_prompt`].
    pub system_prompt: String,
    /// Check boxes send a word or nothing.
    pub is_default: Option<String>,
    /// See [`Agent::is_active`].
    pub is_active: Option<String>,
    /// `updated_at` of what was edited: a stale form is refused, not saved over someone's work.
    pub version: Option<i64>,
}

/// An agent whose every field was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentDraft {
    /// See [`Agent::name`].
    pub name: String,
    /// See [`Agent::description`].
    pub description: String,
    /// See [`Agent::avatar`].
    pub avatar: String,
    /// See [`Agent::provider`].
    pub provider: Provider,
    /// See [`Agent::model`].
    pub model: String,
    /// See [`Agent::temperature`].
    pub temperature: f64,
    /// See [`Agent::max_tokens`].
    pub max_tokens: i64,
    /// See [`Agent::system_prompt`].
    pub system_prompt: String,
    /// See [`Agent::is_default`].
    pub is_default: bool,
    /// See [`Agent::is_active`].
    pub is_active: bool,
}

/// Instructions, in bytes.
pub const SYSTEM_PROMPT_MAX: usize = 32 * 1024;
/// The provider's id of a model, in bytes.
pub const MODEL_MAX: usize = 200;
/// What to say of a temperature that is none.
pub const TEMPERATURE_ERROR: &str = "Enter a number from 0 to 2.";
/// Answers, in tokens.
pub const MAX_TOKENS_MAX: i64 = 200_000;

/// The pictures an agent can have; names of icons.
pub const AVATARS: [&str; 8] = ["sparkles", "feather", "code", "graduation", "scale", "compass", "flask", "lightbulb"];

/// A temperature as it is typed, with a point or a comma.
#[must_use]
pub fn temperature(text: &str) -> Option<f64> {
    text.trim().replace(',', ".").parse().ok().filter(|it| is_temperature(*it))
}

/// Whether models can be asked with it.
#[must_use]
pub fn is_temperature(number: f64) -> bool {
    (0.0..=2.0).contains(&number)
}

impl AgentForm {
    /// # Errors
    /// With what to change.
    pub fn check(&self) -> Result<AgentDraft, Vec<FieldError>> {
        let mut checks = Checks::default();
        let (name, model) = (crate::text::line(&self.name), crate::text::line(&self.model));
        let provider = Provider::parse(&self.provider);
        let temperature = temperature(&self.temperature);
        let max_tokens = self.max_tokens.trim().parse::<i64>().ok().filter(|it| (1..=MAX_TOKENS_MAX).contains(it));
        checks
            .require(!name.is_empty(), "name", "Give the agent a name.")
            .require(self.name.chars().count() <= 80, "name", "Use at most 80 characters.")
            .require(self.description.chars().count() <= 300, "description", "Use at most 300 characters.")
            .require(
                self.avatar.is_empty() || AVATARS.contains(&self.avatar.as_str()),
                "avatar",
                format!("Use one of {}.", AVATARS.join(", ")),
            )
            .require(provider.is_some(), "provider", "Choose a provider.")
            .require(!model.is_empty(), "model", "Choose or type a model.")
            .require(self.model.len() <= MODEL_MAX, "model", format!("Use at most {MODEL_MAX} characters."))
            .require(temperature.is_some(), "temperature", TEMPERATURE_ERROR)
            .require(max_tokens.is_some(), "max_tokens", format!("Enter a whole number from 1 to {MAX_TOKENS_MAX}."))
            .require(self.system_prompt.len() <= SYSTEM_PROMPT_MAX, "system_prompt", "Use at most 32 kB.");
        checks.done()?;
        let (Some(provider), Some(temperature), Some(max_tokens)) = (provider, temperature, max_tokens) else {
            return Err(Vec::new());
        };
        let avatar = AVATARS.iter().find(|it| **it == self.avatar).unwrap_or(&AVATARS[0]);
        Ok(AgentDraft {
            name,
            description: crate::text::line(&self.description),
            avatar: (*avatar).to_owned(),
            provider,
            model,
            temperature,
            max_tokens,
            system_prompt: self.system_prompt.trim().to_owned(),
            is_default: self.is_default.is_some(),
            is_active: self.is_active.is_some() || self.is_default.is_some(),
        })
    }
}

impl From<&Agent> for AgentForm {
    fn from(agent: &Agent) -> Self {
        let mark = |on: bool| on.then(|| "on".to_owned());
        Self {
            name: agent.name.clone(),
            description: agent.description.clone(),
            avatar: agent.avatar.clone(),
            provider: agent.provider.as_str().to_owned(),
            model: agent.model.clone(),
            temperature: agent.temperature.to_string(),
            max_tokens: agent.max_tokens.to_string(),
            system_prompt: agent.system_prompt.clone(),
            is_default: mark(agent.is_default),
            is_active: mark(agent.is_active),
            version: Some(agent.updated_at),
        }
    }
}

/// A personality to start from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Preset {
    /// In links: `/agents/new?preset=tutor`.
    pub key: &'static str,
    /// Suggested name.
    pub name: &'static str,
    /// Suggested description.
    pub description: &'static str,
    /// Suggested avatar.
    pub avatar: &'static str,
    /// Suggested temperature.
    pub temperature: f64,
    /// Suggested instructions.
    pub system_prompt: &'static str,
}

/// The personalities on offer; the first is everyone's default agent.
pub const PRESETS: [Preset; 6] = [
    Preset {
        key: "assistant",
        name: "Assistant",
        description: "Answers questions and helps with everyday work",
        avatar: "sparkles",
        temperature: 0.7,
        system_prompt: "You are a helpful, honest assistant. Answer directly and to the point. Say so when you are not sure.",
    },
    Preset {
        key: "editor",
        name: "Editor",
        description: "Makes your text clearer without changing what it says",
        avatar: "feather",
        temperature: 0.4,
        system_prompt: "You are a careful editor. Improve clarity, grammar and rhythm; keep the author's meaning and voice. Return the revised text first, then a short list of what you changed and why.",
    },
    Preset {
        key: "engineer",
        name: "Software engineer",
        description: "Writes and reviews code",
        avatar: "code",
        temperature: 0.2,
        system_prompt: "You are a senior software engineer. Prefer simple, correct, tested code. Name assumptions, mention edge cases, and show complete snippets in fenced blocks with their language.",
    },
    Preset {
        key: "tutor",
        name: "Tutor",
        description: "Explains step by step and checks that you follow",
        avatar: "graduation",
        temperature: 0.6,
        system_prompt: "You are a patient tutor. Explain one step at a time with small examples, then ask one question that shows whether it was understood.",
    },
    Preset {
        key: "critic",
        name: "Critic",
        description: "Finds what is weak in an argument or a plan",
        avatar: "scale",
        temperature: 0.5,
        system_prompt: "You are a fair but demanding critic. State the strongest form of the argument, then its weakest points in order of importance, and what would fix each.",
    },
    Preset {
        key: "brainstormer",
        name: "Brainstormer",
        description: "Many different ideas, quickly",
        avatar: "lightbulb",
        temperature: 1.0,
        system_prompt: "You help to find ideas. Offer many that differ in kind, each in one line, and mark the two you would try first and why.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> AgentForm {
        AgentForm {
            name: " Ada ".into(),
            provider: "local".into(),
            model: "m".into(),
            temperature: "0,7".into(),
            max_tokens: "512".into(),
            ..AgentForm::default()
        }
    }

    #[test]
    fn a_form_is_trimmed_and_read() {
        let draft = form().check().unwrap();
        assert_eq!((draft.name.as_str(), draft.temperature, draft.max_tokens), ("Ada", 0.7, 512));
        assert_eq!(draft.avatar, AVATARS[0]);
        assert!(!draft.is_active, "an unticked box means no");
    }

    #[test]
    fn wrong_numbers_are_named() {
        for (temperature, max_tokens, wrong) in [
            ("2.1", "1", "temperature"),
            ("NaN", "1", "temperature"),
            ("1", "0", "max_tokens"),
            ("1", "1e3", "max_tokens"),
        ] {
            let errors = AgentForm { temperature: temperature.into(), max_tokens: max_tokens.into(), ..form() }
                .check()
                .unwrap_err();
            assert_eq!(errors.iter().map(|it| it.field.as_str()).collect::<Vec<_>>(), [wrong]);
        }
    }

    #[test]
    fn the_default_agent_is_active() {
        assert!(AgentForm { is_default: Some("on".into()), ..form() }.check().unwrap().is_active);
    }
}
