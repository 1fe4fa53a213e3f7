//! Atrium's own API, version 1. One file a resource: what goes in and out, then its endpoints.

mod agents;
mod auth;
mod conversations;
mod messages;
mod runs;
mod tokens;
mod users;

use crate::web::App;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every endpoint, with its description.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(auth::login))
        .routes(routes!(auth::register))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::logout_everywhere))
        .routes(routes!(users::me, users::change_me))
        .routes(routes!(users::change_password))
        .routes(routes!(users::list))
        .routes(routes!(users::get))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::delete))
        .routes(routes!(agents::list, agents::create))
        .routes(routes!(agents::default))
        .routes(routes!(agents::models))
        .routes(routes!(agents::get, agents::change, agents::delete))
        .routes(routes!(agents::restore))
        .routes(routes!(conversations::list, conversations::create))
        .routes(routes!(conversations::get, conversations::change, conversations::delete))
        .routes(routes!(conversations::restore))
        .routes(routes!(messages::list, messages::send))
        .routes(routes!(messages::get, messages::delete))
        .routes(routes!(messages::edit))
        .routes(routes!(messages::regenerate))
        .routes(routes!(messages::resume))
        .routes(routes!(messages::select))
        .routes(routes!(messages::restore))
        .routes(routes!(runs::get))
        .routes(routes!(runs::events))
        .routes(routes!(runs::stop))
}
