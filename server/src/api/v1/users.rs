//! People: oneself, and those whom one may see.

use crate::api::body::{ApiJson, ApiPath, ApiQuery, present};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, SortQuery, listing};
use crate::api::time::iso;
use crate::api::version::{IfMatch, Versioned};
use crate::web::App;
use atrium::ids::UserId;
use atrium::people::{Profile, ProfileChange, Role};
use atrium_domain::accounts::administration::PersonChange as Change;
use atrium_domain::accounts::{PEOPLE_COLUMNS, PeopleFilter};
use atrium_domain::audit;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "organisation_id": "00000000-0000-0000-0000-000000000001", "email": "ada@example.org",
    "username": "ada", "name": "Ada Lovelace", "job_title": "Analyst", "department": "Engines", "role": "user", "is_superuser": false,
    "is_active": true, "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z", "last_login_at": null, "avatar_url": null
}))]
pub struct User {
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub email: String,
    pub username: String,
    pub name: String,
    pub job_title: String,
    pub department: String,
    /// What they may do in their organisation.
    #[schema(value_type = RoleName)]
    pub role: &'static str,
    pub is_superuser: bool,
    pub is_active: bool,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    #[schema(format = DateTime)]
    pub last_login_at: Option<String>,
    /// The path of their picture on this server; with another picture it is another.
    pub avatar_url: Option<String>,
}

/// What to change of somebody; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(example = json!({ "role": "engineer" }))]
pub struct PersonChange {
    #[serde(deserialize_with = "present")]
    #[schema(value_type = RoleName, required = false)]
    role: Option<RoleName>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    is_active: Option<bool>,
    /// A superuser's to give and take.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    is_superuser: Option<bool>,
}

/// A role.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoleName {
    Admin,
    Manager,
    Engineer,
    Analyst,
    User,
    Guest,
}

impl RoleName {
    pub(super) fn known(self) -> Role {
        match self {
            Self::Admin => Role::Admin,
            Self::Manager => Role::Manager,
            Self::Engineer => Role::Engineer,
            Self::Analyst => Role::Analyst,
            Self::User => Role::User,
            Self::Guest => Role::Guest,
        }
    }
}

impl From<Profile> for User {
    fn from(it: Profile) -> Self {
        Self {
            id: it.id.0,
            organisation_id: it.organisation.0,
            email: it.email,
            username: it.username,
            name: it.name,
            job_title: it.job_title,
            department: it.department,
            role: it.role.as_str(),
            is_superuser: it.is_superuser,
            is_active: it.is_active,
            created_at: iso(it.created_at),
            updated_at: iso(it.updated_at),
            last_login_at: it.last_login_at.map(iso),
            avatar_url: it.avatar.map(|hash| format!("/api/v1/users/{}/avatar?v={hash}", it.id)),
        }
    }
}

/// What to change of oneself; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(example = json!({ "name": "Ada King", "job_title": "Countess" }))]
pub struct UserChange {
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 120)]
    name: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 60)]
    username: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 120)]
    job_title: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 120)]
    department: Option<String>,
}

/// Which people.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PeopleQuery {
    /// Only those of that role.
    #[param(inline, required = false)]
    role: Option<RoleName>,
    /// Only those who may sign in, or who may not.
    #[param(required = false)]
    is_active: Option<bool>,
    /// Only those of one organisation.
    #[param(required = false)]
    organisation_id: Option<Uuid>,
}

/// A new password, and the one that is to go.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "current_password": "correct horse battery", "new_password": "a few unusual words" }))]
pub struct PasswordChange {
    current_password: String,
    #[schema(min_length = 10, max_length = 512)]
    new_password: String,
}

fn versioned(profile: Profile) -> Versioned<User> {
    Versioned(StatusCode::OK, profile.updated_at, profile.into())
}

