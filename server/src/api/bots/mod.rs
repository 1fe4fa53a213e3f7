//! What clients of an older system of projects, bots and sessions speak, below `/api/`: bots are agents, clients are
//! organisations, a chat session is a conversation, favourites are favourites. Data objects and routes; every decision is
//! the domain's.

mod areas;
mod auth;
mod boards;
mod clients;
mod debugging;
mod favourites;
mod invitations;
mod kb;
mod kb_files;
mod me;
mod people;
mod projects;
mod resources;
mod roles;
mod search;
mod sessions;
mod sharing;
mod translations;
mod wire;

use super::dialects::refusal;
use crate::web::App;
use axum::Router;
use axum::routing::{delete, get, patch, post};

pub fn router() -> Router<App> {
    Router::new()
        .route("/api/login", post(auth::login))
        .route("/api/create", post(auth::create))
        .route("/api/refresh", post(auth::refresh))
        .route("/api/logout", post(auth::logout))
        .route("/api/verify-token", post(auth::verify))
        .route("/api/login-as/{id}", get(auth::login_as).post(auth::login_as))
        .route("/api/debug/token", get(debugging::token))
        .route("/api/debug/check-token", post(debugging::check))
        .route("/api/me", get(me::get))
        .route("/api/me/update", patch(me::change).put(me::change))
        .route("/api/password/forgot", post(me::forgot))
        .route("/api/password/reset", post(me::reset))
        .route("/api/users", get(people::list).post(people::create))
        .route("/api/roles", get(roles::all))
        .route("/api/users/{id}/roles", get(roles::of))
        .route("/api/users/{id}/roles/add", post(roles::add))
        .route("/api/users/{id}/roles/remove", post(roles::remove).delete(roles::remove))
        .route("/api/invite", post(invitations::invite))
        .route("/api/invite/confirm", get(invitations::page).post(invitations::confirm))
        .route("/api/clients", get(clients::list).post(clients::create))
        .route(
            "/api/clients/{id}",
            get(clients::get).patch(clients::change).put(clients::change).delete(clients::delete),
        )
        .route("/api/projects", get(projects::list).post(projects::create))
        .route(
            "/api/projects/{id}",
            get(projects::get).patch(projects::change).put(projects::change).delete(projects::delete),
        )
        .route("/api/projects/{id}/bots", get(projects::bots))
        .route("/api/projects/{id}/bots/attach", post(sharing::attach_bots))
        .route("/api/projects/{id}/bots/detach", post(sharing::detach_bots))
        .route("/api/projects/{id}/users", post(sharing::attach_users))
        .route("/api/projects/{id}/users/attach", post(sharing::attach_users))
        .route("/api/projects/{id}/users/detach", post(sharing::detach_users))
        .route("/api/bots", get(resources::list).post(resources::create))
        .route(
            "/api/bots/{id}",
            get(resources::get).patch(resources::change).put(resources::change).delete(resources::delete),
        )
        .route("/api/bots/{id}/expertise", post(resources::expertise))
        .route("/api/expertise-areas", get(areas::list).post(areas::create))
        .route(
            "/api/expertise-areas/{id}",
            get(areas::get).patch(areas::change).put(areas::change).delete(areas::delete),
        )
        .route("/api/chat-session", get(sessions::list).post(sessions::open).delete(sessions::delete_named))
        .route("/api/chat-session/delete", delete(sessions::delete_named))
        .route("/api/chat-session/{key}", get(sessions::get).patch(sessions::change).delete(sessions::delete))
        .route("/api/chat-favorites", get(favourites::list).post(favourites::mark))
        .route("/api/chat-favorites/{id}", delete(favourites::unmark))
        .route("/api/boards", get(boards::list).post(boards::create).put(boards::keep))
        .route("/api/boards/{id}", get(boards::get).put(boards::change).patch(boards::change).delete(boards::delete))
        .route("/api/translate", post(translations::many))
        .route("/api/translate/lookup", post(translations::look_up))
        .route("/api/i18n/translate", get(translations::one))
        .route("/api/i18n/translate/batch", post(translations::many))
        .route("/api/search", get(search::find).post(search::ask))
        .route("/api/kb/list", get(kb::list))
        .route("/api/kb/list-all", get(kb::list))
        .route("/api/kb/create", post(kb::create))
        .route("/api/kb/get", get(kb::get))
        .route("/api/kb/edit", patch(kb::edit).put(kb::edit))
        .route("/api/kb/delete", delete(kb::delete))
        .route("/api/kb/attach", post(kb::attach))
        .route("/api/kb/files/list", get(kb_files::list))
        .route("/api/kb/files/add", post(kb_files::add))
        .route("/api/kb/files/delete", delete(kb_files::delete))
        .route("/api/kb/file/add", post(kb_files::add))
        .route("/api/kb/file/delete", delete(kb_files::delete))
        .route("/api/kb/file/update", patch(kb_files::update))
        .method_not_allowed_fallback(refusal::no_such_method)
}
