//! A browser as far as the wire goes: HTTP/1.1, cookies, forms. Everything can be said wrong on purpose.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }

    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_default()
    }

    /// Without the empty comments by which Leptos finds its places again.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).replace("<!>", "")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The `Set-Cookie` line of the session.
    pub fn session_cookie(&self) -> Option<&str> {
        self.headers
            .iter()
            .find(|it| it.0 == "set-cookie" && it.1.starts_with("atrium_session="))
            .map(|it| it.1.as_str())
    }
}

#[derive(Debug, Clone)]
pub struct Browser {
    host: String,
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(address: &str) -> Self {
        Self { host: address.trim_start_matches("http://").to_owned(), cookies: BTreeMap::new() }
    }

    pub fn get(&mut self, path: &str) -> Reply {
        self.request("GET", path, &[("accept", "text/html")], b"")
    }

    pub fn get_with(&mut self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.request("GET", path, headers, b"")
    }

    /// A form, as a browser without JavaScript posts it.
    pub fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.submit_with(path, fields, &[])
    }

    pub fn submit_with(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Reply {
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
        let form = [("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html")];
        self.request("POST", path, &[&form, headers].concat(), body.join("&").as_bytes())
    }

    /// A form with a file, as a browser without JavaScript posts it.
    pub fn upload(&mut self, path: &str, fields: &[(&str, &str)], name: &str, file: &[u8]) -> Reply {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(
                format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
            );
        }
        let head = "content-type: application/octet-stream";
        body.extend(
            format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"a.png\"\r\n{head}\r\n\r\n")
                .bytes(),
        );
        body.extend(file);
        body.extend(b"\r\n--edge--\r\n");
        let form = [("content-type", "multipart/form-data; boundary=edge"), ("accept", "text/html")];
        self.request("POST", path, &form, &body)
    }

    /// A form with files in its field `file`, as a browser without JavaScript posts it.
    pub fn submit_files(&mut self, path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Reply {
        let part =
            |name: &str, more: &str| format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"{more}\r\n\r\n");
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(format!("{}{value}\r\n", part(name, "")).bytes());
        }
        for (name, file) in files {
            body.extend(part("file", &format!("; filename=\"{name}\"")).bytes());
            body.extend(file.iter().chain(b"\r\n"));
        }
        body.extend(b"--edge--\r\n");
        let form = [("content-type", "multipart/form-data; boundary=edge"), ("accept", "text/html")];
        self.request("POST", path, &form, &body)
    }

    /// A server function, as an island calls it.
    pub fn call(&mut self, name: &str, arguments: &Value) -> Reply {
        let headers = [("content-type", "application/json"), ("accept", "application/json")];
        self.request("POST", &format!("/_fn/{name}"), &headers, arguments.to_string().as_bytes())
    }

    pub fn request(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut stream = self.open(method, path, headers, Some(body.len()));
        // Who refuses early closes early; what it said is still there to be read.
        let _ = stream.write_all(body);
        self.read(stream)
    }

    /// Announces `length` bytes (chunks, if `None`) and sends `body`, however many they are.
    pub fn request_unfinished(&mut self, path: &str, content_type: &str, length: Option<usize>, body: &[u8]) -> Reply {
        let mut stream = self.open("POST", path, &[("content-type", content_type)], length);
        if length.is_some() {
            let _ = stream.write_all(body);
        } else {
            for chunk in body.chunks(64 * 1024) {
                let framed = [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
                if stream.write_all(&framed).is_err() {
                    break;
                }
            }
        }
        self.read(stream)
    }

    /// Reads a stream of events, giving each line to `line` until that says that it has enough.
    pub fn listen(&mut self, path: &str, headers: &[(&str, &str)], mut line: impl FnMut(&str) -> bool) -> Reply {
        let mut reader = BufReader::new(self.open("GET", path, headers, None));
        let reply = head(&mut reader);
        let mut text = String::new();
        while reader.read_line(&mut text).unwrap_or_default() > 0 {
            if line(text.trim_end()) {
                break;
            }
            text.clear();
        }
        reply
    }

    fn open(&self, method: &str, path: &str, headers: &[(&str, &str)], length: Option<usize>) -> TcpStream {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|it| it.0 == "host") {
            head += &format!("host: {}\r\n", self.host);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            head += &format!("cookie: {}\r\n", cookies.join("; "));
        }
        match (method, length) {
            ("GET", _) => {}
            (_, Some(length)) => head += &format!("content-length: {length}\r\n"),
            (_, None) => head += "transfer-encoding: chunked\r\n",
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        stream
    }

    fn read(&mut self, stream: TcpStream) -> Reply {
        let mut reader = BufReader::new(stream);
        let mut reply = head(&mut reader);
        if reply.header("transfer-encoding") == Some("chunked") {
            loop {
                let mut size = String::new();
                reader.read_line(&mut size).unwrap();
                let size = usize::from_str_radix(size.trim(), 16).unwrap();
                let mut chunk = vec![0; size + 2];
                reader.read_exact(&mut chunk).unwrap();
                if size == 0 {
                    break;
                }
                reply.body.extend(&chunk[..size]);
            }
        } else if let Some(length) = reply.header("content-length").map(|it| it.parse().unwrap()) {
            reply.body = vec![0; length];
            reader.read_exact(&mut reply.body).unwrap();
        } else {
            reader.read_to_end(&mut reply.body).unwrap();
        }
        for (name, value) in &reply.headers {
            if name == "set-cookie" {
                let (pair, attributes) = value.split_once(';').unwrap_or((value, ""));
                let (name, value) = pair.split_once('=').unwrap();
                if value.is_empty() || attributes.contains("Max-Age=0") {
                    self.cookies.remove(name);
                } else {
                    self.cookies.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        reply
    }
}

fn head(reader: &mut BufReader<TcpStream>) -> Reply {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("no reply: {line:?}")).parse().unwrap();
    let mut headers = Vec::new();
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).unwrap();
        let line = String::from_utf8_lossy(&line).into_owned();
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim_matches([' ', '\r', '\n']).to_owned()));
    }
    Reply { status, headers, body: Vec::new() }
}

fn escape(text: &str) -> String {
    text.bytes()
        .map(|it| if it.is_ascii_alphanumeric() { char::from(it).to_string() } else { format!("%{it:02X}") })
        .collect()
}
