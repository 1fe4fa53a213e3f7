//! The main job, over the wire: send, listen, read; with and without JavaScript.

use crate::client::Browser;
use crate::provider::{Provider, last_words};
use crate::server::{House, Server};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The thread as islands get it.
pub fn thread(browser: &mut Browser, conversation: &str) -> Value {
    let reply = browser.call("messages", &json!({ "conversation": conversation }));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// The newest message, once it is complete.
pub fn answer(browser: &mut Browser, conversation: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let message = thread(browser, conversation)["messages"].as_array().unwrap().last().unwrap().clone();
        if message["status"] != "streaming" {
            return message;
        }
        assert!(Instant::now() < deadline, "the answer does not end: {message}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// Sends by form; the conversation's id.
pub fn begin(browser: &mut Browser, text: &str) -> String {
    let reply = browser.submit("/", &[("text", text)]);
    assert_eq!(reply.status, 303, "{}", reply.text());
    reply.location().strip_prefix("/chat/").unwrap().to_owned()
}

fn slowly(text: &'static str) -> Provider {
    Provider::start(move |_| (text.split_inclusive(' ').map(str::to_owned).collect(), Duration::from_millis(25)))
}

#[test]
fn without_javascript_the_page_refreshes_itself_until_the_answer_is_there() {
    let provider = slowly(
        "# Heading\n\nSome **bold** words, and a <script>alert(1)</script> that is none. And that is all there is to say.",
    );
    let server = House::new().with(&provider).serve();
    let mut ada = server.administrator();
    let id = begin(&mut ada, "What <script>alert(2)</script> is it?");
    let path = format!("/chat/{id}");
    let during = ada.get(&path);
    assert_eq!(during.status, 200);
    assert!(during.text().contains("http-equiv=\"refresh\""), "{}", during.text());
    let message = answer(&mut ada, &id);
    assert_eq!(message["status"], "complete");
    let page = ada.get(&path).text();
    assert!(!page.contains("http-equiv=\"refresh\""));
    assert!(page.contains("<strong>bold</strong>") && page.contains("that is all there is to say."));
    if let Some(at) = page.find("<script>alert") {
        panic!(
            "neither theirs nor ours is executed: {:?}",
            page[at.saturating_sub(300)..].chars().take(400).collect::<String>()
        );
    }
    assert!(page.contains("&lt;script&gt;alert(2)&lt;/script&gt;"), "what was asked stays readable");
    let reply = ada.submit(&path, &[("action", "regenerate"), ("message", message["id"].as_str().unwrap())]);
    assert_eq!((reply.status, reply.location()), (303, path.as_str()));
    let second = answer(&mut ada, &id);
    assert_eq!(second["position"], json!([2, 2]));
    // All that the form at the answer sends: the star's fields stand in it too, and no two have one name.
    let page = ada.get(&path).text();
    let form = page.rsplit_once("class=\"message-actions\"").unwrap().1.split_once("</form>").unwrap().0;
    let value = |it: &str, name: &str| {
        let (_, rest) = it.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("no {name}: {it}"));
        rest.split_once('"').unwrap().0.to_owned()
    };
    let hidden = form.split("<input ").skip(1).map(|it| it.split_once('>').unwrap().0);
    let fields: Vec<_> = hidden.map(|it| (value(it, "name"), value(it, "value"))).collect();
    let names: std::collections::BTreeSet<_> = fields.iter().map(|it| &it.0).collect();
    assert_eq!(names.len(), fields.len(), "{fields:?}");
    let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push(("action", "previous"));
    assert_eq!(ada.submit(&path, &fields).location(), path);
    assert_eq!(answer(&mut ada, &id)["position"], json!([1, 2]));
    assert_eq!(ada.submit(&path, &[("action", "explode")]).status, 404);
    assert_eq!(ada.submit(&path, &[("action", "delete"), ("message", "nonsense")]).status, 404);
}

/// Titles and names stand in places where markup would be markup: the page's own title among them.
#[test]
fn names_are_never_markup() {
    const NAME: &str = "</title></textarea></script><img src=x onerror=alert(1)>\"'&lt;";
    let provider = Provider::start(|_| (vec!["Fine.".to_owned()], Duration::ZERO));
    let server = House::new().with(&provider).serve();
    let mut ada = server.administrator();
    let id = begin(&mut ada, &format!("x {NAME}"));
    answer(&mut ada, &id);
    assert_eq!(ada.call("rename", &json!({ "conversation": id, "title": NAME })).status, 200);
    let agent = [
        ("name", NAME),
        ("description", NAME),
        ("avatar", "flask"),
        ("provider", "openai"),
        ("model", NAME),
        ("temperature", "1"),
        ("max_tokens", "9"),
        ("system_prompt", NAME),
        ("is_active", "on"),
    ];
    assert_eq!(ada.submit("/agents/new", &agent).status, 303);
    let agents = ada.get("/agents").text();
    let link =
        agents.split("href=\"").filter_map(|it| it.split('"').next()).find(|it| it.len() == "/agents/".len() + 36);
    let edit = link.expect("agents can be edited").to_owned();
    let refused = ada.submit("/agents/new", &agent);
    assert_eq!(refused.status, 422, "the name is taken");
    let unsigned = server.browser().submit("/register", &[("name", NAME), ("email", NAME), ("password", NAME)]);
    let path = format!("/chat/{id}");
    let pages = [
        ("refused form", refused.text()),
        ("register", unsigned.text()),
        ("sign-in", server.browser().get(&format!("/sign-in?next={}", "%3C/title%3E%3Cimg%20src=x%3E")).text()),
        ("agents", agents),
        (edit.as_str(), ada.get(&edit).text()),
        ("/", ada.get("/").text()),
        (path.as_str(), ada.get(&path).text()),
    ];
    for (what, page) in pages {
        if let Some(at) = page.find("<img src=x") {
            let from = page.floor_char_boundary(at.saturating_sub(200));
            let times = page.matches("<img src=x").count();
            panic!("{what}, {times} times: {}", page[from..].chars().take(300).collect::<String>());
        }
        assert!(page.contains("img src=x") || what == "sign-in", "{what} shows what was typed");
    }
}

#[test]
fn who_listens_hears_the_whole_answer_and_can_come_back() {
    const TEXT: &str = "One two three four five six seven eight nine ten eleven twelve.\n\nThirteen fourteen fifteen — größer 世界 fin.";
    let provider = slowly(TEXT);
    let server = House::new().with(&provider).serve();
    let mut ada = server.administrator();
    let sent = ada.call("send_message", &json!({ "text": "count" }));
    assert_eq!(sent.status, 200, "{}", sent.text());
    let sent = sent.json();
    let id = sent["conversation"].as_str().unwrap().to_owned();
    let run = sent["messages"][1]["run"]["id"].as_str().unwrap().to_owned();
    let path = format!("/runs/{run}/events");

    // The connection is cut after the third event.
    let mut last = String::new();
    let mut events = 0;
    let head = ada.clone().listen(&path, &[("accept-encoding", "gzip, br")], |line| {
        if let Some(seq) = line.strip_prefix("id:") {
            last = seq.trim().to_owned();
        }
        events += usize::from(line.is_empty());
        events == 3
    });
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
    assert_eq!(
        (head.header("content-encoding"), head.header("x-accel-buffering")),
        (None, Some("no")),
        "nothing holds events back"
    );
    assert!(head.header("cache-control").is_some_and(|it| it.contains("no-")), "{head:?}");
    let after: usize = last.parse().unwrap();
    assert!(after > 0 && after < TEXT.len(), "{after}");
    // It comes back where it was, and a second tab listens from the beginning.
    let mut second = ada.clone();
    let whole = path.clone();
    let tab = std::thread::spawn(move || end_of(&mut second, &whole, &[]));
    let (position, end) = end_of(&mut ada, &path, &[("last-event-id", &last)]);
    assert_eq!((position, end["message"]["text"].as_str()), (TEXT.len(), Some(TEXT)));
    let (_, other) = tab.join().unwrap();
    assert_eq!(other, end);
    assert_eq!(end["message"], answer(&mut ada, &id), "a reload shows the same");

    let mut bob = server.person("bob");
    assert_eq!(bob.get_with(&path, &[]).status, 404);
    assert_eq!(bob.call("stop", &json!({ "run": run })).status, 404);
    assert_eq!(bob.call("messages", &json!({ "conversation": id })).status, 404);
    assert_eq!(bob.get(&format!("/chat/{id}")).status, 404);
    assert_eq!(bob.submit(&format!("/chat/{id}"), &[("text", "mine")]).status, 404);
}

/// The position and the event with which a run ends.
fn end_of(browser: &mut Browser, path: &str, headers: &[(&str, &str)]) -> (usize, Value) {
    let (mut seq, mut end) = (0, Value::Null);
    browser.listen(path, headers, |line| {
        if let Some(number) = line.strip_prefix("id:") {
            seq = number.trim().parse().unwrap();
        }
        if let Some(data) = line.strip_prefix("data:") {
            let event: Value = serde_json::from_str(data).unwrap();
            if event["type"] == "end" {
                end = event;
            }
        }
        !end.is_null() && line.is_empty()
    });
    (seq, end)
}

#[test]
fn stop_from_another_tab_ends_the_answer() {
    let provider = Provider::start(|_| (vec!["word ".to_owned(); 10_000], Duration::from_millis(10)));
    let server = House::new().with(&provider).serve();
    let mut ada = server.administrator();
    let sent = ada.call("send_message", &json!({ "text": "go on for ever" })).json();
    let id = sent["conversation"].as_str().unwrap().to_owned();
    std::thread::sleep(Duration::from_millis(300));
    let busy = ada.call("send_message", &json!({ "conversation": id, "text": "more" }));
    assert_eq!((busy.status, &busy.json()["code"]), (409, &json!("still_writing")));
    let mut other = ada.clone();
    assert_eq!(other.call("stop", &json!({ "run": sent["messages"][1]["run"]["id"] })).status, 200);
    let message = answer(&mut ada, &id);
    assert_eq!((&message["status"], &message["can_continue"]), (&json!("stopped"), &json!(true)));
    assert!(message["text"].as_str().unwrap().starts_with("word word "), "{message}");
}

#[test]
fn a_provider_that_is_away_is_said_so_at_the_message() {
    let server = House::new()
        .env("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        .env("DEFAULT_LLM_PROVIDER", "openai")
        .env("DEFAULT_MODEL", "fake-1")
        .serve();
    let mut ada = server.administrator();
    let id = begin(&mut ada, "anybody there?");
    let message = answer(&mut ada, &id);
    assert_eq!((&message["status"], &message["text"]), (&json!("failed"), &json!("")));
    let error = message["error"].as_str().unwrap();
    assert!(error.len() > 20, "{error}");
    assert!(ada.get(&format!("/chat/{id}")).text().contains(error.split('\'').next().unwrap()), "and on the page");
}

#[test]
fn an_install_with_nothing_set_says_what_the_local_model_lacks() {
    let server = Server::start();
    let mut ada = server.administrator();
    assert!(ada.get("/").text().contains("SmolLM2"));
    let id = begin(&mut ada, "hello");
    let message = answer(&mut ada, &id);
    assert_eq!(message["status"], "failed", "its file is not here: {message}");
    assert!(message["error"].as_str().is_some_and(|it| it.len() > 20 && !it.contains("panicked")), "{message}");
    assert_eq!(ada.get("/").status, 200);
}

#[test]
fn the_whole_works_on_postgres() {
    let Ok(base) = std::env::var("ATRIUM_TEST_POSTGRES") else {
        eprintln!("ATRIUM_TEST_POSTGRES is not set: nothing was tested");
        return;
    };
    let name = format!(
        "t{}_{}",
        std::process::id(),
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos()
    );
    let made =
        std::process::Command::new("psql").args([&base, "-qc", &format!("CREATE DATABASE {name}")]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let url = format!("{}/{name}", base.rsplit_once('/').unwrap().0);

    let provider = Provider::start(|question| {
        let text = format!("You said: {} — größer", last_words(question));
        (text.split_inclusive(' ').map(str::to_owned).collect(), Duration::from_millis(10))
    });
    let house = |port: &Provider| House::new().with(port).env("DATABASE_URL", &url).env("SECRET_KEY", "shared by both");
    let first = house(&provider).serve();
    let mut ada = first.administrator();
    assert!(!first.path().join("data/atrium.db").exists(), "nothing is kept in SQLite");
    assert_eq!(ada.get_with("/api/health/db/", &[]).json()["db"], "ok");
    let id = begin(&mut ada, "eins");
    assert_eq!(answer(&mut ada, &id)["text"], "You said: eins — größer");
    assert_eq!(ada.submit("/admin/settings", &[("openai_api_key", "sk-geheim")]).status, 303);
    let agents = ada.get("/agents");
    assert!(agents.status == 200 && agents.text().contains("Assistant"));

    // A second server on the same database: the same sessions, the same conversations.
    let second = house(&provider).serve();
    assert_eq!(second.setup, None);
    let mut there = second.browser();
    there.cookies = ada.cookies.clone();
    assert_eq!(thread(&mut there, &id), thread(&mut ada, &id));
    let found = there.call("conversations", &json!({ "search": "EINS" })).json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let sent = ada.call("send_message", &json!({ "conversation": id, "text": "zwei ".repeat(40) })).json();
    let run = sent["messages"][1]["run"]["id"].as_str().unwrap().to_owned();
    let (_, end) = end_of(&mut there, &format!("/runs/{run}/events"), &[]);
    assert_eq!(end["message"]["status"], "complete");
    assert_eq!(end["message"], answer(&mut ada, &id));
    drop(second);
    let (house, status) = first.terminate();
    assert!(status.success());
    let again = house.serve();
    let mut ada_again = again.browser();
    ada_again.cookies = ada.cookies;
    assert_eq!(thread(&mut ada_again, &id)["messages"].as_array().unwrap().len(), 4);
}
