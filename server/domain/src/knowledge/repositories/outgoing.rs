//! How the requests of a fetch leave: by the one guarded client, to the public Internet alone.

use crate::error::Result;
use crate::providers::{Client, Limits, NotPublic, innermost, must_be_public};
use atrium_repositories::{Fetcher, Request, Response};
use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;

/// What requests leave by. Blocking: it is called from threads of their own.
pub(super) struct Outgoing {
    http: reqwest::Client,
    limits: Limits,
    runtime: Handle,
    /// Set when an address was refused because it is not a public one.
    pub(super) is_inside: Arc<AtomicBool>,
}

impl Outgoing {
    pub(super) fn new(client: &Client) -> Result<Self> {
        let client = client.outside()?;
        Ok(Self { http: client.http, limits: client.limits, runtime: Handle::current(), is_inside: Arc::default() })
    }

    fn inside(&self) -> io::Error {
        self.is_inside.store(true, Ordering::Relaxed);
        io::Error::other(NotPublic)
    }

    fn failed(&self, error: &reqwest::Error) -> io::Error {
        let mut causes = std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |it| it.source());
        if causes.any(|it| it.is::<NotPublic>()) { self.inside() } else { io::Error::other(innermost(error)) }
    }
}

fn silent(after: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("it said nothing for {} seconds", after.as_secs()))
}

impl Fetcher for Outgoing {
    fn send(&self, request: Request) -> io::Result<Response> {
        must_be_public(&request.url).map_err(|_| self.inside())?;
        let mut headers = HeaderMap::new();
        for (name, value) in request.headers {
            let mut value = HeaderValue::try_from(value).map_err(io::Error::other)?;
            value.set_sensitive(name == "authorization");
            headers.insert(HeaderName::from_static(name), value);
        }
        let outgoing = match request.body {
            None => self.http.get(request.url),
            Some(body) => self.http.post(request.url).body(body),
        };
        let wait = self.limits.first_byte;
        let answer = async { tokio::time::timeout(wait, outgoing.headers(headers).send()).await };
        let answer = self.runtime.block_on(answer).map_err(|_| silent(wait))?.map_err(|it| self.failed(&it))?;
        let header = |name| answer.headers().get(name).and_then(|it| it.to_str().ok()).map(str::to_owned);
        Ok(Response {
            status: answer.status().as_u16(),
            content_type: header(CONTENT_TYPE),
            location: header(LOCATION),
            body: Box::new(Arriving {
                answer,
                runtime: self.runtime.clone(),
                silence: self.limits.silence,
                piece: Bytes::new(),
            }),
        })
    }
}

/// The rest of an answer, as it comes.
struct Arriving {
    answer: reqwest::Response,
    runtime: Handle,
    silence: Duration,
    piece: Bytes,
}

impl Read for Arriving {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            let (answer, silence) = (&mut self.answer, self.silence);
            let chunk = self.runtime.block_on(async { tokio::time::timeout(silence, answer.chunk()).await });
            match chunk.map_err(|_| silent(silence))?.map_err(|it| io::Error::other(innermost(&it)))? {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let length = self.piece.len().min(to.len());
        to[..length].copy_from_slice(&self.piece.split_to(length));
        Ok(length)
    }
}
