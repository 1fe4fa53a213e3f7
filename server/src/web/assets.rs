//! The browser half, embedded: hashed names, compressed when it was built.

use atrium_app::Assets;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use leptos::config::LeptosOptions;
use rust_embed::RustEmbed;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "../target/site"]
struct Site;

/// From a file's name to its name with hash.
static MANIFEST: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    Site::get("manifest.json").and_then(|it| serde_json::from_slice(&it.data).ok()).unwrap_or_default()
});

/// Where pages find their styles and scripts.
pub fn assets() -> Assets {
    Assets {
        style: MANIFEST.get("atrium.css").map(|it| format!("/assets/{it}")),
        has_script: MANIFEST.contains_key("app"),
    }
}

/// Leptos' hydration script takes the file names from here.
pub fn leptos_options() -> LeptosOptions {
    let name = MANIFEST.get("app").cloned().unwrap_or_else(|| "atrium".to_owned());
    LeptosOptions::builder().output_name(name).site_pkg_dir("assets").build()
}

/// `GET /assets/{name}`: names carry a hash, so they are good for ever.
pub async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    // Leptos asks for `…_bg.wasm` unless it was compiled by cargo-leptos.
    let name = name.replace("_bg.wasm", ".wasm");
    file(&name, &headers, "public, max-age=31536000, immutable")
}

/// The few files whose names are fixed.
pub async fn serve_root(request: Request) -> Response {
    let name = request.uri().path().trim_start_matches('/');
    let hashed = MANIFEST.get(name).map_or(name, String::as_str);
    file(hashed, request.headers(), "public, max-age=3600")
}

fn file(name: &str, headers: &HeaderMap, cache: &'static str) -> Response {
    if name == "manifest.json" {
        return StatusCode::NOT_FOUND.into_response();
    }
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let packed = [("br", ".br"), ("gzip", ".gz")].into_iter().find_map(|(encoding, suffix)| {
        let accepts = accepted.split(',').any(|it| {
            it.split(';').next().is_some_and(|it| it.trim() == encoding)
                && !it.contains("q=0,")
                && !it.trim_end().ends_with("q=0")
        });
        Some((Some(encoding), accepts.then(|| Site::get(&format!("{name}{suffix}"))).flatten()?))
    });
    let Some((encoding, found)) = packed.or_else(|| Some((None, Site::get(name)?))) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let etag = format!(
        "\"{}{}\"",
        &atrium_domain::seal::hex(&found.metadata.sha256_hash())[..16],
        encoding.unwrap_or_default()
    );
    if headers.get(IF_NONE_MATCH).and_then(|it| it.to_str().ok()) == Some(&etag) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let body = match found.data {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    };
    let mut response = body.into_response();
    let reply = response.headers_mut();
    reply.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    reply.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    reply.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        reply.insert(ETAG, etag);
    }
    if let Some(encoding) = encoding {
        reply.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
