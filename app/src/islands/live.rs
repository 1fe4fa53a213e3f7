//! A message in the browser: signals that a run's events move, and the connection that brings them.

use super::{browser, conversations, toasts};
use atrium::chat::{LiveEvent, MessageStatus, MessageView};
use atrium::ids::{MessageId, RunId};
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

/// How long to wait before a connection that was refused is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// How long what was spoken stays for screen readers to read: afterwards it would only be the answer once more.
const SPOKEN_FOR: Duration = Duration::from_secs(15);

/// One message, alive.
#[derive(Clone, Copy)]
pub struct Live {
    pub id: MessageId,
    pub view: RwSignal<MessageView>,
    /// Finished blocks of the answer.
    pub blocks: RwSignal<Vec<String>>,
    /// The open end of the answer.
    pub tail: RwSignal<String>,
    /// What the model thinks aloud.
    pub reasoning: RwSignal<String>,
    /// What is going on while there is no text.
    pub status: RwSignal<Option<String>>,
    /// Finished blocks as plain text, to be read aloud while the answer comes.
    pub spoken: RwSignal<Vec<String>>,
    /// How many blocks were spoken, or stood on the page before.
    heard: StoredValue<usize>,
    /// The run that is listened to.
    run: RwSignal<Option<RunId>>,
}

impl Live {
    #[must_use]
    pub fn new(view: MessageView) -> Self {
        Self {
            id: view.id,
            blocks: RwSignal::new(view.rendered.blocks.clone()),
            tail: RwSignal::new(view.rendered.tail.clone()),
            reasoning: RwSignal::new(view.reasoning.clone()),
            status: RwSignal::new(None),
            spoken: RwSignal::new(Vec::new()),
            heard: StoredValue::new(view.rendered.blocks.len()),
            run: RwSignal::new(None),
            view: RwSignal::new(view),
        }
    }

    /// Takes what the server says of the message now.
    pub fn take(&self, view: MessageView) {
        self.blocks.set(view.rendered.blocks.clone());
        self.tail.set(view.rendered.tail.clone());
        self.reasoning.set(view.reasoning.clone());
        self.view.set(view);
    }

    #[must_use]
    pub fn is_streaming(&self) -> bool {
        self.view.with(|it| it.status == MessageStatus::Streaming)
    }

    /// Listens to the run that writes this message, from where it was rendered on. The browser itself reconnects with
    /// the position it had; `grown` is called whenever there is more to see.
    pub fn attach(self, grown: impl Fn() + Copy + 'static, ended: impl Fn(&str) + Copy + 'static) {
        let Some(run) = self.view.with_untracked(|it| it.run) else { return };
        if self.run.get_untracked() == Some(run.id) {
            return;
        }
        self.run.set(Some(run.id));
        self.connect(run.id, run.seq, grown, ended);
    }

    fn connect(self, run: RunId, after: u64, grown: impl Fn() + Copy + 'static, ended: impl Fn(&str) + Copy + 'static) {
        let Ok(source) = EventSource::new(&format!("/runs/{run}/events?after={after}")) else { return };
        let position = StoredValue::new(after);
        let on_message = {
            let source = source.clone();
            Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
                let Some(event_text) = event.data().as_string() else { return };
                let Ok(heard) = serde_json::from_str::<LiveEvent>(&event_text) else { return };
                // Signals of a message that has left the page are gone: nobody listens any more.
                if self.run.try_get_untracked() != Some(Some(run)) {
                    source.close();
                    return;
                }
                if let Ok(seq) = event.last_event_id().parse() {
                    position.set_value(seq);
                }
                let is_end = matches!(heard, LiveEvent::End { .. });
                let title = self.hear(heard);
                grown();
                if is_end {
                    source.close();
                    self.run.set(None);
                    ended(&title.unwrap_or_default());
                }
            })
        };
        let on_error = {
            let source = source.clone();
            Closure::<dyn Fn()>::new(move || {
                // A connection that was lost comes back by itself; one that was refused does not.
                if source.ready_state() == EventSource::CLOSED && self.run.try_get_untracked() == Some(Some(run)) {
                    self.status.set(Some("The connection was lost; trying again".to_owned()));
                    set_timeout(
                        move || {
                            if self.run.try_get_untracked() == Some(Some(run)) {
                                self.connect(run, position.get_value(), grown, ended);
                            }
                        },
                        RETRY,
                    );
                }
            })
        };
        source.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        // The browser owns the handlers for as long as the connection lives; a page has a handful of connections.
        on_message.forget();
        on_error.forget();
    }

    /// Has the blocks read aloud that have come to their end: whole sentences, and none of them twice.
    fn speak(self) {
        let heard = self.heard.get_value();
        let new: Vec<String> =
            self.blocks.with_untracked(|it| it.iter().skip(heard).map(|it| browser::spoken(it)).collect());
        self.heard.set_value(heard + new.len());
        if !new.is_empty() {
            self.spoken.update(|it| it.extend(new));
        }
    }

    /// The conversation's title, once the run is over.
    fn hear(self, event: LiveEvent) -> Option<String> {
        match event {
            LiveEvent::Status { message } => self.status.set(Some(message)),
            // For programs; a page asks for HTML.
            LiveEvent::Text { .. } => {}
            LiveEvent::Reasoning { text } => self.reasoning.update(|it| it.push_str(&text)),
            LiveEvent::Delta { first, blocks, tail } => {
                self.status.set(None);
                self.blocks.update(|known| {
                    known.truncate(first);
                    known.extend(blocks);
                });
                self.tail.set(tail);
                self.speak();
            }
            LiveEvent::End { message, title } => {
                self.status.set(None);
                if let Some(error) = &message.error {
                    toasts::complain(error.clone());
                }
                self.take(*message);
                self.speak();
                let clear = move || {
                    let _gone = self.spoken.try_update(Vec::clear);
                };
                set_timeout(clear, SPOKEN_FOR);
                return Some(title);
            }
        }
        None
    }
}

/// Tells the rail of a conversation that was begun here.
pub fn announce(id: atrium::ids::ConversationId, title: &str) {
    conversations::note(id, title);
}
