//! What to begin with.

use leptos::prelude::*;

/// First steps for an empty page.
#[component]
pub fn Starters(pick: impl Fn(&'static str) + Copy + Send + 'static) -> impl IntoView {
    const STARTERS: [&str; 3] = [
        "Explain how tides work, in three sentences.",
        "Write a short, friendly reminder about an overdue invoice.",
        "What should I ask before I sign a lease?",
    ];
    view! {
        <ul class="starters js-only">
            {STARTERS.map(|text| view! { <li><button type="button" class="starter" on:click=move |_| pick(text)>{text}</button></li> })}
        </ul>
    }
}
