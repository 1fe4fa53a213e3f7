//! Forms posted by browsers, with and without JavaScript: done and sent on, or the page again with what was typed.

use super::{App, pages};
use atrium_app::forms::{self, Done, Fields, Refused};
use atrium_app::visit::Visit;
use axum::Extension;
use axum::extract::{Form, State};
use axum::http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};

pub async fn submit(
    State(app): State<App>,
    Extension(visit): Extension<Visit>,
    uri: Uri,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let fields = Fields::new(fields);
    match forms::submit(&visit, uri.path(), &fields).await {
        Ok(Done { next, set_cookie }) => {
            let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, next)]).into_response();
            if let Some(cookie) = set_cookie.and_then(|it| HeaderValue::from_str(&it).ok()) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => {
            let failure = error.to_failure();
            super::errors::log(&error, failure.status);
            if failure.needs_sign_in() {
                if let Some(text) = fields.filled("text")
                    && let Err(error) = visit.keep_draft(text).await
                {
                    tracing::warn!(cause = error.cause(), "a draft could not be kept: {error}");
                }
                return (StatusCode::SEE_OTHER, [(header::LOCATION, forms::sign_in_path(uri.path()))]).into_response();
            }
            let mut request = Request::new(axum::body::Body::empty());
            *request.method_mut() = Method::GET;
            *request.uri_mut() = uri;
            request.extensions_mut().insert(visit);
            request.extensions_mut().insert(Refused { fields, failure });
            pages::render(&app, request).await
        }
    }
}
