//! REST: what programs get. A handler decides nothing that a page does not: it reads the request, calls the domain and
//! writes the reply.
//!
//! Every request passes, in this order, CORS, [`identity`] (who asks), [`rates`] (how often) and [`idempotency`] (not
//! twice). `v1` is Atrium's own API, `openai` the one that OpenAI's clients speak, `docs` describes the first; `dialects` and
//! what it names, and `bots`, are what clients of other systems speak.

mod agents;
mod body;
mod bots;
mod dialects;
mod docs;
mod error;
mod gemini;
mod guide;
mod idempotency;
mod identity;
mod openai;
mod paging;
mod platform;
mod rates;
mod time;
mod uploads;
mod v1;
mod version;

pub use docs::document;
pub use error::as_problems;
pub use identity::Credential;
pub use rates::Rates;
pub use uploads::{limit as limit_bodies, within};

use crate::web::App;
use atrium_domain::settings::Boot;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::routing::{any, get};
use axum::{Extension, Router, middleware};
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;

/// Everything below `/api` and `/v1`.
pub fn router(app: &App) -> Router<App> {
    let (v1, _) = docs::parts();
    let rates = rates::Rates::new(&app.atrium);
    v1.merge(openai::router())
        .merge(dialects::router())
        .merge(bots::router())
        .merge(docs::router())
        .route("/api/v1/ws", get(v1::ws::open))
        .layer(Extension(rates.clone()))
        .route("/api/{*rest}", any(error::nowhere))
        .method_not_allowed_fallback(error::no_such_method)
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .layer(middleware::from_fn_with_state(app.clone(), idempotency::once))
        .layer(middleware::from_fn_with_state(rates, rates::limit))
        .layer(middleware::from_fn_with_state(app.clone(), identity::attach))
}

/// Whether a path is one of ours, and not a page's.
pub fn is_api(path: &str) -> bool {
    ["/api", "/v1", "/ws"]
        .iter()
        .any(|it| path.strip_prefix(it).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Which other sites' pages may call.
pub fn cors(boot: &Boot) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("x-csrftoken"),
        ])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::RETRY_AFTER,
            HeaderName::from_static("ratelimit-limit"),
            HeaderName::from_static("ratelimit-remaining"),
            HeaderName::from_static("ratelimit-reset"),
            HeaderName::from_static("x-request-id"),
        ])
        .max_age(Duration::from_secs(3600));
    // Cookies ride along only for origins that are named.
    if boot.flag("cors_allow_all_origins") {
        return layer.allow_origin(AllowOrigin::any());
    }
    let origins =
        boot.list("cors_allowed_origins").filter_map(|it| HeaderValue::from_str(it.trim_end_matches('/')).ok());
    layer.allow_origin(AllowOrigin::list(origins)).allow_credentials(boot.flag("cors_allow_credentials"))
}
