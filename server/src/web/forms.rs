//! Forms posted by browsers, with and without JavaScript: done and sent on, or the page again with what was typed.

use super::errors::plain;
use super::{App, BODY_MAX, UPLOAD_MAX, pages};
use atrium_app::forms::{self, ChosenFile, Done, Fields, Refused};
use atrium_app::visit::Visit;
use axum::body::Body;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{Form, FromRequest, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, RequestExt as _};

/// A form with files may be larger than one of words alone.
pub async fn limit(request: Request, next: Next) -> Response {
    let max = if has_parts(&request) { UPLOAD_MAX } else { BODY_MAX };
    crate::api::within(max, request, next).await
}

fn has_parts(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    kind.is_some_and(|it| it.starts_with("multipart/form-data"))
}

/// A form as browsers send it: in one piece, or in several where it has files.
pub struct Posted(Fields);

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        if !has_parts(&request) {
            let Form(fields) = request.extract::<Form<_>, _>().await.map_err(|it| it.into_response())?;
            return Ok(Self(Fields::new(fields)));
        }
        let parts = request.extract::<Multipart, _>().await.map_err(|it| it.into_response())?;
        let fields = read(parts).await.map_err(|error| {
            let told = match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => "The file is too large. Go back and choose a smaller one.",
                _ => "The form was not understood, or broke off. Go back and try again.",
            };
            plain(error.status(), told)
        })?;
        Ok(Self(fields))
    }
}

async fn read(mut parts: Multipart) -> Result<Fields, MultipartError> {
    let (mut fields, mut files) = (Vec::new(), Vec::new());
    while let Some(part) = parts.next_field().await? {
        let field = part.name().unwrap_or_default().to_owned();
        if let Some(name) = part.file_name().map(str::to_owned) {
            let media_type = part.content_type().map(str::to_owned);
            files.push(ChosenFile { field, name, media_type, content: part.bytes().await? });
        } else {
            fields.push((field, part.text().await?));
        }
    }
    Ok(Fields::with_files(fields, files))
}

pub async fn submit(
    State(app): State<App>,
    Extension(visit): Extension<Visit>,
    uri: Uri,
    Posted(mut fields): Posted,
) -> Response {
    match forms::submit(&visit, uri.path(), &mut fields).await {
        Ok(Done { reveal: Some(secret), .. }) => again(&app, visit, uri, secret).await,
        Ok(Done { next, set_cookie, .. }) => {
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
            again(&app, visit, uri, Refused { fields, failure }).await
        }
    }
}

/// The form's own page once more, with something to tell.
pub(super) async fn again<T: Clone + Send + Sync + 'static>(app: &App, visit: Visit, uri: Uri, told: T) -> Response {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = uri;
    request.extensions_mut().insert(visit);
    request.extensions_mut().insert(told);
    pages::render(app, request).await
}
