//! Everything that serves a request needs, wired once.

use crate::accounts::sessions::Sessions;
use crate::accounts::tokens::{Lifetimes, Tokens};
use crate::accounts::{Accounts, Hasher};
use crate::agents::connections::Connections;
use crate::attachments::Attachments;
use crate::audit::Actor;
use crate::chat::Chat;
use crate::error::Result;
use crate::guests::Guests;
use crate::idempotency::Keys;
use crate::import::chats::Imports;
use crate::knowledge::{Knowledge, Tools};
use crate::mail::Outbox;
use crate::ports::Ports;
use crate::settings::Settings;
use crate::sharing::Sharing;
use crate::store::Store;
use atrium::ids::{FamilyId, UserId};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The application. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Atrium {
    /// The database.
    pub store: Store,
    /// Time, ids and chance.
    pub ports: Ports,
    /// What is set, and where.
    pub settings: Settings,
    /// People.
    pub accounts: Accounts,
    /// What programs come in with.
    pub tokens: Tokens,
    /// Requests that are not done twice.
    pub idempotency: Keys,
    /// Mail on its way, and mail that nobody sends.
    pub mail: Outbox,
    /// What browsers' cookies stand for.
    pub sessions: Sessions,
    /// Ways to the models' providers.
    pub connections: Arc<Connections>,
    /// Documents that agents answer from.
    pub knowledge: Knowledge,
    /// Files that come with messages.
    pub attachments: Attachments,
    /// Conversations and the runs that write their answers.
    pub chat: Chat,
    /// Conversations that people had elsewhere.
    pub imports: Imports,
    /// Links by which anybody may read a conversation.
    pub sharing: Sharing,
    /// People without an account.
    pub guests: Guests,
}

impl Atrium {
    /// Wires the parts, reads the stored settings and picks up what an earlier server left unfinished.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn start(
        store: Store,
        ports: Ports,
        settings: Settings,
        hasher: Hasher,
        connections: Connections,
        tools: Tools,
    ) -> Result<Self> {
        settings.load(&store).await?;
        connections.prices().load(&store).await?;
        let connections = Arc::new(connections);
        let knowledge = Knowledge::new(store.clone(), ports.clone(), connections.clone(), tools);
        let chat = Chat::start(store.clone(), ports.clone(), connections.clone(), knowledge.clone()).await?;
        let boot = settings.boot();
        let lifetimes = Lifetimes {
            access: i64::from(boot.number("jwt_access_token_expire_minutes").max(1)) * 60,
            refresh: i64::from(boot.number("jwt_refresh_token_expire_days").max(1)) * 86_400,
        };
        let accounts = Accounts::new(store.clone(), ports.clone(), hasher);
        Ok(Self {
            attachments: Attachments::new(store.clone(), ports.clone(), knowledge.clone()),
            imports: Imports::new(store.clone(), ports.clone(), knowledge.clone()),
            guests: Guests::new(
                store.clone(),
                ports.clone(),
                settings.clone(),
                accounts.clone(),
                connections.clone(),
                chat.clone(),
            ),
            sharing: Sharing::new(store.clone(), ports.clone(), settings.clone()),
            tokens: Tokens::new(store.clone(), ports.clone(), &settings.jwt_key(), lifetimes),
            accounts,
            idempotency: Keys::new(store.clone(), ports.clone(), settings.derived_key("idempotency")),
            mail: Outbox::new(store.clone(), ports.clone(), settings.clone()),
            sessions: Sessions::new(store.clone()),
            store,
            ports,
            settings,
            connections,
            knowledge,
            chat,
        })
    }

    /// Whether people may make accounts for themselves.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`] when an administrator has closed registration.
    pub fn may_register(&self) -> Result<()> {
        if self.settings.flag("registration_open") {
            Ok(())
        } else {
            Err(crate::Error::Forbidden("Registration is closed. Ask an administrator to invite you."))
        }
    }

    /// Ends a sign-in of a program, and with it being somebody else, which the audit log tells.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_sign_in(&self, actor: Actor<'_>, family: FamilyId) -> Result<()> {
        self.tokens.end(actor.viewer, family).await?;
        self.accounts.stop_impersonating(actor).await.map(drop)
    }

    /// The same by its refresh token, from `address`; answers whether it had not ended before.
    ///
    /// # Errors
    /// [`crate::Error::BadToken`] when it is not one of ours.
    pub async fn end_sign_in_of(&self, refresh: &str, address: &str) -> Result<bool> {
        let holder = self.tokens.holder_of_refresh(refresh).await.ok();
        let ended = self.tokens.end_by_refresh(refresh).await?;
        if let Some(viewer) = holder.filter(|_| ended) {
            self.accounts.stop_impersonating(Actor { viewer: &viewer, address }).await?;
        }
        Ok(ended)
    }

    /// Signs somebody out everywhere: browsers, and programs that signed in with the password.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_all_sessions_of(&self, user: UserId) -> Result<()> {
        self.sessions.delete_all_of(user).await?;
        self.tokens.end_all_of(user).await
    }

    /// Sweeps out what has expired, follows what other servers change and indexes what nobody did, until `stop`.
    pub async fn keep_house(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = async { tokio::join!(self.keep_index(), self.sweep()); } => {}
        }
    }

    /// By itself: after an upgrade there may be much to index, and nothing else shall wait for it.
    async fn keep_index(&self) {
        let mut tick = tokio::time::interval(Duration::from_secs(3600));
        loop {
            tick.tick().await;
            match crate::search::catch_up(&self.store).await {
                Ok(0) => {}
                Ok(count) => tracing::info!("{count} messages were indexed for search"),
                Err(error) => tracing::warn!(cause = error.cause(), "messages could not be indexed: {error}"),
            }
            match crate::knowledge::catch_up(&self.store).await {
                Ok(0) => {}
                Ok(count) => tracing::info!("{count} pieces of documents were indexed for search"),
                Err(error) => tracing::warn!(cause = error.cause(), "documents could not be indexed: {error}"),
            }
        }
    }

    async fn sweep(&self) {
        let mut tick = tokio::time::interval(Duration::from_secs(10));
        let mut round = 0_u32;
        loop {
            tick.tick().await;
            let outcome = async {
                if self.store.is_shared() {
                    self.settings.load(&self.store).await?;
                    self.connections.prices().load(&self.store).await?;
                    self.chat.recover().await?;
                }
                self.knowledge.ask_for_due().await?;
                if round.is_multiple_of(6) {
                    crate::usage::budgets::warn(&self.store, &self.ports, &self.mail).await?;
                }
                if round.is_multiple_of(360) {
                    let now = self.ports.now();
                    self.sessions.sweep(now).await?;
                    self.tokens.sweep().await?;
                    self.idempotency.sweep().await?;
                    self.accounts.sweep_links().await?;
                    self.mail.sweep().await?;
                    self.knowledge.sweep().await?;
                    self.guests.sweep().await?;
                    crate::limits::sweep(&self.store, now - crate::ports::DAY).await?;
                    self.chat.purge(now - 30 * crate::ports::DAY).await?;
                    crate::prompts::purge(&self.store, now - 30 * crate::ports::DAY).await?;
                    crate::results::purge(&self.store, now - 30 * crate::ports::DAY).await?;
                    self.attachments.sweep().await?;
                }
                Ok::<_, crate::Error>(())
            };
            if let Err(error) = outcome.await {
                tracing::warn!(cause = error.cause(), "housekeeping did not finish: {error}");
            }
            round = round.wrapping_add(1);
        }
    }
}
