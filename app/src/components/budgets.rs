//! How far a budget is used.

use super::moment;
use atrium::budgets::{Budget, WARN_AT};
use atrium::text::dollars;
use leptos::prelude::*;

/// A bar, and what it says in words: what is spent, of how much, and when there is more.
pub fn budget_meter(budget: &Budget) -> impl IntoView + use<> {
    let percent = budget.percent();
    let told = format!("{} of {} ({percent} %)", dollars(budget.spent), dollars(budget.limit));
    let state = match percent {
        100.. => Some("Spent: calls that cost something are not made."),
        WARN_AT.. => Some("Running short."),
        _ => None,
    };
    view! {
        <div class="budget" class:short=budget.is_short()>
            <meter min="0" max="100" high="80" optimum="0" value=percent.clamp(0, 100).to_string() aria-label=format!("Spent of {}'s budget a {}", budget.name, budget.period.as_str())></meter>
            <span>{told}</span>
            {state.map(|it| view! { <strong>{it}</strong> })}
            <span class="muted small">{format!("Whole again {} UTC", moment(budget.renews_at))}</span>
        </div>
    }
}
