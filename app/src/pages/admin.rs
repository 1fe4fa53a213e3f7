//! Administration: people and their roles, and the audit log.

use crate::components::{ErrorSummary, FormState, PageHead, moment, pager, portrait, signed_in, url_escape};
use crate::forms::{Done, Fields};
use crate::visit::Visit;
use atrium::ids::UserId;
use atrium::paging::{PAGE_SIZE, PageRequest};
use atrium::people::{Profile, Role};
use atrium::permissions::{MATRIX, Permission};
use atrium_domain::accounts::administration::PersonChange;
use atrium_domain::audit::{self, Entry};
use atrium_domain::{Error, Result};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// The page that the address asks for, and what to look for.
pub(super) fn asked() -> (PageRequest, String) {
    let query = use_query_map();
    let page = query
        .with_untracked(|it| it.get("page"))
        .and_then(|it| it.parse().ok())
        .filter(|it| (1..=100_000).contains(it));
    let search = query.with_untracked(|it| it.get("search")).unwrap_or_default();
    (PageRequest { page: page.unwrap_or(1), size: PAGE_SIZE }, search.chars().take(200).collect())
}

#[component]
pub fn People() -> impl IntoView {
    let (request, search) = asked();
    let state = FormState::current();
    signed_in("People", None, async move |visit, viewer| {
        if !viewer.may(Permission::SeePeople) {
            return Err(Error::Forbidden("Only administrators and managers see everybody."));
        }
        let page = visit.atrium.accounts.people(&viewer, request, Some(&search)).await?;
        let kept = if search.is_empty() { String::new() } else { format!("search={}", url_escape(&search)) };
        let can_change = viewer.may(Permission::ManagePeople);
        let me = viewer.id;
        let rules = viewer.is_superuser;
        let rows = page.items.into_iter().map(|it| person(it, can_change, me, rules)).collect_view();
        let matrix = MATRIX.iter().map(|(_, label, roles)| {
            let marks = Role::ALL.map(|it| {
                let has = roles.contains(&it);
                view! { <td class="mark" aria-label=if has { "yes" } else { "no" }>{if has { "●" } else { "" }}</td> }
            });
            view! { <tr><th scope="row">{*label}</th>{marks.collect_view()}</tr> }
        });
        Ok(view! {
            <PageHead title="People">
                {can_change.then(|| view! {
                    <a class="button" href="/admin/outbox">"Outbox"</a>
                    <a class="button primary" href="/admin/invitations">"Invite people"</a>
                })}
            </PageHead>
            <div class="page wide">
                <ErrorSummary state=state/>
                <form class="inline-form" role="search">
                    <label class="visually-hidden" for="search">"Search people"</label>
                    <input id="search" name="search" type="search" placeholder="Name, address or user name" value=search.clone()/>
                    <button class="button">"Search"</button>
                </form>
                <p class="muted">{format!("{} found", page.count)}</p>
                <div class="table-scroll" tabindex="0" role="region" aria-label="People">
                    <table class="table">
                        <thead><tr><th scope="col">"Name"</th><th scope="col">"Address"</th><th scope="col">"Joined"</th><th scope="col">"Last sign-in"</th><th scope="col">"Role"</th></tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
                {pager(request, page.count, &kept)}
                <section class="section">
                    <h2>"What roles may do"</h2>
                    <div class="table-scroll" tabindex="0" role="region" aria-label="What roles may do">
                        <table class="table">
                            <thead><tr><th scope="col">"Permission"</th>{Role::ALL.map(|it| view! { <th scope="col">{it.as_str()}</th> }).collect_view()}</tr></thead>
                            <tbody>{matrix.collect_view()}</tbody>
                        </table>
                    </div>
                    <p class="muted small">"Superusers may do everything, in every organisation."</p>
                </section>
            </div>
        })
    })
}

