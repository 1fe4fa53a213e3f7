//! Pages and server functions: Leptos behind axum.

use super::errors::plain;
use super::{App, assets};
use atrium_app::forms::{Imported, Refused, Reveal};
use atrium_app::visit::Visit;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use leptos::prelude::provide_context;
use leptos_axum::LeptosRoutes as _;

/// Every page, at the path that it declares.
pub fn router(app: &App) -> Router<App> {
    let routes = leptos_axum::generate_route_list(atrium_app::Pages);
    let options = app.leptos.clone();
    Router::<App>::new()
        .leptos_routes_with_context(app, routes, provide, move || atrium_app::shell(options.clone(), assets::assets()))
}

/// `/_fn/…`
pub async fn server_function(request: Request) -> Response {
    leptos_axum::handle_server_fns_with_context(provide, request).await.into_response()
}

/// Leptos takes a body that breaks off or is too long for a fault of ours: server functions get theirs whole. The
/// router's limit is on it already.
pub async fn whole_body(request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/_fn/") {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    match axum::body::to_bytes(body, usize::MAX).await {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(_) => plain(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large, or broke off."),
    }
}

/// The page of `request`'s path, outside the router: for forms that were refused.
pub async fn render(app: &App, request: Request<Body>) -> Response {
    let options = app.leptos.clone();
    leptos_axum::render_app_async_with_context(provide, move || atrium_app::shell(options.clone(), assets::assets()))(
        request,
    )
    .await
}

/// The page that says so.
pub async fn not_found(State(app): State<App>, request: Request) -> Response {
    render(&app, request).await
}

/// Hands what the middleware found out to the components.
fn provide() {
    let Some(parts) = leptos::prelude::use_context::<axum::http::request::Parts>() else { return };
    if let Some(visit) = parts.extensions.get::<Visit>() {
        provide_context(visit.clone());
    }
    if let Some(refused) = parts.extensions.get::<Refused>() {
        provide_context(refused.clone());
    }
    if let Some(report) = parts.extensions.get::<Imported>() {
        provide_context(report.clone());
    }
    if let Some(secret) = parts.extensions.get::<Reveal>() {
        provide_context(secret.clone());
    }
}
