//! Knowledge over REST: documents are brought, read by the real reader, found, and gone without a trace.

use super::{Program, keys};
use crate::provider::{Provider, last_words};
use crate::server::{House, Server};
use serde_json::{Value, json};
use std::time::Duration;

const TIDES: &[u8] =
    b"# Tides\n\nThe moon pulls the sea, and the harbour falls dry twice a day.\n\n# Cats\n\nKittens sleep a lot.\n";
/// One more than a file may have.
const TOO_LARGE: usize = 100 * 1024 * 1024 + 1;

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id: {value}")).to_owned()
}

fn base(program: &mut Program, name: &str) -> String {
    id(&program.post("/api/v1/knowledge", &json!({ "name": name }), 201))
}

/// Brings one file, and waits until it was read.
fn bring(program: &mut Program, base: &str, name: &str, file: &[u8]) -> Value {
    let brought = program.bring(base, &[(name, file)], 201);
    program.read_up(brought[0]["document"]["id"].as_str().unwrap())
}

fn outcomes(brought: &Value) -> Vec<&str> {
    brought.as_array().unwrap().iter().map(|it| it["outcome"].as_str().unwrap()).collect()
}

fn texts(found: &Value) -> Vec<&str> {
    found["passages"].as_array().unwrap().iter().map(|it| it["text"].as_str().unwrap()).collect()
}

/// A page that says one line.
fn pdf(line: &str) -> Vec<u8> {
    let content = format!("BT /F1 12 Tf 72 700 Td ({line}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [4 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents 5 0 R >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
    ];
    let (mut file, mut table) = ("%PDF-1.7\n".to_owned(), String::new());
    for (n, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", n + 1);
    }
    let start = file.len();
    file += &format!(
        "xref\n0 6\n0000000000 65535 f \n{table}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    file.into_bytes()
}

#[test]
fn bases_are_made_changed_and_deleted() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let made = ada.post("/api/v1/knowledge", &json!({ "name": " Tides ", "description": "Tables" }), 201);
    assert_eq!(
        keys(&made),
        [
            "can_change",
            "can_manage",
            "created_at",
            "description",
            "document_count",
            "embedded_count",
            "embedding",
            "encoder",
            "failed_count",
            "id",
            "name",
            "next_embedded_count",
            "next_encoder",
            "owner_id",
            "piece_count",
            "project_id",
            "project_name",
            "updated_at",
            "waiting_count"
        ]
    );
    assert_eq!((&made["name"], &made["embedding"]["state"]), (&json!("Tides"), &json!("done")));
    assert_eq!(ada.post("/api/v1/knowledge", &json!({ "name": "tides" }), 422)["fields"][0]["field"], "name");
    assert_eq!(ada.post("/api/v1/knowledge", &json!({ "name": "" }), 422)["fields"][0]["field"], "name");
    let path = format!("/api/v1/knowledge/{}", id(&made));
    let tag = ada.send("GET", &path, None, &[]).header("etag").unwrap().to_owned();
    assert_eq!(ada.patch(&path, &json!({ "description": "Papers" }), 200)["name"], "Tides");
    let stale = ada.send("PATCH", &path, Some(&json!({ "name": "Moons" })), &[("if-match", &tag)]);
    assert_eq!((stale.status, &stale.json()["code"]), (412, &json!("precondition_failed")));
    let embedding = format!("{path}/embedding");
    ada.expect("PUT", &embedding, Some(&json!({ "state": "sideways" })), 422);
    ada.expect("PUT", &embedding, Some(&json!({ "state": "paused" })), 200);
    assert_eq!(ada.get("/api/v1/knowledge?search=TID")["count"], 1);
    assert_eq!(ada.get("/api/v1/knowledge?search=moon")["count"], 0);
    ada.delete(&path);
    ada.expect("GET", &path, None, 404);
}

