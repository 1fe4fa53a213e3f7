//! Invitations: places in an organisation, offered by mail.

use super::auth::{Tokens, tokens};
use super::users::RoleName;
use crate::api::body::{ApiJson, ApiPath, ApiQuery};
use crate::api::error::ApiResult;
use crate::api::identity::{Caller, Identity};
use crate::api::paging::{ListQuery, Listing, listing};
use crate::api::time::iso;
use crate::web::App;
use atrium::ids::InvitationId;
use atrium_domain::Error;
use atrium_domain::accounts::invitations::{Invitation as Known, NewInvitations};
use atrium_domain::accounts::tokens::Rotation;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A place that somebody is offered. Its link stands in the mail alone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "organisation_id": "00000000-0000-0000-0000-000000000001", "email": "grace@example.org",
    "role": "engineer", "state": "pending", "invited_by": "Ada Lovelace", "created_at": "2026-01-31T12:00:00Z",
    "sent_at": "2026-01-31T12:00:00Z", "expires_at": "2026-02-15T12:00:00Z", "accepted_at": null
}))]
pub struct Invitation {
    id: Uuid,
    organisation_id: Uuid,
    email: String,
    /// What they will be.
    #[schema(value_type = RoleName)]
    role: &'static str,
    /// `pending`, `accepted` or `expired`.
    state: &'static str,
    /// The name of whoever invited, if they are still there.
    invited_by: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    sent_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    #[schema(format = DateTime)]
    accepted_at: Option<String>,
}

impl From<Known> for Invitation {
    fn from(it: Known) -> Self {
        Self {
            id: it.id.0,
            organisation_id: it.organisation.0,
            email: it.email,
            role: it.role.as_str(),
            state: it.standing.as_str(),
            invited_by: it.invited_by,
            created_at: iso(it.created_at),
            sent_at: iso(it.sent_at),
            expires_at: iso(it.expires_at),
            accepted_at: it.accepted_at.map(iso),
        }
    }
}

/// Whom to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "email": "grace@example.org", "role": "engineer" }))]
pub struct NewInvitation {
    /// The account's address will be this one.
    #[schema(max_length = 254)]
    email: String,
    /// Not above one's own.
    role: RoleName,
    /// One's own, if left out; another one is a superuser's to name.
    #[serde(default)]
    #[schema(required = false)]
    organisation_id: Option<Uuid>,
}

/// Who accepts.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "token": "5f0c…", "name": "Grace Hopper", "password": "a few unusual words" }))]
pub struct Acceptance {
    /// What stands behind `token=` in the link.
    token: String,
    /// As shown.
    name: String,
    /// At least 10 characters.
    #[schema(min_length = 10, max_length = 512)]
    password: String,
}

/// List invitations
///
/// For administrators, of their organisation; for superusers, of all.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "Invitations", params(ListQuery), responses((status = 200, description = "A page, newest first", body = Listing<Invitation>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<Invitation>>> {
    let request = query.page()?;
    let page = app.atrium.accounts.invitations(&caller.viewer, request, query.search.as_deref()).await?;
    Ok(Json(listing(&app, &parts, request, page.map(Invitation::from))))
}

/// Invite somebody
///
/// They get a link by mail that makes one account, within fifteen days, also where registration is closed.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "Invitations", request_body = NewInvitation, responses((status = 201, description = "Invited", body = Invitation), (status = 404, description = "There is no such organisation or project.", body = crate::api::error::Problem)))]
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    ApiJson(new): ApiJson<NewInvitation>,
) -> ApiResult<(StatusCode, Json<Invitation>)> {
    let new = NewInvitations {
        emails: vec![new.email],
        role: new.role.known(),
        organisation: new.organisation_id.map(Into::into),
    };
    let made = app.atrium.accounts.invite(&app.atrium.mail, caller.actor(), &new).await?;
    let made = made.into_iter().next().ok_or_else(|| Error::Internal("nobody was invited".to_owned()))?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Withdraw an invitation
///
/// Its link stops working at once.
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", tag = "Invitations", params(("id" = Uuid, Path)), responses((status = 204, description = "Withdrawn")))]
pub async fn withdraw(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InvitationId>,
) -> ApiResult<StatusCode> {
    app.atrium.accounts.withdraw_invitation(&app.atrium.mail, caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send an invitation again
///
/// With a new link and fifteen more days; the link before stops working.
#[utoipa::path(post, path = "/api/v1/invitations/{id}/send", tag = "Invitations", params(("id" = Uuid, Path)), responses((status = 200, description = "Sent", body = Invitation)))]
pub async fn send_again(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InvitationId>,
) -> ApiResult<Json<Invitation>> {
    let sent = app.atrium.accounts.send_invitation_again(&app.atrium.mail, caller.actor(), id).await?;
    Ok(Json(sent.into()))
}

/// Accept an invitation
///
/// Makes the account, and signs in to it. A link that was used or is too old is refused with 409, `link_not_valid`.
#[utoipa::path(post, path = "/api/v1/invitations/accept", tag = "Invitations", request_body = Acceptance, security(()), responses((status = 201, description = "The account is made, and signed in", body = Tokens)))]
pub async fn accept(
    State(app): State<App>,
    identity: Identity,
    ApiJson(body): ApiJson<Acceptance>,
) -> ApiResult<(StatusCode, Json<Tokens>)> {
    let (accounts, mail) = (&app.atrium.accounts, &app.atrium.mail);
    let viewer = accounts.accept_invitation(mail, &body.token, &body.name, &body.password, &identity.address).await?;
    let pair = app.atrium.tokens.issue(&viewer, Rotation::Rotates, &identity.origin()).await?;
    Ok((StatusCode::CREATED, tokens(&app, &viewer, pair).await?))
}
