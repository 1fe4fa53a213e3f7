//! Projects, who is in them, and which agents they have.

use super::agents::Agent;
use crate::api::body::{ApiJson, ApiPath, ApiQuery, present};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, listing};
use crate::api::time::iso;
use crate::api::version::{IfMatch, Versioned};
use crate::web::App;
use atrium::ids::{AgentId, ProjectId, UserId};
use atrium::projects::{Member as KnownMember, Project as Known, ProjectForm, ProjectRole};
use atrium_domain::{Error, projects};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A project.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "name": "Tides", "description": "Tables for the coming year", "role": "manager",
    "can_manage": true, "member_count": 3, "agent_count": 1, "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:00:00Z"
}))]
pub struct Project {
    id: Uuid,
    /// Unique in its organisation.
    name: String,
    description: String,
    /// What one is in it; `null` for who only administers it.
    role: Option<ProjectRoleName>,
    /// Whether one may change it.
    can_manage: bool,
    member_count: i64,
    agent_count: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// What a member may do in a project: change it; work in it; look at it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProjectRoleName {
    Manager,
    Member,
    Guest,
}

impl From<ProjectRole> for ProjectRoleName {
    fn from(it: ProjectRole) -> Self {
        match it {
            ProjectRole::Manager => Self::Manager,
            ProjectRole::Member => Self::Member,
            ProjectRole::Guest => Self::Guest,
        }
    }
}

impl From<ProjectRoleName> for ProjectRole {
    fn from(it: ProjectRoleName) -> Self {
        match it {
            ProjectRoleName::Manager => Self::Manager,
            ProjectRoleName::Member => Self::Member,
            ProjectRoleName::Guest => Self::Guest,
        }
    }
}

/// A project to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "name": "Tides", "description": "Tables for the coming year" }))]
pub struct NewProject {
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    #[serde(default)]
    #[schema(required = false, max_length = 2000)]
    description: String,
}

/// What to change; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(example = json!({ "description": "Tables for 2027" }))]
pub struct ProjectChange {
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 120)]
    name: Option<String>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 2000)]
    description: Option<String>,
}

/// Somebody in a project.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "user_id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "name": "Grace Hopper", "email": "grace@example.org", "role": "member", "since": "2026-01-31T12:00:00Z"
}))]
pub struct Member {
    user_id: Uuid,
    name: String,
    email: String,
    role: ProjectRoleName,
    #[schema(format = DateTime)]
    since: String,
}

/// Somebody to take in.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "email": "grace@example.org", "role": "member" }))]
pub struct NewMember {
    /// Who; or send `email`.
    #[serde(default)]
    #[schema(required = false)]
    user_id: Option<Uuid>,
    /// Their address or user name.
    #[serde(default)]
    #[schema(required = false)]
    email: Option<String>,
    role: ProjectRoleName,
}

/// Another role.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "role": "manager" }))]
pub struct MemberChange {
    role: ProjectRoleName,
}

/// An agent to bring in.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "agent_id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f" }))]
pub struct NewProjectAgent {
    agent_id: Uuid,
}

impl From<Known> for Project {
    fn from(it: Known) -> Self {
        Self {
            id: it.id.0,
            name: it.name,
            description: it.description,
            role: it.role.map(Into::into),
            can_manage: it.can_manage,
            member_count: it.member_count,
            agent_count: it.agent_count,
            created_at: iso(it.created_at),
            updated_at: iso(it.updated_at),
        }
    }
}

impl From<KnownMember> for Member {
    fn from(it: KnownMember) -> Self {
        Self { user_id: it.user.0, name: it.name, email: it.email, role: it.role.into(), since: iso(it.since) }
    }
}

fn versioned(status: StatusCode, it: Known) -> Versioned<Project> {
    Versioned(status, it.updated_at, it.into())
}

