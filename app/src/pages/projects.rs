//! Projects: the list, and a project's home with its chats, members, agents and settings.

use crate::components::{ErrorSummary, FormState, PageHead, TextArea, TextField, portrait, signed_in, star};
use crate::forms::{Done, Fields};
use crate::icons::{Icon, icon};
use crate::pages::knowledge;
use crate::visit::Visit;
use atrium::agents::Agent;
use atrium::favourites::FavouriteKind;
use atrium::ids::{AgentId, ProjectId, UserId};
use atrium::paging::{PAGE_SIZE_MAX, PageRequest};
use atrium::permissions::Permission;
use atrium::projects::{Member, Project, ProjectForm, ProjectRole};
use atrium_domain::chat::{ConversationFilter, ConversationSummary, NewConversation};
use atrium_domain::knowledge::bases::{self, BaseFilter};
use atrium_domain::{Error, Result, agents, favourites, projects};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

#[component]
pub fn ProjectList() -> impl IntoView {
    let state = FormState::current();
    signed_in("Projects", None, async move |visit, viewer| {
        let request = PageRequest { page: 1, size: PAGE_SIZE_MAX };
        let found = projects::page(visit.atrium.store.as_viewer(&viewer), request, None).await?;
        let is_empty = found.items.is_empty();
        let more = found.count - i64::try_from(found.items.len()).unwrap_or_default();
        let rows = found.items.into_iter().map(row).collect_view();
        Ok(view! {
            <PageHead title="Projects"/>
            <div class="page">
                {if is_empty {
                    view! { <p class="muted">"A project is work that several people share: its members talk to its agents and keep their chats together. You are in none yet."</p> }.into_any()
                } else {
                    view! { <ul class="rows">{rows}</ul> }.into_any()
                }}
                {(more > 0).then(|| view! { <p class="muted">{format!("{more} more; the API lists all of them.")}</p> })}
                {viewer.may(Permission::MakeProjects).then(|| view! {
                    <section class="section">
                        <h2>"New project"</h2>
                        <ErrorSummary state=state.clone()/>
                        <form method="post" class="form">
                            <TextField name="name" label="Name" state=state.clone()/>
                            <TextArea name="description" label="What it is about" state rows=3/>
                            <div class="form-end"><button class="button primary">"Create project"</button></div>
                        </form>
                    </section>
                })}
            </div>
        })
    })
}

fn row(project: Project) -> impl IntoView {
    let people = counted(project.member_count, "member");
    let agents = counted(project.agent_count, "agent");
    view! {
        <li class="row">
            <span class="avatar">{icon(Icon::Projects)}</span>
            <div class="row-text">
                <a class="row-title" href=format!("/projects/{}", project.id)>{project.name}</a>
                {project.role.map(|it| view! { <span class="tag">{it.as_str()}</span> })}
                <p class="muted">{atrium::text::shorten(&project.description, 140)}</p>
                <p class="muted small">{format!("{people} · {agents}")}</p>
            </div>
        </li>
    }
}

