//! Traces, as a collector gets them.

use crate::api::Program;
use crate::chat::{answer, begin};
use crate::provider::Provider;
use crate::server::House;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request's head, and what it brought.
type Got = Arc<Mutex<Vec<(String, ExportTraceServiceRequest)>>>;

/// Takes what is sent.
fn collector() -> (String, Got) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let got = Got::default();
    let log = got.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let log = log.clone();
            std::thread::spawn(move || while take(&stream, &log).is_some() {});
        }
    });
    (url, got)
}

fn take(mut stream: &TcpStream, log: &Got) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? <= 2 {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        head += &line;
    }
    if head.is_empty() {
        return None;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    log.lock().unwrap().push((head, ExportTraceServiceRequest::decode(&body[..]).unwrap()));
    let body = ExportTraceServiceResponse::default().encode_to_vec();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), &body[..]].concat()).ok()
}

fn spans(got: &Got) -> Vec<Span> {
    let got = got.lock().unwrap();
    let resources = got.iter().flat_map(|it| &it.1.resource_spans);
    resources.flat_map(|it| &it.scope_spans).flat_map(|it| it.spans.clone()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

fn attribute(span: &Span, key: &str) -> Option<Value> {
    span.attributes.iter().find(|it| it.key == key)?.value.clone()?.value
}

#[test]
fn requests_runs_calls_and_jobs_are_told_without_a_word_of_what_was_said() {
    const QUESTION: &str = "How do kittenish tides work?";
    let provider = Provider::start(|_| (vec!["By the harvestmoon.".to_owned()], Duration::from_millis(5)));
    let (url, got) = collector();
    let server = House::new()
        .with(&provider)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &url)
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-collector-key=a%3Db")
        .env("OTEL_SERVICE_NAME", "atrium-under-test")
        .serve();
    let mut ada = server.person("ada");
    let id = begin(&mut ada, QUESTION);
    answer(&mut ada, &id);
    ada.get("/search?q=kittenish");
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert_eq!(ada.get_with(&format!("/chat/{id}"), &[("traceparent", parent)]).status, 200);
    let mut program = Program::register(&server, "eve");
    let base = program.post("/api/v1/knowledge", &serde_json::json!({ "name": "Tides" }), 201);
    let path = format!("/api/v1/knowledge/{}/documents", base["id"].as_str().unwrap());
    let brought = program.send_form(&path, &[], &[("t.md", b"# Tides\n\nWhiskered water.")]);
    assert_eq!(brought.status, 201, "{}", brought.text());
    program.read_up(brought.json()[0]["document"]["id"].as_str().unwrap());
    let (_house, status) = server.terminate();
    assert!(status.success());

    let (head, request) = got.lock().unwrap()[0].clone();
    assert!(head.starts_with("POST /v1/traces HTTP/1.1") && head.contains("x-collector-key: a=b"), "{head}");
    let resource = format!("{:?}", request.resource_spans[0].resource);
    assert!(resource.contains("atrium-under-test"), "{resource}");
    let spans = spans(&got);
    let named = |name: &str| {
        spans
            .iter()
            .find(|it| it.name == name)
            .unwrap_or_else(|| panic!("no {name} in {:?}", spans.iter().map(|it| &it.name).collect::<Vec<_>>()))
    };
    let asked = named("POST /");
    assert_eq!(attribute(asked, "http.route"), Some(Value::StringValue("/".to_owned())));
    assert_eq!(attribute(asked, "http.response.status_code"), Some(Value::IntValue(303)));
    let run = named("run");
    assert_eq!(run.links[0].trace_id, asked.trace_id, "a run knows which request it came from");
    let call = named("model_call");
    assert_eq!((&call.trace_id, &call.parent_span_id), (&run.trace_id, &run.span_id));
    assert_eq!(attribute(call, "provider"), Some(Value::StringValue("openai".to_owned())));
    assert_eq!(attribute(call, "completion_tokens"), Some(Value::IntValue(7)));
    let followed = spans.iter().find(|it| hex(&it.trace_id) == "0af7651916cd43dd8448eb211c80319c").unwrap();
    assert_eq!(
        (followed.name.as_str(), hex(&followed.parent_span_id).as_str()),
        ("GET /chat/{id}", "b7ad6b7169203331")
    );
    assert!(
        spans.iter().any(|it| it.name == "job" && attribute(it, "kind") == Some(Value::StringValue("read".to_owned())))
    );
    let everything = format!("{:?}", got.lock().unwrap());
    for word in ["kittenish", "harvestmoon", "Whiskered", "t.md", "ada@example.org", "fake-1"] {
        assert!(!everything.contains(word), "{word}");
    }
}

#[test]
fn a_collector_that_is_away_costs_one_line() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = House::new().env("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{closed}")).serve();
    assert_eq!(server.browser().get("/sign-in").status, 200);
    let path = server.path().join("server.log");
    let (_house, status) = server.terminate();
    assert!(status.success());
    let log = std::fs::read_to_string(path).unwrap();
    assert_eq!(log.matches("traces cannot be delivered to the collector").count(), 1, "{log}");
}
