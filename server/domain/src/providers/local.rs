//! The model in this process, as a provider like the others. All the work is `atrium-inference`'s.

use async_stream::try_stream;
use atrium_inference::{End, InferenceError, Prompt, Runner, Update};
use futures::stream::StreamExt;
use tokio::sync::mpsc::Receiver;

use super::failure::{ProviderError, clip};
use super::{EndReason, Event, EventStream, ModelInfo, Request, Role, Status, turns};

/// What the small model's authors recommend.
const TEMPERATURE: f64 = 0.2;

/// Longer answers of a small model only repeat themselves.
const MAX_TOKENS: u32 = 1024;

/// The local model.
#[derive(Debug, Clone)]
pub struct Local {
    runner: Runner,
}

impl Local {
    /// Over the runner that the whole server shares: it answers one question after the other.
    pub fn new(runner: Runner) -> Self {
        Self { runner }
    }

    pub(super) fn stream(&self, request: Request) -> EventStream {
        let runner = self.runner.clone();
        let events = try_stream! {
            let mut events = events(runner.ask(prompt(&request))).boxed();
            while let Some(event) = events.next().await {
                yield event?;
            }
        };
        events.boxed()
    }

    pub(super) async fn models(&self) -> Result<Vec<ModelInfo>, ProviderError> {
        let installed = self.runner.available().then(|| self.runner.model_name().to_owned());
        Ok(installed.into_iter().map(|id| ModelInfo { id }).collect())
    }
}

fn prompt(request: &Request) -> Prompt {
    use atrium_inference::{Role as Speaker, Turn};
    let system = turns::system(request).map(|text| Turn { role: Speaker::System, text: text.to_owned() });
    let turns = turns::alternating(request, false).into_iter().map(|turn| {
        let role = match turn.role {
            Role::User => Speaker::User,
            Role::Assistant => Speaker::Assistant,
        };
        Turn { role, text: turn.text }
    });
    let turns: Vec<Turn> = system.into_iter().chain(turns).collect();
    Prompt {
        // An answer of which nothing had arrived is begun, not resumed.
        resume: request.resume && turns.last().is_some_and(|last| last.role == Speaker::Assistant),
        turns,
        temperature: request.temperature.unwrap_or(TEMPERATURE).clamp(0.0, 2.0),
        max_tokens: request.max_tokens.unwrap_or(MAX_TOKENS) as usize,
    }
}

/// Dropping the stream drops `updates`, which tells the runner to stop.
fn events(mut updates: Receiver<Update>) -> impl futures::Stream<Item = Result<Event, ProviderError>> + Send {
    try_stream! {
        while let Some(update) = updates.recv().await {
            match update {
                Update::Queued { ahead } => yield Event::Status(Status::Queued { ahead }),
                Update::Loading => yield Event::Status(Status::Loading),
                Update::Text(text) if text.is_empty() => {}
                Update::Text(text) => yield Event::Text(text),
                Update::Done(generated, left_out) => {
                    if left_out > 0 {
                        yield Event::LeftOut { turns: left_out };
                    }
                    yield Event::Usage {
                        prompt_tokens: generated.prompt_tokens as u64,
                        completion_tokens: generated.completion_tokens as u64,
                    };
                    yield Event::End(match generated.end {
                        End::Stop | End::Cancelled => EndReason::Stop,
                        End::Length => EndReason::Length,
                    });
                    return;
                }
                Update::Failed(error) => Err(failure(error))?,
            }
        }
        Err(ProviderError::LocalModelFailed { reason: "it stopped without giving a reason".to_owned() })?;
    }
}

fn failure(error: InferenceError) -> ProviderError {
    match error {
        InferenceError::Missing(path) => ProviderError::LocalModelMissing { path: path.display().to_string() },
        other => ProviderError::LocalModelFailed { reason: clip(&other.to_string()) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::Turn;
    use atrium_inference::Generated;
    use futures::TryStreamExt;

    async fn heard(updates: Vec<Update>) -> (Vec<Event>, Option<ProviderError>) {
        let (sender, receiver) = tokio::sync::mpsc::channel(16);
        for update in updates {
            sender.send(update).await.unwrap();
        }
        drop(sender);
        let mut events = Box::pin(events(receiver));
        let mut heard = Vec::new();
        loop {
            match events.try_next().await {
                Ok(Some(event)) => heard.push(event),
                Ok(None) => return (heard, None),
                Err(error) => return (heard, Some(error)),
            }
        }
    }

    #[tokio::test]
    async fn updates_become_events() {
        let done = Generated { prompt_tokens: 7, completion_tokens: 2, end: End::Length };
        let (events, error) = heard(vec![
            Update::Queued { ahead: 1 },
            Update::Loading,
            Update::Text("Hel".into()),
            Update::Text("lo".into()),
            Update::Done(done, 3),
        ])
        .await;
        assert_eq!(error, None);
        assert_eq!(
            events,
            [
                Event::Status(Status::Queued { ahead: 1 }),
                Event::Status(Status::Loading),
                Event::Text("Hel".into()),
                Event::Text("lo".into()),
                Event::LeftOut { turns: 3 },
                Event::Usage { prompt_tokens: 7, completion_tokens: 2 },
                Event::End(EndReason::Length),
            ]
        );
    }

    #[tokio::test]
    async fn failures_say_what_to_do() {
        let (_, missing) = heard(vec![Update::Failed(InferenceError::Missing("/models/small.gguf".into()))]).await;
        let missing = missing.unwrap();
        assert_eq!(missing.code(), "local_model_missing");
        assert!(missing.to_string().contains("/models/small.gguf"), "{missing}");
        assert!(missing.to_string().contains("make models"), "{missing}");

        let (events, silent) = heard(vec![Update::Text("Hel".into())]).await;
        assert_eq!(events, [Event::Text("Hel".into())]);
        assert_eq!(silent.unwrap().code(), "local_model_failed");
    }

    #[test]
    fn a_resumed_prompt_ends_with_the_assistant() {
        let turn = |role, text: &str| Turn::said(role, text);
        let mut request = Request {
            model: "local".into(),
            system: Some("Be brief.".into()),
            turns: vec![turn(Role::User, "Hi"), turn(Role::Assistant, "Hel")],
            resume: true,
            temperature: None,
            max_tokens: Some(5),
        };
        let begun = prompt(&request);
        assert!(begun.resume);
        assert_eq!((begun.turns.len(), begun.max_tokens), (3, 5));
        request.turns[1].text.clear();
        assert!(!prompt(&request).resume);
    }
}
