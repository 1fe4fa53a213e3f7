//! boards, translate, i18n.

use super::{detail, field, house, id, keys};
use serde_json::{Value, json};

const BOARD: [&str; 7] = ["id", "name", "layout", "data", "project_id", "created_at", "updated_at"];

#[test]
fn boards() {
    let mut it = house(&[]);
    let (mut bob, bob_id) = it.person("bob");
    let (mut eve, _) = it.person("eve");
    let body = json!({ "name": "Tides", "layout": [{ "x": 1 }], "data": { "n": 2 } });
    let made = bob.post("/api/boards/", body.clone(), 201);
    keys(&made, &BOARD);
    assert_eq!((&made["layout"], &made["data"], &made["project_id"]), (&body["layout"], &body["data"], &Value::Null));
    assert_eq!(bob.get("/api/boards/"), json!([made]));
    assert_eq!(eve.get("/api/boards/"), json!([]));
    let path = format!("/api/boards/{}/", id(&made));
    assert_eq!(bob.get(&path), made);
    let changed = bob.ok("PUT", &path, json!({ "data": { "n": 3 } }), 200);
    keys(&changed, &BOARD);
    assert_eq!((&changed["name"], &changed["data"]), (&json!("Tides"), &json!({ "n": 3 })));
    for method in ["GET", "PUT", "DELETE"] {
        detail(&eve.ok(method, &path, Value::Null, 404));
    }
    // Clients that know of one board alone send no id.
    let kept = bob.ok("PUT", "/api/boards/", json!({ "data": { "n": 4 } }), 200);
    assert_eq!((&kept["id"], &kept["data"]), (&made["id"], &json!({ "n": 4 })));
    let first = eve.ok("PUT", "/api/boards", json!({ "data": { "n": 5 } }), 200);
    assert_eq!((&first["data"], eve.get("/api/boards/").as_array().unwrap().len()), (&json!({ "n": 5 }), 1));
    field(&bob.ok("PUT", "/api/boards/", json!({}), 400), "data");
    field(&bob.post("/api/boards/", json!({ "name": "" }), 400), "name");
    field(&bob.post("/api/boards/", json!({ "name": "x", "project_id": "x" }), 400), "project_id");
    field(&bob.post("/api/boards/", json!({ "name": "x", "project_id": bob_id }), 400), "project_id");

    // A project's board is seen by everybody in it.
    let project = id(&it.ada.post("/api/projects/", json!({ "name": "Harbour" }), 201));
    let shared = it.ada.post("/api/boards/", json!({ "name": "Shared", "project_id": project }), 201);
    assert_eq!(shared["project_id"], json!(project));
    detail(&bob.ok("GET", &format!("/api/boards/{}/", id(&shared)), Value::Null, 404));
    it.ada.post(&format!("/api/projects/{project}/users/"), json!({ "user_id": bob_id }), 200);
    assert_eq!(bob.get("/api/boards/").as_array().unwrap().len(), 2);
    detail(&bob.ok("DELETE", &format!("/api/boards/{}/", id(&shared)), Value::Null, 403));
    bob.ok("DELETE", &path, Value::Null, 204);
    detail(&bob.ok("GET", &path, Value::Null, 404));
}

#[test]
fn translations() {
    let it = house(&[]);
    let (mut bob, _) = it.person("bob");
    let made =
        |text: &str, source: &str| json!({ "text": text, "translation": format!("{text} (de)"), "source": source });
    let first = bob.post("/api/translate/", json!({ "texts": ["Tide", "Moon"], "lang": "de" }), 200);
    assert_eq!(first, json!({ "translations": [made("Tide", "machine"), made("Moon", "machine")] }));
    let second = bob.post("/api/translate", json!({ "texts": ["Moon", "Sun"], "lang": "de" }), 200);
    assert_eq!(second, json!({ "translations": [made("Moon", "memory"), made("Sun", "machine")] }));
    let apart = bob.post("/api/translate/", json!({ "texts": ["Moon"], "lang": "de", "namespace": "menu" }), 200);
    assert_eq!(apart["translations"][0]["source"], "machine");
    let batch = bob.post("/api/i18n/translate/batch/", json!({ "texts": ["Tide"], "lang": "de" }), 200);
    assert_eq!(batch, json!({ "translations": [made("Tide", "memory")] }));
    assert_eq!(bob.get("/api/i18n/translate/?text=Tide&lang=de"), made("Tide", "memory"));
    let star = bob.send("GET", "/api/i18n/translate/?text=Star&lang=de&namespace=sky", &Value::Null);
    assert_eq!((star.status, star.json()), (200, made("Star", "machine")));
    let known = bob.post("/api/translate/lookup/", json!({ "text": "Tide", "lang": "de" }), 200);
    assert_eq!(known, json!({ "text": "Tide", "translation": "Tide (de)" }));
    let by_key = bob.post("/api/translate/lookup", json!({ "key": "Star", "lang": "de", "namespace": "sky" }), 200);
    assert_eq!(by_key["translation"], "Star (de)");
    let unknown = bob.post("/api/translate/lookup/", json!({ "text": "Comet", "lang": "de" }), 200);
    assert_eq!(unknown, json!({ "text": "Comet", "translation": null }), "nothing is made by looking");
    for (path, body, name) in [
        ("/api/translate/", json!({ "lang": "de" }), "texts"),
        ("/api/translate/", json!({ "texts": [], "lang": "de" }), "texts"),
        ("/api/translate/", json!({ "texts": [{}], "lang": "de" }), "texts"),
        ("/api/translate/", json!({ "texts": ["a"] }), "lang"),
        ("/api/translate/", json!({ "texts": ["a"], "lang": "!" }), "lang"),
        ("/api/translate/lookup/", json!({ "lang": "de" }), "text"),
        ("/api/i18n/translate/batch/", json!({ "lang": "de" }), "texts"),
    ] {
        field(&bob.post(path, body, 400), name);
    }
    field(&bob.ok("GET", "/api/i18n/translate/?text=a", Value::Null, 400), "lang");
    field(&bob.ok("GET", "/api/i18n/translate/?lang=de", Value::Null, 400), "text");
}
