//! Reading a provider's reply: server-sent events, JSON lines, or one JSON document.
//!
//! Whatever arrives is bounded in size and in time before it is parsed. [`answer`] turns the objects of a stream into
//! events with the help of the protocol's [`Reader`].

use std::time::Duration;

use async_stream::try_stream;
use bytes::{Buf, Bytes, BytesMut};
use eventsource_stream::{EventStreamError, Eventsource};
use futures::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt};
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::timeout;
use tokio_util::codec::{FramedRead, LinesCodec, LinesCodecError};
use tokio_util::io::StreamReader;

use super::failure::{ProviderError, Wait};
use super::http::Limits;
use super::link::Link;
use super::{EndReason, Event, EventStream, refusal};

/// The most of an error's body that is read.
const REFUSAL_BYTES: usize = 64 << 10;

/// How long to wait for the counts that may follow an answer's end, from servers that leave the connection open.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// How a protocol separates the objects of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// Server-sent events.
    Sse,
    /// One JSON object a line.
    Lines,
}

/// What a reply that is called a web page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Html {
    /// Somebody else's: no protocol replies so.
    IsAMistake,
    /// Text, as servers call it that do not say what they send.
    IsText,
}

/// What a protocol makes of the objects it streams.
pub(super) trait Reader: Send + 'static {
    /// Add what `object` says to `events`. Objects it does not know are passed over.
    fn read(&mut self, object: &Value, events: &mut Vec<Event>);
    /// Why the answer ended, as soon as an object said that it did.
    fn end(&self) -> Option<EndReason>;
}

/// The events of a streamed reply, up to and with its end.
pub(super) fn answer(
    link: Link,
    model: String,
    reply: Reply,
    framing: Framing,
    mut reader: impl Reader,
) -> EventStream {
    let events = try_stream! {
        let mut objects = reply.objects(framing);
        let mut events = Vec::new();
        let (mut answered, mut closed) = (false, false);
        loop {
            let object = match reader.end() {
                None => objects.next().await,
                Some(_) => timeout(AFTERWARDS, objects.next()).await.unwrap_or(None),
            };
            let Some(object) = object else { break };
            let object = match object {
                Ok(Some(object)) => object,
                Ok(None) => {
                    closed = true;
                    break;
                }
                // The answer is whole; how the connection ends after that is nobody's concern.
                Err(_) if reader.end().is_some() => break,
                Err(error) => Err(error)?,
            };
            if object.get("error").is_some_and(|it| !it.is_null()) || object["object"] == "error" {
                Err(link.refusal(&object, &model))?;
            }
            reader.read(&object, &mut events);
            for event in events.drain(..) {
                answered = true;
                yield event;
            }
        }
        match reader.end() {
            Some(reason) => yield Event::End(reason),
            None if closed && answered => yield Event::End(EndReason::Stop),
            None if closed => Err(ProviderError::protocol("it holds no answer"))?,
            None => Err(ProviderError::Cut)?,
        }
    };
    events.boxed()
}

/// The string at `place` in `object`, unless it is empty.
pub(super) fn text_at(object: &Value, place: &str) -> Option<String> {
    object.pointer(place).and_then(Value::as_str).filter(|it| !it.is_empty()).map(str::to_owned)
}

/// The tokens at these places; nothing if neither is there.
pub(super) fn usage_at(object: &Value, prompt: &str, completion: &str) -> Option<Event> {
    let count = |place| object.pointer(place).and_then(Value::as_u64);
    let (prompt, completion) = (count(prompt), count(completion));
    prompt.or(completion)?;
    Some(Event::Usage { prompt_tokens: prompt.unwrap_or(0), completion_tokens: completion.unwrap_or(0) })
}

/// A reply whose status was good and whose first bytes are here.
pub(super) struct Reply {
    head: Bytes,
    rest: BoxStream<'static, Result<Bytes, ProviderError>>,
    limits: Limits,
    key: Option<SecretString>,
}

