//! What is known about providers and models: names, windows, prices. Pure tables; what a provider offers at this
//! moment is asked of the provider.

use crate::failure::{Checks, FieldError};
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
    /// A workflow that answers through a webhook, as n8n has them. Its model is the webhook's address.
    N8n,
}

impl Provider {
    /// All, as offered.
    pub const ALL: [Self; 6] = [Self::Local, Self::OpenAi, Self::Ollama, Self::Gemini, Self::Anthropic, Self::N8n];

    /// As stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::OpenAi => "openai",
            Self::Ollama => "ollama",
            Self::Gemini => "gemini",
            Self::Anthropic => "anthropic",
            Self::N8n => "n8n",
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
            Self::N8n => "Webhook (n8n)",
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
            Self::Local | Self::N8n => None,
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

/// Models that look at pictures, and those that do not, by the longest prefix of the id: what providers said in 2025.
const SIGHT: &[(&str, bool)] = &[
    ("SmolLM2", false),
    ("bakllava", true),
    ("chatgpt-4o", true),
    ("claude", true),
    ("claude-2", false),
    ("claude-instant", false),
    ("codellama", false),
    ("deepseek", false),
    ("deepseek-vl", true),
    ("gemini", true),
    ("gemma", false),
    ("gemma3", true),
    ("gemma3:1b", false),
    ("gemma3:270m", false),
    ("gemma3n", false),
    ("gpt-3.5", false),
    ("gpt-4", false),
    ("gpt-4-turbo", true),
    ("gpt-4-turbo-preview", false),
    ("gpt-4-vision", true),
    ("gpt-4.1", true),
    ("gpt-4.5", true),
    ("gpt-4o", true),
    ("gpt-4o-audio", false),
    ("gpt-5", true),
    ("gpt-oss", false),
    ("granite", false),
    ("granite3.2-vision", true),
    ("llama2", false),
    ("llama3", false),
    ("llama3.2-vision", true),
    ("llama4", true),
    ("llava", true),
    ("minicpm-v", true),
    ("mistral", false),
    ("mistral-large", false),
    ("mistral-medium-3", true),
    ("mistral-small-2503", true),
    ("mistral-small-2506", true),
    ("mistral-small3.1", true),
    ("mistral-small3.2", true),
    ("mixtral", false),
    ("moondream", true),
    ("o1", true),
    ("o1-mini", false),
    ("o1-preview", false),
    ("o3", true),
    ("o3-mini", false),
    ("o4-mini", true),
    ("phi3", false),
    ("phi4", false),
    ("pixtral", true),
    ("qwen2", false),
    ("qwen2.5", false),
    ("qwen2.5vl", true),
    ("qwen3", false),
    ("qwen3-vl", true),
    ("tinyllama", false),
];

/// Whether a model looks at pictures; nothing, where nobody knows: then it may be tried.
#[must_use]
pub fn sees(provider: Provider, model: &str) -> Option<bool> {
    match provider {
        // The model in this process reads text; what a workflow gets is text as well.
        Provider::Local | Provider::N8n => Some(false),
        Provider::OpenAi | Provider::Ollama | Provider::Gemini | Provider::Anthropic => {
            // Gateways put the maker's name in front.
            let name = model.rsplit('/').next().unwrap_or(model);
            let found = SIGHT.iter().filter(|(prefix, _)| name.starts_with(prefix));
            found.max_by_key(|(prefix, _)| prefix.len()).map(|it| it.1)
        }
    }
}

/// By the longest prefix of the model's id. Prices as the providers published them in 2025; what an administrator sets
/// comes before them.
pub const MODELS: &[(&str, ModelFacts)] = &[
    ("SmolLM2", facts(2_048, 0, 0)),
    ("claude-3-5-haiku", facts(200_000, 800_000, 4_000_000)),
    ("claude-3-haiku", facts(200_000, 250_000, 1_250_000)),
    ("claude-haiku-4", facts(200_000, 1_000_000, 5_000_000)),
    ("claude-opus-4", facts(200_000, 15_000_000, 75_000_000)),
    ("claude", facts(200_000, 3_000_000, 15_000_000)),
    ("gemini-embedding-001", facts(2_048, 150_000, 0)),
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
    ("text-embedding-3-large", facts(8_191, 130_000, 0)),
    ("text-embedding-3-small", facts(8_191, 20_000, 0)),
    ("text-embedding-ada-002", facts(8_191, 100_000, 0)),
    ("o3-mini", facts(200_000, 1_100_000, 4_400_000)),
    ("o3", facts(200_000, 2_000_000, 8_000_000)),
    ("o4-mini", facts(200_000, 1_100_000, 4_400_000)),
];

/// For models that nobody listed: a window that most servers have, and no price.
const UNKNOWN: ModelFacts = facts(32_768, 0, 0);

const fn facts(context_window: u64, prompt_price: i64, completion_price: i64) -> ModelFacts {
    ModelFacts { context_window, prompt_price, completion_price }
}

/// The entry of [`MODELS`] that `model` is priced by.
#[must_use]
pub fn known_model(model: &str) -> Option<&'static (&'static str, ModelFacts)> {
    MODELS.iter().filter(|(prefix, _)| model.starts_with(prefix)).max_by_key(|(prefix, _)| prefix.len())
}

