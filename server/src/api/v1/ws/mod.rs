//! `GET /api/v1/ws`: the main job over one connection, both ways. `docs/websocket.md` has every message.
//!
//! Here it is opened; [`protocol`] is what is said, [`connection`] who says it when, [`pulse`] when nobody is there.

mod connection;
mod protocol;
mod pulse;

use crate::api::error::{ApiError, ApiResult};
use crate::api::identity::Identity;
use crate::api::rates::Rates;
use crate::web::{App, SEATS};
use axum::Extension;
use axum::extract::{State, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use connection::Connection;

/// Longer messages end the connection. The longest that can be sent to an agent fits, however it is escaped.
const MESSAGE_MAX: usize = 2 * 1024 * 1024;

/// Opens a socket for whoever shows a token or comes with the cookie; whoever shows nothing must do so by their first
/// message. Other sites' pages were refused by then.
pub async fn open(
    State(app): State<App>,
    Extension(rates): Extension<Rates>,
    identity: Identity,
    upgrade: WebSocketUpgrade,
) -> ApiResult<Response> {
    let address = identity.address.clone();
    let caller = identity.checked()?;
    let seat = match &caller {
        Some(caller) => Some(app.sockets.seat(caller.viewer.id).ok_or_else(too_many_sockets)?),
        // They take one when they say who they are, or are shown out.
        None => None,
    };
    let sockets = app.sockets.open.clone();
    Ok(upgrade.max_message_size(MESSAGE_MAX).max_frame_size(MESSAGE_MAX).on_upgrade(move |socket| {
        sockets.track_future(async move { Connection::new(app, rates, caller, seat, address).run(socket).await })
    }))
}

fn too_many_sockets() -> ApiError {
    ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_sockets",
        format!("You have {SEATS} sockets open on this server. Close one, or follow several runs over the same."),
    )
}
