//! Pictures, as each protocol carries them.

use serde_json::{Value, json};

use super::*;
use crate::providers::Picture;
use fake::Script;

/// What is sent for a turn that shows a picture, with and without words.
async fn sent(protocol: Protocol, text: &str) -> Value {
    let reply = format!("{}{}", protocol.piece("A boat."), protocol.finish());
    let provider = fake::Provider::start([Script::ok(reply)]).await;
    let mut request = question();
    request.turns = vec![Turn { pictures: vec![Picture::new("image/png", b"pixels")], ..Turn::said(Role::User, text) }];
    let (_, error) = all(&protocol.at(&provider.url), request).await;
    assert_eq!(error, None, "{protocol:?}");
    let body = provider.only().body;
    let turns = if protocol == Protocol::Gemini { &body["contents"] } else { &body["messages"] };
    turns.as_array().and_then(|it| it.last()).expect("a turn").clone()
}

#[tokio::test]
async fn each_protocol_gets_pictures_as_it_wants_them() {
    let data = "cGl4ZWxz";
    let openai = json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{data}")}});
    let anthropic = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}});
    let gemini = json!({"inlineData": {"mimeType": "image/png", "data": data}});
    for (text, words) in [("What is it?", Some("What is it?")), ("", None)] {
        let parts = |picture: &Value, part: Option<Value>| -> Vec<Value> {
            [picture.clone()].into_iter().chain(part).collect()
        };
        let typed = words.map(|it| json!({"type": "text", "text": it}));
        assert_eq!(
            sent(Protocol::OpenAi, text).await,
            json!({"role": "user", "content": parts(&openai, typed.clone())})
        );
        assert_eq!(sent(Protocol::Anthropic, text).await, json!({"role": "user", "content": parts(&anthropic, typed)}));
        let plain = words.map(|it| json!({"text": it}));
        assert_eq!(sent(Protocol::Gemini, text).await, json!({"role": "user", "parts": parts(&gemini, plain)}));
        assert_eq!(sent(Protocol::Ollama, text).await, json!({"role": "user", "content": text, "images": [data]}));
    }
}
