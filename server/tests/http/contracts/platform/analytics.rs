//! The agent platform's charts, results and models.

use super::super::{Client, has_keys, is_time, is_uuid, text, with_provider};
use super::documents::send;
use crate::client::Browser;
use crate::server::Server;
use serde_json::{Value, json};

const RESULT: [&str; 6] = ["id", "user", "result_type", "s3_key", "meta", "created_at"];
const CHART: [&str; 6] = ["title", "subtitle", "chartType", "chartData", "series", "insights"];
const MODEL: [&str; 8] = ["id", "name", "version", "s3_key", "stage", "metrics", "created_by", "created_at"];
const SALES: &str = "Month,Region,Revenue,Cost\n2026-01,North,100,40\n2026-02,North,150,50\n2026-02,South,50,30\n";

fn draw(client: &mut Client, query: &str) -> Value {
    let chart = client.post("/api/mlops/generate-chart/", &json!({ "query": query }), 200);
    has_keys(&chart, &CHART);
    assert!(["bar", "line", "pie"].contains(&text(&chart["chartType"])));
    for it in chart["series"].as_array().unwrap() {
        has_keys(it, &["name", "dataKey", "color"]);
        assert!(text(&it["color"]).starts_with('#'));
        // Every row has a figure under the key that the series names.
        assert!(chart["chartData"].as_array().unwrap().iter().all(|row| row.get(text(&it["dataKey"])).is_some()));
    }
    assert!(chart["chartData"].as_array().unwrap().iter().all(|row| row["name"].is_string()));
    assert!(chart["insights"].as_array().unwrap().iter().all(Value::is_string));
    chart
}

#[test]
fn charts_are_drawn_of_what_one_has_and_recorded() {
    let (server, _provider) = with_provider();
    let mut ada = Client::register(&server, "ada");
    assert_eq!(ada.get("/api/mlops/results/", 200), json!([]));
    assert_eq!(send(&mut ada, &[("doc_type", "product")], Some(("sales.csv", SALES))).status, 201);

    let bars = draw(&mut ada, "Show me revenue by region");
    assert_eq!((&bars["chartType"], &bars["title"]), (&json!("bar"), &json!("Total Revenue by Region")));
    assert_eq!(bars["chartData"], json!([{ "name": "North", "value": 250.0 }, { "name": "South", "value": 50.0 }]));
    let lines = draw(&mut ada, "revenue and cost over time");
    assert_eq!(lines["chartType"], "line");
    assert_eq!(lines["series"].as_array().unwrap().len(), 2);
    let key = |at: usize| text(&lines["series"][at]["dataKey"]).to_owned();
    let last = &lines["chartData"][1];
    assert_eq!((&last[&key(0)], &last[&key(1)]), (&json!(200.0), &json!(80.0)));
    assert_eq!(draw(&mut ada, "share of revenue by region")["chartType"], "pie");

    let all = ada.get("/api/mlops/results/", 200);
    assert_eq!(all.as_array().unwrap().len(), 3, "each is recorded");
    let me = ada.get("/api/auth/me/", 200);
    for it in all.as_array().unwrap() {
        has_keys(it, &RESULT);
        assert!(is_uuid(&it["id"]) && is_time(&it["created_at"]) && !text(&it["s3_key"]).is_empty());
        assert_eq!((&it["user"], &it["result_type"]), (&me["id"], &json!("viz_image")));
    }
    let path = format!("/api/mlops/results/{}/", text(&all[0]["id"]));
    assert_eq!(ada.get(&path, 200), all[0]);

    // It is the same world.
    let v1 = ada.get(&format!("/api/v1/analytics/results/{}", text(&all[0]["id"])), 200);
    assert_eq!(v1["question"], "share of revenue by region");

    let mut eve = Client::register(&server, "eve");
    assert_eq!(eve.get("/api/mlops/results/", 200), json!([]));
    has_keys(&eve.get(&path, 404), &["detail"]);
    has_keys(&ada.get("/api/mlops/results/7/", 404), &["detail"]);
    for path in ["/api/mlops/results/", path.as_str(), "/api/mlops/models/"] {
        has_keys(&Client::nobody(&server).get(path, 401), &["detail"]);
    }
}

#[test]
fn ones_own_usage_is_drawn_too() {
    let (server, _provider) = with_provider();
    let mut ada = Client::register(&server, "ada");
    let session = ada.post("/api/chat/sessions/", &json!({ "agent_type": "auto" }), 201);
    let messages = format!("/api/chat/sessions/{}/messages/", text(&session["id"]));
    ada.post(&messages, &json!({ "content": "How do tides work?" }), 201);
    let calls = draw(&mut ada, "number of calls by model");
    assert_eq!(calls["chartData"].as_array().unwrap().len(), 1);
    assert!(calls["chartData"][0]["value"].as_f64().unwrap() >= 1.0);
    draw(&mut ada, "tokens over time");
}

