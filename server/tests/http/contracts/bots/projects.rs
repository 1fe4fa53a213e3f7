//! clients, projects, who and what is in them.

use super::{Client, detail, field, house, id, keys, page};
use crate::server::PASSWORD;
use serde_json::{Value, json};

const PROJECT: [&str; 7] = ["id", "name", "client", "client_id", "created_at", "updated_at", "bots"];
const NOBODY: &str = "00000000-0000-0000-0000-000000000009";

#[test]
fn clients() {
    let mut it = house(&[]);
    let (mut bob, _) = it.person("bob");
    let (mut carol, _) = it.administrator("carol");
    let own = bob.get("/api/clients/");
    assert_eq!(own.as_array().unwrap().len(), 1);
    keys(&own[0], &["id", "name", "created_at", "updated_at"]);
    // A new organisation is a superuser's.
    detail(&carol.post("/api/clients/", json!({ "name": "Elsewhere" }), 403));
    let made = it.ada.post("/api/clients/", json!({ "name": "Elsewhere" }), 201);
    keys(&made, &["id", "name", "created_at", "updated_at"]);
    assert_eq!((&made["name"], &made["updated_at"]), (&json!("Elsewhere"), &Value::Null));
    field(&it.ada.post("/api/clients", json!({ "name": "elsewhere" }), 400), "name");
    field(&it.ada.post("/api/clients/", json!({}), 400), "name");
    assert_eq!(it.ada.get("/api/clients/").as_array().unwrap().len(), 2);
    let path = format!("/api/clients/{}/", id(&made));
    assert_eq!(it.ada.get(&path), made);
    let changed = it.ada.ok("PATCH", &path, json!({ "name": "Harbour" }), 200);
    assert_eq!((&changed["name"], changed["updated_at"].is_string()), (&json!("Harbour"), true));
    detail(&bob.ok("GET", &path, Value::Null, 404));
    detail(&carol.ok("PATCH", &path, json!({ "name": "Mine" }), 404));
    detail(&bob.ok("PATCH", &format!("/api/clients/{}/", id(&own[0])), json!({ "name": "Mine" }), 403));
    detail(&carol.ok("DELETE", &format!("/api/clients/{}/", id(&own[0])), Value::Null, 403));
    detail(&it.ada.ok("DELETE", &format!("/api/clients/{}/", id(&own[0])), Value::Null, 400));
    it.ada.ok("DELETE", &path, Value::Null, 204);
    detail(&it.ada.ok("GET", &path, Value::Null, 404));
}

