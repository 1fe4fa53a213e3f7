//! Which providers can be reached, as the settings of this moment say.

use crate::error::{Error, Result};
use crate::providers::{
    Adapter, Client, Endpoint, anthropic::Anthropic, gemini::Gemini, local::Local, n8n::N8n, ollama::Ollama,
    openai::OpenAi,
};
use crate::settings::Settings;
use crate::usage::prices::Prices;
use atrium::catalogue::{LOCAL_MODEL, Provider};
use atrium::people::Viewer;
use atrium_inference::Runner;

/// Makes adapters. Nothing is kept but the connection pool and the local model, so that a changed key counts at once.
#[derive(Debug)]
pub struct Connections {
    client: Client,
    runner: Runner,
    settings: Settings,
    prices: Prices,
}

impl Connections {
    /// Over the one client and the one local model of this process.
    #[must_use]
    pub fn new(client: Client, runner: Runner, settings: Settings) -> Self {
        Self { client, runner, settings, prices: Prices::default() }
    }

    /// What their models cost.
    #[must_use]
    pub fn prices(&self) -> &Prices {
        &self.prices
    }

    /// Whether the local model is in memory, and how many questions wait for it or are being answered.
    #[must_use]
    pub fn local_model(&self) -> (bool, usize) {
        (self.runner.is_loaded(), self.runner.asked())
    }

    /// The way to `provider`.
    ///
    /// # Errors
    /// When it cannot work without a key and there is none.
    pub fn adapter(&self, provider: Provider) -> Result<Adapter> {
        let name = provider.as_str();
        let key = self.settings.secret(&format!("{name}_api_key"));
        if key.is_none() && (provider.needs_key() || self.is_openai_itself(provider)) {
            return Err(Error::Conflict {
                code: "provider_without_key",
                message: format!(
                    "There is no key for {}. An administrator can add one on the settings page, or choose another provider for this agent.",
                    provider.label()
                ),
            });
        }
        let endpoint = Endpoint {
            base_url: self.settings.text(&format!("{name}_base_url")).trim_end_matches('/').to_owned(),
            key,
        };
        Ok(match provider {
            Provider::Local => Adapter::Local(Local::new(self.runner.clone())),
            Provider::OpenAi => Adapter::OpenAi(OpenAi::new(self.client.clone(), endpoint)),
            Provider::Ollama => Adapter::Ollama(Ollama::new(self.client.clone(), endpoint)),
            Provider::Gemini => Adapter::Gemini(Gemini::new(self.client.clone(), endpoint)),
            Provider::Anthropic => Adapter::Anthropic(Anthropic::new(self.client.clone(), endpoint)),
            Provider::N8n => Adapter::N8n(N8n::new(self.client.clone(), endpoint)),
        })
    }

    /// Whether its models say what conversations are called. The local one has better things to do.
    #[must_use]
    pub(crate) fn names_conversations(&self, provider: Provider) -> bool {
        provider != Provider::Local && self.settings.flag("model_titles")
    }

    /// What `provider` offers at this moment, sorted.
    ///
    /// # Errors
    /// With the provider's own error; when it is none that lists any.
    pub async fn models(&self, viewer: &Viewer, provider: Provider) -> Result<Vec<String>> {
        if provider == Provider::N8n {
            return Err(Error::Conflict {
                code: "provider_without_models",
                message: "Workflows do not list their webhooks. Enter the address of the one that answers, or its path below the n8n URL.".to_owned(),
            });
        }
        let models = self.adapter(provider)?.models().await.map_err(|error| error.told_to(viewer))?;
        Ok(models.into_iter().map(|it| it.id).collect())
    }

    /// The provider and model that a first agent gets: what is set, else the local model.
    pub async fn default_model(&self) -> (Provider, String) {
        let provider = Provider::parse(&self.settings.text("default_provider")).unwrap_or(Provider::Local);
        let set = self.settings.text("default_model");
        let model = if !set.is_empty() {
            set
        } else if provider == Provider::Local {
            LOCAL_MODEL.to_owned()
        } else {
            // A provider that is away must not keep anybody from their first agent; they choose the model later.
            self.first_model(provider).await.unwrap_or_default()
        };
        if model.is_empty() { (Provider::Local, LOCAL_MODEL.to_owned()) } else { (provider, model) }
    }

    async fn first_model(&self, provider: Provider) -> Option<String> {
        self.adapter(provider).ok()?.models().await.ok()?.into_iter().next().map(|it| it.id)
    }

    fn is_openai_itself(&self, provider: Provider) -> bool {
        provider == Provider::OpenAi && self.settings.text("openai_base_url").contains("api.openai.com")
    }
}
