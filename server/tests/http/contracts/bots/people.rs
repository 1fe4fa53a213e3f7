//! users, roles, invite.

use super::{Client, detail, error, field, house, id, keys, page};
use crate::account::picture;
use crate::server::PASSWORD;
use serde_json::{Value, json};

/// What clients of this path read, of each of the systems that have it.
const USER: [&str; 18] = [
    "id",
    "first_name",
    "last_name",
    "name",
    "email",
    "username",
    "avatar",
    "avatar_url",
    "role",
    "date_joined",
    "created_at",
    "updated_at",
    "job_title",
    "department",
    "is_active",
    "active",
    "is_staff",
    "projects",
];

fn user(value: &Value) {
    keys(value, &[&USER[..], &["client_id"]].concat());
}

#[test]
fn the_list_of_people() {
    let mut it = house(&[]);
    let (mut bob, bob_id) = it.person("bob");
    let (mut carol, _) = it.administrator("carol");
    let all = page(&it.ada.get("/api/users/"));
    assert_eq!(all.len(), 3);
    all.iter().for_each(user);
    // Whoever is no administrator sees themselves.
    let own = bob.get("/api/users/");
    assert_eq!((&own["count"], &own["results"][0]["id"]), (&json!(1), &json!(bob_id)));
    assert_eq!(carol.get("/api/users/")["count"], 3);
    let first = it.ada.get("/api/users/?page_size=2&ordering=-username");
    assert_eq!((first["results"].as_array().unwrap().len(), &first["previous"]), (2, &Value::Null));
    assert_eq!(first["results"][0]["username"], "carol");
    let next = first["next"].as_str().unwrap().strip_prefix(&it.server.address).expect("an absolute address");
    assert_eq!(it.ada.get(next)["results"][0]["email"], "ada@example.org");
    detail(&it.ada.ok("GET", "/api/users/?page=99", Value::Null, 404));
    detail(&it.ada.ok("GET", "/api/users/?page=x", Value::Null, 404));
    assert_eq!(it.ada.get("/api/users/?search=BOB")["count"], 1);
    bob.ok("PATCH", "/api/me/update/", json!({ "department": "Harbour" }), 200);
    assert_eq!(it.ada.get("/api/users/?department=harbour")["results"][0]["id"], bob_id);
    let project = it.ada.post("/api/projects/", json!({ "name": "Tides" }), 201);
    it.ada.post(&format!("/api/projects/{}/users/", id(&project)), json!({ "user_id": bob_id }), 200);
    let shown = &it.ada.get("/api/users/?search=bob")["results"][0];
    assert_eq!(shown["projects"], json!([{ "id": id(&project), "name": "Tides" }]));
}

#[test]
fn administrators_make_accounts() {
    let mut it = house(&[]);
    let (mut bob, _) = it.person("bob");
    let (mut carol, _) = it.administrator("carol");
    let parts = [
        ("first_name", "Gus"),
        ("last_name", "Example"),
        ("email", "gus@example.org"),
        ("username", "gus"),
        ("password", PASSWORD),
        ("role", "MANAGER"),
        ("job_title", "Pilot"),
        ("department", "Harbour"),
    ];
    let reply = carol.upload("POST", "/api/users/", &parts, Some(("avatar", &picture(200, 200))));
    assert_eq!(reply.status, 201, "{}", reply.text());
    let made = reply.json();
    user(&made);
    assert_eq!(
        (&made["role"], &made["job_title"], &made["client_id"]),
        (&json!("MANAGER"), &json!("Pilot"), &carol.get("/api/me/")["client_id"])
    );
    assert!(made["avatar"].is_string());
    Client::login(&it.server, "gus@example.org").get("/api/me/");
    let body = json!({ "email": "zoe@example.org", "first_name": "Zoe", "role": "USER" });
    assert_eq!(carol.post("/api/users", body.clone(), 201)["role"], "USER");
    it.token_for("/reset-password");
    field(&carol.post("/api/users/", body, 400), "email");
    field(&carol.post("/api/users/", json!({ "email": "y@example.org", "role": "KING" }), 400), "role");
    field(&carol.post("/api/users/", json!({}), 400), "email");
    detail(&bob.post("/api/users/", json!({ "email": "x@example.org" }), 403));
}

