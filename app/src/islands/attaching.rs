//! Files on their way to a message: each is sent when it is chosen, dropped or pasted, and shown with what became of it.
//! Without JavaScript they are sent with the message's form. And the files of messages that were sent.

use crate::icons::{Icon, icon};
use atrium::Failure;
use atrium::attachments::{ATTACHMENT_MAX, ATTACHMENTS_MAX, Attachment};
use atrium::ids::AttachmentId;
use atrium::knowledge::size;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, FileList, FormData, RequestInit, Response};

const PATH: &str = "/api/v1/attachments";

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum State {
    Arriving,
    Ready(AttachmentId),
    Refused(String),
}

/// A file for the message that is being written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Chip {
    key: u32,
    name: String,
    size: i64,
    state: State,
}

/// The files for the message that is being written; a signal, so it is copied freely.
#[derive(Debug, Clone, Copy, Default)]
pub struct Chips {
    all: RwSignal<Vec<Chip>>,
    next: StoredValue<u32>,
}

/// What the server says of a file that it took.
#[derive(Deserialize)]
struct Taken {
    id: AttachmentId,
}

impl Chips {
    /// Sends files to the server, where they wait for the message.
    pub fn add(self, files: &FileList) {
        for file in (0..files.length()).filter_map(|at| files.get(at)) {
            let key = self.next.get_value();
            self.next.set_value(key + 1);
            #[allow(clippy::cast_possible_truncation, reason = "no file has 2^63 bytes")]
            let bytes = file.size() as i64;
            let refusal = if self.all.with_untracked(Vec::len) >= ATTACHMENTS_MAX {
                Some(format!("At most {ATTACHMENTS_MAX} files go with a message."))
            } else if bytes > i64::try_from(ATTACHMENT_MAX).unwrap_or(i64::MAX) {
                Some(format!("It has more than {} MB.", ATTACHMENT_MAX >> 20))
            } else {
                None
            };
            let is_wanted = refusal.is_none();
            let state = refusal.map_or(State::Arriving, State::Refused);
            self.all.update(|all| all.push(Chip { key, name: file.name(), size: bytes, state }));
            if is_wanted {
                spawn_local(async move {
                    let state = match upload(&file).await {
                        Ok(id) => State::Ready(id),
                        Err(told) => State::Refused(told),
                    };
                    self.settle(key, state);
                });
            }
        }
    }

    fn settle(self, key: u32, state: State) {
        let is_wanted = self.all.with_untracked(|all| all.iter().any(|it| it.key == key));
        match state {
            // Removed while it was on its way.
            State::Ready(id) if !is_wanted => withdraw(id),
            state => self.all.update(|all| {
                if let Some(chip) = all.iter_mut().find(|it| it.key == key) {
                    chip.state = state;
                }
            }),
        }
    }

    fn remove(self, key: u32) {
        let gone = self.all.with_untracked(|all| all.iter().find(|it| it.key == key).map(|it| it.state.clone()));
        self.all.update(|all| all.retain(|it| it.key != key));
        if let Some(State::Ready(id)) = gone {
            withdraw(id);
        }
    }

    /// Whether there is something to send.
    #[must_use]
    pub fn has_some(self) -> bool {
        self.all.with_untracked(|all| all.iter().any(|it| matches!(it.state, State::Ready(_))))
    }

    /// Why a message must wait, if it must.
    #[must_use]
    pub fn obstacle(self) -> Option<String> {
        self.all.with_untracked(|all| {
            all.iter().find_map(|it| match &it.state {
                State::Arriving => Some(format!("{} is still on its way. Send the message when it is there.", it.name)),
                State::Refused(_) => Some(format!("{} was not taken. Remove it, then send the message.", it.name)),
                State::Ready(_) => None,
            })
        })
    }

    /// The files, which leave the composer.
    #[must_use]
    pub fn take(self) -> Vec<Chip> {
        self.all.try_update(std::mem::take).unwrap_or_default()
    }

