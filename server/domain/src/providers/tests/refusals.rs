//! From status and body to an error, by table: real replies of real providers.

use super::*;
use crate::providers::failure::Wait;
use crate::providers::refusal::{Refusal, body_of};
use atrium::people::Viewer;
use uuid::Uuid;

fn meaning(status: Option<u16>, body: &str) -> ProviderError {
    let body = body_of(body.as_bytes());
    Refusal { status, body: &body, retry_after: None, model: Some("m"), key: Some(KEY) }.meaning()
}

#[test]
fn replies_of_real_providers() {
    let table = [
        (
            400,
            r#"{"error":{"message":"This model's maximum context length is 8192 tokens.","code":"context_length_exceeded"}}"#,
            "context_too_long",
        ),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
            "context_too_long",
        ),
        (
            400,
            r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#,
            "context_too_long",
        ),
        (
            400,
            r#"{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed","status":"INVALID_ARGUMENT"}}"#,
            "context_too_long",
        ),
        (413, "", "context_too_long"),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}"#,
            "provider_quota_exhausted",
        ),
        (402, r#"{"error":{"message":"Insufficient Balance"}}"#, "provider_quota_exhausted"),
        (403, r#"{"error":{"message":"Country not supported"}}"#, "provider_unauthorised"),
        (
            404,
            r#"{"error":{"message":"The model `m` does not exist or you do not have access to it.","code":"model_not_found"}}"#,
            "model_not_found",
        ),
        (
            404,
            r#"{"object":"error","message":"The model `m` does not exist.","type":"NotFoundError","code":404}"#,
            "model_not_found",
        ),
        (404, r#"{"type":"error","error":{"type":"not_found_error","message":"model: m"}}"#, "model_not_found"),
        (404, r#"{"error":"model \"m\" not found, try pulling it first"}"#, "model_not_found"),
        (400, r#"{"error":{"message":"m is not a valid model ID","code":400}}"#, "model_not_found"),
        (404, "404 page not found", "provider_protocol"),
        (404, "<html><body>Not Found</body></html>", "provider_protocol"),
        (
            429,
            r#"{"error":{"code":429,"message":"You exceeded your current quota, please check your plan","status":"RESOURCE_EXHAUSTED"}}"#,
            "provider_rate_limited",
        ),
        (405, r#"{"detail":"Method Not Allowed"}"#, "provider_refused"),
        (
            503,
            r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#,
            "provider_unavailable",
        ),
        (529, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, "provider_unavailable"),
        (408, "", "provider_unavailable"),
    ];
    for (status, body, code) in table {
        assert_eq!(meaning(Some(status), body).code(), code, "{status} {body}");
    }
}

#[test]
fn google_says_in_the_body_when_to_come_back() {
    let body = r#"{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"x"},{"retryDelay":"33.4s"}]}}"#;
    let error = meaning(Some(429), body);
    assert!(error.to_string().contains("Try again in 34 s."), "{error}");
}

#[test]
fn a_providers_own_words_are_one_short_line_without_the_key() {
    let long = format!("{KEY} first\n\tsecond\u{0} {}", "é".repeat(1000));
    let ProviderError::Refused { message: Some(message), .. } = meaning(Some(400), &long) else { panic!() };
    assert!(message.starts_with("[key] first second é"), "{message}");
    assert!(message.ends_with("é…"), "{message}");
    assert_eq!(message.chars().count(), 300);
}

#[test]
fn only_who_runs_the_server_hears_where_its_providers_are() {
    let ada = Viewer {
        id: Uuid::from_u128(1).into(),
        organisation: Uuid::from_u128(1).into(),
        role: atrium::people::Role::Admin,
        is_superuser: false,
        name: "Ada".to_owned(),
        email: "ada@example.org".to_owned(),
        username: "ada".to_owned(),
        impersonator: None,
        avatar: None,
    };
    let root = Viewer { is_superuser: true, ..ada.clone() };
    let host = || "models.internal:8443".to_owned();
    for error in [
        ProviderError::AddressInvalid { address: host(), reason: "no such scheme".to_owned() },
        ProviderError::Unreachable { host: host(), reason: "connection refused".to_owned() },
        ProviderError::Timeout { host: host(), wait: Wait::FirstByte, after: Duration::from_secs(60) },
        ProviderError::LocalModelMissing { path: "/srv/models.internal/small.gguf".to_owned() },
    ] {
        assert_eq!(error.clone().told_to(&root), error);
        assert!(error.to_string().contains("models.internal"));
        let told = error.clone().told_to(&ada);
        assert_eq!(told.code(), error.code(), "programs see the same");
        assert!(!told.to_string().contains("internal"), "{told}");
        assert!(told.to_string().contains("administrator"), "{told}");
    }
    let refused = ProviderError::RateLimited { retry_after: None, message: Some("slow down".to_owned()) };
    assert_eq!(refused.clone().told_to(&ada), refused, "what holds no place is for everybody");
}