#[test]
fn a_session_for_analytics_answers_with_figures() {
    let (server, provider) = with_provider();
    let mut ada = Client::register(&server, "ada");
    assert_eq!(send(&mut ada, &[("doc_type", "product")], Some(("sales.csv", SALES))).status, 201);
    let session = ada.post("/api/chat/sessions/", &json!({ "agent_type": "analytics" }), 201);
    let messages = format!("/api/chat/sessions/{}/messages/", text(&session["id"]));
    let answer = ada.post(&messages, &json!({ "content": "revenue by region" }), 201);
    has_keys(&answer, &["id", "session", "role", "content", "created_at"]);
    assert_eq!((&answer["role"], &answer["session"]), (&json!("assistant"), &session["id"]));
    assert!(text(&answer["content"]).contains("| North | 250 |"), "{answer}");
    assert_eq!(ada.get("/api/mlops/results/", 200).as_array().unwrap().len(), 1);
    // What cannot be computed is answered with the reason.
    let sorry = ada.post(&messages, &json!({ "content": "profit by galaxy" }), 201);
    assert!(text(&sorry["content"]).contains("“profit”") || text(&sorry["content"]).contains("no usage"), "{sorry}");
    let all = ada.get(&messages, 200);
    let roles: Vec<_> = all.as_array().unwrap().iter().map(|it| text(&it["role"])).collect();
    assert_eq!(roles, ["system", "user", "assistant", "user", "assistant"]);
    assert_eq!(all[2], answer);
    drop(provider);
}

#[test]
fn what_cannot_be_drawn_is_told() {
    let server = Server::start();
    let mut ada = Client::register(&server, "ada");
    let mut refused = |body: Value| ada.post("/api/mlops/generate-chart/", &body, 400);
    assert_eq!(refused(json!({})), json!({ "query": ["This field is required."] }));
    assert_eq!(refused(json!({ "query": " " })), json!({ "query": ["This field may not be blank."] }));
    has_keys(&refused(json!({ "query": "profit by galaxy" })), &["query"]);
    assert_eq!(ada.get("/api/mlops/results/", 200), json!([]), "nothing was drawn");
    let query = json!({ "query": "revenue by region" });
    has_keys(&Client::nobody(&server).post("/api/mlops/generate-chart/", &query, 401), &["detail"]);
}

#[test]
fn models_are_listed() {
    let server = Server::start();
    let mut admin: Browser = server.administrator();
    let mut bob = Client::register(&server, "bob");
    assert_eq!(bob.get("/api/mlops/models/", 200), json!([]));
    let mut record = |body: Value| {
        let body = body.to_string();
        let kind = [("content-type", "application/json")];
        let reply = admin.request("POST", "/api/v1/analytics/models", &kind, body.as_bytes());
        assert_eq!(reply.status, 201, "{}", reply.text());
    };
    record(
        json!({ "name": "churn", "version": "1", "storage_key": "s3://m/1", "stage": "production", "metrics": { "auc": 0.9 } }),
    );
    record(json!({ "name": "churn", "version": "2", "storage_key": "s3://m/2", "stage": "production" }));
    let all = bob.get("/api/mlops/models/", 200);
    assert_eq!(all.as_array().unwrap().len(), 2);
    for it in all.as_array().unwrap() {
        has_keys(it, &MODEL);
        assert!(is_uuid(&it["id"]) && is_uuid(&it["created_by"]) && is_time(&it["created_at"]));
    }
    let of = |version: &str| all.as_array().unwrap().iter().find(|it| it["version"] == version).unwrap();
    assert_eq!((&of("1")["stage"], &of("1")["metrics"]), (&json!("archived"), &json!({ "auc": 0.9 })));
    assert_eq!((&of("2")["stage"], &of("2")["metrics"]), (&json!("production"), &Value::Null));
    assert_eq!(of("2")["s3_key"], "s3://m/2");
}

#[test]
fn every_path_is_there_with_and_without_its_slash() {
    let server = Server::start();
    let mut ada = Client::register(&server, "ada");
    ada.finds(&[
        ("GET", "/api/mlops/results"),
        ("GET", "/api/mlops/results/0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f"),
        ("POST", "/api/mlops/generate-chart"),
        ("GET", "/api/mlops/models"),
    ]);
}