impl Reply {
    /// Wait for the first bytes, and see that they are no web page.
    pub(super) async fn open(
        response: Response,
        host: String,
        first_byte: Duration,
        limits: &Limits,
        key: Option<SecretString>,
        page: Html,
    ) -> Result<Self, ProviderError> {
        let kind = response.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let html = kind.starts_with("text/html");
        let mut rest = chunks(response, host, first_byte, limits.silence).boxed();
        let mut head = BytesMut::new();
        while head.trim_ascii().len() < 3 && head.len() < REFUSAL_BYTES {
            match rest.next().await {
                Some(chunk) => head.extend_from_slice(&chunk?),
                None if head.trim_ascii().is_empty() => {
                    return Err(ProviderError::protocol("it is empty"));
                }
                None => break,
            }
        }
        // The parser of events trips over a byte order mark.
        if head.starts_with("\u{feff}".as_bytes()) {
            head.advance(3);
        }
        if page == Html::IsAMistake && (html || refusal::is_html(&String::from_utf8_lossy(&head))) {
            return Err(ProviderError::protocol("it is a web page (HTML), so the base URL is probably wrong"));
        }
        Ok(Self { head: head.freeze(), rest, limits: *limits, key })
    }

    /// As much of a refusal as is worth reading; what goes wrong on the way matters no more.
    pub(super) async fn beginning(mut response: Response, limits: &Limits) -> Bytes {
        let mut bytes = BytesMut::new();
        let reading = async {
            while let Ok(Some(chunk)) = response.chunk().await {
                bytes.extend_from_slice(&chunk);
                if bytes.len() > REFUSAL_BYTES {
                    break;
                }
            }
        };
        let _in_time = timeout(limits.silence, reading).await;
        bytes.freeze()
    }

    /// The reply as one JSON document.
    pub(super) async fn whole(self) -> Result<Value, ProviderError> {
        let mut bytes = BytesMut::from(&self.head[..]);
        let mut rest = self.rest;
        while let Some(chunk) = rest.try_next().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > self.limits.reply_bytes {
                return Err(too_large(self.limits.reply_bytes));
            }
        }
        parse(std::str::from_utf8(&bytes).map_err(|_| not_utf8())?)
    }

    /// The objects of a stream; `None` where the provider says that there are no more.
    fn objects(self, framing: Framing) -> BoxStream<'static, Result<Option<Value>, ProviderError>> {
        let head = self.head.trim_ascii_start();
        match (framing, head.first()) {
            (Framing::Lines, Some(b'{')) => lines(self.limits.event_bytes, self.bytes()).boxed(),
            (Framing::Sse, Some(b'{' | b'[')) => stream::once(self.whole()).map_ok(documents).try_flatten().boxed(),
            (Framing::Sse, _) if begins_events(head) => events(self.limits.event_bytes, self.bytes()).boxed(),
            _ if std::str::from_utf8(head).is_err_and(|it| it.error_len().is_some()) => failing(not_utf8()),
            _ => {
                let key = self.key.as_ref().map(ExposeSecret::expose_secret);
                let text = refusal::quotable(&String::from_utf8_lossy(head), key);
                failing(ProviderError::protocol(format!("it is neither events nor JSON but “{text}”")))
            }
        }
    }

    /// All of it, as it comes.
    pub(super) fn bytes(self) -> BoxStream<'static, Result<Bytes, ProviderError>> {
        stream::once(async { Ok(self.head) }).chain(self.rest).boxed()
    }
}

fn chunks(
    mut response: Response,
    host: String,
    first_byte: Duration,
    silence: Duration,
) -> impl Stream<Item = Result<Bytes, ProviderError>> + Send {
    try_stream! {
        let (mut wait, mut after) = (Wait::FirstByte, first_byte);
        loop {
            match timeout(after, response.chunk()).await {
                Ok(Ok(Some(chunk))) => yield chunk,
                Ok(Ok(None)) => break,
                Ok(Err(_closed)) => Err(ProviderError::Cut)?,
                Err(_elapsed) => Err(ProviderError::Timeout { host: host.clone(), wait, after })?,
            }
            (wait, after) = (Wait::NextByte, silence);
        }
    }
}

/// A document in place of a stream, from servers that pass over `stream: true`: its objects, then the end.
fn documents(document: Value) -> impl Stream<Item = Result<Option<Value>, ProviderError>> {
    let objects = match document {
        Value::Array(objects) => objects,
        object => vec![object],
    };
    stream::iter(objects.into_iter().map(|it| Ok(Some(it))).chain([Ok(None)]))
}

