//! The thread that holds the model.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::queue::{Asker, Next, Queue, Request};
use super::{Model, Update};
use crate::{Generated, InferenceError, Prompt, Step};

/// Answers requests until nobody has asked for as long as a model may idle.
pub(super) fn work(queue: &Queue) {
    let mut model = None;
    loop {
        match queue.next() {
            Next::Request(request) => answer(queue, &mut model, request),
            Next::Idle | Next::Closed => {
                // The memory goes before the thread: a new worker must not load a second model beside this one.
                if model.take().is_some() {
                    tracing::info!("nobody asks: the local model leaves memory");
                }
                queue.set_loaded(false);
                if queue.leave() {
                    return;
                }
            }
        }
    }
}

/// Answers one request. Whatever goes wrong ends this request only.
fn answer(queue: &Queue, model: &mut Option<Box<dyn Model>>, request: Request) {
    let Request { prompt, mut asker } = request;
    // A panic leaves the model in a state that nobody knows; it is dropped below and not looked at again.
    let outcome = catch_unwind(AssertUnwindSafe(|| run(queue, model, &prompt, &mut asker)))
        .unwrap_or_else(|panic| Err(InferenceError::panicked(panic.as_ref())));
    match outcome {
        Ok((generated, dropped_turns)) => asker.end(Update::Done(generated, dropped_turns)),
        Err(error) => {
            tracing::error!(%error, "the local model gave no answer");
            if matches!(error, InferenceError::Panicked(_)) {
                *model = None;
                queue.set_loaded(false);
            }
            asker.end(Update::Failed(error));
        }
    }
}

fn run(
    queue: &Queue,
    model: &mut Option<Box<dyn Model>>,
    prompt: &Prompt,
    asker: &mut Asker,
) -> Result<(Generated, usize), InferenceError> {
    let model = match model {
        Some(model) => model,
        None => {
            asker.tell(Update::Loading);
            let loaded = (queue.load)()?;
            queue.set_loaded(true);
            model.insert(loaded)
        }
    };
    model.answer(prompt, &mut |step| {
        if let Step::Text(piece) = step {
            asker.text(piece);
        }
        // Someone further back may have gone: those behind them hear that they moved up.
        queue.tidy();
        if asker.is_gone() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}
