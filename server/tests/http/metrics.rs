//! `/metrics`: for whoever has the token, in a format that parses, with labels that have few values.

use crate::chat::{answer, begin};
use crate::client::Reply;
use crate::provider::{Provider, last_words};
use crate::server::{House, Server};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn read(server: &Server, authorization: &str) -> Reply {
    server.browser().get_with("/metrics", &[("authorization", authorization)])
}

/// What a scrape finds, by name and labels as they are written.
fn scrape(server: &Server) -> BTreeMap<String, f64> {
    let reply = read(server, &format!("Bearer {TOKEN}"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let text = reply.text();
    let (mut types, mut samples) = (BTreeMap::new(), BTreeMap::new());
    assert!(text.ends_with("# EOF\n"), "{text}");
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(types.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} is described twice");
        } else if !line.starts_with('#') {
            let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line:?}"));
            let name = series.split('{').next().unwrap();
            let suffixes = ["_total", "_bucket", "_sum", "_count", "_info", ""];
            let family = suffixes.into_iter().find_map(|it| name.strip_suffix(it).filter(|it| types.contains_key(*it)));
            assert!(family.is_some(), "{name} has no type");
            let value = value.parse().unwrap_or_else(|_| panic!("{line:?}"));
            assert!(samples.insert(series.to_owned(), value).is_none(), "{series} is there twice");
        }
    }
    samples
}

/// The values of a label.
fn values(samples: &BTreeMap<String, f64>, name: &str, label: &str) -> BTreeSet<String> {
    let of =
        |series: &str| series.split_once(&format!("{label}=\"")).map(|it| it.1.split('"').next().unwrap().to_owned());
    samples.keys().filter(|it| it.starts_with(&format!("{name}{{"))).filter_map(|it| of(it)).collect()
}

#[test]
fn without_a_token_there_is_nothing_to_be_found() {
    let server = Server::start();
    assert_eq!(server.browser().get("/metrics").status, 404);
    assert_eq!(read(&server, &format!("Bearer {TOKEN}")).status, 404);
}

#[test]
fn only_the_token_opens_it() {
    let server = House::new().env("ATRIUM_METRICS_TOKEN", TOKEN).env("ALLOWED_HOSTS", "atrium.example").serve();
    assert_eq!(server.browser().get("/sign-in").status, 400, "people come by the name");
    let longer = format!("Bearer {TOKEN}0");
    for wrong in ["", "Bearer", "Bearer ", TOKEN, "Basic YTpi", "Bearer wrong", &longer, &longer[..longer.len() - 2]] {
        let refused = read(&server, wrong);
        assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("Bearer")), "{wrong}");
        assert!(!refused.text().contains("atrium_"));
    }
    assert_eq!(server.browser().get("/metrics").status, 401);
    for right in [format!("Bearer {TOKEN}"), format!("bearer  {TOKEN}")] {
        let reply = read(&server, &right);
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert!(reply.header("content-type").unwrap().starts_with("application/openmetrics-text; version=1.0.0"));
    }
    // A token is for metrics alone.
    let authorization = format!("Bearer {TOKEN}");
    let with = [("authorization", authorization.as_str()), ("host", "atrium.example")];
    assert_eq!(server.browser().get_with("/api/v1/users/me", &with).status, 401);
}

