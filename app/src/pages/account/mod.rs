//! One's own account: what one says of oneself, how one comes in, and how things look.

pub mod import;
pub mod sessions;
pub mod tokens;

use crate::components::{ErrorSummary, FieldNote, FormState, PageHead, TextField, portrait, signed_in};
use crate::forms::{Done, Fields, local_path};
use crate::visit::Visit;
use atrium::people::{PASSWORD_MIN, Profile, ProfileChange};
use atrium_domain::accounts::PICTURE_FILE_MAX;
use atrium_domain::{Error, Result};
use leptos::prelude::*;

/// A year: how long a browser keeps how it wants to see things.
const COOKIE_AGE: u32 = 31_536_000;

const PASSWORD_HELP: &str = "At least 10 characters. All other browsers and programs of yours are signed out.";
const _: () = assert!(PASSWORD_MIN == 10, "the help above names the number");

const PICTURE_HELP: &str = "PNG, JPEG or WebP, at most 2 MB. It is cut to a square; your organisation sees it.";
const _: () = assert!(PICTURE_FILE_MAX == 2 * 1024 * 1024, "the help above names the number");

/// The pages of an account: path and name.
pub(super) const TABS: &[(&str, &str)] = &[
    ("/account", "Profile"),
    ("/account/sessions", "Sessions"),
    ("/account/tokens", "API tokens"),
    ("/account/shares", "Shared links"),
];

/// The ways between them.
pub(super) fn tabs(here: &'static str) -> impl IntoView {
    let tab = |(href, label): &(&'static str, &'static str)| {
        view! { <a href=*href aria-current=(*href == here).then_some("page")>{*label}</a> " " }
    };
    view! { <nav class="account-tabs" aria-label="Account">{TABS.iter().map(tab).collect_view()}</nav> }
}

#[component]
pub fn Account() -> impl IntoView {
    let state = FormState::current();
    signed_in("Account", None, async move |visit, viewer| {
        let profile = visit.atrium.accounts.profile(&viewer, viewer.id).await?;
        let theme = visit.preferences.theme.unwrap_or("system");
        Ok(view! {
            <PageHead title="Account"/>
            <div class="page narrow">
                {tabs("/account")}
                <ErrorSummary state=state.clone()/>
                {picture_section(&profile, &state)}
                {profile_section(profile, state.clone())}
                {password_section(state)}
                {appearance_section(theme)}
                <section class="section">
                    <h2>"Your data"</h2>
                    <p>"Take all your conversations with every message along as one JSON file, or bring those that you had elsewhere."</p>
                    <div class="button-row">
                        <a class="button" href="/account/export" download="">"Export conversations"</a>
                        <a class="button" href="/account/import">"Import conversations"</a>
                    </div>
                </section>
            </div>
        })
    })
}

fn picture_section(profile: &Profile, state: &FormState) -> impl IntoView + use<> {
    let error = state.error("picture");
    let has_one = profile.avatar.is_some();
    view! {
        <section class="section">
            <h2>"Picture"</h2>
            <div class="account-picture">
                {portrait(profile.id, &profile.name, profile.avatar.as_deref())}
                <form method="post" enctype="multipart/form-data" class="form">
                    <div class="field">
                        <label for="picture">"File"</label>
                        <input
                            id="picture"
                            name="picture"
                            type="file"
                            accept="image/png,image/jpeg,image/webp"
                            aria-invalid=error.is_some().then_some("true")
                            aria-describedby="picture-help"
                        />
                        <FieldNote name="picture" help=Some(PICTURE_HELP.to_owned()) error/>
                    </div>
                    <div class="button-row">
                        <button class="button" name="action" value="save-picture">"Save picture"</button>
                        {has_one.then(|| view! { <button class="button" name="action" value="remove-picture">"Remove picture"</button> })}
                    </div>
                </form>
            </div>
        </section>
    }
}

