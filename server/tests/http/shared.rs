//! Two servers on one PostgreSQL: what begins on one goes on, and is ended, on the other.

use crate::api::Program;
use crate::client::Browser;
use crate::provider::{Provider, last_words};
use crate::server::{House, PASSWORD, Server};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A database of its own on the server that `ATRIUM_TEST_POSTGRES` names; `None` where there is none.
pub fn database() -> Option<String> {
    let Ok(server) = std::env::var("ATRIUM_TEST_POSTGRES") else {
        eprintln!("ATRIUM_TEST_POSTGRES is not set: this test needs PostgreSQL and did not run");
        return None;
    };
    static MADE: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = MADE.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    let name = format!("http{}_{number}", std::process::id());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let pool = sqlx::PgPool::connect(&server).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&pool).await.unwrap();
        pool.close().await;
    });
    let (base, _) = server.rsplit_once('/').unwrap();
    Some(format!("{base}/{name}"))
}

/// Two processes, each with a data folder of its own, and one secret.
fn pair(provider: &Provider) -> Option<(Server, Server)> {
    let url = database()?;
    let house = || {
        House::new()
            .with(provider)
            .env("DATABASE_URL", &url)
            .env("SECRET_KEY", "a secret that both of them know, of more than 32 characters")
    };
    Some((house().serve(), house().serve()))
}

/// The other server, for the same program.
fn at(program: &Program, server: &Server) -> Program {
    Program { browser: Browser::new(&server.address), authorization: program.authorization.clone() }
}

/// Sends into a new conversation; the run's id.
fn ask(program: &mut Program, text: &str) -> String {
    let conversation = program.post("/api/v1/conversations", &json!({}), 201);
    let path = format!("/api/v1/conversations/{}/messages", conversation["id"].as_str().unwrap());
    let sent = program.post(&path, &json!({ "content": text }), 202);
    sent["run_id"].as_str().unwrap().to_owned()
}

struct Heard {
    text: String,
    message: Value,
    pieces: usize,
}

/// Follows a run to its end.
fn follow(program: &mut Program, run: &str) -> Heard {
    let mut heard = Heard { text: String::new(), message: Value::Null, pieces: 0 };
    let authorization = program.authorization.clone().unwrap();
    program.browser.listen(&format!("/api/v1/runs/{run}/events"), &[("authorization", &authorization)], |line| {
        let Some(data) = line.strip_prefix("data: ") else { return false };
        let event: Value = serde_json::from_str(data).unwrap();
        match event["type"].as_str().unwrap() {
            "text" => {
                heard.text.push_str(event["text"].as_str().unwrap());
                heard.pieces += 1;
            }
            "end" => heard.message = event["message"].clone(),
            _ => {}
        }
        !heard.message.is_null()
    });
    heard
}

fn numbers(count: usize, pause: u64) -> Provider {
    Provider::start(move |question| {
        let count = if last_words(question).contains("endless") { 100_000 } else { count };
        ((0..count).map(|n| format!("{n} größer 世界 ")).collect(), Duration::from_millis(pause))
    })
}

#[test]
fn an_answer_is_followed_from_the_other_server_byte_for_byte() {
    let provider = numbers(400, 4);
    let Some((first, second)) = pair(&provider) else { return };
    let mut here = Program::register(&first, "ada");
    let mut there = at(&here, &second);
    for _ in 0..3 {
        provider.sent.lock().unwrap().clear();
        let run = ask(&mut here, "count");
        let heard = follow(&mut there, &run);
        let sent: String = provider.sent.lock().unwrap().iter().map(|it| it.1.as_str()).collect();
        assert_eq!(heard.message["status"], "complete");
        assert_eq!(heard.message["content"], sent);
        assert_eq!(heard.text, sent, "the last words too, which no batch carried");
        assert!(heard.pieces > 5, "it came while it was written: {} pieces", heard.pieces);
    }
}

#[test]
fn an_answer_is_stopped_from_the_other_server_within_a_second() {
    let provider = numbers(400, 4);
    let Some((first, second)) = pair(&provider) else { return };
    let mut here = Program::register(&first, "ada");
    let mut there = at(&here, &second);
    let run = ask(&mut here, "endless");
    let mut listener = here.clone();
    let listened = run.clone();
    let listening = std::thread::spawn(move || (follow(&mut listener, &listened), Instant::now()));
    std::thread::sleep(Duration::from_millis(700));
    let begun = Instant::now();
    there.post(&format!("/api/v1/runs/{run}/stop"), &json!({}), 204);
    let (heard, ended) = listening.join().unwrap();
    let took = ended.duration_since(begun);
    eprintln!("stopped from the other server after {took:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(heard.message["status"], "stopped");
    let content = heard.message["content"].as_str().unwrap();
    assert!(!content.is_empty() && heard.text == content, "what was written is kept");
}

#[test]
fn whoever_is_signed_in_on_one_is_on_the_other_and_attempts_are_counted_together() {
    let provider = numbers(1, 1);
    let Some((first, second)) = pair(&provider) else { return };
    let ada = first.person("ada");
    let mut elsewhere = second.browser();
    elsewhere.cookies.clone_from(&ada.cookies);
    let page = elsewhere.get("/account");
    assert_eq!(page.status, 200, "{}", page.location());
    assert_eq!(elsewhere.submit("/sign-out", &[]).status, 303);
    let mut back = first.browser();
    back.cookies.clone_from(&ada.cookies);
    assert_ne!(back.get("/account").status, 200, "signed out there is signed out here");
    // Ten wrong passwords an account are let through, wherever they are tried.
    let mut statuses = Vec::new();
    for attempt in 0..12 {
        let mut browser = [&first, &second][attempt % 2].browser();
        let reply = browser.submit("/sign-in", &[("email", "ada@example.org"), ("password", "wrong as can be")]);
        statuses.push(reply.status);
    }
    assert_eq!(statuses[..10], [422; 10]);
    assert_eq!(statuses[10..], [429; 2]);
    let mut right = second.browser();
    assert_eq!(right.submit("/sign-in", &[("email", "ada@example.org"), ("password", PASSWORD)]).status, 429);
}

#[test]
fn what_a_killed_server_was_writing_is_kept_and_marked_by_the_other() {
    let provider = numbers(400, 4);
    let Some((first, second)) = pair(&provider) else { return };
    let mut here = Program::register(&first, "ada");
    let mut there = at(&here, &second);
    let run = ask(&mut here, "endless");
    std::thread::sleep(Duration::from_secs(2));
    let killed = Instant::now();
    drop(first.kill());
    let soon = there.get(&format!("/api/v1/runs/{run}"));
    assert_eq!(soon["is_over"], false, "its lease says that it may be alive");
    let heard = follow(&mut there, &run);
    let took = killed.elapsed();
    eprintln!("marked by the other server after {took:?}");
    assert_eq!(heard.message["status"], "interrupted");
    assert!(took > Duration::from_secs(8) && took < Duration::from_secs(45), "{took:?}");
    let sent = provider.sent.lock().unwrap().clone();
    let all: String = sent.iter().map(|it| it.1.as_str()).collect();
    let promised: String = sent
        .iter()
        .filter(|it| it.0 <= killed.checked_sub(Duration::from_millis(500)).unwrap())
        .map(|it| it.1.as_str())
        .collect();
    let kept = heard.message["content"].as_str().unwrap();
    assert!(all.starts_with(kept) && kept.len() >= promised.len(), "{} of {}", kept.len(), promised.len());
}
