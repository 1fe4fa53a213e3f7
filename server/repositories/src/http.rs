//! Git's requests over a client that the caller gives.
//!
//! gitoxide's HTTP transport speaks git; [`Courier`] is the HTTP below it. It makes requests by a [`Fetcher`], judges
//! status and content type, follows the redirects that forges answer to a renamed repository, and sends credentials to
//! the address's own host only.

use std::cell::RefCell;
use std::io::{self, BufRead, Read, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};

use gix_transport::client::blocking_io::http::{GetResponse, Http, PostBodyDataKind, PostResponse};
use url::Url;

use crate::refusal::clip;
use crate::watch::{TICK, Watch};
use crate::{Credentials, Refusal};

/// What a client has to do for us.
pub trait Fetcher: Send + Sync {
    /// Make one request and return when the answer begins, without following redirects. Called from a thread made for
    /// it, which may wait as long as the client does; nobody waits for it longer than [`Limits::time`](crate::Limits::time).
    ///
    /// # Errors
    /// When there is no answer. The text is shown to people, so it should say what happened without secrets.
    fn send(&self, request: Request) -> io::Result<Response>;
}

/// One request.
#[derive(Debug)]
pub struct Request {
    /// http or https, without user name and password.
    pub url: Url,
    /// Names in lower case. `authorization` is a secret.
    pub headers: Vec<(&'static str, String)>,
    /// To be POSTed; GET when `None`.
    pub body: Option<Vec<u8>>,
}

/// The beginning of an answer.
pub struct Response {
    /// Of HTTP.
    pub status: u16,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The `Location` header.
    pub location: Option<String>,
    /// The rest, read as it comes.
    pub body: Box<dyn Read + Send>,
}

/// How many redirects are followed.
const REDIRECTS: usize = 3;
/// What forges look at to know a git client.
const USER_AGENT: &str = concat!("git/atrium-", env!("CARGO_PKG_VERSION"));
const ADVERTISEMENT: &str = "application/x-git-upload-pack-advertisement";
const RESULT: &str = "application/x-git-upload-pack-result";
/// What the first request asks for, below the repository's address: path and query.
const DISCOVERY: (&str, &str) = ("/info/refs", "service=git-upload-pack");

/// The HTTP below gitoxide's transport, for one fetch.
pub(crate) struct Courier<'a> {
    watch: &'a Watch<'a>,
    address: &'a Url,
    credentials: Option<&'a Credentials>,
    /// Where the repository turned out to be.
    moved: Option<String>,
}

impl<'a> Courier<'a> {
    pub(crate) fn new(watch: &'a Watch<'a>, address: &'a Url, credentials: Option<&'a Credentials>) -> Self {
        Self { watch, address, credentials, moved: None }
    }

    /// A request with what gitoxide wants said, and credentials where they belong.
    fn request(&self, url: Url, headers: impl IntoIterator<Item = impl AsRef<str>>) -> Request {
        const KNOWN: [&str; 3] = ["accept", "content-type", "git-protocol"];
        let mut all = vec![("user-agent", USER_AGENT.to_owned())];
        for line in headers {
            let Some((name, value)) = line.as_ref().split_once(':') else { continue };
            if let Some(known) = KNOWN.into_iter().find(|it| it.eq_ignore_ascii_case(name)) {
                all.push((known, value.trim().to_owned()));
            }
        }
        if let Some(credentials) = self.credentials
            && url.origin() == self.address.origin()
        {
            all.push(("authorization", credentials.header()));
        }
        Request { url, headers: all, body: None }
    }

    /// Where a redirect of the first request leads, when that can be the same repository elsewhere.
    fn redirect(&self, from: &Url, location: Option<&str>) -> Result<Url, Refusal> {
        let elsewhere = |host: &str| Refusal::Redirected { host: clip(host) };
        let to = location.and_then(|it| from.join(it).ok()).ok_or_else(|| elsewhere("nowhere"))?;
        let host = to.host_str().unwrap_or("nowhere");
        let same_kind = to.scheme() == "https" || to.scheme() == from.scheme();
        let (path, query) = DISCOVERY;
        let same_question = to.path().ends_with(path) && to.query() == Some(query);
        if !same_kind || !same_question || !to.username().is_empty() || to.password().is_some() {
            return Err(elsewhere(host));
        }
        Ok(to)
    }

