//! Lists of the administration as files: the page's own address, with `?format=csv`.

use super::errors::respond;
use atrium_app::exports::{self, File};
use atrium_app::visit::Visit;
use atrium_domain::Error;
use axum::Extension;
use axum::extract::Request;
use axum::http::Method;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Answers with the file if one is asked for.
pub async fn serve(Extension(visit): Extension<Visit>, request: Request, next: Next) -> Response {
    if request.method() != Method::GET || request.uri().query().is_none() {
        return next.run(request).await;
    }
    match exports::export(&visit, request.uri()).await {
        // The page knows where to sign in.
        None | Some(Err(Error::SignedOut)) => next.run(request).await,
        Some(Err(error)) => respond(&error, &request),
        Some(Ok(File { name, content })) => {
            let headers = [
                (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
                (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
                (CACHE_CONTROL, "no-store".to_owned()),
            ];
            (headers, content).into_response()
        }
    }
}
