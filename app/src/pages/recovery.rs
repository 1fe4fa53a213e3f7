//! A forgotten password: asking for a link, and choosing a new one by it.

use super::entrance::{Entrance, EntranceForm, NewPassword, leave_if_signed_in};
use crate::components::{FormState, TextField, failed, load, set_status, set_status_of_refused};
use crate::forms::{Done, Fields};
use crate::visit::Visit;
use atrium_domain::Result;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

#[component]
pub fn ForgotPassword() -> impl IntoView {
    if leave_if_signed_in("/") {
        return ().into_any();
    }
    set_status_of_refused();
    if use_query_map().with_untracked(|it| it.get("asked").is_some()) {
        let sends_mail = Visit::current().is_ok_and(|it| it.atrium.mail.has_server());
        // The same for everyone, whether there is such an account or not.
        return view! {
            <Entrance title="Look into your mail">
                <p>"If there is an account with this address, a link to choose a new password is on its way. It works once, within an hour."</p>
                {(!sends_mail).then(|| view! { <p class="muted">"This server sends no mail: ask whoever runs it for the link."</p> })}
                <a class="button" href="/sign-in">"Back to sign in"</a>
            </Entrance>
        }
        .into_any();
    }
    let state = FormState::current();
    view! {
        <Entrance title="Forgotten your password?">
            <p class="muted">"Enter your address, and you get a link to choose a new one."</p>
            <EntranceForm state=state.clone() button="Send the link">
                <TextField name="email" label="E-mail address" kind="email" autocomplete="username" state is_focused=true/>
            </EntranceForm>
            <p class="muted">"Remembered it? " <a href="/sign-in">"Sign in"</a></p>
        </Entrance>
    }
    .into_any()
}

/// Also for whoever is signed in: with the new password every session ends, this one too.
#[component]
pub fn ResetPassword() -> impl IntoView {
    let state = FormState::current();
    let asked = use_query_map().with_untracked(|it| it.get("token").unwrap_or_default());
    let token = state.value("token", &asked);
    set_status_of_refused();
    let visit = match Visit::current() {
        Ok(visit) => visit,
        Err(error) => return failed(&error).into_any(),
    };
    load(async move {
        match visit.atrium.accounts.reset_link_works(&token).await {
            Ok(true) => view! {
                <Entrance title="Choose a new password">
                    <p class="muted">"You are then signed out everywhere, and sign in with the new one."</p>
                    <EntranceForm state=state.clone() token=token button="Change password">
                        <NewPassword name="new_password" label="New password" state is_focused=true/>
                    </EntranceForm>
                </Entrance>
            }
            .into_any(),
            Ok(false) => {
                set_status(410);
                view! {
                    <Entrance title="This link no longer works">
                        <p>"It is good for an hour and for one new password, and a newer one replaces it."</p>
                        <a class="button" href="/forgot-password">"Ask for another one"</a>
                    </Entrance>
                }
                .into_any()
            }
            Err(error) => failed(&error).into_any(),
        }
    })
    .into_any()
}

/// `POST /forgot-password`
pub async fn forgot(visit: &Visit, fields: &Fields) -> Result<Done> {
    let atrium = &visit.atrium;
    atrium.accounts.forgot_password(&atrium.mail, fields.text("email"), &visit.address).await?;
    Ok(Done::then("/forgot-password?asked=1"))
}

/// `POST /reset-password`
pub async fn reset(visit: &Visit, fields: &Fields) -> Result<Done> {
    let accounts = &visit.atrium.accounts;
    accounts.reset_password(fields.text("token"), fields.text("new_password"), &visit.address).await?;
    visit.sign_out().await?;
    Ok(Done::then("/sign-in?password=changed"))
}