fn counted(n: i64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

#[component]
pub fn ProjectHome() -> impl IntoView {
    let id = use_params_map().with_untracked(|it| it.get("id").unwrap_or_default());
    let state = FormState::current();
    signed_in("", None, async move |visit, viewer| {
        let id: ProjectId = id.parse().map_err(|_| Error::NotFound("project"))?;
        let atrium = &visit.atrium;
        let scope = atrium.store.as_viewer(&viewer);
        let project = projects::get(scope, id).await?;
        let filter = ConversationFilter { project: Some(id), ..ConversationFilter::default() };
        let request = PageRequest { page: 1, size: 30 };
        let chats = atrium.chat.summaries(&viewer, request, filter).await?;
        let members = projects::members::list(scope, id).await?;
        let shared = projects::agents::list(scope, id).await?;
        let everything = PageRequest { page: 1, size: PAGE_SIZE_MAX };
        let known = bases::page(scope, BaseFilter { search: None, project: Some(id) }, everything).await?;
        let own = if project.can_manage {
            agents::list_from_the_first_visit(scope, &atrium.ports, &atrium.connections).await?
        } else {
            Vec::new()
        };
        let is_marked = favourites::ids(scope, FavouriteKind::Project).await?.contains(&id.0);
        let mark = star(FavouriteKind::Project, id.0, is_marked, &project.name, &format!("/projects/{id}"));
        let works_here = project.role.is_some_and(|it| it != ProjectRole::Guest);
        let can_manage = project.can_manage;
        let me = viewer.id;
        Ok(view! {
            <Title text=project.name.clone()/>
            <PageHead title=project.name.clone()>
                {mark}
                {works_here.then(|| view! { <form method="post"><button class="button primary" name="action" value="chat">"New chat"</button></form> })}
            </PageHead>
            <div class="page">
                <ErrorSummary state=state.clone()/>
                {(!project.description.is_empty()).then(|| view! { <p>{project.description.clone()}</p> })}
                <section class="section">
                    <h2>"Your chats"</h2>
                    {if chats.items.is_empty() {
                        view! { <p class="muted">"None here yet."</p> }.into_any()
                    } else {
                        view! { <ul class="rows">{chats.items.into_iter().map(chat_row).collect_view()}</ul> }.into_any()
                    }}
                </section>
                <section class="section">
                    <h2>"Agents"</h2>
                    {if shared.is_empty() {
                        view! { <p class="muted">"No agents yet. Bring one of yours in, and every member may talk to it."</p> }.into_any()
                    } else {
                        view! { <ul class="rows">{shared.iter().map(|it| agent_row(it, can_manage)).collect_view()}</ul> }.into_any()
                    }}
                    {can_manage.then(|| attach_form(&own, &shared))}
                </section>
                <section class="section">
                    <h2>"Knowledge"</h2>
                    {if known.items.is_empty() {
                        view! { <p class="muted">"No documents yet. "<a href="/knowledge">"Make a knowledge base"</a>" of this project, and its agents can answer from it."</p> }.into_any()
                    } else {
                        view! { <ul class="rows">{known.items.into_iter().map(knowledge::bases::row).collect_view()}</ul> }.into_any()
                    }}
                </section>
                <section class="section">
                    <h2>"Members"</h2>
                    <ul class="rows">{members.into_iter().map(|it| member_row(it, can_manage, me)).collect_view()}</ul>
                    {can_manage.then(|| view! {
                        <form method="post" class="inline-form">
                            <label class="visually-hidden" for="email">"E-mail address"</label>
                            <input id="email" name="email" type="text" placeholder="E-mail address or user name" autocomplete="off" value=state.value("email", "")/>
                            <label class="visually-hidden" for="role">"Role"</label>
                            <select id="role" name="role">{roles(ProjectRole::Member)}</select>
                            <button class="button" name="action" value="add-member">"Add member"</button>
                        </form>
                    })}
                </section>
                {can_manage.then(|| settings(project, state))}
            </div>
        })
    })
}

fn chat_row(chat: ConversationSummary) -> impl IntoView {
    let said = chat.last_message.map(|it| atrium::text::shorten(&it.content, 100));
    view! {
        <li class="row">
            <div class="row-text">
                <a class="row-title" href=format!("/chat/{}", chat.id)>{chat.title}</a>
                <p class="muted small">{said}</p>
            </div>
        </li>
    }
}

fn agent_row(agent: &Agent, can_manage: bool) -> impl IntoView + use<> {
    let chat = format!("/?agent={}", agent.id);
    let take_out = format!("Take {} out", agent.name);
    let id = agent.id.to_string();
    view! {
        <li class="row">
            <span class="avatar">{icon(Icon::avatar(&agent.avatar))}</span>
            <div class="row-text">
                <span class="row-title">{agent.name.clone()}</span>
                <p class="muted">{agent.description.clone()}</p>
            </div>
            <div class="row-actions">
                <a class="button" href=chat>"Chat"</a>
                {can_manage.then(|| view! {
                    <form method="post">
                        <input type="hidden" name="agent" value=id/>
                        <button class="button icon-only" name="action" value="detach-agent" aria-label=take_out title="Take out">{icon(Icon::Close)}</button>
                    </form>
                })}
            </div>
        </li>
    }
}

fn attach_form(own: &[Agent], shared: &[Agent]) -> AnyView {
    let options: Vec<_> = own
        .iter()
        .filter(|it| !shared.iter().any(|other| other.id == it.id))
        .map(|it| view! { <option value=it.id.to_string()>{it.name.clone()}</option> })
        .collect();
    if options.is_empty() {
        return ().into_any();
    }
    view! {
        <form method="post" class="inline-form">
            <label class="visually-hidden" for="agent">"Agent"</label>
            <select id="agent" name="agent">{options}</select>
            <button class="button" name="action" value="attach-agent">"Bring in"</button>
        </form>
    }
    .into_any()
}

fn roles(chosen: ProjectRole) -> impl IntoView {
    ProjectRole::ALL
        .map(|it| view! { <option value=it.as_str() selected=it == chosen>{it.as_str()}</option> })
        .collect_view()
}

fn member_row(member: Member, can_manage: bool, me: UserId) -> impl IntoView {
    let is_me = member.user == me;
    let (role_label, out_label) = (format!("Role of {}", member.email), format!("Take {} out", member.email));
    let id = member.user.to_string();
    let own_id = id.clone();
    view! {
        <li class="row">
            {portrait(member.user, &member.name, member.avatar.as_deref())}
            <div class="row-text">
                <span class="row-title">{member.name}</span>
                {is_me.then(|| view! { <span class="tag">"you"</span> })}
                <p class="muted small">{member.email}</p>
            </div>
            <div class="row-actions">
                {if can_manage {
                    view! {
                        <form method="post" class="inline-form">
                            <input type="hidden" name="user" value=id/>
                            <select name="role" aria-label=role_label>{roles(member.role)}</select>
                            <button class="button" name="action" value="change-member">"Save"</button>
                            <button class="button icon-only" name="action" value="remove-member" aria-label=out_label title="Take out">{icon(Icon::Close)}</button>
                        </form>
                    }.into_any()
                } else if is_me {
                    view! {
                        <form method="post">
                            <input type="hidden" name="user" value=own_id/>
                            <button class="button" name="action" value="remove-member">"Leave"</button>
                        </form>
                    }.into_any()
                } else {
                    view! { <span class="tag">{member.role.as_str()}</span> }.into_any()
                }}
            </div>
        </li>
    }
}

fn settings(project: Project, state: FormState) -> impl IntoView {
    view! {
        <section class="section">
            <h2>"Settings"</h2>
            <form method="post" class="form">
                <input type="hidden" name="version" value=project.updated_at.to_string()/>
                <TextField name="name" label="Name" value=project.name state=state.clone()/>
                <TextArea name="description" label="What it is about" value=project.description state rows=3/>
                <div class="form-end">
                    <button class="button danger" name="action" value="delete">"Delete project"</button>
                    <button class="button primary" name="action" value="save">"Save project"</button>
                </div>
            </form>
        </section>
    }
}

fn form(fields: &Fields) -> ProjectForm {
    ProjectForm { name: fields.text("name").to_owned(), description: fields.text("description").to_owned() }
}

/// `POST /projects`
pub async fn create(visit: &Visit, fields: &Fields) -> Result<Done> {
    let atrium = &visit.atrium;
    let made = projects::create(&atrium.store, &atrium.ports, visit.actor()?, &form(fields)).await?;
    visit.toast(format!("{} created", made.name), None).await?;
    Ok(Done::then(format!("/projects/{}", made.id)))
}

/// `POST /projects/{id}`: what the buttons of its home do.
pub async fn submit(visit: &Visit, id: ProjectId, fields: &Fields) -> Result<Done> {
    let (atrium, actor) = (&visit.atrium, visit.actor()?);
    let (store, ports) = (&atrium.store, &atrium.ports);
    let role = || ProjectRole::parse(fields.text("role")).ok_or_else(|| Error::field("role", "Choose a role."));
    let said = match fields.text("action") {
        "chat" => {
            let new = NewConversation { project: Some(id), ..NewConversation::default() };
            let made = atrium.chat.create(actor.viewer, new).await?;
            return Ok(Done::then(format!("/chat/{}", made.id)));
        }
        "attach-agent" => {
            projects::agents::attach(store, ports, actor, id, fields.id::<AgentId>("agent", "agent")?).await?;
            "Agent brought in"
        }
        "detach-agent" => {
            projects::agents::detach(store, ports, actor, id, fields.id::<AgentId>("agent", "agent")?).await?;
            "Agent taken out"
        }
        "add-member" => {
            let user = projects::members::by_email(store.as_viewer(actor.viewer), id, fields.text("email")).await?;
            projects::members::set(store, ports, actor, id, user, role()?).await?;
            "Member added"
        }
        "change-member" => {
            projects::members::set(store, ports, actor, id, fields.id("user", "user")?, role()?).await?;
            "Role changed"
        }
        "remove-member" => {
            let user = fields.id::<UserId>("user", "user")?;
            projects::members::remove(store, ports, actor, id, user).await?;
            if user == actor.viewer.id {
                return Ok(Done::then("/projects"));
            }
            "Member taken out"
        }
        "save" => {
            projects::change(store, ports, actor, id, &form(fields), fields.text("version").parse().ok()).await?;
            "Project saved"
        }
        "delete" => {
            projects::delete(store, ports, actor, id).await?;
            visit.toast("Project deleted; its chats are still yours", None).await?;
            return Ok(Done::then("/projects"));
        }
        _ => return Err(Error::NotFound("action")),
    };
    visit.toast(said, None).await?;
    Ok(Done::then(format!("/projects/{id}")))
}
