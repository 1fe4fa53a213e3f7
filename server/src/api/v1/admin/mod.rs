//! What administrators see and do of what is other people's: the pages under `/admin`, for programs.

mod agents;
mod conversations;
mod outbox;
mod prices;

use crate::web::App;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every endpoint, with its description.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(agents::list))
        .routes(routes!(agents::switch))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::get))
        .routes(routes!(conversations::open))
        .routes(routes!(conversations::read))
        .routes(routes!(outbox::list))
        .routes(routes!(outbox::get, outbox::delete))
        .routes(routes!(outbox::send_again))
        .routes(routes!(outbox::restore))
        .routes(routes!(prices::list, prices::set, prices::forget))
}
