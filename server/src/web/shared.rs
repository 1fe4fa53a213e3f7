//! How often shared conversations are looked at: anybody may who has a link, and each look is a walk through a conversation
//! whose answers are rendered anew.

use super::App;
use super::errors::respond;
use super::guard::client_address;
use crate::api::Rates;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

/// Looks from one network in a minute: a class that opens a link together, and nobody who tries links out.
const PER_MINUTE: u32 = 60;

/// The counter, on this server.
pub fn rates() -> Rates {
    Rates::per_minute(PER_MINUTE)
}

/// Lets through what is not too much; other pages always.
pub async fn limit(State((app, rates)): State<(App, Rates)>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/shared/")
        && let Err(error) = rates.hit(None, &client_address(&app.atrium, &request))
    {
        return respond(&error, &request);
    }
    next.run(request).await
}
