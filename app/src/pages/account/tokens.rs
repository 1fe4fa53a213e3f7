//! API tokens: for programs of one's own, each no more than it is for.

use super::tabs;
use crate::components::moment;
use crate::components::{ErrorSummary, FieldNote, FormState, PageHead, TextField, signed_in};
use crate::forms::{Done, Fields, Reveal};
use crate::icons::{Icon, icon};
use crate::visit::Visit;
use atrium::ids::ApiTokenId;
use atrium::tokens::{ApiToken, NewApiToken, TokenScope};
use atrium_domain::accounts::api_tokens::PREFIX;
use atrium_domain::{Error, Result};
use leptos::prelude::*;

/// How long a token may live, as days for the form.
const LIVES: [(&str, &str); 4] = [("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("", "Until it is deleted")];

#[component]
pub fn ApiTokens() -> impl IntoView {
    let state = FormState::current();
    let made = use_context::<Reveal>();
    signed_in("API tokens", None, async move |visit, viewer| {
        let tokens = visit.atrium.accounts.api_tokens(&viewer).await?;
        let now = visit.atrium.ports.now();
        let is_empty = tokens.is_empty();
        Ok(view! {
            <PageHead title="API tokens"/>
            <div class="page narrow">
                {tabs("/account/tokens")}
                {made.map(|it| view! {
                    <div class="notice" role="status">
                        {icon(Icon::Check)}
                        <div class="account-secret">
                            <p>"Copy the new token now: it is shown this once, and kept nowhere."</p>
                            <code>{it.0}</code>
                        </div>
                    </div>
                })}
                <ErrorSummary state=state.clone()/>
                <p class="muted">"A program sends its token as " <code>"Authorization: Bearer"</code> " and is you, as far as the token's scopes go. " <a href="/api/schema/swagger">"What the API can do"</a></p>
                {if is_empty {
                    view! { <p class="muted">"You have none yet. Create one for each program, so that one can be deleted without the others."</p> }.into_any()
                } else {
                    view! { <ul class="rows">{tokens.into_iter().map(|it| row(it, now)).collect_view()}</ul> }.into_any()
                }}
                {form(state)}
            </div>
        })
    })
}

fn row(token: ApiToken, now: i64) -> impl IntoView {
    let delete = format!("Delete {}", token.name);
    let used = token.last_used_at.map_or_else(|| "never used".to_owned(), |it| format!("last used {}", moment(it)));
    let ends = match token.expires_at {
        Some(at) if at <= now => "expired".to_owned(),
        Some(at) => format!("until {}", moment(at)),
        None => "does not expire".to_owned(),
    };
    view! {
        <li class="row">
            <span class="avatar">{icon(Icon::Code)}</span>
            <div class="row-text">
                <span class="row-title">{token.name}</span>
                {token.scopes.iter().map(|it| view! { <span class="tag">{it.as_str()}</span> }).collect_view()}
                <p class="muted"><code>{format!("{PREFIX}…{}", token.hint)}</code>{format!(" · {used}")}</p>
                <p class="muted small">{format!("created {} · {ends}", moment(token.created_at))}</p>
            </div>
            <div class="row-actions">
                <form method="post">
                    <input type="hidden" name="token" value=token.id.to_string()/>
                    <button class="button icon-only" name="action" value="delete" aria-label=delete title="Delete">{icon(Icon::Delete)}</button>
                </form>
            </div>
        </li>
    }
}

fn form(state: FormState) -> impl IntoView {
    let error = state.error("scopes");
    let life = state.value("expires_in_days", "90");
    let lives = LIVES.map(|(days, label)| view! { <option value=days selected=days == life>{label}</option> });
    let wrong_life = state.error("expires_in_days");
    let scopes = TokenScope::ALL.map(|it| scope(it, &state)).collect_view();
    view! {
        <section class="section">
            <h2>"New token"</h2>
            <form method="post" class="form">
                <TextField name="name" label="Name" help="What it is for: “nightly report”." autocomplete="off" state/>
                <fieldset id="scopes" class="field" tabindex="-1" aria-describedby="scopes-help">
                    <legend>"What it may do"</legend>
                    <FieldNote name="scopes" help=Some("No more than the program needs.".to_owned()) error/>
                    {scopes}
                </fieldset>
                <div class="field">
                    <label for="expires_in_days">"How long it lives"</label>
                    <select id="expires_in_days" name="expires_in_days" aria-describedby="expires_in_days-help">{lives.collect_view()}</select>
                    <FieldNote name="expires_in_days" help=Some("One that is lost then does no harm for ever.".to_owned()) error=wrong_life/>
                </div>
                <button class="button primary" name="action" value="create">"Create token"</button>
            </form>
        </section>
    }
}

fn scope(scope: TokenScope, state: &FormState) -> impl IntoView + use<> {
    let (id, name) = (format!("scope-{}", scope.as_str()), scope.as_str());
    let about = match scope {
        TokenScope::Read => "See what you see: chats, agents, projects and, if you may, people.",
        TokenScope::Chat => "Talk to your agents: begin chats, send and edit messages, stop answers.",
        TokenScope::Write => "Change the rest: agents, projects, your profile. Never passwords, sessions or tokens.",
    };
    let help = format!("{id}-help");
    view! {
        <div class="field check">
            <label><input id=id name="scopes" type="checkbox" value=name checked=state.chosen("scopes", name) aria-describedby=help.clone()/><span>{name}</span></label>
            <p id=help class="help">{about}</p>
        </div>
    }
}

/// `POST /account/tokens`
pub async fn submit(visit: &Visit, fields: &Fields) -> Result<Done> {
    let (accounts, viewer) = (&visit.atrium.accounts, visit.viewer()?);
    match fields.text("action") {
        "create" => {
            let days = fields.filled("expires_in_days").map(str::parse).transpose();
            let new = NewApiToken {
                name: fields.text("name").to_owned(),
                scopes: fields.all("scopes").filter_map(TokenScope::parse).collect(),
                days: days.map_err(|_| Error::field("expires_in_days", "Choose how long the token lives."))?,
            };
            let (_, text) = accounts.create_api_token(viewer, &new).await?;
            Ok(Done::reveal(text))
        }
        "delete" => {
            accounts.delete_api_token(viewer, fields.id::<ApiTokenId>("token", "token")?).await?;
            visit.toast("Token deleted; what used it is out", None).await?;
            Ok(Done::then("/account/tokens"))
        }
        _ => Err(Error::NotFound("action")),
    }
}