    /// Back into the composer: the message was refused.
    pub fn put_back(self, chips: Vec<Chip>) {
        self.all.update(|all| all.splice(0..0, chips).for_each(drop));
    }
}

/// What goes with the message.
#[must_use]
pub fn ids(chips: &[Chip]) -> Vec<AttachmentId> {
    chips.iter().filter_map(|it| if let State::Ready(id) = it.state { Some(id) } else { None }).collect()
}

async fn upload(file: &File) -> Result<AttachmentId, String> {
    let lost = |_: JsValue| "The server cannot be reached. Remove it and try again.".to_owned();
    let form = FormData::new().map_err(lost)?;
    form.append_with_blob_and_filename("file", file, &file.name()).map_err(lost)?;
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_body(&form);
    let (is_taken, text) = fetch(PATH, &request).await.map_err(lost)?;
    if is_taken {
        let taken: Result<Taken, _> = serde_json::from_str(&text);
        return taken
            .map(|it| it.id)
            .map_err(|_| "The server's answer was not understood. Reload the page.".to_owned());
    }
    let failure: Result<Failure, _> = serde_json::from_str(&text);
    Err(failure.map_or_else(|_| "It was not taken. Remove it and try again.".to_owned(), |it| it.message))
}

/// Whether it went well, and what was said.
async fn fetch(path: &str, request: &RequestInit) -> Result<(bool, String), JsValue> {
    let response: Response = JsFuture::from(window().fetch_with_str_and_init(path, request)).await?.dyn_into()?;
    let text = JsFuture::from(response.text()?).await?;
    Ok((response.ok(), text.as_string().unwrap_or_default()))
}

/// One that is not taken back goes by itself, after a day.
fn withdraw(id: AttachmentId) {
    spawn_local(async move {
        let request = RequestInit::new();
        request.set_method("DELETE");
        let _ = fetch(&format!("{PATH}/{id}"), &request).await;
    });
}

/// The files that wait for their message.
#[component]
pub fn Waiting(chips: Chips) -> impl IntoView {
    let chip = move |it: Chip| {
        let key = it.key;
        let label = format!("Remove {}", it.name);
        let told = match &it.state {
            State::Arriving => "on its way".to_owned(),
            State::Ready(_) => size(it.size),
            State::Refused(told) => told.clone(),
        };
        let is_refused = matches!(it.state, State::Refused(_));
        view! {
            <li class="file" class:refused=is_refused class:arriving=it.state == State::Arriving>
                {icon(if is_refused { Icon::Warning } else { Icon::Document })}
                <span class="file-name">{it.name}</span>
                <span class="file-told" role="status">{told}</span>
                <button type="button" class="button icon-only" aria-label=label title="Remove" on:click=move |_| chips.remove(key)>{icon(Icon::Close)}</button>
            </li>
        }
    };
    view! {
        <Show when=move || chips.all.with(|it| !it.is_empty())>
            <ul class="files waiting-files" aria-label="Files for this message">
                <For each=move || chips.all.get() key=|it| it.clone() children=chip/>
            </ul>
        </Show>
    }
}

/// The files that came with a message, at `path` of each.
pub fn sent(files: &[Attachment], path: impl Fn(&Attachment) -> String) -> Option<AnyView> {
    if files.is_empty() {
        return None;
    }
    let item = |it: &Attachment| {
        let path = path(it);
        let face = if it.is_picture() {
            view! { <img class="file-picture" src=path.clone() alt="" loading="lazy"/> }.into_any()
        } else {
            icon(Icon::Document).into_any()
        };
        let told = it.note.clone().unwrap_or_else(|| size(it.size));
        view! {
            <li><a class="file" class:picture=it.is_picture() href=path download=it.name.clone()>
                {face}<span class="file-name">{it.name.clone()}</span><span class="file-told">{told}</span>
            </a></li>
        }
    };
    Some(
        view! { <ul class="files" aria-label="Attached files">{files.iter().map(item).collect_view()}</ul> }.into_any(),
    )
}
