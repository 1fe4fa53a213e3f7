//! What no path leads to.

use crate::components::{failed, signed_in};
use crate::visit::Visit;
use atrium_domain::Error;
use leptos::prelude::*;

#[component]
pub fn NotFound() -> impl IntoView {
    let nowhere = Error::NotFound("page");
    if Visit::current().is_ok_and(|it| it.viewer.is_some()) {
        // With the rail: whoever is in stays in.
        return signed_in("Not found", None, async |_, _| Err::<(), _>(nowhere));
    }
    view! { <main class="main alone">{failed(&nowhere)}</main> }.into_any()
}
