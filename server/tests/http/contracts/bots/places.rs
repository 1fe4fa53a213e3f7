//! Where people and their tools look besides: health, descriptions, administration, debugging.

use super::{Client, field, house, keys};
use crate::server::PASSWORD;
use serde_json::{Value, json};

#[test]
fn health_descriptions_and_administration_are_where_they_were() {
    let it = house(&[]);
    let health = Client::nobody(&it.server).get("/api/health/db/");
    keys(&health, &["status", "db", "latency_ms"]);
    assert_eq!((&health["status"], &health["db"]), (&json!("ok"), &json!("ok")));
    assert!(health["latency_ms"].is_number());
    let mut browser = it.server.browser();
    for path in ["/swagger/", "/swagger", "/api/schema/swagger/", "/api/schema/redoc/", "/api/schema/redoc"] {
        let reply = browser.get(path);
        assert_eq!(reply.status, 200, "{path}");
        assert!(reply.header("content-type").unwrap().starts_with("text/html"), "{path}");
    }
    let admin = browser.get("/admin/");
    assert_eq!(admin.status, 303, "to the page that asks who it is");
    browser.submit("/sign-in", &[("email", "ada@example.org"), ("password", PASSWORD)]);
    assert!([200, 303].contains(&browser.get("/admin/").status));
}

#[test]
fn tokens_are_looked_into_in_a_development_run_alone() {
    let mut it = house(&[]);
    let token = it.ada.token.clone().unwrap();
    for (method, path) in [("GET", "/api/debug/token/"), ("POST", "/api/debug/check-token/")] {
        it.ada.ok(method, path, json!({ "token": token }), 404);
        Client::nobody(&it.server).ok(method, path, Value::Null, 404);
    }
    let mut it = house(&[("DEBUG", "true")]);
    let token = it.ada.token.clone().unwrap();
    let own = it.ada.get("/api/debug/token/");
    assert_eq!((&own["email"], &own["claims"]["role"]), (&json!("ada@example.org"), &json!("ADMIN")));
    let mut nobody = Client::nobody(&it.server);
    assert_eq!(nobody.send("GET", "/api/debug/token/", &Value::Null).status, 401);
    let good = nobody.post("/api/debug/check-token/", json!({ "token": token }), 200);
    assert_eq!((&good["valid"], &good["claims"]["email"]), (&json!(true), &json!("ada@example.org")));
    assert_eq!(
        nobody.post("/api/debug/check-token", json!({ "token": "x" }), 200),
        json!({ "valid": false, "claims": null })
    );
    field(&nobody.post("/api/debug/check-token/", json!({}), 400), "token");
}
