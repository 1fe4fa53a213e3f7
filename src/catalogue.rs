//! What is known about providers and models: names, windows, prices. Pure tables; what a provider offers at this
//! moment is asked of the provider.

use serde::{Deserialize, Serialize};

/// Whoever runs a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// The small model in this process.
    Local,
    /// OpenAI, or any server that speaks its protocol.
    OpenAi,
    /// Ollama.
    Ollama,
    /// Google.
    Gemini,
    /// Anthropic.
    Anthropic,
}

impl Provider {
    /// All, as offered.
    pub const ALL: [Self; 5] = [Self::Local, Self::OpenAi, Self::Ollama, Self::Gemini, Self::Anthropic];

    /// As stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::OpenAi => "openai",
            Self::Ollama => "ollama",
            Self::Gemini => "gemini",
            Self::Anthropic => "anthropic",
        }
    }

    /// As shown.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Local => "Local model",
            Self::OpenAi => "OpenAI-compatible",
            Self::Ollama => "Ollama",
            Self::Gemini => "Gemini",
            Self::Anthropic => "Anthropic",
        }
    }

    /// The provider of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }

    /// Where it listens unless somebody says otherwise.
    #[must_use]
    pub fn default_base_url(self) -> Option<&'static str> {
        match self {
            Self::Local => None,
            Self::OpenAi => Some("https://api.openai.com/v1"),
            Self::Ollama => Some("http://127.0.0.1:11434"),
            Self::Gemini => Some("https://generativelanguage.googleapis.com"),
            Self::Anthropic => Some("https://api.anthropic.com"),
        }
    }

    /// Answers only to those who have a key.
    #[must_use]
    pub fn needs_key(self) -> bool {
        matches!(self, Self::Gemini | Self::Anthropic)
    }
}

/// The model that comes with Atrium.
pub const LOCAL_MODEL: &str = "SmolLM2-135M-Instruct";

/// What a model costs and how much it can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelFacts {
    /// Tokens of prompt and answer together.
    pub context_window: u64,
    /// Micro-dollars for a million prompt tokens.
    pub prompt_price: i64,
    /// Micro-dollars for a million completion tokens.
    pub completion_price: i64,
}

/// By the longest prefix of the model's id. Prices as the providers published them in 2025; an administrator's own
/// table comes before it once there is one.
const MODELS: &[(&str, ModelFacts)] = &[
    ("SmolLM2", facts(2_048, 0, 0)),
    ("claude-3-5-haiku", facts(200_000, 800_000, 4_000_000)),
    ("claude-3-haiku", facts(200_000, 250_000, 1_250_000)),
    ("claude-haiku-4", facts(200_000, 1_000_000, 5_000_000)),
    ("claude-opus-4", facts(200_000, 15_000_000, 75_000_000)),
    ("claude", facts(200_000, 3_000_000, 15_000_000)),
    ("gemini-1.5-flash", facts(1_000_000, 75_000, 300_000)),
    ("gemini-1.5-pro", facts(2_000_000, 1_250_000, 5_000_000)),
    ("gemini-2.0-flash-lite", facts(1_000_000, 75_000, 300_000)),
    ("gemini-2.0-flash", facts(1_000_000, 100_000, 400_000)),
    ("gemini-2.5-flash-lite", facts(1_000_000, 100_000, 400_000)),
    ("gemini-2.5-flash", facts(1_000_000, 300_000, 2_500_000)),
    ("gemini-2.5-pro", facts(1_000_000, 1_250_000, 10_000_000)),
    ("gpt-3.5-turbo", facts(16_385, 500_000, 1_500_000)),
    ("gpt-4-turbo", facts(128_000, 10_000_000, 30_000_000)),
    ("gpt-4.1-mini", facts(1_000_000, 400_000, 1_600_000)),
    ("gpt-4.1-nano", facts(1_000_000, 100_000, 400_000)),
    ("gpt-4.1", facts(1_000_000, 2_000_000, 8_000_000)),
    ("gpt-4o-mini", facts(128_000, 150_000, 600_000)),
    ("gpt-4o", facts(128_000, 2_500_000, 10_000_000)),
    ("gpt-5-mini", facts(400_000, 250_000, 2_000_000)),
    ("gpt-5-nano", facts(400_000, 50_000, 400_000)),
    ("gpt-5", facts(400_000, 1_250_000, 10_000_000)),
    ("o3-mini", facts(200_000, 1_100_000, 4_400_000)),
    ("o3", facts(200_000, 2_000_000, 8_000_000)),
    ("o4-mini", facts(200_000, 1_100_000, 4_400_000)),
];

/// For models that nobody listed: a window that most servers have, and no price.
const UNKNOWN: ModelFacts = facts(32_768, 0, 0);

const fn facts(context_window: u64, prompt_price: i64, completion_price: i64) -> ModelFacts {
    ModelFacts { context_window, prompt_price, completion_price }
}

/// What is known about `model` of `provider`. What runs on one's own machine costs nothing, whatever its name.
#[must_use]
pub fn model_facts(provider: Provider, model: &str) -> ModelFacts {
    let known = MODELS.iter().filter(|(prefix, _)| model.starts_with(prefix)).max_by_key(|(prefix, _)| prefix.len());
    let found = known.map_or(UNKNOWN, |(_, facts)| *facts);
    match provider {
        Provider::Local | Provider::Ollama => ModelFacts { prompt_price: 0, completion_price: 0, ..found },
        _ => found,
    }
}

impl ModelFacts {
    /// Micro-dollars, rounded up: many small calls must not add up to nothing.
    #[must_use]
    pub fn cost(&self, prompt_tokens: i64, completion_tokens: i64) -> i64 {
        let picos = i128::from(prompt_tokens) * i128::from(self.prompt_price)
            + i128::from(completion_tokens) * i128::from(self.completion_price);
        i64::try_from((picos + 999_999) / 1_000_000).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_names_the_price() {
        let mini = model_facts(Provider::OpenAi, "gpt-4o-mini-2024-07-18");
        assert_eq!(mini.prompt_price, 150_000);
        assert_eq!(model_facts(Provider::OpenAi, "somebody/else"), UNKNOWN);
        assert_eq!(model_facts(Provider::Ollama, "gpt-5").prompt_price, 0);
    }

    #[test]
    fn costs_are_whole_micro_dollars_rounded_up() {
        let facts = model_facts(Provider::OpenAi, "gpt-4o-mini");
        assert_eq!(facts.cost(1_000_000, 1_000_000), 750_000);
        assert_eq!(facts.cost(1, 0), 1);
        assert_eq!(facts.cost(0, 0), 0);
    }
}
