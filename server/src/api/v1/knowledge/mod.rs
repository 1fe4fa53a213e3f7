//! Knowledge: bases, their documents, what is found in them, and what answers stand on.

mod agents;
mod bases;
pub(super) mod documents;
mod search;
mod sources;
mod uploads;

use crate::web::App;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every endpoint, with its description.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(bases::list, bases::create))
        .routes(routes!(search::find, search::ask))
        .routes(routes!(bases::get, bases::change, bases::delete))
        .routes(routes!(bases::set_embedding))
        .routes(routes!(documents::list, uploads::upload))
        .routes(routes!(uploads::fetch))
        .routes(routes!(documents::get, documents::delete))
        .routes(routes!(documents::versions))
        .routes(routes!(documents::text))
        .routes(routes!(documents::file))
        .routes(routes!(documents::read_again))
        .routes(routes!(uploads::fetch_again))
        .routes(routes!(agents::get, agents::set))
        .routes(routes!(sources::get))
}
