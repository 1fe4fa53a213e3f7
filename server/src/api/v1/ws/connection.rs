//! One socket from its first message to its last.

use super::protocol::{self, Request, Told};
use super::pulse::{Beat, Pulse};
use super::too_many_sockets;
use crate::api::error::{ApiError, ApiResult, Problem};
use crate::api::identity::{Caller, Credential, RECHECK};
use crate::api::rates::Rates;
use crate::api::v1::messages::at_content;
use crate::api::v1::runs::RunEvent;
use crate::web::{App, Seat};
use atrium::ids::RunId;
use atrium::tokens::TokenScope;
use atrium_domain::Error;
use atrium_domain::chat::{Form, Target};
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use axum::http::StatusCode;
use futures::stream::{BoxStream, SelectAll, SplitSink};
use futures::{SinkExt as _, StreamExt as _};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, timeout};
use tokio_util::sync::CancellationToken;

/// Runs that one socket follows at a time.
const FOLLOWED_MAX: usize = 32;
/// Messages that wait for a reader who is slow; what follows waits in the runs' logs.
const QUEUE: usize = 16;
/// How long a reader may take for one message.
const SEND: Duration = Duration::from_secs(30);
/// How often a ping is sent, and after how long without any sign the other side is taken for gone.
const PING: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_secs(75);
/// How long somebody who came with nothing may take to show who they are.
const INTRODUCTION: Duration = Duration::from_secs(10);
/// How long last words may take when the server ends.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why a socket was closed, besides what the protocol has codes for.
mod code {
    /// Nobody is signed in, or no longer.
    pub const SIGNED_OUT: u16 = 4401;
    /// Nothing was heard for too long.
    pub const IDLE: u16 = 4408;
}

type Heard = (RunId, Option<(u64, RunEvent)>);

/// What a socket knows.
pub struct Connection {
    app: App,
    rates: Rates,
    caller: Option<Caller>,
    /// Held as long as the socket is somebody's.
    seat: Option<Seat>,
    address: String,
    events: SelectAll<BoxStream<'static, Heard>>,
    /// Ends the following of one.
    followed: HashMap<RunId, CancellationToken>,
}

enum Happening {
    Message(Option<Result<Message, axum::Error>>),
    Heard(Option<Heard>),
    Beat(Beat),
    Recheck,
    NotIntroduced,
    Ending,
    Gone,
}

impl Connection {
    pub fn new(app: App, rates: Rates, caller: Option<Caller>, seat: Option<Seat>, address: String) -> Self {
        Self { app, rates, caller, seat, address, events: SelectAll::new(), followed: HashMap::new() }
    }

    /// Until either side has enough.
    pub async fn run(mut self, socket: WebSocket) {
        let (sink, mut incoming) = socket.split();
        let (outgoing, queue) = mpsc::channel(QUEUE);
        let writer = tokio::spawn(write(sink, queue));
        let end = self.serve(&mut incoming, &outgoing).await;
        if let Some((code, reason)) = end {
            let frame = CloseFrame { code, reason: reason.into() };
            let _ = timeout(FAREWELL, outgoing.send(Message::Close(Some(frame)))).await;
        }
        drop(outgoing);
        let _ = timeout(FAREWELL, writer).await;
    }

    async fn serve(
        &mut self,
        incoming: &mut (impl futures::Stream<Item = Result<Message, axum::Error>> + Unpin),
        outgoing: &mpsc::Sender<Message>,
    ) -> Option<(u16, &'static str)> {
        let begun = Instant::now();
        let mut pulse = Pulse::new(PING, IDLE);
        let mut recheck = interval_at(begun + RECHECK, RECHECK);
        let stop = self.app.sockets.stop.clone();
        loop {
            let happening = tokio::select! {
                biased;
                () = stop.cancelled() => Happening::Ending,
                () = outgoing.closed() => Happening::Gone,
                message = incoming.next() => Happening::Message(message),
                _ = recheck.tick() => Happening::Recheck,
                beat = pulse.beat() => Happening::Beat(beat),
                () = tokio::time::sleep_until(begun + INTRODUCTION), if self.caller.is_none() => Happening::NotIntroduced,
                heard = next_event(&mut self.events, outgoing), if !self.events.is_empty() => Happening::Heard(heard),
            };
            let reply = match happening {
                Happening::Message(message) => {
                    pulse.heard();
                    match message {
                        Some(Ok(Message::Text(text))) => Some(self.answer(&text).await),
                        Some(Ok(Message::Binary(_))) => Some(protocol::write(None, refused(only_text()))),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => None,
                        Some(Err(error)) if error.to_string().contains("too long") => {
                            return Some((close_code::SIZE, "The message is too long."));
                        }
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    }
                }
                Happening::Heard(heard) => heard.and_then(|it| self.tell(it)),
                Happening::Beat(Beat::Gone) => return Some((code::IDLE, "Nothing was heard of you.")),
                Happening::Beat(Beat::Ping) => {
                    // Whose queue is full has something to read as it is.
                    let _ = outgoing.try_send(Message::Ping(bytes::Bytes::new()));
                    None
                }
                Happening::Recheck if self.is_signed_out().await => {
                    return Some((code::SIGNED_OUT, "The token or session has ended. Sign in again."));
                }
                Happening::Recheck => None,
                Happening::NotIntroduced => return Some((code::SIGNED_OUT, "Say who you are: send auth first.")),
                Happening::Ending => {
                    let _ = timeout(FAREWELL, self.last_words(outgoing)).await;
                    return Some((close_code::AWAY, "The server ends. Come back and follow from where you were."));
                }
                Happening::Gone => return None,
            };
            if let Some(reply) = reply {
                outgoing.send(Message::Text(reply.into())).await.ok()?;
            }
        }
    }