    fn discover(&mut self, url: &str, headers: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Body<'a>, Refusal> {
        let invalid = |_| Refusal::Address("it names no repository");
        let headers: Vec<String> = headers.into_iter().map(|it| it.as_ref().to_owned()).collect();
        let mut url = Url::parse(url).map_err(invalid)?;
        for _ in 0..=REDIRECTS {
            let request = self.request(url.clone(), &headers);
            let given = request.headers.iter().any(|(name, _)| *name == "authorization");
            let (head, body) = Body::open(self.watch, request)?;
            if matches!(head.status, 301 | 302 | 303 | 307 | 308) {
                url = self.redirect(&url, head.location.as_deref())?;
                let mut repository = url.clone();
                repository.set_query(None);
                self.moved = repository.as_str().strip_suffix(DISCOVERY.0).map(str::to_owned);
                continue;
            }
            head.judge(ADVERTISEMENT, given)?;
            return Ok(body);
        }
        Err(Refusal::Redirected { host: url.host_str().map(clip).unwrap_or_default() })
    }
}

impl<'a> Http for Courier<'a> {
    type Headers = io::Cursor<String>;
    type ResponseBody = Body<'a>;
    type PostBody = Upload;

    fn get(
        &mut self,
        url: &str,
        _base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> gix_error::Result<GetResponse<Self::Headers, Self::ResponseBody>> {
        match self.discover(url, headers) {
            Ok(body) => Ok(GetResponse { headers: content_type(ADVERTISEMENT), body }),
            Err(refusal) => Err(gix_error::Error::from_error(self.watch.refuse(refusal))),
        }
    }

    fn post(
        &mut self,
        url: &str,
        _base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
        _body: PostBodyDataKind,
    ) -> gix_error::Result<PostResponse<Self::Headers, Self::ResponseBody, Self::PostBody>> {
        let url = Url::parse(url).map_err(gix_error::Error::from_error)?;
        let upload = Upload::default();
        let pending = Some((self.request(url, headers), upload.clone()));
        let body = Body { watch: self.watch, pending, pieces: None, piece: Vec::new(), read: 0 };
        // Judged by us when the answer begins, which is after gitoxide wrote its question.
        Ok(PostResponse { headers: content_type(RESULT), body, post_body: upload })
    }

    fn configure(&mut self, _config: &dyn std::any::Any) -> gix_error::Result {
        Ok(())
    }

    fn redirected_base_url(&self) -> Option<String> {
        self.moved.clone()
    }
}

/// The header that gitoxide looks for.
fn content_type(value: &str) -> io::Cursor<String> {
    io::Cursor::new(format!("content-type: {value}\n"))
}

/// The body of a POST while gitoxide writes it: what we want and have, some kilobytes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Upload(Rc<RefCell<Vec<u8>>>);

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is known before the body.
struct Head {
    status: u16,
    content_type: Option<String>,
    location: Option<String>,
}

impl Head {
    /// Whether this is the answer of a git server.
    fn judge(&self, wanted: &str, given: bool) -> Result<(), Refusal> {
        let content_type = self.content_type.as_deref().unwrap_or_default();
        let content_type = content_type.split(';').next().unwrap_or_default().trim();
        match self.status {
            200 if content_type.eq_ignore_ascii_case(wanted) => Ok(()),
            200..=299 => Err(Refusal::NotGit { page: content_type.eq_ignore_ascii_case("text/html") }),
            401 => Err(Refusal::Unauthorized { given }),
            403 => Err(Refusal::Forbidden),
            404 | 410 => Err(Refusal::Missing),
            300..=399 => Err(Refusal::Redirected { host: "another address".to_owned() }),
            status => Err(Refusal::Status(status)),
        }
    }
}

/// What comes from the thread that waits for the client.
enum Piece {
    Head(Head),
    Bytes(Vec<u8>),
    End,
}

/// An answer as it arrives. The client is waited for by a thread of its own, so that a server which says nothing, or a
/// byte a minute, holds up nobody: whoever reads here looks at the clock meanwhile.
pub(crate) struct Body<'a> {
    watch: &'a Watch<'a>,
    /// A POST that is sent when its answer is first read.
    pending: Option<(Request, Upload)>,
    /// Until the end of the answer.
    pieces: Option<Receiver<io::Result<Piece>>>,
    piece: Vec<u8>,
    read: usize,
}