fn profile_section(profile: Profile, state: FormState) -> impl IntoView {
    let role = if profile.is_superuser { "superuser" } else { profile.role.as_str() };
    view! {
        <section class="section">
            <h2>"You"</h2>
            <form method="post" class="form">
                <input type="hidden" name="version" value=profile.updated_at.to_string()/>
                <TextField name="name" label="Name" value=profile.name autocomplete="name" state=state.clone()/>
                <TextField name="username" label="User name" value=profile.username autocomplete="username" state=state.clone() help="You can sign in with it instead of your e-mail address."/>
                <div class="field-pair">
                    <TextField name="job_title" label="Job title" value=profile.job_title autocomplete="organization-title" state=state.clone()/>
                    <TextField name="department" label="Department" value=profile.department state/>
                </div>
                <dl class="facts">
                    <dt>"E-mail address"</dt><dd>{profile.email}</dd>
                    <dt>"Role"</dt><dd>{role}</dd>
                </dl>
                <button class="button primary" name="action" value="save-profile">"Save profile"</button>
            </form>
        </section>
    }
}

fn password_section(state: FormState) -> impl IntoView {
    view! {
        <section class="section">
            <h2>"Password"</h2>
            <form method="post" class="form">
                <TextField name="current_password" label="Current password" kind="password" autocomplete="current-password" state=state.clone()/>
                <TextField name="new_password" label="New password" kind="password" autocomplete="new-password" state help=PASSWORD_HELP/>
                <button class="button" name="action" value="change-password">"Change password"</button>
            </form>
        </section>
    }
}

fn appearance_section(theme: &'static str) -> impl IntoView {
    let choice = |value: &'static str, label: &'static str| {
        view! { <label class="choice"><input type="radio" name="theme" value=value checked=theme == value/><span>{label}</span></label> }
    };
    view! {
        <section class="section">
            <h2>"Appearance"</h2>
            <form method="post" action="/preferences" class="form">
                <input type="hidden" name="next" value="/account"/>
                <fieldset class="choices">
                    <legend>"Theme"</legend>
                    {choice("system", "As the system")} {choice("light", "Light")} {choice("dark", "Dark")}
                </fieldset>
                <button class="button">"Save appearance"</button>
            </form>
        </section>
    }
}

/// `POST /sign-out`
pub async fn sign_out(visit: &Visit) -> Result<Done> {
    visit.sign_out().await?;
    Ok(Done::then("/sign-in"))
}

/// `POST /account`
pub async fn submit(visit: &Visit, fields: &Fields) -> Result<Done> {
    let (accounts, viewer) = (&visit.atrium.accounts, visit.viewer()?);
    let said = match fields.text("action") {
        "save-picture" => {
            accounts.set_avatar(viewer, fields.file("picture")).await?;
            "Picture saved"
        }
        "remove-picture" => {
            accounts.remove_avatar(viewer).await?;
            "Picture removed"
        }
        "save-profile" => {
            let text = |name: &str| Some(fields.text(name).to_owned());
            let change = ProfileChange {
                name: text("name"),
                username: text("username"),
                job_title: text("job_title"),
                department: text("department"),
            };
            accounts.change_profile(viewer, &change, fields.text("version").parse().ok()).await?;
            "Profile saved"
        }
        "change-password" => {
            accounts.change_password(viewer, fields.text("current_password"), fields.text("new_password")).await?;
            // Whoever else knew the old one is out, with this browser's cookie too if they had it: it gets another.
            visit.atrium.end_all_sessions_of(viewer.id).await?;
            visit.sign_in(viewer).await?;
            "Password changed; all your other sessions have ended"
        }
        _ => return Err(Error::NotFound("action")),
    };
    visit.toast(said, None).await?;
    Ok(Done::then("/account"))
}

/// `POST /preferences`, for everyone: they live in cookies.
pub fn set_preferences(fields: &Fields) -> Result<Done> {
    let next = local_path(fields.text("next"));
    let cookie = |name: &str, value: &str| Some(format!("{name}={value}; Path=/; Max-Age={COOKIE_AGE}; SameSite=Lax"));
    let set_cookie = match (fields.text("theme"), fields.text("rail")) {
        (theme @ ("light" | "dark"), _) => cookie("theme", theme),
        ("system", _) => Some("theme=; Path=/; Max-Age=0; SameSite=Lax".to_owned()),
        (_, rail @ ("collapsed" | "open")) => cookie("rail", rail),
        _ => return Err(Error::field("theme", "Choose light, dark or as the system.")),
    };
    Ok(Done { set_cookie, ..Done::then(next) })
}
