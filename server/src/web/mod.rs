//! HTTP: which path leads where, and what every request passes through.

mod assets;
mod attachments;
mod avatars;
mod csv;
mod documents;
mod errors;
mod events;
mod exports;
mod forms;
mod guard;
mod health;
mod pages;
mod session_store;
mod sockets;
mod visit;

pub(crate) use assets::asset;
pub(crate) use attachments::send as send_attachment;
pub(crate) use errors::log as log_fault;
pub(crate) use exports::{attachment, download};
pub(crate) use guard::{client_address, user_agent};
pub(crate) use session_store::VIEWER;
pub use sockets::Sockets;
pub(crate) use sockets::{SEATS, Seat};

use atrium::knowledge::TOGETHER_MAX;
use atrium_domain::Atrium;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRef, Request};
use axum::routing::{any, get, post};
use axum::{Router, middleware};
use leptos::config::LeptosOptions;
use std::time::Duration;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http::trace::TraceLayer;

/// How long the body of a request may pause.
const BODY_SILENCE: Duration = Duration::from_secs(30);
/// Forms and server functions. Well above the longest message escaped in a form, so that one that is too long still gets
/// an answer that says by how much.
pub(crate) const BODY_MAX: usize = 4 * 1024 * 1024;
/// Forms with files, likewise.
const UPLOAD_MAX: usize = 16 * 1024 * 1024;
/// The forms that have files.
const UPLOADS: &[&str] = &["/", "/chat", "/chat/{id}", "/account"];

/// What handlers can ask for.
#[derive(Clone)]
pub struct App {
    pub(crate) atrium: Atrium,
    leptos: LeptosOptions,
    pub(crate) sockets: Sockets,
}

/// What Leptos' own handlers ask for.
impl FromRef<App> for LeptosOptions {
    fn from_ref(app: &App) -> Self {
        app.leptos.clone()
    }
}

/// Of a request's address only the path, as what stands behind the ? may be a key; and of a shared link not even that.
fn logged(path: &str) -> &str {
    if path.starts_with("/shared/") { "/shared/…" } else { path }
}

/// Everything that is served.
pub fn router(atrium: Atrium, sockets: Sockets) -> Router {
    let app = App { atrium: atrium.clone(), leptos: assets::leptos_options(), sockets };
    let (uploads, forms): (Vec<&str>, Vec<&str>) =
        atrium_app::forms::PATHS.iter().copied().partition(|path| UPLOADS.contains(path));
    let posts = |paths: Vec<_>| paths.into_iter().fold(Router::new(), |all, path| all.route(path, post(forms::submit)));
    let documents = Router::new()
        .route("/knowledge/{id}/upload", post(documents::upload))
        .layer(RequestBodyLimitLayer::new(usize::try_from(TOGETHER_MAX).unwrap_or(usize::MAX)));
    let people = pages::router(&app)
        .merge(posts(forms))
        .route("/_fn/{*name}", any(pages::server_function))
        .route("/runs/{id}/events", get(events::follow))
        .route("/attachments/{id}", get(attachments::serve))
        .route("/chat/{id}/export", get(exports::conversation))
        .route("/account/export", get(exports::everything))
        .route("/knowledge/documents/{id}/file", get(documents::file))
        .fallback(pages::not_found)
        .layer(middleware::from_fn(pages::whole_body))
        .layer(middleware::from_fn(csv::serve))
        .layer(RequestBodyLimitLayer::new(BODY_MAX))
        .merge(posts(uploads).layer(middleware::from_fn(forms::limit)))
        .merge(documents)
        .layer(middleware::from_fn_with_state(app.clone(), visit::attach))
        .layer(session_store::layer(&atrium));
    let boot = app.atrium.settings.boot();
    let api = crate::api::router(&app)
        .layer(session_store::layer(&atrium))
        .layer(crate::api::cors(boot))
        .layer(middleware::from_fn(crate::api::limit_bodies));
    Router::new()
        .route("/assets/{name}", get(assets::serve))
        .route("/favicon.svg", get(assets::serve_root))
        .route("/favicon.ico", get(assets::serve_root))
        .route("/manifest.webmanifest", get(assets::serve_root))
        .route("/robots.txt", get(assets::serve_root))
        .route("/avatars/{user}/{hash}", get(avatars::serve))
        .route("/api/health", get(health::health))
        .route("/api/health/db", get(health::database))
        .merge(api)
        .merge(people)
        .with_state(app.clone())
        .layer(DefaultBodyLimit::disable())
        .layer(
            ServiceBuilder::new()
                .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
                .layer(TraceLayer::new_for_http().make_span_with(|request: &Request| {
                    tracing::debug_span!("request", method = %request.method(), path = logged(request.uri().path()))
                }))
                .layer(PropagateRequestIdLayer::x_request_id())
                .layer(CompressionLayer::new())
                .layer(RequestBodyTimeoutLayer::new(BODY_SILENCE))
                .map_request(|request: http::Request<_>| request.map(Body::new))
                .layer(middleware::from_fn(crate::api::as_problems))
                .layer(CatchPanicLayer::custom(errors::panicked))
                .layer(middleware::from_fn_with_state(app, guard::check)),
        )
}