#[test]
fn a_document_is_read_and_found_with_its_place() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let base = base(&mut ada, "Sea");
    let read = bring(&mut ada, &base, "tides.md", TIDES);
    assert_eq!((&read["kind"], &read["reason"]), (&json!("markdown"), &json!("")));
    assert!(read["piece_count"].as_i64().unwrap() > 0 && read["created_by_name"] == "ada", "{read}");
    let found = ada.get("/api/v1/knowledge/search?q=harbour");
    assert_eq!(keys(&found), ["embedded", "notes", "passages", "searched", "unread"]);
    assert_eq!((&found["searched"], &found["unread"]), (&read["piece_count"], &json!(0)));
    let passage = &found["passages"][0];
    assert_eq!((&passage["document_id"], &passage["by_words"]["rank"]), (&read["id"], &json!(1)));

    // The place is one in the text, to the byte.
    let path = format!("/api/v1/documents/{}", id(&read));
    let text = ada.send("GET", &format!("{path}/text"), None, &[]);
    assert_eq!((text.status, text.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    let at = |name: &str| usize::try_from(passage["place"][name].as_u64().unwrap()).unwrap();
    assert_eq!(&text.text()[at("start")..at("end")], passage["text"].as_str().unwrap());
    ada.expect("GET", &format!("{path}/text?version=2"), None, 404);

    let file = ada.send("GET", &format!("{path}/file"), None, &[]);
    assert_eq!((file.status, &file.body[..]), (200, TIDES));
    for (name, expected) in [
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment; filename=\"tides.md\"; filename*=UTF-8''tides.md"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(file.header(name), Some(expected));
    }

    // By the name that the other search has, there and here.
    assert_eq!(texts(&ada.get("/api/v1/knowledge/search?search=harbour")).len(), 1);
    assert_eq!(texts(&ada.post("/api/v1/knowledge/search", &json!({ "search": "harbour" }), 200)).len(), 1);
    for query in ["search=sea", "q=sea"] {
        ada.expect("GET", &format!("/api/v1/search?{query}"), None, 200);
    }
    for query in ["", "?search=", "?query=sea"] {
        let refused = ada.expect("GET", &format!("/api/v1/search{query}"), None, 422);
        assert_eq!(refused["fields"][0]["field"], "search", "{query}");
    }

    // By filters, by a long question, and with the refusals of both.
    assert_eq!(texts(&ada.get("/api/v1/knowledge/search?q=harbour&kind=pdf")), [""; 0]);
    assert_eq!(texts(&ada.get("/api/v1/knowledge/search?q=harbour&before=2001-01-01T00:00:00Z")), [""; 0]);
    let long = json!({ "q": "When does the harbour fall dry?", "bases": [base], "kind": "markdown", "limit": 1 });
    assert_eq!(texts(&ada.post("/api/v1/knowledge/search", &long, 200)).len(), 1);
    for (query, field) in [("q=", "q"), ("q=a&limit=0", "limit"), ("q=a&base=x", "base"), ("q=a&from=now", "from")] {
        let refused = ada.expect("GET", &format!("/api/v1/knowledge/search?{query}"), None, 422);
        assert_eq!(refused["fields"][0]["field"], field);
    }
    ada.expect("GET", &format!("/api/v1/knowledge/search?q=a&base={}", id(&read)), None, 404);

    let listed = ada.get(&format!("/api/v1/knowledge/{base}/documents?search=TIDES&state=read"));
    assert_eq!((&listed["count"], &listed["results"][0]["id"]), (&json!(1), &read["id"]));
    assert_eq!(ada.get(&format!("/api/v1/knowledge/{base}/documents?state=failed"))["count"], 0);
}

#[test]
fn several_files_come_at_once_and_each_is_told_what_became_of_it() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let base = base(&mut ada, "Sea");
    let brought = ada.bring(&base, &[("tides.md", TIDES), ("empty.txt", b""), ("a/b/moon.txt", b"The Moon.")], 201);
    assert_eq!(outcomes(&brought), ["new", "refused", "new"]);
    assert!(brought[1]["reason"].as_str().unwrap().contains("empty") && brought[1]["document"].is_null());
    assert_eq!(brought[2]["document"]["name"], "moon.txt");
    // The same file under another name, and another file under the same name.
    let again = ada.bring(&base, &[("copy.md", TIDES), ("moon.txt", b"The Moon is round.")], 201);
    assert_eq!(outcomes(&again), ["known", "version"]);
    assert_eq!(again[0]["document"]["id"], brought[0]["document"]["id"]);
    let moon = id(&again[1]["document"]);
    ada.read_up(&moon);
    let versions = ada.get(&format!("/api/v1/documents/{moon}/versions"));
    assert_eq!(
        (&versions[0]["number"], &versions[1]["number"], &versions[1]["size"]),
        (&json!(2), &json!(1), &json!(9))
    );
    let first = ada.send("GET", &format!("/api/v1/documents/{moon}/file?version=1"), None, &[]);
    assert_eq!(first.text(), "The Moon.");
    assert_eq!(ada.get(&format!("/api/v1/knowledge/{base}/documents"))["count"], 2);

    let documents = format!("/api/v1/knowledge/{base}/documents");
    let titled = ada.send_form(&documents, &[("title", "About suns")], &[("sun.txt", b"The Sun.")]);
    assert_eq!(titled.json()[0]["document"]["title"], "About suns");
    let two = ada.send_form(&documents, &[("title", "Both")], &[("a.txt", b"a"), ("b.txt", b"b")]);
    assert_eq!((two.status, &two.json()["fields"][0]["field"]), (422, &json!("title")));
    assert_eq!(ada.bring(&base, &[("empty.txt", b"")], 422)["fields"][0]["field"], "file");
    assert_eq!(ada.bring(&base, &[], 422)["fields"][0]["field"], "file");
    assert_eq!(ada.post(&documents, &json!({}), 415)["code"], "unsupported_media_type");
    let broken = ada.browser.clone().request(
        "POST",
        &documents,
        &[
            ("authorization", ada.authorization.as_deref().unwrap()),
            ("content-type", "multipart/form-data; boundary=edge"),
        ],
        b"--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhalf",
    );
    assert_eq!((broken.status, &broken.json()["code"]), (400, &json!("malformed_form")));
}

