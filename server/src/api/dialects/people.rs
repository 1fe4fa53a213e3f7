//! People, as the dialects say them. Each has its own selection of the same facts.

use super::refusal::Reply;
use crate::api::identity::Caller;
use crate::api::paging::base_url;
use crate::api::time::iso;
use crate::web::App;
use atrium::ids::UserId;
use atrium::people::{Profile, Role, Viewer};
use atrium::permissions::Permission;
use atrium_domain::organisations;
use axum::http::request::Parts;
use serde_json::{Value, json};

/// Whether somebody administers others: what those systems call staff.
pub fn is_staff(profile: &Profile) -> bool {
    profile.is_superuser || profile.role.has(Permission::ManagePeople)
}

/// Where somebody's picture is; old clients run on other origins, so absolutely, and where an `<img>` needs no token.
pub fn avatar_url(app: &App, parts: &Parts, profile: &Profile) -> Option<String> {
    let hash = profile.avatar.as_ref()?;
    Some(format!("{}/avatars/{}/{hash}", base_url(app, parts), profile.id))
}

/// The agent platform's word for a role: it has four of our six.
pub fn platform_role(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Manager | Role::Engineer => "engineer",
        Role::User | Role::Analyst => "analyst",
        Role::Guest => "guest",
    }
}

/// The user of the dialect of agents and conversations.
pub fn user(app: &App, parts: &Parts, it: &Profile) -> Value {
    json!({
        "id": it.id, "email": it.email, "name": it.name, "avatar_url": avatar_url(app, parts, it), "is_active": it.is_active,
        "created_at": iso(it.created_at), "updated_at": iso(it.updated_at),
    })
}

/// The user of the standard guide's lists.
pub fn listed(it: &Profile) -> Value {
    json!({
        "id": it.id, "email": it.email, "name": it.name, "is_active": it.is_active, "is_staff": is_staff(it),
        "created_at": iso(it.created_at), "updated_at": iso(it.updated_at),
    })
}

/// The user of the agent platform.
pub async fn member(app: &App, parts: &Parts, viewer: &Viewer, it: &Profile) -> Reply<Value> {
    let organisation = organisations::get(app.atrium.store.as_viewer(viewer), it.organisation).await?;
    let mut user = json!({
        "id": it.id, "email": it.email, "name": it.name,
        "org": { "id": organisation.id, "name": organisation.details.name }, "role": platform_role(it.role),
        "created_at": iso(it.created_at), "last_login": it.last_login_at.map(iso), "is_active": it.is_active, "is_staff": is_staff(it),
    });
    if let Some(avatar) = avatar_url(app, parts, it) {
        user["avatar"] = avatar.into();
    }
    Ok(user)
}

/// Everything that one of the dialects says of a user, for paths that several of them call.
pub async fn everything(app: &App, parts: &Parts, viewer: &Viewer, it: &Profile) -> Reply<Value> {
    let mut all = member(app, parts, viewer, it).await?;
    for other in [user(app, parts, it), listed(it), json!({ "username": it.username })] {
        if let (Value::Object(all), Value::Object(other)) = (&mut all, other) {
            all.extend(other);
        }
    }
    Ok(all)
}

/// Whoever asks, as they are now.
pub async fn oneself(app: &App, caller: &Caller) -> Reply<Profile> {
    person(app, caller, caller.viewer.id).await
}

/// Somebody whom one may see.
pub async fn person(app: &App, caller: &Caller, id: UserId) -> Reply<Profile> {
    Ok(app.atrium.accounts.profile(&caller.viewer, id).await?)
}
