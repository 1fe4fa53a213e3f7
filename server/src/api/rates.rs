//! How often one caller may ask: counted in this process, told with every reply.
//!
//! Sign-ins are counted in the database besides, together with every other server on it.

use super::error::ApiError;
use super::identity::{Caller, Identity};
use atrium_domain::{Atrium, Error, limits};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;

type Limiter = RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// Keys after which those that are idle are forgotten.
const KEYS: usize = 10_000;

/// The counters; none where nothing is limited. Cheap to clone.
#[derive(Clone)]
pub struct Rates(Option<(Arc<Limiter>, u32)>);

impl Rates {
    /// As the settings say.
    pub fn new(atrium: &Atrium) -> Self {
        Self::per_minute(atrium.settings.boot().number("api_requests_per_minute"))
    }

    /// So many in a minute; 0 is no limit.
    pub fn per_minute(count: u32) -> Self {
        Self(NonZeroU32::new(count).map(|it| {
            let limiter = RateLimiter::keyed(Quota::per_minute(it)).with_middleware::<StateInformationMiddleware>();
            (Arc::new(limiter), it.get())
        }))
    }

    /// Counts what is asked over a socket like a request.
    ///
    /// # Errors
    /// When it was one too many.
    pub fn hit(&self, caller: Option<&Caller>, address: &str) -> Result<(), Error> {
        match &self.0 {
            Some((limiter, per_minute)) => count(limiter, *per_minute, &key(caller, address)).map(drop),
            None => Ok(()),
        }
    }
}

/// One key a person, however many tokens they have; else one a network.
fn key(caller: Option<&Caller>, address: &str) -> String {
    caller.map_or_else(|| limits::network(address), |it| it.viewer.id.to_string())
}

/// How many more may follow at once.
fn count(limiter: &Limiter, per_minute: u32, key: &String) -> Result<u32, Error> {
    if limiter.len() > KEYS {
        limiter.retain_recent();
    }
    limiter.check_key(key).map(|it| it.remaining_burst_capacity()).map_err(|early| {
        let retry_after = early.wait_time_from(DefaultClock::default().now()).as_secs().max(1);
        let message = format!("Too many requests: {per_minute} a minute are let through.");
        Error::RateLimited { message, retry_after }
    })
}

/// Lets through what is not too much.
pub async fn limit(State(rates): State<Rates>, request: Request, next: Next) -> Response {
    let (Some((limiter, per_minute)), Some(identity)) = (rates.0, request.extensions().get::<Identity>()) else {
        return next.run(request).await;
    };
    let (mut response, remaining, reset) = match count(&limiter, per_minute, &key(identity.caller(), &identity.address))
    {
        Ok(remaining) => {
            let used = u64::from(per_minute.saturating_sub(remaining));
            (next.run(request).await, remaining, (used * 60).div_ceil(u64::from(per_minute)))
        }
        Err(error) => {
            let retry_after = error.to_failure().retry_after.unwrap_or(1);
            (ApiError::from(error).into_response(), 0, retry_after)
        }
    };
    let headers = response.headers_mut();
    for (name, value) in [
        ("ratelimit-limit", u64::from(per_minute)),
        ("ratelimit-remaining", u64::from(remaining)),
        ("ratelimit-reset", reset),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
    response
}
