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
mod imports;
mod metrics;
mod pages;
mod session_store;
mod shared;
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

use crate::traces;
use atrium::knowledge::TOGETHER_MAX;
use atrium_domain::Atrium;
use atrium_domain::import::chats::IMPORT_MAX;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRef, Request};
use axum::http::HeaderValue;
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
use tracing::field::Empty;

/// How long the body of a request may pause.
const BODY_SILENCE: Duration = Duration::from_secs(30);
/// Forms and server functions. Well above the longest message escaped in a form, so that one that is too long still gets
/// an answer that says by how much.
pub(crate) const BODY_MAX: usize = 4 * 1024 * 1024;
/// Forms with files, likewise.
const UPLOAD_MAX: usize = 16 * 1024 * 1024;
/// The forms that have files.
const UPLOADS: &[&str] = &["/", "/chat", "/chat/{id}", "/account"];

/// The header that names a request.
const REQUEST_ID: &str = "x-request-id";
/// Characters that a caller's own id may have.
const ID_MAX: usize = 128;

/// What handlers can ask for.
#[derive(Clone)]
pub struct App {
    pub(crate) atrium: Atrium,
    leptos: LeptosOptions,
    pub(crate) sockets: Sockets,
    watch: metrics::Watch,
}

/// What Leptos' own handlers ask for.
impl FromRef<App> for LeptosOptions {
    fn from_ref(app: &App) -> Self {
        app.leptos.clone()
    }
}

/// The span of a request, there at every level, so that whatever is logged on the way names the request. Of its address
/// it has only the path, as what stands behind the ? may be a key; and of a shared link not even that.
fn span_of(request: &Request) -> tracing::Span {
    let path = request.uri().path();
    let path = if path.starts_with("/shared/") { "/shared/…" } else { path };
    let id = request.headers().get(REQUEST_ID).and_then(|it| it.to_str().ok()).unwrap_or_default();
    tracing::error_span!("request", id, method = %request.method(), path, otel.name = Empty, otel.kind = Empty)
}

/// A caller's own id is kept where it is one: what else stands there would be written into the log.
fn with_fit_id(mut request: Request) -> Request {
    let is_fit = |id: &HeaderValue| {
        let id = id.as_bytes();
        (1..=ID_MAX).contains(&id.len()) && id.iter().all(|it| it.is_ascii_alphanumeric() || b"-_.:".contains(it))
    };
    if request.headers().get(REQUEST_ID).is_some_and(|it| !is_fit(it)) {
        request.headers_mut().remove(REQUEST_ID);
    }
    request
}

/// Everything that is served.
pub fn router(atrium: Atrium, sockets: Sockets) -> Router {
    let app =
        App { atrium: atrium.clone(), leptos: assets::leptos_options(), sockets, watch: metrics::Watch::default() };
    let (uploads, forms): (Vec<&str>, Vec<&str>) =
        atrium_app::forms::PATHS.iter().copied().partition(|path| UPLOADS.contains(path));
    let posts = |paths: Vec<_>| paths.into_iter().fold(Router::new(), |all, path| all.route(path, post(forms::submit)));
    let documents = Router::new()
        .route("/knowledge/{id}/upload", post(documents::upload))
        .layer(RequestBodyLimitLayer::new(usize::try_from(TOGETHER_MAX).unwrap_or(usize::MAX)));
    let imports = Router::new()
        .route("/account/import", post(imports::upload))
        .layer(RequestBodyLimitLayer::new(IMPORT_MAX as usize + BODY_MAX));
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
        .merge(imports)
        .layer(middleware::from_fn_with_state(app.clone(), visit::attach))
        .layer(session_store::layer(&atrium))
        .layer(middleware::from_fn_with_state((app.clone(), shared::rates()), shared::limit));
    let boot = app.atrium.settings.boot();
    let api = crate::api::router(&app)
        .layer(session_store::layer(&atrium))
        .layer(crate::api::cors(boot))
        .layer(middleware::from_fn(crate::api::limit_bodies));
    // Where nobody may read them there is nothing to be found.
    let metrics = match boot.filled("metrics_token") {
        Some(_) => Router::new().route("/metrics", get(metrics::serve)),
        None => Router::new(),
    };
    let is_traced = traces::endpoint(boot).is_some();
    Router::new()
        .route("/assets/{name}", get(assets::serve))
        .route("/favicon.svg", get(assets::serve_root))
        .route("/favicon.ico", get(assets::serve_root))
        .route("/manifest.webmanifest", get(assets::serve_root))
        .route("/robots.txt", get(assets::serve_root))
        .route("/service-worker.js", get(assets::serve_root))
        .route("/apple-touch-icon.png", get(assets::serve_root))
        .route("/avatars/{user}/{hash}", get(avatars::serve))
        .route("/api/health", get(health::health))
        .route("/api/health/db", get(health::database))
        .merge(metrics)
        .merge(api)
        .merge(people)
        .with_state(app.clone())
        .layer(DefaultBodyLimit::disable())
        .layer(
            ServiceBuilder::new()
                .map_request(with_fit_id)
                .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
                .layer(TraceLayer::new_for_http().make_span_with(move |request: &Request| {
                    let span = span_of(request);
                    if is_traced {
                        traces::received(&span, request);
                    }
                    span
                }))
                .layer(PropagateRequestIdLayer::x_request_id())
                .layer(middleware::from_fn_with_state(app.watch.clone(), metrics::watch))
                .layer(CompressionLayer::new())
                .layer(RequestBodyTimeoutLayer::new(BODY_SILENCE))
                .map_request(|request: http::Request<_>| request.map(Body::new))
                .layer(middleware::from_fn(crate::api::as_problems))
                .layer(CatchPanicLayer::custom(errors::panicked))
                .layer(middleware::from_fn_with_state(app, guard::check)),
        )
}
