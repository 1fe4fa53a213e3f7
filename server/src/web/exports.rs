//! Conversations as files: `/chat/{id}/export`, `/account/export`, and how any file of ours leaves.

use super::App;
use super::errors::reply;
use atrium::ids::ConversationId;
use atrium_app::forms::sign_in_path;
use atrium_app::visit::Visit;
use atrium_domain::Error;
use atrium_domain::export::{self, Format, Pieces};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// Characters of a file's name.
const NAME_MAX: usize = 80;

/// In which form.
#[derive(Debug, Deserialize)]
pub struct In {
    #[serde(default)]
    format: String,
}

/// `GET /chat/{id}/export?format=…`
pub async fn conversation(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<In>,
    Extension(visit): Extension<Visit>,
) -> Response {
    let Some(viewer) = &visit.viewer else { return sign_in(&format!("/chat/{id}")) };
    let (Ok(id), Some(format)) = (id.parse::<ConversationId>(), Format::parse(&query.format)) else {
        return reply(&Error::NotFound("export"), true);
    };
    match export::conversation(&app.atrium.store, &app.atrium.chat, viewer, id, format).await {
        Ok(export) => download(&export.title, format, export.pieces),
        Err(error) => reply(&error, true),
    }
}

/// `GET /account/export`
pub async fn everything(State(app): State<App>, Extension(visit): Extension<Visit>) -> Response {
    let Some(viewer) = visit.viewer else { return sign_in("/account") };
    let pieces = export::conversations(app.atrium.store.clone(), viewer, app.atrium.ports.now());
    download("Atrium conversations", Format::Json, pieces)
}

fn sign_in(next: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, sign_in_path(next))]).into_response()
}

/// A file on its way out. A page to print is shown, where nothing runs in it; the others are saved.
pub fn download(title: &str, format: Format, pieces: Pieces) -> Response {
    let pieces = pieces.inspect(|it| {
        if let Err(error) = it {
            tracing::error!(cause = error.cause(), "an export broke off: {error}");
        }
    });
    let kind = if format == Format::Html { "inline" } else { "attachment" };
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-modals allow-popups",
        ),
    );
    if let Ok(value) = HeaderValue::from_str(&disposition(kind, title, format.extension())) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    response
}

/// All but what RFC 8187 lets stand in an attribute's value.
const ATTRIBUTE: AsciiSet = NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// RFC 6266: a name in ASCII for whoever knows no better, and the whole one as RFC 8187 (once 5987) writes it.
fn disposition(kind: &str, title: &str, extension: &str) -> String {
    let name = file_name(title);
    let ascii: String = name.chars().map(|it| if it.is_ascii() { it } else { '_' }).collect();
    let escaped = utf8_percent_encode(&name, &ATTRIBUTE);
    format!("{kind}; filename=\"{ascii}.{extension}\"; filename*=UTF-8''{escaped}.{extension}")
}

/// The same for a file that has its ending already.
pub fn attachment(name: &str) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let is_ending =
        !extension.is_empty() && extension.len() <= 10 && extension.bytes().all(|it| it.is_ascii_alphanumeric());
    if is_ending && !stem.is_empty() {
        return disposition("attachment", stem, extension);
    }
    let name = file_name(name);
    let ascii: String = name.chars().map(|it| if it.is_ascii() { it } else { '_' }).collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", utf8_percent_encode(&name, &ATTRIBUTE))
}

/// A title as a file can be called on any system: one line, no separators of paths, no quotes, no dots at its ends.
fn file_name(title: &str) -> String {
    let line = atrium::text::line(title);
    let kept = line.replace(['/', '\\', ':', '*', '?', '"', '<', '>', '|', '%'], "-");
    let short: String = kept.chars().take(NAME_MAX).collect();
    let name = short.trim_matches(['.', ' ', '-']);
    if name.is_empty() { "Conversation".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_a_name_that_every_system_takes() {
        for (title, expected) in [
            ("Tides", "attachment; filename=\"Tides.md\"; filename*=UTF-8''Tides.md"),
            ("潮汐 é", "attachment; filename=\"__ _.md\"; filename*=UTF-8''%E6%BD%AE%E6%B1%90%20%C3%A9.md"),
            ("../../etc/passwd", "attachment; filename=\"etc-passwd.md\"; filename*=UTF-8''etc-passwd.md"),
            (
                "a\"; filename=\"b.exe",
                "attachment; filename=\"a-; filename=-b.exe.md\"; filename*=UTF-8''a-%3B%20filename%3D-b.exe.md",
            ),
            (
                "x\r\nset-cookie: y",
                "attachment; filename=\"x set-cookie- y.md\"; filename*=UTF-8''x%20set-cookie-%20y.md",
            ),
            ("...", "attachment; filename=\"Conversation.md\"; filename*=UTF-8''Conversation.md"),
        ] {
            assert_eq!(disposition("attachment", title, "md"), expected);
        }
        assert_eq!(file_name(&"世".repeat(200)).chars().count(), NAME_MAX);
    }
}
