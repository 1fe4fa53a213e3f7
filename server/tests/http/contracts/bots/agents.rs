//! bots, the projects that they are in, expertise areas.

use super::{detail, field, house, id, keys, page};
use serde_json::{Value, json};

const BOT: [&str; 6] = ["id", "name", "description", "url_n8n", "expertise_area", "projects"];
const NOBODY: &str = "00000000-0000-0000-0000-000000000009";

#[test]
fn bots() {
    let mut it = house(&[]);
    let (mut bob, bob_id) = it.person("bob");
    let (mut carol, _) = it.administrator("carol");
    let body = json!({ "name": "Tides", "url_n8n": "https://n8n.example/webhook/tides", "description": "Tables" });
    let made = carol.post("/api/bots/", body.clone(), 201);
    keys(&made, &BOT);
    assert_eq!(
        (&made["name"], &made["url_n8n"], &made["description"], &made["expertise_area"], &made["projects"]),
        (&json!("Tides"), &body["url_n8n"], &json!("Tables"), &Value::Null, &json!([]))
    );
    detail(&it.ada.post("/api/bots/", body.clone(), 400));
    detail(&bob.post("/api/bots/", json!({ "name": "Mine", "url_n8n": "https://n8n.example/a" }), 403));
    field(&carol.post("/api/bots", json!({ "name": "Moons" }), 400), "url_n8n");
    field(&carol.post("/api/bots/", json!({ "name": "Moons", "url_n8n": "ftp://x" }), 400), "url_n8n");
    field(&carol.post("/api/bots/", json!({ "url_n8n": "https://n8n.example/a" }), 400), "name");

    let path = format!("/api/bots/{}/", id(&made));
    assert_eq!(it.ada.get(&path), made);
    detail(&bob.ok("GET", &path, Value::Null, 404));
    let changed = it.ada.ok("PATCH", &path, json!({ "description": "Tables and currents" }), 200);
    assert_eq!((&changed["name"], &changed["description"]), (&json!("Tides"), &json!("Tables and currents")));
    field(&carol.ok("PATCH", &path, json!({ "url_n8n": "a b" }), 400), "url_n8n");

    let project = carol.post("/api/projects/", json!({ "name": "Harbour" }), 201);
    let place = format!("/api/projects/{}/", id(&project));
    let attached = carol.post(&format!("{place}bots/attach/"), json!({ "bot_ids": [made["id"], NOBODY] }), 200);
    keys(&attached, &["attached_now", "already_attached", "missing", "count_total"]);
    assert_eq!(
        (&attached["attached_now"], &attached["missing"], &attached["count_total"]),
        (&json!([made["id"]]), &json!([NOBODY]), &json!(1))
    );
    let again = it.ada.post(&format!("{place}bots/attach"), json!({ "bot_id": made["id"] }), 200);
    assert_eq!(again["already_attached"], json!([made["id"]]));
    detail(&bob.post(&format!("{place}bots/attach/"), json!({ "bot_id": made["id"] }), 404));
    it.ada.post(&format!("{place}users/"), json!({ "user_id": bob_id }), 200);
    detail(&bob.post(&format!("{place}bots/attach/"), json!({ "bot_id": made["id"] }), 403));
    field(&carol.post(&format!("{place}bots/attach/"), json!({}), 400), "bot_id");

    // Through the project Bob has it.
    let listed = page(&bob.get("/api/bots/"));
    assert_eq!(listed.len(), 1);
    keys(&listed[0], &[&BOT[..], &["chat_sessions"]].concat());
    assert_eq!(listed[0]["chat_sessions"], json!([]));
    keys(&listed[0]["projects"][0], &["id", "name", "client", "created_at", "updated_at"]);
    assert_eq!(listed[0]["projects"][0]["client"], project["client"]);
    assert_eq!(bob.get(&path)["projects"][0]["id"], project["id"]);
    let bots = bob.get(&format!("{place}bots/"));
    keys(&bots[0], &BOT);
    assert_eq!(bob.get(&place)["bots"], bots);
    detail(&bob.ok("PATCH", &path, json!({ "name": "Mine" }), 403));
    detail(&bob.ok("DELETE", &path, Value::Null, 403));
    assert_eq!(bob.get("/api/bots/?search=TID&ordering=-name&page_size=1")["count"], 1);
    let detached = carol.post(&format!("{place}bots/detach/"), json!({ "bot_ids": [made["id"], NOBODY] }), 200);
    keys(&detached, &["detached_now", "not_attached", "missing", "count_total"]);
    assert_eq!((&detached["detached_now"], &detached["count_total"]), (&json!([made["id"]]), &json!(0)));
    let again = carol.post(&format!("{place}bots/detach/"), json!({ "bot_id": made["id"] }), 200);
    assert_eq!(again["not_attached"], json!([made["id"]]));
    assert_eq!(bob.get("/api/bots/")["count"], 0);
    it.ada.ok("DELETE", &path, Value::Null, 204);
    detail(&carol.ok("GET", &path, Value::Null, 404));
    carol.post("/api/bots/", body, 201);
}

#[test]
fn expertise() {
    let mut it = house(&[]);
    let (mut bob, _) = it.person("bob");
    let made = it.ada.post("/api/expertise-areas/", json!({ "name": "Sea", "description": "Tides" }), 201);
    keys(&made, &["id", "name", "description"]);
    field(&it.ada.post("/api/expertise-areas", json!({ "name": "sea" }), 400), "name");
    field(&it.ada.post("/api/expertise-areas/", json!({}), 400), "name");
    detail(&bob.post("/api/expertise-areas/", json!({ "name": "Sky" }), 403));
    assert_eq!(page(&bob.get("/api/expertise-areas/")), std::slice::from_ref(&made));
    let path = format!("/api/expertise-areas/{}/", id(&made));
    assert_eq!(bob.get(&path), made);
    detail(&bob.ok("PATCH", &path, json!({ "name": "Sky" }), 403));
    assert_eq!(it.ada.ok("PATCH", &path, json!({ "name": "Ocean" }), 200)["name"], "Ocean");

    let bot = it.ada.post("/api/bots/", json!({ "name": "Tides", "url_n8n": "webhook/tides" }), 201);
    let assign = format!("/api/bots/{}/expertise/", id(&bot));
    let changed = it.ada.post(&assign, json!({ "expertise_area": made["id"] }), 200);
    keys(&changed, &BOT);
    keys(&changed["expertise_area"], &["id", "name", "description"]);
    assert_eq!(changed["expertise_area"]["name"], "Ocean");
    assert_eq!(it.ada.post(&assign, json!({ "expertise_area": null }), 200)["expertise_area"], Value::Null);
    field(&it.ada.post(&assign, json!({}), 400), "expertise_area");
    field(&it.ada.post(&assign, json!({ "expertise_area": NOBODY }), 400), "expertise_area");
    field(&it.ada.post(&assign, json!({ "expertise_area": "x" }), 400), "expertise_area");
    detail(&bob.post(&assign, json!({ "expertise_area": made["id"] }), 404));
    it.ada.ok("DELETE", &path, Value::Null, 204);
    detail(&it.ada.ok("GET", &path, Value::Null, 404));
    assert_eq!(it.ada.get(&format!("/api/bots/{}/", id(&bot)))["expertise_area"], Value::Null);
}
