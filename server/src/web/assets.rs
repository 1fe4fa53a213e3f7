//! The browser half, embedded: hashed names, compressed when it was built.

use atrium_app::Assets;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use leptos::config::LeptosOptions;
use rust_embed::RustEmbed;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "../target/site"]
struct Site;

/// While somebody works on the pages, files come from this folder as they are at that moment; `make watch` sets it.
static WATCHED: LazyLock<Option<PathBuf>> = LazyLock::new(|| std::env::var_os("ATRIUM_SITE").map(PathBuf::from));

/// From a file's name to its name with hash.
static MANIFEST: LazyLock<Manifest> = LazyLock::new(read_manifest);

type Manifest = BTreeMap<String, String>;

fn read_manifest() -> Manifest {
    load("manifest.json").and_then(|it| serde_json::from_slice(&it).ok()).unwrap_or_default()
}

fn manifest() -> Cow<'static, Manifest> {
    if WATCHED.is_some() { Cow::Owned(read_manifest()) } else { Cow::Borrowed(&*MANIFEST) }
}

fn load(name: &str) -> Option<Cow<'static, [u8]>> {
    match &*WATCHED {
        // One path segment, as the route has it: there is no way out of the folder.
        Some(folder) if !name.contains(['/', '\\']) && !name.starts_with('.') => {
            std::fs::read(folder.join(name)).ok().map(Cow::Owned)
        }
        Some(_) => None,
        None => Site::get(name).map(|it| it.data),
    }
}

/// Where pages find their styles and scripts.
pub fn assets() -> Assets {
    let manifest = manifest();
    Assets {
        style: manifest.get("atrium.css").map(|it| format!("/assets/{it}")),
        has_script: manifest.contains_key("app"),
    }
}

/// The path of a file by its name without hash.
pub fn asset(name: &str) -> String {
    format!("/assets/{}", manifest().get(name).map_or(name, String::as_str))
}

/// Leptos' hydration script takes the file names from here.
pub fn leptos_options() -> LeptosOptions {
    let name = manifest().get("app").cloned().unwrap_or_else(|| "atrium".to_owned());
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
    let name = match request.uri().path().trim_start_matches('/') {
        // Where nobody tells them otherwise, browsers ask for this one.
        "favicon.ico" => "favicon.svg",
        name => name,
    };
    // An old worker would go on showing an old page.
    let cache = if name == "service-worker.js" { "no-cache" } else { "public, max-age=3600" };
    let manifest = manifest();
    let hashed = manifest.get(name).map_or(name, String::as_str);
    file(hashed, request.headers(), cache)
}

fn file(name: &str, headers: &HeaderMap, cache: &'static str) -> Response {
    if name == "manifest.json" {
        return StatusCode::NOT_FOUND.into_response();
    }
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let packed = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(encoding, _)| accepts(accepted, encoding))
        .find_map(|(encoding, suffix)| Some((Some(encoding), load(&format!("{name}{suffix}"))?)));
    let Some((encoding, data)) = packed.or_else(|| Some((None, load(name)?))) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // The name holds a hash of what is in the file.
    let etag = format!("\"{name}{}\"", encoding.unwrap_or_default());
    if headers.get(IF_NONE_MATCH).and_then(|it| it.to_str().ok()) == Some(&etag) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let body = match data {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    };
    let mut response = body.into_response();
    let reply = response.headers_mut();
    reply.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    reply.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    reply.insert(VARY, HeaderValue::from_static("accept-encoding"));
    let policy = match name.rsplit('.').next() {
        // Its own styles, also where it is opened by itself.
        Some("svg") => Some("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
        // A worker is under the policy that its own file came with.
        Some("js") if name.starts_with("service-worker.") => Some("default-src 'none'; connect-src 'self'"),
        Some("html") => Some(
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        _ => None,
    };
    if let Some(policy) = policy {
        reply.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    }
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        reply.insert(ETAG, etag);
    }
    if let Some(encoding) = encoding {
        reply.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Whether `Accept-Encoding` names `encoding` and does not rule it out by `q=0`.
fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|it| {
        let (name, weight) = it.split_once(';').unwrap_or((it, "q=1"));
        let weight = weight.trim().trim_start_matches("q=").parse::<f32>();
        name.trim() == encoding && !weight.is_ok_and(|it| it <= 0.0)
    })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_with_weight_zero_is_not_wanted() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("br;q=0.1", "br"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("brotli", "br"));
        assert!(!accepts("", "gzip"));
    }
}