impl<'a> Body<'a> {
    fn open(watch: &'a Watch<'a>, request: Request) -> Result<(Head, Self), Refusal> {
        // A few pieces of 64 kB: a server that is faster than our disk waits.
        let (sender, pieces) = sync_channel(4);
        let fetcher = Arc::clone(&watch.terms.fetcher);
        let thread = std::thread::Builder::new().name("repository".to_owned());
        thread.spawn(move || pump(&*fetcher, request, &sender)).map_err(Refusal::storage)?;
        let mut body = Self { watch, pending: None, pieces: Some(pieces), piece: Vec::new(), read: 0 };
        match body.next()? {
            Piece::Head(head) => Ok((head, body)),
            Piece::Bytes(_) | Piece::End => Err(Refusal::Protocol("an answer without a head".to_owned())),
        }
    }

    fn next(&mut self) -> Result<Piece, Refusal> {
        let Some(pieces) = &self.pieces else { return Ok(Piece::End) };
        loop {
            self.watch.check()?;
            match pieces.recv_timeout(TICK) {
                Ok(Ok(Piece::End)) => {
                    self.pieces = None;
                    return Ok(Piece::End);
                }
                Ok(Ok(piece)) => return Ok(piece),
                Ok(Err(error)) => return Err(Refusal::Unreachable(clip(&error.to_string()))),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Refusal::Unreachable("the request was given up".to_owned()));
                }
            }
        }
    }

    fn fill(&mut self) -> Result<(), Refusal> {
        if let Some((mut request, upload)) = self.pending.take() {
            request.body = Some(upload.0.take());
            let given = request.headers.iter().any(|(name, _)| *name == "authorization");
            let (head, body) = Self::open(self.watch, request)?;
            head.judge(RESULT, given)?;
            *self = body;
        }
        while self.read == self.piece.len() {
            match self.next()? {
                Piece::Bytes(bytes) => {
                    self.watch.received(bytes.len())?;
                    (self.piece, self.read) = (bytes, 0);
                }
                Piece::Head(_) => {}
                Piece::End => break,
            }
        }
        Ok(())
    }
}

/// Hand on what the client says until it ends or nobody listens any more.
fn pump(fetcher: &dyn Fetcher, request: Request, to: &SyncSender<io::Result<Piece>>) {
    const PIECE: usize = 64 * 1024;
    let Response { status, content_type, location, mut body } = match fetcher.send(request) {
        Ok(response) => response,
        Err(error) => {
            let _ = to.send(Err(error));
            return;
        }
    };
    let mut piece = Ok(Piece::Head(Head { status, content_type, location }));
    while to.send(piece).is_ok() {
        let mut bytes = vec![0; PIECE];
        piece = match body.read(&mut bytes) {
            Ok(0) => {
                let _ = to.send(Ok(Piece::End));
                return;
            }
            Ok(read) => {
                bytes.truncate(read);
                Ok(Piece::Bytes(bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Piece::Bytes(Vec::new())),
            Err(error) => {
                let _ = to.send(Err(error));
                return;
            }
        };
    }
}

impl Read for Body<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let from = self.fill_buf()?;
        let length = from.len().min(to.len());
        to[..length].copy_from_slice(&from[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Body<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.read == self.piece.len()
            && let Err(refusal) = self.fill()
        {
            return Err(self.watch.refuse(refusal));
        }
        Ok(&self.piece[self.read..])
    }

    fn consume(&mut self, length: usize) {
        self.read += length;
    }
}
