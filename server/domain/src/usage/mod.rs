//! What models cost: a row for every call, whoever made it and however it ended.

pub mod budgets;
pub mod period;
pub mod prices;
pub mod report;
mod tally;
#[cfg(test)]
mod tests;
pub mod tokens;

use crate::error::Result;
use crate::ports::{Micros, Ports};
use crate::providers::{Adapter, Event, EventStream, Request, Role, Turn, Use};
use crate::store::{Store, Tx, args};
use atrium::catalogue::{ModelFacts, Provider};
use atrium::ids::{AgentId, ConversationId, MessageId, OrganisationId, ProjectId, UserId};
use atrium::people::Viewer;
use futures::StreamExt as _;
use prices::Prices;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What a call was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A message in a conversation.
    Answer,
    /// The Test button.
    Test,
    /// A program that keeps the dialogue itself.
    Completion,
    /// What a conversation is called.
    Title,
    /// Vectors of documents, and of questions about them.
    Embedding,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Complete,
    /// By a person.
    Stopped,
    /// By an error.
    Failed,
}

impl Outcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// On whose account something is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    pub(crate) organisation: OrganisationId,
    pub(crate) user: UserId,
    /// The project that it is for.
    pub(crate) project: Option<ProjectId>,
}

/// One call to a model.
#[derive(Debug, Clone)]
pub struct Call {
    /// On whose account.
    pub organisation: OrganisationId,
    /// Who asked.
    pub user: UserId,
    /// Where, if in a conversation.
    pub place: Option<(ConversationId, MessageId)>,
    /// For which project, if not in a conversation.
    pub project: Option<ProjectId>,
    /// Whose instructions were followed; none for those of a form that is not saved.
    pub agent: Option<AgentId>,
    /// What for.
    pub purpose: Purpose,
    /// Whose model.
    pub provider: Provider,
    /// Which.
    pub model: String,
    /// What it costs.
    pub facts: ModelFacts,
    /// Tokens of the prompt and of the answer, once known.
    pub tokens: Option<(i64, i64)>,
    /// Whether they were counted here, not by the provider.
    pub is_estimate: bool,
    /// From asking to the end.
    pub latency: Duration,
    /// From asking to the first piece of text.
    pub first_token: Option<Duration>,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began.
    pub called_at: Micros,
    /// What is kept of budgets for it.
    reservation: Option<Arc<budgets::Reservation>>,
    /// It was not made: it might have cost more than is left.
    is_refused: bool,
    /// A model was really asked: what sources answer by themselves is a call, too.
    is_asked: bool,
}

impl Call {
    /// A call that begins now.
    #[must_use]
    pub fn begin(
        viewer: &Viewer,
        prices: &Prices,
        provider: Provider,
        model: &str,
        purpose: Purpose,
        now: Micros,
    ) -> Self {
        let (organisation, user) = (viewer.organisation, viewer.id);
        let account = Account { organisation, user, project: None };
        Self::begin_for(account, prices, provider, model, purpose, now)
    }

    /// The same where whoever asked is not there any more.
    #[must_use]
    pub(crate) fn begin_for(
        account: Account,
        prices: &Prices,
        provider: Provider,
        model: &str,
        purpose: Purpose,
        now: Micros,
    ) -> Self {
        Self {
            organisation: account.organisation,
            user: account.user,
            place: None,
            project: account.project,
            agent: None,
            purpose,
            provider,
            model: model.to_owned(),
            facts: prices.facts(provider, model),
            tokens: None,
            is_estimate: false,
            latency: Duration::ZERO,
            first_token: None,
            outcome: Outcome::Failed,
            called_at: now,
            reservation: None,
            is_refused: false,
            is_asked: false,
        }
    }

    /// Begins the call, if budgets allow it: the one place where models are asked. Nothing is sent before the stream is
    /// polled.
    ///
    /// # Errors
    /// When it might cost more than is left.
    pub(crate) async fn ask(
        &mut self,
        store: &Store,
        ports: &Ports,
        adapter: &Adapter,
        request: &Request,
    ) -> Result<EventStream> {
        match budgets::reserve(store, ports, self, request).await {
            Ok(reservation) => self.reservation = reservation.map(Arc::new),
            Err(error) => {
                self.is_refused = true;
                ports.metrics().refused(self.provider);
                return Err(error);
            }
        }
        self.is_asked = true;
        Ok(traced(self, adapter.stream(request.clone())))
    }

