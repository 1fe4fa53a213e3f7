//! The Test button: one short question with the settings of a form that is not saved yet.

use crate::agents::connections::Connections;
use crate::agents::introduction::introduce_draft;
use crate::error::{Error, Result};
use crate::limits::{self, Limit};
use crate::ports::{Ports, SECOND};
use crate::providers::{Event, Request, Role, Turn};
use crate::store::Store;
use crate::usage::{self, Call, Outcome, Purpose};
use atrium::agents::AgentDraft;
use atrium::people::Viewer;
use futures::StreamExt as _;
use std::time::{Duration, Instant};

/// What is asked.
const QUESTION: &str = "In one short sentence, introduce yourself.";
/// Enough for a sentence, cheap enough to be pressed often.
const MAX_TOKENS: i64 = 80;
/// A trial that takes longer than a person watches a button has failed.
const PATIENCE: Duration = Duration::from_secs(90);
const PER_PERSON: Limit = Limit { hits: 30, window: 600 * SECOND };

/// What the model said.
///
/// # Errors
/// With the provider's own error.
pub async fn run(
    store: &Store,
    ports: &Ports,
    connections: &Connections,
    viewer: &Viewer,
    draft: &AgentDraft,
) -> Result<String> {
    limits::hit(store, ports, &format!("trial:{}", viewer.id), PER_PERSON).await?;
    let adapter = introduce_draft(connections.adapter(draft.provider)?, store.as_viewer(viewer), &draft.name);
    let request = Request {
        model: draft.model.clone(),
        system: atrium::text::filled(&draft.system_prompt).map(str::to_owned),
        turns: vec![Turn::said(Role::User, QUESTION)],
        resume: false,
        temperature: Some(draft.temperature),
        max_tokens: u32::try_from(draft.max_tokens.min(MAX_TOKENS)).ok(),
    };
    let mut call = Call::begin(viewer, connections.prices(), draft.provider, &draft.model, Purpose::Test, ports.now());
    let mut events = call.ask(store, ports, &adapter, &request).await?;
    let start = Instant::now();
    let mut answer = String::new();
    let listen = async {
        while let Some(event) = events.next().await {
            match event? {
                Event::Text(piece) => {
                    call.first_token.get_or_insert_with(|| start.elapsed());
                    answer.push_str(&piece);
                }
                Event::Usage { prompt_tokens, completion_tokens } => call.count(prompt_tokens, completion_tokens),
                Event::End(_) => break,
                Event::Reasoning(_) | Event::Status(_) | Event::LeftOut { .. } => {}
            }
        }
        Ok::<_, crate::providers::ProviderError>(())
    };
    let heard = tokio::time::timeout(PATIENCE, listen).await;
    call.latency = start.elapsed();
    let outcome = match heard {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Error::Provider(error.told_to(viewer))),
        Err(_) => Err(Error::Conflict {
            code: "provider_timeout",
            message: format!("{} did not finish within {} seconds.", draft.provider.label(), PATIENCE.as_secs()),
        }),
    };
    call.outcome = if outcome.is_ok() { Outcome::Complete } else { Outcome::Failed };
    call.estimate_missing(&request, &answer).await;
    usage::record(store, ports, &call).await?;
    outcome.map(|()| answer.trim().to_owned())
}
