//! A server that is killed or told to end in the middle of an answer.

use crate::chat::{answer, begin, thread};
use crate::provider::{Provider, last_words};
use crate::server::House;
use serde_json::json;
use std::time::{Duration, Instant};

/// All but the last 250 ms is promised; twice that for a machine that is busy with other tests.
const LOSS: Duration = Duration::from_millis(500);

fn numbers() -> Provider {
    Provider::start(|question| {
        if last_words(question).starts_with("Your last answer was cut off") {
            return (vec!["… and the rest.".to_owned()], Duration::ZERO);
        }
        ((0..5000).map(|n| format!("{n} größer 世界\n")).collect(), Duration::from_millis(4))
    })
}

#[test]
fn what_was_said_survives_kill_9() {
    let provider = numbers();
    let mut server = House::new().with(&provider).serve();
    let mut ada = server.administrator();
    for round in 0..5 {
        provider.sent.lock().unwrap().clear();
        let id = begin(&mut ada, &format!("round {round}"));
        let begun = Instant::now();
        while provider.sent.lock().unwrap().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(20), "the provider is not asked");
            std::thread::sleep(Duration::from_millis(5));
        }
        // A moment that the clock chooses.
        let chance = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos();
        std::thread::sleep(Duration::from_millis(150 + u64::from(chance / 1000 % 1200)));
        let killed = Instant::now();
        let house = server.kill();
        let sent = provider.sent.lock().unwrap().clone();
        let said = |until: Option<Instant>| -> String {
            sent.iter().filter(|it| until.is_none_or(|until| it.0 <= until)).map(|it| it.1.as_str()).collect()
        };
        server = house.serve();
        let cookies = ada.cookies.clone();
        ada = server.browser();
        ada.cookies = cookies;
        let message = answer(&mut ada, &id);
        let kept = message["text"].as_str().unwrap();
        assert_eq!((&message["status"], &message["can_continue"]), (&json!("interrupted"), &json!(true)));
        assert!(said(None).starts_with(kept), "round {round}: what is kept is what was said");
        let promised = said(killed.checked_sub(LOSS));
        assert!(
            kept.len() >= promised.len(),
            "round {round}: {} of at least {} bytes kept",
            kept.len(),
            promised.len()
        );
        assert!(!thread(&mut ada, &id)["title"].as_str().unwrap().is_empty());
        let resumed = ada.call("resume", &json!({ "conversation": id, "message": message["id"] }));
        assert_eq!(resumed.status, 200, "{}", resumed.text());
        let whole = answer(&mut ada, &id);
        assert_eq!(whole["status"], "complete");
        assert_eq!(whole["text"].as_str().unwrap().strip_prefix(kept), Some("… and the rest."), "Continue adds to it");
    }
}

#[test]
fn told_to_end_it_ends_at_once_and_keeps_everything() {
    let provider = numbers();
    let server = House::new().with(&provider).serve();
    let mut ada = server.administrator();
    let id = begin(&mut ada, "count");
    while provider.sent.lock().unwrap().len() < 50 {
        std::thread::sleep(Duration::from_millis(5));
    }
    // A browser that listens does not hold it up.
    let run = thread(&mut ada, &id)["messages"][1]["run"]["id"].as_str().unwrap().to_owned();
    let mut listener = ada.clone();
    let listening = std::thread::spawn(move || {
        let mut last = String::new();
        listener.listen(&format!("/runs/{run}/events"), &[], |line| {
            if let Some(data) = line.strip_prefix("data:") {
                data.clone_into(&mut last);
            }
            false
        });
        last
    });
    std::thread::sleep(Duration::from_millis(200));
    let start = Instant::now();
    let (house, status) = server.terminate();
    assert!(status.success() && start.elapsed() < Duration::from_secs(8), "{status} after {:?}", start.elapsed());
    let last = listening.join().unwrap();
    assert!(last.contains("\"type\":\"end\"") && last.contains("interrupted"), "the listener is told: {last:.200}");
    let server = house.serve();
    let cookies = ada.cookies.clone();
    ada = server.browser();
    ada.cookies = cookies;
    let message = answer(&mut ada, &id);
    assert_eq!(message["status"], "interrupted");
    assert!(message["text"].as_str().unwrap().lines().count() >= 50, "{message}");
}
