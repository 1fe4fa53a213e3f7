//! kb: knowledge bases and their files, by both of their names.

use super::{Client, Town, detail, house, id, keys};
use crate::client::Reply;
use serde_json::{Value, json};

const BASE: [&str; 6] = ["project_id", "status", "name", "description", "hash_id", "created_at"];
const NOBODY: &str = "00000000-0000-0000-0000-000000000009";

/// A form with a document in it.
fn send(client: &mut Client, method: &str, path: &str, fields: &[(&str, &str)], file: Option<(&str, &str)>) -> Reply {
    let mut body = String::new();
    for (name, value) in fields {
        body += &format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    if let Some((name, text)) = file {
        let head =
            format!("content-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: text/plain");
        body += &format!("--edge\r\n{head}\r\n\r\n{text}\r\n");
    }
    body += "--edge--\r\n";
    client.send_as("multipart/form-data; boundary=edge", method, path, body.as_bytes())
}

#[track_caller]
fn business(value: &Value, reason: &str) {
    assert_eq!(value, &json!({ "status": "error", "reason": reason }));
}

/// Bob with a project and a base in it.
fn bobs(it: &Town) -> (Client, String, String) {
    let (mut bob, _) = it.person("bob");
    let project = id(&bob.post("/api/projects/", json!({ "name": "Harbour" }), 201));
    let made = bob.post("/api/kb/create/", json!({ "name": "Tides", "project_id": project }), 200);
    let base = made["hash_id"].as_str().unwrap().to_owned();
    (bob, project, base)
}

#[test]
fn bases() {
    let it = house(&[]);
    let (mut bob, project, base) = bobs(&it);
    let (mut eve, _) = it.person("eve");
    let body = json!({ "name": "Moons", "description": "All of them", "project_id": project });
    let made = bob.post("/api/kb/create", body.clone(), 200);
    keys(&made, &BASE);
    assert_eq!((&made["status"], &made["description"]), (&json!("success"), &json!("All of them")));
    assert_eq!((&made["project_id"], made["created_at"].is_string()), (&json!(project), true));
    business(&bob.post("/api/kb/create/", json!({ "project_id": project }), 200), "invalid input");
    business(&bob.post("/api/kb/create/", json!({ "name": "x", "project_id": "x" }), 200), "invalid input");
    business(&bob.post("/api/kb/create/", body, 200), "There is another knowledge base of this name.");
    detail(&eve.post("/api/kb/create/", json!({ "name": "x", "project_id": project }), 403));

    for path in ["/api/kb/list/", "/api/kb/list-all/"] {
        let listed = bob.get(&format!("{path}?project_id={project}"));
        keys(&listed, &["status", "project_id", "count", "kbs"]);
        assert_eq!(
            (&listed["status"], &listed["count"], &listed["project_id"]),
            (&json!("success"), &json!(2), &json!(project))
        );
        assert_eq!((&listed["kbs"][1]["name"], &listed["kbs"][1]["hash_id"]), (&json!("Tides"), &json!(base)));
        assert!(listed["kbs"][1]["external_id"].is_string());
        assert_eq!((bob.get(path)["count"].clone(), eve.get(path)["count"].clone()), (json!(2), json!(0)));
        detail(&eve.ok("GET", &format!("{path}?project_id={project}"), Value::Null, 403));
    }

    let path = format!("/api/kb/get/?hash_id={base}");
    let read = bob.get(&path);
    keys(&read, &BASE);
    detail(&eve.ok("GET", &path, Value::Null, 403));
    business(&bob.get(&format!("/api/kb/get/?hash_id={NOBODY}")), "knowledge base does not exist");
    business(&bob.get("/api/kb/get/?hash_id=x"), "knowledge base does not exist");
    business(&bob.get("/api/kb/get/"), "invalid input");

    let changed = bob.ok("PATCH", "/api/kb/edit/", json!({ "hash_id": base, "description": "Tables" }), 200);
    keys(&changed, &BASE);
    assert_eq!((&changed["name"], &changed["description"]), (&json!("Tides"), &json!("Tables")));
    business(&bob.ok("PATCH", "/api/kb/edit/", json!({ "hash_id": base, "name": " " }), 200), "invalid input");
    business(&bob.ok("PATCH", "/api/kb/edit/", json!({ "hash_id": NOBODY }), 200), "knowledge base does not exist");
    detail(&eve.ok("PATCH", "/api/kb/edit/", json!({ "hash_id": base, "name": "Mine" }), 403));

    detail(&eve.ok("DELETE", "/api/kb/delete/", json!({ "hash_id": base }), 403));
    let deleted = bob.ok("DELETE", "/api/kb/delete/", json!({ "hash_id": base }), 200);
    assert_eq!(deleted, json!({ "status": "success", "hash_id": base }));
    business(&bob.ok("DELETE", "/api/kb/delete/", json!({ "hash_id": base }), 200), "knowledge base does not exist");
    detail(&Client::nobody(&it.server).ok("GET", "/api/kb/list/", Value::Null, 401));
}

#[test]
fn a_base_is_attached_to_a_project() {
    let it = house(&[]);
    let (mut bob, project, base) = bobs(&it);
    let (mut eve, _) = it.person("eve");
    let attach = format!("/api/kb/attach/?project_id={project}");
    let told = bob.post(&attach, json!({ "hash_id": base, "name": "Sea" }), 200);
    assert_eq!(told, json!({ "status": "exists", "project_id": project, "hash_id": base, "name": "Sea" }));
    let own = id(&bob.post("/api/v1/knowledge", json!({ "name": "Mine" }), 201));
    let told = bob.post(&attach, json!({ "hash_id": own }), 200);
    assert_eq!(told, json!({ "status": "created", "project_id": project, "hash_id": own, "name": "Mine" }));
    assert_eq!(bob.get(&format!("/api/kb/list/?project_id={project}"))["count"], 2);
    business(&bob.post(&attach, json!({}), 200), "invalid input");
    business(&bob.post("/api/kb/attach/", json!({ "hash_id": base }), 200), "invalid input");
    business(&bob.post(&attach, json!({ "hash_id": NOBODY }), 200), "knowledge base does not exist");
    detail(&eve.post(&attach, json!({ "hash_id": base }), 403));
    let hers = id(&eve.post("/api/projects/", json!({ "name": "Hers" }), 201));
    detail(&eve.post(&format!("/api/kb/attach/?project_id={hers}"), json!({ "hash_id": base }), 403));
    let other = id(&bob.post("/api/projects/", json!({ "name": "Other" }), 201));
    let taken = bob.post(&format!("/api/kb/attach/?project_id={other}"), json!({ "hash_id": base }), 200);
    business(&taken, "The knowledge base belongs to another project.");
}

#[test]
fn files() {
    let it = house(&[]);
    let (mut bob, project, base) = bobs(&it);
    let (mut eve, _) = it.person("eve");
    let list = format!("/api/kb/files/list/?hash_id={base}");
    assert_eq!(bob.get(&list), json!({ "status": "success", "files": [] }));
    for (path, name) in [("/api/kb/files/add/", "tides.txt"), ("/api/kb/file/add", "moon.txt")] {
        let reply = send(&mut bob, "POST", path, &[("hash_id", &base)], Some((name, name)));
        assert_eq!((reply.status, reply.json()), (200, json!({ "status": "success", "file": name })));
        for text in [name, "another text"] {
            let again = send(&mut bob, "POST", path, &[("hash_id", &base)], Some((name, text)));
            assert_eq!(again.status, 400);
            business(&again.json(), "file already indexed");
        }
        // The base may be named after the file as well, and the file under another name is the same one.
        let copy = send(&mut bob, "POST", &format!("{path}?hash_id={base}"), &[], Some(("copy.txt", name)));
        business(&copy.json(), "file already indexed");
        for (fields, file, reason) in [
            (&[("hash_id", base.as_str())][..], None, "invalid input"),
            (&[], Some(("a.txt", "a")), "invalid input"),
            (&[("hash_id", NOBODY)], Some(("a.txt", "a")), "knowledge base does not exist"),
            (&[("hash_id", base.as_str())], Some(("a.txt", "")), "The file is empty."),
        ] {
            let refused = send(&mut bob, "POST", path, fields, file);
            assert_eq!(refused.status, 400, "{}", refused.text());
            business(&refused.json(), reason);
        }
        let hers = send(&mut eve, "POST", path, &[("hash_id", &base)], Some(("b.txt", "b")));
        assert_eq!(hers.status, 403);
        detail(&hers.json());
        business(&bob.post(path, json!({ "hash_id": base }), 400), "invalid input");
    }
    assert_eq!(bob.get(&list)["files"].as_array().unwrap().len(), 2);
    detail(&eve.ok("GET", &list, Value::Null, 403));
    business(&bob.ok("GET", "/api/kb/files/list/?hash_id=x", Value::Null, 400), "knowledge base does not exist");

    let fields = [("hash_id", base.as_str()), ("project_id", project.as_str())];
    let update = |bob: &mut Client, old: Option<&str>, file| {
        let more: Vec<_> = fields.iter().copied().chain(old.map(|it| ("old_file", it))).collect();
        let reply = send(bob, "PATCH", "/api/kb/file/update/", &more, file);
        (reply.status, reply.json())
    };
    let told = update(&mut bob, Some("moon.txt"), Some(("sun.txt", "The Sun.")));
    assert_eq!(told, (200, json!({ "status": "ok", "added": "sun.txt", "deleted": "moon.txt" })));
    let told = update(&mut bob, None, Some(("sun.txt", "The Sun shines.")));
    assert_eq!(told, (200, json!({ "status": "ok", "added": "sun.txt", "deleted": null })));
    let mut names: Vec<_> = bob.get(&list)["files"].as_array().unwrap().clone();
    names.sort_by_key(ToString::to_string);
    assert_eq!(names, ["sun.txt", "tides.txt"]);
    let (status, told) = update(&mut bob, Some("nothing.txt"), Some(("a.txt", "a")));
    assert_eq!(status, 400);
    business(&told, "file does not exist");
    business(&update(&mut bob, None, None).1, "invalid input");
    let without = send(&mut bob, "PATCH", "/api/kb/file/update/", &fields[..1], Some(("a.txt", "a")));
    business(&without.json(), "invalid input");
    let other = id(&bob.post("/api/projects/", json!({ "name": "Other" }), 201));
    let wrong = [("hash_id", base.as_str()), ("project_id", other.as_str())];
    let wrong = send(&mut bob, "PATCH", "/api/kb/file/update/", &wrong, Some(("a.txt", "a")));
    assert_eq!(wrong.status, 403);
    detail(&wrong.json());

    for (path, name) in [("/api/kb/files/delete/", "sun.txt"), ("/api/kb/file/delete", "tides.txt")] {
        detail(&eve.ok("DELETE", path, json!({ "hash_id": base, "file": name }), 403));
        let told = bob.ok("DELETE", path, json!({ "hash_id": base, "file": name }), 200);
        assert_eq!(told, json!({ "status": "success", "file_removed": name }));
        business(&bob.ok("DELETE", path, json!({ "hash_id": base, "file": name }), 400), "file does not exist");
        business(&bob.ok("DELETE", path, json!({ "hash_id": base }), 400), "invalid input");
        business(
            &bob.ok("DELETE", path, json!({ "hash_id": NOBODY, "file": name }), 400),
            "knowledge base does not exist",
        );
    }
    assert_eq!(bob.get(&list)["files"], json!([]));
}
