//! Where one is signed in: browsers, and programs that came with the password.

use super::tabs;
use crate::components::moment;
use crate::components::{ErrorSummary, FormState, PageHead, signed_in};
use crate::forms::{Done, Fields};
use crate::icons::{Icon, icon};
use crate::visit::Visit;
use atrium::ids::SessionId;
use atrium_domain::accounts::impersonation::must_be_themselves;
use atrium_domain::accounts::sign_ins::{SignIn, SignInKind};
use atrium_domain::{Error, Result};
use leptos::prelude::*;

#[component]
pub fn Sessions() -> impl IntoView {
    let state = FormState::current();
    signed_in("Sessions", None, async move |visit, viewer| {
        let all = visit.atrium.accounts.sign_ins(&viewer, &visit.here()).await?;
        let has_others = all.iter().any(|it| !it.is_here);
        let (browsers, programs): (Vec<_>, Vec<_>) = all.into_iter().partition(|it| it.kind == SignInKind::Browser);
        let has_programs = !programs.is_empty();
        Ok(view! {
            <PageHead title="Sessions"/>
            <div class="page narrow">
                {tabs("/account/sessions")}
                <ErrorSummary state=state/>
                <p class="muted">"Where you are signed in. End what you do not recognise, then change your password. Times are UTC."</p>
                <section class="section">
                    <h2>"Browsers"</h2>
                    <ul class="rows">{browsers.into_iter().map(row).collect_view()}</ul>
                </section>
                {has_programs.then(|| view! {
                    <section class="section">
                        <h2>"Programs"</h2>
                        <p class="muted">"These signed in over the API with your password. Programs with a token of their own are under API tokens."</p>
                        <ul class="rows">{programs.into_iter().map(row).collect_view()}</ul>
                    </section>
                })}
                <section class="section">
                    <h2>"All at once"</h2>
                    <form method="post" class="button-row">
                        {has_others.then(|| view! { <button class="button" name="action" value="end-others">"End all others"</button> })}
                        <button class="button danger" name="action" value="sign-out-everywhere">"Sign out everywhere"</button>
                    </form>
                </section>
            </div>
        })
    })
}

fn row(it: SignIn) -> impl IntoView {
    let name = called(&it.origin.agent);
    let end = format!("End {name}");
    let from = if it.origin.address.is_empty() { "address not known" } else { &it.origin.address };
    let used = it.last_used_at.map(|it| format!(" · last used {}", moment(it))).unwrap_or_default();
    let told = format!("{from} · since {}{used}", moment(it.created_at));
    let picture = if it.kind == SignInKind::Browser { Icon::System } else { Icon::Code };
    view! {
        <li class="row">
            <span class="avatar">{icon(picture)}</span>
            <div class="row-text">
                <span class="row-title">{name}</span>
                {it.is_here.then(|| view! { <span class="tag">"this browser"</span> })}
                <p class="muted">{told}</p>
                <p class="muted small">{atrium::text::shorten(&it.origin.agent, 140)}</p>
            </div>
            <div class="row-actions">
                {if it.is_here {
                    view! { <form method="post" action="/sign-out"><button class="button">"Sign out"</button></form> }.into_any()
                } else {
                    view! {
                        <form method="post">
                            <input type="hidden" name="session" value=it.id.to_string()/>
                            <button class="button" name="action" value="end" aria-label=end>"End"</button>
                        </form>
                    }.into_any()
                }}
            </div>
        </li>
    }
}

/// What people call a browser, from what it calls itself, where that is easily told: “Firefox on Linux”.
fn called(agent: &str) -> String {
    let find = |names: &[(&str, &'static str)]| names.iter().find(|it| agent.contains(it.0)).map(|it| it.1);
    // Those that claim to be others as well come first.
    let browser = find(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = find(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) => name.to_owned(),
        // Programs say their name first: `curl/8.5.0`, `python-httpx/0.28`.
        _ => match agent.split(['/', ' ']).next() {
            Some(name) if !name.is_empty() => atrium::text::shorten(name, 40),
            _ => "Not known".to_owned(),
        },
    }
}

/// `POST /account/sessions`
pub async fn submit(visit: &Visit, fields: &Fields) -> Result<Done> {
    let (accounts, viewer) = (&visit.atrium.accounts, visit.viewer()?);
    let said = match fields.text("action") {
        "end" => {
            accounts.end_sign_in(viewer, fields.id::<SessionId>("session", "session")?).await?;
            "Session ended".to_owned()
        }
        "end-others" => match accounts.end_other_sign_ins(viewer, &visit.here()).await? {
            1 => "One other session ended".to_owned(),
            n => format!("{n} other sessions ended"),
        },
        "sign-out-everywhere" => {
            must_be_themselves(viewer)?;
            visit.atrium.end_all_sessions_of(viewer.id).await?;
            visit.sign_out().await?;
            return Ok(Done::then("/sign-in"));
        }
        _ => return Err(Error::NotFound("action")),
    };
    visit.toast(said, None).await?;
    Ok(Done::then("/account/sessions"))
}

#[cfg(test)]
mod tests {
    use super::called;

    #[test]
    fn browsers_are_called_what_people_call_them() {
        for (agent, name) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.5.0", "curl"),
            ("python-httpx/0.28.1", "python-httpx"),
            ("", "Not known"),
            ("<script>alert(1)</script>", "<script>alert(1)<"),
        ] {
            assert_eq!(called(agent), name);
        }
    }
}