    /// What runs that end with the server have to say.
    async fn last_words(&mut self, outgoing: &mpsc::Sender<Message>) {
        while let Some(heard) = self.events.next().await {
            if let Some(told) = self.tell(heard)
                && outgoing.send(Message::Text(told.into())).await.is_err()
            {
                return;
            }
        }
    }

    /// Whether what they came with is worth nothing any more. A database that is away ends nothing.
    async fn is_signed_out(&mut self) -> bool {
        let Some(caller) = &self.caller else { return false };
        match Caller::by(caller.credential.clone(), &self.app, &self.address).await {
            // Their role may be another by now.
            Ok(Some(caller)) => {
                self.caller = Some(caller);
                false
            }
            Ok(None) | Err(Error::BadToken) => true,
            Err(_) => false,
        }
    }

    fn tell(&mut self, (run, heard): Heard) -> Option<String> {
        let Some((position, event)) = heard else {
            // It broke off: whoever wants the rest follows again.
            return self.followed.remove(&run).map(|_| protocol::write(None, Told::Unfollowed { run: run.0 }));
        };
        if matches!(event, RunEvent::End { .. }) {
            self.followed.remove(&run);
        }
        Some(protocol::write(None, Told::Event { run: run.0, position, event }))
    }

    async fn answer(&mut self, text: &str) -> String {
        let (id, request) = protocol::parse(text);
        let told = match self.rates.hit(self.caller.as_ref(), &self.address) {
            Ok(()) => match request {
                Ok(request) => self.perform(request).await,
                Err(error) => Err(error),
            },
            Err(error) => Err(error.into()),
        };
        protocol::write(id, told.unwrap_or_else(refused))
    }

    async fn perform(&mut self, request: Request) -> ApiResult<Told> {
        match request {
            Request::Ping => Ok(Told::Pong),
            Request::Auth(it) => self.introduce(it.token).await,
            Request::Send(it) => self.send(it).await,
            Request::Follow(it) => {
                self.follow(it.run.into(), it.after).await?;
                Ok(Told::Following { run: it.run })
            }
            Request::Unfollow(it) => {
                let following = self.followed.remove(&it.run.into()).ok_or(Error::NotFound("run that you follow"))?;
                following.cancel();
                Ok(Told::Unfollowed { run: it.run })
            }
            Request::Stop(it) => {
                let caller = self.caller(TokenScope::Chat)?;
                self.app.atrium.chat.stop(&caller.viewer, it.run.into()).await?;
                Ok(Told::Stopping { run: it.run })
            }
        }
    }

    fn caller(&self, scope: TokenScope) -> ApiResult<&Caller> {
        let caller = self.caller.as_ref().ok_or_else(|| {
            ApiError::new(
                StatusCode::UNAUTHORIZED,
                "not_authenticated",
                "Say who you are first: send auth with a token.",
            )
        })?;
        caller.may(scope)?;
        Ok(caller)
    }

