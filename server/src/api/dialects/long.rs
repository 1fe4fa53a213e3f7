//! Replies that may be long, written piece by piece: however many items a plain array has, one page of them is in memory.

use crate::web::App;
use async_stream::try_stream;
use atrium::chat::MessageView;
use atrium::ids::ConversationId;
use atrium::paging::{PAGE_SIZE_MAX, Page, PageRequest};
use atrium::people::Viewer;
use atrium_domain::{Error, Result};
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use serde_json::Value;

/// JSON, from its first character to its last.
pub type Pieces = BoxStream<'static, Result<String>>;

/// What is short.
pub fn short(value: &Value) -> Pieces {
    stream::iter([Ok(value.to_string())]).boxed()
}

/// `[…]` of items that are read as they are sent.
pub fn array(items: impl Stream<Item = Result<Pieces>> + Send + 'static) -> Pieces {
    Box::pin(try_stream! {
        let mut items = std::pin::pin!(items);
        let mut before = "[";
        while let Some(item) = items.next().await {
            yield before.to_owned();
            before = ",";
            let mut pieces = item?;
            while let Some(piece) = pieces.next().await {
                yield piece?;
            }
        }
        yield if before == "[" { "[]" } else { "]" }.to_owned();
    })
}

/// An object that has one more member, which is long.
pub fn object(head: &Value, name: &'static str, member: Pieces) -> Pieces {
    let head = head.to_string();
    let open = head.strip_suffix('}').unwrap_or(&head);
    let comma = if open == "{" { "" } else { "," };
    let before = format!("{open}{comma}{}:", Value::from(name));
    stream::iter([Ok(before)]).chain(member).chain(stream::iter([Ok("}".to_owned())])).boxed()
}

/// The items of a list, read a page at a time by `read`.
pub fn pages<T, F>(read: impl Fn(PageRequest) -> F + Send + 'static) -> impl Stream<Item = Result<T>> + Send
where
    T: Send + 'static,
    F: Future<Output = Result<Page<T>>> + Send,
{
    try_stream! {
        for page in 1.. {
            let found = match read(PageRequest { page, size: PAGE_SIZE_MAX }).await {
                // It was deleted while it was read.
                Err(Error::NotFound(_)) => break,
                found => found?,
            };
            let is_last = found.items.len() < PAGE_SIZE_MAX as usize;
            for item in found.items {
                yield item;
            }
            if is_last {
                break;
            }
        }
    }
}

/// What was said in a conversation, oldest first.
pub fn messages(
    app: &App,
    viewer: &Viewer,
    id: ConversationId,
    described: fn(ConversationId, &MessageView) -> Value,
) -> impl Stream<Item = Result<Pieces>> + Send + use<> {
    let (chat, viewer) = (app.atrium.chat.clone(), viewer.clone());
    let found = pages(move |page| {
        let (chat, viewer) = (chat.clone(), viewer.clone());
        async move { chat.messages(&viewer, id, page).await }
    });
    found.map_ok(move |view| short(&described(id, &view)))
}

/// The reply. That one broke off is seen by whoever reads it: what has come is no JSON.
pub fn reply(status: StatusCode, pieces: Pieces) -> Response {
    let pieces = pieces.inspect(|it| {
        if let Err(error) = it {
            tracing::error!(cause = error.cause(), "a long reply broke off: {error}");
        }
    });
    let mut response = (status, Body::from_stream(pieces)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    async fn read(pieces: Pieces) -> Value {
        let text: String = pieces.try_collect().await.unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn items(values: Vec<Value>) -> impl Stream<Item = Result<Pieces>> + Send {
        stream::iter(values.into_iter().map(|it| Ok(short(&it))))
    }

    #[tokio::test]
    async fn pieces_make_the_same_json() {
        assert_eq!(read(array(items(vec![]))).await, json!([]));
        assert_eq!(read(array(items(vec![json!({ "a": "]" }), json!(2)]))).await, json!([{ "a": "]" }, 2]));
        for head in [json!({}), json!({ "a": {} }), json!({ "a": { "b": { "c": "}" } } })] {
            let mut whole = head.clone();
            whole["said"] = json!([1]);
            assert_eq!(read(object(&head, "said", array(items(vec![json!(1)])))).await, whole);
        }
    }

    #[tokio::test]
    async fn what_fails_in_the_middle_is_no_json() {
        let broken = stream::iter([Ok(short(&json!(1))), Err(Error::NotFound("item"))]);
        assert!(array(broken).try_collect::<String>().await.is_err());
    }
}
