//! The anonymous chat: nobody signs in, and a session's key is all that its guest has. Texts go out as they are: whoever
//! shows them as HTML has to escape them.

mod chat;
mod sessions;

use super::dialects::cookies;
use super::dialects::refusal::{Refusal, Reply};
use crate::api::identity::Identity;
use crate::web::App;
use atrium_domain::guests::Visitor;
use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

/// Tells a visitor's own chats from others'.
const COOKIE_NAME: &str = "atrium_visitor";

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/chat", get(chat::read).post(chat::say))
        .route("/api/talk", get(chat::read).post(chat::talk))
        .route("/api/chat/new", post(sessions::renew))
        .route("/api/new_chat", post(sessions::clear))
        .route("/api/chat/stats/{key}", get(sessions::stats))
        .route("/api/chat/history", get(sessions::history))
        .route("/api/chat/archive/{key}", post(sessions::archive))
        .route("/api/csrf", get(csrf))
}

/// Whoever comes, by their cookie; and the cookie to set if they have none.
struct Visit {
    visitor: Visitor,
    set_cookie: Option<HeaderValue>,
}

impl Visit {
    fn of(app: &App, identity: &Identity, headers: &HeaderMap) -> Self {
        if let Some(value) = cookies::value(headers, COOKIE_NAME).filter(|it| it.len() >= 32) {
            return Self { visitor: Visitor::of(value, &identity.address), set_cookie: None };
        }
        let value = app.atrium.guests.new_key();
        let visitor = Visitor::of(&value, &identity.address);
        Self { visitor, set_cookie: cookies::set(app, COOKIE_NAME, &value, true) }
    }

    /// The reply, with the cookie.
    fn with(self, reply: impl IntoResponse) -> Response {
        let mut response = reply.into_response();
        if let Some(cookie) = self.set_cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

async fn csrf(State(app): State<App>, headers: HeaderMap) -> Response {
    let mut response = Json(json!({ "message": "CSRF cookie set" })).into_response();
    if let Some(cookie) = cookies::csrf(&app, &headers) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Their clients read `error`.
fn told<T>(outcome: atrium_domain::Result<T>) -> Reply<T> {
    outcome.map_err(|error| Refusal::from(error).into_error())
}
