//! Atrium's own API, version 1. One file a resource: what goes in and out, then its endpoints.

mod admin;
mod agents;
mod artifacts;
mod attachments;
mod audit;
mod auth;
mod avatars;
mod budgets;
mod conversations;
mod expertise;
mod exports;
mod favourites;
mod feedback;
mod imports;
mod invitations;
mod knowledge;
mod messages;
mod organisations;
mod projects;
mod prompts;
mod recovery;
mod repositories;
mod results;
mod runs;
mod search;
mod sessions;
mod shares;
mod tokens;
mod usage;
mod users;
pub mod ws;

pub use messages::at_content;

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
        .routes(routes!(recovery::forgot))
        .routes(routes!(recovery::reset))
        .routes(routes!(users::me, users::change_me))
        .routes(routes!(users::change_password))
        .routes(routes!(avatars::put, avatars::delete))
        .routes(routes!(avatars::get))
        .routes(routes!(sessions::list, sessions::end_others))
        .routes(routes!(sessions::end))
        .routes(routes!(auth::sign_in_as))
        .routes(routes!(users::list))
        .routes(routes!(users::get, users::change))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::delete))
        .routes(routes!(agents::list, agents::create))
        .routes(routes!(agents::default))
        .routes(routes!(agents::models))
        .routes(routes!(agents::get, agents::change, agents::delete))
        .routes(routes!(agents::restore))
        .routes(routes!(expertise::of_agent, expertise::assign))
        .routes(routes!(expertise::list, expertise::create))
        .routes(routes!(expertise::get, expertise::change, expertise::delete))
        .routes(routes!(expertise::agents))
        .routes(routes!(organisations::list, organisations::create))
        .routes(routes!(organisations::get, organisations::change))
        .routes(routes!(invitations::list, invitations::create))
        .routes(routes!(invitations::accept))
        .routes(routes!(invitations::withdraw))
        .routes(routes!(invitations::send_again))
        .routes(routes!(projects::list, projects::create))
        .routes(routes!(projects::get, projects::change, projects::delete))
        .routes(routes!(projects::members, projects::add_member))
        .routes(routes!(projects::change_member, projects::remove_member))
        .routes(routes!(projects::agents, projects::attach_agent))
        .routes(routes!(projects::detach_agent))
        .routes(routes!(prompts::list, prompts::create))
        .routes(routes!(prompts::get, prompts::change, prompts::delete))
        .routes(routes!(prompts::restore))
        .routes(routes!(prompts::render))
        .routes(routes!(audit::list))
        .routes(routes!(conversations::list, conversations::create))
        .routes(routes!(exports::all))
        .routes(routes!(exports::one))
        .routes(routes!(imports::conversations))
        .routes(routes!(conversations::get, conversations::change, conversations::delete))
        .routes(routes!(conversations::restore))
        .routes(routes!(attachments::bring))
        .routes(routes!(attachments::get, attachments::withdraw))
        .routes(routes!(attachments::file))
        .routes(routes!(shares::list))
        .routes(routes!(shares::share))
        .routes(routes!(shares::revoke))
        .routes(routes!(messages::list, messages::send))
        .routes(routes!(messages::get, messages::delete))
        .routes(routes!(feedback::give, feedback::take_back))
        .routes(routes!(messages::edit))
        .routes(routes!(messages::regenerate))
        .routes(routes!(messages::resume))
        .routes(routes!(messages::select))
        .routes(routes!(messages::restore))
        .routes(routes!(runs::get))
        .routes(routes!(runs::events))
        .routes(routes!(runs::stop))
        .routes(routes!(favourites::list, favourites::mark))
        .routes(routes!(favourites::unmark))
        .routes(routes!(search::find))
        .routes(routes!(usage::sum_up))
        .routes(routes!(budgets::list, budgets::set))
        .routes(routes!(budgets::remove))
        .merge(knowledge::router())
        .routes(routes!(repositories::list, repositories::add))
        .routes(routes!(repositories::get, repositories::change, repositories::remove))
        .routes(routes!(repositories::fetch))
        .routes(routes!(repositories::tree))
        .routes(routes!(repositories::file))
        .routes(routes!(repositories::webhook))
        .routes(routes!(results::draw))
        .routes(routes!(results::list))
        .routes(routes!(results::get, results::delete))
        .routes(routes!(results::restore))
        .routes(routes!(artifacts::list, artifacts::create))
        .routes(routes!(artifacts::get, artifacts::change, artifacts::delete))
        .merge(admin::router())
}
