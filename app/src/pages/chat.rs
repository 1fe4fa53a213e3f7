//! Chat: a new conversation, and one that goes on.

use crate::components::{FormState, signed_in};
use crate::forms::{Done, Fields};
use crate::islands::answering::{AgentChoice, SettingsFields};
use crate::islands::room::Room;
use crate::visit::Visit;
use atrium::FieldError;
use atrium::agents::Agent;
use atrium::attachments::ATTACHMENTS_MAX;
use atrium::chat::{ConversationSettings, SettingsForm, Thread};
use atrium::feedback::Verdict;
use atrium::ids::{AgentId, AttachmentId, ConversationId, MessageId};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use atrium_domain::chat::{Draft, Sent, Target};
use atrium_domain::{Error, Result, agents};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

/// The field that names files which wait for their message.
const ATTACHMENT: &str = "attachment";

#[component]
pub fn NewChat() -> impl IntoView {
    let wanted = use_query_map().with_untracked(|it| it.get("agent").unwrap_or_default());
    let form = FormState::current();
    signed_in("New conversation", None, async move |visit, viewer| {
        let (agents, default) = choices(&visit, &viewer).await?;
        let agent = agents.iter().find(|it| it.id.to_string() == wanted).map_or(default, |it| it.id);
        let fields = fields(&form, &viewer, &agents, agent, &ConversationSettings::default());
        let (draft, error) = refused(&form, &visit).await;
        let files = kept_files(&form, &visit, &viewer).await;
        Ok(view! { <Room thread=None agents=agents agent=agent fields=fields draft=draft error=error/> {files} })
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
        let fields = fields(&form, &viewer, &agents, agent, &thread.settings);
        let (draft, error) = refused(&form, &visit).await;
        let files = kept_files(&form, &visit, &viewer).await;
        Ok(view! {
            <Title text=thread.title.clone()/>
            {is_streaming(&thread).then(|| view! { <noscript><meta http-equiv="refresh" content="2"/></noscript> })}
            <Room thread=Some(thread) agents=agents agent=agent fields=fields draft=draft error=error/>
            {files}
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
        provider: it.provider,
        model: it.model,
        temperature: it.temperature,
    };
    Ok((agents::usable_list(scope).await?.into_iter().filter(|it| it.is_active).map(choice).collect(), default))
}

/// The settings as they are, or as they were refused.
fn fields(
    form: &FormState,
    viewer: &Viewer,
    agents: &[AgentChoice],
    agent: AgentId,
    settings: &ConversationSettings,
) -> SettingsFields {
    let provider = agents.iter().find(|it| it.id == agent).map(|it| it.provider);
    let model = provider.and_then(|it| settings.model_of(it)).unwrap_or_default();
    let temperature = settings.temperature.map(|it| it.to_string()).unwrap_or_default();
    let errors = form.failure().map(|it| it.fields).unwrap_or_default();
    SettingsFields {
        model: form.value("model", model),
        temperature: form.value("temperature", &temperature),
        errors: errors.into_iter().filter(is_of_settings).collect(),
        may_choose_model: viewer.may(Permission::MakeAgents),
    }
}

fn is_of_settings(error: &FieldError) -> bool {
    matches!(error.field.as_str(), "model" | "temperature")
}

/// The files of a message that was refused, which go with the next try. Where there is JavaScript, files are brought before.
async fn kept_files(form: &FormState, visit: &Visit, viewer: &Viewer) -> Option<impl IntoView + use<>> {
    let mut files = Vec::new();
    for id in form.all(ATTACHMENT).iter().filter_map(|it| it.parse().ok()) {
        // What is not theirs does not exist.
        files.extend(visit.atrium.attachments.get(viewer, id).await.ok());
    }
    let boxes = files
        .iter()
        .map(|it| {
            let (id, name) = (it.id.to_string(), it.name.clone());
            view! { <label class="choice"><input type="checkbox" name=ATTACHMENT value=id form="composer-form" checked=true/><span>{name}</span></label> }
        })
        .collect_view();
    (!files.is_empty()).then(|| {
        view! { <noscript><fieldset class="choices kept-files"><legend>"Files that go with the message"</legend>{boxes}</fieldset></noscript> }
    })
}

/// What was typed into a message that was refused, and why; or what was kept while it could not be sent. What is wrong
/// with the settings is said there.
async fn refused(form: &FormState, visit: &Visit) -> (String, Option<String>) {
    let kept = visit.take_draft().await.unwrap_or_default();
    let failure = form.failure().filter(|it| !it.fields.iter().any(is_of_settings));
    (form.value("text", &kept), failure.map(|it| it.message))
}

/// `POST /`: the first message of a conversation, or the settings that it begins with.
pub async fn submit_new(visit: &Visit, fields: &mut Fields) -> Result<Done> {
    if matches!(fields.text("action"), "settle" | "unsettle") {
        return settle(visit, None, fields).await;
    }
    let sent = send(visit, Target::New, fields).await?;
    Ok(Done::then(format!("/chat/{}", sent.conversation)))
}

/// Agent, model and temperature of this conversation. What was typed meanwhile is in the composer again afterwards.
async fn settle(visit: &Visit, id: Option<ConversationId>, fields: &Fields) -> Result<Done> {
    let is_reset = fields.text("action") == "unsettle";
    let typed = |name: &str| fields.has(name).then(|| if is_reset { "" } else { fields.text(name) }.to_owned());
    let form = SettingsForm {
        agent: fields.text("agent").parse().ok(),
        model: typed("model"),
        temperature: typed("temperature"),
    };
    let settled = visit.atrium.chat.settle(visit.viewer()?, id, &form).await?;
    if let Some(text) = fields.filled("text") {
        visit.keep_draft(text).await?;
    }
    visit.toast("Saved for this conversation", None).await?;
    Ok(Done::then(format!("/chat/{}", settled.id)))
}

/// What was typed, with the files that were chosen. Should it be refused, those that were taken wait for the next try.
async fn send(visit: &Visit, target: Target, fields: &mut Fields) -> Result<Sent> {
    let mut taken = Vec::new();
    let sent = send_with(visit, target, fields, &mut taken).await;
    if sent.is_err() {
        taken.into_iter().for_each(|id| fields.keep(ATTACHMENT, id.to_string()));
    }
    sent
}

async fn send_with(visit: &Visit, target: Target, fields: &Fields, taken: &mut Vec<AttachmentId>) -> Result<Sent> {
    let (viewer, atrium) = (visit.viewer()?, &visit.atrium);
    let mut files: Vec<AttachmentId> = fields.all(ATTACHMENT).filter_map(|it| it.parse().ok()).collect();
    if files.len() + fields.files("file").count() > ATTACHMENTS_MAX {
        return Err(Error::field("text", format!("At most {ATTACHMENTS_MAX} files go with a message.")));
    }
    for file in fields.files("file") {
        let mut incoming = atrium.attachments.receive().await?;
        incoming.write(&file.content).await?;
        let arrived = incoming.done().await?;
        taken.push(atrium.attachments.bring(viewer, &arrived, &file.name, file.media_type.as_deref()).await?.id);
    }
    files.extend(&*taken);
    let draft = Draft { text: fields.text("text"), attachments: Some(&files) };
    atrium.chat.send_draft(viewer, target, fields.text("agent").parse().ok(), draft).await
}

/// `POST /chat/{id}`: the next message, or what the buttons below a message do.
pub async fn submit(visit: &Visit, id: ConversationId, fields: &mut Fields) -> Result<Done> {
    let viewer = visit.viewer()?;
    let chat = &visit.atrium.chat;
    if fields.filled("action").is_none_or(|it| it == "send") {
        send(visit, Target::End(id), fields).await?;
        return Ok(Done::then(format!("/chat/{id}")));
    }
    let message = || fields.id::<MessageId>("message", "message");
    match fields.text("action") {
        "settle" | "unsettle" => return settle(visit, Some(id), fields).await,
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
