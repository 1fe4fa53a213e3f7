//! Writing one answer: ask the provider, note what it says, store how it ended.

use super::super::Chat;
use super::super::sessions::{AgentType, preface};
use super::Fold;
use super::log::{Kind, LiveRun};
use crate::agents::introduction::introduce;
use crate::chat::window;
use crate::error::Error;
use crate::knowledge::{Context, Origin};
use crate::providers::{EndReason, Event, Request, Status, said_whole};
use crate::usage::{Call, Outcome, Purpose};
use atrium::agents::Agent;
use atrium::chat::MessageStatus;
use atrium::ids::MessageId;
use atrium::people::Viewer;
use futures::{FutureExt as _, StreamExt as _};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tracing::Instrument as _;

/// No honest answer is longer; a provider that never ends must not fill the memory.
const ANSWER_MAX: u64 = 8 * 1024 * 1024;

/// What a run is to do.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub viewer: Viewer,
    pub agent: Agent,
    /// The newest message of the prompt: the question, or the answer to go on with.
    pub upto: MessageId,
    pub resume: bool,
}

/// What is known while the answer is written.
#[derive(Default)]
struct Progress {
    request: Option<Request>,
    dropped_turns: i64,
    end: Option<EndReason>,
    context: Option<Context>,
    /// Bytes of the answer that are ours, and no claim of the model's.
    preface: usize,
}

impl Chat {
    /// Starts to write; returns at once.
    pub(crate) fn launch(&self, run: Arc<LiveRun>, job: Job) {
        self.hub.insert(run.clone());
        let chat = self.clone();
        // It outlives the request that asked for it, whose span would else last as long.
        let span = tracing::debug_span!(parent: None, "run", id = %run.id, conversation = %run.conversation);
        span.follows_from(tracing::Span::current());
        tokio::spawn(async move { chat.answer(run, job).await }.instrument(span));
    }

    async fn answer(&self, run: Arc<LiveRun>, job: Job) {
        let start = Instant::now();
        let mut call = Call::begin(
            &job.viewer,
            self.connections.prices(),
            job.agent.provider,
            &job.agent.model,
            Purpose::Answer,
            self.ports.now(),
        );
        call.place = Some((run.conversation, run.message));
        call.agent = Some(job.agent.id);
        let mut progress = Progress::default();
        // A fault of ours ends the run like any other failure: nobody is left with a caret that blinks for ever.
        let written = AssertUnwindSafe(self.converse(&run, &job, &mut progress, &mut call, start)).catch_unwind();
        let ended = tokio::select! {
            biased;
            () = run.stop.cancelled() => None,
            outcome = written => Some(outcome.unwrap_or_else(|_| Err(Error::Internal("the run panicked".to_owned())))),
        };
        call.latency = start.elapsed();
        let (status, outcome, error) = match ended {
            None if self.hub.is_closing.load(Ordering::SeqCst) => (MessageStatus::Interrupted, Outcome::Stopped, None),
            None => (MessageStatus::Stopped, Outcome::Stopped, None),
            Some(Ok(())) => (MessageStatus::Complete, Outcome::Complete, None),
            Some(Err(error)) => {
                let failure = error.to_failure();
                if failure.status < 502 && error.cause().is_some() {
                    tracing::error!(run = %run.id, cause = error.cause(), "an answer failed: {error}");
                }
                (MessageStatus::Failed, Outcome::Failed, Some((failure.code, failure.message)))
            }
        };
        call.outcome = outcome;
        if let Some(request) = &progress.request {
            call.estimate_missing(request, &run.said(Kind::Text)).await;
        }
        let end_reason = progress.end.map(|it| match it {
            EndReason::Stop => "stop",
            EndReason::Length => "length",
            EndReason::Filtered => "filtered",
        });
        let claims = match &progress.context {
            Some(context) => {
                let answer = format!("{}{}", run.base, run.said(Kind::Text));
                let mut claims = self.knowledge.judge(&answer, context).await;
                claims.retain(|it| usize::try_from(it.start).is_ok_and(|start| start >= progress.preface));
                Some(claims)
            }
            None => None,
        };
        let fold = Fold { status, end_reason, dropped_turns: progress.dropped_turns, error, call, claims };
        self.fold(&run, &fold).await;
        self.ports.metrics().run_ended(status);
        self.hub.remove(run.id);
        run.finish();
        if status == MessageStatus::Complete && !job.resume {
            self.name_by_model(run.conversation, run.message, &job).await;
        }
    }

