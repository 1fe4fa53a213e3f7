//! One's own account: how things look, and where one is signed in.

use crate::components::{PageHead, signed_in};
use crate::forms::{Done, Fields, local_path};
use crate::visit::Visit;
use atrium_domain::{Error, Result};
use leptos::prelude::*;

/// A year: how long a browser keeps how it wants to see things.
const COOKIE_AGE: u32 = 31_536_000;

#[component]
pub fn Account() -> impl IntoView {
    signed_in("Account", None, async |visit, viewer| {
        let theme = visit.preferences.theme.unwrap_or("system");
        let choice = |value: &'static str, label: &'static str| {
            view! { <label class="choice"><input type="radio" name="theme" value=value checked=theme == value/><span>{label}</span></label> }
        };
        Ok(view! {
            <PageHead title="Account"/>
            <div class="page narrow">
                <section class="section">
                    <h2>"You"</h2>
                    <dl class="facts">
                        <dt>"Name"</dt><dd>{viewer.name.clone()}</dd>
                        <dt>"E-mail address"</dt><dd>{viewer.email.clone()}</dd>
                        <dt>"Role"</dt><dd>{if viewer.is_superuser { "superuser" } else { viewer.role.as_str() }}</dd>
                    </dl>
                </section>
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
                <section class="section">
                    <h2>"Sessions"</h2>
                    <p>"Ends every session of yours, on this and on every other device."</p>
                    <form method="post">
                        <button class="button danger" name="action" value="sign-out-everywhere">"Sign out everywhere"</button>
                    </form>
                </section>
            </div>
        })
    })
}

/// `POST /sign-out`
pub async fn sign_out(visit: &Visit) -> Result<Done> {
    visit.sign_out().await?;
    Ok(Done::then("/sign-in"))
}

/// `POST /account`
pub async fn submit(visit: &Visit, fields: &Fields) -> Result<Done> {
    let viewer = visit.viewer()?;
    match fields.text("action") {
        "sign-out-everywhere" => {
            visit.atrium.end_all_sessions_of(viewer.id).await?;
            visit.sign_out().await?;
            Ok(Done::then("/sign-in"))
        }
        _ => Err(Error::NotFound("action")),
    }
}

/// `POST /preferences`, for everyone: they live in cookies.
pub fn set_preferences(fields: &Fields) -> Result<Done> {
    let next = local_path(fields.text("next")).to_owned();
    let cookie = |name: &str, value: &str| Some(format!("{name}={value}; Path=/; Max-Age={COOKIE_AGE}; SameSite=Lax"));
    let set_cookie = match (fields.text("theme"), fields.text("rail")) {
        (theme @ ("light" | "dark"), _) => cookie("theme", theme),
        ("system", _) => Some("theme=; Path=/; Max-Age=0; SameSite=Lax".to_owned()),
        (_, rail @ ("collapsed" | "open")) => cookie("rail", rail),
        _ => return Err(Error::field("theme", "Choose light, dark or as the system.")),
    };
    Ok(Done { next, set_cookie })
}
