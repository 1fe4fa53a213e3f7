//! What models cost on this server: what administrators set, before the table that comes with Atrium. Kept in memory,
//! because every call asks.

#[cfg(test)]
mod tests;

use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result};
use crate::ports::Ports;
use crate::store::{Store, args};
use atrium::catalogue::{ModelFacts, Price, Provider, known_model, model_facts};
use atrium::people::Viewer;
use std::sync::{Arc, PoisonError, RwLock};
use uuid::Uuid;

/// The prices in force. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    set: Arc<RwLock<Vec<Price>>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    provider: String,
    model: String,
    prompt_price: i64,
    completion_price: i64,
}

impl Prices {
    /// Reads what administrators set, here or on another server of the same database.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(&self, store: &Store) -> Result<()> {
        let rows: Vec<Row> = store
            .as_system("prices belong to the server")
            .all(
                "SELECT provider, model, prompt_price, completion_price FROM model_prices ORDER BY provider, model",
                args![],
            )
            .await?;
        let read = |it: Row| {
            let Row { provider, model, prompt_price, completion_price } = it;
            Some(Price { provider: Provider::parse(&provider)?, model, prompt_price, completion_price })
        };
        *self.set.write().unwrap_or_else(PoisonError::into_inner) = rows.into_iter().filter_map(read).collect();
        Ok(())
    }

    /// What was set here.
    ///
    /// # Errors
    /// When the viewer does not administer this server.
    pub fn list(&self, viewer: &Viewer) -> Result<Vec<Price>> {
        must_administer(viewer)?;
        Ok(self.all())
    }

    fn all(&self) -> Vec<Price> {
        self.set.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is known of a model, with the price of this server. Of all prices whose name the model's begins with the
    /// longest holds: a price set for `gpt-5` is not that of `gpt-5-mini`, which has one of its own.
    #[must_use]
    pub fn facts(&self, provider: Provider, model: &str) -> ModelFacts {
        let facts = model_facts(provider, model);
        let set = self.set.read().unwrap_or_else(PoisonError::into_inner);
        let own = set.iter().filter(|it| it.provider == provider && model.starts_with(&it.model));
        match own.max_by_key(|it| it.model.len()) {
            Some(own) if known_model(model).is_none_or(|(name, _)| own.model.len() >= name.len()) => {
                ModelFacts { prompt_price: own.prompt_price, completion_price: own.completion_price, ..facts }
            }
            _ => facts,
        }
    }

    /// Sets a price, for calls from now on.
    ///
    /// # Errors
    /// When the viewer does not administer this server.
    pub async fn set(&self, store: &Store, ports: &Ports, actor: Actor<'_>, price: &Price) -> Result<()> {
        must_administer(actor.viewer)?;
        let before = self.find(price.provider, &price.model);
        let mut tx = store.as_viewer(actor.viewer).begin().await?;
        tx.execute(
            "INSERT INTO model_prices (provider, model, prompt_price, completion_price, updated_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (provider, model) DO UPDATE SET prompt_price = excluded.prompt_price, completion_price = excluded.completion_price, updated_at = excluded.updated_at",
            args![
                price.provider.as_str(),
                &price.model,
                price.prompt_price,
                price.completion_price,
                ports.now()
            ],
        )
        .await?;
        audit::note(&mut tx, ports, actor, deed(actor, &price.model), before, Some(price)).await?;
        tx.commit().await?;
        self.load(store).await
    }

    /// Goes back to the price that comes with Atrium; answers with what was set.
    ///
    /// # Errors
    /// When the viewer does not administer this server, or no such price was set.
    pub async fn forget(
        &self,
        store: &Store,
        ports: &Ports,
        actor: Actor<'_>,
        provider: Provider,
        model: &str,
    ) -> Result<Price> {
        must_administer(actor.viewer)?;
        let before = self.find(provider, model).ok_or(Error::NotFound("price"))?;
        let mut tx = store.as_viewer(actor.viewer).begin().await?;
        tx.execute("DELETE FROM model_prices WHERE provider = $1 AND model = $2", args![provider.as_str(), model])
            .await?;
        audit::note(&mut tx, ports, actor, deed(actor, model), Some(&before), None::<()>).await?;
        tx.commit().await?;
        self.load(store).await?;
        Ok(before)
    }

    fn find(&self, provider: Provider, model: &str) -> Option<Price> {
        self.all().into_iter().find(|it| it.provider == provider && it.model == model)
    }
}

fn deed<'a>(actor: Actor<'a>, model: &'a str) -> Deed<'a> {
    Deed {
        organisation: actor.viewer.organisation,
        action: "price.change",
        kind: "price",
        id: Uuid::nil(),
        name: model,
    }
}

fn must_administer(viewer: &Viewer) -> Result<()> {
    if viewer.can_administer_server() {
        Ok(())
    } else {
        Err(Error::Forbidden("Only an administrator of this server sees and sets what models cost."))
    }
}
