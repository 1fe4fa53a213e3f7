//! Cookies that clients of older systems wait for.

use crate::web::App;
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

/// What clients send back in `X-CSRFToken`. Other sites' requests are refused by their origin; it is set for clients that
/// wait for it.
const CSRF: &str = "csrftoken";
/// Seconds.
const YEAR: u32 = 365 * 86_400;

/// The value of a cookie.
pub fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|it| it.to_str().ok());
    let mut pairs = lines.flat_map(|it| it.split(';')).filter_map(|it| it.trim().split_once('='));
    pairs.find(|it| it.0 == name).map(|it| it.1)
}

/// What sets a cookie, for a year.
pub fn set(app: &App, name: &str, value: &str, is_http_only: bool) -> Option<HeaderValue> {
    let is_tls = app.atrium.settings.boot().text("public_url").starts_with("https://");
    let (http_only, secure) = (if is_http_only { "; HttpOnly" } else { "" }, if is_tls { "; Secure" } else { "" });
    HeaderValue::from_str(&format!("{name}={value}; Path=/; Max-Age={YEAR}; SameSite=Lax{http_only}{secure}")).ok()
}

/// What sets the cookie that a script of the client's reads and sends back; the one that it has stays.
pub fn csrf(app: &App, headers: &HeaderMap) -> Option<HeaderValue> {
    let known = value(headers, CSRF).filter(|it| it.len() >= 32).map(str::to_owned);
    set(app, CSRF, &known.unwrap_or_else(|| app.atrium.guests.new_key().replace('-', "")), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("a=1; atrium_visitor=x=y;b=2"));
        assert_eq!(value(&headers, "atrium_visitor"), Some("x=y"));
        assert_eq!(value(&headers, "c"), None);
    }
}
