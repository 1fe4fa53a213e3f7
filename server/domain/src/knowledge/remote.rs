//! Whose vectors a base has: choosing its model, and asking that model, in this process or of a provider.
//!
//! A base names its model as `provider/model`. What providers make is asked on somebody's account, so that it is kept and
//! obeys budgets like everything else that is asked of them.

#[cfg(test)]
mod tests;

use super::{Knowledge, bases};
use crate::audit::{self, Actor};
use crate::error::{Error, Result};
use crate::jobs::{self, Asker, Kind};
use crate::providers::Use;
use crate::store::args;
use crate::usage::{Account, Call, Purpose};
use atrium::catalogue::Provider;
use atrium::ids::BaseId;
use atrium_retrieval::vectors::unit;
use uuid::Uuid;

/// Providers whose models make vectors.
const PROVIDERS: [Provider; 3] = [Provider::OpenAi, Provider::Ollama, Provider::Gemini];
/// Longest name of a model, in characters.
const NAME_MAX: usize = 200;
/// Rows removed at a time: so few that whoever writes meanwhile hardly notices.
const BATCH: i64 = 500;

/// A provider's model, by its name as stored.
fn remote(name: &str) -> Option<(Provider, &str)> {
    let (provider, model) = name.split_once('/')?;
    let provider = Provider::parse(provider).filter(|it| PROVIDERS.contains(it))?;
    (!model.is_empty()).then_some((provider, model))
}

/// What a person may read of what went wrong, when it is no longer known who that will be.
pub(super) fn told(error: Error) -> String {
    match error {
        Error::Provider(error) => error.told().to_string(),
        error => error.to_string(),
    }
}

impl Knowledge {
    /// Whether the model of that name can work; else a sentence that says why not.
    pub(super) fn check_encoder(&self, name: &str) -> std::result::Result<(), String> {
        match remote(name) {
            Some((provider, _)) => self.connections.adapter(provider).map(drop).map_err(told),
            None => self.encoder(name).map(drop),
        }
    }

    /// Unit vectors of texts, by the model of that name.
    pub(super) async fn encode(
        &self,
        name: &str,
        texts: Vec<String>,
        made_for: Use,
        account: Account,
    ) -> Result<Vec<Vec<f32>>> {
        let Some((provider, model)) = remote(name) else {
            let encoder = self.encoder(name);
            let encoder = encoder.map_err(|message| Error::Conflict { code: "no_embedding_model", message })?;
            return encoder.encode(texts, made_for).await;
        };
        let adapter = self.connections.adapter(provider)?;
        let (prices, now) = (self.connections.prices(), self.ports.now());
        let call = Call::begin_for(account, prices, provider, model, Purpose::Embedding, now);
        let vectors = call.embed(&self.store, &self.ports, &adapter, texts, made_for).await?;
        Ok(vectors.into_iter().map(|it| unit(&it).unwrap_or(it)).collect())
    }

    /// Has another model make the vectors of a base. Those that are there are searched until the new ones are complete.
    ///
    /// # Errors
    /// With what to change: a short try is made first. When the viewer does not manage the base.
    pub async fn change_encoder(&self, actor: Actor<'_>, id: BaseId, name: &str) -> Result<()> {
        let scope = self.store.as_viewer(actor.viewer);
        let known = bases::managed(scope, id).await?;
        let before = bases::get(scope, id).await?;
        let name = name.trim();
        if name == before.next_encoder.as_deref().unwrap_or(&before.encoder) {
            return Ok(());
        }
        let refused = |message: String| Error::field("encoder", message);
        if name.chars().count() > NAME_MAX {
            return Err(refused(format!("Use at most {NAME_MAX} characters.")));
        }
        if remote(name).is_none() && !self.encoders.contains_key(name) {
            return Err(refused(
                "Name the provider and its model, like openai/text-embedding-3-small, ollama/nomic-embed-text or gemini/gemini-embedding-001."
                    .to_owned(),
            ));
        }
        self.check_encoder(name).map_err(refused)?;
        let account = Account { organisation: known.organisation, user: actor.viewer.id, project: known.project };
        let tried = self.encode(name, vec![known.name.clone()], Use::Question, account).await;
        tried.map_err(|error| match error {
            Error::Provider(error) => refused(error.told_to(actor.viewer).to_string()),
            error => error,
        })?;
        let mut tx = scope.begin().await?;
        tx.execute(
            "UPDATE knowledge_bases SET next_encoder = CASE WHEN encoder = $2 THEN NULL ELSE $2 END WHERE id = $1",
            args![id, name],
        )
        .await?;
        let asker = Asker { organisation: known.organisation.0, person: actor.viewer.id.0 };
        jobs::ask(&mut tx, &self.ports, asker, Kind::Embed, id.0).await?;
        let deed = bases::deed(known.organisation, "knowledge.change", id, &known.name);
        let change = |it: &str| serde_json::json!({ "encoder": it });
        audit::note(&mut tx, &self.ports, actor, deed, Some(change(&before.encoder)), Some(change(name))).await?;
        tx.commit().await?;
        // What was begun for a third model is of no use to anybody.
        self.drop_vectors(id.0, &[&before.encoder, name]).await?;
        self.jobs.wake();
        Ok(())
    }

    /// Removes the vectors of a base but those of these models, a batch at a time.
    pub(super) async fn drop_vectors(&self, base: Uuid, but: &[&str; 2]) -> Result<()> {
        let system = self.store.as_system("vectors are made for whoever searches");
        loop {
            let dropped = system
                .execute(
                    "DELETE FROM embeddings WHERE base_id = $1 AND encoder <> $2 AND encoder <> $3
                        AND piece IN (SELECT piece FROM embeddings WHERE base_id = $1 AND encoder <> $2 AND encoder <> $3 LIMIT $4)",
                    args![base, but[0], but[1], BATCH],
                )
                .await?;
            if dropped == 0 {
                return Ok(());
            }
        }
    }
}
