//! What stands below `/analytics`, and the way from one section to the others.

use crate::components::{PageHead, signed_in};
use crate::visit::Visit;
use atrium::people::Viewer;
use atrium_domain::Result;
use leptos::prelude::*;
use std::future::Future;

/// Every section: its path and its name. A line here is all that a new one needs to be found.
pub(in crate::pages) const SECTIONS: &[(&str, &str)] = &[
    ("/analytics", "Usage"),
    ("/analytics/ask", "Ask"),
    ("/analytics/results", "Results"),
    ("/analytics/models", "Models"),
];

/// The way from one section to the others. `here` is the path of the one that is shown.
pub(super) fn nav(here: &'static str) -> impl IntoView {
    let links = SECTIONS.iter().map(|(href, label)| {
        let is_here = *href == here;
        view! { <li><a href=*href aria-current=is_here.then_some("page")>{*label}</a></li> }
    });
    view! { <nav class="sections" aria-label="Analytics"><ul>{links.collect_view()}</ul></nav> }
}

/// A page of the section at `here`.
pub(super) fn section<V, F>(
    title: &'static str,
    here: &'static str,
    content: impl FnOnce(Visit, Viewer) -> F + Send + 'static,
) -> AnyView
where
    V: IntoView + 'static,
    F: Future<Output = Result<V>> + Send + 'static,
{
    signed_in(title, None, async move |visit, viewer| {
        let content = content(visit, viewer).await?;
        Ok(view! { <PageHead title=title/> {nav(here)} <div class="page wide">{content}</div> })
    })
}