#[test]
fn a_file_that_is_too_large_is_refused_and_the_others_are_taken() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let base = base(&mut ada, "Sea");
    let large = vec![b'a'; TOO_LARGE];
    assert_eq!(ada.bring(&base, &[("large.txt", &large)], 413)["code"], "too_large");
    let brought = ada.bring(&base, &[("large.txt", &large), ("small.txt", b"The Moon.")], 201);
    assert_eq!(outcomes(&brought), ["refused", "new"]);
    assert!(brought[0]["reason"].as_str().unwrap().contains("100 MB"), "{brought}");
    // Elsewhere bodies stay small.
    let reply = ada.send("POST", "/api/v1/knowledge", Some(&json!({ "name": "a".repeat(5 << 20) })), &[]);
    assert_eq!(reply.status, 413);
}

#[test]
fn a_pdf_is_read_and_what_cannot_be_read_says_why() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let base = base(&mut ada, "Sea");
    let read = bring(&mut ada, &base, "harbour.pdf", &pdf("The lighthouse keeper counts the ships."));
    assert_eq!(read["kind"], "pdf", "{read}");
    let found = ada.get("/api/v1/knowledge/search?q=lighthouse");
    assert_eq!(
        (&found["passages"][0]["place"]["page"], &found["passages"][0]["name"]),
        (&json!(1), &json!("harbour.pdf"))
    );
    let failed = bring(&mut ada, &base, "broken.docx", b"PK\x03\x04 and then nothing of it");
    assert_eq!(failed["state"], "failed");
    assert!(!failed["reason"].as_str().unwrap().is_empty());
    ada.post(&format!("/api/v1/documents/{}/read", id(&failed)), &json!({}), 202);
    assert_eq!(ada.read_up(&id(&failed))["state"], "failed");
    assert_eq!(ada.get(&format!("/api/v1/knowledge/{base}"))["failed_count"], 1);
    assert_eq!(texts(&ada.get("/api/v1/knowledge/search?q=lighthouse")).len(), 1, "the rest is unharmed");
}

