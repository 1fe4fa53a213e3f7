//! What clients of other systems speak, so that they work against Atrium unchanged.
//!
//! One module a dialect: [`agents`](super::agents) is agents and conversations, [`gemini`](super::gemini) the anonymous chat,
//! [`guide`](super::guide) the standard guide, [`platform`](super::platform) the agent platform. They translate and decide nothing: all of them see the same agents, conversations and people, by the same ids, through the
//! functions of `domain` that v1 uses. Here is what they share: bodies, refusals, pages, waiting for an answer; and `auth/`,
//! whose paths several of them call.

pub mod auth;
pub mod cookies;
pub mod exchange;
pub mod fields;
pub mod long;
pub mod paging;
pub mod people;
pub mod refusal;

use super::{agents, gemini, guide, platform};
use crate::web::App;
use axum::Router;

/// Every path of theirs. Whose is which stands in their own routers; two of the same path and method do not start.
pub fn router() -> Router<App> {
    Router::new()
        .merge(auth::router())
        .merge(agents::router())
        .merge(gemini::router())
        .merge(guide::router())
        .merge(platform::router())
        .method_not_allowed_fallback(refusal::no_such_method)
}
