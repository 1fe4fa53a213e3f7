//! Invitations: what administrators send, and what the invited person finds behind the link.

use super::admin::administered;
use super::entrance::{Entrance, EntranceForm, NewPassword};
use crate::components::{
    ErrorSummary, FormState, TextArea, TextField, asked, failed, load, moment, pager, set_status,
    set_status_of_refused, url_escape,
};
use crate::forms::{Done, Fields};
use crate::islands::toasts::Undo;
use crate::visit::Visit;
use atrium::ids::{InvitationId, OrganisationId};
use atrium::organisations::Organisation;
use atrium::paging::{PAGE_SIZE_MAX, PageRequest};
use atrium::people::{Role, Viewer};
use atrium_domain::accounts::invitations::{Invitation, NewInvitations, Standing};
use atrium_domain::{Error, Result, organisations};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Where they are kept.
const PATH: &str = "/admin/invitations";

#[component]
pub fn Invitations() -> impl IntoView {
    let (request, search) = asked();
    let state = FormState::current();
    administered("Invitations", async move |visit, viewer| {
        let atrium = &visit.atrium;
        let page = atrium.accounts.invitations(&viewer, request, Some(&search)).await?;
        let rules = viewer.is_superuser;
        let homes = if rules {
            let all = PageRequest { page: 1, size: PAGE_SIZE_MAX };
            organisations::page(atrium.store.as_viewer(&viewer), all, None, None).await?.items
        } else {
            Vec::new()
        };
        let chosen_role = state.value("role", Role::User.as_str());
        let roles = Role::ALL.into_iter().filter(|it| viewer.may_give(*it)).map(|it| {
            view! { <option value=it.as_str() selected=it.as_str() == chosen_role>{it.as_str()}</option> }
        });
        let own = viewer.organisation.to_string();
        let chosen_home = state.value("organisation", &own);
        let count = page.count;
        let rows = page.items.into_iter().map(|it| row(it, rules)).collect_view();
        let sends_mail = atrium.mail.has_server();
        Ok(view! {
                <ErrorSummary state=state.clone()/>
                <form method="post" class="form">
                    <TextArea name="email" label="E-mail addresses" help="One or several, with spaces, commas or lines between them." state=state rows=3/>
                    <div class="field-pair">
                        <div class="field">
                            <label for="role">"Role"</label>
                            <select id="role" name="role">{roles.collect_view()}</select>
                        </div>
                        {rules.then(|| home_field(homes, &chosen_home))}
                    </div>
                    <button class="button primary" name="action" value="invite">"Send invitations"</button>
                </form>
                {(!sends_mail).then(|| view! {
                    <div class="notice"><p>"This server sends no mail. The invitations wait in the " <a href="/admin/outbox">"outbox"</a> ", from where you pass their links on."</p></div>
                })}
                <section class="section">
                    <h2>"Sent"</h2>
                    {if count == 0 && search.is_empty() {
                        view! { <p class="muted">"Nobody has been invited yet. An invitation is a link by mail that makes one account, also where registration is closed; it works for fifteen days."</p> }.into_any()
                    } else {
                        view! {
                            <form class="inline-form" role="search">
                                <label class="visually-hidden" for="search">"Search invitations"</label>
                                <input id="search" name="search" type="search" placeholder="Address" value=search.clone()/>
                                <button class="button">"Search"</button>
                            </form>
                            <p class="muted">{format!("{count} found, newest first. Times are UTC.")}</p>
                            <div class="table-scroll" tabindex="0" role="region" aria-label="Invitations">
                                <table class="table">
                                    <thead><tr>
                                        <th scope="col">"Address"</th><th scope="col">"Role"</th>{rules.then(|| view! { <th scope="col">"Organisation"</th> })}
                                        <th scope="col">"State"</th><th scope="col">"Invited by"</th><th scope="col">"Sent"</th><th scope="col">"Until"</th><th scope="col">"Change"</th>
                                    </tr></thead>
                                    <tbody>{rows}</tbody>
                                </table>
                            </div>
                            {pager(request, count, &if search.is_empty() { String::new() } else { format!("search={}", url_escape(&search)) })}
                        }.into_any()
                    }}
                </section>
        })
    })
}