    async fn converse(
        &self,
        run: &LiveRun,
        job: &Job,
        progress: &mut Progress,
        call: &mut Call,
        start: Instant,
    ) -> Result<(), Error> {
        let adapter = self.connections.adapter(job.agent.provider)?;
        let scope = self.store.as_viewer(&job.viewer);
        let adapter = introduce(adapter, scope, (job.agent.id, &job.agent.name), Some(run.conversation)).await?;
        let prompt = window::build(scope, &self.knowledge, run.conversation, job).await?;
        progress.dropped_turns = prompt.dropped;
        if let Some(fitting) = prompt.grounds.fitting.filter(|_| !job.resume) {
            let preface = preface(match fitting {
                Origin::Brought => AgentType::Rag,
                Origin::Repositories => AgentType::Code,
            });
            progress.preface = preface.len();
            run.append(Kind::Text, preface);
        }
        if let Some(context) = prompt.grounds.context {
            self.knowledge.note(&job.viewer, run.message, &context).await?;
            progress.context = Some(context);
        }
        let mut events = match prompt.grounds.quotation {
            Some(quotation) => said_whole(quotation),
            None => call.ask(&self.store, &self.ports, &adapter, &prompt.request).await?,
        };
        progress.request = Some(prompt.request);
        let mut loads_since = None;
        loop {
            let heard = match loads_since {
                None => events.next().await,
                Some(since) => tokio::select! {
                    heard = events.next() => heard,
                    () = tokio::time::sleep(Duration::from_secs(1)) => {
                        run.set_status(loading(Instant::now() - since));
                        continue;
                    }
                },
            };
            let Some(event) = heard else { break };
            loads_since = matches!(event, Ok(Event::Status(Status::Loading))).then(Instant::now);
            match event.map_err(|error| error.told_to(&job.viewer))? {
                Event::Text(text) => {
                    call.first_token.get_or_insert_with(|| start.elapsed());
                    run.append(Kind::Text, text);
                }
                Event::Reasoning(text) => run.append(Kind::Reasoning, text),
                Event::Status(status) => run.set_status(describe(status)),
                Event::LeftOut { turns } => progress.dropped_turns += i64::try_from(turns).unwrap_or_default(),
                Event::Usage { prompt_tokens, completion_tokens } => call.count(prompt_tokens, completion_tokens),
                Event::End(reason) => progress.end = Some(reason),
            }
            if run.end() > ANSWER_MAX {
                return Err(Error::Conflict {
                    code: "answer_too_long",
                    message: "The answer was ended at 8 MB. What had arrived is kept.".to_owned(),
                });
            }
        }
        Ok(())
    }
}

fn describe(status: Status) -> String {
    match status {
        Status::Queued { ahead: 0 } => "Next in line for the local model".to_owned(),
        Status::Queued { ahead: 1 } => "One question is answered first".to_owned(),
        Status::Queued { ahead } => format!("{ahead} questions are answered first"),
        Status::Loading => loading(Duration::ZERO),
    }
}

/// It takes seconds: whoever waits sees them pass.
fn loading(since: Duration) -> String {
    match since.as_secs() {
        0 => "Loading the local model".to_owned(),
        seconds => format!("Loading the local model, {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_for_the_model_sees_the_seconds_pass() {
        assert_eq!(describe(Status::Loading), "Loading the local model");
        assert_eq!(loading(Duration::from_millis(3_900)), "Loading the local model, 3 s");
    }
}
