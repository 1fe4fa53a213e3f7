//! Chat: a new conversation, and one that goes on.

use crate::components::{FormState, signed_in};
use crate::forms::{Done, Fields};
use crate::islands::room::{AgentChoice, Room};
use crate::visit::Visit;
use atrium::agents::Agent;
use atrium::attachments::ATTACHMENTS_MAX;
use atrium::chat::Thread;
use atrium::feedback::Verdict;
use atrium::ids::{AgentId, AttachmentId, ConversationId, MessageId};
use atrium::people::Viewer;
use atrium_domain::chat::{Draft, Sent, Target};
use atrium_domain::{Error, Result, agents};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

#[component]
pub fn NewChat() -> impl IntoView {
    let wanted = use_query_map().with_untracked(|it| it.get("agent").unwrap_or_default());
    let form = FormState::current();
    signed_in("New conversation", None, async move |visit, viewer| {
        let (agents, default) = choices(&visit, &viewer).await?;
        let agent = agents.iter().find(|it| it.id.to_string() == wanted).map_or(default, |it| it.id);
        let (draft, error) = refused(&form, &visit).await;
        Ok(view! { <Room thread=None agents=agents agent=agent draft=draft error=error/> })
    })
}

#[component]
pub fn Conversation() -> impl IntoView {
    let params = use_params_map();
    let id = params.with_untracked(|it| it.get("id").unwrap_or_default()).parse::<ConversationId>();
    let form = FormState::current();
    signed_in("", id.clone().ok(), async move |visit, viewer| {
        let id = id.map_err(|_| Error::NotFound("conversation"))?;
        let thread = visit.atrium.chat.thread(&viewer, id, None).await?;
        let (agents, default) = choices(&visit, &viewer).await?;
        let agent = thread.agent_id.filter(|wanted| agents.iter().any(|it| it.id == *wanted)).unwrap_or(default);
        let (draft, error) = refused(&form, &visit).await;
        Ok(view! {
            <Title text=thread.title.clone()/>
            {is_streaming(&thread).then(|| view! { <noscript><meta http-equiv="refresh" content="2"/></noscript> })}
            <Room thread=Some(thread) agents=agents agent=agent draft=draft error=error/>
        })
    })
}

fn is_streaming(thread: &Thread) -> bool {
    thread.messages.iter().any(|it| it.run.is_some())
}

/// The agents to choose from, and the one to start with.
async fn choices(visit: &Visit, viewer: &Viewer) -> Result<(Vec<AgentChoice>, AgentId)> {
    let atrium = &visit.atrium;
    let scope = atrium.store.as_viewer(viewer);
    let default = agents::default(scope, &atrium.ports, &atrium.connections).await?.id;
    let choice = |it: Agent| AgentChoice {
        id: it.id,
        name: it.name,
        description: it.description,
        avatar: it.avatar,
        model: it.model,
    };
    Ok((agents::usable_list(scope).await?.into_iter().filter(|it| it.is_active).map(choice).collect(), default))
}

/// What was typed into a message that was refused, and why; or what was kept while somebody had to sign in again.
async fn refused(form: &FormState, visit: &Visit) -> (String, Option<String>) {
    let kept = visit.take_draft().await.unwrap_or_default();
    (form.value("text", &kept), form.failure().map(|it| it.message))
}

/// `POST /`: the first message of a conversation.
pub async fn submit_new(visit: &Visit, fields: &Fields) -> Result<Done> {
    let sent = send(visit, Target::New, fields).await?;
    Ok(Done::then(format!("/chat/{}", sent.conversation)))
}

/// What was typed, with the files that were chosen.
async fn send(visit: &Visit, target: Target, fields: &Fields) -> Result<Sent> {
    let (viewer, atrium) = (visit.viewer()?, &visit.atrium);
    let mut files: Vec<AttachmentId> = fields.all("attachment").filter_map(|it| it.parse().ok()).collect();
    if files.len() + fields.files("file").count() > ATTACHMENTS_MAX {
        return Err(Error::field("text", format!("At most {ATTACHMENTS_MAX} files go with a message.")));
    }
    for file in fields.files("file") {
        let mut incoming = atrium.attachments.receive().await?;
        incoming.write(&file.content).await?;
        let arrived = incoming.done().await?;
        files.push(atrium.attachments.bring(viewer, &arrived, &file.name, file.media_type.as_deref()).await?.id);
    }
    let draft = Draft { text: fields.text("text"), attachments: Some(&files) };
    atrium.chat.send_draft(viewer, target, fields.text("agent").parse().ok(), draft).await
}

/// `POST /chat/{id}`: the next message, or what the buttons below a message do.
pub async fn submit(visit: &Visit, id: ConversationId, fields: &Fields) -> Result<Done> {
    let viewer = visit.viewer()?;
    let chat = &visit.atrium.chat;
    let message = || fields.id::<MessageId>("message", "message");
    match fields.filled("action").unwrap_or("send") {
        "send" => {
            send(visit, Target::End(id), fields).await?;
        }
        "stop" => chat.stop(viewer, fields.id("run", "run")?).await?,
        "regenerate" => {
            chat.regenerate(viewer, id, message()?, None).await?;
        }
        "continue" => {
            chat.resume(viewer, id, message()?).await?;
        }
        "delete" => chat.delete_message(viewer, id, message()?).await?,
        thumb @ ("up" | "down") => {
            let verdict = if thumb == "up" { Verdict::Up } else { Verdict::Down };
            return super::feedback::press(visit, id, message()?, verdict).await;
        }
        "previous" => chat.select_branch(viewer, id, fields.id("alternative-before", "message")?).await?,
        "next" => chat.select_branch(viewer, id, fields.id("alternative-after", "message")?).await?,
        _ => return Err(Error::NotFound("action")),
    }
    Ok(Done::then(format!("/chat/{id}")))
}
