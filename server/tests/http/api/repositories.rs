//! Git repositories over REST: taken in, followed, looked at, called from outside.

use super::Program;
use crate::server::{House, PASSWORD, Server};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

fn git(folder: &Path, arguments: &[&str]) {
    let ended = Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .status();
    assert!(ended.unwrap().success(), "git {arguments:?}");
}

fn commit(work: &Path, path: &str, text: &str) {
    std::fs::write(work.join(path), text).unwrap();
    git(work, &["add", "--all"]);
    git(work, &["commit", "--quiet", "-m", path]);
}

/// A server, its superuser, and the address of a repository with one file.
fn start() -> (Server, Program, std::path::PathBuf, String) {
    let house = House::new();
    let folder = house.path().join("git");
    let work = folder.join("tides");
    std::fs::create_dir_all(&work).unwrap();
    git(&work, &["init", "--quiet", "--initial-branch=main"]);
    commit(&work, "main.rs", "fn main() {\n    neap();\n}\n");
    let server = house.env("ATRIUM_REPOSITORIES_FOLDER", folder.to_str().unwrap()).serve();
    let arguments =
        ["createsuperuser", "--data", "data", "--email", "root@example.org", "--name", "Root", "--password-stdin"];
    let made = server.house().run(&arguments, &format!("{PASSWORD}\n"));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut nobody = Program::nobody(&server);
    let login = json!({ "email": "root@example.org", "password": PASSWORD });
    let root = nobody.post("/api/v1/auth/login", &login, 200);
    let root = nobody.with(&root["access"]);
    let url = format!("file://{}", work.display());
    (server, root, work, url)
}

/// Waits until it rests.
fn settled(program: &mut Program, id: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let shown = program.get(&format!("/api/v1/repositories/{id}"));
        if matches!(shown["state"].as_str(), Some("done" | "failed")) {
            return shown;
        }
        assert!(Instant::now() < deadline, "not in time: {shown}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}"))
}

#[test]
fn a_repository_is_taken_in_looked_at_and_taken_out() {
    let (server, mut root, work, url) = start();
    let first = root.post("/api/knowledge/repositories/", &json!({ "repo_url": url }), 201);
    let told = root.post("/api/knowledge/repositories/", &json!({ "repo_url": "https://127.0.0.1/a.git" }), 400);
    assert!(told["repo_url"][0].as_str().unwrap().contains("public Internet"), "{told}");
    let id = text(&first, "id").to_owned();
    let shown = settled(&mut root, &id);
    assert_eq!((text(&shown, "state"), &shown["document_count"]), ("done", &json!(1)), "{shown}");
    assert_eq!((text(&shown, "commit_message"), &shown["skipped"]), ("main.rs", &json!({})));
    let base = text(&shown, "base_id").to_owned();

    let tree = root.get(&format!("/api/v1/repositories/{id}/tree"));
    assert_eq!(tree["entries"], json!([{ "name": "main.rs", "path": "main.rs", "kind": "file", "size": 26 }]));
    let file = root.get(&format!("/api/v1/repositories/{id}/file?path=main.rs"));
    assert_eq!((text(&file, "language"), text(&file, "text")), ("Rust", "fn main() {\n    neap();\n}\n"));
    assert!(text(&file, "html").contains("<span class=\"hl-"));
    let files = root.get(&format!("/api/knowledge/repositories/{id}/files/"));
    assert_eq!((&files[0]["id"], &files[0]["file_path"]), (&file["document_id"], &json!("main.rs")));
    assert_eq!((&files[0]["latest_commit"], &files[0]["loc"]), (&shown["commit"], &json!(3)));
    let content = root.get(&format!("/api/knowledge/files/{}/content/", text(&files[0], "id")));
    assert_eq!(content, json!({ "content": file["text"] }));

    // What somebody else asks for does not exist.
    let mut mallory = Program::register(&server, "mallory");
    for path in ["", "/tree", "/file?path=main.rs"] {
        mallory.expect("GET", &format!("/api/v1/repositories/{id}{path}"), None, 404);
    }
    assert_eq!(mallory.get("/api/knowledge/repositories/"), json!([]));
    mallory.expect("GET", &format!("/api/knowledge/repositories/{id}/files/"), None, 404);
    let refused = mallory.post("/api/knowledge/repositories/", &json!({ "repo_url": url }), 400);
    assert!(refused["repo_url"][0].as_str().unwrap().contains("configured folder"), "{refused}");

    commit(&work, "lib.rs", "pub fn neap() {}\n");
    root.expect("POST", &format!("/api/v1/repositories/{id}/fetch"), Some(&json!({})), 202);
    let shown = settled(&mut root, &id);
    assert_eq!((text(&shown, "commit_message"), &shown["document_count"]), ("lib.rs", &json!(2)));
    let changed = root.patch(&format!("/api/v1/repositories/{id}"), &json!({ "every_minutes": 60 }), 200);
    assert_eq!(changed["every_minutes"], json!(60));
    let changed = root.patch(&format!("/api/v1/repositories/{id}"), &json!({ "every_minutes": null }), 200);
    assert_eq!(changed["every_minutes"], Value::Null);
    root.delete(&format!("/api/v1/repositories/{id}"));
    assert_eq!(root.get(&format!("/api/v1/knowledge/{base}/repositories"))["count"], json!(0));
}

#[test]
fn a_webhook_is_for_whoever_knows_its_secret() {
    let (server, mut root, work, url) = start();
    let first = root.post("/api/knowledge/repositories/", &json!({ "repo_url": url }), 201);
    let base = root.get(&format!("/api/v1/repositories/{}", text(&first, "id")))["base_id"].clone();
    let list = format!("/api/v1/knowledge/{}/repositories", base.as_str().unwrap());
    let made = root.post(&list, &json!({ "url": url, "branch": "main", "token": "hunter2" }), 422);
    assert!(made.to_string().contains("in the knowledge base already"), "{made}");
    root.delete(&format!("/api/v1/repositories/{}", text(&first, "id")));
    let made = root.post(&list, &json!({ "url": url, "branch": "main", "token": "hunter2" }), 201);
    let (id, secret) = (text(&made, "id").to_owned(), text(&made, "webhook_secret").to_owned());
    assert_eq!(made["has_token"], json!(true));
    settled(&mut root, &id);
    let shown = root.get(&format!("/api/v1/repositories/{id}")).to_string();
    assert!(!shown.contains(&secret) && !shown.contains("hunter2"), "neither is shown again");

    commit(&work, "lib.rs", "pub fn neap() {}\n");
    let hook = format!("/api/v1/repositories/{id}/webhook");
    let mut nobody = Program::nobody(&server);
    for wrong in [vec![], vec![("x-gitlab-token", "guess")], vec![("x-hub-signature-256", "sha256=00")]] {
        assert_eq!(nobody.send("POST", &hook, Some(&json!({})), &wrong).status, 404, "{wrong:?}");
    }
    assert_eq!(nobody.send("POST", &hook, Some(&json!({})), &[("x-gitlab-token", secret.as_str())]).status, 202);
    assert_eq!(text(&settled(&mut root, &id), "commit_message"), "lib.rs");
    let bearer = format!("Bearer {secret}");
    assert_eq!(nobody.send("POST", &hook, Some(&json!({})), &[("authorization", bearer.as_str())]).status, 202);
}