fn home_field(homes: Vec<Organisation>, chosen: &str) -> impl IntoView + use<> {
    let options = homes
        .into_iter()
        .map(|it| {
            let id = it.id.to_string();
            let is_chosen = id == chosen;
            view! { <option value=id selected=is_chosen>{it.details.name}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for="organisation">"Organisation"</label>
            <select id="organisation" name="organisation">{options}</select>
        </div>
    }
}

fn row(it: Invitation, rules: bool) -> impl IntoView {
    let again = format!("Send the invitation of {} again", it.email);
    let withdraw = format!("Withdraw the invitation of {}", it.email);
    let is_open = it.standing != Standing::Accepted;
    view! {
        <tr>
            <th scope="row">{it.email}</th>
            <td>{it.role.as_str()}</td>
            {rules.then(|| view! { <td>{it.organisation_name}</td> })}
            <td><span class="tag">{it.standing.as_str()}</span></td>
            <td>{it.invited_by.unwrap_or_default()}</td>
            <td class="nowrap">{moment(it.sent_at)}</td>
            <td class="nowrap">{moment(it.expires_at)}</td>
            <td>
                {is_open.then(|| view! {
                    <form method="post" class="inline-form">
                        <input type="hidden" name="invitation" value=it.id.to_string()/>
                        <button class="button" name="action" value="send" aria-label=again>"Send again"</button>
                        <button class="button" name="action" value="withdraw" aria-label=withdraw>"Withdraw"</button>
                    </form>
                })}
            </td>
        </tr>
    }
}

/// `POST /admin/invitations`
pub async fn submit(visit: &Visit, fields: &Fields) -> Result<Done> {
    let (accounts, mail, actor) = (&visit.atrium.accounts, &visit.atrium.mail, visit.actor()?);
    let id = || fields.id::<InvitationId>("invitation", "invitation");
    let said = match fields.text("action") {
        "invite" => {
            let typed = fields.text("email").split(|it: char| it.is_whitespace() || it == ',' || it == ';');
            let organisation = match fields.filled("organisation") {
                Some(_) => Some(fields.id::<OrganisationId>("organisation", "organisation")?),
                None => None,
            };
            let new = NewInvitations {
                emails: typed.map(str::to_owned).collect(),
                role: Role::parse(fields.text("role")).ok_or_else(|| Error::field("role", "Choose a role."))?,
                organisation,
            };
            match accounts.invite(mail, actor, &new).await?.as_slice() {
                [only] => format!("{} invited", only.email),
                made => format!("{} people invited", made.len()),
            }
        }
        "send" => format!("{} invited again", accounts.send_invitation_again(mail, actor, id()?).await?.email),
        "withdraw" => {
            let gone = accounts.withdraw_invitation(mail, actor, id()?).await?;
            visit
                .toast(format!("Invitation of {} withdrawn", gone.email), Some(invite_anew(actor.viewer, &gone)))
                .await?;
            return Ok(Done::then(PATH));
        }
        _ => return Err(Error::NotFound("action")),
    };
    visit.toast(said, None).await?;
    Ok(Done::then(PATH))
}

/// The link before is gone for good: undoing sends another one.
fn invite_anew(viewer: &Viewer, gone: &Invitation) -> Undo {
    let mut fields =
        vec![("action", "invite".to_owned()), ("email", gone.email.clone()), ("role", gone.role.as_str().to_owned())];
    if viewer.is_superuser {
        fields.push(("organisation", gone.organisation.to_string()));
    }
    Undo { path: PATH.to_owned(), fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect() }
}

/// Behind the link.
#[component]
pub fn AcceptInvitation() -> impl IntoView {
    let state = FormState::current();
    let asked = use_query_map().with_untracked(|it| it.get("token").unwrap_or_default());
    let token = state.value("token", &asked);
    set_status_of_refused();
    let visit = match Visit::current() {
        Ok(visit) => visit,
        Err(error) => return failed(&error).into_any(),
    };
    if let Some(viewer) = &visit.viewer {
        let email = viewer.email.clone();
        return view! {
            <Entrance title="You are signed in">
                <p>"This browser is signed in as " <strong>{email}</strong> ". An invitation makes an account of its own: sign out, then open the link again."</p>
                <form method="post" action="/sign-out" class="form"><button class="button wide">"Sign out"</button></form>
                <p class="muted"><a href="/">"Stay signed in"</a></p>
            </Entrance>
        }
        .into_any();
    }
    load(async move {
        match visit.atrium.accounts.offer(&token).await {
            Ok(Some(offer)) => view! {
                <Entrance title=format!("Join {}", offer.organisation)>
                    <p class="muted">"Your account is for " <strong>{offer.email}</strong> "."</p>
                    <EntranceForm state=state.clone() token=token button="Create account">
                        <TextField name="name" label="Name" autocomplete="name" state=state.clone() is_focused=true/>
                        <NewPassword name="password" label="Password" state/>
                    </EntranceForm>
                    <p class="muted">"Have an account already? " <a href="/sign-in">"Sign in"</a></p>
                </Entrance>
            }
            .into_any(),
            Ok(None) => {
                set_status(410);
                view! {
                    <Entrance title="This invitation no longer works">
                        <p>"It was accepted or withdrawn, or has expired. Ask whoever invited you for another one."</p>
                        <a class="button" href="/sign-in">"Sign in"</a>
                    </Entrance>
                }
                .into_any()
            }
            Err(error) => failed(&error).into_any(),
        }
    })
    .into_any()
}

/// `POST /invitation`
pub async fn accept(visit: &Visit, fields: &Fields) -> Result<Done> {
    let (accounts, mail) = (&visit.atrium.accounts, &visit.atrium.mail);
    let (token, name, password) = (fields.text("token"), fields.text("name"), fields.text("password"));
    let viewer = accounts.accept_invitation(mail, token, name, password, &visit.address).await?;
    visit.sign_in(&viewer).await?;
    Ok(Done::then("/"))
}
