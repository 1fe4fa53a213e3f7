//! The agent platform's documents.

use super::super::{Client, has_keys, is_time, is_uuid, text};
use crate::client::Reply;
use crate::server::Server;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const DOCUMENT: [&str; 9] =
    ["id", "org", "title", "doc_type", "s3_key", "version", "pinecone_ns", "uploaded_by", "created_at"];

const RULES: &str = "The cats of this house sleep indoors during the whole night. \
    Whoever feeds the cats in the morning writes down when they were fed and how much they ate.";

pub(super) fn send(client: &mut Client, fields: &[(&str, &str)], file: Option<(&str, &str)>) -> Reply {
    let mut body = String::new();
    for (name, value) in fields {
        body += &format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    if let Some((name, text)) = file {
        body +=
            &format!("--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{text}\r\n");
    }
    body += "--edge--\r\n";
    client.send("POST", "/api/knowledge/documents/", Some(("multipart/form-data; boundary=edge", &body)))
}

#[test]
fn documents() {
    let server = Server::start();
    let mut ada = Client::register(&server, "ada");
    let mut eve = Client::register(&server, "eve");
    ada.finds(&[("GET", "/api/knowledge/documents/"), ("POST", "/api/knowledge/documents/")]);
    assert_eq!(ada.get("/api/knowledge/documents/", 200), json!([]));
    let fields = [("doc_type", "policy"), ("title", "House rules")];
    let made = send(&mut ada, &fields, Some(("rules.txt", RULES)));
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    has_keys(&made, &DOCUMENT);
    assert!(
        is_uuid(&made["id"]) && is_uuid(&made["org"]) && is_uuid(&made["uploaded_by"]) && is_time(&made["created_at"])
    );
    assert_eq!(
        (&made["title"], &made["doc_type"], &made["version"]),
        (&json!("House rules"), &json!("policy"), &json!(1))
    );
    assert!(text(&made["s3_key"]).contains('/') && !text(&made["pinecone_ns"]).is_empty());
    let manual = send(&mut ada, &[("doc_type", "tech_manual")], Some(("manual.txt", "Push the button.")));
    assert_eq!(manual.json()["title"], "manual.txt");
    let listed = ada.get("/api/knowledge/documents/", 200);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    has_keys(&listed[0], &DOCUMENT);
    assert_eq!(eve.get("/api/knowledge/documents/", 200), json!([]));

    for (fields, file, expected) in [
        (&[][..], Some(("a.txt", "a")), json!({ "doc_type": ["This field is required."] })),
        (&[("doc_type", "novel")], Some(("a.txt", "a")), json!({ "doc_type": ["\"novel\" is not a valid choice."] })),
        (&[("doc_type", "product")], None, json!({ "file": ["No file was submitted."] })),
        (&[("doc_type", "product")], Some(("a.txt", "")), json!({ "file": ["The file is empty."] })),
    ] {
        let refused = send(&mut ada, fields, file);
        assert_eq!((refused.status, refused.json()), (400, expected));
    }
    assert_eq!(send(&mut Client::nobody(&server), &fields, None).status, 401);

    // What is not known before it was read is left out until then.
    let path = format!("/api/knowledge/documents/{}/summary/", text(&made["id"]));
    let deadline = Instant::now() + Duration::from_secs(60);
    let told = loop {
        let told = ada.get(&path, 200);
        if !told["summary"].is_null() {
            break told;
        }
        has_keys(&told, &["id", "title", "type", "date", "source"]);
        assert!(Instant::now() < deadline, "{told}");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!((&told["id"], &told["type"], &told["source"]), (&made["id"], &json!("policy"), &json!("rules.txt")));
    assert!(is_time(&told["date"]) && told["summary"].is_string());
    assert!(told["keyPoints"].as_array().is_none_or(|it| it.iter().all(Value::is_string)));
    has_keys(&eve.get(&path, 404), &["detail"]);
    has_keys(&ada.get("/api/knowledge/documents/x/summary/", 404), &["detail"]);

    // It is the same world: the document lies in a base of hers.
    let bases = ada.get("/api/v1/knowledge", 200);
    assert_eq!((&bases["count"], &bases["results"][0]["name"]), (&json!(1), &json!("Documents")));
    assert_eq!(made["pinecone_ns"], bases["results"][0]["id"]);
}
