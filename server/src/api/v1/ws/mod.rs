//! `GET /api/v1/ws`: the main job over one connection, both ways. `docs/websocket.md` has every message.
//!
//! Here it is opened; [`protocol`] is what is said, [`connection`] who says it when.

mod connection;
mod protocol;

use crate::api::error::ApiResult;
use crate::api::identity::Identity;
use crate::api::rates::Rates;
use crate::web::App;
use axum::Extension;
use axum::extract::{State, WebSocketUpgrade};
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
    let sockets = app.sockets.open.clone();
    Ok(upgrade.max_message_size(MESSAGE_MAX).max_frame_size(MESSAGE_MAX).on_upgrade(move |socket| {
        sockets.track_future(async move { Connection::new(app, rates, caller, address).run(socket).await })
    }))
}
