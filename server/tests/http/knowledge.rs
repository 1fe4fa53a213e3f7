//! Knowledge as without JavaScript: bases, files that arrive, a document with a passage marked, answers that say what they
//! stand on.

use crate::chat::{answer, begin};
use crate::client::{Browser, Reply};
use crate::provider::{Provider, last_words};
use crate::server::{House, Server};
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const TIDES: &str = "# Tides\n\nThe Moon pulls the oceans and raises two bulges of water every day.\n\n# Lakes\n\nSmall lakes have tides of a few millimetres only.\n";

/// Files as a form without JavaScript sends them.
fn bring(browser: &mut Browser, base: &str, files: &[(&str, &[u8])]) -> Reply {
    let mut body = Vec::new();
    for (name, bytes) in files {
        body.extend(format!("--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: text/html\r\n\r\n").bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--edge--\r\n");
    let form = [("content-type", "multipart/form-data; boundary=edge"), ("accept", "text/html")];
    browser.request("POST", &format!("{base}/upload"), &form, &body)
}

/// A new base of one's own: its path.
fn base(browser: &mut Browser, name: &str) -> String {
    let made = browser.submit("/knowledge", &[("name", name), ("project", "")]);
    assert_eq!(made.status, 303, "{}", made.text());
    made.location().to_owned()
}

/// The page, once nothing in it waits to be read.
fn settled(browser: &mut Browser, path: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let page = browser.get(path).text();
        if !page.contains("being read") && !page.contains("waits to be read") {
            return page;
        }
        assert!(Instant::now() < deadline, "it is not read: {page}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The path of a page's first link that begins so.
fn link(page: &str, start: &str) -> String {
    let at = page.find(&format!("href=\"{start}")).unwrap_or_else(|| panic!("no link to {start}: {page}")) + 6;
    page[at..].split('"').next().unwrap().replace("&amp;", "&")
}

fn with_answer(text: &'static str) -> (Server, Provider) {
    let provider = Provider::start(move |question| {
        let words = if last_words(question).contains("title") { "Tides" } else { text };
        (vec![words.to_owned()], Duration::from_millis(1))
    });
    (House::new().with(&provider).serve(), provider)
}

#[test]
fn files_arrive_by_a_form_and_each_says_what_became_of_it() {
    let server = Server::start();
    let mut ada = server.administrator();
    assert!(ada.get("/knowledge").text().contains("Make one below"));
    let path = base(&mut ada, "The <sea>");
    let empty = ada.get(&path).text();
    assert!(empty.contains("Choose files above") && empty.contains("multipart/form-data"), "{empty}");

    let reply =
        bring(&mut ada, &path, &[("tides.md", TIDES.as_bytes()), ("nothing.txt", b""), ("same.md", TIDES.as_bytes())]);
    assert_eq!((reply.status, reply.location()), (303, path.as_str()), "{}", reply.text());
    let page = ada.get(&path).text();
    for told in
        ["tides.md is new.", "nothing.txt was refused: The file is empty.", "same.md was here already, as tides.md."]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    let page = settled(&mut ada, &path);
    assert!(!page.contains("is new."), "it is said once");
    assert!(page.contains("1 document") && page.contains("found by word"), "{page}");

    assert_eq!(bring(&mut ada, &path, &[("tides.md", b"Another text about the sea.")]).status, 303);
    assert!(ada.get(&path).text().contains("tides.md is version 2 now."));
    assert_eq!(bring(&mut ada, &path, &[("", b"")]).status, 303);
    assert!(ada.get(&path).text().contains("No file was chosen."));
    let list = settled(&mut ada, "/knowledge");
    assert!(list.contains("The &lt;sea&gt;") && !list.contains("The <sea>"), "{list}");

    assert_eq!(ada.submit(&path, &[("action", "delete")]).status, 422, "whoever deletes all of it says so");
    assert_eq!(ada.submit(&path, &[("action", "delete"), ("sure", "on")]).location(), "/knowledge");
    assert_eq!(ada.get(&path).status, 404);
}

#[test]
fn nobody_else_sees_a_base_and_no_other_site_brings_files() {
    let server = Server::start();
    let mut ada = server.administrator();
    let mut eve = server.person("eve");
    let path = base(&mut ada, "Mine");
    bring(&mut ada, &path, &[("tides.md", TIDES.as_bytes())]);
    let document = link(&settled(&mut ada, &path), "/knowledge/documents/");
    for path in [path.clone(), document.clone(), format!("{document}/file")] {
        assert_eq!(eve.get(&path).status, 404, "{path}");
        assert_eq!(server.browser().get(&path).status, 303, "{path}");
    }
    assert_eq!(bring(&mut eve, &path, &[("a.md", b"A text.")]).status, 404);
    assert!(bring(&mut server.browser(), &path, &[("a.md", b"A text.")]).location().starts_with("/sign-in?next="));
    assert_eq!(eve.submit(&document, &[("action", "delete")]).status, 404);
    assert!(!eve.get("/knowledge/search?q=Moon").text().contains("/knowledge/documents/"));
    let form = [("content-type", "multipart/form-data; boundary=edge"), ("sec-fetch-site", "cross-site")];
    assert_eq!(ada.request("POST", &format!("{path}/upload"), &form, b"--edge--\r\n").status, 403);
}

#[test]
fn a_document_is_shown_with_its_passage_and_handed_out_as_a_file() {
    let server = Server::start();
    let mut ada = server.administrator();
    let path = base(&mut ada, "Sea");
    bring(
        &mut ada,
        &path,
        &[("tides.md", TIDES.as_bytes()), ("bad.html", b"<p>Moon</p><script>alert('tides')</script>")],
    );
    settled(&mut ada, &path);
    let found = ada.get("/knowledge/search?q=Which+lakes+have+tides%3F&inspect=on").text();
    assert!(found.contains("<mark>lakes</mark>") && found.contains("rank · BM25"), "{found}");
    let passage = link(&found, "/knowledge/documents/");
    assert!(passage.contains("&from=") && passage.ends_with("#passage"), "{passage}");
    let passage = passage.trim_end_matches("#passage");
    let page = ada.get(passage).text();
    let (_, marked) = page.split_once("<mark id=\"passage\">").unwrap_or_else(|| panic!("{page}"));
    assert!(marked.split("</mark>").next().unwrap().contains("millimetres"), "{page}");
    assert!(page.contains("Marked: ") && page.contains("lines "), "its place is named: {page}");

    let document = passage.split('?').next().unwrap();
    let file = ada.get(&format!("{document}/file"));
    assert_eq!(file.body, TIDES.as_bytes());
    assert_eq!(
        file.header("content-disposition"),
        Some("attachment; filename=\"tides.md\"; filename*=UTF-8''tides.md")
    );
    assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(file.header("content-type"), Some("application/octet-stream"));
    assert_eq!(ada.get(&format!("{document}?version=7")).status, 404);
    assert_eq!(ada.get(&format!("{document}?version=1&from=900000&to=900001&at=99999999")).status, 200);
    assert_eq!(ada.submit(document, &[("action", "read-again")]).status, 303);
    assert_eq!(ada.submit(document, &[("action", "delete")]).location(), path);
    assert_eq!(ada.get(document).status, 404);
}

#[test]
fn an_answer_says_what_each_of_its_sentences_stands_on() {
    let (server, _provider) = with_answer(
        "The Moon raises two bulges of water every day [1]. Bananas are yellow fruits grown in Ecuador.\n\n<script>alert(1)</script>",
    );
    let mut ada = server.administrator();
    let path = base(&mut ada, "Sea");
    bring(&mut ada, &path, &[("tides.md", TIDES.as_bytes())]);
    settled(&mut ada, &path);
    let agents = ada.get("/agents").text();
    let agent = link(agents.split_once("class=\"rows\"").unwrap().1, "/agents/");
    let form = ada.get(&agent).text();
    let id = path.trim_start_matches("/knowledge/");
    assert!(form.contains(&format!("value=\"{id}\"")), "{form}");
    let fields = [
        ("name", "Sailor"),
        ("avatar", "compass"),
        ("provider", "openai"),
        ("model", "fake-1"),
        ("temperature", "0.7"),
        ("max_tokens", "200"),
        ("is_active", "on"),
        ("is_default", "on"),
        ("knowledge_shown", "on"),
        ("knowledge", id),
    ];
    let saved = ada.submit(&agent, &fields);
    assert_eq!(saved.status, 303, "{}", saved.text());
    assert!(ada.get(&agent).text().contains(&format!("value=\"{id}\" checked")), "it stays ticked");

    let conversation = begin(&mut ada, "How does the Moon raise bulges of water?");
    let message = answer(&mut ada, &conversation);
    let blocks = message["rendered"]["blocks"].as_array().unwrap();
    let html: String = blocks.iter().map(|it| it.as_str().unwrap()).collect();
    let cited = "every day.<a class=\"cite\" href=\"/knowledge/documents/";
    assert!(html.contains(cited), "{html}");
    assert!(html.contains("aria-label=\"Source 1\">1</a>") && !html.contains("[1]"), "{html}");
    assert!(html.contains("Ecuador.<span class=\"doubt\"") && html.contains("(no source says so)"), "{html}");
    assert!(!html.contains("<script"), "{html}");
    assert!(html.contains("<aside class=\"sources\""), "{html}");
    assert!(message["text"].as_str().unwrap().contains("[1]"), "what is copied is what the model wrote");

    let page = ada.get(&format!("/chat/{conversation}")).text();
    assert!(page.contains(cited), "without JavaScript too");
    let shown = ada.get(link(&html, "/knowledge/documents/").trim_end_matches("#passage")).text();
    assert!(shown.contains("<mark id=\"passage\">") && shown.contains("two bulges"), "{shown}");

    let inspector = link(&html, "/chat/");
    let page = ada.get(&inspector).text();
    for told in ["How does the Moon raise bulges of water?", "given to the model as [1]", "What the model got to read"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    let mut eve = server.person("eve");
    assert_eq!(eve.get(&inspector).status, 404);
}

/// A web server on the loopback interface whose pages a test writes.
struct Site {
    host: String,
    pages: Arc<Mutex<HashMap<String, String>>>,
}

impl Site {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let pages: Arc<Mutex<HashMap<String, String>>> = Arc::default();
        let served = pages.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream);
                let mut line = String::new();
                if reader.read_line(&mut line).is_err() {
                    continue;
                }
                let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                let (mut header, mut length) = (String::new(), 0);
                while reader.read_line(&mut header).is_ok_and(|it| it > 2) {
                    if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    header.clear();
                }
                let _ = reader.read_exact(&mut vec![0; length]);
                let page = served.lock().unwrap().get(&path).cloned();
                let reply = page.unwrap_or_else(|| "404 Not Found\r\n\r\nnothing".to_owned());
                let _ = reader.get_mut().write_all(
                    format!("HTTP/1.1 {}", reply.replacen("\r\n", "\r\nconnection: close\r\n", 1)).as_bytes(),
                );
            }
        });
        Self { host, pages }
    }

    fn has(&self, path: &str, reply: String) {
        self.pages.lock().unwrap().insert(path.to_owned(), reply);
    }

    /// A page, as a web server sends it.
    fn shows(&self, path: &str, title: &str, text: &str) {
        let page = format!("<!doctype html><title>{title}</title><h1>{title}</h1><p>{text}</p>");
        self.has(path, format!("200 OK\r\ncontent-type: text/html; charset=utf-8\r\n\r\n{page}"));
    }

    fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }
}

