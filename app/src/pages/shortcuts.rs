//! The cheat sheet of keyboard shortcuts, as a page.

use crate::components::{PageHead, signed_in};
use crate::islands::palette::Keys;
use leptos::prelude::*;

#[component]
pub fn Shortcuts() -> impl IntoView {
    signed_in("Keyboard shortcuts", None, async |_, _| {
        Ok(view! {
            <PageHead title="Keyboard shortcuts"/>
            <div class="page narrow">
                <Keys/>
                <p class="muted small">"Keys need JavaScript; everything that they do can also be clicked. What the palette finds, " <a href="/search">"Search"</a> " finds too."</p>
            </div>
        })
    })
}
