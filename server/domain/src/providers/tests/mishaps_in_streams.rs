//! What goes wrong once a reply has begun, the same for every protocol.

use super::*;
use fake::{Script, Step};

#[tokio::test]
async fn a_reply_of_nothing() {
    for protocol in Protocol::ALL {
        for body in ["", "\n\n \n"] {
            let provider = Provider::start([Script::ok(body)]).await;
            let error = error(&protocol.at(&provider.url), question()).await;
            assert_eq!(error.code(), "provider_protocol", "{protocol:?}");
            assert!(error.to_string().contains("it is empty"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_reply_of_plain_text_or_of_another_protocol() {
    for protocol in Protocol::ALL {
        let provider = Provider::start([
            Script::ok(format!("Service is up, {KEY}")),
            Script::ok(r#"{"status":"up"}"#),
            Script::ok("{\"status\": up}\n"),
        ])
        .await;
        let adapter = protocol.at(&provider.url);
        let plain = error(&adapter, question()).await;
        assert_eq!(plain.code(), "provider_protocol", "{protocol:?}");
        assert!(plain.to_string().contains("“Service is up, [key]”"), "{plain}");
        let other = error(&adapter, question()).await.code();
        // JSON lines may always go on with another line.
        assert_eq!(other, if protocol == Protocol::Ollama { "provider_cut" } else { "provider_protocol" });
        assert_eq!(error(&adapter, question()).await.code(), "provider_protocol");
    }
}

#[tokio::test]
async fn half_an_event_and_the_connection_closes() {
    for protocol in Protocol::ALL {
        let half = protocol.piece("lost");
        let half = &half[..half.len() - 8];
        let begun = || Script::ok(protocol.piece("Hel"));
        let provider = Provider::start([
            begun().then_send(half),
            begun().then_send(half).then(Step::Pause(Duration::from_millis(20))).then(Step::Abort),
            Script::ok(half),
            begun(),
        ])
        .await;
        let adapter = protocol.at(&provider.url);
        for kept in [vec!["Hel"], vec!["Hel"], vec![], vec!["Hel"]] {
            let (events, error) = all(&adapter, question()).await;
            let kept: Vec<_> = kept.into_iter().map(|it| Event::Text(it.into())).collect();
            assert_eq!((events, error), (kept, Some(ProviderError::Cut)), "{protocol:?}");
        }
        assert_eq!(provider.seen().len(), 4, "a reply that has begun is not asked for again");
    }
}

#[tokio::test]
async fn broken_json_in_the_middle() {
    for protocol in Protocol::ALL {
        let broken = if protocol == Protocol::Ollama { "{\"message\":\n" } else { "data: {\"choices\": [\n\n" };
        let provider = Provider::start([Script::ok(protocol.piece("Hel") + broken + protocol.finish())]).await;
        let (events, error) = all(&protocol.at(&provider.url), question()).await;
        assert_eq!(events, [Event::Text("Hel".into())]);
        assert_eq!(error.unwrap().code(), "provider_protocol", "{protocol:?}");
    }
}

#[tokio::test]
async fn bytes_that_are_not_utf8() {
    for protocol in Protocol::ALL {
        let mut body = protocol.answer("Hel!o").into_bytes();
        for byte in &mut body {
            if *byte == b'!' {
                *byte = 0xff;
            }
        }
        let provider = Provider::start([Script::ok(body), Script::ok([0x1f, 0x8b, 0x08, 0x00, 0xff])]).await;
        for _text_or_gzip in 0..2 {
            let error = error(&protocol.at(&provider.url), question()).await;
            assert_eq!(error.code(), "provider_protocol", "{protocol:?}");
            assert!(error.to_string().contains("not UTF-8"), "{protocol:?}: {error}");
        }
    }
}

#[tokio::test]
async fn a_character_in_two_pieces() {
    for protocol in Protocol::ALL {
        let body = protocol.answer("Grüße 👋").into_bytes();
        for middle in body.iter().enumerate().filter(|(_, byte)| !byte.is_ascii()).map(|(at, _)| at) {
            let (first, second) = body.split_at(middle);
            let provider = Provider::start([Script::ok(first).then_send(second)]).await;
            assert_eq!(text(&protocol.at(&provider.url), question()).await, "Grüße 👋", "{protocol:?}");
        }
    }
}

#[tokio::test]
async fn one_byte_at_a_time() {
    for protocol in Protocol::ALL {
        // A byte order mark, which some servers send, makes no difference.
        let mark = if protocol == Protocol::Ollama { "" } else { "\u{feff}" };
        let body = format!("{mark}{}", protocol.answer("Grüße")).into_bytes();
        let script = body.into_iter().fold(Script::ok(""), |script, byte| {
            script.then(Step::Send(vec![byte])).then(Step::Pause(Duration::from_millis(1)))
        });
        let provider = Provider::start([script]).await;
        assert_eq!(text(&protocol.at(&provider.url), question()).await, "Grüße", "{protocol:?}");
    }
}

#[tokio::test]
async fn silence() {
    futures::future::join_all(Protocol::ALL.map(silence_of)).await;
}

async fn silence_of(protocol: Protocol) {
    let provider = Provider::start([
        Script::ok("").then(Step::Hang),
        Script::ok(protocol.piece("Hel")).then(Step::Hang),
        Script::status(400, "").then(Step::Hang),
    ])
    .await;
    let adapter = protocol.with(&provider.url, Some(KEY), impatient());

    let (events, error) = all(&adapter, question()).await;
    assert!(events.is_empty());
    let error = error.unwrap();
    assert_eq!((error.code(), error.is_transient()), ("provider_timeout", true), "{protocol:?}");
    assert!(error.to_string().contains("did not begin to answer within 2 s"), "{error}");

    let (events, error) = all(&adapter, question()).await;
    assert_eq!(events, [Event::Text("Hel".into())]);
    let error = error.unwrap().to_string();
    assert!(error.contains("fell silent") && error.contains("within 0.5 s"), "{error}");

    // A refusal without an end is a refusal all the same.
    let (_, error) = all(&adapter, question()).await;
    let refused = ProviderError::Refused { status: Some(400), message: None };
    assert_eq!(error, Some(refused), "{protocol:?}");
}

#[tokio::test]
async fn a_connection_that_is_accepted_and_never_answered() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let adapter = Protocol::OpenAi.with(&url, None, impatient());
    let error = error(&adapter, question()).await;
    let waited = matches!(error, ProviderError::Timeout { wait: crate::providers::Wait::FirstByte, .. });
    assert!(waited, "{error:?}");
}

#[tokio::test]
async fn a_line_or_an_event_without_an_end() {
    for protocol in Protocol::ALL {
        let start = if protocol == Protocol::Ollama { "{\"message\":\"" } else { "data: " };
        let endless_line = format!("{start}{}", "x".repeat(128 << 10));
        let provider = Provider::start([Script::ok(endless_line).then(Step::Hang)]).await;
        let error = error(&protocol.at(&provider.url), question()).await;
        assert!(error.to_string().contains("larger than 64 kB"), "{protocol:?}: {error}");
    }
    let endless_event = "data: x\n".repeat(16 << 10);
    let provider = Provider::start([Script::ok(endless_event).then(Step::Hang)]).await;
    let event = error(&Protocol::OpenAi.at(&provider.url), question()).await;
    assert!(event.to_string().contains("larger than 64 kB"), "{event}");

    let endless_document = format!("{{\"choices\":\"{}", "x".repeat(512 << 10));
    let provider = Provider::start([Script::ok(endless_document).then(Step::Hang)]).await;
    let document = error(&Protocol::OpenAi.at(&provider.url), question()).await;
    assert!(document.to_string().contains("larger than 256 kB"), "{document}");
}

#[tokio::test]
async fn an_error_object_in_the_middle() {
    for protocol in Protocol::ALL {
        let object =
            serde_json::json!({"error": {"message": format!("CUDA out of memory {KEY}"), "type": "server_error"}});
        let object = if protocol == Protocol::Ollama { format!("{object}\n") } else { format!("data: {object}\n\n") };
        let provider = Provider::start([Script::ok(protocol.piece("Hel") + &object + protocol.finish())]).await;
        let (events, error) = all(&protocol.at(&provider.url), question()).await;
        assert_eq!(events, [Event::Text("Hel".into())]);
        let error = error.unwrap();
        assert_eq!(error.code(), "provider_unavailable", "{protocol:?}");
        assert!(error.to_string().contains("CUDA out of memory [key]"), "{error}");
    }
}

#[tokio::test]
async fn an_error_object_in_place_of_an_answer() {
    for protocol in Protocol::ALL {
        let provider =
            Provider::start([Script::ok(r#"{"error":{"message":"quota","code":"insufficient_quota"}}"#)]).await;
        let error = error(&protocol.at(&provider.url), question()).await;
        assert_eq!(error.code(), "provider_quota_exhausted", "{protocol:?}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_end_is_nobodys_concern() {
    for protocol in Protocol::ALL {
        let script = Script::ok(protocol.answer("Hi")).then(Step::Pause(Duration::from_millis(20))).then(Step::Abort);
        let provider = Provider::start([script]).await;
        assert_eq!(text(&protocol.at(&provider.url), question()).await, "Hi", "{protocol:?}");
    }
}

#[tokio::test]
async fn dropping_the_stream_closes_the_connection() {
    for protocol in Protocol::ALL {
        let provider = Provider::start([Script::ok(protocol.piece("Hel")).then(Step::Hang)]).await;
        let mut stream = protocol.at(&provider.url).stream(question());
        assert_eq!(stream.next().await, Some(Ok(Event::Text("Hel".into()))));
        drop(stream);
        let closed = tokio::time::timeout(Duration::from_secs(5), provider.over()).await;
        assert!(closed.is_ok(), "{protocol:?}: the server never noticed");
    }
}