/// Who am I
#[utoipa::path(get, path = "/api/v1/users/me", tag = "People", responses((status = 200, description = "Oneself", body = User, headers(("ETag" = String, description = "The version")))))]
pub async fn me(State(app): State<App>, caller: Caller) -> ApiResult<Versioned<User>> {
    Ok(versioned(app.atrium.accounts.profile(&caller.viewer, caller.viewer.id).await?))
}

/// Change oneself
#[utoipa::path(patch, path = "/api/v1/users/me", tag = "People", request_body = UserChange, responses((status = 200, description = "Changed", body = User, headers(("ETag" = String, description = "The version")))))]
pub async fn change_me(
    State(app): State<App>,
    caller: Caller,
    version: IfMatch,
    ApiJson(change): ApiJson<UserChange>,
) -> ApiResult<Versioned<User>> {
    let UserChange { name, username, job_title, department } = change;
    let change = ProfileChange { name, username, job_title, department };
    let changed = app.atrium.accounts.change_profile(&caller.viewer, &change, version.0).await;
    Ok(versioned(changed.map_err(|error| version.refuse(error))?))
}

/// Change one's password
///
/// Ends every session and every sign-in, this one included: sign in again with the new password. API tokens stay.
#[utoipa::path(post, path = "/api/v1/users/me/password", tag = "People", request_body = PasswordChange, responses((status = 204, description = "Changed")))]
pub async fn change_password(
    State(app): State<App>,
    caller: Caller,
    ApiJson(change): ApiJson<PasswordChange>,
) -> ApiResult<StatusCode> {
    caller.must_be_a_person()?;
    app.atrium.accounts.change_password(&caller.viewer, &change.current_password, &change.new_password).await?;
    app.atrium.end_all_sessions_of(caller.viewer.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List people
///
/// Oneself; for administrators everybody of their organisation. `sort` is one of `name`, `email`, `role`, `joined`,
/// `last_sign_in`.
#[utoipa::path(get, path = "/api/v1/users", tag = "People", params(ListQuery, PeopleQuery, SortQuery), responses((status = 200, description = "A page, by name unless `sort` says otherwise", body = Listing<User>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
    ApiQuery(which): ApiQuery<PeopleQuery>,
    ApiQuery(order): ApiQuery<SortQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<User>>> {
    let request = query.page()?;
    let filter = PeopleFilter {
        search: query.search.as_deref(),
        role: which.role.map(RoleName::known),
        is_active: which.is_active,
        organisation: which.organisation_id.map(Into::into),
        sort: order.sort(PEOPLE_COLUMNS)?,
        ..PeopleFilter::default()
    };
    let page = app.atrium.accounts.people(&caller.viewer, request, filter).await?;
    let seen = page.items.iter().map(|it| it.organisation);
    audit::note_look(&app.atrium.store, &app.atrium.ports, caller.actor(), "people", seen).await?;
    Ok(Json(listing(&app, &parts, request, page.map(User::from))))
}

/// Change a person
///
/// For administrators of their organisation. Who is switched off is out at once.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "People", params(("id" = Uuid, Path)), request_body = PersonChange, responses((status = 200, description = "Changed", body = User, headers(("ETag" = String, description = "The version")))))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<UserId>,
    version: IfMatch,
    ApiJson(change): ApiJson<PersonChange>,
) -> ApiResult<Versioned<User>> {
    let PersonChange { role, is_active, is_superuser } = change;
    let change = Change { role: role.map(RoleName::known), is_active, is_superuser };
    let changed = app.atrium.accounts.change_person(caller.actor(), id, change, version.0).await;
    Ok(versioned(changed.map_err(|error| version.refuse(error))?))
}

/// Get a person
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "People", params(("id" = Uuid, Path)), responses((status = 200, description = "The person", body = User, headers(("ETag" = String, description = "The version")))))]
pub async fn get(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<UserId>) -> ApiResult<Versioned<User>> {
    Ok(versioned(app.atrium.accounts.profile(&caller.viewer, id).await?))
}
