//! What roles may do: the matrix, as code reads it.

use super::administered;
use atrium::people::Role;
use atrium::permissions::MATRIX;
use leptos::prelude::*;

#[component]
pub fn Roles() -> impl IntoView {
    administered("Roles", async |_, _| {
        let heads = Role::ALL.map(|it| {
            view! { <th scope="col"><a href=format!("/admin/people?role={}", it.as_str())>{it.as_str()}</a></th> }
        });
        let rows = MATRIX.iter().map(|(_, label, roles)| {
            let marks = Role::ALL.map(|it| {
                let has = roles.contains(&it);
                view! { <td class="mark" aria-label=if has { "yes" } else { "no" }>{if has { "●" } else { "" }}</td> }
            });
            view! { <tr><th scope="row">{*label}</th>{marks.collect_view()}</tr> }
        });
        Ok(view! {
            <p class="muted">"A role counts in its own organisation. Superusers may do everything, in every organisation; what they look at elsewhere is noted in its audit log."</p>
            <div class="table-scroll" tabindex="0" role="region" aria-label="What roles may do">
                <table class="table">
                    <thead><tr><th scope="col">"Permission"</th>{heads.collect_view()}</tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        })
    })
}