#[test]
fn roles() {
    let mut it = house(&[]);
    let (mut bob, bob_id) = it.person("bob");
    let (mut carol, carol_id) = it.administrator("carol");
    let all = carol.get("/api/roles/");
    keys(&all, &["roles"]);
    all["roles"].as_array().unwrap().iter().for_each(|it| keys(it, &["value", "label"]));
    let values: Vec<_> = all["roles"].as_array().unwrap().iter().map(|it| it["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["ADMIN", "MANAGER", "USER", "GUEST"]);
    let path = format!("/api/users/{bob_id}/roles/");
    assert_eq!(carol.get(&path), json!({ "roles": ["USER"] }));
    detail(&carol.post(&format!("{path}add/"), json!({ "role": "MANAGER" }), 200));
    assert_eq!(carol.get(&path), json!({ "roles": ["MANAGER"] }));
    detail(&carol.post(&format!("{path}remove/"), json!({ "role": "MANAGER" }), 200));
    assert_eq!(carol.get(&path), json!({ "roles": ["USER"] }));
    detail(&carol.ok("DELETE", &format!("{path}remove"), json!({ "role": "USER" }), 200));
    assert_eq!(carol.get(&path), json!({ "roles": ["GUEST"] }));
    detail(&carol.post(&format!("{path}remove/"), json!({ "role": "ADMIN" }), 400));
    field(&carol.post(&format!("{path}add/"), json!({ "role": "KING" }), 400), "role");
    field(&carol.post(&format!("{path}add/"), json!({}), 400), "role");
    detail(&carol.post("/api/users/00000000-0000-0000-0000-000000000009/roles/add/", json!({ "role": "USER" }), 404));
    detail(&carol.post("/api/users/nonsense/roles/add/", json!({ "role": "USER" }), 404));
    // Source fault: these were open to everybody.
    detail(&bob.ok("GET", "/api/roles/", Value::Null, 403));
    detail(&bob.ok("GET", &path, Value::Null, 403));
    detail(&bob.post(&format!("{path}add/"), json!({ "role": "ADMIN" }), 403));
    detail(&bob.post(&format!("/api/users/{carol_id}/roles/remove/"), json!({ "role": "ADMIN" }), 403));
    assert_eq!(Client::nobody(&it.server).send("GET", "/api/roles/", &Value::Null).status, 401);
}

#[test]
fn invitations() {
    let mut it = house(&[]);
    let (mut bob, _) = it.person("bob");
    let project = id(&it.ada.post("/api/projects/", json!({ "name": "Tides" }), 201));
    let body = json!({ "email": "gus@example.org", "project_id": project, "role": "MANAGER" });
    keys(&it.ada.post("/api/invite/", body.clone(), 200), &["detail"]);
    error(&it.ada.post("/api/invite/", body.clone(), 400));
    error(&it.ada.post("/api/invite", json!({ "email": "x@example.org" }), 400));
    error(&it.ada.post("/api/invite/", json!({ "email": "nonsense", "project_id": project }), 400));
    error(&it.ada.post(
        "/api/invite/",
        json!({ "email": "x@example.org", "project_id": project, "role": "KING" }),
        400,
    ));
    error(&it.ada.post(
        "/api/invite/",
        json!({ "email": "x@example.org", "project_id": "00000000-0000-0000-0000-000000000009" }),
        404,
    ));
    error(&bob.post("/api/invite/", body, 403));

    let token = it.token_for("/invitation");
    let mut nobody = Client::nobody(&it.server);
    let address =
        |email: &str, token: &str| format!("/api/invite/confirm/?email={email}&token={token}&project_id={project}");
    let shown = nobody.send("GET", &address("gus%40example.org", &token), &Value::Null);
    assert_eq!((shown.status, shown.location()), (302, format!("/invitation?token={token}").as_str()));
    error(&nobody.post(&address("eve%40example.org", &token), json!({ "password": PASSWORD }), 400));
    error(&nobody.post(&address("gus%40example.org", "0000"), json!({ "password": PASSWORD }), 400));
    error(&nobody.post(&address("gus%40example.org", &token), json!({}), 400));
    error(&nobody.post(&address("gus%40example.org", &token), json!({ "password": "short" }), 400));
    keys(&nobody.post(&address("gus%40example.org", &token), json!({ "password": PASSWORD }), 200), &["detail"]);
    error(&nobody.post(&address("gus%40example.org", &token), json!({ "password": PASSWORD }), 400));
    let mut gus = Client::login(&it.server, "gus@example.org");
    assert_eq!(gus.get("/api/me/")["role"], "MANAGER");
    assert_eq!(gus.get(&format!("/api/projects/{project}/"))["name"], "Tides");
}
