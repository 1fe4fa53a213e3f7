//! The anonymous chat: nobody signs in, and a session's key is all that its guest has. Texts go out as they are: whoever
//! shows them as HTML has to escape them.

mod chat;
mod sessions;

use super::dialects::refusal::{Refusal, Reply};
use crate::web::App;
use atrium_domain::guests::Visitor;
use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

/// Tells a visitor's own chats from others'.
const COOKIE_NAME: &str = "atrium_visitor";
/// What clients send back in `X-CSRFToken`. Other sites' requests are refused by their origin; it is set for clients that
/// wait for it.
const CSRF_COOKIE: &str = "csrftoken";
/// Seconds.
const YEAR: u32 = 365 * 86_400;

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

/// The value of a cookie.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|it| it.to_str().ok());
    let mut pairs = lines.flat_map(|it| it.split(';')).filter_map(|it| it.trim().split_once('='));
    pairs.find(|it| it.0 == name).map(|it| it.1)
}

/// Whoever comes, by their cookie; and the cookie to set if they have none.
struct Visit {
    visitor: Visitor,
    set_cookie: Option<HeaderValue>,
}

impl Visit {
    fn of(app: &App, headers: &HeaderMap) -> Self {
        if let Some(value) = cookie(headers, COOKIE_NAME).filter(|it| it.len() >= 32) {
            return Self { visitor: Visitor::of(value), set_cookie: None };
        }
        let value = app.atrium.guests.new_key();
        Self { visitor: Visitor::of(&value), set_cookie: set_cookie(app, COOKIE_NAME, &value, true) }
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

fn set_cookie(app: &App, name: &str, value: &str, is_http_only: bool) -> Option<HeaderValue> {
    let is_tls = app.atrium.settings.boot().text("public_url").starts_with("https://");
    let (http_only, secure) = (if is_http_only { "; HttpOnly" } else { "" }, if is_tls { "; Secure" } else { "" });
    HeaderValue::from_str(&format!("{name}={value}; Path=/; Max-Age={YEAR}; SameSite=Lax{http_only}{secure}")).ok()
}

async fn csrf(State(app): State<App>, headers: HeaderMap) -> Response {
    let known = cookie(&headers, CSRF_COOKIE).filter(|it| it.len() >= 32).map(str::to_owned);
    let value = known.unwrap_or_else(|| app.atrium.guests.new_key().replace('-', ""));
    let mut response = Json(json!({ "message": "CSRF cookie set" })).into_response();
    // A script of the client's reads it.
    if let Some(cookie) = set_cookie(&app, CSRF_COOKIE, &value, false) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Their clients read `error`.
fn told<T>(outcome: atrium_domain::Result<T>) -> Reply<T> {
    outcome.map_err(|error| Refusal::from(error).into_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("a=1; atrium_visitor=x=y;b=2"));
        assert_eq!(cookie(&headers, COOKIE_NAME), Some("x=y"));
        assert_eq!(cookie(&headers, "c"), None);
    }
}