    /// Has vectors made, if budgets allow it, and keeps the call: the one place where embedding models are asked.
    ///
    /// # Errors
    /// When it might cost more than is left; with the provider's own error.
    pub(crate) async fn embed(
        mut self,
        store: &Store,
        ports: &Ports,
        adapter: &Adapter,
        texts: Vec<String>,
        made_for: Use,
    ) -> Result<Vec<Vec<f32>>> {
        let turns = texts.iter().map(|it| Turn::said(Role::User, it)).collect();
        let model = self.model.clone();
        let request = Request { model, system: None, turns, resume: false, temperature: None, max_tokens: Some(0) };
        self.reservation = budgets::reserve(store, ports, &self, &request).await?.map(Arc::new);
        self.is_asked = true;
        let start = Instant::now();
        let embedded = adapter.embed(&self.model, &texts, made_for).await;
        self.latency = start.elapsed();
        match &embedded {
            Ok(embedded) => {
                self.outcome = Outcome::Complete;
                match embedded.tokens {
                    Some(tokens) => self.count(tokens, 0),
                    None => {
                        self.is_estimate = true;
                        self.tokens = Some((tokens::of_texts(texts).await, 0));
                    }
                }
            }
            Err(_) => self.tokens = Some((0, 0)),
        }
        record(store, ports, &self).await?;
        Ok(embedded?.vectors)
    }

    /// Takes the provider's count.
    pub fn count(&mut self, prompt: u64, completion: u64) {
        self.tokens = Some((i64::try_from(prompt).unwrap_or(i64::MAX), i64::try_from(completion).unwrap_or(i64::MAX)));
    }

    /// Counts here what the provider did not. A call that failed before the model said anything used nothing that we
    /// know of.
    pub async fn estimate_missing(&mut self, request: &Request, answer: &str) {
        if self.tokens.is_some() {
            return;
        }
        self.is_estimate = true;
        self.tokens = Some(if answer.is_empty() && self.outcome == Outcome::Failed {
            (0, 0)
        } else {
            tokens::count(request, answer).await
        });
    }

    /// Tells whoever counts, once what it cost is stored.
    pub(crate) fn note(&self, ports: &Ports) {
        if self.is_asked {
            ports.metrics().called(self);
        }
    }

    /// Micro-dollars.
    #[must_use]
    pub fn cost(&self) -> i64 {
        let (prompt, completion) = self.tokens.unwrap_or_default();
        self.facts.cost(prompt, completion)
    }
}

/// Keeps `call`.
///
/// # Errors
/// When the database does not answer.
pub async fn record(store: &Store, ports: &Ports, call: &Call) -> Result<()> {
    let mut tx = store.as_system("every call is accounted for").begin().await?;
    insert(&mut tx, ports, call).await?;
    tx.commit().await?;
    call.note(ports);
    Ok(())
}

/// What a model says, in a span from the first look at it to its end. Neither questions nor answers are in it, nor the model:
/// that of a workflow is an address.
fn traced(call: &Call, mut events: EventStream) -> EventStream {
    let span = tracing::debug_span!(
        "model_call",
        provider = call.provider.as_str(),
        prompt_tokens = tracing::field::Empty,
        completion_tokens = tracing::field::Empty,
        error = tracing::field::Empty,
        otel.kind = "client",
        otel.status_code = tracing::field::Empty,
    );
    if span.is_disabled() {
        return events;
    }
    let heard = move |context: &mut std::task::Context<'_>| {
        let _inside = span.enter();
        let heard = std::task::ready!(events.poll_next_unpin(context));
        match &heard {
            Some(Ok(Event::Usage { prompt_tokens, completion_tokens })) => {
                // The protocol of traces knows signed numbers alone.
                span.record("prompt_tokens", prompt_tokens.cast_signed());
                span.record("completion_tokens", completion_tokens.cast_signed());
            }
            Some(Err(error)) => {
                span.record("error", error.code());
                span.record("otel.status_code", "ERROR");
            }
            _ => {}
        }
        std::task::Poll::Ready(heard)
    };
    futures::stream::poll_fn(heard).boxed()
}

/// Keeps `call` together with what else `tx` writes; one that was not made is not there to be kept.
pub(crate) async fn insert(tx: &mut Tx, ports: &Ports, call: &Call) -> Result<()> {
    if call.is_refused {
        return Ok(());
    }
    if let Some(reservation) = &call.reservation {
        budgets::settle(tx, reservation).await?;
    }
    let (prompt_tokens, completion_tokens) = call.tokens.unwrap_or_default();
    let id: Uuid = ports.id();
    let (conversation, message) = call.place.unzip();
    tx.execute(
        "INSERT INTO llm_calls (id, organisation_id, user_id, conversation_id, message_id, purpose, provider, model, prompt_tokens, completion_tokens,
            tokens_estimated, cost_micros, latency_micros, first_token_micros, outcome, called_at, agent_id, project_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, COALESCE($18, (SELECT project_id FROM conversations WHERE id = $4)))",
        args![
            id,
            call.organisation,
            call.user,
            conversation,
            message,
            match call.purpose {
                Purpose::Answer => "answer",
                Purpose::Test => "test",
                // None is an answer that somebody reads in a conversation; the table knows them by one name.
                Purpose::Completion | Purpose::Title | Purpose::Embedding => "completion",
            },
            call.provider.as_str(),
            &call.model,
            prompt_tokens,
            completion_tokens,
            call.is_estimate,
            call.cost(),
            micros(call.latency),
            call.first_token.map(micros),
            call.outcome.as_str(),
            call.called_at,
            call.agent,
            call.project
        ],
    )
    .await?;
    Ok(())
}

/// A duration in the unit of the database.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
