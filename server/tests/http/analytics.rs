//! What was used and what may be: the page, its files, the API, and a call that costs too much.

use crate::client::{Browser, Reply};
use crate::provider::Provider;
use crate::server::{House, Server};
use serde_json::{Value, json};
use std::time::Duration;

fn house() -> (Server, Browser, Provider) {
    let provider = Provider::start(|_| (vec!["By the Moon.".to_owned()], Duration::from_millis(1)));
    let server = House::new().with(&provider).serve();
    let ada = server.administrator();
    (server, ada, provider)
}

fn api(browser: &mut Browser, method: &str, path: &str, body: &Value) -> Reply {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    browser.request(method, path, &[("content-type", "application/json")], text.as_bytes())
}

/// An exchange in a conversation of its own; the answer as it ended.
fn ask(browser: &mut Browser) -> Value {
    let made = api(browser, "POST", "/api/v1/conversations", &json!({})).json();
    let path = format!("/api/v1/conversations/{}/messages?wait=true", made["id"].as_str().unwrap());
    api(browser, "POST", &path, &json!({ "content": "Why are there tides?" })).json()["assistant_message"].clone()
}

/// Ten cents a token: the provider counts 18 of them.
fn set_price(ada: &mut Browser) {
    let price =
        json!({ "provider": "openai", "model": "fake", "prompt_price": "100000", "completion_price": "100000" });
    assert_eq!(api(ada, "PUT", "/api/v1/admin/prices", &price).status, 200);
}

#[test]
fn what_was_used_is_on_the_page_in_the_file_and_in_the_api() {
    let (server, mut ada, _provider) = house();
    let empty = ada.get("/analytics");
    assert!(empty.status == 200 && empty.text().contains("No model was asked between"), "{}", empty.text());
    set_price(&mut ada);
    assert_eq!(ask(&mut ada)["status"], "complete");
    let page = ada.get("/analytics?days=7").text();
    for part in [
        "$1.80",
        "Cost by day",
        "Cost by model",
        "role=\"img\"",
        "<details>",
        "11 read, 7 written",
        "aria-current=\"page\"",
    ] {
        assert!(page.contains(part), "{part} is not on {page}");
    }
    assert!(!page.contains("style="), "the policy forbids it");
    let file = ada.get("/analytics?days=7&group=model&format=csv");
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    let lines: Vec<String> = file.text().lines().map(str::to_owned).collect();
    assert_eq!(
        lines[0],
        "Model,Id,Calls,Errors,Tokens read,Tokens written,Cost (USD),Median time (ms),95 of 100 within (ms),Median time to first word (ms)"
    );
    assert!(lines[1].starts_with("fake") && lines[1].contains(",1,0,11,7,1.80,"), "{}", lines[1]);
    let told = api(&mut ada, "GET", "/api/v1/usage?group_by=agent&days=1", &Value::Null).json();
    assert_eq!((&told["total"]["cost_usd"], &told["results"][0]["calls"]), (&json!("1.80"), &json!(1)));
    let csv = ada.get_with("/api/v1/usage", &[("accept", "text/csv")]);
    assert!(csv.text().starts_with("Day,Calls,") && csv.text().lines().count() == 31, "{}", csv.text());
    assert_eq!(api(&mut ada, "GET", "/api/v1/usage?from=never", &Value::Null).status, 422);

    // Somebody else sees their own, which is nothing, and no more.
    let mut bob = server.person("bob");
    assert!(bob.get("/analytics").text().contains("No model was asked"));
    for path in [
        "/analytics?scope=organisation",
        "/analytics?scope=all",
        "/analytics?scope=all&format=csv",
        "/api/v1/usage?scope=organisation",
    ] {
        assert_eq!(bob.get(path).status, 403, "{path}");
    }
    let everybody = ada.get("/analytics?scope=all").text();
    assert!(everybody.contains("Cost by person") && everybody.contains("$1.80"));
    assert_eq!(server.browser().get("/analytics").status, 303);
}

#[test]
fn a_call_that_might_overspend_says_whose_budget_it_was() {
    let (server, mut ada, _provider) = house();
    set_price(&mut ada);
    let mut bob = server.person("bob");
    let id = api(&mut bob, "GET", "/api/v1/users/me", &Value::Null).json()["id"].as_str().unwrap().to_owned();
    let subject = format!("user:{id}");
    let form = [("action", "set"), ("subject", subject.as_str()), ("period", "day")];
    assert_eq!(bob.submit("/admin/budgets", &[&form[..], &[("limit", "5")]].concat()).status, 403);
    let refused = ada.submit("/admin/budgets", &[&form[..], &[("limit", "much")]].concat());
    assert!(refused.status == 422 && refused.text().contains("Enter dollars, like 25 or 2.50."), "{}", refused.text());
    assert!(refused.text().contains("value=\"much\""), "what was typed is still there");
    assert_eq!(ada.submit("/admin/budgets", &[&form[..], &[("limit", "5")]].concat()).status, 303);
    let page = ada.get("/admin/budgets").text();
    assert!(page.contains("$0 of $5.00 (0 %)") && page.contains("value=\"5.00\""), "{page}");

    let answer = ask(&mut bob);
    assert_eq!(answer["status"], "failed", "{answer}");
    let told = answer["error"].as_str().unwrap();
    assert!(told.starts_with("Your budget, $5.00 a day, does not suffice"), "{told}");
    // Every way of asking meets it.
    let question =
        json!({ "model": "Assistant", "messages": [{ "role": "user", "content": "Why?" }], "max_tokens": 1000 });
    let reply = api(&mut bob, "POST", "/v1/chat/completions", &question);
    assert_eq!((reply.status, reply.header("x-should-retry")), (429, Some("false")), "as OpenAI says it");
    let error = &reply.json()["error"];
    assert_eq!((&error["code"], &error["type"]), (&json!("insufficient_quota"), &json!("insufficient_quota")));
    assert!(error["message"].as_str().unwrap().starts_with("Your budget, $5.00 a day"), "{error}");
    assert!(bob.get("/analytics").text().contains("Yours, a day"));
    assert_eq!(ask(&mut ada)["status"], "complete", "it is Bob's alone");

    let budgets = api(&mut bob, "GET", "/api/v1/budgets", &Value::Null).json();
    assert_eq!((&budgets[0]["limit_usd"], &budgets[0]["percent"]), (&json!("5.00"), &json!(0)));
    let path = format!("/api/v1/budgets/{}", budgets[0]["id"].as_str().unwrap());
    assert_eq!(api(&mut bob, "DELETE", &path, &Value::Null).status, 403);
    assert_eq!(api(&mut ada, "DELETE", &path, &Value::Null).status, 204);
    assert_eq!(ask(&mut bob)["status"], "complete");
    let log = api(&mut ada, "GET", "/api/v1/audit-log?subject_kind=budget", &Value::Null).json();
    let done: Vec<_> = log["results"].as_array().unwrap().iter().map(|it| it["action"].as_str().unwrap()).collect();
    assert_eq!(done, ["budget.remove", "budget.set"]);
}
