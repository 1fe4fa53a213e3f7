//! Agents and conversations: the dialect of a chat application. Every list is a page of 20; a message is sent and its answer
//! comes with the reply; [`socket`] is the same over a WebSocket.

mod agent;
mod conversations;
mod messages;
mod socket;
mod users;

use crate::web::App;
use axum::Router;
use axum::routing::{get, post};

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/users/me", get(users::me).patch(users::change_me).put(users::change_me))
        .route("/api/users/me/avatar", post(users::set_avatar).put(users::set_avatar).delete(users::remove_avatar))
        .route("/api/users/{id}", axum::routing::patch(users::change).put(users::change))
        .route("/api/agents", get(agent::list).post(agent::create))
        .route("/api/agents/default", get(agent::default))
        .route("/api/agents/{id}", get(agent::get).patch(agent::change).put(agent::change).delete(agent::delete))
        .route("/api/conversations", get(conversations::list).post(conversations::create))
        .route(
            "/api/conversations/{id}",
            get(conversations::get)
                .patch(conversations::change)
                .put(conversations::change)
                .delete(conversations::delete),
        )
        .route("/api/conversations/{id}/send_message", post(conversations::send_message))
        .route("/api/conversations/{id}/export", get(conversations::export))
        .route("/api/messages", get(messages::list))
        .route("/api/messages/{id}", get(messages::get))
        .route("/ws/chat", get(socket::open))
        .route("/ws/chat/{id}", get(socket::open_at))
}
