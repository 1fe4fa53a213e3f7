//! Coming in: sign in, register, and the first administrator's set-up.

use crate::components::{
    ErrorSummary, FormState, TextField, failed, load, redirect, set_status, set_status_of_refused,
};
use crate::forms::{Done, Fields, local_path};
use crate::visit::Visit;
use atrium::people::{Credentials, NewPerson, PASSWORD_MIN};
use atrium_domain::Result;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

#[component]
pub fn Entrance(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <Title text=title.clone()/>
        <main class="entrance">
            <div class="entrance-card">
                <p class="brand">"Atrium"</p>
                <h1>{title}</h1>
                {children()}
            </div>
        </main>
    }
}

/// Nobody who is in needs the entrance.
pub(super) fn leave_if_signed_in(next: &str) -> bool {
    let is_signed_in = Visit::current().is_ok_and(|it| it.viewer.is_some());
    if is_signed_in {
        redirect(local_path(next));
    }
    is_signed_in
}

#[component]
pub fn SignIn() -> impl IntoView {
    let next = use_query_map().with_untracked(|it| it.get("next").unwrap_or_default());
    if leave_if_signed_in(&next) {
        return ().into_any();
    }
    set_status_of_refused();
    let state = FormState::current();
    let is_open = Visit::current().is_ok_and(|it| it.atrium.settings.flag("registration_open"));
    let is_changed = use_query_map().with_untracked(|it| it.get("password").as_deref() == Some("changed"));
    view! {
        <Entrance title="Sign in">
            {is_changed.then(|| view! { <div class="notice" role="status"><p>"Your password is changed, and you are signed out everywhere. Sign in with the new one."</p></div> })}
            <EntranceForm state=state.clone() button="Sign in">
                <input type="hidden" name="next" value=state.value("next", &next)/>
                <TextField name="email" label="E-mail address" kind="email" autocomplete="username" state=state.clone() is_focused=true/>
                <TextField name="password" label="Password" kind="password" autocomplete="current-password" state/>
            </EntranceForm>
            <p class="muted"><a href="/forgot-password">"Forgotten your password?"</a></p>
            {is_open.then(|| view! { <p class="muted">"New here? " <a href="/register">"Create an account"</a></p> })}
        </Entrance>
    }
    .into_any()
}

#[component]
pub fn Register() -> impl IntoView {
    if leave_if_signed_in("/") {
        return ().into_any();
    }
    set_status_of_refused();
    let is_open = Visit::current().is_ok_and(|it| it.atrium.settings.flag("registration_open"));
    if !is_open {
        set_status(403);
        return view! {
            <Entrance title="Registration is closed">
                <p>"Accounts on this server are made by its administrators. Ask one of them to invite you."</p>
                <a class="button" href="/sign-in">"Sign in"</a>
            </Entrance>
        }
        .into_any();
    }
    view! {
        <Entrance title="Create an account">
            <NewPersonForm button="Create account"/>
            <p class="muted">"Have one already? " <a href="/sign-in">"Sign in"</a></p>
        </Entrance>
    }
    .into_any()
}

#[component]
pub fn Setup() -> impl IntoView {
    let asked = use_query_map().with_untracked(|it| it.get("token").unwrap_or_default());
    let token = FormState::current().value("token", &asked);
    if leave_if_signed_in("/") {
        return ().into_any();
    }
    set_status_of_refused();
    let visit = match Visit::current() {
        Ok(visit) => visit,
        Err(error) => return failed(&error).into_any(),
    };
    load(async move {
        match visit.atrium.accounts.setup_token_works(&token).await {
            Ok(true) => view! {
                <Entrance title="Create the first administrator">
                    <p class="muted">"This account rules the server: its settings, providers and people."</p>
                    <NewPersonForm button="Create administrator" token=token/>
                </Entrance>
            }
            .into_any(),
            Ok(false) => {
                set_status(410);
                view! {
                    <Entrance title="This link no longer works">
                        <p>"It works once, and only while the server has no administrator. Sign in, or restart the server for a new link."</p>
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

#[component]
fn NewPersonForm(button: &'static str, #[prop(optional, into)] token: Option<String>) -> impl IntoView {
    let state = FormState::current();
    let focused = state.first_wrong(&["name", "email", "password"]).unwrap_or("name");
    view! {
        <EntranceForm state=state.clone() token button>
            <TextField name="name" label="Name" autocomplete="name" state=state.clone() is_focused=focused == "name"/>
            <TextField name="email" label="E-mail address" kind="email" autocomplete="username" state=state.clone() is_focused=focused == "email"/>
            <NewPassword name="password" label="Password" state is_focused=focused == "password"/>
        </EntranceForm>
    }
}

/// The one form of a page here: what was refused above it, its button at the end.
#[component]
pub(super) fn EntranceForm(
    state: FormState,
    button: &'static str,
    /// Of the link that led here.
    #[prop(default = None, into)]
    token: Option<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <ErrorSummary state/>
        <form method="post" class="form">
            {token.map(|token| view! { <input type="hidden" name="token" value=token/> })}
            {children()}
            <button class="button primary wide">{button}</button>
        </form>
    }
}

/// A password that somebody chooses.
#[component]
pub(super) fn NewPassword(
    name: &'static str,
    label: &'static str,
    state: FormState,
    #[prop(optional)] is_focused: bool,
) -> impl IntoView {
    view! { <TextField name label kind="password" autocomplete="new-password" state help=PASSWORD_HELP is_focused/> }
}

const PASSWORD_HELP: &str = "At least 10 characters; a few unusual words make a good one.";
const _: () = assert!(PASSWORD_MIN == 10, "the help above names the number");

/// `POST /sign-in`
pub async fn sign_in(visit: &Visit, fields: &Fields) -> Result<Done> {
    let credentials: Credentials = fields.read()?;
    let (viewer, proof) = visit.atrium.accounts.sign_in(&credentials, &visit.address).await?;
    visit.sign_in(&viewer).await?;
    if let Err(error) = visit.atrium.accounts.confirm(&proof).await {
        visit.sign_out().await?;
        return Err(error);
    }
    Ok(Done::then(local_path(fields.text("next"))))
}

/// `POST /register`
pub async fn register(visit: &Visit, fields: &Fields) -> Result<Done> {
    visit.atrium.may_register()?;
    let person: NewPerson = fields.read()?;
    let viewer = visit.atrium.accounts.register(&person, &visit.address).await?;
    visit.sign_in(&viewer).await?;
    Ok(Done::then("/"))
}

/// `POST /setup`
pub async fn set_up(visit: &Visit, fields: &Fields) -> Result<Done> {
    let person: NewPerson = fields.read()?;
    let viewer = visit.atrium.accounts.create_first_administrator(fields.text("token"), &person).await?;
    visit.sign_in(&viewer).await?;
    Ok(Done::then("/"))
}