/// List projects
///
/// Those that one is in; for those who manage all of them, those of the organisation.
#[utoipa::path(get, path = "/api/v1/projects", tag = "Projects", params(ListQuery), responses((status = 200, description = "A page, by name", body = Listing<Project>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<Project>>> {
    let request = query.page()?;
    let page = projects::page(app.atrium.store.as_viewer(&caller.viewer), request, query.search.as_deref()).await?;
    Ok(Json(listing(&app, &parts, request, page.map(Project::from))))
}

/// Make a project
///
/// Whoever makes it manages it.
#[utoipa::path(post, path = "/api/v1/projects", tag = "Projects", request_body = NewProject, responses((status = 201, description = "Made", body = Project, headers(("ETag" = String, description = "The version")))))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewProject>,
) -> ApiResult<Versioned<Project>> {
    let form = ProjectForm { name: new.name, description: new.description };
    let made = projects::create(&app.atrium.store, &app.atrium.ports, caller.actor(), &form).await?;
    Ok(versioned(StatusCode::CREATED, made))
}

/// Get a project
#[utoipa::path(get, path = "/api/v1/projects/{id}", tag = "Projects", params(("id" = Uuid, Path)), responses((status = 200, description = "The project", body = Project, headers(("ETag" = String, description = "The version")))))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ProjectId>,
) -> ApiResult<Versioned<Project>> {
    Ok(versioned(StatusCode::OK, projects::get(app.atrium.store.as_viewer(&caller.viewer), id).await?))
}

/// Change a project
#[utoipa::path(patch, path = "/api/v1/projects/{id}", tag = "Projects", params(("id" = Uuid, Path)), request_body = ProjectChange, responses((status = 200, description = "Changed", body = Project, headers(("ETag" = String, description = "The version")))))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ProjectId>,
    version: IfMatch,
    ApiJson(change): ApiJson<ProjectChange>,
) -> ApiResult<Versioned<Project>> {
    let atrium = &app.atrium;
    let current = projects::get(atrium.store.as_viewer(&caller.viewer), id).await?;
    let form = ProjectForm {
        name: change.name.unwrap_or(current.name),
        description: change.description.unwrap_or(current.description),
    };
    let seen = version.0.unwrap_or(current.updated_at);
    let changed = projects::change(&atrium.store, &atrium.ports, caller.actor(), id, &form, Some(seen)).await;
    Ok(versioned(StatusCode::OK, changed.map_err(|error| version.refuse(error))?))
}

