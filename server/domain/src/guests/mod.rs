//! People without an account, who chat where an administrator lets them: through the clients of an older system, by a key
//! that is all they have.
//!
//! What they say are conversations like any others. Whoever reads says as whom: as the one guest account, which nobody can
//! sign in to. Its one agent is made of the settings; limits for each address and for all, and a daily sum, bound what they
//! cost.

mod chats;
#[cfg(test)]
mod tests;
mod turns;

pub use chats::{GuestChat, Visitor};
pub use turns::Turn;

use crate::accounts::Accounts;
use crate::agents;
use crate::agents::connections::Connections;
use crate::chat::Chat;
use crate::error::{Error, Result};
use crate::limits::{self, Limit};
use crate::ports::{DAY, Ports, SECOND};
use crate::settings::{Settings, parse_temperature};
use crate::store::{Store, args};
use atrium::agents::{AVATARS, Agent, AgentDraft, MAX_TOKENS_MAX, PRESETS};
use atrium::catalogue::Provider;
use atrium::people::{Role, Viewer};
use std::sync::Arc;
use uuid::Uuid;

/// The account. Nobody can register what is no address and no user name, so nobody can take its place.
const GUEST_ID: Uuid = Uuid::from_u128(2);
const GUEST_EMAIL: &str = "guests (no account)";
const GUEST_NAME: &str = "Guests";
/// Its agent.
const AGENT_NAME: &str = "Guest chat";
/// What the older system asked where nothing else is set.
const GEMINI_MODEL: &str = "gemini-2.0-flash";

/// Lets guests in, and finds their chats. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Guests {
    store: Store,
    ports: Ports,
    settings: Settings,
    accounts: Accounts,
    connections: Arc<Connections>,
    chat: Chat,
    turns: turns::Turns,
}

impl Guests {
    /// Over the parts that everybody else uses.
    #[must_use]
    pub fn new(
        store: Store,
        ports: Ports,
        settings: Settings,
        accounts: Accounts,
        connections: Arc<Connections>,
        chat: Chat,
    ) -> Self {
        Self { store, ports, settings, accounts, connections, chat, turns: turns::Turns::default() }
    }

    /// Whether guests are let in at all.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when an administrator has closed the door.
    pub fn may_come(&self) -> Result<()> {
        if self.settings.flag("guest_chat") {
            Ok(())
        } else {
            Err(Error::Forbidden("Chatting without an account is switched off here. Sign in instead."))
        }
    }

    fn number(&self, name: &str) -> i64 {
        self.settings.text(name).parse().unwrap_or_default()
    }

    /// Counts a message of `visitor`, and gives it a turn to be answered.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when it was one too many, too many are being answered, or guests have cost enough for a day.
    pub async fn admit(&self, viewer: &Viewer, visitor: &Visitor) -> Result<Turn> {
        self.may_come()?;
        let limit = |name| usize::try_from(self.number(name)).unwrap_or_default();
        let (each, all) = (limit("guest_answers_of_one_address"), limit("guest_answers_at_once"));
        let turn = self.turns.take(visitor.network(), each, all).ok_or_else(|| Error::RateLimited {
            message: "Too many answers are being written at this moment. Try again in a few seconds.".to_owned(),
            retry_after: 5,
        })?;
        let hits = self.number("guest_messages_per_hour");
        if hits > 0 {
            let limit = Limit { hits, window: 3600 * SECOND };
            limits::hit(&self.store, &self.ports, &format!("guest:address:{}", visitor.network()), limit).await?;
        }
        let cents = self.number("guest_cents_per_day");
        if cents > 0 && self.spent(viewer).await? >= cents * 10_000 {
            return Err(Error::RateLimited {
                message: "Guests have used up what is set aside for them today. Come back tomorrow, or sign in."
                    .to_owned(),
                retry_after: 3600,
            });
        }
        Ok(turn)
    }

