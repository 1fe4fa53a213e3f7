//! One answer for a program that keeps the dialogue itself: nothing is stored but the row of the call.

use super::connections::Connections;
use super::introduction::introduce;
use crate::error::{Error, Result};
use crate::knowledge::{Knowledge, Reach};
use crate::ports::Ports;
use crate::providers::{Adapter, EndReason, Event, Request, Turn, said_whole};
use crate::store::Store;
use crate::usage::{self, Call, Outcome, Purpose};
use atrium::agents::Agent;
use atrium::people::Viewer;
use futures::StreamExt as _;
use std::time::Instant;
use tokio::sync::mpsc;
use tracing::Instrument as _;

/// Pieces that wait for a slow reader before the provider is made to wait.
const AHEAD: usize = 256;

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Dialogue {
    /// Instructions besides the agent's own.
    pub instructions: Vec<String>,
    /// Ends with a user's turn.
    pub turns: Vec<Turn>,
    /// Instead of the agent's.
    pub temperature: Option<f64>,
    /// At most the agent's.
    pub max_tokens: Option<u32>,
}

/// What is heard.
#[derive(Debug)]
pub enum Heard {
    /// A piece of the answer.
    Text(String),
    /// It is complete.
    End {
        /// Why.
        reason: EndReason,
        /// Tokens read.
        prompt_tokens: i64,
        /// Tokens written.
        completion_tokens: i64,
    },
    /// It failed.
    Failed(Error),
}

/// Asks `agent`, which answers from its `knowledge`, as far as the viewer may see it, where that is given. Whoever drops the receiver ends the call; it is accounted for however it ends.
///
/// # Errors
/// When the agent is switched off or its provider not set up.
pub fn complete(
    store: &Store,
    ports: &Ports,
    connections: &Connections,
    knowledge: Option<&Knowledge>,
    viewer: &Viewer,
    agent: &Agent,
    dialogue: Dialogue,
) -> Result<mpsc::Receiver<Heard>> {
    if !agent.is_active {
        return Err(Error::Conflict { code: "agent_inactive", message: format!("{} is switched off.", agent.name) });
    }
    let adapter = connections.adapter(agent.provider)?;
    let system: Vec<_> = atrium::text::filled(&agent.system_prompt).map(str::to_owned).into_iter().collect();
    let system = [system, dialogue.instructions].concat().join("\n\n");
    let limit = u32::try_from(agent.max_tokens).unwrap_or(u32::MAX);
    let mut request = Request {
        model: agent.model.clone(),
        system: Some(system).filter(|it| !it.is_empty()),
        turns: dialogue.turns,
        resume: false,
        temperature: dialogue.temperature.or(Some(agent.temperature)),
        max_tokens: Some(dialogue.max_tokens.map_or(limit, |it| it.min(limit))),
    };
    let mut call =
        Call::begin(viewer, connections.prices(), agent.provider, &agent.model, Purpose::Completion, ports.now());
    call.agent = Some(agent.id);
    let (sender, receiver) = mpsc::channel(AHEAD);
    let (store, ports) = (store.clone(), ports.clone());
    let (knowledge, viewer, agent) = (knowledge.cloned(), viewer.clone(), agent.clone());
    let answer = async move {
        let start = Instant::now();
        let prepared = prepare(&store, knowledge.as_ref(), &viewer, &agent, adapter, &mut request.turns).await;
        let (adapter, quotation) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                // Nobody may be there any more to hear it.
                let _ = sender.send(Heard::Failed(error)).await;
                return;
            }
        };
        let mut said = String::new();
        let events = match quotation {
            Some(quotation) => Ok(said_whole(quotation)),
            None => call.ask(&store, &ports, &adapter, &request).await,
        };
        let mut events = match events {
            Ok(events) => events,
            Err(error) => {
                let _ = sender.send(Heard::Failed(error)).await;
                return;
            }
        };
        // Whoever hangs up ends the call, also while the provider says nothing.
        let ended = loop {
            let event = tokio::select! {
                biased;
                () = sender.closed() => break None,
                event = events.next() => event,
            };
            match event {
                Some(Ok(Event::Text(piece))) => {
                    call.first_token.get_or_insert_with(|| start.elapsed());
                    said.push_str(&piece);
                    if sender.send(Heard::Text(piece)).await.is_err() {
                        break None;
                    }
                }
                Some(Ok(Event::Usage { prompt_tokens, completion_tokens })) => {
                    call.count(prompt_tokens, completion_tokens);
                }
                Some(Ok(Event::End(reason))) => break Some(Ok(reason)),
                Some(Ok(Event::Reasoning(_) | Event::Status(_) | Event::LeftOut { .. })) => {}
                Some(Err(error)) => break Some(Err(Error::Provider(error.told_to(&viewer)))),
                None => break Some(Err(Error::Internal("a provider's stream had no end".to_owned()))),
            }
        };
        call.latency = start.elapsed();
        call.outcome = match &ended {
            None => Outcome::Stopped,
            Some(Ok(_)) => Outcome::Complete,
            Some(Err(_)) => Outcome::Failed,
        };
        call.estimate_missing(&request, &said).await;
        if let Err(error) = usage::record(&store, &ports, &call).await {
            tracing::error!(cause = error.cause(), "a call could not be accounted for: {error}");
        }
        let (prompt_tokens, completion_tokens) = call.tokens.unwrap_or_default();
        let last = match ended {
            None => return,
            Some(Ok(reason)) => Heard::End { reason, prompt_tokens, completion_tokens },
            Some(Err(error)) => Heard::Failed(error),
        };
        // Nobody may be there any more to hear it.
        let _ = sender.send(last).await;
    };
    tokio::spawn(answer.in_current_span());
    Ok(receiver)
}

/// The adapter that knows who asks, and the answer, where the agent's sources give it by themselves; else they stand before
/// the question.
async fn prepare(
    store: &Store,
    knowledge: Option<&Knowledge>,
    viewer: &Viewer,
    agent: &Agent,
    adapter: Adapter,
    turns: &mut [Turn],
) -> Result<(Adapter, Option<String>)> {
    let scope = store.as_viewer(viewer);
    let adapter = introduce(adapter, scope, (agent.id, &agent.name), None).await?;
    let Some(knowledge) = knowledge else { return Ok((adapter, None)) };
    let shelf = knowledge.shelf(scope, agent, Reach::Named).await?;
    let grounds = knowledge.ground(scope, &shelf, turns, true).await?;
    Ok((adapter, grounds.quotation))
}