#[test]
fn a_page_of_the_web_is_added_by_its_address_and_fetched_again() {
    let site = Site::start();
    site.shows("/guide", "A guide to tides", "The ebb takes six hours.");
    site.has("/old", "302 Found\r\nlocation: /guide\r\n\r\n".to_owned());
    let server = House::new().env("ATRIUM_INSIDE_HOSTS", &site.host).serve();
    let mut ada = server.administrator();
    let path = base(&mut ada, "Web");
    assert!(ada.get(&path).text().contains("Add from an address"));
    let old = site.at("/old");
    let done = ada.submit(&path, &[("action", "fetch"), ("url", &old)]);
    assert_eq!((done.status, done.location()), (303, path.as_str()), "{}", done.text());
    let page = settled(&mut ada, &path);
    assert!(page.contains("A guide to tides") && page.contains("guide.html"), "its own title, and a name: {page}");
    let document = link(&page, "/knowledge/documents/");
    let shown = ada.get(&document).text();
    assert!(shown.contains(&old) && shown.contains("Fetch again") && shown.contains("six hours"), "{shown}");
    // Nothing is new there; then something is.
    assert_eq!(ada.submit(&document, &[("action", "fetch")]).location(), document);
    assert!(!ada.get(&document).text().contains("Version 2"));
    site.shows("/guide", "A guide to tides", "The ebb takes six hours and twelve minutes.");
    assert_eq!(ada.submit(&document, &[("action", "fetch")]).status, 303);
    let shown = settled(&mut ada, &document);
    assert!(shown.contains("twelve minutes") && shown.contains("Version 2"), "{shown}");
    // The same address once more is the same document; another one of its name is not.
    site.shows("/other/guide", "Another guide", "Of lakes.");
    for url in [&old, &site.at("/other/guide")] {
        assert_eq!(ada.submit(&path, &[("action", "fetch"), ("url", url), ("title", "")]).status, 303);
    }
    let page = settled(&mut ada, &path);
    assert!(page.contains("2 documents") && page.contains("127.0.0.1 other guide.html"), "{page}");
    // What is gone there stays as it was here.
    site.has("/guide", "410 Gone\r\n\r\n".to_owned());
    let refused = ada.submit(&document, &[("action", "fetch")]);
    assert!(refused.status == 422 && refused.text().contains("answered with status 410."), "{}", refused.text());
    assert!(ada.get(&document).text().contains("twelve minutes"));
}

