//! From what a provider sent when it refused to the [`ProviderError`] that says so.
//!
//! Protocols differ in where they put the reason and in the words they use; what they mean is the same few things.

use std::time::Duration;

use serde_json::Value;

use super::failure::{ProviderError, clip};

/// A refusal as it arrived: in place of a reply, or inside a stream.
pub(super) struct Refusal<'a> {
    /// HTTP status; `None` inside a stream.
    pub status: Option<u16>,
    pub body: &'a Value,
    pub retry_after: Option<Duration>,
    /// The model that was asked for, when one was.
    pub model: Option<&'a str>,
    /// Taken out of whatever the provider said.
    pub key: Option<&'a str>,
}

/// A reply's body for [`Refusal`]: JSON if it is, else its text; nothing of an HTML page.
pub(super) fn body_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(bytes);
        if is_html(&text) { Value::Null } else { Value::String(text.into_owned()) }
    })
}

/// Whether a reply's beginning is that of a web page.
pub(super) fn is_html(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('<')
}

/// `text` without the key, short enough to be shown.
pub(super) fn quotable(text: &str, key: Option<&str>) -> String {
    match key {
        Some(key) if !key.is_empty() => clip(&text.replace(key, "[key]")),
        _ => clip(text),
    }
}

impl Refusal<'_> {
    /// What the refusal means.
    pub(super) fn meaning(&self) -> ProviderError {
        let message = self.message();
        let text = message.as_deref().unwrap_or_default().to_lowercase();
        let labels = self.labels();
        let labelled = |wanted: &[&str]| labels.iter().any(|label| wanted.contains(&label.as_str()));
        let says = |wanted: &[&str]| wanted.iter().any(|it| text.contains(it));
        // Streams that relay another provider put its status into the error object.
        let is_error = |it: &u16| (400..600).contains(it);
        let status = self.status.or_else(|| labels.iter().find_map(|it| it.parse().ok().filter(is_error)));

        if labelled(&["insufficient_quota", "billing_error", "insufficient_credits"])
            || status == Some(402)
            || says(&["credit balance is too low", "insufficient balance"])
        {
            ProviderError::QuotaExhausted { message }
        } else if matches!(status, Some(401 | 403))
            || labelled(&["authentication_error", "permission_error", "invalid_api_key", "permission_denied"])
            || says(&["api key not valid", "api key expired", "invalid api key"])
        {
            ProviderError::Unauthorised { message }
        } else if status == Some(413)
            || labelled(&["context_length_exceeded", "exceed_context_size_error", "request_too_large"])
            || says(&[
                "context length",
                "context window",
                "context size",
                "prompt is too long",
                "too many tokens",
                "input token count",
            ])
        {
            ProviderError::ContextTooLong { message }
        } else if status == Some(429) || labelled(&["rate_limit_error", "rate_limit_exceeded", "resource_exhausted"]) {
            ProviderError::RateLimited { retry_after: self.retry_after.or_else(|| self.retry_delay()), message }
        } else if let Some(model) = self.model
            && (labelled(&["model_not_found"])
                || (matches!(status, Some(404)) || labelled(&["not_found_error"])) && says(&["model"])
                || says(&["not a valid model", "unknown model", "model not found", "model does not exist"]))
        {
            ProviderError::ModelNotFound { model: clip(model), message }
        } else if matches!(status, Some(408 | 500..))
            || status.is_none() && labelled(&["overloaded_error", "api_error", "server_error", "internal_error"])
        {
            ProviderError::Unavailable { status, message }
        } else if status == Some(404) {
            let words = message.map(|it| format!(": “{it}”")).unwrap_or_default();
            ProviderError::protocol(format!("there is nothing at this address (HTTP 404{words})"))
        } else {
            ProviderError::Refused { status, message }
        }
    }

    /// The provider's own words, wherever its protocol keeps them.
    fn message(&self) -> Option<String> {
        let body = self.body.get(0).unwrap_or(self.body);
        let text = ["/error/message", "/error", "/message", "/detail", "/detail/message", "/errors/0/message", ""]
            .iter()
            .find_map(|place| body.pointer(place).and_then(Value::as_str).map(str::to_owned))
            .or_else(|| validation(body.get("detail")?))?;
        let text = quotable(&text, self.key);
        (!text.is_empty()).then_some(text)
    }

    /// The words and numbers by which protocols tell errors apart, in lower case.
    fn labels(&self) -> Vec<String> {
        let body = self.body.get(0).unwrap_or(self.body);
        ["/error/code", "/error/type", "/error/status", "/code", "/type", "/error_type"]
            .iter()
            .filter_map(|place| match body.pointer(place)? {
                Value::String(word) => Some(word.to_lowercase()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            })
            .collect()
    }

    /// Google says in the body when to come back: `"retryDelay": "34s"`.
    fn retry_delay(&self) -> Option<Duration> {
        let details = self.body.get(0).unwrap_or(self.body).pointer("/error/details")?.as_array()?;
        let delay = details.iter().find_map(|it| it.get("retryDelay")?.as_str())?;
        Duration::try_from_secs_f64(delay.strip_suffix('s')?.parse().ok()?).ok()
    }
}

/// Validation errors of Python servers: `[{"loc": ["body", "temperature"], "msg": "…"}]`.
fn validation(detail: &Value) -> Option<String> {
    let first = detail.get(0)?;
    let place: Vec<&str> = first.get("loc")?.as_array()?.iter().filter_map(Value::as_str).collect();
    Some(format!("{}: {}", place.join("."), first.get("msg")?.as_str()?))
}
