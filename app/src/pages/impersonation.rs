//! Being signed in as somebody else: said on every page, and ended by one click.

use crate::forms::Done;
use crate::icons::{Icon, icon};
use crate::visit::Visit;
use atrium::people::Viewer;
use atrium_domain::{Error, Result};
use leptos::prelude::*;

/// Above every page, while a superuser is signed in as `viewer`.
#[component]
pub fn Banner(viewer: Viewer) -> impl IntoView {
    view! {
        <aside class="impersonation" aria-label="Signed in as somebody else">
            {icon(Icon::Warning)}
            <p>"You are signed in as " <strong>{viewer.name}</strong> {format!(" ({}). What you do is logged as yours.", viewer.email)}</p>
            <form method="post" action="/sign-back"><button class="button">"Back to your own account"</button></form>
        </aside>
    }
}

/// `POST /sign-back`
pub async fn sign_back(visit: &Visit) -> Result<Done> {
    let left = visit.viewer()?;
    visit.sign_back().await?.ok_or(Error::NotFound("page"))?;
    visit.toast(format!("You are yourself again, no longer {}", left.name), None).await?;
    Ok(Done::then("/admin/people"))
}