#[test]
fn an_address_that_is_refused_says_so_at_its_field() {
    let site = Site::start();
    let other = Site::start();
    site.has("/inside", format!("302 Found\r\nlocation: {}\r\n\r\n", other.at("/secret")));
    site.has("/large", format!("200 OK\r\ncontent-type: text/plain\r\n\r\n{}", "x".repeat(101 << 20)));
    other.shows("/secret", "Secret", "Nobody reads this.");
    let server = House::new().env("ATRIUM_INSIDE_HOSTS", &site.host).serve();
    let mut ada = server.administrator();
    let path = base(&mut ada, "Web");
    for (url, told) in [
        (String::new(), "Use an address like https://example.org/tides.pdf."),
        ("ftp://example.org/a".to_owned(), "http://"),
        (other.at("/secret"), "This address is not on the public Internet."),
        (site.at("/inside"), "This address is not on the public Internet."),
        (format!("{}/api/health", server.address), "This address is not on the public Internet."),
        ("http://169.254.169.254/latest/meta-data".to_owned(), "This address is not on the public Internet."),
        (site.at("/nothing"), "answered with status 404."),
        (site.at("/large"), "more than 100 MB"),
    ] {
        let refused = ada.submit(&path, &[("action", "fetch"), ("url", &url), ("title", "Kept")]);
        let text = refused.text();
        assert_eq!(refused.status, 422, "{url}: {text}");
        assert!(
            text.contains(told) && text.contains("href=\"#url\"") && text.contains("value=\"Kept\""),
            "{url}: {text}"
        );
        assert!(!text.contains("Nobody reads"), "{url}");
    }
    assert!(ada.get(&path).text().contains("Nothing yet."));
    let mut eve = server.person("eve");
    assert_eq!(eve.submit(&path, &[("action", "fetch"), ("url", &site.at("/inside"))]).status, 404);
    bring(&mut ada, &path, &[("tides.md", TIDES.as_bytes())]);
    let document = link(&settled(&mut ada, &path), "/knowledge/documents/");
    assert_eq!(ada.submit(&document, &[("action", "fetch")]).status, 409, "it came from nowhere");
}