#[test]
fn projects() {
    let mut it = house(&[]);
    let (mut bob, _) = it.person("bob");
    let (mut eve, _) = it.person("eve");
    let elsewhere = id(&it.ada.post("/api/clients/", json!({ "name": "Elsewhere" }), 201));
    let home = bob.get("/api/me/")["client_id"].clone();
    let made = bob.post("/api/projects/", json!({ "name": "Tides", "description": "Tables" }), 201);
    keys(&made, &PROJECT);
    assert_eq!((&made["client_id"], &made["bots"]), (&home, &json!([])));
    assert!(made["client"].is_string());
    assert_eq!(bob.post("/api/projects", json!({ "name": "Moons", "client_id": home }), 201)["client_id"], home);
    let other = it.ada.post("/api/projects/", json!({ "name": "Suns", "client_id": elsewhere }), 201);
    assert_eq!((&other["client"], &other["client_id"]), (&json!("Elsewhere"), &json!(elsewhere)));
    field(&bob.post("/api/projects/", json!({ "name": "Stars", "client_id": elsewhere }), 400), "client_id");
    field(&bob.post("/api/projects/", json!({ "name": "Stars", "client_id": "x" }), 400), "client_id");
    field(&bob.post("/api/projects/", json!({ "name": "tides" }), 400), "name");
    field(&bob.post("/api/projects/", json!({}), 400), "name");

    let listed = page(&bob.get("/api/projects/"));
    assert_eq!(listed.iter().map(|it| it["name"].as_str().unwrap()).collect::<Vec<_>>(), ["Moons", "Tides"]);
    keys(&listed[0], &PROJECT);
    assert_eq!(bob.get("/api/projects/?search=TID")["count"], 1);
    assert_eq!(bob.get("/api/projects/?ordering=-name")["results"][0]["name"], "Tides");
    assert_eq!(it.ada.get("/api/projects/?client__name=Elsewhere")["results"][0]["name"], "Suns");
    assert_eq!(it.ada.get("/api/projects/")["count"], 3);
    assert_eq!(eve.get("/api/projects/")["count"], 0);
    for number in 0..9 {
        bob.post("/api/projects/", json!({ "name": format!("P{number}") }), 201);
    }
    let first = bob.get("/api/projects/");
    assert_eq!((page(&first).len(), &first["count"]), (10, &json!(11)), "ten a page");
    let next = first["next"].as_str().unwrap().strip_prefix(&it.server.address).expect("an absolute address");
    let second = bob.get(next);
    assert_eq!((page(&second).len(), second["previous"].is_string(), &second["next"]), (1, true, &Value::Null));
    assert_eq!(page(&bob.get("/api/projects/?page_size=1000")).len(), 11, "at most a hundred");

    let path = format!("/api/projects/{}/", id(&made));
    assert_eq!(bob.get(&path), made);
    let changed = bob.ok("PATCH", &path, json!({ "name": "Currents" }), 200);
    assert_eq!((&changed["name"], &changed["created_at"]), (&json!("Currents"), &made["created_at"]));
    detail(&eve.ok("GET", &path, Value::Null, 404));
    detail(&eve.ok("PATCH", &path, json!({ "name": "Mine" }), 404));
    detail(&eve.ok("DELETE", &path, Value::Null, 404));
    detail(&eve.ok("GET", "/api/projects/nonsense/", Value::Null, 404));
    bob.ok("DELETE", &path, Value::Null, 204);
    detail(&bob.ok("GET", &path, Value::Null, 404));
    // One world: what was made here is there for everybody who looks elsewhere.
    assert_eq!(bob.get("/api/v1/projects?search=Moons")["count"], 1);
}

#[test]
fn people_in_projects() {
    let mut it = house(&[]);
    let (mut bob, bob_id) = it.person("bob");
    let (_, eve_id) = it.person("eve");
    let elsewhere = id(&it.ada.post("/api/clients/", json!({ "name": "Elsewhere" }), 201));
    let far = json!({ "email": "far@example.org", "password": PASSWORD, "client_id": elsewhere });
    let far = id(&it.ada.post("/api/users/", far, 201));
    let path = format!("/api/projects/{}/users/", id(&it.ada.post("/api/projects/", json!({ "name": "Tides" }), 201)));
    let both = json!({ "user_ids": [bob_id, eve_id, NOBODY, far] });
    let attached = it.ada.post(&format!("{path}attach/"), both, 200);
    keys(&attached, &["attached_now", "already_attached", "missing", "count_total", "rejected_cross_client"]);
    assert_eq!(attached["attached_now"], json!([bob_id, eve_id]));
    assert_eq!((&attached["missing"], &attached["rejected_cross_client"]), (&json!([NOBODY]), &json!([far])));
    assert_eq!(attached["count_total"], 3, "and whoever made it");
    let again = it.ada.post(&path, json!({ "user_id": bob_id }), 200);
    keys(&again, &["attached_now", "already_attached", "missing", "count_total"]);
    assert_eq!((&again["already_attached"], &again["attached_now"]), (&json!([bob_id]), &json!([])));
    bob.get(path.trim_end_matches("users/"));
    let detached = it.ada.post(&format!("{path}detach"), json!({ "user_ids": [eve_id, far, NOBODY] }), 200);
    keys(&detached, &["detached_now", "not_attached", "missing", "count_total"]);
    assert_eq!(
        (&detached["detached_now"], &detached["not_attached"], &detached["missing"], &detached["count_total"]),
        (&json!([eve_id]), &json!([far]), &json!([NOBODY]), &json!(2))
    );
    field(&it.ada.post(&format!("{path}attach/"), json!({}), 400), "user_id");
    detail(&bob.post(&format!("{path}attach/"), json!({ "user_id": eve_id }), 403));
    detail(&bob.post(&format!("{path}detach/"), json!({ "user_id": bob_id }), 403));
    detail(&bob.post(&path, json!({ "user_id": eve_id }), 403));
    let mut eve = Client::login(&it.server, "eve@example.org");
    detail(&eve.post(&format!("{path}attach/"), json!({ "user_id": eve_id }), 404));
}
