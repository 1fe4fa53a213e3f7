//! Charts by question, results and versions of models, over REST.

use super::{Program, keys};
use crate::provider::Provider;
use crate::server::{House, Server};
use serde_json::{Value, json};
use std::time::Duration;

const SALES: &str = "Region;Umsatz\r\nNord;1.200,50\r\nSüd;300,00\r\nNord;99,50\r\n";

#[test]
fn a_question_is_answered_by_a_chart_that_is_kept() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let asked = json!({ "question": "Umsatz by region", "csv": SALES, "file_name": "umsatz.csv" });
    let made = ada.post("/api/v1/analytics/charts", &asked, 201);
    let names = ["id", "title", "question", "source", "read_by", "specification", "chart", "created_at"];
    let mut sorted = names;
    sorted.sort_unstable();
    let mut found = keys(&made);
    found.sort_unstable();
    assert_eq!(found, sorted);
    assert_eq!(made["chart"]["categories"], json!(["Nord", "Süd"]));
    assert_eq!(made["chart"]["series"], json!([{ "name": "Total Umsatz", "values": [1300.0, 300.0] }]));
    assert_eq!((&made["source"]["name"], &made["read_by"]), (&json!("umsatz.csv"), &json!("rules")));
    assert_eq!(made["specification"]["measures"], json!([{ "aggregate": "sum", "column": "Umsatz" }]));

    let form = [("question", "share of Umsatz by Region")];
    let reply = ada.send_form("/api/v1/analytics/charts", &form, &[("sales.csv", SALES.as_bytes())]);
    assert_eq!((reply.status, &reply.json()["chart"]["kind"]), (201, &json!("pie")));
    let again = json!({ "question": "Total Umsatz by Region", "result_id": made["id"] });
    assert_eq!(ada.post("/api/v1/analytics/charts", &again, 201)["source"]["kind"], "result");

    let list = ada.get("/api/v1/analytics/results?search=share");
    assert_eq!((&list["count"], &list["results"][0]["chart"]["kind"]), (&json!(1), &json!("pie")));
    let path = format!("/api/v1/analytics/results/{}", made["id"].as_str().unwrap());
    assert_eq!(ada.get(&path), made);
    ada.delete(&path);
    ada.expect("GET", &path, None, 404);
    assert_eq!(ada.post(&format!("{path}/restore"), &json!({}), 200), made);
}

#[test]
fn a_model_proposes_and_the_server_computes() {
    let provider = Provider::start(|_| {
        let said = r#"{"chart": "bar", "measures": [{"aggregate": "max", "column": "umsatz"}], "by": "region"}"#;
        (vec![said.to_owned()], Duration::from_millis(1))
    });
    let server = House::new().with(&provider).serve();
    let mut ada = Program::register(&server, "ada");
    let made = ada.post("/api/v1/analytics/charts", &json!({ "question": "Wo lief es am besten?", "csv": SALES }), 201);
    assert_eq!((&made["read_by"], &made["chart"]["series"][0]["values"][0]), (&json!("model"), &json!(1200.5)));
}

#[test]
fn what_is_wrong_is_named() {
    let server = Server::start();
    let mut ada = Program::register(&server, "ada");
    let mut refused = |body: Value| {
        let told = ada.post("/api/v1/analytics/charts", &body, 422);
        (
            told["fields"][0]["field"].as_str().unwrap().to_owned(),
            told["fields"][0]["message"].as_str().unwrap().to_owned(),
        )
    };
    let (field, told) = refused(json!({ "question": "profit by region", "csv": SALES }));
    assert_eq!(field, "question");
    assert!(told.contains("“profit”") && told.contains("“Umsatz”"), "{told}");
    assert_eq!(refused(json!({ "csv": SALES })).0, "question");
    assert_eq!(refused(json!({ "question": "a by b", "csv": "a,b\n" })).0, "file");
    assert_eq!(refused(json!({ "question": "calls by model" })).0, "file");
}

#[test]
fn versions_of_models_are_recorded_and_promoted() {
    let server = Server::start();
    let mut admin = Program { browser: server.administrator(), authorization: None };
    let model = |version: &str, stage: &str| json!({ "name": "churn", "version": version, "storage_key": "s3://m", "stage": stage, "metrics": { "auc": 0.9 } });
    let path = "/api/v1/analytics/models";
    let first = admin.post(path, &model("1", "production"), 201);
    let second = admin.post(path, &model("2", "staging"), 201);
    admin.post(path, &model("2", "staging"), 422);
    let at = |it: &Value| format!("{path}/{}", it["id"].as_str().unwrap());
    let reply = admin.send("GET", &at(&second), None, &[]);
    let tag = reply.header("etag").unwrap().to_owned();
    let promote = json!({ "stage": "production" });
    assert_eq!(admin.send("PATCH", &at(&second), Some(&promote), &[("if-match", "\"1\"")]).status, 412);
    assert_eq!(admin.send("PATCH", &at(&second), Some(&promote), &[("if-match", &tag)]).status, 200);
    assert_eq!(admin.get(&at(&first))["stage"], "archived");
    let found = admin.get(&format!("{path}?stage=production"));
    assert_eq!((&found["count"], &found["results"][0]["version"]), (&json!(1), &json!("2")));
    let log = admin.get("/api/v1/audit-log?search=churn");
    assert!(log["results"].as_array().unwrap().iter().any(|it| it["action"] == "model.stage"), "{log}");

    // Whoever only works here sees them.
    let mut bob = Program::register(&server, "bob");
    assert_eq!(bob.get(path)["count"], 2);
    bob.expect("PATCH", &at(&first), Some(&promote), 403);
    assert_eq!(admin.patch(&at(&second), &json!({ "metrics": null }), 200)["metrics"], Value::Null);
    admin.delete(&at(&second));
    admin.expect("GET", &at(&second), None, 404);
}
