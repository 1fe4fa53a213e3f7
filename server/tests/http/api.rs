//! The REST API from outside: by JWT, by API token, by cookie.

mod access;
mod account;
mod administration;
mod chat;
mod knowledge;
mod openai;
mod repositories;
mod requests;
mod results;
mod tokens;
mod ws;

use crate::client::{Browser, Reply};
use crate::server::{PASSWORD, Server};
use serde_json::{Value, json};

/// A program that calls the API.
#[derive(Debug, Clone)]
pub struct Program {
    pub browser: Browser,
    pub authorization: Option<String>,
}

impl Program {
    pub fn nobody(server: &Server) -> Self {
        Self { browser: server.browser(), authorization: None }
    }

    /// Makes an account, and is signed in to it.
    pub fn register(server: &Server, name: &str) -> Self {
        let mut program = Self::nobody(server);
        let person = json!({ "email": format!("{name}@example.org"), "name": name, "password": PASSWORD });
        let tokens = program.post("/api/v1/auth/register", &person, 201);
        program.with(&tokens["access"])
    }

    /// The same program with another token.
    pub fn with(&self, token: &Value) -> Self {
        let token = token.as_str().unwrap_or_else(|| panic!("no token: {token}"));
        Self { browser: self.browser.clone(), authorization: Some(format!("Bearer {token}")) }
    }

    pub fn send(&mut self, method: &str, path: &str, body: Option<&Value>, more: &[(&str, &str)]) -> Reply {
        let text = body.map(Value::to_string).unwrap_or_default();
        let mut headers = more.to_vec();
        let authorization = self.authorization.clone();
        if let Some(authorization) = &authorization {
            headers.push(("authorization", authorization));
        }
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        self.browser.request(method, path, &headers, text.as_bytes())
    }

    pub fn expect(&mut self, method: &str, path: &str, body: Option<&Value>, status: u16) -> Value {
        let reply = self.send(method, path, body, &[]);
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
        if reply.body.is_empty() { Value::Null } else { reply.json() }
    }

    /// Files, as a form brings them into a base.
    fn bring(&mut self, base: &str, files: &[(&str, &[u8])], status: u16) -> Value {
        let reply = self.send_form(&format!("/api/v1/knowledge/{base}/documents"), &[], files);
        assert_eq!(reply.status, status, "{}", reply.text());
        reply.json()
    }

    /// A file for a message.
    pub fn attach(&mut self, name: &str, file: &[u8], status: u16) -> Value {
        let reply = self.send_form("/api/v1/attachments", &[], &[(name, file)]);
        assert_eq!(reply.status, status, "{}", reply.text());
        reply.json()
    }

    pub fn send_form(&mut self, path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Reply {
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(part.bytes());
        }
        for (name, file) in files {
            let head = format!("--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
            body.extend(head.bytes().chain(file.iter().copied()).chain(*b"\r\n"));
        }
        body.extend(b"--edge--\r\n");
        let authorization = self.authorization.clone().unwrap_or_default();
        let headers =
            [("authorization", authorization.as_str()), ("content-type", "multipart/form-data; boundary=edge")];
        self.browser.request("POST", path, &headers, &body)
    }

    /// Waits until a document was read, and says how it stands then.
    pub fn read_up(&mut self, document: &str) -> Value {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        loop {
            let found = self.get(&format!("/api/v1/documents/{document}"));
            if !matches!(found["state"].as_str(), Some("waiting" | "reading")) {
                return found;
            }
            assert!(std::time::Instant::now() < deadline, "it is not read: {found}");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// A file, as it is.
    fn put_file(&mut self, path: &str, file: &[u8]) -> Reply {
        let authorization = self.authorization.clone().unwrap_or_default();
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/octet-stream")];
        self.browser.request("PUT", path, &headers, file)
    }

    pub fn get(&mut self, path: &str) -> Value {
        self.expect("GET", path, None, 200)
    }

    pub fn post(&mut self, path: &str, body: &Value, status: u16) -> Value {
        self.expect("POST", path, Some(body), status)
    }

    fn patch(&mut self, path: &str, body: &Value, status: u16) -> Value {
        self.expect("PATCH", path, Some(body), status)
    }

    fn delete(&mut self, path: &str) {
        self.expect("DELETE", path, None, 204);
    }
}

/// The keys of an object, sorted.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys().map(String::as_str).collect()
}