#[test]
fn counters_move_with_what_happens() {
    let provider = Provider::start(|question| match last_words(question) {
        "break" => (Vec::new(), Duration::ZERO),
        _ => (vec!["Twice ".to_owned(), "a day.".to_owned()], Duration::from_millis(20)),
    });
    let server = House::new().with(&provider).env("ATRIUM_METRICS_TOKEN", TOKEN).serve();
    let before = scrape(&server);
    assert_eq!(before[r#"atrium_model_calls_total{provider="openai",outcome="complete"}"#], 0.0);
    assert_eq!(before[r#"atrium_runs_total{outcome="complete"}"#], 0.0);
    assert_eq!(before[r#"atrium_jobs{kind="read",state="queued"}"#], 0.0);
    assert_eq!(before["atrium_local_model_loaded"], 0.0);
    let mut ada = server.person("ada");
    let id = begin(&mut ada, "How often?");
    answer(&mut ada, &id);
    for path in [format!("/chat/{id}"), "/chat/00000000-0000-0000-0000-000000000000".to_owned()] {
        ada.get(&path);
    }
    for n in 0..5 {
        assert_eq!(ada.get(&format!("/nowhere/{n}")).status, 404);
    }
    ada.request("BREW", "/coffee", &[], b"");
    let after = scrape(&server);
    for (series, expected) in [
        (r#"atrium_model_calls_total{provider="openai",outcome="complete"}"#, 1.0),
        (r#"atrium_model_calls_total{provider="openai",outcome="failed"}"#, 0.0),
        (r#"atrium_model_tokens_total{provider="openai",direction="prompt"}"#, 11.0),
        (r#"atrium_model_tokens_total{provider="openai",direction="completion"}"#, 7.0),
        (r#"atrium_model_time_to_first_token_seconds_count{provider="openai"}"#, 1.0),
        (r#"atrium_model_call_duration_seconds_count{provider="openai"}"#, 1.0),
        (r#"atrium_runs_total{outcome="complete"}"#, 1.0),
        ("atrium_runs_active", 0.0),
        (r#"atrium_streams_open{kind="events"}"#, 0.0),
        (r#"atrium_http_requests_total{method="POST",route="/register",status="3xx"}"#, 1.0),
        (r#"atrium_http_requests_total{method="POST",route="/",status="3xx"}"#, 1.0),
        (r#"atrium_http_requests_total{method="GET",route="/chat/{id}",status="2xx"}"#, 1.0),
        (r#"atrium_http_requests_total{method="GET",route="/chat/{id}",status="4xx"}"#, 1.0),
        (r#"atrium_http_requests_total{method="GET",route="unmatched",status="4xx"}"#, 5.0),
        (r#"atrium_http_request_duration_seconds_count{method="GET",route="/chat/{id}"}"#, 2.0),
    ] {
        assert_eq!(after.get(series), Some(&expected), "{series} in {after:#?}");
    }
    assert!(after["process_resident_memory_bytes"] > 1e6);
    assert!(
        after[r#"atrium_database_wait_seconds_count{pool="write"}"#]
            > before[r#"atrium_database_wait_seconds_count{pool="write"}"#]
    );
    let version = format!("atrium_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(after[&version], 1.0);
    // Nothing that people name is a label.
    assert!(!after.keys().any(|it| it.contains(&id) || it.contains("fake-1") || it.contains("nowhere")), "{after:#?}");
    let methods = values(&after, "atrium_http_requests_total", "method");
    assert!(methods.is_subset(&["GET", "POST", "other"].map(str::to_owned).into()), "{methods:?}");
    let classes = values(&after, "atrium_http_requests_total", "status");
    assert!(classes.is_subset(&["2xx", "3xx", "4xx"].map(str::to_owned).into()), "{classes:?}");
    let providers = values(&after, "atrium_model_calls_total", "provider");
    assert_eq!(providers.len(), 6, "{providers:?}");
}

#[test]
fn whoever_listens_is_counted_while_they_do() {
    let words: Vec<_> = (0..100).map(|it| format!("{it} ")).collect();
    let provider = Provider::start(move |_| (words.clone(), Duration::from_millis(20)));
    let server = House::new().with(&provider).env("ATRIUM_METRICS_TOKEN", TOKEN).serve();
    let mut ada = server.person("ada");
    let id = begin(&mut ada, "Count.");
    let run = crate::chat::thread(&mut ada, &id)["messages"][1]["run"]["id"].as_str().unwrap().to_owned();
    let mut during = None;
    ada.listen(&format!("/runs/{run}/events"), &[], |line| {
        if during.is_none() && line.starts_with("data:") {
            during = Some(scrape(&server));
        }
        during.is_some()
    });
    let during = during.unwrap();
    assert_eq!((during["atrium_runs_active"], during[r#"atrium_streams_open{kind="events"}"#]), (1.0, 1.0));
    answer(&mut ada, &id);
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while scrape(&server)[r#"atrium_streams_open{kind="events"}"#] > 0.0 {
        assert!(std::time::Instant::now() < deadline, "whoever hung up is still counted");
        std::thread::sleep(Duration::from_millis(50));
    }
}