fn events(
    limit: usize,
    bytes: BoxStream<'static, Result<Bytes, ProviderError>>,
) -> impl Stream<Item = Result<Option<Value>, ProviderError>> + Send {
    try_stream! {
        let mut events = whole_lines(limit, bytes).boxed().eventsource();
        while let Some(event) = events.next().await {
            let event = event.map_err(|error| match error {
                EventStreamError::Transport(error) => error,
                EventStreamError::Utf8(_) => not_utf8(),
                EventStreamError::Parser(_) => ProviderError::protocol("it is not a stream of events"),
            })?;
            match event.data.trim() {
                "" => {}
                "[DONE]" => yield None,
                data => yield Some(parse(data)?),
            }
        }
    }
}

/// The stream in whole lines, so that the parser never sees part of a character, an endless line or an endless event.
fn whole_lines(
    limit: usize,
    mut bytes: BoxStream<'static, Result<Bytes, ProviderError>>,
) -> impl Stream<Item = Result<String, ProviderError>> + Send {
    try_stream! {
        let mut rest = BytesMut::new();
        // Bytes of the event that is under way.
        let mut event = 0;
        while let Some(chunk) = bytes.try_next().await? {
            let has_end = chunk.contains(&b'\n');
            rest.extend_from_slice(&chunk);
            if has_end && let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') {
                let lines = rest.split_to(end + 1);
                let lines = String::from_utf8(lines.to_vec()).map_err(|_| not_utf8())?;
                for line in lines.lines() {
                    event = if line.is_empty() { 0 } else { event + line.len() };
                    if event > limit {
                        Err(too_large(limit))?;
                    }
                }
                yield lines;
            }
            if event + rest.len() > limit {
                Err(too_large(limit))?;
            }
        }
        // Servers forget the blank line, or even the line break, after the last event. A line cut short is dropped.
        match std::str::from_utf8(&rest) {
            Ok("") => yield "\n".to_owned(),
            Ok(line) if is_complete(line) => yield format!("{line}\n\n"),
            _ => {}
        }
    }
}

fn lines(
    limit: usize,
    bytes: BoxStream<'static, Result<Bytes, ProviderError>>,
) -> impl Stream<Item = Result<Option<Value>, ProviderError>> + Send {
    try_stream! {
        let reader = StreamReader::new(bytes.map_err(std::io::Error::other));
        let mut lines = FramedRead::new(reader, LinesCodec::new_with_max_length(limit));
        while let Some(line) = lines.next().await {
            let line = line.map_err(|error| match error {
                LinesCodecError::MaxLineLengthExceeded => too_large(limit),
                LinesCodecError::Io(error) => error.downcast().unwrap_or_else(|_| not_utf8()),
            })?;
            if line.trim().is_empty() {
                continue;
            }
            match serde_json::from_str(&line) {
                Ok(object) => yield Some(object),
                Err(error) if error.is_eof() && lines.next().await.is_none() => Err(ProviderError::Cut)?,
                Err(_) => Err(broken())?,
            }
        }
    }
}

/// Whether bytes begin as a stream of events does; there may be fewer of them than the field's name is long.
fn begins_events(head: &[u8]) -> bool {
    ["data", "event", "id", "retry", ":"].iter().any(|field| {
        let length = field.len().min(head.len());
        head[..length] == field.as_bytes()[..length]
    })
}

fn is_complete(line: &str) -> bool {
    let data = line.strip_prefix("data:").map(str::trim);
    data.is_some_and(|data| data == "[DONE]" || serde_json::from_str::<serde::de::IgnoredAny>(data).is_ok())
}

fn parse(text: &str) -> Result<Value, ProviderError> {
    serde_json::from_str(text).map_err(|_| broken())
}

fn failing<T: Send + 'static>(error: ProviderError) -> BoxStream<'static, Result<T, ProviderError>> {
    stream::once(async { Err(error) }).boxed()
}

fn broken() -> ProviderError {
    ProviderError::protocol("it is not valid JSON")
}

fn not_utf8() -> ProviderError {
    ProviderError::protocol("it is not UTF-8 text")
}

fn too_large(limit: usize) -> ProviderError {
    ProviderError::protocol(format!("a single piece of it is larger than {} kB", limit >> 10))
}
