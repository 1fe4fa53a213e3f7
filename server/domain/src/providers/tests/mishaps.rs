//! What goes wrong before an answer begins, the same for every protocol.

use super::*;
use fake::Script;

const PAGE: &str = "<!DOCTYPE html><html><title>Sign in</title></html>";

#[tokio::test]
async fn nobody_listens() {
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for protocol in Protocol::ALL {
        let adapter = protocol.at(&format!("http://{free}"));
        let error = error(&adapter, question()).await;
        assert_eq!(error.code(), "provider_unreachable", "{protocol:?}: {error}");
        assert!(error.is_transient());
        assert!(error.to_string().contains(&free.to_string()), "{error}");
        assert!(error.to_string().to_lowercase().contains("refused"), "{error}");
        assert_eq!(adapter.models().await.unwrap_err().code(), "provider_unreachable");
    }
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    let adapter = Protocol::OpenAi.at("http://no-such-host.invalid");
    let error = error(&adapter, question()).await;
    assert_eq!(error.code(), "provider_unreachable", "{error}");
}

#[tokio::test]
async fn addresses_we_do_not_call() {
    for address in [
        "ftp://example.org",
        "example.org",
        "http://",
        "file:///etc/passwd",
        "http://u:hidden@h",
        "http://h?key=hidden",
    ] {
        let client = Client::new(quick()).unwrap();
        let endpoint = Endpoint { base_url: address.to_owned(), key: Some(KEY.into()) };
        let adapter = Adapter::OpenAi(crate::providers::openai::OpenAi::new(client, endpoint));
        let error = error(&adapter, question()).await;
        assert_eq!(error.code(), "provider_address_invalid", "{address}: {error}");
        assert!(!error.to_string().contains("hidden"), "{error}");
    }
}

#[tokio::test]
async fn a_key_with_a_line_break_in_it() {
    for (key, code) in [("sk-\nsecret", Some("provider_key_malformed")), ("  sk-secret\n", None), (" ", None)] {
        let provider = Provider::start([Script::ok(Protocol::OpenAi.answer("Hi"))]).await;
        let (_, error) = all(&Protocol::OpenAi.with(&provider.url, Some(key), quick()), question()).await;
        assert_eq!(error.map(|it| it.code()), code, "{key:?}");
    }
}

#[tokio::test]
async fn too_many_requests_then_an_answer() {
    for protocol in Protocol::ALL {
        let busy = || Script::status(429, r#"{"error":{"message":"slow down"}}"#).header("retry-after", "0.01");
        let provider = Provider::start([busy(), busy(), Script::ok(protocol.answer("Hi"))]).await;
        assert_eq!(text(&protocol.at(&provider.url), question()).await, "Hi", "{protocol:?}");
        assert_eq!(provider.seen().len(), 3);
    }
}

#[tokio::test]
async fn too_many_requests_for_ever() {
    for protocol in Protocol::ALL {
        let busy = || Script::status(429, r#"{"error":{"message":"slow down"}}"#);
        let provider = Provider::start([busy(), busy(), busy(), busy()]).await;
        let error = error(&protocol.at(&provider.url), question()).await;
        assert_eq!((error.code(), error.is_transient()), ("provider_rate_limited", true), "{protocol:?}");
        assert!(error.to_string().contains("slow down"), "{error}");
        assert_eq!(provider.seen().len(), 3);
    }
}

#[tokio::test]
async fn a_long_retry_after_is_told_and_not_waited_for() {
    let provider = Provider::start([Script::status(429, "").header("retry-after", "120")]).await;
    let error = error(&Protocol::OpenAi.at(&provider.url), question()).await;
    assert_eq!(error, ProviderError::RateLimited { retry_after: Some(Duration::from_secs(120)), message: None });
    assert!(error.to_string().contains("Try again in 120 s."), "{error}");
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test]
async fn no_credit_is_not_tried_again() {
    let body = r#"{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}"#;
    let provider = Provider::start([Script::status(429, body)]).await;
    let error = error(&Protocol::OpenAi.at(&provider.url), question()).await;
    assert_eq!((error.code(), error.is_transient()), ("provider_quota_exhausted", false));
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test]
async fn trouble_then_an_answer() {
    for protocol in Protocol::ALL {
        let provider = Provider::start([Script::status(500, "boom"), Script::ok(protocol.answer("Hi"))]).await;
        assert_eq!(text(&protocol.at(&provider.url), question()).await, "Hi", "{protocol:?}");
    }
}

#[tokio::test]
async fn a_web_page_where_an_answer_should_be() {
    for protocol in Protocol::ALL {
        let provider = Provider::start([Script::ok(PAGE).html(), Script::ok(PAGE), Script::ok(PAGE).html()]).await;
        let adapter = protocol.at(&provider.url);
        for _labelled_or_not in 0..2 {
            let error = error(&adapter, question()).await;
            assert_eq!(error.code(), "provider_protocol", "{protocol:?}");
            assert!(error.to_string().contains("web page (HTML), so the base URL is probably wrong"), "{error}");
        }
        assert_eq!(adapter.models().await.unwrap_err().code(), "provider_protocol");
    }
}

#[tokio::test]
async fn a_web_page_of_a_gateway_that_has_lost_its_server() {
    for protocol in Protocol::ALL {
        let page = || Script::status(502, PAGE).html();
        let provider = Provider::start([page(), page(), page()]).await;
        let error = error(&protocol.at(&provider.url), question()).await;
        assert_eq!(error, ProviderError::Unavailable { status: Some(502), message: None }, "{protocol:?}");
        assert!(!error.to_string().contains('<'), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let provider = Provider::start([
        Script::status(307, "").header("location", "https://elsewhere.example/v1?token=hidden"),
        Script::ok(Protocol::OpenAi.answer("Hi")),
    ])
    .await;
    let error = error(&Protocol::OpenAi.at(&provider.url), question()).await;
    assert_eq!(error.code(), "provider_protocol");
    assert!(error.to_string().contains("“https://elsewhere.example/v1”"), "{error}");
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test]
async fn a_key_that_is_not_accepted() {
    for protocol in Protocol::ALL {
        let body = format!(r#"{{"error":{{"message":"Incorrect API key provided: {KEY}."}}}}"#);
        let provider = Provider::start([Script::status(401, body)]).await;
        let error = error(&protocol.at(&provider.url), question()).await;
        assert_eq!(error.code(), "provider_unauthorised", "{protocol:?}");
        assert!(error.to_string().contains("provided: [key]."), "{error}");
        assert_eq!(provider.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_model_that_is_not_there() {
    for protocol in Protocol::ALL {
        let body = r#"{"error":{"message":"model 'test-model' not found","type":"not_found_error"}}"#;
        let provider = Provider::start([Script::status(404, body)]).await;
        let error = error(&protocol.at(&provider.url), question()).await;
        assert_eq!(error.code(), "model_not_found", "{protocol:?}");
        assert!(error.to_string().contains("no model “test-model”"), "{error}");
    }
}

#[tokio::test]
async fn nothing_is_sent_before_the_stream_is_polled() {
    let provider = Provider::start([]).await;
    let stream = Protocol::OpenAi.at(&provider.url).stream(question());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(provider.seen().is_empty());
    drop(stream);
}
