//! What is said: JSON objects with a `type`. An `id` that comes with a request goes back with its reply.

use crate::api::body::read;
use crate::api::error::{ApiError, ApiResult, Problem};
use crate::api::v1::runs::RunEvent;
use atrium_domain::Error;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Characters of a request's `id`.
const ID_MAX: usize = 100;
const TYPES: &str = "auth, send, follow, unfollow, stop or ping";

/// What is asked.
#[derive(Debug)]
pub enum Request {
    Auth(Auth),
    Send(Send),
    Follow(Follow),
    Unfollow(Named),
    Stop(Named),
    Ping,
}

/// Shows who asks, or shows it anew before the token expires.
#[derive(Deserialize)]
pub struct Auth {
    pub token: String,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Auth")
    }
}

/// A message to an agent. Without a conversation it begins one, in the project if one is named.
#[derive(Debug, Deserialize)]
pub struct Send {
    #[serde(default)]
    pub conversation: Option<Uuid>,
    #[serde(default)]
    pub project: Option<Uuid>,
    #[serde(default)]
    pub agent: Option<Uuid>,
    pub content: String,
    /// Whether the answer is followed from its first word on.
    #[serde(default = "yes")]
    pub follow: bool,
}

fn yes() -> bool {
    true
}

/// A run, and the position after which to begin.
#[derive(Debug, Deserialize)]
pub struct Follow {
    pub run: Uuid,
    #[serde(default)]
    pub after: u64,
}

#[derive(Debug, Deserialize)]
pub struct Named {
    pub run: Uuid,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    id: Option<Value>,
    #[serde(rename = "type")]
    kind: String,
}

/// Reads a request; its `id` also when the rest is wrong, as far as there is one.
pub fn parse(text: &str) -> (Option<Value>, ApiResult<Request>) {
    let envelope: Envelope = match read(text.as_bytes()) {
        Ok(envelope) => envelope,
        Err(error) => return (None, Err(error)),
    };
    let is_good = match &envelope.id {
        None => true,
        Some(Value::String(it)) => it.chars().count() <= ID_MAX,
        Some(it) => it.is_i64() || it.is_u64(),
    };
    if !is_good {
        return (None, Err(Error::field("id", format!("Use a number or at most {ID_MAX} characters.")).into()));
    }
    let text = text.as_bytes();
    let request = match envelope.kind.as_str() {
        "auth" => read(text).map(Request::Auth),
        "send" => read(text).map(Request::Send),
        "follow" => read(text).map(Request::Follow),
        "unfollow" => read(text).map(Request::Unfollow),
        "stop" => read(text).map(Request::Stop),
        "ping" => Ok(Request::Ping),
        _ => Err(ApiError::new(StatusCode::BAD_REQUEST, "unknown_type", format!("The type is {TYPES}."))),
    };
    (envelope.id, request)
}

/// What is replied, and what is told of runs that are followed.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Told {
    Authenticated {
        user: Uuid,
    },
    Sent {
        conversation: Uuid,
        /// The answer.
        message: Uuid,
        run: Uuid,
    },
    Following {
        run: Uuid,
    },
    Unfollowed {
        run: Uuid,
    },
    Stopping {
        run: Uuid,
    },
    Pong,
    Event {
        run: Uuid,
        /// Where to begin to get what follows.
        position: u64,
        event: RunEvent,
    },
    Error {
        error: Problem,
    },
}

#[derive(Serialize)]
struct Frame {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    #[serde(flatten)]
    told: Told,
}

/// As sent.
pub fn write(id: Option<Value>, told: Told) -> String {
    // Our own types always serialise.
    serde_json::to_string(&Frame { id, told }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (Option<Value>, atrium::Failure) {
        let (id, outcome) = parse(text);
        (id, outcome.map(|it| format!("{it:?}")).unwrap_err().into_failure())
    }

    #[test]
    fn what_is_wrong_is_named_and_the_id_comes_back() {
        assert_eq!(refused("{").1.code, "malformed_json");
        assert_eq!(refused("[]").1.field("body"), Some("Send a JSON object."));
        assert_eq!(refused(r#"{"id": 7}"#).1.field("type"), Some("This field is required."));
        assert_eq!(refused(r#"{"id": {}, "type": "ping"}"#).1.fields[0].field, "id");
        let (id, failure) = refused(r#"{"id": "a", "type": "dance"}"#);
        assert_eq!((id, failure.code.as_str()), (Some("a".into()), "unknown_type"));
        let (id, failure) = refused(r#"{"id": 7, "type": "send"}"#);
        assert_eq!((id, failure.field("content")), (Some(7.into()), Some("This field is required.")));
        assert!(refused(r#"{"type": "follow", "run": "x"}"#).1.field("run").is_some());
        assert!(
            refused(r#"{"type": "follow", "run": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "after": -1}"#)
                .1
                .field("after")
                .is_some()
        );
        assert!(matches!(parse(r#"{"type": "ping"}"#), (None, Ok(Request::Ping))));
    }

    #[test]
    fn replies_are_flat() {
        assert_eq!(write(Some(1.into()), Told::Pong), r#"{"id":1,"type":"pong"}"#);
        assert_eq!(
            write(None, Told::Following { run: Uuid::nil() }),
            r#"{"type":"following","run":"00000000-0000-0000-0000-000000000000"}"#
        );
    }
}