fn person(it: Profile, can_change: bool, me: UserId, rules: bool) -> impl IntoView {
    let role_label = format!("Role of {}", it.name);
    let can_change = can_change && it.id != me && (rules || !it.is_superuser);
    let roles = Role::ALL
        .map(|role| view! { <option value=role.as_str() selected=role == it.role>{role.as_str()}</option> })
        .collect_view();
    let picture = portrait(it.id, &it.name, it.avatar.as_deref());
    let tag = if it.is_superuser { Some("superuser") } else { None };
    view! {
        <tr>
            <th scope="row"><span class="person-cell">{picture}<span>{it.name}{tag.map(|it| view! { " " <span class="tag">{it}</span> })}{(!it.is_active).then(|| view! { " " <span class="tag">"switched off"</span> })}</span></span></th>
            <td>{it.email}</td>
            <td class="nowrap">{moment(it.created_at)}</td>
            <td class="nowrap">{it.last_login_at.map_or_else(|| "never".to_owned(), moment)}</td>
            <td>
                {if can_change {
                    view! {
                        <form method="post" class="inline-form">
                            <input type="hidden" name="user" value=it.id.to_string()/>
                            <input type="hidden" name="version" value=it.updated_at.to_string()/>
                            <select name="role" aria-label=role_label>{roles}</select>
                            <button class="button" name="action" value="role">"Save"</button>
                            <button class="button" name="action" value=if it.is_active { "switch-off" } else { "switch-on" }>{if it.is_active { "Switch off" } else { "Switch on" }}</button>
                        </form>
                    }.into_any()
                } else {
                    view! { <span>{it.role.as_str()}</span> }.into_any()
                }}
            </td>
        </tr>
    }
}

/// `POST /admin/people`
pub async fn change_person(visit: &Visit, fields: &Fields) -> Result<Done> {
    let change = match fields.text("action") {
        "role" => {
            let role = Role::parse(fields.text("role")).ok_or_else(|| Error::field("role", "Choose a role."))?;
            PersonChange { role: Some(role), ..PersonChange::default() }
        }
        "switch-off" => PersonChange { is_active: Some(false), ..PersonChange::default() },
        "switch-on" => PersonChange { is_active: Some(true), ..PersonChange::default() },
        _ => return Err(Error::NotFound("action")),
    };
    let id: UserId = fields.id("user", "user")?;
    let version = fields.text("version").parse().ok();
    let changed = visit.atrium.accounts.change_person(visit.actor()?, id, change, version).await?;
    visit.toast(format!("{} saved", changed.name), None).await?;
    Ok(Done::then("/admin/people"))
}

#[component]
pub fn AuditLog() -> impl IntoView {
    let (request, _) = asked();
    signed_in("Audit log", None, async move |visit, viewer| {
        let page = audit::page(&visit.atrium.store, &viewer, request).await?;
        let count = page.count;
        let rows = page.items.into_iter().map(entry).collect_view();
        Ok(view! {
            <PageHead title="Audit log"/>
            <div class="page wide">
                <p class="muted">{format!("{count} changes, newest first. Times are UTC.")}</p>
                <div class="table-scroll" tabindex="0" role="region" aria-label="Audit log">
                    <table class="table">
                        <thead><tr><th scope="col">"When"</th><th scope="col">"Who"</th><th scope="col">"What"</th><th scope="col">"Before"</th><th scope="col">"After"</th><th scope="col">"From"</th></tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
                {pager(request, count, "")}
            </div>
        })
    })
}

fn entry(it: Entry) -> impl IntoView {
    view! {
        <tr>
            <td class="nowrap">{moment(it.created_at)}</td>
            <td>{it.actor}</td>
            <td>{format!("{} · {}", it.action, it.subject)}</td>
            <td><code>{it.before.unwrap_or_default()}</code></td>
            <td><code>{it.after.unwrap_or_default()}</code></td>
            <td>{it.address}</td>
        </tr>
    }
}
