//! Who comes, from where: made once for each request and handed to pages, forms, server functions and streams.

use super::App;
use super::errors::respond;
use super::guard::{client_address, user_agent};
use atrium_app::visit::{Preferences, Visit};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use axum::middleware::Next;
use axum::response::Response;
use time::OffsetDateTime;
use tower_sessions::Session;

use super::session_store::{LIFETIME, VIEWER};

/// Looks up the session's person and attaches the [`Visit`].
pub async fn attach(State(app): State<App>, session: Session, mut request: Request, next: Next) -> Response {
    let address = client_address(&app.atrium, &request);
    let viewer = match session.get(VIEWER).await {
        Ok(viewer) => viewer,
        // Damaged data is as good as none; a database that is away is not.
        Err(tower_sessions::session::Error::SerdeJson(_)) => None,
        Err(error) => return respond(&atrium_domain::Error::Internal(error.to_string()), &request),
    };
    if viewer.is_some() {
        prolong(&session);
    }
    let preferences = preferences(request.headers());
    let agent = user_agent(request.headers()).to_owned();
    request.extensions_mut().insert(Visit { atrium: app.atrium, viewer, session, address, agent, preferences });
    next.run(request).await
}

/// A visit moves the end of the session, but not with a write for every request.
fn prolong(session: &Session) {
    if session.expiry_date() - OffsetDateTime::now_utc() < LIFETIME - time::Duration::days(1) {
        session.set_expiry(Some(tower_sessions::Expiry::OnInactivity(LIFETIME)));
    }
}

fn preferences(headers: &HeaderMap) -> Preferences {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(';'));
    let mut preferences = Preferences::default();
    for (name, value) in cookies.filter_map(|it| it.trim().split_once('=')) {
        match (name, value) {
            ("theme", "light") => preferences.theme = Some("light"),
            ("theme", "dark") => preferences.theme = Some("dark"),
            ("rail", "collapsed") => preferences.is_rail_collapsed = true,
            _ => {}
        }
    }
    preferences
}
