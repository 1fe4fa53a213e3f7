//! What no path leads to.

use crate::components::failed;
use atrium_domain::Error;
use leptos::prelude::*;

#[component]
pub fn NotFound() -> impl IntoView {
    view! { <main class="main alone">{failed(&Error::NotFound("page"))}</main> }
}
