//! Agents and conversations, over a WebSocket.

use super::agents::MESSAGE;
use super::{Client, WORDS, has_keys, is_uuid, text, with_provider};
use crate::server::Server;
use serde_json::{Value, json};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::{Message, WebSocket};

struct Socket(WebSocket<TcpStream>);

impl Socket {
    fn open(server: &Server, path: &str) -> Result<Self, u16> {
        let host = server.address.strip_prefix("http://").unwrap();
        let request = format!("ws://{host}{path}").into_client_request().unwrap();
        let stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(reply))) => Err(reply.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    fn say(&mut self, value: &Value) {
        self.0.send(Message::text(value.to_string())).unwrap();
    }

    fn hear(&mut self) -> Value {
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(frame) => return json!({ "closed": frame.map_or(0, |it| it.code.into()) }),
                _ => {}
            }
        }
    }
}

#[test]
fn a_socket_is_a_conversation() {
    let (server, _provider) = with_provider();
    let mut ada = Client::register(&server, "ada");
    let token = ada.authorization.clone().unwrap().replace("Bearer ", "");
    assert_eq!(Socket::open(&server, "/ws/chat/").err(), Some(401));
    assert_eq!(Socket::open(&server, "/ws/chat/?token=rubbish").err(), Some(401));
    let mut socket = Socket::open(&server, &format!("/ws/chat/?token={token}")).unwrap();
    let hello = socket.hear();
    has_keys(&hello, &["type", "conversation_id"]);
    assert!(hello["type"] == "connection_established" && is_uuid(&hello["conversation_id"]));
    socket.say(&json!({ "type": "ping" }));
    assert_eq!(socket.hear(), json!({ "type": "pong" }));
    socket.say(&json!({ "type": "chat_message", "message": "Tell me slowly" }));
    let question = socket.hear();
    has_keys(&question, &["type", "conversation_id", "message"]);
    has_keys(&question["message"], &MESSAGE);
    assert_eq!((&question["type"], &question["message"]["role"]), (&json!("chat_message"), &json!("user")));
    socket.say(&json!({ "type": "ping" }));
    let (mut said, mut has_heard_pong) = (String::new(), false);
    let answer = loop {
        let heard = socket.hear();
        match text(&heard["type"]) {
            "pong" => has_heard_pong = true,
            "chat_chunk" => said.push_str(text(&heard["content"])),
            _ => break heard,
        }
    };
    assert!(has_heard_pong, "a long answer keeps nobody from hearing");
    assert_eq!((said.as_str(), &answer["message"]["content"]), (WORDS, &json!(WORDS)));
    assert_eq!((&answer["type"], &answer["message"]["role"]), (&json!("chat_message"), &json!("assistant")));
    socket.say(&json!({ "type": "chat_message", "message": " " }));
    assert_eq!(socket.hear()["type"], "error");
    socket.say(&json!({ "type": "dance" }));
    assert_eq!(socket.hear()["type"], "error");
    let id = text(&hello["conversation_id"]).to_owned();
    let whole = ada.get(&format!("/api/conversations/{id}/"), 200);
    assert_eq!((&whole["title"], &whole["message_count"]), (&json!("Tell me slowly"), &json!(2)));
    let mut again = Socket::open(&server, &format!("/ws/chat/?token={token}&conversation_id={id}")).unwrap();
    assert_eq!(again.hear()["conversation_id"], id.as_str());
    let bob = Client::register(&server, "bob").authorization.unwrap().replace("Bearer ", "");
    assert_eq!(Socket::open(&server, &format!("/ws/chat/?token={bob}&conversation_id={id}")).err(), Some(404));
    // A socket that nobody wrote into leaves nothing behind.
    let mut idle = Socket::open(&server, &format!("/ws/chat/?token={token}")).unwrap();
    idle.hear();
    idle.0.close(None).unwrap();
    while idle.0.read().is_ok() {}
    let deadline = Instant::now() + Duration::from_secs(10);
    while ada.get("/api/conversations/", 200)["count"] != 1 {
        assert!(Instant::now() < deadline, "an empty conversation stays");
        std::thread::sleep(Duration::from_millis(20));
    }
    // Whoever signs out is out here too.
    ada.expect("POST", "/api/auth/logout/", None, 200);
    assert_eq!(again.hear(), json!({ "closed": 4401 }));
}
