//! Everybody's conversations: who talks to which agent, when and how much. Titles are made of what people wrote, so they
//! are shown only with the rest of it: after giving a reason, which the audit log keeps.

use super::asked::Asked;
use super::list::{Column, Filter, List, Onlooker, show};
use super::{administered, moment};
use crate::components::{ErrorSummary, FormState, TextArea};
use crate::forms::{Done, Fields};
use crate::islands::attaching;
use crate::visit::Visit;
use atrium::attachments::Attachment;
use atrium::chat::{Author, MessageView, Thread};
use atrium::feedback::{Feedback, Verdict};
use atrium::ids::{ConversationId, OrganisationId};
use atrium::paging::{Page, PageRequest, Sort};
use atrium::people::Viewer;
use atrium_domain::chat::{Form, Inspected, InspectionFilter};
use atrium_domain::{Error, Result};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use uuid::Uuid;

const PATH: &str = "/admin/conversations";

/// The list of conversations.
pub struct Listed;

impl List for Listed {
    type Row = Inspected;
    const NAME: &'static str = "conversations";

    fn columns(onlooker: &Onlooker) -> Vec<Column<Inspected>> {
        let text = |label, text: fn(&Inspected) -> String| Column::new(label, text);
        [
            Some(text("Owner", owner).sorted("owner").head()),
            onlooker.organisation(|it: &Inspected| it.organisation_id.into()),
            Some(text("Agent", |it| it.agent.clone().unwrap_or_default()).sorted("agent")),
            Some(text("Project", |it| it.project.clone().unwrap_or_default())),
            Some(text("Messages", |it| it.messages.to_string()).sorted("messages")),
            Some(text("Begun", |it| moment(it.created_at)).sorted("begun").narrow()),
            Some(text("Last changed", |it| moment(it.updated_at)).sorted("changed").narrow()),
            Some(Column::of_page("Content", |it: &Inspected| {
                let label = format!("Read a conversation of {}, begun {}", it.owner, moment(it.created_at));
                view! { <a class="button" href=format!("{PATH}/{}", it.id) aria-label=label>"Read…"</a> }.into_any()
            })),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn filters(onlooker: &Onlooker) -> Vec<Filter> {
        onlooker.organisation_filter().into_iter().collect()
    }

    fn organisation(row: &Inspected) -> OrganisationId {
        row.organisation_id.into()
    }

    async fn load(
        visit: &Visit,
        viewer: &Viewer,
        asked: &Asked,
        sort: Option<Sort>,
        page: PageRequest,
    ) -> Result<Page<Inspected>> {
        let filter =
            InspectionFilter { search: asked.text("search"), organisation: asked.read("organisation"), id: None, sort };
        visit.atrium.chat.inspections(viewer, page, filter).await
    }
}

fn owner(it: &Inspected) -> String {
    format!("{} ({})", it.owner, it.owner_email)
}

#[component]
pub fn Conversations() -> impl IntoView {
    let asked = Asked::current();
    administered("Conversations", async move |visit, _| {
        let list = show::<Listed>(&visit, &asked, None).await?;
        Ok(view! {
            <p class="muted">"Who talks to which agent. Titles and messages belong to whoever wrote them: reading a conversation takes a reason, which the audit log keeps with your name."</p>
            {list}
        })
    })
}

#[component]
pub fn Inspect() -> impl IntoView {
    let id = use_params_map().with_untracked(|it| it.get("id").unwrap_or_default());
    let state = FormState::current();
    let asked = Asked::current();
    administered("Conversation", async move |visit, viewer| {
        let id: ConversationId = id.parse().map_err(|_| Error::NotFound("conversation"))?;
        let chat = &visit.atrium.chat;
        let about = chat.inspection(&viewer, id).await?;
        let content = match asked.read::<Uuid>("look") {
            Some(look) => content(chat.inspected(&viewer, id, look, asked.read("before"), Form::Html).await?, look),
            None => reason(state),
        };
        Ok(view! {
            <dl class="facts">
                <dt>"Owner"</dt><dd>{owner(&about)}</dd>
                <dt>"Agent"</dt><dd>{about.agent}</dd>
                {about.project.map(|it| view! { <dt>"Project"</dt><dd>{it}</dd> })}
                <dt>"Messages"</dt><dd>{about.messages}</dd>
                <dt>"Begun"</dt><dd>{moment(about.created_at)}</dd>
                <dt>"Last changed"</dt><dd>{moment(about.updated_at)}</dd>
            </dl>
            {content}
        })
    })
}

fn reason(state: FormState) -> AnyView {
    view! {
        <section class="section measured">
            <h2>"Read this conversation"</h2>
            <ErrorSummary state=state.clone()/>
            <form method="post" class="form">
                <TextArea name="reason" label="Why you must read it" state rows=3 help="Kept in the audit log of its owner's organisation, with your name. It opens the conversation for an hour."/>
                <div class="form-end">
                    <a class="button" href=PATH>"Cancel"</a>
                    <button class="button primary">"Log the reason and read"</button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

fn content(thread: Thread, look: Uuid) -> AnyView {
    let older = thread.messages.first().filter(|_| thread.has_older).map(|it| {
        view! { <p><a class="button" href=format!("{PATH}/{}?look={look}&before={}", thread.id, it.id)>"Older messages"</a></p> }
    });
    let messages = thread.messages.into_iter().map(|it| message(it, thread.id, look)).collect_view();
    view! {
        <section class="section measured">
            <h2>{thread.title}</h2>
            {older}
            <div class="thread-copy">{messages}</div>
        </section>
    }
    .into_any()
}

fn message(it: MessageView, conversation: ConversationId, look: Uuid) -> AnyView {
    let when = moment(it.created_at);
    let path = |it: &Attachment| format!("{}?conversation={conversation}&look={look}", it.path());
    let files = attaching::sent(&it.attachments, path);
    match it.author {
        Author::User => view! {
            <article class="message from-user" aria-label="Question">{files}<div class="said">{it.text}</div><p class="muted small">{when}</p></article>
        }
        .into_any(),
        Author::Assistant => {
            let blocks = it.rendered.blocks.into_iter().chain([it.rendered.tail]).map(|html| view! { <div class="block" inner_html=html></div> });
            view! {
                <article class="message from-agent" aria-label="Answer"><div class="answer">{blocks.collect_view()}</div><p class="muted small">{when}{it.model.map(|it| format!(" · {it}"))}</p>{it.feedback.map(opinion)}</article>
            }
            .into_any()
        }
    }
}

/// What its owner thinks of an answer.
fn opinion(it: Feedback) -> impl IntoView {
    let verdict = match it.verdict {
        Verdict::Up => "Helped",
        Verdict::Down => "Did not help",
    };
    let told = if it.reason.is_empty() { verdict.to_owned() } else { format!("{verdict}: {}", it.reason) };
    view! { <p class="small">{format!("Its owner thinks: {told}")}</p> }
}

/// `POST /admin/conversations/{id}`
pub async fn open(visit: &Visit, id: ConversationId, fields: &Fields) -> Result<Done> {
    let look = visit.atrium.chat.inspect(visit.actor()?, id, fields.text("reason")).await?;
    Ok(Done::then(format!("{PATH}/{id}?look={look}")))
}
