//! The outbox: mail on its way, refused, or kept because there is no mail server.

use super::administered;
use crate::components::{ErrorSummary, FormState, asked, moment, pager, url_escape};
use crate::forms::{Done, Fields};
use crate::islands::toasts::Undo;
use crate::visit::Visit;
use atrium::ids::MailId;
use atrium_domain::mail::{Mail, State, Text};
use atrium_domain::{Error, Result};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

const PATH: &str = "/admin/outbox";

#[component]
pub fn OutboxList() -> impl IntoView {
    let (request, search) = asked();
    let state = FormState::current();
    administered("Outbox", async move |visit, viewer| {
        let mail = &visit.atrium.mail;
        let page = mail.page(&viewer, request, Some(&search)).await?;
        let has_server = mail.has_server();
        let count = page.count;
        let rows = page.items.into_iter().map(|it| row(it, has_server)).collect_view();
        Ok(view! {
            <ErrorSummary state=state/>
                {(!has_server).then(|| view! {
                    <div class="notice"><p>"There is no mail server, so mail is kept here: open one and pass its link on. A superuser names a mail server on the settings page."</p></div>
                })}
                {if count == 0 && search.is_empty() {
                    view! { <p class="muted">"No mail yet. What Atrium sends, invitations and links for forgotten passwords, is listed here for thirty days."</p> }.into_any()
                } else {
                    view! {
                        <form class="inline-form" role="search">
                            <label class="visually-hidden" for="search">"Search mail"</label>
                            <input id="search" name="search" type="search" placeholder="Address or subject" value=search.clone()/>
                            <button class="button">"Search"</button>
                        </form>
                        <p class="muted">{format!("{count} found, newest first. Times are UTC.")}</p>
                        <div class="table-scroll" tabindex="0" role="region" aria-label="Outbox">
                            <table class="table">
                                <thead><tr><th scope="col">"To"</th><th scope="col">"Subject"</th><th scope="col">"State"</th><th scope="col">"Written"</th><th scope="col">"Change"</th></tr></thead>
                                <tbody>{rows}</tbody>
                            </table>
                        </div>
                        {pager(request, count, &if search.is_empty() { String::new() } else { format!("search={}", url_escape(&search)) })}
                    }.into_any()
                }}
        })
    })
}

fn row(it: Mail, has_server: bool) -> impl IntoView {
    let href = format!("/admin/outbox/{}", it.id);
    let note = (!it.last_error.is_empty()).then(|| atrium::text::shorten(&it.last_error, 120));
    let label = format!("Delete the mail to {}", it.to);
    let again = format!("Send the mail to {} again", it.to);
    view! {
        <tr>
            <th scope="row">{it.to}</th>
            <td><a href=href>{it.subject}</a></td>
            <td><span class="tag">{it.state.as_str()}</span>{note.map(|it| view! { <p class="muted small">{it}</p> })}</td>
            <td class="nowrap">{moment(it.created_at)}</td>
            <td>
                <form method="post" class="inline-form">
                    <input type="hidden" name="mail" value=it.id.to_string()/>
                    {(it.can_be_sent && has_server).then(|| view! { <button class="button" name="action" value="send" aria-label=again>"Send again"</button> })}
                    <button class="button" name="action" value="delete" aria-label=label>"Delete"</button>
                </form>
            </td>
        </tr>
    }
}

#[component]
pub fn OneMail() -> impl IntoView {
    let id = use_params_map().with_untracked(|it| it.get("id").unwrap_or_default());
    let state = FormState::current();
    administered("Mail", async move |visit, _| {
        let id: MailId = id.parse().map_err(|_| Error::NotFound("mail"))?;
        let letter = visit.atrium.mail.open(visit.actor()?, id).await?;
        let (mail, has_server) = (letter.mail, visit.atrium.mail.has_server());
        let text = match letter.text {
            Text::Shown(text) => view! {
                <pre class="letter">{text}</pre>
                <p class="muted small">"That you read it stands in the audit log. Give the link to nobody but the person it is for."</p>
            }
            .into_any(),
            Text::Gone => view! { <p class="muted">"Its text is no longer kept: it was sent, or its link has expired."</p> }.into_any(),
            Text::Withheld => view! { <p class="muted">"Whoever has the link in it can take the account over, so only superusers may read it. Ask one of them to pass it on."</p> }.into_any(),
        };
        Ok(view! {
            <h2>{mail.subject}</h2>
                <ErrorSummary state=state/>
                <dl class="facts">
                    <dt>"To"</dt><dd>{mail.to}</dd>
                    <dt>"State"</dt><dd>{mail.state.as_str()}</dd>
                    <dt>"Written"</dt><dd>{moment(mail.created_at)}</dd>
                    {mail.sent_at.map(|it| view! { <dt>"Sent"</dt><dd>{moment(it)}</dd> })}
                    {(mail.attempts > 0).then(|| view! { <dt>"Tries"</dt><dd>{mail.attempts}</dd> })}
                    {(!mail.last_error.is_empty()).then(|| view! { <dt>"Last answer"</dt><dd>{mail.last_error}</dd> })}
                </dl>
                <section class="section">
                    <h3>"Text"</h3>
                    {text}
                </section>
                <form method="post" class="button-row">
                    {(mail.can_be_sent && has_server).then(|| view! { <button class="button primary" name="action" value="send">{if mail.state == State::Kept { "Send" } else { "Send again" }}</button> })}
                    <button class="button danger" name="action" value="delete">"Delete"</button>
                </form>
        })
    })
}

/// `POST /admin/outbox`
pub async fn submit(visit: &Visit, fields: &Fields) -> Result<Done> {
    submit_one(visit, fields.id("mail", "mail")?, fields).await
}

/// `POST /admin/outbox/{id}`
pub async fn submit_one(visit: &Visit, id: MailId, fields: &Fields) -> Result<Done> {
    let (mail, actor) = (&visit.atrium.mail, visit.actor()?);
    let (said, undo) = match fields.text("action") {
        "send" => {
            mail.send_again(actor, id).await?;
            ("Mail is sent again", None)
        }
        "delete" => {
            mail.delete(actor, id).await?;
            let fields = [("action", "restore".to_owned()), ("mail", id.to_string())];
            let fields = fields.map(|(name, value)| (name.to_owned(), value)).to_vec();
            ("Mail deleted", Some(Undo { path: PATH.to_owned(), fields }))
        }
        "restore" => {
            mail.restore(actor, id).await?;
            ("Mail is back", None)
        }
        _ => return Err(Error::NotFound("action")),
    };
    visit.toast(said, undo).await?;
    Ok(Done::then(PATH))
}