    /// Micro-dollars of the last 24 hours.
    async fn spent(&self, viewer: &Viewer) -> Result<i64> {
        let spent: Option<(i64,)> = self
            .store
            .as_viewer(viewer)
            .optional(
                "SELECT CAST(COALESCE(SUM(cost_micros), 0) AS BIGINT) FROM llm_calls WHERE organisation_id = $1 AND called_at > $2 AND user_id = $3",
                args![viewer.organisation, self.ports.now() - DAY, viewer.id],
            )
            .await?;
        Ok(spent.map_or(0, |it| it.0))
    }

    /// The guest account, made when the first guest comes. It is switched off and has no password: nobody signs in to it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn viewer(&self) -> Result<Viewer> {
        let system = self.store.as_system("guests have no account of their own");
        let found: Option<(Uuid,)> =
            system.optional("SELECT organisation_id FROM users WHERE id = $1", args![GUEST_ID]).await?;
        let organisation = match found {
            Some((organisation,)) => organisation.into(),
            None => {
                let mut tx = system.begin().await?;
                let organisation = self.accounts.default_organisation(&mut tx).await?;
                // Of two who come first at once the second finds the first one's.
                tx.execute(
                    "INSERT INTO users (id, organisation_id, email, username, name, job_title, department, role, is_superuser, is_active, password_hash, created_at, updated_at)
                     VALUES ($1, $2, $3, $3, $4, '', '', 'guest', FALSE, FALSE, '', $5, $5) ON CONFLICT DO NOTHING",
                    args![GUEST_ID, organisation, GUEST_EMAIL, GUEST_NAME, self.ports.now()],
                )
                .await?;
                tx.commit().await?;
                organisation
            }
        };
        Ok(Viewer {
            id: GUEST_ID.into(),
            organisation,
            role: Role::Guest,
            is_superuser: false,
            name: GUEST_NAME.to_owned(),
            email: GUEST_EMAIL.to_owned(),
            username: GUEST_EMAIL.to_owned(),
            impersonator: None,
            avatar: None,
        })
    }

    /// Who answers guests: as the settings say at this moment.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn agent(&self, viewer: &Viewer) -> Result<Agent> {
        let scope = self.store.as_viewer(viewer);
        let current = agents::default(scope, &self.ports, &self.connections).await?;
        let draft = self.draft().await;
        let is_so = (current.name.as_str(), current.provider, current.model.as_str(), current.max_tokens)
            == (draft.name.as_str(), draft.provider, draft.model.as_str(), draft.max_tokens)
            && current.system_prompt == draft.system_prompt
            && (current.temperature - draft.temperature).abs() < f64::EPSILON;
        if is_so { Ok(current) } else { agents::update(scope, &self.ports, current.id, &draft, None).await }
    }

    async fn draft(&self) -> AgentDraft {
        let (provider, model) = self.model().await;
        let prompt = self.settings.text("guest_system_prompt");
        let temperature = parse_temperature(&self.settings.text("guest_temperature"));
        AgentDraft {
            name: AGENT_NAME.to_owned(),
            description: "Answers people without an account".to_owned(),
            avatar: AVATARS[0].to_owned(),
            provider,
            model,
            temperature: temperature.unwrap_or(PRESETS[0].temperature),
            max_tokens: self.number("guest_max_tokens").clamp(1, MAX_TOKENS_MAX),
            system_prompt: atrium::text::filled(&prompt).unwrap_or(PRESETS[0].system_prompt).to_owned(),
            is_default: true,
            is_active: true,
        }
    }

    /// What is set; else Gemini's, where there is a key for it, as that system had; else what everybody begins with.
    async fn model(&self) -> (Provider, String) {
        let set = self.settings.text("guest_model");
        let named = Provider::parse(&self.settings.text("guest_provider"));
        let has_gemini = self.settings.secret("gemini_api_key").is_some();
        let provider = named.or(has_gemini.then_some(Provider::Gemini));
        match provider {
            Some(provider) if !set.is_empty() => (provider, set),
            Some(Provider::Gemini) => (Provider::Gemini, GEMINI_MODEL.to_owned()),
            _ => {
                let (provider, model) = self.connections.default_model().await;
                (provider, if set.is_empty() { model } else { set })
            }
        }
    }
}