/// What is known about `model` of `provider`. What runs on one's own machine costs nothing, whatever its name; what a
/// workflow costs it does not say.
#[must_use]
pub fn model_facts(provider: Provider, model: &str) -> ModelFacts {
    let found = known_model(model).map_or(UNKNOWN, |(_, facts)| *facts);
    match provider {
        Provider::Local | Provider::Ollama | Provider::N8n => {
            ModelFacts { prompt_price: 0, completion_price: 0, ..found }
        }
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

/// What an administrator says a model costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Price {
    /// Whose model.
    pub provider: Provider,
    /// Which: its id, or what the ids of several begin with.
    pub model: String,
    /// Micro-dollars for a million prompt tokens.
    pub prompt_price: i64,
    /// Micro-dollars for a million completion tokens.
    pub completion_price: i64,
}

/// A [`Price`], as typed: dollars for a million tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PriceForm {
    /// See [`Price::provider`].
    pub provider: String,
    /// See [`Price::model`].
    pub model: String,
    /// See [`Price::prompt_price`].
    pub prompt_price: String,
    /// See [`Price::completion_price`].
    pub completion_price: String,
}

impl PriceForm {
    /// # Errors
    /// With what to change.
    pub fn check(&self) -> Result<Price, Vec<FieldError>> {
        let mut checks = Checks::default();
        let provider = Provider::parse(&self.provider);
        let model = crate::text::line(&self.model);
        let (prompt, completion) = (parse_dollars(&self.prompt_price), parse_dollars(&self.completion_price));
        let amount = "Enter dollars for a million tokens, like 2.50.";
        checks
            .require(provider.is_some(), "provider", "Choose a provider.")
            .require(
                (1..=200).contains(&model.chars().count()),
                "model",
                "Enter the model's id, or what ids begin with.",
            )
            .require(prompt.is_some(), "prompt_price", amount)
            .require(completion.is_some(), "completion_price", amount);
        checks.done()?;
        Ok(Price {
            provider: provider.unwrap_or(Provider::Local),
            model,
            prompt_price: prompt.unwrap_or_default(),
            completion_price: completion.unwrap_or_default(),
        })
    }
}

/// Micro-dollars of `2`, `2.5` or `0.000001`; up to a million dollars.
#[must_use]
pub fn parse_dollars(text: &str) -> Option<i64> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let is_number = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
    if whole.is_empty() && part.is_empty() || !is_number(whole) || !is_number(part) || part.len() > 6 {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let micros: i64 = format!("{part:0<6}").parse().ok()?;
    (whole <= 1_000_000).then_some(whole * 1_000_000 + micros)
}

/// The shortest text that [`parse_dollars`] reads back, with cents.
#[must_use]
pub fn plain_dollars(micros: i64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let cents = text.len() - 4;
    format!("{}{}", &text[..cents], text[cents..].trim_end_matches('0'))
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
    fn the_longest_prefix_says_who_sees() {
        use Provider::{Anthropic, Gemini, Local, N8n, Ollama, OpenAi};
        for (provider, model, expected) in [
            (Local, LOCAL_MODEL, Some(false)),
            (N8n, "https://example.org/webhook/gpt-4o", Some(false)),
            (OpenAi, "gpt-4o-mini-2024-07-18", Some(true)),
            (OpenAi, "openai/gpt-4o", Some(true)),
            (OpenAi, "gpt-4-0613", Some(false)),
            (OpenAi, "o3-mini", Some(false)),
            (OpenAi, "o3", Some(true)),
            (OpenAi, "our-own", None),
            (Gemini, "gemini-2.5-flash", Some(true)),
            (Anthropic, "claude-sonnet-4-5", Some(true)),
            (Ollama, "llama3.2:3b", Some(false)),
            (Ollama, "llama3.2-vision:11b", Some(true)),
        ] {
            assert_eq!(sees(provider, model), expected, "{model}");
        }
    }

    #[test]
    fn dollars_survive_the_round_trip() {
        for (text, micros) in
            [("2.50", 2_500_000), ("0.075", 75_000), ("0.00", 0), ("15.00", 15_000_000), ("0.000001", 1)]
        {
            assert_eq!(parse_dollars(text), Some(micros));
            assert_eq!(plain_dollars(micros), text);
        }
        assert_eq!(parse_dollars(" .5 "), Some(500_000));
        for text in ["", ".", "-1", "1,5", "1.0000001", "1e3", "99999999", "$1"] {
            assert_eq!(parse_dollars(text), None, "{text}");
        }
    }

    #[test]
    fn costs_are_whole_micro_dollars_rounded_up() {
        let facts = model_facts(Provider::OpenAi, "gpt-4o-mini");
        assert_eq!(facts.cost(1_000_000, 1_000_000), 750_000);
        assert_eq!(facts.cost(1, 0), 1);
        assert_eq!(facts.cost(0, 0), 0);
    }
}
