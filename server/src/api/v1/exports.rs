//! Exports: conversations as files.

use crate::api::body::{ApiPath, ApiQuery};
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::web::{App, download};
use atrium::ids::ConversationId;
use atrium_domain::export::{self, Format};
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The form of an export: everything, for programs; the visible branch as Markdown; the same as a page to print.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FormatName {
    #[default]
    Json,
    Markdown,
    Html,
}

/// In which form.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// JSON unless something else is named.
    #[param(inline, required = false)]
    format: FormatName,
}

/// Export a conversation
///
/// As JSON it is the whole tree of messages, as Markdown and HTML the branch that is shown. The reply is a stream: one
/// that breaks off is not whole.
#[utoipa::path(get, path = "/api/v1/conversations/{id}/export", tag = "Conversations", operation_id = "export", params(("id" = Uuid, Path), ExportQuery), responses((status = 200, description = "The file", headers(("Content-Disposition" = String, description = "Its name")), content((serde_json::Value = "application/json"), (String = "text/markdown"), (String = "text/html")))))]
pub async fn one(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ConversationId>,
    ApiQuery(query): ApiQuery<ExportQuery>,
) -> ApiResult<Response> {
    let format = match query.format {
        FormatName::Json => Format::Json,
        FormatName::Markdown => Format::Markdown,
        FormatName::Html => Format::Html,
    };
    let atrium = &app.atrium;
    let export = export::conversation(&atrium.store, &atrium.chat, &caller.viewer, id, format).await?;
    Ok(download(&export.title, format, export.pieces))
}

/// Export all of one's conversations
///
/// As JSON, in the form of a single one, one a line.
#[utoipa::path(get, path = "/api/v1/conversations/export", tag = "Conversations", operation_id = "export_all", responses((status = 200, description = "The file", headers(("Content-Disposition" = String, description = "Its name")), content((serde_json::Value = "application/json")))))]
pub async fn all(State(app): State<App>, caller: Caller) -> ApiResult<Response> {
    let atrium = &app.atrium;
    let pieces = export::conversations(atrium.store.clone(), caller.viewer, atrium.ports.now());
    Ok(download("Atrium conversations", Format::Json, pieces))
}