#[test]
fn a_project_shares_its_knowledge_and_its_guests_only_look() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let mut bob = Program::register(&server, "bob");
    let mut eve = Program::register(&server, "eve");
    let project = id(&ada.post("/api/v1/projects", &json!({ "name": "Harbour" }), 201));
    let members = format!("/api/v1/projects/{project}/members");
    ada.post(&members, &json!({ "email": "bob@example.org", "role": "guest" }), 200);
    let base = id(&ada.post("/api/v1/knowledge", &json!({ "name": "Sea", "project_id": project }), 201));
    let read = bring(&mut ada, &base, "tides.md", TIDES);
    let (path, document) = (format!("/api/v1/knowledge/{base}"), format!("/api/v1/documents/{}", id(&read)));
    let seen = bob.get(&path);
    assert_eq!((&seen["can_change"], &seen["project_name"]), (&json!(false), &json!("Harbour")));
    assert_eq!(texts(&bob.get("/api/v1/knowledge/search?q=harbour")).len(), 1);
    assert_eq!(texts(&eve.get("/api/v1/knowledge/search?q=harbour")).len(), 0);
    assert_eq!(bob.get(&format!("/api/v1/knowledge?project_id={project}"))["count"], 1);
    assert_eq!(eve.get(&format!("/api/v1/knowledge?project_id={project}"))["count"], 0);
    bob.bring(&base, &[("mine.txt", b"Mine.")], 403);
    eve.bring(&base, &[("mine.txt", b"Mine.")], 404);
    for (method, path, body) in [
        ("PATCH", path.clone(), json!({ "name": "Mine" })),
        ("DELETE", path.clone(), Value::Null),
        ("PUT", format!("{path}/embedding"), json!({ "state": "paused" })),
        ("POST", format!("{path}/documents/from-url"), json!({ "url": "https://example.org/" })),
        ("DELETE", document.clone(), Value::Null),
        ("POST", format!("{document}/read"), json!({})),
    ] {
        let body = (!body.is_null()).then_some(&body);
        bob.expect(method, &path, body, 403);
        eve.expect(method, &path, body, 404);
    }
    for path in ["", "/versions", "/text", "/file"].map(|it| format!("{document}{it}")) {
        assert_eq!(bob.send("GET", &path, None, &[]).status, 200);
        eve.expect("GET", &path, None, 404);
    }
    eve.post("/api/v1/knowledge", &json!({ "name": "Mine", "project_id": project }), 404);
    bob.post("/api/v1/knowledge", &json!({ "name": "Mine", "project_id": project }), 403);
}

#[test]
fn what_is_deleted_leaves_nothing() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let files = || {
        let mut left = Vec::new();
        let mut folders = vec![server.path().join("data/files")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.path().is_dir() { folders.push(entry.path()) } else { left.push(entry.path()) }
            }
        }
        left.len()
    };
    let base = base(&mut ada, "Sea");
    let read = bring(&mut ada, &base, "tides.md", TIDES);
    bring(&mut ada, &base, "moon.txt", b"The Moon shines on the harbour.");
    assert_eq!(files(), 2);
    ada.delete(&format!("/api/v1/documents/{}", id(&read)));
    ada.expect("GET", &format!("/api/v1/documents/{}", id(&read)), None, 404);
    assert_eq!((files(), texts(&ada.get("/api/v1/knowledge/search?q=kittens")).len()), (1, 0));
    ada.delete(&format!("/api/v1/knowledge/{base}"));
    let found = ada.get("/api/v1/knowledge/search?q=harbour");
    assert_eq!((files(), &found["searched"], texts(&found).len()), (0, &json!(0), 0));
}

