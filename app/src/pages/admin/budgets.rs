//! Budgets: what there is, and the form that sets one.

use super::administered;
use crate::components::{ErrorSummary, FieldNote, FormState, TextField, budget_meter};
use crate::forms::{Done, Fields};
use crate::islands::toasts::Undo;
use crate::visit::Visit;
use atrium::budgets::{Budget, BudgetForm, BudgetPeriod, BudgetSubject};
use atrium::catalogue::plain_dollars;
use atrium::ids::BudgetId;
use atrium_domain::usage::budgets;
use atrium_domain::{Error, Result};
use leptos::prelude::*;
use uuid::Uuid;

const PATH: &str = "/admin/budgets";

#[component]
pub fn Budgets() -> impl IntoView {
    let state = FormState::current();
    administered("Budgets", async move |visit, viewer| {
        let atrium = &visit.atrium;
        let budgets = budgets::managed(&atrium.store, &atrium.ports, visit.actor()?).await?;
        let subjects = budgets::subjects(atrium.store.as_viewer(&viewer)).await?;
        let rows = budgets.iter().map(row).collect_view();
        let list = if budgets.is_empty() {
            view! { <p class="empty">"Nobody has a budget yet: models are asked whatever they cost. Set the first one below."</p> }.into_any()
        } else {
            view! {
                <div class="table-scroll" tabindex="0" role="region" aria-label="Budgets">
                    <table class="table">
                        <thead><tr><th scope="col">"Whose"</th><th scope="col">"Kind"</th><th scope="col">"Spent"</th><th scope="col">"Limit"</th></tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            }
            .into_any()
        };
        Ok(view! {
            <section class="section">
                <p class="muted">"A call that might cost more than is left is not made; whoever asks is told why. At 80 % those concerned get a mail. Models that cost nothing are never stopped. Days and months are UTC."</p>
                {list}
            </section>
            <section class="section measured">
                <h2>"Set a budget"</h2>
                <ErrorSummary state=state.clone()/>
                {form(&state, &subjects)}
            </section>
        })
    })
}

fn row(budget: &Budget) -> impl IntoView + use<> {
    let subject = format!("{}:{}", budget.subject.as_str(), budget.subject_id);
    let period = budget.period.as_str();
    let (limit_label, remove_label) =
        (format!("Dollars a {period} for {}", budget.name), format!("Remove the budget of {} a {period}", budget.name));
    view! {
        <tr>
            <th scope="row">{budget.name.clone()}</th>
            <td>{budget.subject.label()}</td>
            <td>{budget_meter(budget)}</td>
            <td>
                <form method="post" class="inline-form">
                    <input type="hidden" name="id" value=budget.id.to_string()/>
                    <input type="hidden" name="subject" value=subject/>
                    <input type="hidden" name="period" value=period/>
                    <input class="amount" name="limit" inputmode="decimal" aria-label=limit_label value=plain_dollars(budget.limit)/>
                    <span class="muted small nowrap">{format!("$ a {period}")}</span>
                    <button class="button" name="action" value="set">"Save"</button>
                    <button class="button" name="action" value="remove" aria-label=remove_label>"Remove"</button>
                </form>
            </td>
        </tr>
    }
}

fn form(state: &FormState, subjects: &[(BudgetSubject, Uuid, String)]) -> impl IntoView + use<> {
    let (chosen, period) = (state.value("subject", ""), state.value("period", "month"));
    let groups = BudgetSubject::ALL.map(|kind| {
        let options = subjects.iter().filter(|it| it.0 == kind).map(|(_, id, name)| {
            let value = format!("{}:{id}", kind.as_str());
            let is_chosen = value == chosen;
            view! { <option value=value selected=is_chosen>{name.clone()}</option> }
        });
        let options = options.collect_view();
        view! { <optgroup label=kind.label()>{options}</optgroup> }
    });
    let periods = BudgetPeriod::ALL.map(|it| {
        view! { <option value=it.as_str() selected=it.as_str() == period>{format!("a {}", it.as_str())}</option> }
    });
    view! {
        <form method="post" class="form">
            <div class="field">
                <label for="subject">"Whose"</label>
                <select id="subject" name="subject" aria-describedby="subject-help">{groups.into_iter().collect_view()}</select>
                <FieldNote name="subject" help=None error=state.error("subject")/>
            </div>
            <div class="field-pair">
                <TextField name="limit" label="Dollars" state=state.clone() inputmode="decimal" help="Like 25 or 2.50."/>
                <div class="field">
                    <label for="period">"Every"</label>
                    <select id="period" name="period" aria-describedby="period-help">{periods.into_iter().collect_view()}</select>
                    <FieldNote name="period" help=None error=state.error("period")/>
                </div>
            </div>
            <div class="form-end"><button class="button primary" name="action" value="set">"Set budget"</button></div>
        </form>
    }
}

/// `POST /admin/budgets`
pub async fn submit(visit: &Visit, fields: &Fields) -> Result<Done> {
    let (atrium, actor) = (&visit.atrium, visit.actor()?);
    match fields.text("action") {
        "set" => {
            let new = fields.read::<BudgetForm>()?.check().map_err(Error::Invalid)?;
            let made = budgets::set(&atrium.store, &atrium.ports, actor, &new).await?;
            let told = format!("{} may spend ${} a {}", made.name, plain_dollars(made.limit), made.period.as_str());
            visit.toast(told, None).await?;
        }
        "remove" => {
            let id: BudgetId = fields.id("id", "budget")?;
            let was = budgets::remove(&atrium.store, &atrium.ports, actor, id).await?;
            let fields = [
                ("action", "set".to_owned()),
                ("subject", format!("{}:{}", was.subject.as_str(), was.subject_id)),
                ("period", was.period.as_str().to_owned()),
                ("limit", plain_dollars(was.limit)),
            ];
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            visit.toast("Budget removed", Some(Undo { path: PATH.to_owned(), fields })).await?;
        }
        _ => return Err(Error::NotFound("action")),
    }
    Ok(Done::then(PATH))
}
