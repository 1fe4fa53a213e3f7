//! The outbox: mail on its way, refused, or kept because there is no mail server.

use crate::api::body::{ApiPath, ApiQuery};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, listing};
use crate::api::time::iso;
use crate::web::App;
use atrium::ids::MailId;
use atrium_domain::mail::{Letter as KnownLetter, Mail as Known, Text};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A mail, without its text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "organisation_id": "00000000-0000-0000-0000-000000000001", "kind": "invitation",
    "to": "grace@example.org", "subject": "Ada Lovelace invites you to Sea on Atrium", "state": "kept", "attempts": 0, "last_error": "",
    "created_at": "2026-01-31T12:00:00Z", "sent_at": null
}))]
pub struct Mail {
    id: Uuid,
    organisation_id: Uuid,
    /// `invitation` or `password`.
    kind: &'static str,
    to: String,
    subject: String,
    /// `queued`, `sent`, `failed`, or `kept` where there is no mail server.
    state: &'static str,
    /// How often sending was tried.
    attempts: i64,
    /// What the mail server said last.
    last_error: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    sent_at: Option<String>,
}

impl From<Known> for Mail {
    fn from(it: Known) -> Self {
        Self {
            id: it.id.0,
            organisation_id: it.organisation.0,
            kind: it.kind.as_str(),
            to: it.to,
            subject: it.subject,
            state: it.state.as_str(),
            attempts: it.attempts,
            last_error: it.last_error,
            created_at: iso(it.created_at),
            sent_at: it.sent_at.map(iso),
        }
    }
}

/// A mail that was opened.
#[derive(Debug, Serialize, ToSchema)]
pub struct Letter {
    #[serde(flatten)]
    mail: Mail,
    /// What it says. Nothing, when it is no longer kept, or a superuser's to read.
    text: Option<String>,
    /// Whether only superusers may read it: whoever has its link can take an account over.
    is_withheld: bool,
}

impl From<KnownLetter> for Letter {
    fn from(it: KnownLetter) -> Self {
        let is_withheld = it.text == Text::Withheld;
        let text = match it.text {
            Text::Shown(text) => Some(text),
            Text::Gone | Text::Withheld => None,
        };
        Self { mail: it.mail.into(), text, is_withheld }
    }
}

/// List the outbox
///
/// For administrators, of their organisation; for superusers, of all. `search` is a part of address or subject.
#[utoipa::path(get, path = "/api/v1/admin/outbox", tag = "Outbox", params(ListQuery), responses((status = 200, description = "A page, newest first", body = Listing<Mail>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<Mail>>> {
    let request = query.page()?;
    let page = app.atrium.mail.page(&caller.viewer, request, query.search.as_deref()).await?;
    Ok(Json(listing(&app, &parts, request, page.map(Mail::from))))
}

/// Read a mail
///
/// Only for a person who is signed in: the links in it are as good as the passwords that they replace. That its text was read
/// stands in the audit log.
#[utoipa::path(get, path = "/api/v1/admin/outbox/{id}", tag = "Outbox", params(("id" = Uuid, Path)), responses((status = 200, description = "With its text, as far as one may read it", body = Letter)))]
pub async fn get(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<MailId>) -> ApiResult<Json<Letter>> {
    caller.must_be_a_person()?;
    Ok(Json(app.atrium.mail.open(caller.actor(), id).await?.into()))
}

/// Send a mail again
///
/// One that was kept, refused or already sent. Without a mail server it is refused with 409, `no_mail_server`.
#[utoipa::path(post, path = "/api/v1/admin/outbox/{id}/send", tag = "Outbox", params(("id" = Uuid, Path)), responses((status = 204, description = "It is on its way")))]
pub async fn send_again(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<MailId>) -> ApiResult<StatusCode> {
    app.atrium.mail.send_again(caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete a mail
///
/// For a day it can be restored. The link in it goes on working.
#[utoipa::path(delete, path = "/api/v1/admin/outbox/{id}", tag = "Outbox", params(("id" = Uuid, Path)), responses((status = 204, description = "Deleted")))]
pub async fn delete(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<MailId>) -> ApiResult<StatusCode> {
    app.atrium.mail.delete(caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restore a mail
///
/// One that was deleted less than a day ago. What was on its way is on it again.
#[utoipa::path(post, path = "/api/v1/admin/outbox/{id}/restore", tag = "Outbox", params(("id" = Uuid, Path)), responses((status = 204, description = "It is back")))]
pub async fn restore(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<MailId>) -> ApiResult<StatusCode> {
    app.atrium.mail.restore(caller.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