    /// A socket stays with whom it began: what is followed is theirs.
    async fn introduce(&mut self, token: String) -> ApiResult<Told> {
        let credential = Credential::Token(token);
        let caller = Caller::by(credential, &self.app, &self.address).await?.ok_or(Error::BadToken)?;
        let user = caller.viewer.id;
        if self.caller.as_ref().is_some_and(|it| it.viewer.id != user) {
            return Err(ApiError::new(
                StatusCode::CONFLICT,
                "somebody_else",
                "This socket is somebody else's. Open another one.",
            ));
        }
        if self.seat.is_none() {
            self.seat = Some(self.app.sockets.seat(user).ok_or_else(too_many_sockets)?);
        }
        self.caller = Some(caller);
        Ok(Told::Authenticated { user: user.0 })
    }

    async fn send(&mut self, it: protocol::Send) -> ApiResult<Told> {
        let target = match (it.conversation, it.project) {
            (Some(conversation), _) => Target::End(conversation.into()),
            (None, Some(project)) => Target::NewIn(project.into()),
            (None, None) => Target::New,
        };
        if it.follow {
            self.must_have_room()?;
        }
        let caller = self.caller(TokenScope::Chat)?;
        let agent = it.agent.map(Into::into);
        let sent = self.app.atrium.chat.send(&caller.viewer, target, agent, &it.content).await.map_err(at_content)?;
        if it.follow {
            // It was sent: a token that may not read is told of nothing more than that.
            match self.follow(sent.run, 0).await {
                Ok(()) | Err(ApiError::Request(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Told::Sent { conversation: sent.conversation.0, message: sent.answer.0, run: sent.run.0 })
    }

    fn must_have_room(&self) -> ApiResult<()> {
        if self.followed.len() < FOLLOWED_MAX {
            return Ok(());
        }
        Err(ApiError::new(
            StatusCode::CONFLICT,
            "too_many_followed",
            format!("One socket follows {FOLLOWED_MAX} runs at a time. Wait for one to end, or open another socket."),
        ))
    }

    /// From `after` on; once more begins anew.
    async fn follow(&mut self, run: RunId, after: u64) -> ApiResult<()> {
        let viewer = self.caller(TokenScope::Read)?.viewer.clone();
        let chat = &self.app.atrium.chat;
        let (conversation, _) = chat.find_run(&viewer, run).await?;
        if let Some(following) = self.followed.remove(&run) {
            following.cancel();
        }
        self.must_have_room()?;
        let events = self.app.atrium.chat.follow(&viewer, run, after, Form::Text).await?;
        let until = CancellationToken::new();
        let cancelled = until.clone();
        let events = events
            .filter_map(move |(position, event)| async move { Some((position, RunEvent::new(conversation, event)?)) })
            .map(move |it| (run, Some(it)))
            // One that was let go of says no more, and not that it broke off.
            .chain(futures::stream::once(async move { (run, None) }))
            .take_until(async move { cancelled.cancelled().await });
        self.events.push(events.boxed());
        self.followed.insert(run, until);
        Ok(())
    }
}

/// Not before there is room for it: who reads slowly gets what comes meanwhile later, in larger pieces.
async fn next_event(
    events: &mut SelectAll<BoxStream<'static, Heard>>,
    outgoing: &mpsc::Sender<Message>,
) -> Option<Heard> {
    let _room = outgoing.reserve().await.ok()?;
    events.next().await
}

async fn write(mut sink: SplitSink<WebSocket, Message>, mut queue: mpsc::Receiver<Message>) {
    while let Some(message) = queue.recv().await {
        let is_last = matches!(message, Message::Close(_));
        if !matches!(timeout(SEND, sink.send(message)).await, Ok(Ok(()))) || is_last {
            return;
        }
    }
}

fn refused(error: ApiError) -> Told {
    Told::Error { error: Problem::from(error.into_failure()) }
}

fn only_text() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "malformed_json", "Send JSON as text.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(run: RunId) -> SelectAll<BoxStream<'static, Heard>> {
        let mut events = SelectAll::new();
        let text = |text: &str| RunEvent::Text { text: text.to_owned() };
        events.push(futures::stream::iter([(run, Some((1, text("a")))), (run, None)]).boxed());
        events
    }

    #[tokio::test]
    async fn a_full_queue_leaves_events_where_they_are() {
        let run = RunId(uuid::Uuid::from_u128(1));
        let mut events = events(run);
        let (outgoing, mut queue) = mpsc::channel(1);
        outgoing.send(Message::Text("waits".into())).await.unwrap();
        let early = timeout(Duration::from_millis(50), next_event(&mut events, &outgoing)).await;
        assert!(early.is_err(), "there is no room");
        queue.recv().await.unwrap();
        let heard = next_event(&mut events, &outgoing).await;
        assert!(matches!(heard, Some((_, Some((1, _))))), "and nothing was lost");
    }
}