/// Delete a project
///
/// Conversations in it stay with those who had them.
#[utoipa::path(delete, path = "/api/v1/projects/{id}", tag = "Projects", params(("id" = Uuid, Path)), responses((status = 204, description = "Deleted")))]
pub async fn delete(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<ProjectId>) -> ApiResult<StatusCode> {
    projects::delete(&app.atrium.store, &app.atrium.ports, caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the members of a project
#[utoipa::path(get, path = "/api/v1/projects/{id}/members", tag = "Projects", operation_id = "members", params(("id" = Uuid, Path)), responses((status = 200, description = "All of them, by name", body = [Member])))]
pub async fn members(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ProjectId>,
) -> ApiResult<Json<Vec<Member>>> {
    let members = projects::members::list(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    Ok(Json(members.into_iter().map(Into::into).collect()))
}

/// Take somebody into a project
///
/// Somebody of the same organisation. There already, they get the role. The reply is everybody who is in it then.
#[utoipa::path(post, path = "/api/v1/projects/{id}/members", tag = "Projects", params(("id" = Uuid, Path)), request_body = NewMember, responses((status = 200, description = "Everybody in it", body = [Member])))]
pub async fn add_member(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ProjectId>,
    ApiJson(new): ApiJson<NewMember>,
) -> ApiResult<Json<Vec<Member>>> {
    let atrium = &app.atrium;
    let scope = atrium.store.as_viewer(&caller.viewer);
    let user = match (new.user_id, new.email) {
        (Some(user), _) => user.into(),
        (None, Some(email)) => projects::members::by_email(scope, id, &email).await?,
        (None, None) => {
            projects::get(scope, id).await?;
            return Err(Error::field("user_id", "Say who: by user_id or by email.").into());
        }
    };
    projects::members::set(&atrium.store, &atrium.ports, caller.actor(), id, user, new.role.into()).await?;
    let members = projects::members::list(scope, id).await?;
    Ok(Json(members.into_iter().map(Into::into).collect()))
}

/// Give a member another role
#[utoipa::path(patch, path = "/api/v1/projects/{id}/members/{user_id}", tag = "Projects", params(("id" = Uuid, Path), ("user_id" = Uuid, Path)), request_body = MemberChange, responses((status = 200, description = "Everybody in it", body = [Member])))]
pub async fn change_member(
    State(app): State<App>,
    caller: Caller,
    ApiPath((id, user)): ApiPath<(ProjectId, UserId)>,
    ApiJson(change): ApiJson<MemberChange>,
) -> ApiResult<Json<Vec<Member>>> {
    let atrium = &app.atrium;
    let scope = atrium.store.as_viewer(&caller.viewer);
    if !projects::members::list(scope, id).await?.iter().any(|it| it.user == user) {
        return Err(Error::NotFound("member").into());
    }
    projects::members::set(&atrium.store, &atrium.ports, caller.actor(), id, user, change.role.into()).await?;
    let members = projects::members::list(scope, id).await?;
    Ok(Json(members.into_iter().map(Into::into).collect()))
}

/// Take somebody out of a project
///
/// Everybody may leave by themselves. A project keeps a manager.
#[utoipa::path(delete, path = "/api/v1/projects/{id}/members/{user_id}", tag = "Projects", params(("id" = Uuid, Path), ("user_id" = Uuid, Path)), responses((status = 204, description = "They are out")))]
pub async fn remove_member(
    State(app): State<App>,
    caller: Caller,
    ApiPath((id, user)): ApiPath<(ProjectId, UserId)>,
) -> ApiResult<StatusCode> {
    projects::members::remove(&app.atrium.store, &app.atrium.ports, caller.actor(), id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the agents of a project
#[utoipa::path(get, path = "/api/v1/projects/{id}/agents", tag = "Projects", operation_id = "agents", params(("id" = Uuid, Path)), responses((status = 200, description = "All of them, by name", body = [Agent])))]
pub async fn agents(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ProjectId>,
) -> ApiResult<Json<Vec<Agent>>> {
    let agents = projects::agents::list(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    Ok(Json(agents.into_iter().map(Into::into).collect()))
}

/// Bring an agent of one's own into a project
///
/// Its members may talk to it then. The reply is all of the project's agents.
#[utoipa::path(post, path = "/api/v1/projects/{id}/agents", tag = "Projects", params(("id" = Uuid, Path)), request_body = NewProjectAgent, responses((status = 200, description = "All of its agents", body = [Agent])))]
pub async fn attach_agent(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ProjectId>,
    ApiJson(new): ApiJson<NewProjectAgent>,
) -> ApiResult<Json<Vec<Agent>>> {
    let atrium = &app.atrium;
    projects::agents::attach(&atrium.store, &atrium.ports, caller.actor(), id, new.agent_id.into()).await?;
    let agents = projects::agents::list(atrium.store.as_viewer(&caller.viewer), id).await?;
    Ok(Json(agents.into_iter().map(Into::into).collect()))
}

/// Take an agent out of a project
#[utoipa::path(delete, path = "/api/v1/projects/{id}/agents/{agent_id}", tag = "Projects", params(("id" = Uuid, Path), ("agent_id" = Uuid, Path)), responses((status = 204, description = "It is out")))]
pub async fn detach_agent(
    State(app): State<App>,
    caller: Caller,
    ApiPath((id, agent)): ApiPath<(ProjectId, AgentId)>,
) -> ApiResult<StatusCode> {
    projects::agents::detach(&app.atrium.store, &app.atrium.ports, caller.actor(), id, agent).await?;
    Ok(StatusCode::NO_CONTENT)
}