#[test]
fn addresses_inside_are_not_fetched() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let base = base(&mut ada, "Sea");
    let path = format!("/api/v1/knowledge/{base}/documents/from-url");
    let own = format!("{}/api/health", server.address);
    for url in [
        own.as_str(),
        "http://localhost:80/",
        "http://169.254.169.254/latest",
        "http://[::1]/",
        "file:///etc/passwd",
        "tides",
    ] {
        let refused = ada.post(&path, &json!({ "url": url }), 422);
        assert_eq!(refused["fields"][0]["field"], "url", "{url}");
        assert!(!refused["message"].as_str().unwrap().contains("healthy"), "{refused}");
    }
    assert_eq!(ada.get(&format!("/api/v1/knowledge/{base}/documents"))["count"], 0);
}

#[test]
fn an_agent_answers_from_its_knowledge_and_the_answer_has_its_sources() {
    let provider = Provider::start(|question| {
        let said = match last_words(question).contains("harbour") {
            true => "The harbour falls dry twice a day.",
            false => "Hello.",
        };
        (vec![said.to_owned()], Duration::from_millis(1))
    });
    let server = House::new().with(&provider).serve();
    let mut ada = Program::register(&server, "ada");
    let base = base(&mut ada, "Sea");
    bring(&mut ada, &base, "tides.md", TIDES);
    let agent = id(&ada.get("/api/v1/agents/default"));
    let path = format!("/api/v1/agents/{agent}/knowledge");
    assert_eq!(ada.get(&path), json!({ "knowledge_ids": [] }));
    let ask = |ada: &mut Program| {
        let conversation = id(&ada.post("/api/v1/conversations", &json!({}), 201));
        let path = format!("/api/v1/conversations/{conversation}/messages?wait=true");
        let sent = ada.post(&path, &json!({ "content": "How often does the harbour fall dry?" }), 200);
        let sources = format!("/api/v1/messages/{}/sources", sent["assistant_message"]["id"].as_str().unwrap());
        ada.get(&sources)
    };
    let without = ask(&mut ada);
    assert_eq!((&without["citations"], &without["report"]), (&json!([]), &Value::Null));
    assert_eq!(
        ada.expect("PUT", &path, Some(&json!({ "knowledge_ids": [base] })), 200)["knowledge_ids"],
        json!([base])
    );
    ada.expect("PUT", &path, Some(&json!({ "knowledge_ids": [agent] })), 422);
    let with = ask(&mut ada);
    assert_eq!(keys(&with), ["citations", "claims", "message_id", "report"]);
    assert_eq!(
        (&with["citations"][0]["number"], &with["citations"][0]["name"]),
        (&json!(1), &json!("tides.md")),
        "{with}"
    );
    assert_eq!((&with["claims"][0]["kind"], &with["claims"][0]["source"]), (&json!("supported"), &json!(1)), "{with}");
    assert_eq!(with["report"]["found"][0]["number"], 1);
}

#[test]
fn embeddings_are_refused_as_openais_clients_expect_it() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let ask = |ada: &mut Program, body: Value, status: u16| ada.post("/v1/embeddings", &body, status)["error"].clone();
    let model = "all-MiniLM-L6-v2";
    let unknown = ask(&mut ada, json!({ "model": "text-embedding-3-small", "input": "a" }), 404);
    assert_eq!(
        (keys(&unknown), &unknown["code"]),
        (vec!["code", "message", "param", "type"], &json!("model_not_found"))
    );
    for input in [json!(""), json!([]), json!(["a", " "]), json!(vec!["a"; 257]), json!("a".repeat(8193)), json!(3)] {
        let refused = ask(&mut ada, json!({ "model": model, "input": input }), 400);
        assert_eq!((&refused["param"], &refused["type"]), (&json!("input"), &json!("invalid_request_error")));
    }
    // There is no model file in this folder.
    let away = ask(&mut ada, json!({ "model": model, "input": "a" }), 409);
    assert_eq!(away["code"], "no_embedding_model");
    assert_eq!(Program::nobody(&server).post("/v1/embeddings", &json!({}), 401)["error"]["code"], "invalid_api_key");
}