#[test]
fn another_embedding_model_is_chosen_on_the_page() {
    let site = Site::start();
    let server = House::new().env("OPENAI_BASE_URL", &site.at("/v1")).serve();
    let mut ada = server.administrator();
    let path = base(&mut ada, "Sea");
    bring(&mut ada, &path, &[("tides.md", b"The Moon pulls the oceans.")]);
    assert!(settled(&mut ada, &path).contains("found by word"), "there is no model file in this folder");
    let model = "openai/text-embedding-3-small";
    for name in ["nobody/knows", model, "gemini/x"] {
        let refused = ada.submit(&path, &[("action", "change-encoder"), ("encoder", name)]);
        assert!(refused.status == 422 && refused.text().contains("href=\"#encoder\""), "{name}: {}", refused.text());
    }
    let vector = r#"{"data":[{"index":0,"embedding":[0.6,0.8]}],"usage":{"prompt_tokens":9}}"#;
    site.has("/v1/embeddings", format!("200 OK\r\ncontent-type: application/json\r\n\r\n{vector}"));
    assert_eq!(ada.submit(&path, &[("action", "change-encoder"), ("encoder", model)]).status, 303);
    let deadline = Instant::now() + Duration::from_secs(30);
    let page = loop {
        let page = ada.get(&path).text();
        if page.contains("found by word and meaning") && !page.contains("until it has read all") {
            break page;
        }
        assert!(Instant::now() < deadline, "it is not read: {page}");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(page.contains(&format!("value=\"{model}\"")), "{page}");
    let found = ada.get("/knowledge/search?q=oceans&inspect=on").text();
    assert!(
        found.contains("1 pieces searched by word, 1 of them by meaning as well") && !found.contains("words only"),
        "{found}"
    );
    site.has("/v1/embeddings", "401 Unauthorized\r\ncontent-type: application/json\r\n\r\n{}".to_owned());
    let found = ada.get("/knowledge/search?q=oceans").text();
    assert!(found.contains("Searched by words only") && found.contains("<mark>oceans</mark>"), "{found}");
}
