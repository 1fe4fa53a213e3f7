//! Git over HTTP on a loopback port: `git http-backend`, a process a request, and ways to misbehave.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use atrium_repositories::{Fetcher, Request, Response};

/// What the server does instead of serving repositories.
#[derive(Debug, Clone)]
pub enum Mood {
    /// Serves them.
    Git,
    /// Serves them to whoever sends this `Authorization`.
    Guarded(&'static str),
    /// Answers with this status and a web page.
    Status(u16),
    /// A web page, with status 200.
    Page,
    /// Sends whoever asks for the first repository on to this address, with the rest of the path.
    Moved(String),
    /// Accepts the request and says nothing.
    Silent,
    /// Begins as git does and never ends, with a pause after so many lines.
    Endless(usize, Duration),
    /// Serves the first answer; in the second, a pack ends after this many bytes.
    Cut(usize),
}

/// What came in: method and path, and the header that counts.
#[derive(Debug, Clone)]
pub struct Seen {
    pub path: String,
    pub authorization: Option<String>,
}

/// A server for the repositories in one folder.
pub struct Server {
    pub url: String,
    pub mood: Arc<Mutex<Mood>>,
    pub seen: Arc<Mutex<Vec<Seen>>>,
    /// Bytes of answers to POST.
    pub sent: Arc<AtomicU64>,
}

impl Server {
    pub fn of(folder: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (mood, seen) = (Arc::new(Mutex::new(Mood::Git)), Arc::new(Mutex::new(Vec::new())));
        let sent = Arc::new(AtomicU64::new(0));
        let server = Self { url, mood: Arc::clone(&mood), seen: Arc::clone(&seen), sent: Arc::clone(&sent) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (mood, seen, sent) = (Arc::clone(&mood), Arc::clone(&seen), Arc::clone(&sent));
                let folder = folder.clone();
                // A client that hangs up is what many tests are about.
                std::thread::spawn(move || answer(stream, &folder, &mood, &seen, &sent).ok());
            }
        });
        server
    }

    pub fn mood(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn answer(
    stream: TcpStream,
    folder: &std::path::Path,
    mood: &Mutex<Mood>,
    seen: &Mutex<Vec<Seen>>,
    sent: &AtomicU64,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut out = stream;
    let (first, headers) = head(&mut reader)?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let length = headers.get("content-length").and_then(|it| it.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let authorization = headers.get("authorization").cloned();
    seen.lock().unwrap().push(Seen { path: path.clone(), authorization: authorization.clone() });
    let mood = mood.lock().unwrap().clone();
    let cut = match mood {
        Mood::Git => None,
        Mood::Guarded(wanted) if authorization.as_deref() == Some(wanted) => None,
        Mood::Guarded(_) => return status(&mut out, 401),
        Mood::Status(code) => return status(&mut out, code),
        Mood::Page => {
            return write!(
                out,
                "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\nconnection: close\r\n\r\n<html>Hello</html>"
            );
        }
        Mood::Moved(to) => {
            return write!(out, "HTTP/1.1 301 Moved\r\nlocation: {to}{}\r\nconnection: close\r\n\r\n", rest(&path));
        }
        Mood::Silent => {
            std::thread::sleep(Duration::from_secs(20));
            return Ok(());
        }
        Mood::Endless(lines, pause) => {
            write!(
                out,
                "HTTP/1.1 200 OK\r\ncontent-type: application/x-git-upload-pack-advertisement\r\nconnection: close\r\n\r\n"
            )?;
            write!(out, "001e# service=git-upload-pack\n0000000eversion 2\n")?;
            loop {
                out.write_all("0012agent=git/x-x\n".repeat(lines).as_bytes())?;
                std::thread::sleep(pause);
            }
        }
        Mood::Cut(after) => (method == "POST" && body.windows(13).any(|it| it == b"command=fetch")).then_some(after),
    };
    let (path, query) = path.split_once('?').unwrap_or((&path, ""));
    let mut child = Command::new("git")
        .arg("http-backend")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_PROJECT_ROOT", folder)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .env("GIT_PROTOCOL", headers.get("git-protocol").map_or("", String::as_str))
        .env("REQUEST_METHOD", &method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", headers.get("content-type").map_or("", String::as_str))
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    child.stdin.take().unwrap().write_all(&body)?;
    let mut from = BufReader::new(child.stdout.take().unwrap());
    let (_, cgi) = head_lines(&mut from)?;
    let code = cgi.get("status").map_or("200 OK", String::as_str);
    let kind = cgi.get("content-type").map_or("text/plain", String::as_str);
    write!(out, "HTTP/1.1 {code}\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n")?;
    let copied = match cut {
        Some(after) => std::io::copy(&mut from.by_ref().take(after as u64), &mut out),
        None => std::io::copy(&mut from, &mut out),
    };
    if method == "POST" {
        sent.fetch_add(copied.as_ref().copied().unwrap_or_default(), Ordering::Relaxed);
    }
    let _ = child.kill();
    child.wait()?;
    copied.map(|_| ())
}

/// What follows the repository's own part of a path.
fn rest(path: &str) -> &str {
    path.find("/info/").map_or("", |at| &path[at..])
}

fn status(out: &mut TcpStream, code: u16) -> std::io::Result<()> {
    write!(out, "HTTP/1.1 {code} No\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html>No</html>")
}

fn head(reader: &mut impl BufRead) -> std::io::Result<(String, HashMap<String, String>)> {
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let (_, headers) = head_lines(reader)?;
    Ok((first.trim_end().to_owned(), headers))
}

fn head_lines(reader: &mut impl BufRead) -> std::io::Result<((), HashMap<String, String>)> {
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim_end().is_empty() {
            return Ok(((), headers));
        }
        if let Some((name, value)) = line.trim_end().split_once(':') {
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
    }
}

/// A client of a few lines. The real one is the caller's.
pub struct Plain;

impl Fetcher for Plain {
    fn send(&self, request: Request) -> std::io::Result<Response> {
        let url = &request.url;
        let host = format!("{}:{}", url.host_str().unwrap(), url.port_or_known_default().unwrap());
        let mut stream = TcpStream::connect(&host)?;
        let method = if request.body.is_some() { "POST" } else { "GET" };
        let path = url.as_str().split_once(&host).unwrap().1;
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n")?;
        for (name, value) in &request.headers {
            write!(stream, "{name}: {value}\r\n")?;
        }
        let body = request.body.unwrap_or_default();
        write!(stream, "content-length: {}\r\n\r\n", body.len())?;
        stream.write_all(&body)?;
        let mut reader = BufReader::new(stream);
        let (first, mut headers) = head(&mut reader)?;
        let status = first.split(' ').nth(1).and_then(|it| it.parse().ok());
        let status = status.ok_or_else(|| std::io::Error::other("the connection was closed"))?;
        let (content_type, location) = (headers.remove("content-type"), headers.remove("location"));
        Ok(Response { status, content_type, location, body: Box::new(reader) })
    }
}
