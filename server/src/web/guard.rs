//! What every request must pass: its host, its origin if it changes something; and the headers that every reply has.

use super::App;
use super::errors::plain;
use atrium_domain::Atrium;
use atrium_domain::settings::Boot;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, HeaderValue, ORIGIN, UPGRADE, USER_AGENT};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use std::net::{IpAddr, SocketAddr};

/// What has no policy of its own is no page: should a browser take it for one, it may do nothing.
const REPLY_HEADERS: [(&str, &str); 6] = [
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
];

/// Refuses what comes for another host or from another origin, then sees to the reply's headers.
pub async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&app, &request) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in REPLY_HEADERS {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    if let Some(value) = hsts(app.atrium.settings.boot()).and_then(|it| HeaderValue::from_str(&it).ok()) {
        headers.insert("strict-transport-security", value);
    }
    response
}

fn refusal(app: &App, request: &Request) -> Option<Response> {
    let boot = app.atrium.settings.boot();
    let host = host(request);
    let allowed: Vec<_> = boot.list("allowed_hosts").collect();
    // Whoever asks how the server is may come by its address, and behind no proxy.
    let is_probe = is_probe(request.uri().path());
    if !is_probe
        && !allowed.contains(&"*")
        && !host.as_deref().is_some_and(|it| allowed.iter().any(|allowed| matches_host(allowed, it)))
    {
        return Some(plain(
            StatusCode::BAD_REQUEST,
            "This server does not answer to that host name. ALLOWED_HOSTS lists those that it does.",
        ));
    }
    let secure = boot.filled("public_url").filter(|it| it.starts_with("https://"));
    if !is_probe
        && boot.flag("secure_ssl_redirect")
        && is_plain_http(&app.atrium, request)
        && let Some(public) = secure
    {
        let path = request.uri().path_and_query().map_or("/", |it| it.as_str());
        return Some(Redirect::permanent(&format!("{}{path}", public.trim_end_matches('/'))).into_response());
    }
    if (!is_safe(request.method()) || opens_a_socket(request.headers()))
        && !is_same_origin(request.headers(), host.as_deref(), boot.text("public_url"))
        && !is_from_elsewhere_on_purpose(boot, request)
    {
        return Some(plain(
            StatusCode::FORBIDDEN,
            "The request came from another site and was refused. If you opened Atrium under an unusual address, set ATRIUM_PUBLIC_URL to it.",
        ));
    }
    None
}

fn is_probe(path: &str) -> bool {
    matches!(path, "/api/health" | "/api/health/db" | "/metrics")
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// A WebSocket is opened by GET, does what a POST does, and another site's page may read it.
fn opens_a_socket(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Browsers say where a request comes from: by `Sec-Fetch-Site`, older ones by `Origin`. What says neither is no
/// browser, and no browser's cookie can ride on it.
fn is_same_origin(headers: &HeaderMap, host: Option<&str>, public_url: &str) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|it| it.to_str().unwrap_or("invalid"));
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    match text(ORIGIN) {
        None => true,
        Some(origin) => {
            let public = public_url.split('/').take(3).collect::<Vec<_>>().join("/");
            let of_origin = origin.split_once("://").map(|it| it.1);
            origin == public || of_origin.is_some() && of_origin == host
        }
    }
}

/// Calls of the API from other sites' pages: those that were named may; and what carries a token carries no cookie's
/// authority. A browser sends such a header to another site only after asking, and then CORS decides.
fn is_from_elsewhere_on_purpose(boot: &Boot, request: &Request) -> bool {
    if !crate::api::is_api(request.uri().path()) {
        return false;
    }
    let origin = request.headers().get(ORIGIN).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let is_named = boot.list("cors_allowed_origins").any(|it| it.trim_end_matches('/') == origin);
    let has_cookie = request.headers().contains_key(COOKIE);
    request.headers().contains_key(AUTHORIZATION)
        || is_named && (boot.flag("cors_allow_credentials") || !has_cookie)
        || boot.flag("cors_allow_all_origins") && !has_cookie
}

fn host(request: &Request) -> Option<String> {
    let header = request.headers().get(HOST).and_then(|it| it.to_str().ok());
    header.or_else(|| request.uri().authority().map(|it| it.as_str())).map(str::to_ascii_lowercase)
}

/// As Django understands its ALLOWED_HOSTS: names without port, a leading dot for subdomains too.
fn matches_host(allowed: &str, host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|it| it.is_ascii_digit()) => name,
        _ => host,
    };
    let allowed = allowed.to_ascii_lowercase();
    match allowed.strip_prefix('.') {
        Some(domain) => name == domain || name.ends_with(&allowed),
        None => name == allowed,
    }
}

fn is_plain_http(atrium: &Atrium, request: &Request) -> bool {
    let forwarded = request.headers().get("x-forwarded-proto").and_then(|it| it.to_str().ok());
    !(peer(request).is_some_and(|it| is_trusted(atrium, it)) && forwarded == Some("https"))
}

fn hsts(boot: &Boot) -> Option<String> {
    let seconds: u32 = boot.text("secure_hsts_seconds").parse().ok().filter(|it| *it > 0)?;
    let subdomains = if boot.flag("secure_hsts_include_subdomains") { "; includeSubDomains" } else { "" };
    let preload = if boot.flag("secure_hsts_preload") { "; preload" } else { "" };
    Some(format!("max-age={seconds}{subdomains}{preload}"))
}

fn peer(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|it| it.0.ip())
}

fn is_trusted(atrium: &Atrium, address: IpAddr) -> bool {
    atrium.settings.boot().trusts(address)
}

/// Whoever asks: the peer, or what a trusted proxy says of it.
pub fn client_address(atrium: &Atrium, request: &Request) -> String {
    let Some(peer) = peer(request) else { return "unknown".to_owned() };
    if is_trusted(atrium, peer) {
        // From the right: what stands to the left of the last untrusted address anybody can have written. Some proxies add
        // a line of their own instead of prolonging the one that came.
        let lines: Vec<_> =
            request.headers().get_all("x-forwarded-for").iter().filter_map(|it| it.to_str().ok()).collect();
        let hops = lines.iter().rev().flat_map(|it| it.rsplit(',')).filter_map(|it| it.trim().parse().ok());
        if let Some(client) = hops.into_iter().find(|it| !is_trusted(atrium, *it)) {
            return client.to_string();
        }
    }
    peer.to_string()
}

/// What the browser or program calls itself.
pub fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(USER_AGENT).and_then(|it| it.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_the_same_origin_may_change_something() {
        let host = Some("atrium.example:3000");
        let same = |pairs: &[_]| is_same_origin(&headers(pairs), host, "https://public.example/");
        assert!(same(&[]));
        assert!(same(&[("sec-fetch-site", "same-origin")]));
        assert!(same(&[("origin", "http://atrium.example:3000")]));
        assert!(same(&[("origin", "https://public.example")]));
        assert!(!same(&[("sec-fetch-site", "cross-site")]));
        assert!(!same(&[("sec-fetch-site", "same-site")]));
        assert!(!same(&[("origin", "https://evil.example")]));
        assert!(!same(&[("origin", "null")]));
        assert!(!same(&[("sec-fetch-site", "cross-site"), ("origin", "http://atrium.example:3000")]));
    }

    #[test]
    fn hosts_match_as_in_django() {
        assert!(matches_host("atrium.example", "atrium.example:8080"));
        assert!(matches_host(".example", "a.example"));
        assert!(matches_host(".example", "example"));
        assert!(!matches_host("atrium.example", "evil-atrium.example"));
        assert!(!matches_host(".example", "badexample"));
    }
}
